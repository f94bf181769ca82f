"""Spreadsheets: each sheet is a section with a table; values as they show, formulas by what they last came to."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from corpus.errors import ReadError
from corpus.formats import Extract, limits, missing
from corpus.formats.packages import check_office
from corpus.formats.writing import WIDEST_TABLE, count_headers, heading, join, one_line, table

_MOST_CELLS = 2_000_000
_MOST_MERGED = 10_000


def extract(data: bytes, name: str) -> Extract:
    """Return the visible sheets in order.

    Raises:
        ReadError: It is none, damaged or encrypted, or holds too many cells.
    """
    check_office(data, "xl/workbook.xml", ".xlsx")
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise missing("openpyxl", "office") from None
    try:
        large = _is_large(data)
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True, read_only=large)
        formulas = openpyxl.load_workbook(io.BytesIO(data)) if not large and _has_formulas(data) else None
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ReadError(f"it is damaged ({one_line(str(error))[:80]})") from error
    try:
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        blocks = [block for sheet in sheets for block in _sheet(sheet, formulas[sheet.title] if formulas else sheet)]
        title = one_line(book.properties.title or "")
    finally:
        book.close()
    return Extract(join([heading(1, title), *blocks]), title)


def _is_large(data: bytes) -> bool:
    """Tell whether a file is read row by row, without its merged cells, as it would fill the memory otherwise."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(entry.file_size for entry in archive.infolist()) > limits.UNPACKED_BYTES // 20


def _has_formulas(data: bytes) -> bool:
    """Tell whether any cell of a file has a formula."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(b"<f>" in content or b"<f " in content for content in map(archive.read, sheets))


def _sheet(sheet: Any, formulas: Any) -> Iterator[str]:  # noqa: ANN401 openpyxl Worksheets
    """Yield the heading of a sheet and its tables: blocks of rows with an empty row between them.

    A formula that no program has computed yet stands as it is written, rather than nothing.
    """
    merged = _merged(sheet)
    blocks: list[list[list[str]]] = [[]]
    cells = 0
    for number, row in enumerate(sheet.iter_rows(max_col=WIDEST_TABLE), 1):
        values = [
            merged.get((number, column), "") or _shown(cell) or _formula(formulas, sheet, number, column)
            for column, cell in enumerate(row, 1)
        ]
        cells += len(values)
        if cells > _MOST_CELLS:
            raise ReadError(f"its sheet {sheet.title!r} holds more than {_MOST_CELLS:,} cells; split it")
        if any(values):
            blocks[-1].append(values)
        elif blocks[-1]:
            blocks.append([])
    tables = [text for block in blocks if (text := _table(block))]
    if tables:
        yield heading(2, sheet.title)
        yield from tables


def _table(rows: list[list[str]]) -> str:
    """Return a block of rows as a table, with what stands alone above its columns as caption."""
    if all(len(set(filter(None, row))) == 1 for row in rows) and any(sum(map(bool, row)) > 1 for row in rows):
        return join(next(filter(None, row)) for row in rows)  # lines of text in merged cells
    lead: list[str] = []
    while rows and len(set(filter(None, rows[0]))) == 1 and any(len(set(filter(None, row))) > 1 for row in rows):
        lead.append(next(filter(None, rows[0])))
        rows = rows[1:]
    return join([*lead[:-1], table(rows, headers=count_headers(rows), caption=lead[-1] if lead else "")])


def _merged(sheet: Any) -> dict[tuple[int, int], str]:  # noqa: ANN401 an openpyxl Worksheet
    """Return the text of merged cells for each place that they cover."""
    places: dict[tuple[int, int], str] = {}
    ranges = getattr(sheet, "merged_cells", None)  # read row by row, a sheet does not tell
    for area in list(ranges.ranges if ranges is not None else ())[:_MOST_MERGED]:
        text = _shown(sheet.cell(area.min_row, area.min_col))
        height, width = area.max_row - area.min_row + 1, area.max_col - area.min_col + 1
        if text and height * width <= _MOST_MERGED:
            for row in range(area.min_row, area.max_row + 1):
                for column in range(area.min_col, area.max_col + 1):
                    places[row, column] = text
    return places


def _formula(formulas: Any, sheet: Any, row: int, column: int) -> str:  # noqa: ANN401 openpyxl Worksheets
    """Return the formula of a cell without a value."""
    if formulas is sheet:
        return ""
    written = formulas.cell(row, column).value
    return one_line(written) if isinstance(written, str) and written.startswith("=") else ""


def _shown(cell: Any) -> str:  # noqa: ANN401 an openpyxl cell
    """Return a cell's value as a person sees it: percentages, dates, and numbers without the noise of floats."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float | int):
        shown = f"{value * 100:.10g}%" if "%" in (cell.number_format or "") else f"{value:.15g}"
        return shown if "e" not in shown else str(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return one_line(str(value))
