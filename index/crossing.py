"""From a question's words to the terms of the other language, by dictionary, worked out when the index is built.

For every word that a question may use: which terms of this index say the same in the other language, and how much each
counts. Translations that this index does not hold are left out, so the choice among many shrinks to the few that matter.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from corpus.languages import Language
from index.dictionary import Dictionary, Entry
from index.terms import cjk_terms
from index.vocabulary import Arrays, Vocabulary

LONGEST_CHINESE = 8  # characters of a key; longer ones are proverbs
LONGEST_ENGLISH = 4  # words of a key
MOST_CANDIDATES = 24  # translations of one English word; those inside longer glosses are the first to go
SINGLE_CHARACTER = 0.5  # a single character means many things; measured on XQuAD: hit@5 .92 to .93

_Weighted = dict[str, dict[str, float]]  # key: {term: weight}


@dataclass(frozen=True, slots=True)
class Crossing:
    """Keys (Chinese words; English stems with a space between) and their weighted terms in the other language."""

    keys: Vocabulary
    starts: npt.NDArray[np.int32]  # (keys + 1,) into the two below
    terms: npt.NDArray[np.int32]  # numbers in the index's vocabulary
    weights: npt.NDArray[np.float16]

    @classmethod
    def compile(
        cls, dictionary: Dictionary, numbers: Mapping[str, int], *, toward: Collection[Language], inside: bool
    ) -> Self:
        """Keep what touches a vocabulary, given as the number of each term.

        ``toward`` names the languages that are worth reaching; ``inside`` lets an English word stand for entries in
        whose longer glosses it occurs. Chinese words that occur are keys even without a translation: they tell where
        words begin and end.
        """
        found: _Weighted = {}
        if "en" in toward:
            found |= _toward_english(dictionary, numbers)
        if "zh" in toward:
            held = _held(dictionary, numbers)
            found |= _toward_chinese(held, numbers, inside=inside)
            found |= {entry.chinese: {} for entry in held if entry.chinese not in found}
        return cls._from_weighted(found, numbers)

    @classmethod
    def _from_weighted(cls, found: _Weighted, numbers: Mapping[str, int]) -> Self:
        keys = Vocabulary.build(found)
        lists = [found[key] for key in keys]
        starts = np.zeros(len(lists) + 1, np.int32)
        np.cumsum([len(terms) for terms in lists], out=starts[1:])
        return cls(
            keys=keys,
            starts=starts,
            terms=np.array([numbers[term] for terms in lists for term in terms], np.int32),
            weights=np.array([weight for terms in lists for weight in terms.values()], np.float16),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> Self:
        """Take back what ``arrays`` gave."""
        parts = {part: arrays[f"{prefix}_{part}"] for part in ("starts", "terms", "weights")}
        return cls(keys=Vocabulary.from_arrays(arrays, f"{prefix}_keys"), **parts)  # type: ignore[arg-type]

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the parts by name, to be written."""
        parts = {f"{prefix}_{part}": getattr(self, part) for part in ("starts", "terms", "weights")}
        return parts | self.keys.arrays(f"{prefix}_keys")

    def translate(self, key: str) -> list[tuple[int, float]]:
        """Return the numbers and weights of the terms that say a key in the other language."""
        number = self.keys.find(key)
        if number < 0:
            return []
        here = slice(self.starts[number], self.starts[number + 1])
        return list(zip(self.terms[here].tolist(), self.weights[here].tolist(), strict=True))

    def knows(self, key: str) -> bool:
        """Tell whether a key is in the dictionary."""
        return self.keys.find(key) >= 0


def _held(dictionary: Dictionary, numbers: Mapping[str, int]) -> list[Entry]:
    """Return the entries whose Chinese word occurs in the index as far as its pairs of characters tell."""
    starts = (dictionary.by_start[term] for term in numbers if term in dictionary.by_start)
    return [entry for group in starts for entry in group if _occurs(entry.chinese, numbers)]


def _occurs(word: str, numbers: Mapping[str, int]) -> bool:
    return len(word) <= LONGEST_CHINESE and all(word[at : at + 2] in numbers for at in range(max(len(word) - 1, 1)))


def _toward_english(dictionary: Dictionary, numbers: Mapping[str, int]) -> _Weighted:
    """Map Chinese words to the stems of their glosses; n glosses weigh n ** -.75 each (measured: .5 and 1 are worse)."""
    glosses: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
    for term in numbers:
        for entry in dictionary.by_stem.get(term, ()):
            if len(entry.chinese) <= LONGEST_CHINESE:
                glosses[entry.chinese] |= {gloss: None for gloss in entry.glosses if term in gloss}
    found: _Weighted = {}
    for word, chosen in glosses.items():
        share = (SINGLE_CHARACTER if len(word) == 1 else 1.0) * len(chosen) ** -0.75
        weights: dict[str, float] = defaultdict(float)
        for gloss in chosen:
            for stem in gloss:
                if stem in numbers:
                    weights[stem] += share / math.sqrt(len(gloss))
        found[word] = _at_most_one(weights)
    return found


def _toward_chinese(held: Iterable[Entry], numbers: Mapping[str, int], *, inside: bool) -> _Weighted:
    """Map English phrases to the characters and pairs of the Chinese words whose gloss they are; n words weigh n ** -.5."""
    candidates: dict[str, dict[str, float]] = defaultdict(dict)
    for entry in held:
        for gloss in entry.glosses:
            candidates[" ".join(gloss)][entry.chinese] = 1.0
            if inside and len(gloss) > 1:
                for stem in gloss:
                    candidates[stem].setdefault(entry.chinese, 1.0 / len(gloss))
    found: _Weighted = {}
    for key, words in candidates.items():
        best = sorted(words.items(), key=lambda item: -item[1])[:MOST_CANDIDATES]
        weights: dict[str, float] = defaultdict(float)
        for word, weight in best:
            terms = cjk_terms(word)
            for term in terms:
                weights[term] += weight / math.sqrt(len(best) * len(terms))
        found[key] = _at_most_one({term: weight for term, weight in weights.items() if term in numbers})
    return found


def _at_most_one(weights: Mapping[str, float]) -> dict[str, float]:
    return {term: min(weight, 1.0) for term, weight in weights.items()}
