"""Understanding a question: its language, the kind of answer it asks for, the names in it, and what is asked about them.

Rules over question grammar (``rag.understanding.grammar``) and names (``rag.understanding.mentions``); no model, and nothing about any subject.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from corpus.languages import Language, language_of
from corpus.patterns import pattern
from index import Index
from index.queries import Concept, Query
from index.terms import STOP_WORDS, analyze, has_cjk, is_cjk, normalize
from rag.reading.units import Unit, terms_of
from rag.understanding.asking import MEASURE_WORD, asked_nouns, modifiers_of_generic
from rag.understanding.courtesy import without_courtesy
from rag.understanding.defining import term_to_define
from rag.understanding.grammar import (
    FILLERS_EN,
    FILLERS_ZH,
    KIND_NOUNS,
    LIST_THEM,
    Kind,
    asks_for_several,
    asks_for_size,
    compares,
    direction_of,
    kind_of,
    split_clauses,
)
from rag.understanding.mentions import (
    Mention,
    correct_typing,
    find_mentions,
    name_pattern,
    names_beside,
    names_in,
    quoted_titles,
    unknown_words,
    version_beside,
)
from rag.understanding.ranks import ADJECTIVE_ZH
from rag.understanding.rewording import reworded
from rag.understanding.wording import same_terms

if TYPE_CHECKING:
    from rag.reading.scoring import Scored

# Characters that make a noun of the word before them: 减速器, 折射率, 装载量. A dictionary may know only the word.
_SUFFIXES = frozenset("器机率量数度性力员者法论式化型集库表层头版费额期权证语")


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a question asks: a question may ask for a machine and for how long it runs."""

    text: str
    kind: Kind
    asked: tuple[str, ...] = ()  # the words that the question word belongs to
    modifiers: tuple[str, ...] = ()  # the words before a generic noun: "cache" of "what cache size"


@dataclass(frozen=True, slots=True)
class Needle:
    """A concept of the question as the reader looks for it in a sentence.

    ``own`` are the index terms of its own letters (for Chinese the pairs of characters), ``others`` the other ways to
    say it with their weights; ``weight`` is how much it tells (its idf; the highest of all for what occurs nowhere).
    """

    surface: str
    own: frozenset[str]
    others: tuple[tuple[str, float], ...]
    weight: float
    held: bool  # some passage has it, maybe in other words
    known: bool = True  # some passage has all of its own letters
    sureness: float = 1.0  # with which passages can say it: 1 in its own letters, less by a far or partial translation
    shares: dict[Unit | str | tuple[str, ...], float] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # remembered
    _elsewise: frozenset[str] = field(init=False, repr=False, compare=False)  # the terms of ``others``
    _letters: frozenset[str] = field(init=False, repr=False, compare=False)  # of a Chinese word of two

    def __post_init__(self) -> None:
        letters = self.surface if len(self.surface) == 2 and is_cjk(self.surface[0]) else ""
        object.__setattr__(self, "_letters", frozenset(letters))
        object.__setattr__(self, "_elsewise", frozenset(term for term, _ in self.others))

    def found_in(self, terms: frozenset[str]) -> float:
        """Return how much of the concept a text with these terms has, 0 to 1.

        A translation that is there counts nearly in full: its weight only says how many others there might have been.
        A single Chinese character of a translation proves little. Of a Chinese word of two characters both may stand apart:
        开源 and 开放源代码.
        """
        share = 0.0 if self.own.isdisjoint(terms) else len(self.own & terms) / len(self.own)
        if not share and self._letters and self._letters <= terms:
            share = LETTERS_APART
        if share >= 1.0 or self._elsewise.isdisjoint(terms):
            return share
        return max(share, *(_credit(term, weight) for term, weight in self.others if term in terms))

    def found_around(self, text: str) -> float:
        """Return how much of the concept a text has, remembered: many pieces stand under the same heading."""
        share = self.shares.get(text)
        if share is None:
            share = self.shares[text] = self.found_in(terms_of(text))
        return share


