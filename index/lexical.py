"""BM25 over two fields, a passage's text and its context, of all segments together.

Terms come from ``index.terms``, weights of the question's terms from ``index.queries``. A small segment adds up whole
slices; in a large one the rarest terms put up candidates until no other passage can come among the best any more, and
the frequent terms are only looked up for those (MaxScore; Turtle and Flood 1995). Both find the same.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from index.postings import K1, Floats, Numbers, Postings
from index.vocabulary import Arrays, checked, checked_numbers

SMALL = 20_000  # passages of a segment whose scores are added up whole
_LEADERS = 20_000  # postings of a list that may put up new leaders; longer lists raise those that there are
_KEPT = 10_000  # terms
_SEARCHED = 16  # looking a passage up in a list costs as much as adding so many postings
_SLACK = 1e-5  # what sums of 32 bits may be off

Small = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Dead:
    """What of a segment is removed: passages, and for each of their terms how many of them hold it."""

    passages: Small  # ascending
    terms: Small  # ascending
    counts: Small

    @classmethod
    def from_arrays(cls, arrays: Arrays, passages: int, terms: int) -> Dead:
        """Take back what ``arrays`` gave, of a segment with so many passages and terms; raises ValueError if it does not fit."""
        held = checked_numbers(arrays, "dead_terms", terms)
        dead = cls(
            passages=checked_numbers(arrays, "dead_passages", passages),
            terms=held,
            counts=checked(arrays, "dead_counts", np.int32, len(held)),
        )
        if any((numbers[1:] <= numbers[:-1]).any() for numbers in (dead.passages, dead.terms)):
            raise ValueError("dead passages and terms do not rise")
        return dead

    def arrays(self) -> dict[str, Small]:
        """Return the parts by name, to be written."""
        return {"dead_passages": self.passages, "dead_terms": self.terms, "dead_counts": self.counts}

    def held_by(self, term: int) -> int:
        """Return how many removed passages hold a term."""
        at = bisect_left(self.terms, term)
        return int(self.counts[at]) if at < len(self.terms) and self.terms[at] == term else 0


@dataclass(frozen=True, slots=True)
class Part:
    """The postings of a segment and where its passages stand among those of all segments."""

    postings: Postings
    first: int
    count: int  # passages, removed ones included
    dead: Dead | None = None

    def held_by(self, term: int) -> int:
        """Return how many passages that are not removed hold a term."""
        return self.postings.held_by(term) - (self.dead.held_by(term) if self.dead else 0)

    def holding(self, term: int) -> Small:
        """Return the passages that are not removed and hold a term, numbered in the segment."""
        found = self.postings.holding(term)
        return found[~np.isin(found, self.dead.passages)] if self.dead and self.dead.held_by(term) else found


@dataclass(frozen=True, slots=True)
class _Term:
    """A term of the index: its inverse document frequency, 0 if nothing holds it, and its number in the parts that hold it."""

    idf: float
    places: tuple[tuple[int, int], ...]  # part, number of the term there
    lists: tuple[tuple[int, Small, Floats, float], ...]  # part, passages that hold it and their weights, the highest


_NOWHERE = _Term(0.0, (), ())  # what no passage holds


@dataclass(frozen=True)
class Lexical:
    """The postings of all segments; passages are numbered through, removed ones included."""

    parts: tuple[Part, ...]
    _terms: dict[str, _Term] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def count(self) -> int:
        """Passages that are not removed."""
        return sum(part.count - (len(part.dead.passages) if part.dead else 0) for part in self.parts)

    def scorer(self, terms: Mapping[str, float]) -> Scorer:
        """Return what scores passages for weighted terms."""
        lists: list[list[_List]] = [[] for _ in self.parts]
        for name, weight in terms.items():
            term = self._find(name)
            factor = np.float32(term.idf) * np.float32(max(weight, 0.0))
            for number, passages, weights, top in term.lists if factor > 0 else ():
                lists[number].append(_List(passages, weights, factor, top * float(factor)))
        return Scorer(self.parts, lists)

    def ideal(self, terms: Mapping[str, float]) -> float:
        """Return the score that a passage full of all the terms would have; terms that occur nowhere count as the rarest."""
        rarest = float(np.log1p((self.count + 0.5) / 0.5))
        return (K1 + 1) * sum(weight * (self.idf_of(term) or rarest) for term, weight in terms.items())

    def idf_of(self, term: str) -> float:
        """Return the term's inverse document frequency; 0 if no passage holds it."""
        return self._find(term).idf

    def holds(self, term: str) -> bool:
        """Tell whether any passage holds a term."""
        return bool(self._find(term).places)

    def held(self, terms: Sequence[str]) -> list[str]:
        """Return those of many terms that some passage holds, in their order."""
        known = set[str]().union(*(part.postings.vocabulary.among(terms) for part in self.parts))
        return [term for term in terms if term in known and self.holds(term)]

    def holding(self, term: str) -> Numbers:
        """Return the numbers of the passages that hold a term, ascending."""
        found = [
            self.parts[number].holding(at).astype(np.int64) + self.parts[number].first
            for number, at in self._find(term).places
        ]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def holding_all(self, terms: Collection[str]) -> Numbers:
        """Return the numbers of the passages that hold every one of the terms, ascending."""
        rarest_first = sorted((self.holding(term) for term in terms), key=len)
        if not rarest_first:
            return np.zeros(0, np.int64)
        found = rarest_first[0]
        for others in rarest_first[1:]:
            found = np.intersect1d(found, others, assume_unique=True)
        return found

    def held_among(self, term: str, chosen: Sequence[npt.NDArray[np.bool_]]) -> bool:
        """Tell whether a chosen passage holds a term; ``chosen`` says of each part which of its passages are."""
        return any(bool(chosen[number][self.parts[number].holding(at)].any()) for number, at in self._find(term).places)

    def _find(self, name: str) -> _Term:
        """Return a term; those of the last questions are kept, as each question asks several times for each of its terms."""
        term = self._terms.get(name)
        if term is None:
            term = self._found(name)
            if len(self._terms) >= _KEPT:
                self._terms.clear()
            if term is not _NOWHERE:  # what a typing error may stand for is hundreds of terms that nothing holds
                self._terms[name] = term
        return term

    def _found(self, name: str) -> _Term:
        places, lists, held = [], [], 0
        for number, part in enumerate(self.parts):
            postings = part.postings
            at = postings.vocabulary.find(name)
            here = part.held_by(at) if at >= 0 else 0
            if here > 0:
                among = slice(int(postings.starts[at]), int(postings.starts[at + 1]))
                lists.append((number, postings.passages[among], postings.weights[among], float(postings.tops[at])))
                places.append((number, at))
                held += here
        if not held:
            return _NOWHERE
        idf = math.log1p((self.count - held + 0.5) / (held + 0.5))
        return _Term(float(np.float32(idf)), tuple(places), tuple(lists))


