"""Segments: what an index is made of, so that a change costs what changed.

A segment holds some documents with everything that was worked out of them and is never changed. Adding documents makes a
new segment; removing some writes down which passages of a segment are dead. Small segments, and those with many dead
passages, are put together as arrays, without reading a text again.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from index.catalogue import Catalogue, ChainedCatalogue
from index.crossing import Crossing
from index.lexical import Dead, Part
from index.postings import Postings, merged
from index.snapshots import Kept
from index.terms import analyze
from index.vectors import Vectors
from index.vocabulary import Arrays, checked, checked_numbers

FAN = 6  # segments of about the same size that are put together
LARGEST = 250_000  # passages that a merge makes at most
MOST_DEAD = 0.25  # of a segment's passages, before it is rewritten
_TIER = 4  # how many times larger a segment of the next size is
_SMALLEST = 64  # passages; smaller segments are of one size

Small = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Held:
    """Numbers of the terms of the glossary and of the dictionary that a segment holds."""

    glossary: Small
    dictionary: Small

    @classmethod
    def of(cls, postings: Postings, crossings: tuple[Crossing, Crossing]) -> Held:
        """Find out what postings hold of the glossary and of the dictionary."""
        return cls(*(crossing.terms.shared(postings.vocabulary) for crossing in crossings))

    @classmethod
    def from_arrays(cls, arrays: Arrays, crossings: tuple[Crossing, Crossing]) -> Held:
        """Take back what ``arrays`` gave; raises ValueError if a number is none of a crossing's."""
        glossary, dictionary = (len(crossing.terms) for crossing in crossings)
        return cls(
            checked_numbers(arrays, "held_glossary", glossary), checked_numbers(arrays, "held_dictionary", dictionary)
        )

    def arrays(self) -> dict[str, Small]:
        """Return the parts by name, to be written."""
        return {"held_glossary": self.glossary, "held_dictionary": self.dictionary}


@dataclass(frozen=True, slots=True)
class Segment:
    """Some documents and all that was worked out of them; arrays count their passages from 0 as ``catalogue`` does."""

    catalogue: Catalogue
    postings: Postings
    vectors: Vectors
    keys: npt.NDArray[np.uint64]  # (passages, 2) hash of what was embedded
    sameness: npt.NDArray[np.uint64]  # (passages,) equal for passages with the same terms in the same order
    chinese: npt.NDArray[np.bool_]  # (passages,) whether a passage is Chinese
    held: Held  # by passages that are not dead
    documents: int  # that are not dead
    dead: Dead | None = None
    files: Mapping[str, Kept] = field(default_factory=dict, repr=False)  # where it lies on disk, without what is dead

    def __len__(self) -> int:
        return len(self.catalogue)

    @property
    def gone(self) -> Small:
        """The dead passages, ascending."""
        return self.dead.passages if self.dead else np.zeros(0, np.int32)

    @property
    def living(self) -> int:
        """Passages that are not dead."""
        return len(self) - len(self.gone)

    def part(self, first: int) -> Part:
        """Return the postings as a part of all segments'."""
        return Part(self.postings, first, len(self), self.dead)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what counts passages, to be written."""
        return {"keys": self.keys.ravel(), "sameness": self.sameness, "chinese": self.chinese}

    @staticmethod
    def rows(arrays: Arrays, count: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """Take back what ``arrays`` gave of so many passages; raises ValueError if there are other numbers."""
        return (
            checked(arrays, "keys", np.uint64, 2 * count).reshape(count, 2),
            checked(arrays, "sameness", np.uint64, count),
            checked(arrays, "chinese", np.bool_, count),
        )


def without(segment: Segment, documents: Collection[str], crossings: tuple[Crossing, Crossing]) -> Segment:
    """Return a segment with more documents dead; what it does not hold is passed over."""
    dying = [placed.passages for id_ in documents if (placed := segment.catalogue.find(id_))]
    ranges = [numbers for numbers in dying if numbers.start not in segment.gone]
    if not ranges:
        return segment
    newly = np.array(sorted(number for numbers in ranges for number in numbers), np.int32)
    tally = Tally(
        dict(zip(segment.dead.terms.tolist(), segment.dead.counts.tolist(), strict=True)) if segment.dead else {}
    )
    for number in newly.tolist():
        tally.update(_terms_of(segment, number))
    counts = [(term, min(count, segment.postings.held_by(term))) for term, count in sorted(tally.items())]
    dead = Dead(
        passages=np.union1d(segment.gone, newly).astype(np.int32),
        terms=np.array([term for term, _ in counts], np.int32),
        counts=np.array([count for _, count in counts], np.int32),
    )
    emptied = {segment.postings.vocabulary[term] for term, count in counts if count == segment.postings.held_by(term)}
    held = _without_terms(segment.held, emptied, crossings)
    return replace(segment, dead=dead, held=held, documents=segment.documents - len(ranges))


def to_merge(segments: Sequence[Segment]) -> list[int]:
    """Return which segments, ascending, are to be put together into one; none most of the time."""
    rotten = [at for at, one in enumerate(segments) if len(one.gone) > MOST_DEAD * len(one)]
    tiers: dict[int, list[int]] = {}
    for at, one in enumerate(segments):
        size = 0
        while one.living > _SMALLEST * _TIER**size:
            size += 1
        tiers.setdefault(size, []).append(at)
    for _, tier in sorted(tiers.items()):
        chosen = sorted({*tier, *rotten})
        if len(tier) >= FAN and sum(segments[at].living for at in chosen) <= LARGEST:
            return chosen
    return rotten


def merge(segments: Sequence[Segment]) -> Segment:
    """Return several segments as one, without what is dead."""
    rows, first = [], 0
    for segment in segments:
        rows.append(_new_numbers(segment, first))
        first += segment.living
    pairs = [(one, numbers >= 0) for one, numbers in zip(segments, rows, strict=True)]

    matrix = np.concatenate([one.vectors.vectors_of(np.flatnonzero(kept)) for one, kept in pairs])

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(one, name)[kept] for one, kept in pairs])

    return Segment(
        catalogue=ChainedCatalogue([(one.catalogue, numbers) for one, numbers in zip(segments, rows, strict=True)]),
        postings=merged((one.postings, numbers) for one, numbers in zip(segments, rows, strict=True)),
        vectors=Vectors.build(matrix, segments[0].vectors.asked),
        keys=joined("keys"),
        sameness=joined("sameness"),
        chinese=joined("chinese"),
        documents=sum(one.documents for one in segments),
        held=Held(
            *(
                np.unique(np.concatenate([getattr(one.held, part) for one in segments]))
                for part in ("glossary", "dictionary")
            )
        ),
    )


def _new_numbers(segment: Segment, first: int) -> Numbers:
    """Return each passage's new number when those that live are numbered on from ``first``; -1 for dead ones."""
    lives = np.ones(len(segment), bool)
    lives[segment.gone] = False
    return np.where(lives, first + np.cumsum(lives) - 1, -1)


def _terms_of(segment: Segment, number: int) -> set[int]:
    """Return the numbers of a passage's terms."""
    passage = segment.catalogue.passages(range(number, number + 1))[0]
    found = map(segment.postings.vocabulary.find, {*analyze(passage.text), *analyze(passage.context)})
    return {term for term in found if term >= 0}


def _without_terms(held: Held, emptied: Collection[str], crossings: tuple[Crossing, Crossing]) -> Held:
    kept = []
    for numbers, crossing in zip((held.glossary, held.dictionary), crossings, strict=True):
        kept.append(np.setdiff1d(numbers, [crossing.terms.find(term) for term in emptied]).astype(np.int32))
    return Held(*kept)