def _credit(term: str, weight: float) -> float:
    if len(term) == 1 and is_cjk(term):
        return 0.6 * weight
    return min(1.0, TRANSLATED + TRANSLATED_BY_WEIGHT * weight)


# What a translation in the text is worth; fitted by hand on XQuAD asked in one language over the other.
LETTERS_APART = 0.3
TRANSLATED, TRANSLATED_BY_WEIGHT = 0.35, 1.3


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was understood.

    ``kind`` is that of its first clause, or "comparison"; ``names`` are the names to show, ``mentions`` say where
    they stand and how else they are written; ``needles`` are all its other words that tell something.
    """

    text: str
    language: Language
    kind: Kind
    clauses: tuple[Clause, ...] = ()
    mentions: tuple[Mention, ...] = ()
    needles: tuple[Needle, ...] = field(default=(), repr=False)
    quoted: tuple[str, ...] = ()
    several: bool = False
    side_by_side: bool = False
    direction: int = 0  # 1: the larger is asked for, -1: the smaller
    size: bool = False
    spoken: bool = True  # the documents are in the question's language too: a word of it that they lack is missing
    query: Query = field(default_factory=lambda: Query(""), repr=False)
    values: dict[tuple[Unit, Kind, str], float] = field(default_factory=dict, init=False, repr=False, compare=False)
    scored: list[tuple[dict[tuple[str, int], float], dict[Unit, Scored]]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )  # by the share of each passage

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the question, typing errors mended."""
        return tuple(mention.name for mention in self.mentions)


def understand(text: str, index: Index) -> Question:
    """Return what a question asks for, in terms of an index.

    Costs well under a millisecond, except when a name is not in the index: then near spellings are looked for.
    """
    text = reworded(without_courtesy(text.translate(_HALF_WIDTH)), index)
    language = language_of(text)
    mentions = tuple(_named(text, index, language))
    query = index.query(_corrected(text, mentions))
    mentions = tuple(_with_translations(mention, query, index) for mention in mentions)
    subjects = [mention for mention in mentions if mention.held]
    side_by_side = len(subjects) >= 2 and compares(text)
    needles = tuple({needle.surface: needle for needle in _needles(text, query, mentions, index)}.values())[
        :MOST_NEEDLES
    ]
    kind = kind_of(_plain(text, mentions))
    needles = tuple(n for n in needles if n.surface not in KIND_NOUNS.get(kind, ())) or needles
    if kind == "definition" and (term := term_to_define(text).lower()):
        needles = tuple(n for n in needles if n.surface in term) or needles
    parts = list(dict.fromkeys(split_clauses(text)))[:MOST_CLAUSES]
    clauses = tuple(_clause(part, language, needles, mentions) for part in parts)
    if side_by_side:  # "how do they differ" asks for no way of doing something
        clauses = tuple(replace(clause, kind="fact") if clause.kind == "method" else clause for clause in clauses)
    return Question(
        text=text,
        language=language,
        kind=clauses[0].kind,
        clauses=clauses,
        mentions=mentions,
        needles=needles,
        quoted=tuple(quoted_titles(text)),
        several=asks_for_several(text),
        side_by_side=side_by_side,
        direction=direction_of(text),
        size=asks_for_size(text, alone=not any(len(needle.surface) > 1 for needle in needles)),
        spoken=2 * sum(map(index.holds, EVERYDAY[language])) > len(EVERYDAY[language]),
        query=query,
    )


# Index terms that documents of any subject have in a language.
EVERYDAY: dict[Language, tuple[str, ...]] = {
    "en": ("first", "other", "two", "more", "time", "one", "new"),
    "zh": ("的", "是", "有", "在", "不", "这", "可以"),
}
MOST_MENDED = 4  # words of a question that are looked up as names with a typing error
MOST_CLAUSES = 6  # questions in one text that are answered
MOST_NEEDLES = 40  # concepts that are looked for; a longer text is no question

