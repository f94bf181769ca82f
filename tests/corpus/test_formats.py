"""Every format that is read, through files that other programs wrote."""

import json
import zipfile
from pathlib import Path

import pytest

from corpus import Document, ReadError, read, read_folder
from corpus.paging import page_at


def one(path: Path) -> Document:
    (document,) = read(path)
    return document


def flat(text: str) -> str:
    return "".join(text.split())


def html(tmp_path: Path, body: str, head: str = "") -> Document:
    path = tmp_path / "page.html"
    path.write_text(f"<html><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>", "utf-8")
    return one(path)


PROSE = (
    "<p>The lighthouse model reads charts of the coast and answers questions about tides and harbours for sailors.</p>"
)


def test_every_fact_of_every_survey_is_read_in_every_format(written: Path, writers) -> None:
    reading = read_folder(written)
    assert reading.skipped == ()
    texts: dict[str, str] = {}
    for document in reading.documents:
        file = document.metadata.get("file") or document.id.partition(".zip/")[0].removesuffix(".zip")
        texts[file] = texts.get(file, "") + flat(document.text)
    lost = [
        (file, name)
        for file, text in texts.items()
        for name, words in writers.SURVEYS[file[:2]].sections
        if flat(words) not in text and flat(words) not in text.replace("[^1]", "")
    ]
    assert len(texts) == len(writers.SURVEYS) * len(writers.WRITERS) >= 60
    assert not lost


@pytest.mark.parametrize(
    "name",
    ["page.html", "legacy.htm", "saved.mhtml", "word.docx", "slides.pptx", "source.rst", "print.pdf", "columns.pdf", "archive.zip"],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "zh", "e2", "z2"])
def test_titles_headings_and_tables_survive(written: Path, writers, language: str, name: str) -> None:
    document, survey = one(written / f"{language}-{name}"), writers.SURVEYS[language]
    assert document.title == survey.title
    assert [section.title for section in document.sections if section.title in dict(survey.sections)] == [
        title for title, _ in survey.sections
    ]
    (table,) = document.tables
    assert tuple(cell.text for cell in table.header) == survey.rows[0]
    assert [tuple(cell.text for cell in row.cells) for row in table.rows] == list(survey.rows[1:])
    assert table.caption == survey.caption


@pytest.mark.parametrize("name", ["page.html", "word.docx", "book.epub", "print.pdf", "plain.md"])
def test_the_author_is_known(written: Path, name: str) -> None:
    assert one(written / f"zh-{name}").metadata["author"] == "林书远"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pdf_tells_the_page_of_every_fact(written: Path, writers, language: str) -> None:
    document = one(written / f"{language}-print.pdf")
    words = [text[:12] for _, text in writers.SURVEYS[language].sections]
    assert [page_at(document, document.text.index(word)) for word in words] == [1, 2, 3]


def test_slides_are_pages(written: Path, writers) -> None:
    document = one(written / "en-slides.pptx")
    assert page_at(document, document.text.index("Heron model")) == 3
    assert page_at(document, document.text.index(writers.SURVEYS["en"].note)) == 5


def test_a_document_without_pages_has_no_page(written: Path) -> None:
    assert page_at(one(written / "en-plain.md"), 0) is None


def test_two_columns_are_read_one_after_the_other(written: Path, writers) -> None:
    text = flat(one(written / "en-columns.pdf").text)
    places = [text.index(flat(words)) for _, words in writers.SURVEYS["en"].sections]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["print.pdf", "columns.pdf"])
def test_running_headers_and_page_numbers_are_left_out(written: Path, name: str) -> None:
    text = one(written / f"en-{name}").text
    assert "Proceedings" not in text
    assert not [line for line in text.split("\n") if line.strip().isdigit()]


def test_a_word_cut_at_the_end_of_a_line_is_whole_again() -> None:
    from corpus.formats.layout import Page, Piece, compose

    lines = [
        "The harbour model was evalu-",
        "ated on charts, and its pre-",
        "trained part stays as it was.",
        "It is pre-trained on logs.",
    ]
    pieces = [
        Piece(72, 700 - 14 * n, 72 + 5 * len(text), 712 - 14 * n, 12, False, text) for n, text in enumerate(lines)
    ]
    assert compose([Page(600, 800, pieces)], []).text == (
        "The harbour model was evaluated on charts, and its pre-trained part stays as it was. It is pre-trained on logs."
    )


