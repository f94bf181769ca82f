"""The pieces of passages that can answer: sentences, list items, field lines, table cells.

Each unit knows what it is about (the heading it stands under, the first cell of its row) and what leads it in (the
item above it, the column's name), because a sentence under "LLaMA" is about LLaMA without saying so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from corpus.documents import Document, Passage, Row, Table
from corpus.patterns import pattern
from corpus.sentences import split_sentences
from index.hits import Hit
from index.terms import analyze
from rag.reading.widths import columns

UnitKind = Literal["sentence", "item", "cell", "heading", "reference"]

_BULLET = pattern(r"(?P<indent>[ \t]*)(?:[-*•·+]|\d{1,2}[.)、．]|[a-z]\)|[（(]\d{1,2}[)）])[ \t]+")
# "**5. Heron-2** (Firth, 2021)": a line that begins in bold and ends without a full stop names what the lines below it tell of.
_BOLD_HEAD = pattern(
    r"[ \t]*+(?:\d{1,2}[.)、．][ \t]*+)?\*\*[ \t]*+(?:\d{1,2}[.)、．][ \t]*+)?(?P<name>[^*\n]{1,60}?)[ \t]*\*\*(?P<rest>[^\n*]{0,120})\n(?=[ \t]*[^\s|#*-])"
)
_ENDS_SENTENCE = pattern(r"[。.!?！？；;：:][ \t]*$")
_HEADING_MARK = pattern(r"^\s{0,3}#{1,6}\s+")
_LEADS_IN = pattern(r"[:：]\s*$")
_BEGINS_WITH_NAME = pattern(
    r"(?P<name>[A-Z][A-Za-z0-9.+-]*(?: (?:[A-Z]|\d)[A-Za-z0-9.+-]*){0,3})\s?(?:\[\d{1,3}\])?\s?(?:[(（][^()（）]{1,40}[)）])?\s?"
    r"(?=[是由为有在的将模则采使支参通本能可主用也与]|(?:is|was|are|were|has|uses|by)\b)"
)
_NAME_LIKE = pattern(
    r"(?![一二三四五六七八九十\d]+[.、．])(?=.{1,30}$)(?=.*[A-Z])[\w .+&/\\()（）·-]*"
)  # a heading that may be a name
_NEW_SUBJECT = pattern(r"\n\s*\n|\n[ \t]*(?:[-*•·+]|\d{1,2}[.)、．])[ \t]")  # a blank line or another item
_REFERS_BACK = pattern(
    r"(?:其|它|该|这|此|他|她|本|It\b|Its\b|This\b|These\b|They\b|Their\b|He\b|She\b|His\b|Her\b|The (?:model|system|method|paper|project)\b)"
)
_NAMES_FIRST = pattern(
    r"\s*(?:\*\*|__|[A-Z])"
)  # a paragraph about something of its own: it begins in bold or with a name
_LONGEST_OPENING = 200  # characters of a first sentence that tell what follows
_LOOK_BACK = 1_500  # characters in which the items above a list item are looked for
_WHOLE_ITEM = 170  # columns up to which a list item is not cut into sentences
_RULE = pattern(r"^[\s|:\-=_*#]*$")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Characters ``start`` to ``end`` of a document that can answer by themselves; ``text`` is them without their bullet.

    ``topic`` is the name of what they are about as far as the structure tells, ``lead`` what stands before them and
    belongs to them, ``before`` the sentence before them in the same paragraph, ``opening`` how that paragraph and the
    section begin.
    ``terms`` are the text's index terms.
    """

    passage: Passage = field(repr=False)
    start: int
    end: int
    kind: UnitKind
    text: str
    topic: str = ""
    path: str = ""
    lead: str = ""
    before: str = field(default="", repr=False)
    opening: str = field(default="", repr=False)
    row: Row | None = field(default=None, repr=False)
    terms: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def document(self) -> Document:
        """The document that the piece stands in."""
        return self.passage.document

    @property
    def subject(self) -> str:
        """The name that the piece is about: one that it begins with, else its heading if that is short enough for one."""
        if self.kind == "cell":
            return self.topic
        return _subject(self.text, self.topic)

    @property
    def refers_back(self) -> bool:
        """Whether the piece begins with a pronoun, so that it is about what the sentence before it is about."""
        return _REFERS_BACK.match(self.text) is not None


