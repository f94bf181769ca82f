"""Packing: which of the passages found the reader gets, in which order."""

from __future__ import annotations

from collections.abc import Sequence

from index import Index
from index.hits import Hit
from rag.questions import Question


def pack(question: Question, hits: Sequence[Hit], index: Index, *, budget: int = 6_000) -> list[Hit]:
    """Return the passages for the reader, best first, of at most ``budget`` characters together."""
    packed: list[Hit] = []
    used = 0
    for hit in hits:
        size = hit.passage.end - hit.passage.start
        if used + size <= budget or not packed:
            packed.append(hit)
            used += size
    return packed