@dataclass(frozen=True, slots=True)
class _List:
    """The postings of one term of the question in one segment."""

    passages: Small
    weights: Floats
    factor: np.float32  # idf times the question's weight
    bound: float  # the most that it adds to a score


@dataclass(slots=True)
class Scorer:
    """Scores passages for one question."""

    _parts: Sequence[Part]
    _lists: Sequence[Sequence[_List]]
    _whole: dict[int, Floats] = field(default_factory=dict)  # scores of small segments

    def best(self, depth: int, allowed: Numbers | None = None) -> Numbers:
        """Return the numbers of the best passages that score at all, at most ``depth``, of the allowed ones (ascending)."""
        numbers, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
        for at, part in enumerate(self._parts):
            if not self._lists[at]:
                continue
            local = None if allowed is None else _within(allowed, part)
            level = float(scores.min()) if len(scores) == depth else 0.0
            found, amounts = self._best_of(at, depth, local, level)
            numbers, scores = _top(np.append(numbers, found + part.first), np.append(scores, amounts), depth)
        return numbers

    def highest(self, enough: float) -> float:
        """Return the score of the best passage, or of one that reaches what is enough; 0 if none scores."""
        highest = 0.0
        for at, lists in enumerate(self._lists):
            if lists and highest < enough:
                scores = self._best_of(at, 1, None, highest, enough)[1]
                highest = max(highest, float(scores.max(initial=0.0)))
        return highest

    def of(self, numbers: Numbers) -> Floats:
        """Return the scores of some passages."""
        scores = np.zeros(len(numbers), np.float32)
        for at, part in enumerate(self._parts):
            here = np.flatnonzero((numbers >= part.first) & (numbers < part.first + part.count))
            if len(here) and self._lists[at]:
                local = (numbers[here] - part.first).astype(np.int32)
                scores[here] = self._sums(at)[local] if part.count <= SMALL else _looked_up(self._lists[at], local)
        return scores

    def _best_of(
        self, at: int, depth: int, allowed: Numbers | None, level: float, enough: float = math.inf
    ) -> tuple[Numbers, Floats]:
        """Return the best passages of one segment with their scores, more than ``depth`` if that is less work."""
        part = self._parts[at]
        if part.count > SMALL:
            return _pruned(part, self._lists[at], depth, _mask(part, allowed), level, enough)
        scores = self._sums(at)
        found = np.flatnonzero(scores > 0) if allowed is None else allowed[scores[allowed] > 0]
        return found, scores[found]

    def _sums(self, at: int) -> Floats:
        """Return the scores of all passages of a small segment, 0 for removed ones."""
        if at not in self._whole:
            part = self._parts[at]
            scores = np.zeros(part.count, np.float32)
            for one in self._lists[at]:
                scores[one.passages] += one.weights * one.factor
            if part.dead:
                scores[part.dead.passages] = 0
            self._whole[at] = scores
        return self._whole[at]