@lru_cache(maxsize=1 << 13)
def _subject(text: str, topic: str) -> str:
    match = _BEGINS_WITH_NAME.match(text)
    if match:
        return match["name"].strip()
    return topic if _NAME_LIKE.fullmatch(topic) else ""


@lru_cache(maxsize=1 << 13)
def terms_of(text: str) -> frozenset[str]:
    """Return the index terms of a text, remembered for the next question."""
    return frozenset(analyze(text))


def units_of(hits: Iterable[Hit]) -> list[Unit]:
    """Return the units of packed passages, passage by passage, none twice."""
    seen: dict[str, set[tuple[int, int]]] = {}
    units = []
    for hit in hits:
        there = seen.setdefault(hit.passage.document_id, set())
        for unit in passage_units(hit.passage):
            span = (unit.start, unit.end)
            if span not in there:
                there.add(span)
                units.append(unit)
    return units


def passage_units(passage: Passage) -> tuple[Unit, ...]:
    """Return the units of one passage in text order; remembered, because packing, reading and refusing all ask."""
    document = passage.document
    key = (id(document), passage.start, passage.end)  # of the very same document, which is kept as long as the key
    known = _known_units.get(key)
    if known is None:
        if len(_known_units) >= _MOST_KNOWN:
            _known_units.clear()
        known = _known_units[key] = (document, tuple(_pieces(passage)))
    return known[1]


_known_units: dict[tuple[int, int, int], tuple[Document, tuple[Unit, ...]]] = {}
_MOST_KNOWN = 1024  # passages


def _pieces(passage: Passage) -> Iterator[Unit]:
    table = next((t for t in passage.document.tables if t.start < passage.end and passage.start < t.end), None)
    if table is None:
        yield from _prose(passage)
        return
    for row in table.rows:
        if passage.start <= row.start < passage.end:
            yield from _cells(passage, table, row)
    if passage.start < table.start or passage.end > table.end:
        yield from (unit for unit in _prose(passage) if unit.end <= table.start or unit.start >= table.end)


def _cells(passage: Passage, table: Table, row: Row) -> Iterator[Unit]:
    name = table.name_of(row)
    path = f"{passage.section} {table.caption}"
    for column, cell in enumerate(row.cells):
        if cell.text:
            head = table.header[column].text if column < len(table.header) else ""
            terms = terms_of(cell.text)
            about, lead = (head, name) if table.turned and column else (name, head)
            yield Unit(passage, cell.start, cell.end, "cell", cell.text, about, path, lead, "", "", row, terms)


def _prose(passage: Passage) -> Iterator[Unit]:
    document, topic = passage.document, topic_at(passage.document, passage.start)
    before, end_before = "", passage.start
    opening = _opening_at(document, passage.start)
    begins, head = _paragraph_at(document, passage.start), ""
    for start, end in _pieces_of_lines(passage):
        raw = document.text[start:end]
        if _RULE.match(raw):
            continue
        if _NEW_SUBJECT.search(document.text[end_before:start]):
            before, begins, head = "", raw, ""
        line = document.text.rfind("\n", 0, start) + 1
        head = _bold_head(document.text, line) or head
        item = _BULLET.match(document.text, line)
        kind = _kind(passage, document, start, item)
        lead = _lead(document, line, item)
        if item and line + item.end() < start:  # a later sentence of the item: its beginning says what it is about
            lead = f"{lead} {document.text[line + item.end() : start][:120]}".strip()
        text = _without_bullet(raw)
        opens = "" if kind == "heading" else _opens(opening, begins, raw)
        about = head or topic
        yield Unit(passage, start, end, kind, text, about, passage.section, lead, before, opens, None, terms_of(text))
        before, end_before = raw, end


