"""Pages: where each page of a file begins in the text of its document, kept through cleaning.

Cleaning removes lines and white space and moves nothing, so a place before it is found again by its line and by the
characters before it there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from corpus.documents import Document

FIELD = "page_offsets"
"""The field of ``Document.metadata`` that holds the offsets of pages 1, 2, 3, …, with spaces between them."""


def write_pages(document: Document, original: str, pages: Sequence[int]) -> Document:
    """Note in a document where the pages of its file begin, which are offsets into the text before it was cleaned."""
    offsets = " ".join(map(str, carry(pages, original, document.text)))
    return replace(document, metadata={**document.metadata, FIELD: offsets})


def page_at(document: Document, offset: int) -> int | None:
    """Return the number of the page (the first is 1) that holds a character of a document, or None if it has no pages."""
    noted = document.metadata.get(FIELD)
    if not noted:
        return None
    try:
        starts = [int(start) for start in noted.split(" ")]
    except ValueError:  # a field of that name in somebody's front matter
        return None
    return max(1, bisect_right(starts, offset))


def carry(offsets: Sequence[int], original: str, cleaned: str) -> list[int]:
    """Return where ascending offsets into a text stand after it was cleaned; what was cut moves to what follows it."""
    places: dict[str, list[int]] = {}  # line without white space -> offsets into the original
    start = 0
    lines = original.split("\n")
    starts = []
    for line in lines:
        starts.append(start)
        start += len(line) + 1
    for number, line in enumerate(lines):
        if key := _key(line):
            places.setdefault(key, []).append(number)
    found: list[int] = []
    at, position, wanted = 0, 0, list(offsets)
    for line in cleaned.split("\n"):
        numbers = places.get(_key(line), ())
        next_ = bisect_left(numbers, position)
        if next_ < len(numbers):
            number = numbers[next_]
            position = number + 1
            while wanted and wanted[0] < starts[number] + len(lines[number]):
                within = max(wanted.pop(0) - starts[number], 0)
                found.append(at + _reach(line, len(_key(lines[number][:within]))))
        at += len(line) + 1
    return found + [len(cleaned)] * len(wanted)


def _key(line: str) -> str:
    """Return a line as it can be recognised after cleaning: its characters without white space."""
    from corpus.cleaning import clean_characters

    return "".join(clean_characters(line).split())


def _reach(line: str, count: int) -> int:
    """Return the offset in a line after so many characters that are no white space, at the next one that is none."""
    for position, character in enumerate(line):
        if not character.isspace():
            if count == 0:
                return position
            count -= 1
    return len(line)
