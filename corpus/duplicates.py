"""Documents that say the same: under two names, in two versions, or as an article and the paper that it retells."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.documents import Document

Likeness = Literal["same text", "same paper", "shared lines"]

_SHORTEST_LINE = 24  # characters; shorter ones are headings and cells, which documents share by chance
_FEWEST_LINES = 5
_SHARED = 0.6  # of the lines of the shorter one
_COMMON = 8  # documents; a line that more of them share is a licence or a template


@dataclass(frozen=True, slots=True)
class Alike:
    """Two documents by their ids, how they are alike, and which share (0 to 1) of the shorter one's lines they share."""

    first: str
    second: str
    how: Likeness
    share: float


def find_alike(documents: Iterable[Document]) -> list[Alike]:
    """Return the pairs of documents that are alike, in the order of the documents; each pair is named once.

    Costs one pass over the lines of all texts; lines that many documents share count for nothing.
    """
    held = list(documents)
    pairs: dict[tuple[int, int], Alike] = {}
    for first, second in _same_text(held):
        pairs[first, second] = Alike(held[first].id, held[second].id, "same text", 1.0)
    for (first, second), share in _sharing(held):
        pairs.setdefault((first, second), Alike(held[first].id, held[second].id, "shared lines", share))
    for first, second in _same_paper(held):
        pairs.setdefault((first, second), Alike(held[first].id, held[second].id, "same paper", 0.0))
    return [pairs[key] for key in sorted(pairs)]


def same_text_key(document: Document) -> str:
    """Return what is equal for two documents of the same text, white space aside."""
    return hashlib.sha256("".join(document.text.split()).encode("utf-8", "surrogatepass")).hexdigest()


def _same_text(documents: list[Document]) -> Iterator[tuple[int, int]]:
    first_of: dict[str, int] = {}
    for number, document in enumerate(documents):
        first = first_of.setdefault(same_text_key(document), number)
        if first != number:
            yield first, number


def _sharing(documents: list[Document]) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield pairs of documents that share most lines of the shorter one."""
    holders: dict[int, list[int]] = defaultdict(list)
    counts: list[int] = []
    for number, document in enumerate(documents):
        lines = {hash("".join(line.split())) for line in document.text.split("\n") if len(line) >= _SHORTEST_LINE}
        counts.append(len(lines))
        for line in lines:
            holders[line].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        if 1 < len(numbers) <= _COMMON:
            shared.update((a, b) for position, a in enumerate(numbers) for b in numbers[position + 1 :])
    for (first, second), count in shared.items():
        fewest = min(counts[first], counts[second])
        if count >= _FEWEST_LINES and count >= _SHARED * fewest:
            yield (first, second), count / fewest


def _same_paper(documents: list[Document]) -> Iterator[tuple[int, int]]:
    """Yield pairs of documents that are of the same paper: by their addresses or ids."""
    from corpus.web.papers import paper_of

    first_of: dict[str, int] = {}
    for number, document in enumerate(documents):
        stated = f"arxiv:{document.metadata.get('arxiv', '')}"
        for name in {paper_of(document.id), paper_of(document.url or ""), paper_of(stated)} - {""}:
            first = first_of.setdefault(name, number)
            if first != number:
                yield first, number
