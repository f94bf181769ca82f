"""How much of a question the passages speak of: the figures that decide between an answer and a refusal.

Every figure runs from 0 to 1 and does not compare pieces with each other, so it can be held against what was measured
on other questions. Nothing here decides; ``rag.refusals.refusing`` does, with a fitted ``rag.refusals.calibration``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from operator import mul
from typing import Literal, NamedTuple

from corpus.documents import Passage
from corpus.languages import Language, language_of
from corpus.patterns import pattern
from index import Index
from index.hits import Hit
from index.terms import is_cjk
from rag.reading.drafts import Draft, Statement
from rag.reading.scoring import LABELLED, name_match, needle_match, value_fit
from rag.reading.selecting import IDLE
from rag.reading.units import Unit, terms_of, units_of
from rag.refusals.naming import names_carried, names_written, words_in_names, written_carried
from rag.understanding.grammar import ABSTRACT_NOUNS, CUES, LABELS, Kind, kind_of, says_size
from rag.understanding.mentions import Mention, mention_strength
from rag.understanding.questions import Clause, Needle, Question

Sort = Literal["few", "listed", "valued", "other", "valued_abroad", "other_abroad"]

NAME_GATE = 0.8  # from which name match a piece is about a name: it says it, or stands right under it
VALUE_WEIGHT = 3.0  # of showing a value of the kind asked for, beside words that weigh their idf
NAME_WEIGHT = 4.0  # of a name that may be a common word
UNCOUNTED = 0.4  # what a piece is worth that does not have the noun that is counted
UNCOUNTED_LOOSELY = 0.8  # the same where another word may say it: no dictionary leads there, or no name is sure
UNKNOWN_NOUN = 0.08  # what it is worth when no passage has the noun that is asked for
PARTLY = 0.15  # match, as evidence, of an unknown compound with two thirds of its letters
SHORT_QUESTION = 3  # words up to which that noun is all that tells what is asked
LITTLE = (
    0.3  # weight of "advantage" and "larger": who names an advantage does not call it one, who gives a size neither
)
ONE_OF_MANY = 0.5  # what a piece in the other language is worth that has a single word of many
FOREIGN_UNKNOWN = 0.4  # weight of a word that no passage has, when the documents are in the other language
HALF = 0.5  # match from which a text has a word
MOST_SAID = 0.6  # share of the weight of a list's conditions that a sentence must say
RAREST = 0.85  # of the greatest weight of a condition, from which one must be said
FEW_PASSAGES = 60  # of an index from which a search finds nearly all of them whatever is asked
NEAR_EACH_OTHER = 0.5  # how surely a passage is about all names that it says, beside 1 for one piece
IN_FULL = 0.7  # match, as evidence, of a word that is written in full
FEW_LETTERS = 3  # of a piece, up to which it is in no language
LONG_QUESTION = 8  # words and names from which a question counts as long

_EVENT = pattern(r"成立|建成|开始")
_YEAR = pattern(r"(?<![\d.])(?:1[0-9]|20)\d\d(?![\d.%s])")  # no "1700s"
_VALUES: frozenset[Kind] = frozenset({"number", "percentage", "money", "date", "duration"})
_SHOWN: frozenset[Kind] = _VALUES | {"venue", "language", "definition", "organisation", "person", "reason", "lineage"}
_TOLD_BY_KIND: frozenset[Kind] = frozenset(
    {"organisation", "person", "venue", "money", "date", "duration", "percentage", "definition", "lineage"}
)
_LISTS: frozenset[Kind] = frozenset({"list", "superlative", "count"})
_APART = _LISTS | {
    "definition",
    "lineage",
    "link",
    "method",
    "opinion",
}  # what is asked for need not stand beside the name


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an answer, each figure from 0 (nothing) to 1 (all of it), and the class of the question.

    ``together`` is the share of the question's words, names and kind of value that the best single piece has, ``passage``
    that of its words and names in the best passage, ``shown`` in the best statement of the draft with what it stands
    under, ``said`` that of its words in the draft itself, and ``asked`` how much some piece has of the noun that the
    question word belongs to. ``length`` grows with the question, to 1 for eight words.
    """

    together: float
    passage: float
    shown: float
    said: float
    asked: float
    named: float  # how surely the draft is about that name of the question which it is least about
    beside: float  # how surely some piece is about all names of the question at once
    absent: float  # how surely some word or name of the question stands in no passage, in no form and no language
    absent_open: float  # the same where no number, amount or date is asked for
    absent_alone: float  # the same where nothing is named: that word may be what the question is about
    absent_abroad: float  # the same where the documents are not in the question's language
    undated: float  # share of the years in the question that stand nowhere around what the draft cites
    length: float
    foreign: float  # share of the passages that are in another language than the question
    unnamed: bool  # nothing is named
    unheard: float  # share of the names that the index does not hold; less where names are written otherwise
    valued: bool  # a number, an amount, a date is asked for
    listed: bool  # several things are asked for
    few: bool  # nothing is named and the index is so small that what is found, or a word that it lacks, tells little
    elsewhere: float  # how much more of what is asked a piece has that is not about what is named
    valueless: float  # how surely what is named has no value of the kind that is asked for
    abroad: float  # share of the draft that stands in another language than the question's

    @property
    def sort(self) -> Sort:
        """The class of the question, by what an answer must show and in which language: each has a threshold of its own."""
        if self.few or self.listed:
            return "few" if self.few else "listed"
        if self.abroad > HALF:
            return "valued_abroad" if self.valued else "other_abroad"
        return "valued" if self.valued else "other"

    def figures(self) -> dict[str, float]:
        """Return all of it as numbers by name; ``log_together`` tells little evidence from none.

        ``passage_long`` lets the best passage count more for a long question, whose words no single piece needs to have.
        """
        plain = {item.name: float(getattr(self, item.name)) for item in fields(self)}
        own = {"log_together": math.log(self.together + 0.05), "passage_long": self.passage * self.length}
        return plain | own


