"""Notes at the foot of a page: which raised numbers are their marks, and where they begin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from corpus.formats.pieces import Piece
from corpus.patterns import pattern

NOTE = pattern(r"\[\^(\d{1,3})\]: ")
"""How a note begins."""


def mark_notes(pieces: list[Piece]) -> list[Piece]:
    """Return pieces with raised numbers as ``[^1]`` and ``[^1]:`` where the page has both a mark and the note of that number."""
    marks: dict[str, list[int]] = defaultdict(list)
    notes: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        if piece.raised:
            beside = (p for p in pieces if p is not piece and p.top > piece.bottom and p.bottom < piece.top)
            follows = any(-1 < piece.left - p.right < 0.6 * p.size for p in beside)
            (marks if follows else notes)[piece.text].append(number)
    for text in marks.keys() - notes.keys():
        lowest = min(pieces[number].bottom for number in marks[text])
        notes[text] = _plain_notes(text, pieces, lowest)
    shown = dict(enumerate(pieces))
    for text in (text for text in marks if notes[text]):
        shown |= {number: pieces[number]._replace(text=f"[^{text}]") for number in marks[text]}
        shown |= {number: _opened(pieces[number], text) for number in notes[text]}
    return list(shown.values())


def _plain_notes(number: str, pieces: Sequence[Piece], below: float) -> list[int]:
    """Return the place of the line in small letters that begins with a number which is not raised, below a height."""
    usual = median(piece.size for piece in pieces)
    found = [
        place
        for place, piece in enumerate(pieces)
        if piece.top < below
        and piece.size < 0.93 * usual
        and (piece.text == number or piece.text.startswith(f"{number} "))
        and not any(
            p.right <= piece.left + 1
            and min(p.top, piece.top) > max(p.bottom, piece.bottom)
            and piece.left - p.right < 9
            for p in pieces
        )
    ]
    return [min(found, key=lambda place: pieces[place].bottom)] if found else []


def _opened(piece: Piece, number: str) -> Piece:
    """Return the first piece of a note with its number as ``[^1]:``."""
    text = f"[^{number}]: {piece.text.removeprefix(number).lstrip()}"
    longer = len(text) - len(piece.text)
    return piece._replace(text=text, words=tuple((at + longer, left) for at, left in piece.words if at > len(number)))
