"""What printed papers look like: two columns, notes, captions, running lines, widened and broken lines, in both languages."""

from pathlib import Path

import pytest

from corpus import Document, read
from corpus.formats.layout import Page, Piece, compose
from corpus.paging import page_at

SAID = {
    "en": {
        "fill": "The tide rises and falls at the pier while observatories record the weather of the islands. ",
        "title": "A Survey of Harbour Models", "first": "1 Introduction", "second": "2 Training",
        "marked": "The Pelican model<super size=6>1</super> was released in March 2021 with 17 billion parameters. ",
        "read": "The Pelican model[^1] was released in March 2021", "note": "The name comes from a bird of the coast.",
        "caption": "Table 1: Sizes of the models", "rows": [["Model", "Size"], ["Pelican", "17B"], ["Heron", "65B"]],
        "later": "The Heron model was trained for 42 days on 512 accelerators. ",
        "figure": "Figure 2: The loss of Heron falls to 1.9 in the third week.",
    },
    "zh": {
        "fill": "潮水每天在码头边上涨落，船只来来往往，观测站持续记录群岛上空的气象变化。",
        "title": "港湾模型综述", "first": "一、引言", "second": "二、训练",
        "marked": "鹈鹕模型<super size=6>1</super>于2021年3月发布，共有一百七十亿参数。",
        "read": "鹈鹕模型[^1]于2021年3月发布", "note": "模型的名字来自一只鸟。",
        "caption": "表1 各模型的规模", "rows": [["模型", "参数量"], ["鹈鹕", "170亿"], ["苍鹭", "650亿"]],
        "later": "苍鹭模型在五百一十二块加速卡上训练了四十二天。", "figure": "图2 苍鹭模型的损失在第三周降到1.9。",
    },
}  # fmt: skip


def write_paper(path: Path, said: dict, han_font: str) -> None:
    """Write a paper of two columns with a running header, a note at the foot of page 1, a table and a figure's caption."""
    from reportlab.lib.enums import TA_JUSTIFY
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table

    pdfmetrics.registerFont(UnicodeCIDFont(han_font))
    font, wrap = (han_font, "CJK") if said is SAID["zh"] else ("Times-Roman", None)
    title, head, body, small = (
        ParagraphStyle(str(size), fontName=font, fontSize=size, leading=1.2 * size, wordWrap=wrap, spaceAfter=4, alignment=TA_JUSTIFY)
        for size in (18, 13, 10, 9)
    )  # fmt: skip
    width = (A4[0] - 140) / 2

    def running(canvas, document) -> None:
        canvas.setFont("Times-Roman", 8)
        canvas.drawString(60, A4[1] - 40, "Journal of Imaginary Harbours 12 (2023)")
        canvas.drawRightString(A4[0] - 60, A4[1] - 40, str(document.page))
        if document.page == 1:
            canvas.setFont(font, 5)
            canvas.drawString(60, 70, "1")
            canvas.setFont(font, 8)
            canvas.drawString(65, 67, said["note"])

    document = BaseDocTemplate(str(path), pagesize=A4, invariant=True)
    frames = [Frame(60 + n * (width + 20), 85, width, A4[1] - 150) for n in (0, 1)]
    document.addPageTemplates(PageTemplate(frames=frames, onPage=running))
    text = Paragraph(said["fill"] * 8, body)
    table = Table(said["rows"], style=[("FONTNAME", (0, 0), (-1, -1), font), ("FONTSIZE", (0, 0), (-1, -1), 9)])
    document.build([
        Paragraph(said["title"], title), Paragraph(said["first"], head), Paragraph(said["marked"] + said["fill"] * 6, body),
        text, text, text, text, text, Paragraph(said["caption"], small), table, text, PageBreak(),
        Paragraph(said["second"], head), Paragraph(said["later"] + said["fill"] * 5, body), Spacer(1, 40),
        Paragraph(said["figure"], small), text,
    ])  # fmt: skip


