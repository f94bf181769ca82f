"""Splitting: documents into passages that follow the structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from corpus.documents import Document, Passage, PassageKind
from corpus.lines import Line, read_lines
from corpus.links import find_references
from corpus.sentences import split_sentences
from corpus.tokens import BUILTIN_ENCODING, count_tokens


class _Unit(NamedTuple):
    start: int
    end: int
    kind: PassageKind
    context: str = ""


def split(documents: Iterable[Document], *, max_tokens: int = 256, encoding: str = BUILTIN_ENCODING) -> list[Passage]:
    """Split documents into passages, in document and text order."""
    return [passage for document in documents for passage in _split_one(document, max_tokens)]


def _split_one(document: Document, max_tokens: int) -> Iterator[Passage]:
    lines = read_lines(document.text)
    borders = sorted({0, len(document.text), *(section.start for section in document.sections)})
    for start, end in zip(borders, borders[1:], strict=False):
        section = document.section_at(start)
        path = section.path if section else ()
        inside = [line for line in lines if start <= line.start < end]
        for unit in _pack(list(_units(document, inside, max_tokens)), document.text, max_tokens):
            context = "\n".join([document.title, *path[-3:], *([unit.context] if unit.context else [])])
            yield Passage(document, unit.start, unit.end, " > ".join(path), unit.kind, context)


def _units(document: Document, lines: list[Line], max_tokens: int) -> Iterator[_Unit]:
    rows = {row.start: table for table in document.tables for row in table.rows}
    references = {lines[e.first].start for e in find_references(document.text, lines, document.sections)}
    for line in lines:
        if line.kind == "blank":
            continue
        start, end = line.start + len(line.text) - len(line.text.lstrip()), line.start + len(line.text.rstrip())
        if line.start in rows:
            table = rows[line.start]
            names = " | ".join(cell.text for cell in table.header)
            yield _Unit(start, end, "table_row", f"{table.caption}\n列名: {names}")
        elif line.start in references:
            yield _Unit(start, end, "reference")
        elif count_tokens(document.text[start:end]) <= max_tokens:
            yield _Unit(start, end, "text")
        else:
            for a, b in split_sentences(document.text[start:end]):
                yield _Unit(start + a, start + b, "text")


def _pack(units: list[_Unit], text: str, max_tokens: int) -> Iterator[_Unit]:
    held: _Unit | None = None
    for unit in units:
        if held and held.kind == unit.kind == "text" and count_tokens(text[held.start : unit.end]) <= max_tokens:
            held = held._replace(end=unit.end)
            continue
        if held:
            yield held
        held = unit
    if held:
        yield held