def weigh(question: Question, hits: Sequence[Hit], draft: Draft, index: Index) -> Evidence:
    """Return the evidence that the passages, and the draft made from them, hold for a question."""
    few = len(index) < FEW_PASSAGES and not question.mentions
    foreign = foreign_share(question, hits)
    units = [unit for unit in units_of(hits) if unit.kind != "heading"]
    written = names_written(question, units)
    within = words_in_names(question, written, units)
    weights = [0.0 if n.surface in within else _weight(n, question, foreign) for n in question.needles]
    kinds_said = [_kind_said(needle, question) for needle in question.needles]
    best = [0.0] * len(weights)
    together = 0.0
    matched = {unit: _matches(unit, question, kinds_said) for unit in units}
    for unit in _about(units, question):
        matches = matched[unit]
        best = list(map(max, best, matches))
        for clause in question.clauses:
            share = _share(unit, clause, question, weights, matches, foreign=foreign > 0.5)
            share *= written_carried(unit, written)
            if share > together:  # else it is no more whatever it is worth
                asked = _of_what_is_asked(clause, question, matches, foreign=foreign > 0.5)
                together = max(together, share * asked)
    text = terms_of(" ".join(statement.text for statement in draft.statements))
    kinds = {clause.kind for clause in question.clauses}
    valued = bool(kinds) and kinds <= _VALUES
    lost = max((1.0 - needle.sureness for needle in telling(question)), default=0.0)
    absent = 0.0 if few else lost * question.spoken
    told = [(statement, _behind(statement, units)) for statement in draft.statements]
    abroad = _abroad(told, question)
    return Evidence(
        together=together,
        passage=max(
            (_covered(pieces, "", question, weights, kinds_said) for pieces in _by_passage(units)), default=0.0
        ),
        shown=max(
            (_covered(pieces, statement.text, question, weights, kinds_said) for statement, pieces in told), default=0.0
        ),
        said=_weighted(weights, [needle.found_in(text) * needle.sureness for needle in question.needles]),
        asked=_asked(question, best),
        named=min((_told_of(mention, told) for mention in question.mentions), default=1.0),
        beside=_beside(units, question),
        absent=absent,
        absent_open=0.0 if valued else absent,
        absent_alone=0.0 if question.mentions else absent,
        absent_abroad=0.0 if few or question.spoken else lost * foreign,
        undated=_undated(question, told),
        length=min(1.0, len(question.needles) / LONG_QUESTION),
        foreign=foreign,
        unnamed=not question.mentions,
        unheard=_unheard(question) * (1.0 if question.spoken else max(1.0 - foreign, _native(told, question))),
        valued=valued,
        listed=question.several or bool(kinds & _LISTS),
        few=few,
        elsewhere=_elsewhere(matched, weights, question, written),
        valueless=(1.0 - abroad) * (valued and together <= 0),
        abroad=abroad,
    )