# "GPT－3" and "ＬＬａＭＡ": letters, digits and joints as wide as Chinese characters; all kinds of hyphens. One for one.
_HALF_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_HALF_WIDTH |= dict.fromkeys(map(ord, "－‐‑‒−"), ord("-")) | {ord("＋"): ord("+"), ord("．"): ord(".")}


def about(question: Question, mention: Mention) -> Question:
    """Return the question as asked about one of its names only."""
    return replace(question, mentions=(mention,), side_by_side=False)


def _clause(text: str, language: Language, needles: Sequence[Needle], mentions: Sequence[Mention]) -> Clause:
    words = [needle.surface for needle in needles if needle.surface in text.lower()]
    return Clause(
        text, kind_of(_plain(text, mentions)), asked_nouns(text, words, language), modifiers_of_generic(text, words)
    )


def _plain(text: str, mentions: Iterable[Mention]) -> str:
    """Return a question with the first word only of each name, so that no other ("Marram Link") says what is asked for."""
    for mention in mentions:
        first, _, others = mention.surface.partition(" ")
        if others:
            text = text.replace(mention.surface, first)
    return text


def _corrected(text: str, mentions: Iterable[Mention]) -> str:
    for mention in mentions:
        if mention.meant:
            text = text.replace(mention.surface, mention.meant)
    return _PLURAL_ACRONYM.sub(r"\1", text)


_PLURAL_ACRONYM = pattern(r"\b([A-Z]{2,})s\b")  # APIs: the stemmer takes the s for a part of the word


def _named(text: str, index: Index, language: Language) -> list[Mention]:
    """Return the names in a question, those with a typing error too, in its order."""
    named = find_mentions(text, index, language)
    wrong = [mention for mention in named if not mention.held][:MOST_MENDED]
    named = [_mended(mention, text, index) if mention in wrong else mention for mention in named]
    named = [
        m for m in named if not any(m.start >= other.start and m.end <= other.end and m is not other for other in named)
    ]
    for unknown in islice(unknown_words(text, named, index), MOST_MENDED):
        mended = _mended(unknown, text, index, near=False)
        if mended.meant and not any(mended.start < other.end and other.start < mended.end for other in named):
            named.append(mended)
    return sorted(named, key=lambda mention: mention.start)


def _with_translations(mention: Mention, query: Query, index: Index) -> Mention:
    """Return a name that a dictionary translates with its Chinese forms, where no other name of it is known: "Amazon"."""
    if mention.certain or len(mention.spellings) > 1 or not mention.surface.isascii():
        return mention
    words = [concept for concept in query.concepts if concept.surface == mention.surface.lower()]
    forms = [
        term
        for word in words
        for term, weight in word.terms.items()
        if weight >= MEANT_BY_NAME and len(term) > 1 and is_cjk(term[0]) and index.holds(term)
    ]
    return replace(mention, translations=tuple(forms), held=True) if forms else mention


_WORD_AFTER = pattern(r" [A-Za-z]{1,12}(?![\w-])")


def _mended(mention: Mention, text: str, index: Index, *, near: bool = True) -> Mention:
    """Return a mention with the name that its spelling stands for, if it is a typing error of one that the index holds.

    The names ``near`` the question are looked at too; then the word after it may belong to it ("pelcan db").
    """
    given = mention
    if mention.held or not mention.surface.isascii():
        return mention
    meant = version_beside(mention.surface, index)
    meant = meant or correct_typing(mention.surface, _candidates(mention.surface, text if near else "", index))
    if not meant and (after := _WORD_AFTER.match(text, mention.end)):
        mention = replace(mention, surface=text[mention.start : after.end()], end=after.end())
        meant = correct_typing(mention.surface, names_beside(mention.surface, index))
    if not meant:
        return given
    return replace(mention, meant=meant, spellings=(meant, *index.aliases().get(meant, ())), held=True)


