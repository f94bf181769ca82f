"""From a question's words to the terms of the other language, by dictionary.

A ``Crossing`` is a dictionary in plain arrays, the same for every index. A ``Reach`` is what of it an index can use:
translations that the index does not hold are left out, so the choice among many shrinks to the few that matter. It is
worked out from a list of terms per segment, so an added document costs what its own words cost.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, count
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from corpus.languages import Language
from index.dictionary import Dictionary
from index.terms import is_cjk
from index.vocabulary import Arrays, Vocabulary, checked, checked_numbers, checked_starts

LONGEST_CHINESE = 8  # characters of a key; longer ones are proverbs
LONGEST_ENGLISH = 4  # words of a key
MOST_CANDIDATES = 24  # translations of one English word; those inside longer glosses are the first to go
_USUAL = 2  # characters of most Chinese words; of equals those are the first choice
SINGLE_CHARACTER = 0.5  # a single character means many things; measured on XQuAD: hit@5 .92 to .93
# How surely a word is meant by what only another of its meanings says, or a part of one.
OTHER_MEANING, PARTS = 0.5, 0.25

_KEPT = 10_000  # keys

Answer = TypeVar("Answer")
Key = TypeVar("Key")
Small = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of numbers, one after the other."""

    starts: Small  # (lists + 1,)
    numbers: Small

    @classmethod
    def of(cls, lists: Sequence[Collection[Key]], number: Callable[[Key], int]) -> Self:
        """Put lists one after the other, with the number of each member; no list is made on the way."""
        starts = np.zeros(len(lists) + 1, np.int32)
        np.cumsum(np.fromiter(map(len, lists), np.int64, len(lists)), out=starts[1:])
        return cls(starts, np.fromiter(map(number, chain.from_iterable(lists)), np.int32, int(starts[-1])))

    def renumbered(self, places: npt.NDArray[np.int64]) -> Lists:
        """Return the lists with each number replaced by the one at its place."""
        return Lists(self.starts, places[self.numbers].astype(np.int32))

    def __getitem__(self, at: int) -> Small:
        return self.numbers[self.starts[at] : self.starts[at + 1]]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A dictionary: the glosses of Chinese words, and the Chinese words of English phrases (stems with a space between)."""

    terms: Vocabulary  # that it leads to: stems, Chinese characters and pairs
    words: Vocabulary  # Chinese
    pieces: Lists  # of each word: its characters and pairs, as numbers of terms
    pairs: Lists  # of each word: its pairs, or its one character; it occurs where all of them do
    senses: Lists  # of each word: the numbers of its glosses
    glosses: Lists  # of each gloss: its stems, as numbers of terms
    phrases: Vocabulary  # English
    candidates: Lists  # of each phrase: numbers of words, the best first
    shares: npt.NDArray[np.uint8]  # (candidates,) of how many words the gloss is in which the phrase stands

    @classmethod
    def compile(cls, dictionary: Dictionary, *, inside: bool) -> Self:
        """Put a dictionary into arrays; ``inside`` lets an English word stand for entries in whose longer glosses it occurs."""
        meanings, candidates = _gathered(dictionary, inside=inside)
        words, ranks = Vocabulary.ranked(list(meanings))
        phrases, _ = Vocabulary.ranked(list(candidates))
        ordered = list(words)
        spelled, pieces, pairs = _spelled(ordered)
        stems: defaultdict[str, int] = defaultdict(count(len(spelled)).__next__)
        glosses = {gloss: at for at, gloss in enumerate(dict.fromkeys(chain.from_iterable(meanings.values())))}
        meant = Lists.of(list(glosses), stems.__getitem__)
        terms, places = Vocabulary.ranked([*spelled, *stems])
        rank = dict(zip(meanings, ranks.tolist(), strict=True))
        found = [candidates[phrase] for phrase in phrases]
        best = [_best_first(held) for held in found]
        return cls(
            terms=terms,
            words=words,
            pieces=pieces.renumbered(places),
            pairs=pairs.renumbered(places),
            senses=Lists.of([meanings[word] for word in ordered], glosses.__getitem__),
            glosses=meant.renumbered(places),
            phrases=phrases,
            candidates=Lists.of(best, rank.__getitem__),
            shares=np.fromiter(
                (shares[word] for shares, held in zip(found, best, strict=True) for word in held), np.uint8
            ),
        )

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> Self:
        """Take back what ``arrays`` gave; raises ValueError if the arrays do not fit together."""
        terms, words, phrases = (
            Vocabulary.from_arrays(arrays, f"{prefix}_{part}") for part in ("terms", "words", "phrases")
        )
        glosses = len(arrays[f"{prefix}_glosses_starts"]) - 1
        candidates = _lists(arrays, f"{prefix}_candidates", len(phrases), len(words))
        return cls(
            terms=terms,
            words=words,
            pieces=_lists(arrays, f"{prefix}_pieces", len(words), len(terms)),
            pairs=_lists(arrays, f"{prefix}_pairs", len(words), len(terms)),
            senses=_lists(arrays, f"{prefix}_senses", len(words), glosses),
            glosses=_lists(arrays, f"{prefix}_glosses", glosses, len(terms)),
            phrases=phrases,
            candidates=candidates,
            shares=checked(arrays, f"{prefix}_shares", np.uint8, len(candidates.numbers)),
        )

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the parts by name, to be written."""
        arrays: dict[str, npt.NDArray[Any]] = {f"{prefix}_shares": self.shares}
        for part in ("terms", "words", "phrases"):
            arrays |= getattr(self, part).arrays(f"{prefix}_{part}")
        for part in ("pieces", "pairs", "senses", "glosses", "candidates"):
            lists = getattr(self, part)
            arrays |= {f"{prefix}_{part}_starts": lists.starts, f"{prefix}_{part}_numbers": lists.numbers}
        return arrays