def test_the_outline_of_a_pdf_makes_its_headings() -> None:
    from corpus.formats.layout import Heading, Page, Piece, compose

    lines = ["Of Piers", "A pier is a long road into the water.", "Wooden Piers", "They rot within thirty years."]
    pieces = [
        Piece(72, 700 - 30 * n, 72 + 5 * len(text), 712 - 30 * n, 12, False, text) for n, text in enumerate(lines)
    ]
    outline = [Heading("Of Piers", 1, 0), Heading("Wooden Piers", 2, 0)]
    assert compose([Page(600, 800, pieces)], outline).text == (
        "## Of Piers\n\nA pier is a long road into the water.\n\n### Wooden Piers\n\nThey rot within thirty years."
    )


def test_a_scan_is_refused_with_the_reason(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "scan.pdf"))
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.save()
    with pytest.raises(ReadError, match=r"no text layer: its 1 pages are pictures; recognise their text \(OCR\) first"):
        read(tmp_path / "scan.pdf")


def test_an_encrypted_pdf_is_refused_with_the_reason(tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "locked.pdf"), encrypt=StandardEncryption("user", ownerPassword="owner"))
    canvas.drawString(100, 700, "A secret.")
    canvas.save()
    with pytest.raises(ReadError, match="it is encrypted; save it without a password"):
        read(tmp_path / "locked.pdf")


def test_merged_cells_of_a_page_stand_in_every_cell_that_they_cover(tmp_path: Path) -> None:
    document = html(tmp_path, PROSE + (
        "<table><thead><tr><th rowspan=2>Boat</th><th colspan=2>Speed</th></tr><tr><th>calm</th><th>storm</th></tr></thead>"
        "<tr><td rowspan=2>Sloop</td><td>5</td><td>9</td></tr><tr><td>6</td><td>8</td></tr></table>"
    ))  # fmt: skip
    (table,) = document.tables
    assert [cell.text for cell in table.header] == ["Boat", "Speed / calm", "Speed / storm"]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Sloop", "5", "9"], ["Sloop", "6", "8"]]


def test_merged_cells_of_word_and_excel_stand_in_every_cell_that_they_cover(tmp_path: Path) -> None:
    import docx
    import openpyxl

    word = docx.Document()
    table = word.add_table(3, 2)
    for row, cells in zip(table.rows, [("Boat", "Speed"), ("Sloop", "5"), ("", "6")], strict=True):
        row.cells[0].text, row.cells[1].text = cells
    table.cell(1, 0).merge(table.cell(2, 0))
    word.save(str(tmp_path / "a.docx"))
    book = openpyxl.Workbook()
    for row in [("Boat", "Speed"), ("Sloop", 5), (None, 6)]:
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    for name in ("a.docx", "a.xlsx"):
        (found,) = one(tmp_path / name).tables
        assert [[cell.text for cell in row.cells] for row in found.rows] == [["Sloop", "5"], ["Sloop", "6"]]


def test_a_spreadsheet_shows_dates_percentages_and_numbers_as_people_see_them(tmp_path: Path) -> None:
    from datetime import datetime

    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["share", "day", "sum"])
    book.active.append([0.125, datetime(2024, 5, 17), 0.1 + 0.2])  # noqa: DTZ001 spreadsheets know no zones
    book.active["A2"].number_format = "0.0%"
    book.save(tmp_path / "a.xlsx")
    assert [cell.text for cell in one(tmp_path / "a.xlsx").tables[0].rows[0].cells] == ["12.5%", "2024-05-17", "0.3"]


def test_footnotes_of_a_page_keep_their_marks_and_where_they_point(tmp_path: Path) -> None:
    document = html(tmp_path, PROSE + (
        "<p>Tides follow the moon.<sup><a href='#n1'>[1]</a></sup></p>"
        "<ol><li id='n1'>Bede, <a href='https://example.org/tides'>On tides</a></li></ol>"
    ))  # fmt: skip
    assert "Tides follow the moon.[^1]" in document.text
    assert [link.url for link in document.links if document.text[link.start : link.end] == "[^1]"] == [
        "https://example.org/tides"
    ]