def telling(question: Question) -> list[Needle]:
    """Return the words of a question that an answer must speak of: not those that only ask, relate or say the kind of answer."""
    kinds = {kind for clause in question.clauses for kind in _kinds_told(clause)}
    return [
        needle
        for needle in question.needles
        if len(needle.surface) > 1
        and needle.surface not in ABSTRACT_NOUNS
        and not IDLE.fullmatch(needle.surface)
        and not (question.size and says_size(needle.surface))
        and not any(_says_kind(needle.surface, kind) for kind in kinds)
    ]


def says_all(question: Question, text: str) -> bool:
    """Tell whether a text has every name of a question and the words that say what is looked for: the rarest and most of the others.

    Amounts and years set limits: "after 2016" is said by another year.
    """
    terms = terms_of(text)
    asked = {noun for clause in question.clauses for noun in clause.asked}
    words = [n for n in telling(question) if n.surface not in asked and not re.search(r"\d", n.surface)]
    named = all(mention_strength(text, mention) > 0 for mention in question.mentions if mention.held)
    said = [needle for needle in words if needle.found_in(terms) * needle.sureness >= HALF]
    rarest = max((needle.weight for needle in words), default=0.0)
    most = sum(needle.weight for needle in said) >= MOST_SAID * sum(needle.weight for needle in words)
    return named and most and all(needle in said for needle in words if needle.weight >= RAREST * rarest)


def years_of(question: Question) -> list[str]:
    """Return the years that a question says, those in its names left out."""
    named = " ".join(mention.surface for mention in question.mentions)
    return [year for year in _YEAR.findall(question.text) if year not in named]


def _matches(unit: Unit, question: Question, kinds_said: Sequence[_KindSaid | None]) -> list[float]:
    """Return how much of each word of a question a piece has, as evidence."""
    matches = []
    for needle, said in zip(question.needles, kinds_said, strict=True):
        match = _firm(needle, unit, question)
        if 0 < match < IN_FULL:  # its characters stand there
            match = max(match, _in_full(needle, unit))
        matches.append(max(match, _as_kind(said, unit, question)) if said else match)
    return matches


def _in_full(needle: Needle, unit: Unit) -> float:
    """Return how surely a piece says in full what a Chinese word of two characters shortens: 开源 and 开放源代码."""
    word = needle.surface
    short = len(word) == 2 and all(map(is_cjk, word))
    return IN_FULL if short and word[0] in unit.text and _says_apart(word, unit.text) else 0.0


def _says_apart(word: str, text: str) -> bool:
    """Tell whether a text has the characters of a word with one or two Chinese ones between them.

    A pattern for each word would take longer to compile than all pieces take to be looked through.
    """
    for start in (at for at, character in enumerate(text) if character == word[0]):
        between = text[start + 1 : start + 3]
        for length in range(1, len(between) + 1):
            if not "\u4e00" <= between[length - 1] <= "\u9fff":
                break
            if text.startswith(word[1], start + 1 + length):
                return True
    return False


def _elsewhere(
    matched: Mapping[Unit, Sequence[float]], weights: Sequence[float], question: Question, written: Sequence[str]
) -> float:
    """Return how much more of what is asked a piece has than any that is about what is named, in documents that tell of it.

    "Her captain" below another ship's name answers no question for the captain of this one. Several things that are asked for may
    stand apart.
    """
    kinds = {clause.kind for clause in question.clauses}
    several = question.side_by_side or question.several or len(question.clauses) > 1 or len(question.mentions) > 1
    if several or kinds & _APART or not any(weights):
        return 0.0
    if not written and not any(mention.held for mention in question.mentions):
        return 0.0
    carried = {unit: names_carried(unit, question, written) for unit in matched}
    there = {unit.document.id for unit, named in carried.items() if named >= HALF}
    anywhere = about = 0.0
    for unit, matches in matched.items():
        if unit.document.id in there:
            share = _weighted(weights, matches) * max(_shown(unit, clause, question) for clause in question.clauses)
            anywhere, about = max(anywhere, share), max(about, share * carried[unit])
    return anywhere - about


def _shown(unit: Unit, clause: Clause, question: Question) -> float:
    return min(1.0, value_fit(unit, clause, question)) if clause.kind in _SHOWN else 1.0