def _candidates(surface: str, text: str, index: Index) -> Iterable[str]:
    """Yield names that a typing error may stand for: one letter away, near the question, or with other names."""
    yield from names_beside(surface, index)
    for hit in index.search(text, 50) if text else ():
        yield from (*names_in(hit.passage.section), *names_in(hit.passage.text))
    for others in index.aliases().values():
        yield from others


def _needles(text: str, query: Query, mentions: Iterable[Mention], index: Index) -> Iterable[Needle]:
    """Yield the question's concepts that are no names and do not merely ask."""
    plain = LIST_THEM.sub(lambda told: " " * len(told[0]), _without_names(normalize(text), mentions))
    for concept in _joined(_compared_apart(plain, _placed(plain, _apart(query.concepts, index)))):
        if not _is_filler(concept.surface):
            yield _needle(concept, index)


def _apart(concepts: Iterable[Concept], index: Index) -> Iterable[Concept]:
    """Yield the concepts, a word and the number behind it ("since 2005") apart, unless documents write them as one name."""
    for concept in concepts:
        word, _, number = concept.surface.partition(" ")
        if word.isalpha() and number[:1].isdigit() and not index.holds(word + number):
            yield from (Concept(part, dict.fromkeys(analyze(part), 1.0)) for part in (word, number))
        else:
            yield concept


_CLASS_NOUN = pattern(
    r"\s*[这那](?:个|款|种|套|篇|家|本|座)?[\u4e00-\u9fff]{1,3}(?=[的是有在共一到什多叫由能可何?？,，]|$)"
)


def _without_names(plain: str, mentions: Iterable[Mention]) -> str:
    """Return the text with spaces in place of the names, and of a noun that only says what they are: "X 这个工具"."""
    for mention in mentions:
        at = plain.find(normalize(mention.surface), max(0, mention.start - 8))
        start, end = (at, at + len(mention.surface)) if at >= 0 else (mention.start, mention.end)
        noun = _CLASS_NOUN.match(plain, end)
        stop = noun.end() if noun else end
        again = name_pattern(mention.surface).sub(lambda match: " " * len(match[0]), plain[stop:])
        plain = plain[:start] + " " * (stop - start) + again
    return plain


def _placed(plain: str, concepts: Iterable[Concept]) -> Iterable[tuple[int, Concept]]:
    """Yield the concepts with their places in the question, without those that belong to names."""
    at = 0
    for concept in concepts:
        found = plain.find(concept.surface, at)
        if found >= 0:
            if not _MEASURE.match(plain, max(0, found - 1)) or len(concept.surface) > 1:
                yield found, concept
            at = found + len(concept.surface)


# A measure word right after the word that counts: "几只羊", "多少台车"; the noun begins behind it.
_MEASURE = pattern(rf"[少几]{MEASURE_WORD}(?=[\u4e00-\u9fff])|[哪一]{MEASURE_WORD}")


def _joined(placed: Iterable[tuple[int, Concept]]) -> Iterable[Concept]:
    """Join what a dictionary of the index has torn apart.

    Single Chinese characters that stand together are a word that it does not know; so are a word and its suffix.
    """
    group: list[Concept] = []
    end = -1
    for at, concept in placed:
        if group and not (at == end and _belongs(group, concept)):
            yield from _whole(group)
            group = []
        group.append(concept)
        end = at + len(concept.surface)
    yield from _whole(group)


def _belongs(group: Sequence[Concept], concept: Concept) -> bool:
    if not _is_single(concept):
        return False
    return all(map(_is_single, group)) or (
        len(group) == 1 and is_cjk(group[0].surface[-1]) and concept.surface in _SUFFIXES
    )


def _is_single(concept: Concept) -> bool:
    return len(concept.surface) == 1 and is_cjk(concept.surface)


def _whole(group: Sequence[Concept]) -> Iterable[Concept]:
    if len(group) == 1 and not _is_single(group[0]):
        yield group[0]
    else:
        yield from _run("".join(concept.surface for concept in group))


