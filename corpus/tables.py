"""Pipe tables, with or without pipes at the ends of their lines."""

from __future__ import annotations

import re

from corpus.documents import Cell, Row, Table
from corpus.lines import Line

_SEPARATOR = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_CELL = re.compile(r"(?:\\.|[^|\\])*")


def find_tables(lines: list[Line]) -> list[Table]:
    """Return the tables in order: a row of names, a row of dashes, and at least the rows that follow directly."""
    tables: list[Table] = []
    number = 1
    while number < len(lines):
        if _is_separator(lines, number):
            last = number
            while last + 1 < len(lines) and "|" in lines[last + 1].text and lines[last + 1].kind != "heading":
                last += 1
            tables.append(_read_table(lines, number, last))
            number = last
        number += 1
    return tables


def _is_separator(lines: list[Line], number: int) -> bool:
    """Tell whether a line of dashes stands under a row of names with a matching number of columns."""
    dashes, names = lines[number].text, lines[number - 1]
    if "|" not in dashes or "|" not in names.text or names.kind == "code" or not _SEPARATOR.match(dashes):
        return False
    return len(_cells(lines[number])) == len(_cells(names))


def _read_table(lines: list[Line], separator: int, last: int) -> Table:
    """Build the table around its row of dashes."""
    header = lines[separator - 1]
    rows = tuple(Row(line.start, line.end, tuple(_cells(line))) for line in lines[separator + 1 : last + 1])
    return Table(
        start=header.start,
        end=lines[last].end,
        header=tuple(_cells(header)),
        rows=rows,
        caption=_caption(lines, separator - 2),
    )


def _cells(line: Line) -> list[Cell]:
    """Return the cells of one line with offsets into the document."""
    cells: list[Cell] = []
    text, position = line.text, 0
    begin, stop = 0, len(text.rstrip())
    lead = len(text) - len(text.lstrip())
    if text[lead : lead + 1] == "|":
        begin = lead + 1
    if text[:stop].endswith("|") and not text[:stop].endswith("\\|") and stop > begin:
        stop -= 1
    position = begin
    while position <= stop:
        match = _CELL.match(text, position, stop)
        finish = match.end() if match else position
        content = text[position:finish]
        offset = line.start + position + len(content) - len(content.lstrip())
        content = content.strip()
        cells.append(Cell(content, offset, offset + len(content)))
        position = finish + 1
    return cells


def _caption(lines: list[Line], number: int) -> str:
    """Return the line or heading right above a table."""
    while number >= 0 and lines[number].kind == "blank":
        number -= 1
    return lines[number].text.strip().strip("#").strip() if number >= 0 else ""