def _abroad(told: Sequence[tuple[Statement, list[Unit]]], question: Question) -> float:
    """Return the share of the statements, where pieces are behind them, that stand in another language than the question's."""
    home = [any(_language(unit) == question.language for unit in pieces) for _, pieces in told if pieces]
    return 1.0 - sum(home) / len(home) if home else 0.0


def _language(unit: Unit) -> str:
    """Return the language of a piece; that of its document where it is too short to tell."""
    letters = sum(map(str.isalpha, unit.text))
    return language_of(unit.text) if letters > FEW_LETTERS else unit.document.language


def _undated(question: Question, told: Sequence[tuple[Statement, list[Unit]]]) -> float:
    """Return the share of the years of a question that neither what is told nor its passage, heading and title say."""
    years = years_of(question)
    if not years:
        return 0.0
    said = [statement.text for statement, _ in told]
    said += [f"{u.passage.context} {u.passage.text} {u.document.title}" for _, pieces in told for u in pieces]
    return sum(not any(year in text for text in said) for year in years) / len(years)


def _unheard(question: Question) -> float:
    names = question.mentions
    return sum(not mention.held for mention in names) / len(names) if names else 0.0


def _native(told: Iterable[tuple[Statement, list[Unit]]], question: Question) -> float:
    """Return the share of a draft's statements that stand in the question's language: they would write its names as it does."""
    spoken = [any(language_of(unit.text) == question.language for unit in pieces) for _, pieces in told if pieces]
    return sum(spoken) / len(spoken) if spoken else 0.0


def foreign_share(question: Question, hits: Sequence[Hit]) -> float:
    """Return the share of the passages that are in another language than the question.

    A document may hold both: what a passage itself is written in counts, where its document's language is another one.
    """
    other = [hit.passage.document.language not in (question.language, "") and
             _written_in(hit.passage.text) != question.language for hit in hits]  # fmt: skip
    return sum(other) / len(other) if other else 0.0


@lru_cache(maxsize=1024)
def _written_in(text: str) -> Language:
    """Return the language of a passage; remembered, because the next questions find the same ones."""
    return language_of(text)


def _about(units: Iterable[Unit], question: Question) -> Iterator[Unit]:
    """Yield the pieces that are about what is named."""
    gates = [mention for mention in question.mentions if mention.sure and mention.held]
    soft = [mention for mention in question.mentions if mention.held and not mention.sure]
    for unit in units:
        if _is_about(unit, gates) and _is_near(unit, soft):
            yield unit


def _behind(statement: Statement, units: Iterable[Unit]) -> list[Unit]:
    """Return the pieces that a statement of a draft stands on."""
    places: dict[str, list[tuple[int, int]]] = {}
    for span in statement.sources:
        places.setdefault(span.document.id, []).append((span.start, span.end))
    there = [(unit, places[id_]) for unit in units if (id_ := unit.passage.document_id) in places]
    return [unit for unit, spans in there if any(unit.start < end and start < unit.end for start, end in spans)]


def _by_passage(units: Iterable[Unit]) -> Iterable[list[Unit]]:
    passages: dict[tuple[str, int], list[Unit]] = {}
    for unit in units:
        passages.setdefault((unit.document.id, unit.passage.start), []).append(unit)
    return passages.values()


def _covered(
    units: Sequence[Unit],
    text: str,
    question: Question,
    weights: Sequence[float],
    kinds_said: Sequence[_KindSaid | None],
) -> float:
    """Return the share of the question's words and names that pieces and a text have together, each where it is said best."""
    terms = terms_of(text)
    matches = []
    for needle, said in zip(question.needles, kinds_said, strict=True):
        match = max([needle.found_in(terms), *[needle_match(needle, unit) for unit in units]]) * needle.sureness
        matches.append(max([match, *[_as_kind(said, unit, question) for unit in units]]) if said else match)
    matches += [_named(mention, units, text) for mention in question.mentions]
    return _weighted([*weights, *[NAME_WEIGHT] * len(question.mentions)], matches)


def _named(mention: Mention, units: Iterable[Unit], text: str) -> float:
    return max((name_match(mention, unit) for unit in units), default=mention_strength(text, mention) if text else 0.0)


def _told_of(mention: Mention, told: Iterable[tuple[Statement, list[Unit]]]) -> float:
    """Return how surely a statement of a draft is about a name; one that a table gave need not stand in the passages."""
    return max((_named(mention, pieces, statement.text) for statement, pieces in told), default=0.0)