def test_a_note_of_a_page_stands_after_the_paragraph_with_its_mark(tmp_path: Path) -> None:
    document = html(tmp_path, PROSE + (
        "<p>Tides follow the moon.<sup><a href='#n1'>1</a></sup></p><p>Winds follow nobody at all.</p>"
        "<ol><li id='n1'>Bede measured it in the year 725.</li></ol>"
    ))  # fmt: skip
    assert "Tides follow the moon.[^1]\n\n[^1]: Bede measured it in the year 725.\n\nWinds follow" in document.text


def test_footnotes_of_word_stand_after_the_paragraph_with_their_mark(tmp_path: Path) -> None:
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from docx.oxml import parse_xml

    word = docx.Document()
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    notes = f'<w:footnotes {space}><w:footnote w:id="2"><w:p><w:r><w:t>Bede, On tides.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    part = Part(
        PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        notes.encode(),
        word.part.package,
    )
    word.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    paragraph = word.add_paragraph("Tides follow the moon.")
    paragraph._p.append(parse_xml(f'<w:r {space}><w:footnoteReference w:id="2"/></w:r>'))
    word.add_paragraph("Winds do not.")
    word.save(str(tmp_path / "a.docx"))
    assert one(tmp_path / "a.docx").text == "Tides follow the moon.[^1]\n\n[^1]: Bede, On tides.\n\nWinds do not."


def test_captions_stay_and_pictures_go(tmp_path: Path) -> None:
    text = html(
        tmp_path,
        PROSE
        + "<figure><img src='x.png' alt='a boat'><figcaption>Figure 1: The harbour at dawn.</figcaption></figure>",
    ).text
    assert "Figure 1: The harbour at dawn." in text
    assert "a boat" not in text


def test_what_a_person_does_not_see_is_not_read(tmp_path: Path) -> None:
    hidden = [
        "<script>secret()</script>", "<style>.secret{}</style>", "<!-- secret -->", "<p hidden>secret</p>",
        "<div style='display: none'>secret</div>", "<p aria-hidden='true'>secret</p>", "<template>secret</template>",
        "<p style='font-size:0'>secret</p>",
    ]  # fmt: skip
    assert "secret" not in html(tmp_path, PROSE + "".join(hidden)).text


def test_scripts_in_markdown_are_not_read_but_code_is(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "Text.\n\n<script>\nsecret()\n</script>\n\n```html\n<script>shown()</script>\n```\n", "utf-8"
    )
    text = one(tmp_path / "a.md").text
    assert "secret" not in text
    assert "shown" in text


def test_the_frame_of_a_page_is_left_out(tmp_path: Path) -> None:
    menu = "".join(f"<li><a href='/{n}'>Menu {n}</a></li>" for n in range(6))
    text = html(tmp_path, f"<ul>{menu}</ul><div id='content'><h1>Of Tides</h1>{PROSE}<h2>More</h2>{PROSE.replace('reads', 'writes')}</div>"
                "<div class='comments'><p>What a fine page, I will come again!</p></div><footer>© 2024</footer>").text  # fmt: skip
    assert "Menu" not in text
    assert "fine page" not in text
    assert "© 2024" not in text
    assert "writes charts" in text


def test_a_page_is_read_in_the_encoding_that_it_names(written: Path) -> None:
    assert "鹈鹕模型由港湾研究所" in one(written / "zh-legacy.htm").text


def test_a_page_named_txt_is_read_as_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        f"<!DOCTYPE html><html><body>{PROSE}<script>secret()</script></body></html>", "utf-8"
    )
    assert one(tmp_path / "a.txt").text == PROSE[3:-4]


def test_a_saved_page_knows_its_address(written: Path) -> None:
    assert one(written / "en-saved.mhtml").url == "https://harbour.example/survey"


def test_a_table_in_text_is_read_with_its_separator(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('boat;speed;"a note"\nsloop;5;"fast; and dry"\n', "utf-8")
    (table,) = one(tmp_path / "a.csv").tables
    assert [cell.text for cell in table.rows[0].cells] == ["sloop", "5", "fast; and dry"]


def test_formulas_in_tables_are_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('name,value\nx,"=HYPERLINK(""http://evil"")"\n', "utf-8")
    assert one(tmp_path / "a.csv").tables[0].rows[0].cells[1].text == '=HYPERLINK("http://evil")'


def test_a_list_of_records_in_json_is_a_document_each(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"text": "One."}, 5, {"title": "no text"}]), "utf-8")
    reading = read_folder(tmp_path)
    assert [document.text for document in reading.documents] == ["One."]
    assert [each.path for each in reading.skipped] == ["a.json record 2", "a.json record 3"]