@pytest.fixture(scope="module", params=SAID)
def paper(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, dict]:
    path = tmp_path_factory.mktemp("papers") / "paper.pdf"
    write_paper(path, SAID[request.param], "STSong-Light")
    (document,) = read(path)
    return document, SAID[request.param]


def paragraphs(document: Document) -> list[str]:
    return document.text.split("\n\n")


def test_a_note_stands_after_the_paragraph_with_its_mark(paper: tuple[Document, dict]) -> None:
    document, said = paper
    marked = next(n for n, text in enumerate(paragraphs(document)) if text.startswith(said["read"]))
    assert paragraphs(document)[marked + 1] == f"[^1]: {said['note']}"
    assert page_at(document, document.text.index(said["note"])) == 1


def test_captions_are_paragraphs_and_name_their_table(paper: tuple[Document, dict]) -> None:
    document, said = paper
    assert said["figure"] in paragraphs(document)
    assert document.tables[0].caption == said["caption"]
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == said["rows"][1:]


def test_columns_are_read_one_after_the_other_and_paragraphs_are_whole(paper: tuple[Document, dict]) -> None:
    document, said = paper
    whole = "".join(said["fill"].split()) * 8
    assert sum("".join(text.split()) == whole for text in paragraphs(document)) == 7
    assert [section.title for section in document.sections] == [said["first"], said["second"]]


def test_running_lines_go_though_a_column_ends_early(paper: tuple[Document, dict]) -> None:
    document, _ = paper
    assert "Journal" not in document.text


def test_a_fact_on_the_second_page_is_on_the_second_page(paper: tuple[Document, dict]) -> None:
    document, said = paper
    assert page_at(document, document.text.index("42" if said is SAID["en"] else "四十二天")) == 2


def lines(*texts: str, left: float = 72, top: float = 700) -> list[Piece]:
    return [
        Piece(left, top - 14 * n, left + 5 * len(text), top + 12 - 14 * n, 12, False, text)
        for n, text in enumerate(texts)
    ]


def test_lines_with_widened_spaces_are_lines_and_no_table() -> None:
    full = lines(*["The harbour model reads the letters of sailors ever"] * 6)
    words = ("The", "Heron", "reads", "logs")
    step = (full[0].right - 72 - 5 * sum(map(len, words))) / 3
    widened, at = [], 72.0
    for word in words:
        widened.append(Piece(at, 700 - 14 * 6, at + 5 * len(word), 712 - 14 * 6, 12, False, word))
        at += 5 * len(word) + step
    text = compose([Page(600, 800, [*full, *widened, *lines("of pilots.", top=700 - 14 * 7)])], []).text
    assert text.endswith("ever The Heron reads logs of pilots.")


def test_the_cells_of_a_table_as_wide_as_the_text_stay_cells() -> None:
    full = lines(*["The harbour model reads the letters of sailors ever"] * 4)
    cells = []
    for row, words in enumerate((("Model", "Days", "Cards"), ("Heron", "42", "512"), ("Egret", "17", "64"))):
        y = 600 - 14 * row
        places = (72, 190, full[0].right - 5 * len(words[2]))
        cells += [
            Piece(x, y, x + 5 * len(word), y + 12, 12, False, word) for x, word in zip(places, words, strict=True)
        ]
    assert "| Heron | 42 | 512 |" in compose([Page(600, 800, [*full, *cells])], []).text


def test_running_lines_of_chapters_go_by_the_number_that_counts_the_pages() -> None:
    pages = []
    for number in range(6):
        chapter = f"Chapter {1 + number // 2}: {('Piers', 'Ropes', 'Tides')[number // 2]} {number + 3}"
        pages.append(
            Page(600, 800, [*lines(chapter, top=760), *lines(f"Pier {number} stands in deep water.", top=600)])
        )
    composed = compose(pages, [])
    assert "Chapter" not in composed.text
    assert len(composed.cut) == 6


def test_a_title_that_running_lines_repeat_stays() -> None:
    first = [Piece(72, 720, 400, 745, 25, True, "On Piers"), *lines("A pier is a road into the water.", top=600)]
    later = [
        Page(600, 800, [*lines("On Piers", top=760), *lines(f"It is {n} metres long.", top=600)]) for n in range(4)
    ]
    composed = compose([Page(600, 800, first), *later], [])
    assert composed.title == "On Piers"
    assert composed.text.count("On Piers") == 1