def _bold_head(text: str, line: int) -> str:
    """Return the name that a line in bold gives to the lines below it, "" if the line at this offset is none."""
    match = _BOLD_HEAD.match(text, line)
    return match["name"] if match and not _ENDS_SENTENCE.search(match["rest"]) else ""


def _pieces_of_lines(passage: Passage) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a passage; a list item that is short stays whole."""
    text, offset = passage.document.text, passage.start
    held: tuple[int, int] | None = None
    for start, end in split_sentences(passage.text):
        start, end = offset + start, offset + end
        if (
            held
            and "\n" not in text[held[1] : start]
            and columns(text[held[0] : end]) <= _WHOLE_ITEM
            and _is_item(text, held[0])
        ):
            held = (held[0], end)
            continue
        if held:
            yield held
        held = (start, end)
    if held:
        yield held


def _is_item(text: str, start: int) -> bool:
    return _BULLET.match(text, text.rfind("\n", 0, start) + 1) is not None


def _kind(passage: Passage, document: Document, start: int, item: re.Match[str] | None) -> UnitKind:
    if passage.kind == "reference":
        return "reference"
    if _is_heading(document, start):
        return "heading"
    return "item" if item else "sentence"


def _is_heading(document: Document, start: int) -> bool:
    section = document.section_at(start)
    return section is not None and section.start <= start < section.body


def topic_at(document: Document, offset: int) -> str:
    """Return what the text at an offset is about: the innermost heading, or the document's title."""
    section = document.section_at(offset)
    return section.title if section else document.title


def _opening_at(document: Document, offset: int) -> str:
    """Return the first sentence of the section that an offset stands in, or of the document before its first section."""
    section = document.section_at(offset)
    begin = section.body if section else 0
    return _first_sentence(document.text[begin : begin + _LONGEST_OPENING])


@lru_cache(maxsize=1 << 12)
def _first_sentence(text: str) -> str:
    return next((text[start:end] for start, end in split_sentences(text)), "")


def _paragraph_at(document: Document, offset: int) -> str:
    """Return the first sentence of the paragraph that an offset stands in."""
    begin = document.text.rfind("\n\n", max(0, offset - _LOOK_BACK), offset)
    begin = begin + 2 if begin >= 0 else max(0, offset - _LOOK_BACK)
    return _first_sentence(document.text[begin : begin + _LONGEST_OPENING])


def _opens(section: str, paragraph: str, text: str) -> str:
    """Return how what a sentence carries on begins: its paragraph, and its section unless the paragraph begins with a name."""
    if paragraph == text:
        return "" if section == text or _NAMES_FIRST.match(text) else section
    if section == text or _NAMES_FIRST.match(paragraph):
        return paragraph
    return paragraph if paragraph == section else f"{section} {paragraph}"


def _lead(document: Document, line: int, item: re.Match[str] | None) -> str:
    """Return the less indented items above a list item, or the line above it that ends in a colon, joined."""
    if item is None:
        return ""
    indent, leads = _width(item["indent"]), []
    floor = max(0, line - _LOOK_BACK)
    for above in reversed(document.text[floor:line].split("\n")):
        if not above.strip():
            continue
        match = _BULLET.match(above)
        if match is None:
            if _HEADING_MARK.match(above) is None and _LEADS_IN.search(above) and len(above) <= 120:
                leads.append(above.strip())
            break
        if _width(match["indent"]) < indent:
            indent = _width(match["indent"])
            leads.append(_without_bullet(above).strip()[:120])
    return " ".join(reversed(leads))


def _without_bullet(line: str) -> str:
    match = _BULLET.match(line)
    return line[match.end() :] if match else line


def _width(indent: str) -> int:
    return len(indent.expandtabs(4))