class Reach:
    """What of a dictionary an index can use: keys and their weighted terms in the other language, all held by the index."""

    def __init__(self, crossing: Crossing, held: Iterable[Small], toward: Collection[Language]) -> None:
        """``held`` gives the numbers of the crossing's terms that each segment holds; ``toward`` the languages worth reaching."""
        self.crossing = crossing
        self._toward = frozenset(toward)
        self._held = np.zeros(len(crossing.terms), bool)
        for numbers in held:
            self._held[numbers] = True
        self._said: dict[str, dict[str, float]] = {}  # of the last questions
        self._known: dict[str, bool] = {}
        self._occurs = np.logical_and.reduceat(self._held[crossing.pairs.numbers], crossing.pairs.starts[:-1])

    def translate(self, key: str) -> Mapping[str, float]:
        """Return the terms that say a key in the other language, with their weights."""
        said = self._said.get(key)
        if said is None:
            said = _kept(self._said, key, self._translated(key))
        return said

    def _translated(self, key: str) -> dict[str, float]:
        if not key:
            return {}
        found = self._stems(key) if is_cjk(key[0]) else self._characters(key)
        return {self.crossing.terms[number]: min(weight, 1.0) for number, weight in found.items()}

    def sureness(self, key: str) -> float:
        """Return how surely what the index holds of a key's translations is what the key means, 0 to 1.

        A Chinese word lists its first meaning first: it is sure where the index holds all words of that one, and doubtful
        where it holds only another ("火星" is Mars before it is a spark) or parts ("藏语", of which it holds "language").
        An English word is what any Chinese word of at least two characters is that means just that; a single character
        means many things.
        """
        if not key:
            return 0.0
        return self._sureness_in_english(key) if is_cjk(key[0]) else self._sureness_in_chinese(key)

    def _sureness_in_english(self, word: str) -> float:
        number = self.crossing.words.find(word) if "en" in self._toward else -1
        if number < 0:
            return 0.0
        glosses = [self._held[self.crossing.glosses[gloss]] for gloss in self.crossing.senses[number]]
        whole = [bool(gloss.all()) for gloss in glosses]
        if whole[0]:
            return 1.0
        return OTHER_MEANING if any(whole) else PARTS if any(gloss.any() for gloss in glosses) else 0.0

    def _sureness_in_chinese(self, phrase: str) -> float:
        crossing = self.crossing
        number = crossing.phrases.find(phrase) if "zh" in self._toward else -1
        if number < 0:
            return 0.0
        here = slice(crossing.candidates.starts[number], crossing.candidates.starts[number + 1])
        words, just = crossing.candidates.numbers[here], crossing.shares[here] == 1
        occurs = self._occurs[words]
        long = crossing.pieces.starts[words + 1] - crossing.pieces.starts[words] > 1
        if (occurs & just & long).any():
            return 1.0
        return OTHER_MEANING if (occurs & long).any() else PARTS if occurs.any() else 0.0

    def knows(self, key: str) -> bool:
        """Tell whether a Chinese key leads anywhere, or is a word that occurs in Chinese passages.

        Words tell where words begin and end, even without a translation.
        """
        known = self._known.get(key)
        if known is None:
            known = _kept(self._known, key, self._leads(key))
        return known

    def _leads(self, key: str) -> bool:
        number = self.crossing.words.find(key)
        if number < 0:
            return False
        if "zh" in self._toward and self._occurs[number]:
            return True
        return "en" in self._toward and any(
            self._held[self.crossing.glosses[gloss]].any() for gloss in self.crossing.senses[number]
        )

    def _stems(self, word: str) -> Mapping[int, float]:
        """Map a Chinese word to the stems of its glosses; n glosses weigh n ** -.75 each (measured: .5 and 1 are worse)."""
        number = self.crossing.words.find(word) if "en" in self._toward else -1
        weights: dict[int, float] = defaultdict(float)
        if number >= 0:
            glosses = [self.crossing.glosses[gloss] for gloss in self.crossing.senses[number]]
            chosen = [gloss.tolist() for gloss in glosses if self._held[gloss].any()]
            share = (SINGLE_CHARACTER if len(word) == 1 else 1.0) * len(chosen) ** -0.75 if chosen else 0.0
            for gloss in chosen:
                for stem in gloss:
                    if self._held[stem]:
                        weights[stem] += share / math.sqrt(len(gloss))
        return weights

    def _characters(self, phrase: str) -> Mapping[int, float]:
        """Map an English phrase to the characters and pairs of the Chinese words whose gloss it is; n words weigh n ** -.5."""
        crossing = self.crossing
        number = crossing.phrases.find(phrase) if "zh" in self._toward else -1
        weights: dict[int, float] = defaultdict(float)
        if number >= 0:
            here = slice(crossing.candidates.starts[number], crossing.candidates.starts[number + 1])
            words, shares = crossing.candidates.numbers[here], crossing.shares[here]
            occurs = self._occurs[words]
            best = list(zip(words[occurs].tolist(), shares[occurs].tolist(), strict=True))[:MOST_CANDIDATES]
            for word, share in best:
                pieces = crossing.pieces[word].tolist()
                for piece in pieces:
                    weights[piece] += 1 / share / math.sqrt(len(best) * len(pieces))
        return weights