def _beside(units: Iterable[Unit], question: Question) -> float:
    """Return how surely one piece is about all names of a question; 1 for a single one, and where each has its own answer."""
    if len(question.mentions) < 2 or question.side_by_side:
        return 1.0
    close = max((min(name_match(mention, unit) for mention in question.mentions) for unit in units), default=0.0)
    return max(close, NEAR_EACH_OTHER * any(_all_near(pieces[0].passage, question) for pieces in _by_passage(units)))


def _all_near(passage: Passage, question: Question) -> bool:
    """Tell whether a passage, with what it stands under, says all names of a question."""
    said = f"{passage.context} {passage.text}"
    return all(mention_strength(said, mention) == 1.0 for mention in question.mentions)


def _weighted(weights: Sequence[float], matches: Sequence[float]) -> float:
    whole = sum(weights)
    return sum(map(mul, weights, matches)) / whole if whole else 1.0


def _asked(question: Question, best: Sequence[float]) -> float:
    """Return how much of the nouns that are asked for some piece has; 1 where they only say the kind, as "which company"."""
    telling = [clause for clause in question.clauses if clause.kind in _VALUES or clause.kind not in _SHOWN]
    nouns = {noun for clause in telling for noun in (*clause.asked, *clause.modifiers)} - ABSTRACT_NOUNS
    matches = [match for needle, match in zip(question.needles, best, strict=True) if needle.surface in nouns]
    return min(matches, default=1.0)


def _share(
    unit: Unit,
    clause: Clause,
    question: Question,
    weights: Sequence[float],
    matches: Sequence[float],
    *,
    foreign: bool,
) -> float:
    """Return the share of the question's words, its uncertain names and the kind of value asked for that a unit has."""
    if foreign and not question.mentions:
        told = [
            match >= 0.5 for needle, match in zip(question.needles, matches, strict=True) if len(needle.surface) > 1
        ]
        if len(told) > 2 and sum(told) < 2:
            matches = [match * ONE_OF_MANY for match in matches]
    several = len(question.mentions) > 1 and clause.kind not in _VALUES and sum(m.sure for m in question.mentions) > 1
    names = [mention for mention in question.mentions if several or not mention.sure]
    held = sum(map(mul, weights, matches)) + sum([NAME_WEIGHT * name_match(mention, unit) for mention in names])
    whole = sum(weights) + NAME_WEIGHT * sum([FOREIGN_UNKNOWN if foreign and not m.held else 1.0 for m in names])
    return _with_value(held, whole, unit, clause, question)


def _firm(needle: Needle, unit: Unit, question: Question) -> float:
    """Return a match as evidence: half a word proves little, nor does a translation where the language is the same."""
    match = needle_match(needle, unit) * needle.sureness
    if match and not needle.known and unit.document.language == question.language:
        match *= 0.5
    return match if match >= 1.0 else match**1.5


class _KindSaid(NamedTuple):
    """A clause as asked for the kind of answer that a word says; ``only`` where the word says nothing else."""

    clause: Clause
    only: bool


def _kind_said(needle: Needle, question: Question) -> _KindSaid | None:
    """Return which kind of answer a word says that is asked for, or a field that is named after it; None for most words."""
    if question.size and says_size(needle.surface):
        return _KindSaid(question.clauses[0], only=True)
    for clause in question.clauses:
        for kind in _kinds_told(clause):
            only = _says_kind(needle.surface, kind)
            if only or _names_field(needle.surface, kind):
                return _KindSaid(replace(clause, kind=kind), only)
    return None


def _as_kind(said: _KindSaid, unit: Unit, question: Question) -> float:
    """Return how much a piece has of a word that only says the kind of answer, by showing such an answer.

    "Which company launched it" is told by "made by Basalt Labs": neither word need stand there. A field that is named after
    what is asked tells what fields are named after: "Year: 1998" when it was published.
    """
    value = value_fit(unit, said.clause, question)
    return min(1.0, value) if said.only else float(value >= LABELLED)


@lru_cache(maxsize=1 << 14)
def _names_field(word: str, kind: Kind) -> bool:
    return kind in LABELS and LABELS[kind].match(word) is not None


def _kinds_told(clause: Clause) -> tuple[Kind, ...]:
    """Return the kinds of answer that a clause asks for; of a list the kinds that its members may be: "which companies"."""
    if clause.kind in _TOLD_BY_KIND:
        return (clause.kind,)
    return ("organisation", "person") if clause.kind in _LISTS else ()


