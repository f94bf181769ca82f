"""Writes one small survey in every format that is read, with the libraries and programs that people use for them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

HAN_FONT = "STSong-Light"


@dataclass(frozen=True)
class Survey:
    """A survey: title, author, sections of one paragraph each, and a table under a caption."""

    language: str
    title: str
    author: str
    sections: tuple[tuple[str, str], ...]
    caption: str
    rows: tuple[tuple[str, ...], ...]
    note: str


SURVEYS = {
    "en": Survey(
        "en", "A Survey of Harbour Models", "Ada Lindqvist",
        (
            ("Origins", "The Pelican model was released by the Harbour Institute in March 2021. It has 17 billion parameters and was trained on letters of sailors."),
            ("Training", "The Heron model was trained for 42 days on 512 accelerators. Its corpus holds 380 billion tokens of logs and charts."),
            ("Licences", "The Cormorant model may be used for research only. A commercial licence costs 900 crowns a month."),
        ),
        "Table 1: Sizes of the models",
        (("Model", "Parameters", "Context"), ("Pelican", "17B", "2048"), ("Heron", "65B", "4096"), ("Cormorant", "7B", "8192")),
        "The letters were given by the museum of Visby.",
    ),
    "zh": Survey(
        "zh", "港湾模型综述", "林书远",
        (
            ("起源", "鹈鹕模型由港湾研究所于2021年3月发布，共有一百七十亿参数，训练数据是水手的书信。"),
            ("训练", "苍鹭模型在五百一十二块加速卡上训练了四十二天，语料共有三千八百亿个词元，内容是航海日志和海图。"),
            ("许可", "鸬鹚模型只允许用于研究，商业许可每月需要九百克朗。"),
        ),
        "表1 各模型的规模",
        (("模型", "参数量", "上下文长度"), ("鹈鹕", "170亿", "2048"), ("苍鹭", "650亿", "4096"), ("鸬鹚", "70亿", "8192")),
        "书信由维斯比博物馆提供。",
    ),
    "e2": Survey(
        "en", "An Overview of Mountain Engines", "Bo Ekdahl",
        (
            ("Beginnings", "The Marmot engine was published by the Alpine College in June 2019. It runs on 3 kilowatts and was tuned on diaries of guides."),
            ("Tuning", "The Chamois engine was tuned for 18 nights on 64 boards. Its archive holds 95 million pages of weather notes."),
            ("Terms", "The Ibex engine is free for schools only. A guild pays 250 thalers a year for it."),
        ),
        "Table 2: Ratings of the engines",
        (("Engine", "Power", "Rating"), ("Marmot", "3 kW", "71.5"), ("Chamois", "12 kW", "84.0"), ("Ibex", "9 kW", "79.25")),
        "The diaries were lent by the hut of Zermatt.",
    ),
    "z2": Survey(
        "zh", "山地引擎概览", "周若水",
        (
            ("开端", "旱獭引擎由高山学院于2019年6月公布，功率为三千瓦，调试数据是向导的日记。"),
            ("调试", "岩羚引擎在六十四块板卡上调试了十八个夜晚，档案共有九千五百万页，内容是气象记录。"),
            ("条款", "羱羊引擎只对学校免费，行会每年要付二百五十塔勒。"),
        ),
        "表2 各引擎的评分",
        (("引擎", "功率", "评分"), ("旱獭", "3千瓦", "71.5"), ("岩羚", "12千瓦", "84.0"), ("羱羊", "9千瓦", "79.25")),
        "日记由采尔马特山屋借出。",
    ),
}  # fmt: skip


def html(survey: Survey) -> str:
    """Return the survey as a web page with a frame around it."""
    parts = [
        f'<!DOCTYPE html><html lang="{survey.language}"><head><meta charset="utf-8"><title>{survey.title} | Blog</title>'
        f'<meta name="author" content="{survey.author}"><script>var tracker = "sneaky";</script></head><body>'
        '<nav><a href="/">Home</a> <a href="/blog">Blog</a> <a href="/about">About</a></nav>'
        f"<article><h1>{survey.title}</h1>"
    ]
    for number, (name, text) in enumerate(survey.sections):
        mark = '<sup><a href="#note1">1</a></sup>' if number == 0 else ""
        parts.append(f"<h2>{name}</h2><p>{text}{mark}</p>")
    cells = [
        "".join(f"<t{'h' if n == 0 else 'd'}>{c}</t{'h' if n == 0 else 'd'}>" for c in row)
        for n, row in enumerate(survey.rows)
    ]
    rows = "".join(f"<tr>{row}</tr>" for row in cells)
    parts.append(
        f"<table><caption>{survey.caption}</caption>{rows}</table><ol><li id='note1'>{survey.note}</li></ol></article>"
    )
    return "".join(parts) + "<footer>© 2024 Blog. All rights reserved.</footer></body></html>"


def markdown(survey: Survey) -> str:
    """Return the survey as Markdown with front matter."""
    lines = ["---", f'title: "{survey.title}"', f"author: {survey.author}", "---", ""]
    for name, text in survey.sections:
        lines += [f"## {name}", "", text, ""]
    lines += [survey.caption, "", "| " + " | ".join(survey.rows[0]) + " |", "|" + " --- |" * len(survey.rows[0])]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in survey.rows[1:]), "", survey.note, ""])


def _md(path: Path, survey: Survey) -> None:
    path.write_text(markdown(survey), "utf-8")


def _txt(path: Path, survey: Survey) -> None:
    parts = [survey.title, *(f"{name}\n\n{text}" for name, text in survey.sections)]
    path.write_text("\n\n".join([*parts, survey.note]), "utf-8")


def _gbk(path: Path, survey: Survey) -> None:
    parts = [survey.title, *(f"{name}\r\n\r\n{text}" for name, text in survey.sections), survey.note]
    path.write_bytes("\r\n\r\n".join(parts).encode("gb18030"))


def _html(path: Path, survey: Survey) -> None:
    path.write_text(html(survey), "utf-8")


def _htm_gb2312(path: Path, survey: Survey) -> None:
    path.write_bytes(html(survey).replace("utf-8", "gb2312").encode("gb18030"))


def _mhtml(path: Path, survey: Survey) -> None:
    message = EmailMessage()
    message["Snapshot-Content-Location"] = "https://harbour.example/survey"
    message.make_related()
    page = EmailMessage()
    page.set_content(html(survey), subtype="html", cte="quoted-printable")
    page["Content-Location"] = "https://harbour.example/survey"
    message.attach(page)
    path.write_bytes(message.as_bytes())


def _docx(path: Path, survey: Survey) -> None:
    import docx

    document = docx.Document()
    document.core_properties.author = survey.author
    document.add_heading(survey.title, 0)
    for name, text in survey.sections:
        document.add_heading(name, 1)
        document.add_paragraph(text)
    document.add_paragraph(survey.caption, style="Caption")
    table = document.add_table(len(survey.rows), len(survey.rows[0]))
    for row, cells in zip(table.rows, survey.rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_paragraph(survey.note)
    document.save(str(path))


def _pptx(path: Path, survey: Survey) -> None:
    import pptx
    from pptx.util import Inches

    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = survey.title
    first.placeholders[1].text = survey.author
    for name, text in survey.sections:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = name
        slide.placeholders[1].text = text
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = survey.caption
    shape = slide.shapes.add_table(len(survey.rows), len(survey.rows[0]), Inches(1), Inches(2), Inches(8), Inches(3))
    for number, cells in enumerate(survey.rows):
        for column, text in enumerate(cells):
            shape.table.cell(number, column).text = text
    slide.notes_slide.notes_text_frame.text = survey.note
    deck.save(str(path))


def _xlsx(path: Path, survey: Survey) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = survey.caption.replace(":", "")
    for row in survey.rows:
        sheet.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in row])
    notes = book.create_sheet(survey.title)
    for name, text in survey.sections:
        notes.append([name, text])
    book.save(path)


def _csv(path: Path, survey: Survey) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([*survey.rows, *(("", name, words) for name, words in survey.sections)])
    path.write_text(text.getvalue(), "utf-8-sig")


def _tsv(path: Path, survey: Survey) -> None:
    rows = [*survey.rows, *(("", name, words) for name, words in survey.sections)]
    path.write_text("\n".join("\t".join(row) for row in rows), "utf-8")


def _rst(path: Path, survey: Survey) -> None:
    lines = ["=" * 40, survey.title, "=" * 40, ""]
    for name, text in survey.sections:
        lines += [name, "-" * 30, "", text, ""]
    lines += [f".. list-table:: {survey.caption}", "   :header-rows: 1", ""]
    for row in survey.rows:
        lines += [f"   {'* -' if n == 0 else '  -'} {cell}" for n, cell in enumerate(row)]
    path.write_text("\n".join([*lines, "", survey.note, ""]), "utf-8")


def _ipynb(path: Path, survey: Survey) -> None:
    cells = [{"cell_type": "markdown", "metadata": {}, "source": [f"# {survey.title}\n"]}]
    for name, text in survey.sections:
        cells.append({"cell_type": "markdown", "metadata": {}, "source": [f"## {name}\n", "\n", text]})
    cells.append({
        "cell_type": "code", "metadata": {}, "execution_count": 1, "source": ["print(note)"],
        "outputs": [{"output_type": "stream", "name": "stdout", "text": [survey.note]}],
    })  # fmt: skip
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")


def _epub(path: Path, survey: Survey) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        numbers = range(len(survey.sections))
        items = "".join(f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
        refs = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
        book.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{survey.title}</dc:title><dc:creator>{survey.author}</dc:creator></metadata>"
            f"<manifest>{items}</manifest><spine>{refs}</spine></package>",
        )
        for number, (name, text) in enumerate(survey.sections):
            book.writestr(
                f"OEBPS/c{number}.xhtml",
                f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>{name}</title></head>'
                f"<body><h1>{name}</h1><p>{text}</p></body></html>",
            )


def _jsonl(path: Path, survey: Survey) -> None:
    records = [
        {"id": str(n), "title": f"{survey.title}: {name}", "text": text}
        for n, (name, text) in enumerate(survey.sections)
    ]
    path.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), "utf-8")


def _json(path: Path, survey: Survey) -> None:
    records = [{"title": f"{survey.title}: {name}", "content": text} for name, text in survey.sections]
    path.write_text(json.dumps({"version": 1, "records": records}, ensure_ascii=False), "utf-8")


def _zip(path: Path, survey: Survey) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside/survey.md", markdown(survey))


def _story(survey: Survey) -> list:
    """Return the survey as reportlab's flowing parts, a page break before each section but the first."""
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import PageBreak, Paragraph, Table

    pdfmetrics.registerFont(UnicodeCIDFont(HAN_FONT))
    font = HAN_FONT if survey.language == "zh" else "Helvetica"
    wrap = "CJK" if survey.language == "zh" else None
    title, head, body = (
        ParagraphStyle(name, fontName=font, fontSize=size, leading=1.3 * size, spaceAfter=6, wordWrap=wrap)
        for name, size in (("title", 20), ("head", 15), ("body", 10))
    )
    story = [Paragraph(survey.title, title)]
    for number, (name, text) in enumerate(survey.sections):
        story += [PageBreak()] if number else []
        story += [Paragraph(name, head), Paragraph(text, body)]
    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("FONTNAME", (0, 0), (-1, -1), font)]
    return [
        *story,
        Paragraph(survey.caption, body),
        Table([list(row) for row in survey.rows], style=style),
        Paragraph(survey.note, body),
    ]


