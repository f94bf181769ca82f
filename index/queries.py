"""Query: what a question asks for, in index terms.

Every word stands with its alternatives: the parts and spellings of a name, its other names, its translations.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from corpus.languages import Language, language_of
from corpus.patterns import pattern
from index.crossing import LONGEST_CHINESE, LONGEST_ENGLISH, Reach
from index.dictionary import phrase
from index.names import FoundName, Names, find_names
from index.terms import (
    STOP_WORDS,
    amount_terms,
    cjk_pairs,
    cjk_terms,
    normalize,
    tokens,
    versioned_terms,
    without_question_words,
    word_terms,
)

PART = 0.6  # weight of a part of a hyphenated name beside the whole
BARE_VERSION = 0.3  # weight of the bare 3 of "GPT 3"
# What a translation counts beside the question's own words, toward each language: where these find much, and where they
# find little. A Chinese word is three terms (two characters, one pair), an English one is one.
TOWARD: Mapping[Language, tuple[float, float]] = {"en": (0.5, 2.0), "zh": (0.3, 0.7)}
# "Much" and "little" are shares of the best possible score that the best passage reaches with the question's own words.
# Measured on XQuAD with half the articles in each language: of the questions whose passage is in their language 95 in 100
# reach .24, of the others 95 in 100 stay below .26; hit@5 is .71 and .89 in the other language, and as before in the own.
LITTLE, MUCH = 0.15, 0.25


@dataclass(frozen=True, slots=True)
class Concept:
    """One word or name of the question with every index term that says it, translations and other names included.

    ``terms`` maps each alternative to its weight, at most 1; a passage holds the concept if it holds one of them.
    ``sureness`` is 1 where the index holds the word in its own letters, else how surely its translations mean it.
    """

    surface: str
    terms: Mapping[str, float]
    sureness: float = 0.0


@dataclass(frozen=True, slots=True)
class Query:
    """A question in index terms; weights do not contain the idf (``Index.idf`` gives it)."""

    text: str
    terms: Mapping[str, float] = field(default_factory=dict)
    concepts: tuple[Concept, ...] = ()


class Words(Protocol):
    """What an index knows of its terms."""

    def occurs(self, term: str) -> bool:
        """Tell whether any passage of the whole index holds a term."""

    def held_in_chinese(self, term: str) -> bool:
        """Tell whether any Chinese passage holds a term."""

    def ideal(self, terms: Mapping[str, float]) -> float:
        """Return the score that a passage full of all the weighted terms would have."""

    def highest(self, terms: Mapping[str, float], enough: float) -> float:
        """Return the score of the best passage, or of one that reaches what is enough; 0 if none scores."""


@dataclass(frozen=True, slots=True)
class Languages:
    """What an index needs to know to widen a question: dictionaries and other names.

    ``glossary`` goes before ``dictionary``; both reach only toward languages that the index holds.
    """

    glossary: Reach
    dictionary: Reach
    names: Names


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the question; start and end count in the normalised question, stems are what a dictionary knows it by."""

    start: int
    end: int
    surface: str
    terms: Mapping[str, float]
    stems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Addition:
    """Other ways to say what stands from start to end, and how much they count beside the question's own words."""

    start: int
    end: int
    terms: Mapping[str, float]
    factor: float = 1.0


def ask(text: str, held: Words, languages: Languages) -> Query:
    """Return a question in the terms of an index."""
    plain = without_question_words(normalize(text))
    words = list(_words(plain, languages))
    terms = _own_terms(plain)
    additions = [_other_names(name, held) for name in find_names(plain, languages.names)]
    kept = _untranslated(text, words, additions, held)
    translations = list(_translations(words, kept, languages))
    if translations:
        additions += _weighted(translations, _doubt(terms, held))
    for addition in additions:
        for term, weight in addition.terms.items():
            terms[term] = terms.get(term, 0.0) + weight * addition.factor
    sure = [_sureness(words, at, held, languages) for at in range(len(words))]
    return Query(text, terms, tuple(_concepts(words, additions, sure)))


def _other_names(name: FoundName, held: Words) -> _Addition:
    """Return the other names that the index holds whole; all terms of one name weigh 1 together, as much as the name itself."""
    weights: dict[str, float] = {}
    for terms in name.others:
        if all(map(held.occurs, terms)):
            weights |= {term: max(weights.get(term, 0.0), 1 / len(terms)) for term in terms}
    return _Addition(name.start, name.end, weights)


def _own_terms(plain: str) -> dict[str, float]:
    """Return the terms of the question's own letters."""
    terms: dict[str, float] = {}
    for match in tokens(plain):
        if match["cjk"] is not None:
            terms.update(dict.fromkeys(cjk_terms(match["cjk"]), 1.0))
        else:
            for term, weight in _latin_terms(match).items():
                terms[term] = max(terms.get(term, 0.0), weight)
    return terms


def _latin_terms(match: re.Match[str]) -> dict[str, float]:
    """Return a word's, name's or number's terms: 1 for the whole, less for its parts, none for a stop word."""
    word, version = match["word"], match["version"]
    if word is None:
        return dict.fromkeys(amount_terms(match["amount"], match["chinese"] or match["english"]), 1.0)
    whole, *parts = word_terms(word)
    own = {} if word in STOP_WORDS else {whole: 1.0} | dict.fromkeys(parts, PART)
    if version is None:
        return own
    bare = word_terms(version)
    together = [term for term in versioned_terms(word, version) if term not in bare]
    if not together:
        return own | dict.fromkeys(bare, 1.0)
    return dict.fromkeys(own, PART) | dict.fromkeys(together, 1.0) | dict.fromkeys(bare, BARE_VERSION)


