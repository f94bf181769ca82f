"""Tables on pages: rows whose pieces stand below each other, as cells in columns."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import median

from corpus.formats.pieces import Piece, Row
from corpus.formats.writing import one_line


def table_at(rows: list[Row], position: int, width: int) -> tuple[int, list[list[str]]]:
    """Return how many rows from a position on make up a table, and its cells; (0, []) if there is none."""
    end = position
    while end < len(rows) and (len(rows[end].pieces) > 1 or _wraps(rows, end, position)):
        end += 1
    while end > position and len(rows[end - 1].pieces) < 2 and not _wraps(rows, end - 1, position):
        end -= 1
    run = rows[position:end]
    wide = [row for row in run if len(row.pieces) > 1]
    carries_on = bool(wide) and len(wide[0].pieces) == width > 1
    few = len(wide) < 2 or (len(wide) == 2 and not all(len(row.pieces) > 2 or row.pieces[1].walled for row in wide))
    if few and not carries_on:
        return 0, []
    columns = _column_places(wide)
    if len(columns) < 2 or any(len(_cells(row, columns)[0].split()) > 25 for row in wide):
        return 0, []
    return len(run), _grid(run, columns)


def _wraps(rows: list[Row], at: int, first: int) -> bool:
    """Tell whether a row of one piece is the second line of a cell of the row above it: it begins where one of its pieces does."""
    if at == first or at >= len(rows):
        return False
    above, row = rows[at - 1], rows[at]
    if len(above.pieces) < 2 and not (at - 1 > first and len(rows[at - 2].pieces) > 1):
        return False
    near = above.bottom - row.bottom < 1.35 * row.size
    others = above.pieces if len(above.pieces) > 1 else rows[at - 2].pieces
    starts = any(abs(piece.left - row.left) < 0.4 * row.size for piece in others)
    last = others[-1] if others else None
    return near and starts and last is not None and row.right <= max(last.right, row.left + 1) + row.size


def _column_places(rows: list[Row]) -> list[tuple[float, float]]:
    """Return where the columns of rows begin and end, judged by the rows that have as many pieces as most of the widest."""
    counts = Counter(len(row.pieces) for row in rows)
    usual = max(counts, key=lambda count: (counts[count] * count, count))
    spans = sorted((piece.left, piece.right) for row in rows if len(row.pieces) == usual for piece in row.pieces)
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left < columns[-1][1] - 0.5:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _cells(row: Row, columns: list[tuple[float, float]]) -> list[str]:
    """Return the text of a row column by column; a piece above several columns stands in each."""
    cells: list[list[str]] = [[] for _ in columns]
    for piece in row.pieces:
        shared = [min(right, piece.right) - max(left, piece.left) for left, right in columns]
        reach = [n for n, (left, right) in enumerate(columns) if shared[n] > 0.3 * (right - left)]
        nearest = max(range(len(columns)), key=shared.__getitem__)
        parts = _parted(piece, reach, columns) if len(reach) > 1 else [piece.text]
        for number, part in zip(reach if len(reach) > 1 else [nearest], parts, strict=True):
            cells[number].append(part)
    return [" ".join(cell) for cell in cells]


def _parted(piece: Piece, reach: list[int], columns: list[tuple[float, float]]) -> list[str]:
    """Return what of a piece stands in each column that it reaches: its words from where the column begins on.

    Where no word begins there, the piece is one cell above all of them.
    """
    cuts = [0]
    for number in reach[1:]:
        begins = [at for at, left in piece.words if abs(left - columns[number][0]) < 0.2 * piece.size and at > cuts[-1]]
        if not begins:
            return [piece.text] * len(reach)
        cuts.append(begins[0])
    return [piece.text[start:end].strip() for start, end in pairwise([*cuts, len(piece.text)])]


def _grid(rows: list[Row], columns: list[tuple[float, float]]) -> list[list[str]]:
    """Return the cells of a table, lines of one cell joined."""
    grid: list[list[str]] = []
    steps = [above.bottom - row.bottom for above, row in pairwise(rows)]
    usual = median(steps) if steps else 0.0
    for number, row in enumerate(rows):
        cells = _cells(row, columns)
        wrapped = number > 0 and (len(row.pieces) == 1 or (not cells[0] and steps[number - 1] < 0.9 * usual))
        if wrapped and grid:
            grid[-1] = [one_line(f"{above} {cell}") for above, cell in zip(grid[-1], cells, strict=True)]
        else:
            grid.append(cells)
    return _closed(grid)


def _closed(grid: list[list[str]]) -> list[list[str]]:
    """Return cells with neighbouring columns as one where no row fills both: a name at the left, its figures at the right."""
    columns = [list(column) for column in zip(*grid, strict=True)]
    kept = columns[:1]
    for column in columns[1:]:
        if (
            kept[-1][0]
            and not column[0]
            and not any(left and right for left, right in zip(kept[-1], column, strict=True))
        ):
            kept[-1] = [left or right for left, right in zip(kept[-1], column, strict=True)]
        else:
            kept.append(column)
    return [list(row) for row in zip(*kept, strict=True)] if len(kept) > 1 else grid
