"""What a table's row says: a row read out with its columns' names, and "name · column: cell" held against the row.

The quote of a citation stays the row as the document has it; only what it is compared with is put into words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from corpus.documents import Document, Row, Table
from corpus.patterns import pattern
from rag.grounding.checking import SUPPORTED, WEAK, Check, check, is_contained
from rag.grounding.claims import name_pattern, plain
from rag.reading.drafts import Span

_OTHERWISE = pattern(r"\s+/\s+")  # between what two documents say of one thing
_OF_ANOTHER = WEAK - 0.05  # another row has the name
_NOT_NAMED = SUPPORTED - 0.1  # the cell is there, but whether the row is about the name is not


def row_of(span: Span) -> tuple[Table, Row] | None:
    """Return the row that a span lies in, with its table; None if it lies in none or in several."""
    tables = span.document.tables
    at = bisect_right(tables, span.start, key=lambda table: table.start) - 1
    if at < 0 or span.start >= tables[at].end:
        return None
    rows = tables[at].rows
    last = bisect_right(rows, span.start, key=lambda row: row.start) - 1
    return (tables[at], rows[last]) if last >= 0 and span.end <= rows[last].end else None


def read_out(span: Span) -> str:
    """Return a span as it is compared: a row with the name of each column before its cell; anything else as it stands."""
    place = row_of(span)
    return f"{span.quote}\n{_in_words(*place)}" if place else span.quote


def check_cells(statement: str, span: Span, context: str) -> Check | None:
    """Hold "name · column: cell" against the row that a span lies in.

    None where the statement has not this form or the table no such column. ``context`` is what the row stands under: the
    name may come from there.
    """
    place = row_of(span)
    if place is None or " · " not in statement:
        return None
    table, row = place
    if table.turned and (check_ := _check_turned(statement, table, row)):
        return check_
    fields = _fields(statement, tuple(cell.text.strip() for cell in table.header))
    if fields is None:
        return None
    name, said = fields
    checks = [_check_cell(told, [row.cells[n].text for n in columns if n < len(row.cells)]) for columns, told in said]
    value = min(each.support for each in checks)
    if not _is_named(name, [cell.text for cell in row.cells], context):
        another = any(plain(table.name_of(each)) == plain(name) for each in table.rows)
        value = min(value, _OF_ANOTHER if another else _NOT_NAMED)
    found = tuple(told for (_, told), each in zip(said, checks, strict=True) if each.support >= SUPPORTED)
    missing = tuple(surface for each in checks for surface in each.missing)
    return Check(value, found, missing, any(each.negated for each in checks))


def _check_turned(statement: str, table: Table, row: Row) -> Check | None:
    """Hold "name · property: cell" against the row that tells this property of all things; None if it tells another one."""
    name, _, said = statement.partition(" · ")
    label = row.cells[0].text if row.cells else ""
    columns = [n for n, cell in enumerate(table.header) if n and plain(cell.text) == plain(name)]
    if not label or not said.startswith(f"{label}:") or not columns:
        return None
    return _check_cell(said[len(label) + 1 :].strip(), [row.cells[n].text for n in columns if n < len(row.cells)])


def _in_words(table: Table, row: Row) -> str:
    name = table.name_of(row)
    heads = [cell.text for cell in table.header]
    if table.turned:
        return "\n".join(f"{head} {name}: {cell.text}" for head, cell in zip(heads[1:], row.cells[1:], strict=False))
    told = [
        f"{name} {heads[n]}: {cell.text}"
        for n, cell in enumerate(row.cells)
        if n != table.naming and n < len(heads) and cell.text
    ]
    return "\n".join(told)


@lru_cache(maxsize=512)
def _fields(statement: str, header: tuple[str, ...]) -> tuple[str, tuple[tuple[tuple[int, ...], str], ...]] | None:
    """Return the name, and for each "column: cell" of a statement the columns of this name and the cell."""
    parts = statement.split(" · ")
    said: list[tuple[tuple[int, ...], str]] = []
    for part in parts[1:]:
        columns: tuple[int, ...] = ()
        head, colon, value = "", "", ""
        for candidate in dict.fromkeys(header):
            if candidate and len(candidate) > len(head) and part.startswith(f"{candidate}:"):
                head, colon, value = candidate, ":", part[len(candidate) + 1 :].strip()
        if colon:
            columns = tuple(n for n, cell in enumerate(header) if cell == head)
            said.append((columns, value))
        elif said:
            said[-1] = (said[-1][0], f"{said[-1][1]} · {part}")
        else:
            return None
    return (parts[0], tuple(said)) if said else None


def _check_cell(value: str, cells: Sequence[str]) -> Check:
    """Return how well the best of some cells says a value; where documents differ, a cell says one of the values."""
    wanted = plain(value)
    values = [plain(part) for part in _OTHERWISE.split(value)]
    if any(is_contained(wanted, plain(cell)) or plain(cell) in values for cell in cells):
        return Check(1.0)
    checks = [check(value, cell) for cell in cells if cell]
    return max(checks, key=lambda each: each.support, default=Check(0.0, missing=(value,)))


def _is_named(name: str, cells: Sequence[str], context: str) -> bool:
    wanted = plain(name)
    return any(wanted in plain(cell) for cell in cells) or bool(
        name and name_pattern(name).search("\n".join((*cells, context)))
    )


def lead_of(document: Document, start: int) -> str:
    """Return what stands right above a place in its section: the sentence or the items that lead it in."""
    section = document.section_at(start)
    floor = max(section.start if section else 0, start - _LOOK_BACK)
    return document.text[floor:start]


_LOOK_BACK = 1_500  # characters in which what leads a quote in is looked for
