"""Packing: which passages the reader gets, and in which order.

What was found is widened by what the kind of question needs (each name of a comparison searched by itself, the rest of
a list, entries with links), ordered by the piece in each passage that answers best, and cut to a budget. The beginning
counts most: a model with a small window sees only that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from corpus.documents import Passage
from index import Index
from index.hits import Hit
from rag.reading.gathering import gather
from rag.reading.linking import Pointer, find_pointers
from rag.reading.scoring import scores_of
from rag.reading.units import units_of
from rag.understanding.questions import Question

POINTS = 10.0  # above every score of a piece
MOST_POINTERS = 3


def pack(question: Question, hits: Sequence[Hit], index: Index, *, budget: int = 6_000) -> list[Hit]:
    """Return the passages for the reader, best first, of at most ``budget`` characters together."""
    candidates = gather(question, hits, index)
    shortest = min((hit.passage.end - hit.passage.start for hit in candidates), default=0)
    return _within(_without_duplicates(_by_evidence(question, candidates)), budget, shortest)


def _by_evidence(question: Question, hits: Sequence[Hit]) -> list[Hit]:
    """Order passages by their best piece."""
    units = units_of(hits)
    if not units:
        return list(hits)
    scored = scores_of(question, units, hits)
    best = {_key(pointer.passage): POINTS + pointer.score for pointer in reversed(_pointers(question, hits))}
    for unit in units:
        key = _key(unit.passage)
        best[key] = max(best.get(key, 0.0), scored[unit].total)
    return sorted(hits, key=lambda hit: -best.get(_key(hit.passage), 0.0))


def _pointers(question: Question, hits: Sequence[Hit]) -> list[Pointer]:
    """Return the links that answer, for a question that asks for one: their passages go first."""
    if not any(clause.kind == "link" for clause in question.clauses):
        return []
    return find_pointers(question, hits)[:MOST_POINTERS]


def _key(passage: Passage) -> tuple[str, int, int]:
    return passage.document_id, passage.start, passage.end


def _without_duplicates(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield the passages but those that say what a better one says, word for word."""
    texts: list[str] = []
    for hit in hits:
        text = _squeezed(hit.passage.text)
        if not any(text in other for other in texts):
            yield hit
            texts.append(text)


@lru_cache(maxsize=1024)
def _squeezed(text: str) -> str:
    """Return a text without white space; remembered, because the next questions find the same passages."""
    return "".join(text.split())


def _within(hits: Iterable[Hit], budget: int, shortest: int) -> list[Hit]:
    """Return the first hits that fit the budget, at least one; ``shortest`` is the size of the smallest."""
    packed: list[Hit] = []
    used = 0
    for hit in hits:
        size = hit.passage.end - hit.passage.start
        if used + size <= budget or not packed:
            packed.append(hit)
            used += size
        if used + shortest > budget:
            break
    return packed