def _kept(answers: dict[str, Answer], key: str, answer: Answer) -> Answer:
    """Keep an answer for the next questions, of which most share their words with the last."""
    if len(answers) >= _KEPT:
        answers.clear()
    answers[key] = answer
    return answer


@cache
def compiled_dictionary() -> Crossing:
    """Return CC-CEDICT as a crossing, made once per process."""
    from index.dictionary import read_dictionary

    return Crossing.compile(read_dictionary(), inside=True)


@cache
def compiled_glossary() -> Crossing:
    """Return the glossary that ships as a crossing, made once per process."""
    from corpus import load_glossary

    return Crossing.compile(Dictionary.of_pairs(load_glossary()), inside=False)


def _gathered(
    dictionary: Dictionary, *, inside: bool
) -> tuple[dict[str, dict[tuple[str, ...], None]], dict[str, dict[str, int]]]:
    """Return each Chinese word's glosses, and each English phrase's Chinese words with the length of the gloss."""
    meanings: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
    candidates: dict[str, dict[str, int]] = defaultdict(dict)
    for entry in dictionary.entries:
        if len(entry.chinese) > LONGEST_CHINESE:
            continue
        for gloss in entry.glosses:
            meanings[entry.chinese][gloss] = None
            candidates[" ".join(gloss)][entry.chinese] = 1
            if inside and len(gloss) > 1:
                for stem in gloss:
                    candidates[stem].setdefault(entry.chinese, len(gloss))
    return meanings, candidates


def _best_first(held: Mapping[str, int]) -> list[str]:
    """Return Chinese words with the lengths of their glosses, the shortest gloss first."""
    return sorted(held, key=lambda word: (held[word], abs(len(word) - _USUAL))) if len(held) > 1 else list(held)


def _spelled(words: Sequence[str]) -> tuple[list[str], Lists, Lists]:
    """Return the characters and pairs of Chinese words, each once, and by their numbers those of each word.

    The first lists hold all of a word's characters and then its pairs, the second its pairs, or its one character. What
    ``cjk_terms`` and ``cjk_pairs`` say of one word, for a hundred thousand at once.
    """
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32).astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    word = np.repeat(np.arange(len(words)), lengths)
    at = np.arange(len(codes)) - starts[word]
    characters, single = np.unique(codes, return_inverse=True)
    first = np.flatnonzero(word[1:] == word[:-1])
    pairs, double = np.unique(codes[first] << 32 | codes[first + 1], return_inverse=True)
    double += len(characters)
    alone = np.flatnonzero(lengths == 1)
    pieces, parts = (_empty(sizes) for sizes in (2 * lengths - 1, np.maximum(lengths - 1, 1)))
    pieces.numbers[pieces.starts[word] + at] = single
    pieces.numbers[pieces.starts[word[first]] + lengths[word[first]] + at[first]] = double
    parts.numbers[parts.starts[word[first]] + at[first]] = double
    parts.numbers[parts.starts[alone]] = single[starts[alone]]
    spelled = [*map(chr, characters.tolist()), *(chr(pair >> 32) + chr(pair & 0xFFFFFFFF) for pair in pairs.tolist())]
    return spelled, pieces, parts


def _empty(sizes: npt.NDArray[np.int64]) -> Lists:
    """Return lists of these sizes, to be filled."""
    starts = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=starts[1:])
    return Lists(starts, np.zeros(int(starts[-1]), np.int32))


def _lists(arrays: Arrays, name: str, count: int, limit: int) -> Lists:
    """Return so many lists of numbers below a limit; raises ValueError if they are something else."""
    numbers = checked_numbers(arrays, f"{name}_numbers", limit)
    return Lists(checked_starts(arrays, f"{name}_starts", count, len(numbers)), numbers)