def test_a_raised_number_without_a_note_is_no_mark() -> None:
    piece = lines("The corpus holds 10")[0]
    power = Piece(piece.right, 706, piece.right + 3, 713, 7, False, "9", raised=True)
    rest = Piece(piece.right + 4, 700, piece.right + 60, 712, 12, False, "tokens.")
    assert "[^" not in compose([Page(600, 800, [piece, power, rest])], []).text


def column(left: float, top: float, *texts: str) -> list[Piece]:
    """Return lines that fill a column of 200 points."""
    return [Piece(left, top - 14 * n, left + 200, top + 12 - 14 * n, 12, False, text) for n, text in enumerate(texts)]


FULL = ["the lighthouse keeper wrote down what the tide did and"] * 5


def test_a_note_whose_number_is_not_raised_is_known_by_its_small_letters_below() -> None:
    mark = Piece(272, 706, 275, 712, 6, False, "1", raised=True)
    note = [Piece(72, 60, 75, 69, 9, False, "1"), Piece(82, 60, 200, 69, 9, False, "By a friend of the keeper.")]
    text = compose(
        [Page(600, 800, [*column(72, 700, "The log was kept"), mark, *column(72, 686, *FULL), *note])], []
    ).text
    assert text.startswith("The log was kept[^1] the lighthouse")
    assert text.endswith("[^1]: By a friend of the keeper.")


def test_a_heading_below_which_both_columns_begin_anew_parts_the_page() -> None:
    def half(top: float, words: str) -> list[Piece]:
        return [*column(72, top, f"{words} one", *FULL), *column(300, top, f"{words} two", *FULL)]

    heading = Piece(72, 560, 130, 580, 20, True, "Ropes")
    text = compose([Page(600, 800, [*half(700, "First"), heading, *half(530, "Second")])], []).text
    places = [text.index(words) for words in ("First one", "First two", "Ropes", "Second one", "Second two")]
    assert places == sorted(places)


def test_a_table_below_two_columns_is_a_table() -> None:
    columns = [*column(72, 700, *FULL, *FULL), *column(300, 700, *FULL, *FULL)]
    rows = [("Model", "Size"), ("Heron", "65B"), ("Egret", "7B")]
    cells = [Piece(x, 540 - 14 * n, x + 6 * len(word), 552 - 14 * n, 12, False, word)
             for n, row in enumerate(rows) for x, word in zip((72, 296), row, strict=True)]  # fmt: skip
    assert "| Heron | 65B |" in compose([Page(600, 800, [*columns, *cells])], []).text


def test_punctuation_that_hangs_over_the_edge_of_a_column_parts_nothing() -> None:
    left, right = (
        column(72, 700, *["潮水每天在码头边上涨落，船只来来往往，观测站记录"] * 8),
        column(284, 700, *["第二栏的文字在右边，它要等左边的一栏读完才开始"] * 8),
    )
    left[3] = left[3]._replace(right=283, text="潮水每天在码头边上涨落，船只来来往往，观测站记录，")
    text = "".join(compose([Page(600, 800, [*left, *right])], []).text.split())
    assert "第二栏" not in text[: text.rindex("潮水")]


def test_names_at_the_left_and_figures_at_the_right_of_a_column_are_one_column() -> None:
    rows = [
        (("Item", 72), ("Costs", 150), ("Gains", 250)),
        (("Piers", 72), ("12", 190), ("130", 290)),
        (("Ropes", 72), ("8", 196), ("90", 296)),
    ]
    cells = [
        Piece(x, 700 - 14 * n, x + 6 * len(word), 712 - 14 * n, 12, False, word)
        for n, row in enumerate(rows)
        for word, x in row
    ]
    assert (
        "| Item | Costs | Gains |\n| --- | --- | --- |\n| Piers | 12 | 130 |"
        in compose([Page(600, 800, cells)], []).text
    )