def _words(plain: str, languages: Languages) -> Iterator[_Word]:
    """Yield the words of a normalised question, Chinese ones as the dictionaries divide them."""
    for match in tokens(plain):
        if match["cjk"] is not None:
            for at, word in _divided(match["cjk"], languages):
                start = match.start() + at
                yield _Word(start, start + len(word), word, dict.fromkeys(cjk_pairs(word), 1.0))
        else:
            terms = _latin_terms(match)
            if terms:
                yield _Word(match.start(), match.end(), match[0], terms, phrase(match["word"] or ""))


def _divided(run: str, languages: Languages) -> Iterator[tuple[int, str]]:
    """Divide a run of Chinese into words with their places: the longest that a dictionary knows, and what lies between."""
    at = unknown = 0
    while at < len(run):
        end = next(
            (
                end
                for end in range(min(at + LONGEST_CHINESE, len(run)), at, -1)
                if languages.glossary.knows(run[at:end]) or languages.dictionary.knows(run[at:end])
            ),
            0,
        )
        if end and unknown < at:
            yield unknown, run[unknown:at]
        if end:
            yield at, run[at:end]
            unknown = end
        at = end or at + 1
    if unknown < at:
        yield unknown, run[unknown:at]


def _untranslated(text: str, words: Iterable[_Word], named: Sequence[_Addition], held: Words) -> set[int]:
    """Return where the names among the words start; only the glossary may translate those.

    A name has an inner capital or a digit; or it has a capital (in a Chinese question: Latin letters) and either has other
    names or is written in Latin letters by the Chinese passages too. A Chinese name has other names.
    """
    shaped, capital = _capitals(text)
    foreign = language_of(text) == "zh"
    known = {at for name in named for at in range(name.start, name.end)}
    names = set()
    for word in words:
        other = not known.isdisjoint(range(word.start, word.end))
        maybe = not word.stems or foreign or word.surface in capital
        if word.surface in shaped or (maybe and (other or (word.stems and any(map(held.held_in_chinese, word.terms))))):
            names.add(word.start)
    return names


def _capitals(text: str) -> tuple[set[str], set[str]]:
    """Return the words with inner capitals or digits, and those with a capital that does not begin the text; in lower case."""
    words = list(_LATIN_WORD.finditer(unicodedata.normalize("NFKC", text)))
    shaped = {word[0].lower() for word in words if _SHAPED.search(word[0])}
    capital = {word[0].lower() for word in words if word.start() > 0 and word[0][0].isupper()}
    return shaped, capital


def _doubt(terms: Mapping[str, float], held: Words) -> float:
    """Return how little the question's own words find: 0 for much, 1 for little."""
    best = held.ideal(terms)
    share = held.highest(terms, MUCH * best) / best if best else 0.0
    return min(max((MUCH - share) / (MUCH - LITTLE), 0.0), 1.0)


def _translations(
    words: Sequence[_Word], kept: Collection[int], languages: Languages
) -> Iterator[tuple[Language, _Addition]]:
    """Yield what words and phrases are in the other language."""
    for at, word in enumerate(words):
        if not word.stems:
            yield from _translated(word.surface, words[at : at + 1], "en", kept, languages)
            continue
        for length in range(1, LONGEST_ENGLISH + 1):
            group = words[at : at + length]
            if len(group) == length and all(member.stems for member in group):
                key = " ".join(stem for member in group for stem in member.stems)
                yield from _translated(key, group, "zh", kept, languages)


def _translated(
    key: str,
    group: Sequence[_Word],
    toward: Language,
    kept: Collection[int],
    languages: Languages,
) -> Iterator[tuple[Language, _Addition]]:
    """Yield the translation of one key, from the glossary if it has one."""
    found = languages.glossary.translate(key)
    if not found and not any(word.start in kept for word in group):
        found = languages.dictionary.translate(key)
    if found:
        yield toward, _Addition(group[0].start, group[-1].end, found)


def _weighted(translations: Iterable[tuple[Language, _Addition]], doubt: float) -> Iterator[_Addition]:
    """Yield translations with what they count beside the question's own words."""
    factors = {language: low + doubt * (high - low) for language, (low, high) in TOWARD.items()}
    return (replace(addition, factor=factors[language]) for language, addition in translations)


def _sureness(words: Sequence[_Word], at: int, held: Words, languages: Languages) -> float:
    """Return how surely passages can say a word: in its own letters, or by what alone or with its neighbours it translates to."""
    word = words[at]
    if all(map(held.occurs, word.terms)):
        return 1.0
    if not word.stems:
        keys = [word.surface]
    else:
        groups = (words[start:end] for start in range(max(0, at - 1), at + 1) for end in (at + 1, at + 2))
        keys = [" ".join(stem for member in group for stem in member.stems) for group in groups]
    return max(1.0 if languages.glossary.translate(key) else languages.dictionary.sureness(key) for key in keys)


def _concepts(words: Sequence[_Word], additions: Iterable[_Addition], sure: Sequence[float]) -> Iterator[Concept]:
    """Yield each word with its own terms and those of the additions that overlap it."""
    terms = [dict(word.terms) for word in words]
    starts, ends = [word.start for word in words], [word.end for word in words]
    for addition in additions:
        for at in range(bisect_right(ends, addition.start), bisect_left(starts, addition.end)):
            for term, weight in addition.terms.items():
                terms[at][term] = max(terms[at].get(term, 0.0), min(weight, 1.0))
    return (Concept(word.surface, held, sureness) for word, held, sureness in zip(words, terms, sure, strict=True))


_LATIN_WORD = pattern(r"[A-Za-z][\w'’.+-]*")
_SHAPED = pattern(r"[a-z][A-Z]|[A-Z]{2,}[a-z]|\d")