@lru_cache(maxsize=1 << 14)
def _says_kind(word: str, kind: Kind) -> bool:
    """Tell whether a word only says which kind of answer is asked for: "company", "钱", "launched"."""
    if kind == "date" and _EVENT.match(word):
        return False  # the date of another event tells nothing of it
    cue = CUES.get(kind)
    one = re.sub(r"ies$", "y", word) if word.endswith("ies") else word.removesuffix("s")
    asking = (
        (f"什么{word}?", f"多少{word}?", f"{word}之几?") if is_cjk(word[0]) else (f"which {word}?", f"which {one}?")
    )
    return bool(cue and cue.search(word)) or any(kind_of(text) == kind for text in asking)


def _of_what_is_asked(clause: Clause, question: Question, matches: Sequence[float], *, foreign: bool) -> float:
    """Return how much a match is worth: little when the very noun that is asked for is missing.

    "How many dishes" needs the dishes; "what gearbox" needs the gearbox, unless a longer question describes it anyway;
    and "cache size" needs the cache: a generic noun says nothing without the word before it.
    """
    pairs = list(zip(question.needles, matches, strict=True))
    if clause.modifiers:
        return 0.15 + 0.85 * min((m for n, m in pairs if n.surface in clause.modifiers), default=1.0)
    keys = [(n, match) for n, match in pairs if n.surface in clause.asked and n.surface not in ABSTRACT_NOUNS]
    if not keys or question.size:
        return 1.0
    if clause.kind in ("number", "count") and _is_nowhere(keys, question, foreign=foreign):
        return UNKNOWN_NOUN
    if clause.kind == "number":
        gap = foreign and not any(needle.held for needle, _ in keys)
        plain = not any(mention.sure for mention in question.mentions)
        least = UNCOUNTED_LOOSELY if gap or plain else UNCOUNTED
        return least + (1 - least) * max(match for _, match in keys)
    if clause.kind in _SHOWN:
        return 1.0  # the noun only says the kind: which company, at which conference
    telling = [needle for needle in question.needles if len(needle.surface) > 1]
    unknown = not foreign and not any(needle.known or match >= 0.5 for needle, match in keys)
    unknown = unknown or not any(needle.held for needle, _ in keys)
    return UNKNOWN_NOUN if unknown and len(telling) <= SHORT_QUESTION else 1.0


def _is_nowhere(keys: Sequence[tuple[Needle, float]], question: Question, *, foreign: bool) -> bool:
    """Tell whether what is counted is what tells most of the question, and no passage says it in any words.

    Where the question's language is not that of the documents at all, the dictionary may just not know the word.
    """
    if foreign and not any(needle.known and len(needle.surface) > 1 for needle in question.needles):
        return False
    most = max(needle.weight for needle in question.needles)
    return not any(needle.held or match >= PARTLY for needle, match in keys) and any(n.weight >= most for n, _ in keys)


def _with_value(held: float, whole: float, unit: Unit, clause: Clause, question: Question) -> float:
    """Return the share of the question that a unit has, the kind of value that is asked for included."""
    if clause.kind not in _SHOWN:
        return held / whole if whole else 1.0
    value = min(1.0, value_fit(unit, clause, question))
    share = (held + VALUE_WEIGHT * value) / (whole + VALUE_WEIGHT)
    return 0.0 if clause.kind in _VALUES and value == 0 else share


def _is_about(unit: Unit, gates: Sequence[Mention]) -> bool:
    return not gates or max(name_match(mention, unit) for mention in gates) >= NAME_GATE


def _is_near(unit: Unit, names: Sequence[Mention]) -> bool:
    """Tell whether a name that may be a common word stands in the same passage or above it: sentences say "it"."""
    passage = unit.passage
    around = (passage.text, passage.context)
    return not names or any(mention_strength(text, mention) > 0 for mention in names for text in around)


def _weight(needle: Needle, question: Question, foreign: float) -> float:
    if question.kind == "definition" and _says_kind(needle.surface, "definition"):
        return 0.0  # "define": whoever defines does not say so
    if needle.surface in ABSTRACT_NOUNS or IDLE.fullmatch(needle.surface):
        return needle.weight * LITTLE
    return needle.weight if needle.held else needle.weight * (1 - (1 - FOREIGN_UNKNOWN) * foreign)
