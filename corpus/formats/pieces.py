"""Pieces of text with places on pages, and the rows that they stand in. Places are in points; y grows upwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from corpus.patterns import pattern

TOUCHING = 0.12
"""Of a size: letters of one word are not further apart."""

_LONE_MARKER = pattern(r"(?:[•·◦▪●○■◆▶►➤✓✔\uf0b7\uf0a7\uf0d8‣∙–—*-]|[(\[]?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)\]、．]?)")


class Piece(NamedTuple):
    """A run of characters on one line.

    ``size`` is the height of its letters' line, ``walled`` tells of a line drawn at its left, ``words`` holds the offsets
    of the words after the first one in ``text`` with the places where they begin, ``raised`` tells of a number that stands
    higher than what is beside it.
    """

    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool
    text: str
    walled: bool = False
    words: tuple[tuple[int, float], ...] = ()
    raised: bool = False


class Page(NamedTuple):
    """A page: its size and its pieces, in any order."""

    width: float
    height: float
    pieces: list[Piece]


@dataclass(slots=True)
class Row:
    """Pieces on one line, from left to right."""

    pieces: list[Piece]

    @property
    def left(self) -> float:
        """Where the row begins."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Where its last piece ends."""
        return max(piece.right for piece in self.pieces)

    @property
    def bottom(self) -> float:
        """Its lowest place."""
        return min(piece.bottom for piece in self.pieces)

    @property
    def top(self) -> float:
        """Its highest place."""
        return max(piece.top for piece in self.pieces)

    @property
    def size(self) -> float:
        """The size of its longest piece."""
        return max(self.pieces, key=lambda piece: len(piece.text)).size

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(piece.bold for piece in self.pieces)

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(piece.text for piece in self.pieces)


def in_rows(pieces: Sequence[Piece]) -> list[Row]:
    """Return pieces as rows from top to bottom, each piece of its own."""
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda p: (-(p.top + p.bottom) / 2, p.left)):
        for row in rows[-3:][::-1]:
            overlap = min(row.top, piece.top) - max(row.bottom, piece.bottom)
            if overlap > 0.5 * min(piece.top - piece.bottom, row.top - row.bottom):
                row.pieces.append(piece)
                break
        else:
            rows.append(Row([piece]))
    for row in rows:
        row.pieces.sort(key=lambda p: p.left)
    return rows


def rows_of(pieces: Sequence[Piece]) -> list[Row]:
    """Return pieces as rows from top to bottom; pieces of a row overlap in height by half."""
    rows = in_rows(pieces)
    for row in rows:
        row.pieces = _merged(row.pieces)
    return rows


def as_one(pieces: Sequence[Piece]) -> Piece:
    """Return the words of a line as one piece."""
    text, words = pieces[0].text, [*pieces[0].words]
    for before, piece in pairwise(pieces):
        text += " " if piece.left - before.right > TOUCHING * piece.size else ""
        words += shifted(piece, len(text))
        text += piece.text
    longest = max(pieces, key=lambda piece: len(piece.text))
    return Piece(
        pieces[0].left, min(p.bottom for p in pieces), pieces[-1].right, max(p.top for p in pieces), longest.size,
        all(p.bold for p in pieces), text, pieces[0].walled, tuple(words),
    )  # fmt: skip


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces of a row with those as one that are only a space apart, or of which one marks an item."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and _belongs(last, piece, first=len(merged) == 1):
            gap = "" if piece.left - last.right < TOUCHING * piece.size else " "
            size = last.size if len(last.text) >= len(piece.text) else piece.size
            merged[-1] = Piece(
                last.left, min(last.bottom, piece.bottom), max(last.right, piece.right), max(last.top, piece.top), size,
                last.bold and piece.bold, last.text + gap + piece.text, last.walled,
                (*last.words, *shifted(piece, len(last.text + gap))),
            )  # fmt: skip
        else:
            merged.append(piece)
    return merged


def shifted(piece: Piece, offset: int) -> list[tuple[int, float]]:
    """Return where all words of a piece begin, for a text that it is put into at an offset."""
    return [(at + offset, left) for at, left in ((0, piece.left), *piece.words)]


def _belongs(last: Piece, piece: Piece, *, first: bool) -> bool:
    """Tell whether a piece carries on the one before it in its row: it is a space away, or that one marks an item."""
    if piece.walled:
        return False
    gap = piece.left - last.right
    marked = first and _LONE_MARKER.fullmatch(last.text) is not None and len(piece.text) > 20
    return gap < 0.7 * max(last.size, piece.size) or (marked and gap < 4 * piece.size)