def _compared_apart(plain: str, placed: Iterable[tuple[int, Concept]]) -> Iterable[tuple[int, Concept]]:
    """Yield the concepts, what compares ("最重的", "第二大") apart from words that a dictionary did not divide or divided elsewhere."""
    found = list(_COMPARES_ZH.finditer(plain)) if any(sign in plain for sign in "最更较第") else []
    spans = [span for match in found for span in (match.span("most"), match.span("many")) if span[0] < span[1]]
    for at, concept in placed:
        end = at + len(concept.surface)
        cut = [(max(a, at), min(b, end)) for a, b in spans if a < end and at < b]
        if not cut or (concept.sureness >= 1.0 and cut != [(at, end)]):
            yield at, concept
            continue
        for start, stop in itertools.pairwise(sorted({at, end, *(border for span in cut for border in span)})):
            span = next((span for span in spans if span[0] <= start < span[1]), None)
            if span is None:
                yield from ((start + plain[start:stop].find(c.surface), c) for c in _run(plain[start:stop]))
            elif span[0] == start:
                part = plain[start : span[1]]
                yield start, Concept(part, dict.fromkeys(analyze(part), 1.0))


_COMPARES_ZH = pattern(
    rf"(?P<most>(?:最为?|更为?|较为?|第[二三四五六七八九十](?!大学)){ADJECTIVE_ZH}的?)"
    rf"(?P<many>(?<=的)前?(?:[两二三四五六七八九十]|\d{{1,2}}){MEASURE_WORD})?"
)


def _run(run: str) -> Iterable[Concept]:
    for word in (part for whole in FILLERS_ZH.split(run) for part in _BY_WHOM.split(whole)):
        if word:
            yield Concept(word, dict.fromkeys((term for term in analyze(word) if len(term) > 1 or len(word) == 1), 1.0))


_BY_WHOM = pattern(r"(?<![理自缘])由(?!于)")


def _is_filler(surface: str) -> bool:
    if has_cjk(surface):
        return not FILLERS_ZH.sub("", surface).strip()
    words = re.sub(r"['’]\w*", "", surface).split()
    return all(word in FILLERS_EN or word in STOP_WORDS for word in words)


def _needle(concept: Concept, index: Index) -> Needle:
    own = {term for term in analyze(concept.surface) if term not in STOP_WORDS}
    if len(concept.surface) > 1 and all(map(is_cjk, concept.surface)):
        own = {term for term in own if len(term) > 1}
    others = tuple((term, weight) for term, weight in concept.terms.items() if term not in own)
    alike = tuple((term, SAID_ALIKE) for term in same_terms(concept.surface) if term not in own and index.holds(term))
    others += alike
    held = bool(own) and all(map(index.holds, own))
    known = [index.idf(term) for term in own] if held else [index.idf(term) for term, _ in others if index.holds(term)]
    parts = sum(map(index.holds, own)) / len(own) if own else 0.0  # 每秒写入 may be said apart: 每秒 and 写入
    meant = max(concept.sureness, SAID_ALIKE if alike else 0.0) if known else 0.0
    sureness = 1.0 if held else max(meant, parts)
    weight = max(known, default=UNKNOWN_IDF) if sureness >= DOUBTFUL else UNKNOWN_IDF
    if len(concept.surface) == 1 and is_cjk(concept.surface):
        weight *= SINGLE_CHARACTER
    return Needle(concept.surface, frozenset(own), others, weight, held or bool(known), held, sureness)


MEANT_BY_NAME = (
    0.3  # weight of a translation from which it is the name itself and not a longer gloss with the name in it
)
DOUBTFUL = 0.3  # sureness below which what stands for a word tells nothing of how rare the word is
SAID_ALIKE = 0.4  # weight of a word of the same language that says the same
UNKNOWN_IDF = 6.0  # of a word that no passage has: as much as one that stands in a single passage of 400
SINGLE_CHARACTER = 0.3  # a Chinese character alone is rarely a word; measured with pairs it only adds noise