def test_a_notebook_without_cells_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{}", "utf-8")
    with pytest.raises(ReadError, match="it is no notebook: it has no cells"):
        read(tmp_path / "a.ipynb")


def test_restructured_text_includes_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    directives = [
        f".. include:: {tmp_path}/secret.txt",
        f".. raw:: html\n   :file: {tmp_path}/secret.txt",
        f".. csv-table::\n   :file: {tmp_path}/secret.txt",
    ]
    (tmp_path / "a.rst").write_text("Text.\n\n" + "\n\n".join(directives) + "\n", "utf-8")
    assert "secret\n" not in one(tmp_path / "a.rst").text + "\n"


def test_the_files_of_an_archive_are_read_as_in_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("b/one.md", "Eins.")
        archive.writestr("two.txt", "Zwei.")
        archive.writestr("b/three.exe", b"MZ")
        archive.writestr("__MACOSX/b/._one.md", b"x")
    reading = read_folder(tmp_path)
    assert [document.id for document in reading.documents] == ["a.zip/b/one.md", "a.zip/two.txt"]
    assert [each.path for each in reading.skipped] == ["a.zip/b/three.exe"]


@pytest.mark.parametrize(("name", "package", "command"), [
    ("slides.pptx", "pptx", r"pip install 'survey-qa\[office\]'"), ("sheet.xlsx", "openpyxl", r"pip install 'survey-qa\[office\]'"),
    ("print.pdf", "pypdfium2", "pip install 'pypdfium2'"),
])  # fmt: skip
def test_a_library_that_is_missing_is_named_with_its_command(
    written: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str, command: str
) -> None:
    import sys

    from corpus.converting import convert

    monkeypatch.setitem(sys.modules, package, None)
    path = written / f"en-{name}"
    with pytest.raises(ReadError, match=command):
        convert(path.read_bytes(), path.name, path.suffix)


def page_of(lines: list[str], step: float = 30) -> "object":
    from corpus.formats.layout import Page, Piece

    return Page(
        600,
        800,
        [Piece(72, 700 - step * n, 72 + 5 * len(t), 712 - step * n, 12, False, t) for n, t in enumerate(lines)],
    )


def test_the_list_of_contents_of_a_pdf_is_left_out() -> None:
    from corpus.formats.layout import compose

    lines = [
        "Of Piers . . . . . . 2",
        "Of Tides .......... 14",
        "Of Moons . . . . . . . xii",
        "A pier is a road into the water.",
    ]
    found = compose([page_of(lines)], [])
    assert (found.text, found.cut) == (lines[3], tuple(lines[:3]))


def test_a_line_that_only_looks_like_a_heading_is_none(tmp_path: Path) -> None:
    document = html(tmp_path, PROSE + "<p># include the tide tables of the harbour before you sail.</p>")
    assert document.sections == ()
    assert "\\# include the tide tables" in document.text


@pytest.mark.long
def test_a_page_that_chromium_printed_is_read_with_its_tables_and_pages(tmp_path: Path, writers) -> None:
    import shutil
    import subprocess

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium here")
    for language, style in (("en", ""), ("zh", "<style>td, th { border: 1px solid }</style>")):
        survey = writers.SURVEYS[language]
        (tmp_path / "page.html").write_text(
            style + writers.html(survey).replace("<h2>", "<h2 style='page-break-before: always'>"), "utf-8"
        )
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={tmp_path}/profile",
        ]
        subprocess.run(
            [chromium, *options, f"--print-to-pdf={tmp_path}/page.pdf", str(tmp_path / "page.html")],
            check=True,
            capture_output=True,
            timeout=120,
        )
        document = one(tmp_path / "page.pdf")
        assert document.title == survey.title
        places = [document.text.index(words[:6]) for _, words in survey.sections]
        assert [page_at(document, place) for place in places] == [2, 3, 4]
        assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
            list(row) for row in survey.rows[1:]
        ]


