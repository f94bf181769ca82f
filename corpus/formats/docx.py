"""Word documents: headings by their styles, lists, tables with merged cells, notes and captions, in their order."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

from corpus.errors import ReadError
from corpus.formats import Extract, missing
from corpus.formats.packages import check_office
from corpus.formats.writing import Spanned, count_headers, heading, in_line, join, one_line, plain, spread, table
from corpus.patterns import pattern

Element = Any  # an lxml element; the library has no types

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_HEADING_STYLE = pattern(r"(?:heading|标题|überschrift|titre)\s*([1-9])", 2)  # IGNORECASE
_WRAPPERS = frozenset(
    {
        f"{_W}ins",
        f"{_W}smartTag",
        f"{_W}sdt",
        f"{_W}sdtContent",
        f"{_W}fldSimple",
        f"{_W}customXml",
        f"{_W}dir",
        f"{_W}bdo",
    }
)
_OF_TEMPLATE = date(2013, 12, 23)  # what python-docx writes into documents that state no date
_KINDS_OF_NOTES = ("footnotes", "endnotes")


def extract(data: bytes, name: str) -> Extract:
    """Return the text of a Word document; deleted text of tracked changes is left out, inserted text is in.

    Raises:
        ReadError: It is none, damaged or encrypted.
    """
    check_office(data, "word/document.xml", ".docx")
    try:
        import docx
        from docx.opc.exceptions import OpcError
        from lxml.etree import LxmlError
    except ImportError:
        raise missing("python-docx") from None
    try:
        document = docx.Document(io.BytesIO(data))
    except (OpcError, LxmlError, KeyError, ValueError) as error:
        raise ReadError(f"it is damaged ({one_line(str(error))[:80]})") from error
    return _Reader(document).extract()


class _Reader:
    """Reads one document."""

    def __init__(self, document: Any) -> None:  # noqa: ANN401 a docx Document
        self._document = document
        self._styles = {style.style_id: style.name or "" for style in document.styles}
        self._bases = {style.style_id: _base_of(style) for style in document.styles}
        self._outlines = {style.style_id: _outline_level(style.element) for style in document.styles}
        self._links = {key: part.target_ref for key, part in document.part.rels.items() if part.is_external}
        self._notes = {kind: _notes(document, kind) for kind in _KINDS_OF_NOTES}
        self._cited: list[str] = []  # texts of notes in the order of their marks
        self._counts: dict[str, int] = {}
        self._title = ""

    def extract(self) -> Extract:
        """Return the whole document."""
        parts: list[str] = []
        before = ""
        for kind, text in self._with_notes():
            if parts:
                parts.append("\n" if kind == before and kind in {"item", "note"} else "\n\n")
            parts.append(text)
            before = kind
        facts = self._document.core_properties
        title = self._title or one_line(facts.title or "")
        stated = {
            "author": one_line(facts.author or ""),
            "date": facts.created.date().isoformat() if facts.created and facts.created.date() != _OF_TEMPLATE else "",
        }
        known = {key: value for key, value in stated.items() if value and value != "python-docx"}
        return Extract(join([heading(1, title), "".join(parts)]), title, metadata=known)

    def _with_notes(self) -> Iterator[tuple[str, str]]:
        """Yield the blocks of the document, each with the notes that it has marks of after it."""
        written = 0
        for block in self._blocks(self._document.element.body):
            yield block
            for number, text in enumerate(self._cited[written:], written + 1):
                yield "note", f"[^{number}]: {text}"
            written = len(self._cited)

    def _blocks(self, parent: Element) -> Iterator[tuple[str, str]]:
        """Yield the kinds and texts of the blocks in an element."""
        for child in parent:
            if child.tag == f"{_W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{_W}tbl":
                if text := self._table(child):
                    yield "table", text
            elif child.tag in _WRAPPERS:
                yield from self._blocks(child)

    def _paragraph(self, element: Element) -> Iterator[tuple[str, str]]:
        text = self._text(element).strip()
        boxes = [box for box in element.iter(f"{_W}txbxContent") if not _is_fallback(box)]
        if text:
            style = self._style(element)
            level = self._level(element, style)
            item = self._item(element)
            if style == "title" and not self._title:
                self._title = one_line(text)
            elif level:
                yield "heading", heading(level + 1, text)
            elif item:
                yield "item", item + one_line(text)
            else:
                yield "text", plain("\n".join(filter(None, map(one_line, text.split("\n")))))
        for box in boxes:
            yield from self._blocks(box)

    def _text(self, element: Element) -> str:
        """Return the words of a paragraph, with marks of notes and addresses of links."""
        words: list[str] = []
        for child in element:
            if child.tag == f"{_W}r":
                words.append(self._run(child))
            elif child.tag == f"{_W}hyperlink":
                inside = self._text(child)
                address = self._links.get(child.get(f"{_R}id") or "", "")
                linked = inside.strip() and address.startswith(("http://", "https://")) and "[" not in inside
                words.append(f"[{inside}]({address})" if linked and inside.strip() != address else inside)
            elif child.tag in {f"{_M}oMath", f"{_M}oMathPara"}:
                words.append("".join(text.text or "" for text in child.iter(f"{_M}t")))
            elif child.tag in _WRAPPERS:
                words.append(self._text(child))
        return "".join(words)

    def _run(self, element: Element) -> str:
        words: list[str] = []
        hidden = element.find(f"{_W}rPr/{_W}vanish")
        if hidden is not None and hidden.get(f"{_W}val") not in {"0", "false"}:
            return ""
        for child in element:
            if child.tag == f"{_W}t":
                words.append(child.text or "")
            elif child.tag in {f"{_W}tab", f"{_W}ptab"}:
                words.append(" ")
            elif child.tag in {f"{_W}br", f"{_W}cr"}:
                words.append("\n")
            elif child.tag == f"{_W}noBreakHyphen":
                words.append("-")
            elif child.tag in {f"{_W}footnoteReference", f"{_W}endnoteReference"}:
                words.append(self._mark(child))
        return "".join(words)

    def _mark(self, element: Element) -> str:
        """Return the mark of a note, which is written out at the end."""
        kind = "footnotes" if element.tag.endswith("footnoteReference") else "endnotes"
        text = self._notes[kind].get(element.get(f"{_W}id") or "", "")
        if not text:
            return ""
        self._cited.append(text)
        return f"[^{len(self._cited)}]"

    def _style(self, element: Element) -> str:
        found = element.find(f"{_W}pPr/{_W}pStyle")
        return self._styles.get(found.get(f"{_W}val"), "").lower() if found is not None else ""

    def _level(self, element: Element, style: str) -> int:
        """Return the level of a heading, 0 for what is none: by the name of its style, or what the style is based on."""
        if match := _HEADING_STYLE.match(style):
            return int(match[1])
        own = _outline_level(element)
        found = element.find(f"{_W}pPr/{_W}pStyle")
        id_ = found.get(f"{_W}val") if found is not None else ""
        for _ in range(10):
            if own or not id_:
                break
            own, id_ = self._outlines.get(id_, 0), self._bases.get(id_, "")
        return own

    def _item(self, element: Element) -> str:
        """Return the bullet or number that a list item begins with, "" for what is none."""
        numbering = element.find(f"{_W}pPr/{_W}numPr")
        style = self._style(element)
        if numbering is None and not style.startswith(("list bullet", "list number")):
            return ""
        depth = numbering.find(f"{_W}ilvl") if numbering is not None else None
        level = int(depth.get(f"{_W}val") or 0) if depth is not None and (depth.get(f"{_W}val") or "").isdigit() else 0
        if depth is None and style[-1:].isdigit():  # "List Bullet 2"
            level = int(style[-1]) - 1
        return "  " * min(level, 8) + "- "

    def _table(self, element: Element) -> str:
        """Return a table; vertically merged cells carry the text of the first one."""
        rows: list[list[Spanned]] = []
        open_: dict[int, str] = {}
        headers = 0
        for row in element.iter(f"{_W}tr"):
            if _owner(row) is not element:
                continue
            if row.find(f"{_W}trPr/{_W}tblHeader") is not None and headers == len(rows):
                headers += 1
            cells: list[Spanned] = []
            column = 0
            for cell in (each for each in row.iter(f"{_W}tc") if _owner(each) is element):
                width = _span(cell)
                merged = cell.find(f"{_W}tcPr/{_W}vMerge")
                parts = (in_line(part) if kind == "table" else part for kind, part in self._blocks(cell))
                text = one_line(" ".join(parts))
                if merged is not None and merged.get(f"{_W}val") != "restart":
                    text = open_.get(column, text)
                open_[column] = text if merged is not None else ""
                cells.append(Spanned(text, width))
                column += width
            rows.append(cells)
        grid = spread(rows)
        return table(grid, headers=headers or count_headers(grid))


def _notes(document: Any, kind: str) -> dict[str, str]:  # noqa: ANN401 a docx Document
    """Return the texts of the notes of one kind by their ids."""
    from docx.oxml import parse_xml

    for part in document.part.rels.values():
        if part.reltype.endswith(f"/{kind}") and not part.is_external:
            root = parse_xml(part.target_part.blob)
            return {
                note.get(f"{_W}id"): one_line("".join(text.text or "" for text in note.iter(f"{_W}t")))
                for note in root
                if note.get(f"{_W}type") in {None, "normal"}
            }
    return {}


def _base_of(style: Any) -> str:  # noqa: ANN401 a docx style
    base = getattr(style, "base_style", None)
    return base.style_id if base is not None else ""


def _outline_level(element: Element) -> int:
    """Return the level that an element's own properties give to a heading, 0 if they give none."""
    found = element.find(f"{_W}pPr/{_W}outlineLvl")
    value = found.get(f"{_W}val") if found is not None else ""
    return int(value) + 1 if value and value.isdigit() and int(value) < 9 else 0


def _owner(element: Element) -> Element:
    """Return the table that a row or cell belongs to."""
    parent = element.getparent()
    while parent is not None and parent.tag != f"{_W}tbl":
        parent = parent.getparent()
    return parent


def _span(cell: Element) -> int:
    found = cell.find(f"{_W}tcPr/{_W}gridSpan")
    value = found.get(f"{_W}val") if found is not None else ""
    return max(1, min(int(value), 500)) if value and value.isdigit() else 1


def _is_fallback(element: Element) -> bool:
    """Tell whether a text box is the copy of another one for old programs."""
    return any(parent.tag.endswith("}Fallback") for parent in element.iterancestors())
