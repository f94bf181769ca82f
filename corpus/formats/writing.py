"""Writing Markdown: headings, paragraphs, lists and tables as ``corpus.reading`` reads them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from corpus.lines import columns
from corpus.patterns import pattern

WIDEST_TABLE = 500
"""Columns; what a table has beyond them is left out and told."""

_LONGEST_NAME = 80  # columns of text that a name of a column may take

_MARKED = pattern(r"^(?=\s{0,3}(?:#{1,6}\s|`{3}|~{3}))", 8)  # MULTILINE
_SPACES = pattern(r"\s+")


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return _SPACES.sub(" ", text).strip()


def plain(text: str) -> str:
    r"""Return text of a document whose lines are not taken for headings or fences that they only look like.

    >>> plain("# include")
    '\\# include'
    """
    return _MARKED.sub(r"\\\g<0>", text) if "#" in text or "```" in text or "~~~" in text else text


def heading(level: int, title: str) -> str:
    """Return a heading of level 1 to 6 ("" without a title)."""
    title = one_line(title)
    return f"{'#' * max(1, min(level, 6))} {title}" if title else ""


def join(blocks: Iterable[str]) -> str:
    """Return blocks with a blank line between them."""
    return "\n\n".join(block for block in blocks if block.strip())


class Spanned(NamedTuple):
    """A cell as documents have them: its text and how many columns and rows it covers."""

    text: str
    columns: int = 1
    rows: int = 1


def spread(rows: Iterable[Iterable[Spanned]]) -> list[list[str]]:
    """Return merged cells as a plain grid: the text stands in every cell that was merged.

    A cell that fills its whole row stays alone in it.

    >>> spread([[Spanned("model"), Spanned("score", columns=2)], [Spanned("T5"), Spanned("71"), Spanned("72")]])
    [['model', 'score', 'score'], ['T5', '71', '72']]
    """
    grid: list[list[str]] = []
    above: dict[int, tuple[str, int]] = {}  # column -> text of a cell that began above, and rows that it still covers
    for row in rows:
        cells = list(row)
        line: list[str] = []
        below: dict[int, tuple[str, int]] = {}
        for cell in cells:
            _carry(line, above, below)
            for number in range(min(cell.columns, WIDEST_TABLE)):
                if cell.rows > 1:
                    below[len(line)] = (cell.text, cell.rows - 1)
                line.append(cell.text if len(cells) > 1 or number == 0 else "")
        _carry(line, above, below)
        grid.append(line)
        above = below
    return grid


def _carry(line: list[str], above: dict[int, tuple[str, int]], below: dict[int, tuple[str, int]]) -> None:
    """Write the cells that reach down from above into a line, as far as they follow each other."""
    while len(line) in above:
        text, left = above[len(line)]
        if left > 1:
            below[len(line)] = (text, left - 1)
        line.append(text)


def table(rows: Sequence[Sequence[str]], *, headers: int = 1, caption: str = "") -> str:
    r"""Return a table whose first ``headers`` rows name the columns; several of them are joined column by column.

    Empty rows and columns go. What is left with one column becomes lines of text.

    >>> print(table([["model", "a|b"], ["T5", "71"]]))
    | model | a\|b |
    | --- | --- |
    | T5 | 71 |
    """
    grid = _trimmed(rows)
    if not grid:
        return ""
    if len(grid[0]) == 1:
        return join([caption, *(line[0] for line in grid)])
    headers = max(1, min(headers, len(grid)))
    if headers == 1 and any(columns(name) > _LONGEST_NAME for name in grid[0]):
        grid.insert(0, [""] * len(grid[0]))  # the first row holds text and names nothing
    names = [_joined(column) for column in zip(*grid[:headers], strict=True)]
    lines = [_row(names), _row(["---"] * len(names)), *map(_row, grid[headers:])]
    return join([one_line(caption), "\n".join(lines)])


def count_headers(rows: Sequence[Sequence[str]]) -> int:
    """Return 2 where the first row names groups of columns: it repeats a name side by side, and the second one does not.

    >>> count_headers([["model", "score", "score"], ["", "zh", "en"], ["T5", "71", "72"]])
    2
    """
    if len(rows) < 3:
        return 1
    grouped = any(left and left == right for left, right in pairwise(rows[0]))
    return 2 if grouped and len(set(filter(None, rows[1]))) > 1 else 1


def in_line(markdown: str) -> str:
    r"""Return a table as one line, for a cell that holds it.

    >>> in_line("| phase | month |\n| --- | --- |\n| dredging | May |")
    'phase, month; dredging, May'
    """
    rows = [line.strip("| ") for line in markdown.split("\n") if line.startswith("|") and not line.startswith("| ---")]
    return "; ".join(", ".join(filter(None, (cell.strip() for cell in row.split(" | ")))) for row in rows)


def _trimmed(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the rows on one line each, equally long, without empty rows and columns."""
    grid = [[one_line(cell) for cell in row[:WIDEST_TABLE]] for row in rows]
    grid = [row for row in grid if any(row)]
    width = max(map(len, grid), default=0)
    grid = [row + [""] * (width - len(row)) for row in grid]
    filled = [number for number in range(width) if any(row[number] for row in grid)]
    return [[row[number] for number in filled] for row in grid] if len(filled) < width else grid


def _joined(names: Sequence[str]) -> str:
    """Return the names above one column as one, each once."""
    return " / ".join(dict.fromkeys(name for name in names if name))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
