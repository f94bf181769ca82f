"""Running lines: headers, footers and page numbers, and the list of contents that a file prints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from corpus.formats.pieces import Page, Row
from corpus.patterns import pattern

_MARGIN = 0.12  # of the page's height, in which running lines stand
_PAGE_NUMBER = pattern(
    r"[\s\[(|·•~–—-]*(?:page|p\.|第)?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*(?:页)?(?:\s*(?:of|/|\||共)\s*\d{1,4}\s*页?)?[\s\])|·•~–—.-]*",
    2,  # IGNORECASE
)
_DIGITS = pattern(r"\d+")
_LEADER = pattern(r".{2,120}?(?:[.·…]\s*){4,}[\divxlc]{1,6}\s*", 2)  # IGNORECASE
_FEWEST_COUNTED = 4  # pages whose running lines count
_FEWEST_ENTRIES = 3  # of a list of contents on a page


def without_running_lines(
    regions: list[list[list[Row]]], pages: Sequence[Page], cut: list[str]
) -> list[list[list[Row]]]:
    """Return the rows without headers, footers and page numbers: what recurs at the edges of pages, digits aside, in one size.

    So do lines whose number counts the pages, and the file's own list of contents (lines that dots lead to a page number).
    What goes is noted in ``cut``.
    """
    edges = [_edge_rows(page, size.height) for page, size in zip(regions, pages, strict=True)]
    seen: dict[str, list[float]] = defaultdict(list)
    for edge in edges:
        for key, size in {_recurring(row): row.size for row in edge.values()}.items():
            seen[key].append(size)
    filled = sum(bool(page) for page in regions)
    needed = 2 if filled < 4 else max(3, round(0.3 * filled))
    counting = _counting_rows(edges, needed)
    kept: list[list[list[Row]]] = []
    for page, edge in zip(regions, edges, strict=True):
        dropped = {
            key
            for key, row in edge.items()
            if key in counting
            or _recurs(row, seen[_recurring(row)], needed)
            or _PAGE_NUMBER.fullmatch(row.text.strip())
        }
        leaders = {id(row): row for region in page for row in region if _LEADER.fullmatch(row.text)}
        listed = leaders if len(leaders) >= _FEWEST_ENTRIES else {}
        cut += [row.text for key, row in {**edge, **listed}.items() if key in dropped or key in listed]
        dropped |= set(listed)
        kept.append([rows for region in page if (rows := [row for row in region if id(row) not in dropped])])
    return kept


def _recurs(row: Row, sizes: Sequence[float], needed: int) -> bool:
    """Tell whether rows of the same words stand on enough pages, as large as this one; a title is larger than what repeats it."""
    return len(sizes) >= needed and row.size < 1.2 * median(sizes)


def _counting_rows(edges: Sequence[dict[int, Row]], needed: int) -> set[int]:
    """Return the outermost rows (by identity) that begin or end with the number of their page, as on most pages."""
    # By: at the top, at its end, number less the page's.
    numbered: dict[tuple[bool, bool, int], list[int]] = defaultdict(list)
    for page, edge in enumerate(edges):
        rows = sorted(edge.values(), key=lambda row: -row.top)
        for row, top in ((row, top) for row, top in zip(rows[:1] + rows[-1:], (True, False), strict=False)):
            words = row.text.split()
            for at_end in (False, True):
                if len(words) > 1 and words[-at_end].isdecimal() and len(words[-at_end]) < 5:
                    numbered[top, at_end, int(words[-at_end]) - page].append(id(row))
    return {key for keys in numbered.values() if len(keys) >= max(needed, _FEWEST_COUNTED) for key in keys}


def _edge_rows(page: list[list[Row]], height: float) -> dict[int, Row]:
    """Return the rows (by identity) at the top and bottom of a page, at most three at each."""
    rows = sorted((row for region in page for row in region), key=lambda row: -row.top)
    top = [row for row in rows[:3] if row.bottom > (1 - _MARGIN) * height]
    bottom = [row for row in rows[-3:] if row.top < _MARGIN * height]
    return {id(row): row for row in [*top, *bottom]}


def _recurring(row: Row) -> str:
    """Return what is the same on every page of a running line: its words without numbers and without the page's own."""
    return _DIGITS.sub("#", "".join(row.text.split()).lower()).strip("#|·-–—/") or "#"
