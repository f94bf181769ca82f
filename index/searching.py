"""One search: both legs, fused, the same words shown once.

There is no third pass over where the words of a question stand in a passage: on whole contexts it adds .3 points to
hit@1, on passages of our size it takes .6 away.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.languages import language_of
from index.contents import Contents
from index.embedders import Embedder, Floats
from index.fusing import by_maximum, fuse
from index.hits import Hit
from index.latent import LatentEmbedder
from index.queries import Query
from index.segments import Segment

DEPTH = 100  # passages that each leg puts up, at least; four times what is asked for if that is more
_SPARE = 50  # candidates beside twice the depth where some passages are dead

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Pool:
    """Passages that either leg put up, with their normalised scores."""

    numbers: Numbers
    lexical: Floats
    vector: Floats


def search(
    contents: Contents, question: str, k: int, allowed: Numbers | None, vector_weight: float | None
) -> list[Hit]:
    """Return the k of the allowed passages (None: all) that match best, best first, each wording once."""
    weight = contents.base.weights[language_of(question)] if vector_weight is None else vector_weight
    if k < 1 or (allowed is not None and not len(allowed)):
        return []
    pool = _pool(contents, question, max(DEPTH, 4 * k), allowed, weight)
    scores = fuse(pool.lexical, pool.vector, weight)
    hits: list[Hit] = []
    seen: set[int] = set()
    for at in np.lexsort((pool.numbers, -scores)):
        number = int(pool.numbers[at])
        same = _sameness(contents, number)
        if same in seen or scores[at] <= 0:
            continue
        seen.add(same)
        passage = contents.catalogue.passage(number)
        hits.append(Hit(passage, float(scores[at]), float(pool.lexical[at]), float(pool.vector[at])))
        if len(hits) == k:
            break
    return hits


def _pool(contents: Contents, question: str, depth: int, allowed: Numbers | None, weight: float) -> _Pool:
    query = contents.query(question)
    scorer = contents.lexical.scorer(query.terms)
    numbers = np.sort(scorer.best(depth, allowed))
    vector = None
    if weight > 0:
        vector = _embed(contents.base.embedder, query)
        numbers = _in_either(numbers, _nearest(contents, vector, depth, allowed))
    if not len(numbers):
        return _Pool(numbers, np.zeros(0, np.float32), np.zeros(0, np.float32))
    near = _cosines(contents, vector, numbers) if vector is not None else np.zeros(len(numbers), np.float32)
    chosen = scorer.of(numbers)
    return _Pool(numbers, by_maximum(chosen, float(chosen.max())), by_maximum(near, float(near.max())))


def _in_either(some: Numbers, others: Numbers) -> Numbers:
    """Return the numbers in either, ascending, each once, as ``np.union1d`` does, which loads numpy.ma for it (9 ms)."""
    found = np.sort(np.concatenate((some, others)))
    return found[np.diff(found, prepend=-1) > 0]


def _embed(embedder: Embedder, query: Query) -> Floats:
    """Return the question's vector; the built-in embedder takes the widened question and so crosses languages too."""
    if isinstance(embedder, LatentEmbedder):
        return embedder.embed_terms(query.text, query.terms)
    return embedder.embed_query(query.text)


def _nearest(contents: Contents, vector: Floats, depth: int, allowed: Numbers | None) -> Numbers:
    """Return the numbers of the living passages nearest to a vector, at most ``depth``, of the allowed ones (None: all)."""
    found = []
    for segment, first in zip(contents.segments, contents.firsts, strict=False):
        if allowed is None:
            local = _nearest_living(segment, vector, depth)
        else:
            start, end = np.searchsorted(allowed, (first, first + len(segment)))
            local = segment.vectors.nearest(vector, depth, allowed[start:end] - first) if end > start else allowed[:0]
        found.append(np.asarray(local, np.int64) + first)
    numbers = np.concatenate(found)
    if len(found) > 1 and len(numbers) > depth:
        numbers = np.sort(numbers)
        numbers = numbers[np.argpartition(-_cosines(contents, vector, numbers), depth)[:depth]]
    return numbers


def _nearest_living(segment: Segment, vector: Floats, depth: int) -> Numbers:
    """Search past the dead first, who are at most a quarter: to exclude them costs more than a few more candidates."""
    gone = segment.gone
    if not len(gone):
        return segment.vectors.nearest(vector, depth, None)
    found = segment.vectors.nearest(vector, 2 * depth + _SPARE, None)
    found = found[~np.isin(found, gone)]
    if len(found) >= min(depth, segment.living):
        return found[:depth]
    living = np.setdiff1d(np.arange(len(segment)), gone, assume_unique=True)  # most of what is near is dead
    return segment.vectors.nearest(vector, depth, living)


def _cosines(contents: Contents, vector: Floats, numbers: Numbers) -> Floats:
    """Return the cosine of a vector with those of some passages, given by ascending numbers."""
    if len(contents.segments) == 1:
        return contents.segments[0].vectors.score(vector, numbers)
    borders = np.searchsorted(numbers, contents.firsts)
    scores = [
        segment.vectors.score(vector, numbers[start:end] - first)
        for segment, first, start, end in zip(contents.segments, contents.firsts, borders, borders[1:], strict=False)
        if end > start
    ]
    return np.concatenate(scores) if scores else np.zeros(0, np.float32)


def _sameness(contents: Contents, number: int) -> int:
    at = bisect_right(contents.firsts, number) - 1
    return int(contents.segments[at].sameness[number - contents.firsts[at]])
