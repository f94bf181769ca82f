"""Tables: pipes with a row of dashes, and the tabs that remain when a table is copied from a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.documents import Cell, Row, Table
from corpus.lines import Line, columns
from corpus.patterns import pattern
from corpus.titles import clean_title

_SEPARATOR = pattern(r"\s*+\|?\s*+:?-++:?\s*+(?:\|\s*+:?-++:?\s*+)*+\|?\s*+")
_BETWEEN_GAPS = pattern(r"\S+(?: \S+)*")
_CELL = pattern(r"(?:[^|\\]|\\.)*")
_NUMBERED_CAPTION = pattern(r"\s*[*_]*(?:表|图表|table)\s*[\d一二三四五六七八九十]+", re.IGNORECASE)


def find_tables(lines: Sequence[Line]) -> list[Table]:
    """Return the tables in order: a row of names, a row of dashes, and the rows that follow without a gap.

    Copies that put a blank line after every line of a table are read as well, and at least three lines in a row with
    equally many tabs. ``section`` is left empty.
    """
    filled = [number for number, line in enumerate(lines) if line.kind != "blank"]
    tables: list[Table] = []
    position = 1
    while position < len(filled):
        gap = filled[position] - filled[position - 1]
        if gap <= 2 and _is_separator(lines[filled[position]], lines[filled[position - 1]]):
            last = _last_row(lines, filled, position, gap)
            tables.append(_read_table(lines, filled, position, last))
            position = last
        position += 1
    taken = {start for table in tables for start in (table.start, *(row.start for row in table.rows))}
    rest = [Line(line.start, line.text, "code") if line.start in taken else line for line in lines]
    bare = [table for read in (_tab_tables, _pipe_tables, _spaced_tables) for table in read(rest)]
    return sorted([*tables, *bare], key=lambda table: table.start)


def _pipe_tables(lines: Sequence[Line]) -> list[Table]:
    """Return runs of three or more lines without a row of dashes that have equally many cells, at least three, between pipes."""
    tables: list[Table] = []
    run: list[Line] = []
    wanted = 0
    for number, line in enumerate([*lines, Line(0, "", "blank")]):
        pipes = line.text.strip().strip("|").count(" | ") if line.kind in ("text", "row") else 0
        if run and pipes == wanted:
            run.append(line)
            continue
        if len(run) >= 3:
            rows = tuple(Row(each.start, each.end, _cells(each)) for each in run[1:])
            caption = _caption(_above(lines, number - len(run)), None)
            tables.append(Table(run[0].start, run[-1].end, _cells(run[0]), rows, caption))
        run, wanted = ([line], pipes) if pipes >= 2 else ([], 0)
    return tables


def _spaced_tables(lines: Sequence[Line]) -> list[Table]:
    """Return runs of three or more lines of at least three cells between wide gaps; the first may lack the corner."""
    tables: list[Table] = []
    run: list[tuple[Line, tuple[Cell, ...]]] = []
    for number, line in enumerate([*lines, Line(0, "", "blank")]):
        cells = _spaced(line) if line.kind == "text" and "   " in line.text.strip() else ()
        if run and len(cells) == len(run[0][1]):
            run.append((line, cells))
            continue
        if len(run) >= 3:
            rows = tuple(Row(each.start, each.end, own) for each, own in run[1:])
            caption = _caption(_above(lines, number - len(run)), None)
            tables.append(Table(run[0][0].start, run[-1][0].end, run[0][1], rows, caption))
        run = [(line, cells)] if len(cells) >= 3 else []
    return tables


def _spaced(line: Line) -> tuple[Cell, ...]:
    """Return what stands between gaps of at least two spaces; a line that is set in has an empty first cell."""
    cells = [Cell(m[0], line.start + m.start(), line.start + m.end()) for m in _BETWEEN_GAPS.finditer(line.text)]
    corner = [Cell("", line.start, line.start)] if line.text.startswith("   ") else []
    return (*corner, *cells)


def _above(lines: Sequence[Line], first: int) -> Line | None:
    return next((lines[each] for each in range(first - 1, -1, -1) if lines[each].kind != "blank"), None)


def _tab_tables(lines: Sequence[Line]) -> list[Table]:
    """Return runs of three or more lines that have cells between tabs, as many as the first line or one less."""
    tables: list[Table] = []
    run: list[Line] = []
    for number, line in enumerate([*lines, Line(0, "", "blank")]):
        tabs = line.text.strip(" ").count("\t")
        begins = line.kind == "text" and tabs > 0 and line.text[0] != "\t"
        if run and begins and tabs in {run[0].text.count("\t"), run[0].text.count("\t") - 1}:
            run.append(line)
            continue
        if len(run) >= 3:
            tables.append(_tab_table(run, _above(lines, number - len(run))))
        run = [line] if begins else []
    return tables


def _tab_table(run: Sequence[Line], above: Line | None) -> Table:
    """Build the table of lines with tabs."""
    rows = tuple(Row(line.start, line.end, tuple(_between(line.text.split("\t"), line.start))) for line in run[1:])
    return Table(
        run[0].start, run[-1].end, tuple(_between(run[0].text.split("\t"), run[0].start)), rows, _caption(above, None)
    )


def _is_separator(dashes: Line, names: Line) -> bool:
    """Tell whether a line of dashes makes the line before it the header of a table."""
    if "|" not in dashes.text or "|" not in names.text or "code" in {dashes.kind, names.kind}:
        return False
    if not _SEPARATOR.fullmatch(dashes.text):
        return False
    width, titles = len(_cells(dashes)), len(_cells(names))
    return width == titles or min(width, titles) >= 2


def _last_row(lines: Sequence[Line], filled: Sequence[int], separator: int, gap: int) -> int:
    """Return the position of the last row under a row of dashes."""
    last = separator
    while last + 1 < len(filled):
        line = lines[filled[last + 1]]
        if "|" not in line.text or line.kind in {"heading", "code"} or filled[last + 1] - filled[last] > gap:
            break
        if last + 2 < len(filled) and _is_separator(lines[filled[last + 2]], line):
            break
        last += 1
    return last


def _read_table(lines: Sequence[Line], filled: Sequence[int], separator: int, last: int) -> Table:
    """Build the table around its row of dashes."""
    header = lines[filled[separator - 1]]
    body = [lines[number] for number in filled[separator + 1 : last + 1]]
    above = lines[filled[separator - 2]] if separator >= 2 else None
    below = lines[filled[last + 1]] if last + 1 < len(filled) else None
    return Table(
        start=header.start,
        end=lines[filled[last]].end,
        header=_cells(header),
        rows=tuple(Row(line.start, line.end, _cells(line)) for line in body),
        caption=_caption(above, below),
    )


def _cells(line: Line) -> tuple[Cell, ...]:
    """Return the cells of one line with offsets into the document."""
    text = line.text
    stop = len(text.rstrip())
    position = line.indent
    if text[position] == "|":
        position += 1
    if "\\" not in text:
        return tuple(_between(text[position:stop].removesuffix("|").split("|"), line.start + position))
    cells: list[Cell] = []
    while position < stop:
        match = _CELL.match(text, position, stop)
        finish = match.end() if match else position
        content = text[position:finish]
        start = line.start + position + (len(content) - len(content.lstrip()) if content.strip() else 0)
        content = content.strip()
        cells.append(Cell(content, start, start + len(content)))
        position = finish + 1
    return tuple(cells)


def _between(contents: Sequence[str], offset: int) -> Iterator[Cell]:
    """Yield what stands between single characters, without outer spaces; ``offset`` is where the first begins."""
    for content in contents:
        bare = content.strip()
        start = offset + (len(content) - len(content.lstrip()) if bare else 0)
        yield Cell(bare, start, start + len(bare))
        offset += len(content) + 1


def _caption(above: Line | None, below: Line | None) -> str:
    """Return what a table is called: a short line or a heading above it, or a numbered line below it."""
    if above and _NUMBERED_CAPTION.match(above.text):
        return clean_title(above.text)
    if below and below.kind == "text" and _NUMBERED_CAPTION.match(below.text) and columns(below.text) <= 160:
        return clean_title(below.text)
    if above is None or above.kind in {"row", "code", "rule", "item"} or columns(above.text) > 120:
        return ""
    return clean_title(above.text.lstrip("# ")).rstrip(":：")
