"""The order in which the pieces of a page are read: bands across it, and the columns between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from corpus.formats.page_notes import mark_notes
from corpus.formats.pieces import TOUCHING, Page, Piece, Row, as_one, in_rows, rows_of

_HANGING = "，。、；：！？"
_FEWEST_LINES = 4  # of a column
_FEWEST_FULL_LINES = 3  # that show how wide a column is


def find_regions(page: Page) -> list[list[Row]]:
    """Return the columns and bands of a page in reading order, each as its rows from top to bottom."""
    pieces = _unspaced(mark_notes(page.pieces))
    return [rows for group in _ordered(pieces, 0) if (rows := rows_of(group))]


def _unspaced(pieces: list[Piece]) -> list[Piece]:
    """Return pieces with those as one that are the words of a line whose spaces were widened until it filled its column.

    Such a line begins and ends where whole lines of the column do, and its gaps are equal, or there is only one that no
    line beside it has too, which tells it from the cells of a table.
    """
    measures = Counter((round(p.left), round(p.right)) for p in pieces if p.text.count(" ") >= 2 and not p.walled)
    for (left, right), count in measures.items():
        if count >= _FEWEST_FULL_LINES:
            within = [p for p in pieces if p.left > left - 1.5 and p.right < right + 1.5]
            rows = in_rows(within)
            widened = [row for row in rows if len(row.pieces) > 1 and _is_widened(row, rows, left, right)]
            taken = {id(piece) for row in widened for piece in row.pieces}
            pieces = [piece for piece in pieces if id(piece) not in taken] + [as_one(row.pieces) for row in widened]
    return pieces


def _is_widened(row: Row, rows: Sequence[Row], left: int, right: int) -> bool:
    """Tell whether a row is a line with widened spaces."""
    begins = left - 1.5 < row.left < left + 3 * row.size
    if not begins or abs(row.right - right) > 1.5 or any(piece.walled for piece in row.pieces[1:]):
        return False
    gaps = [gap for before, piece in pairwise(row.pieces) if (gap := piece.left - before.right) > TOUCHING * row.size]
    if not gaps or max(gaps) - min(gaps) > 0.2 * row.size + 0.5:
        return False
    starts = [piece.left for piece in row.pieces[1:]]
    others = [other for other in rows if other is not row and abs(other.top - row.top) < 4 * row.size]
    shared = sum(any(abs(p.left - at) < 1 for p in other.pieces[1:]) for other in others for at in starts)
    return shared < len(starts)


def _ordered(pieces: list[Piece], depth: int) -> Iterator[list[Piece]]:
    """Yield groups of pieces that are read one after the other: bands across a page, and the columns between them."""
    gutter = _gutter(pieces) if depth < 4 else None
    if gutter is None:
        yield pieces
        return
    across = [p for p in pieces if _crosses(p, gutter)]
    across = sorted([*across, *_openings(pieces, gutter)], key=lambda p: -p.top)
    beside = [p for p in pieces if p not in set(across)]
    band: list[Piece] = []
    edge = float("inf")
    for piece in across:
        columns = [p for p in beside if edge >= (p.top + p.bottom) / 2 > piece.top]
        if columns:
            if band:
                yield band
            yield from _columns(columns, gutter, depth)
            beside = [p for p in beside if p not in set(columns)]
            band = []
        band.append(piece)
        level = [p for p in beside if min(p.top, piece.top) - max(p.bottom, piece.bottom) > 0.5 * p.size]
        band += level
        beside = [p for p in beside if p not in set(level)]
    if band:
        yield band
    if beside:
        yield from _columns(beside, gutter, depth)


def _right(piece: Piece) -> float:
    """Return where a piece ends, without the punctuation that may hang over the edge of its column."""
    return piece.right - piece.size if piece.text[-1] in _HANGING else piece.right


def _crosses(piece: Piece, at: float) -> bool:
    return piece.left < at - 1 and _right(piece) > at + 1


def _openings(pieces: list[Piece], gutter: float) -> list[Piece]:
    """Return headings at the left that nothing stands beside and below which both columns begin anew at one height."""
    left = [p for p in pieces if _right(p) <= gutter + 1]
    right = [p for p in pieces if p.left >= gutter - 1]
    usual = median(p.size for p in pieces)
    return [p for p in left if p.size > 1.15 * usual and _opens_both(p, left, right)]


def _opens_both(heading: Piece, left: list[Piece], right: list[Piece]) -> bool:
    """Tell whether a heading has space beside it, and lines of both columns at one height right below it."""
    reach = 0.6 * heading.size
    if any(p.top > heading.bottom - reach and p.bottom < heading.top + reach for p in right):
        return False
    below = [[p.bottom for p in side if p.top < heading.bottom and p.size < heading.size] for side in (left, right)]
    return all(below) and abs(max(below[0]) - max(below[1])) < 3


def _columns(pieces: list[Piece], gutter: float, depth: int) -> Iterator[list[Piece]]:
    """Yield what stands left of a gutter, then what stands right of it, then a table that both of them end with."""
    table = _table_below(pieces, gutter)
    pieces = [piece for piece in pieces if piece not in table]
    yield from _sides(pieces, gutter, depth)
    if table:
        yield table


def _table_below(pieces: list[Piece], gutter: float) -> list[Piece]:
    """Return the last lines of two columns if they are short throughout and two or more have cells in both."""
    edges = [min(p.left for p in pieces), max(p.right for p in pieces)]
    widths = (gutter - edges[0], edges[1] - gutter)
    usual = median(p.size for p in pieces)
    found: list[Piece] = []
    both = 0
    for row in reversed(in_rows(pieces)):
        if row.size < 0.9 * usual and not found:
            continue  # notes
        if any(p.right - p.left > 0.65 * widths[p.left >= gutter - 12] for p in row.pieces):
            break
        if found and row.bottom - found[-1].top > 4 * usual:
            found, both = [], 0  # notes too
        found += row.pieces
        both += len({p.left >= gutter - 12 for p in row.pieces}) > 1
    return found if both >= 2 else []


def _sides(pieces: list[Piece], gutter: float, depth: int) -> Iterator[list[Piece]]:
    """Yield what stands left of a gutter, then what stands right of it."""
    for side in ([p for p in pieces if _right(p) <= gutter + 1], [p for p in pieces if _right(p) > gutter + 1]):
        if side:
            yield from _ordered(side, depth + 1)


def _gutter(pieces: list[Piece]) -> float | None:
    """Return where two columns of text are apart: a line that few pieces cross, between lines that fill their column."""
    if len(pieces) < 2 * _FEWEST_LINES:
        return None
    left, right = min(p.left for p in pieces), max(p.right for p in pieces)
    best: tuple[int, float] | None = None
    free: list[float] = []
    for step in range(25, 76):
        at = left + (right - left) * step / 100
        crossing = sum(_crosses(p, at) for p in pieces)
        if best is None or crossing < best[0]:
            best, free = (crossing, at), [at]
        elif crossing == best[0]:
            free.append(at)
    if best is None:
        return None
    at = free[len(free) // 2]
    sides = [[p for p in pieces if _right(p) <= at + 1], [p for p in pieces if p.left >= at - 1]]
    if any(len(rows_of(side)) < _FEWEST_LINES for side in sides) or 2 * best[0] > len(pieces):
        return None
    return at if all(_fills_column(side) for side in sides) else None


def _fills_column(side: list[Piece]) -> bool:
    """Tell whether pieces are lines of running text: most of them as wide as all of them together."""
    width = max(p.right for p in side) - min(p.left for p in side)
    return median(p.right - p.left for p in side) > 0.6 * width and median(len(p.text) for p in side) > 12