def _within(allowed: Numbers, part: Part) -> Numbers:
    """Return those of the ascending numbers that stand in a segment, numbered there."""
    start, end = np.searchsorted(allowed, (part.first, part.first + part.count))
    return allowed[start:end] - part.first


def _mask(part: Part, allowed: Numbers | None) -> npt.NDArray[np.bool_] | None:
    """Return which passages of a segment may be found; None for all."""
    if allowed is None and part.dead is None:
        return None
    mask = np.ones(part.count, bool)
    if allowed is not None:
        mask[:] = False
        mask[allowed] = True
    if part.dead is not None:
        mask[part.dead.passages] = False
    return mask


def _pruned(
    part: Part, lists: Sequence[_List], depth: int, mask: npt.NDArray[np.bool_] | None, level: float, enough: float
) -> tuple[Numbers, Floats]:
    """Return every passage that may be among the ``depth`` best, with its score.

    ``level`` is what others already reach. When ``depth`` passages reach what is ``enough``, these will do.
    """
    lists = sorted(lists, key=lambda one: -one.bound)
    rest = [*accumulate((one.bound for one in reversed(lists)), initial=0.0)][
        ::-1
    ]  # what this list and the next may add
    scores = np.zeros(part.count, np.float32)
    leaders = np.zeros(0, np.int32)
    at = 0
    while at < len(lists) and rest[at] * (1 + _SLACK) >= level:
        passages, weights = lists[at].passages, lists[at].weights
        if mask is not None:
            chosen = mask[passages]
            passages, weights = passages[chosen], weights[chosen]
        scores[passages] += weights * lists[at].factor
        if len(passages) <= _LEADERS or not len(leaders):
            leaders = _leading(_joined(leaders, _leading(passages, scores, depth)), scores, depth)
        level = max(level, _level(scores[leaders], depth))
        if level >= enough:
            return leaders.astype(np.int64), scores[leaders]
        at += 1
    found = np.flatnonzero(scores > max((level - rest[at]) * (1 - _SLACK) - _SLACK, 0)).astype(np.int32)
    amounts = scores[found]
    for number in range(at, len(lists)):
        level = max(level, _level(amounts, depth))
        stays = amounts >= (level - rest[number]) * (1 - _SLACK)
        found, one = found[stays], lists[number]
        if len(one.passages) > _SEARCHED * len(found):
            scores[found] += _looked_up((one,), found)
        else:
            scores[one.passages] += one.weights * one.factor
        amounts = scores[found]
    return found.astype(np.int64), amounts


def _joined(some: Small, others: Small) -> Small:
    """Return the passages of both, each once."""
    together = np.sort(np.concatenate([some, others]))
    return together[np.concatenate([[True], together[1:] != together[:-1]])] if len(together) else together


def _leading(passages: Small, scores: Floats, depth: int) -> Small:
    """Return the ``depth`` passages with the highest scores."""
    if len(passages) <= depth:
        return passages
    return passages[np.argpartition(scores[passages], len(passages) - depth)[-depth:]]


def _level(scores: Floats, depth: int) -> float:
    """Return the score that ``depth`` passages reach; 0 if there are fewer."""
    return float(np.partition(scores, len(scores) - depth)[-depth]) if len(scores) >= depth else 0.0


def _looked_up(lists: Sequence[_List], passages: Small) -> Floats:
    """Return the scores of some passages of a segment, in any order, by bisection."""
    scores = np.zeros(len(passages), np.float32)
    for one in lists:
        at = np.minimum(np.searchsorted(one.passages, passages), len(one.passages) - 1)
        here = one.passages[at] == passages
        scores[here] += one.weights[at[here]] * one.factor
    return scores


def _top(numbers: Numbers, scores: Floats, depth: int) -> tuple[Numbers, Floats]:
    """Return the ``depth`` numbers with the highest scores, and these."""
    if len(numbers) <= depth:
        return numbers, scores
    chosen = np.argpartition(-scores, depth - 1)[:depth]
    return numbers[chosen], scores[chosen]
