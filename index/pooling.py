"""Which passages of segments come into question at all: what either leg puts up, scored by both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.embedders import Floats
from index.laps import lap
from index.lexical import Lexical
from index.segments import Segment

_SPARE = 50  # candidates beside twice the depth where some passages are dead

Numbers = npt.NDArray[np.int64]


def _nothing() -> Numbers:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages that either leg put up, with what each leg gives them; arrays of one length."""

    numbers: Numbers  # ascending
    lexical: Floats  # BM25
    vector: Floats  # cosine; 0 where no vector was asked for
    sameness: npt.NDArray[np.uint64]  # equal for passages of the same wording
    documents: Numbers = field(default_factory=_nothing, repr=False)  # their documents, as an engine numbers them

    @classmethod
    def none(cls) -> Candidates:
        """Return no candidates."""
        empty = np.zeros(0, np.float32)
        return cls(np.zeros(0, np.int64), empty, empty, np.zeros(0, np.uint64))


def pool(
    segments: Sequence[Segment],
    firsts: Sequence[int],
    lexical: Lexical,
    terms: Mapping[str, float],
    vector: Floats | None,
    depth: int,
    allowed: Numbers | None,
) -> Candidates:
    """Return what the legs put up, ``depth`` passages each, of the allowed ones (ascending; None: all).

    ``firsts`` are the numbers of the segments' first passages and the number after the last one.
    """
    with lap("words"):
        scorer = lexical.scorer(terms)
        numbers = np.sort(scorer.best(depth, allowed))
    if vector is not None:
        with lap("vectors"):
            numbers = _in_either(numbers, _nearest(segments, firsts, vector, depth, allowed))
    near = np.zeros(len(numbers), np.float32) if vector is None else _cosines(segments, firsts, vector, numbers)
    return Candidates(numbers, scorer.of(numbers), near, _sameness(segments, firsts, numbers))


def _in_either(some: Numbers, others: Numbers) -> Numbers:
    """Return the numbers in either, ascending, each once, as ``np.union1d`` does, which loads numpy.ma for it (9 ms)."""
    found = np.sort(np.concatenate((some, others)))
    return found[np.diff(found, prepend=-1) > 0]


def _nearest(
    segments: Sequence[Segment], firsts: Sequence[int], vector: Floats, depth: int, allowed: Numbers | None
) -> Numbers:
    """Return the numbers of the living passages nearest to a vector, at most ``depth``, of the allowed ones (None: all)."""
    found = []
    for segment, first in zip(segments, firsts, strict=False):
        if allowed is None:
            local = _nearest_living(segment, vector, depth)
        else:
            start, end = np.searchsorted(allowed, (first, first + len(segment)))
            local = segment.vectors.nearest(vector, depth, allowed[start:end] - first) if end > start else allowed[:0]
        found.append(np.asarray(local, np.int64) + first)
    numbers = np.concatenate(found)
    if len(found) > 1 and len(numbers) > depth:
        numbers = np.sort(numbers)
        numbers = numbers[np.argpartition(-_cosines(segments, firsts, vector, numbers), depth)[:depth]]
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


def _cosines(segments: Sequence[Segment], firsts: Sequence[int], vector: Floats, numbers: Numbers) -> Floats:
    """Return the cosine of a vector with those of some passages, given by ascending numbers."""
    if len(segments) == 1:
        return segments[0].vectors.score(vector, numbers)
    borders = np.searchsorted(numbers, firsts)
    scores = [
        segment.vectors.score(vector, numbers[start:end] - first)
        for segment, first, start, end in zip(segments, firsts, borders, borders[1:], strict=False)
        if end > start
    ]
    return np.concatenate(scores) if scores else np.zeros(0, np.float32)


def _sameness(segments: Sequence[Segment], firsts: Sequence[int], numbers: Numbers) -> npt.NDArray[np.uint64]:
    borders = np.searchsorted(numbers, firsts)
    same = [
        segment.sameness[numbers[start:end] - first]
        for segment, first, start, end in zip(segments, firsts, borders, borders[1:], strict=False)
    ]
    return same[0] if len(same) == 1 else np.concatenate(same)