def _running_lines(canvas, document) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(72, 800, "Proceedings of the Imaginary Society, volume 12")
    canvas.drawCentredString(297, 30, f"{document.page}")


def _pdf(path: Path, survey: Survey) -> None:
    from reportlab.platypus import SimpleDocTemplate

    document = SimpleDocTemplate(str(path), author=survey.author, invariant=True, initialFontName="Helvetica")
    document.build(_story(survey), onFirstPage=_running_lines, onLaterPages=_running_lines)


def _two_columns(path: Path, survey: Survey) -> None:
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

    width = (A4[0] - 144 - 20) / 2
    frames = [Frame(72 + n * (width + 20), 72, width, A4[1] - 144) for n in (0, 1)]
    document = BaseDocTemplate(str(path), pagesize=A4, invariant=True)
    document.addPageTemplates(PageTemplate(frames=frames, onPage=_running_lines))
    story = _story(survey)
    body = story[2].style
    filler = (
        "The tide rises and the tide falls at the pier every day. "
        if survey.language == "en"
        else "潮水每天在码头边上涨落，船只来来往往。"
    )
    story = [part for part in story if type(part).__name__ != "PageBreak"]
    document.build([*story[:3], *(Paragraph(filler * 12, body) for _ in range(6)), *story[3:]])


WRITERS: dict[str, Callable[[Path, Survey], None]] = {
    "plain.md": _md, "plain.markdown": _md, "plain.txt": _txt, "gbk.txt": _gbk, "page.html": _html, "legacy.htm": _htm_gb2312,
    "page.xhtml": _html, "saved.mhtml": _mhtml, "saved.mht": _mhtml, "word.docx": _docx, "slides.pptx": _pptx,
    "sheet.xlsx": _xlsx, "table.csv": _csv, "table.tsv": _tsv, "source.rst": _rst, "notebook.ipynb": _ipynb,
    "book.epub": _epub, "records.jsonl": _jsonl, "records.json": _json, "archive.zip": _zip, "print.pdf": _pdf,
    "columns.pdf": _two_columns,
}  # fmt: skip


def write_all(folder: Path) -> list[Path]:
    """Write every survey in every format; return the files."""
    paths = []
    for language, survey in SURVEYS.items():
        for name, write in WRITERS.items():
            path = folder / f"{language}-{name}"
            write(path, survey)
            paths.append(path)
    return paths