def test_the_pages_without_text_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "half.pdf"))
    canvas.drawString(100, 700, "The pier stands in the water.")
    canvas.showPage()
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.save()
    assert one(tmp_path / "half.pdf").metadata["pages_without_text"] == "2"
    assert "half.pdf: no text layer on page 2." in caplog.text


def test_a_formula_that_nobody_computed_stands_as_it_is_written(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["Item", "Total"], ["Piers", 120], ["Sum", "=SUM(B2:B2)"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert "| Sum | =SUM(B2:B2) |" in one(tmp_path / "a.xlsx").text


def test_a_line_in_merged_cells_is_said_once(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"] = "The port pays for the piers."
    book.active.merge_cells("A1:D1")
    book.save(tmp_path / "a.xlsx")
    assert one(tmp_path / "a.xlsx").text.count("The port pays") == 1


def word_table(path: Path, rows: list[list[str]]):
    """Write a table into a Word document; return both."""
    import docx

    word = docx.Document()
    table = word.add_table(len(rows), len(rows[0]))
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    word.save(str(path))
    return word, table


def test_two_rows_of_names_of_a_word_table_are_joined(tmp_path: Path) -> None:
    rows = [["Size", "Fee", ""], ["", "Summer", "Winter"], ["20 m", "90", "45"]]
    word, table = word_table(tmp_path / "a.docx", rows)
    table.cell(0, 1).merge(table.cell(0, 2)).text = "Fee"
    word.save(str(tmp_path / "a.docx"))
    assert [cell.text for cell in one(tmp_path / "a.docx").tables[0].header] == ["Size", "Fee / Summer", "Fee / Winter"]


def test_a_table_in_a_cell_is_a_line_of_it(tmp_path: Path) -> None:
    word, table = word_table(tmp_path / "a.docx", [["Step", "When"], ["Start", ""]])
    inner = table.cell(1, 1).add_table(2, 2)
    for cell, text in zip(
        (c for row in inner.rows for c in row.cells), ("phase", "month", "digging", "May"), strict=True
    ):
        cell.text = text
    word.save(str(tmp_path / "a.docx"))
    assert "| Start | phase, month; digging, May |" in one(tmp_path / "a.docx").text


def test_items_of_word_hang_from_items_by_their_style_and_the_date_of_a_template_is_none(tmp_path: Path) -> None:
    import docx

    word = docx.Document()
    word.add_paragraph("Tankers", style="List Bullet")
    word.add_paragraph("from abroad", style="List Bullet 2")
    word.save(str(tmp_path / "a.docx"))
    assert one(tmp_path / "a.docx").text == "- Tankers\n  - from abroad"
    assert "date" not in one(tmp_path / "a.docx").metadata


@pytest.mark.parametrize("name", ["related-work", "section ads", "menu-of-methods"])
def test_prose_in_a_part_that_is_called_like_a_frame_stays(tmp_path: Path, name: str) -> None:
    said = "Earlier keepers counted the ships by hand and wrote them into books that nobody has read since. " * 4
    page = html(tmp_path, PROSE * 3 + f"<section class='{name}'><h2>Earlier keepers</h2><p>{said}</p></section>")
    assert "Earlier keepers counted the ships" in page.text


def test_links_in_a_part_that_is_called_like_a_frame_go(tmp_path: Path) -> None:
    links = "".join(f"<p><a href='/{n}'>Another story about harbour number {n}</a></p>" for n in range(8))
    page = html(tmp_path, PROSE * 3 + f"<section class='related'>{links}</section>")
    assert "Another story" not in page.text


def test_comments_in_highlighted_code_stay(tmp_path: Path) -> None:
    code = "<pre><code><span class='hljs-comment'># moor the boat first</span>\n<span class='comment'># then</span> moor()</code></pre>"
    assert "# moor the boat first\n# then moor()" in html(tmp_path, PROSE * 3 + code).text


def test_a_page_is_called_by_the_heading_that_its_own_title_names(tmp_path: Path) -> None:
    body = f"<div><h2>Keyboard shortcuts</h2><p>Press a key.</p></div><main><h1>Of Piers</h1>{PROSE * 3}</main>"
    assert html(tmp_path, body, head="<title>Of Piers - The Harbour Book</title>").title == "Of Piers"
