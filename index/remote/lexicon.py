"""The terms of an index in an engine: their numbers, and how many passages hold each.

Kept in the engine as parts, of which each change of the index adds one, and read whole by whoever opens the index: what a
question's terms weigh is then known without asking the engine.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.crossing import Crossing
from index.packs import put_pack, read_pack
from index.postings import K1
from index.segments import Held
from index.vocabulary import Vocabulary, checked

MOST_PARTS = 8  # before they are put together

Small = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Part:
    """Terms with their numbers, and what one change did to how many passages hold them; counts may be below 0."""

    vocabulary: Vocabulary
    numbers: Small
    holding: Small  # passages
    chinese: Small  # of these, Chinese ones
    held: Held  # numbers of the terms of the glossary and the dictionary among them

    @classmethod
    def from_bytes(cls, data: bytes, crossings: tuple[Crossing, Crossing]) -> Part:
        """Take back what ``to_bytes`` gave, of an index with a glossary and a dictionary."""
        arrays = read_pack(memoryview(data))
        vocabulary = Vocabulary.from_arrays(arrays, "terms")
        numbers, holding, chinese = (
            checked(arrays, name, np.int32, len(vocabulary)) for name in ("numbers", "holding", "chinese")
        )
        return cls(vocabulary, numbers, holding, chinese, Held.from_arrays(arrays, crossings))

    def to_bytes(self) -> bytes:
        """Return the part as a pack."""
        file = io.BytesIO()
        arrays = {"numbers": self.numbers, "holding": self.holding, "chinese": self.chinese}
        put_pack(file, {**self.vocabulary.arrays("terms"), **arrays, **self.held.arrays()})
        return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Term:
    number: int
    holding: int
    chinese: int


_NOWHERE = _Term(-1, 0, 0)


class Lexicon:
    """The terms of all parts; terms are numbered from 0 in the order in which they came to the index."""

    def __init__(self, parts: Sequence[Part], passages: int) -> None:
        """``passages`` is how many there are in the index."""
        self.parts = tuple(parts)
        self._passages = passages
        self._kept: dict[str, _Term] = {}

    def number_of(self, term: str) -> int:
        """Return a term's number; -1 if the index never held it."""
        return self._find(term).number

    def holds(self, term: str) -> bool:
        """Tell whether any passage holds a term."""
        return self._find(term).holding > 0

    def among(self, terms: Sequence[str]) -> set[str]:
        """Return those of many terms that passages hold or held once."""
        return set[str]().union(*(part.vocabulary.among(terms) for part in self.parts))

    def held_in_chinese(self, term: str) -> bool:
        """Tell whether any Chinese passage holds a term."""
        return self._find(term).chinese > 0

    def idf_of(self, term: str) -> float:
        """Return the term's inverse document frequency; 0 if no passage holds it."""
        held = self._find(term).holding
        return float(np.float32(math.log1p((self._passages - held + 0.5) / (held + 0.5)))) if held > 0 else 0.0

    def ideal(self, terms: Mapping[str, float]) -> float:
        """Return the score that a passage full of all the terms would have; terms that occur nowhere count as the rarest."""
        rarest = float(np.log1p((self._passages + 0.5) / 0.5))
        return (K1 + 1) * sum(weight * (self.idf_of(term) or rarest) for term, weight in terms.items())

    def factors(self, terms: Mapping[str, float]) -> dict[int, float]:
        """Return what each term of a question adds for each of its weights in a passage, by the term's number."""
        found = {
            self.number_of(term): float(np.float32(self.idf_of(term)) * np.float32(max(weight, 0.0)))
            for term, weight in terms.items()
        }
        return {number: factor for number, factor in found.items() if factor > 0}

    def count(self) -> int:
        """Return how many terms passages hold."""
        if len(self.parts) == 1:
            return int((self.parts[0].holding > 0).sum())
        return sum(map(self.holds, {term for part in self.parts for term in part.vocabulary}))

    def held(self, name: str, terms: Vocabulary) -> Small:
        """Return the numbers of the terms of a crossing (``glossary`` or ``dictionary``) that passages hold."""
        numbers = np.unique(np.concatenate([getattr(part.held, name) for part in self.parts]))
        if all((part.holding >= 0).all() for part in self.parts):
            return numbers
        return np.array([number for number in numbers.tolist() if self.holds(terms[number])], np.int32)

    def joined(self, shared: Callable[[Vocabulary], Held]) -> Part:
        """Return all parts as one, without the terms that nothing holds; ``shared`` finds what of them the crossings know.

        Terms that come again later get new numbers: what nothing holds needs none.
        """
        vocabulary, places = Vocabulary.union([part.vocabulary for part in self.parts])
        columns = np.zeros((3, len(vocabulary)), np.int32)
        for part, at in zip(self.parts, places, strict=True):
            columns[0][at] = part.numbers
            columns[1][at] += part.holding
            columns[2][at] += part.chinese
        stay = columns[1] > 0
        kept = vocabulary.kept(stay)
        numbers, holding, chinese = columns[:, stay]
        return Part(kept, numbers, holding, chinese, shared(kept))

    def _find(self, name: str) -> _Term:
        term = self._kept.get(name)
        if term is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            term = self._kept[name] = self._found(name)
        return term

    def _found(self, name: str) -> _Term:
        number, holding, chinese = _NOWHERE.number, 0, 0
        for part in self.parts:
            at = part.vocabulary.find(name)
            if at >= 0:
                number = int(part.numbers[at])
                holding += int(part.holding[at])
                chinese += int(part.chinese[at])
        return _Term(number, holding, chinese)


_MOST_KEPT = 10_000


def numbered(terms: Collection[str], lexicon: Lexicon | None, following: int) -> tuple[list[int], int]:
    """Return the number of each term, new ones numbered on from ``following``, and the next number after those."""
    numbers = []
    for term in terms:
        number = lexicon.number_of(term) if lexicon else -1
        if number < 0:
            number, following = following, following + 1
        numbers.append(number)
    return numbers, following
