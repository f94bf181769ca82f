"""How well a piece of text answers a question: words, names, kind of value, and the passage it stands in.

A concept counts once however many of its spellings occur, and weighs more the fewer of the pieces at hand have it:
what all candidates share cannot tell the right one (worth 7 points of accuracy over corpus-wide weights).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import mul
from typing import NamedTuple

from corpus.documents import Passage
from corpus.patterns import pattern
from index.hits import Hit
from index.terms import STOP_WORDS
from rag.reading.records import with_unit
from rag.reading.units import Unit, terms_of
from rag.reading.widths import columns
from rag.understanding.defining import SAYS_WHAT_IT_IS, defines, term_to_define
from rag.understanding.grammar import CUES, LABELS, SIZE_VALUE, VALUE_PATTERNS, Kind, fits_dimension, length_fit
from rag.understanding.mentions import Mention, mention_strength, quoted_titles
from rag.understanding.questions import SINGLE_CHARACTER, Clause, Needle, Question

# Where a concept stands, relative to a unit's own text (1.0). Set by hand, then checked on CMRC, XQuAD and own questions.
IN_LEAD, IN_TOPIC, IN_PATH, IN_BEFORE, IN_OPENING = 0.8, 0.6, 0.45, 0.5, 0.4
NAME_IN_TOPIC, NAME_REFERRED, NAME_IN_BEFORE, NAME_IN_PATH, NAME_IN_FILE = 0.85, 0.82, 0.55, 0.45, 0.79
NAME_IN_OPENING = 0.65
SAID_OF_ANOTHER = 0.9  # of a piece that mentions the name but is about another one
VALUE_OF_ANOTHER = 0.5  # of a number, an amount or a date in such a piece: it is likely that other one's
NAME_FLOOR = 0.45  # what is left of a unit's words when it is about none of the names
NAME_WEIGHT = 1.6  # of a name against a word of the same rarity
VALUE_WEIGHT = 0.25  # of showing a value of the kind asked for
LABELLED = 2.5  # fit of a field or column that is named after what is asked, beside 1 for any other value of the kind
VALUE_WEIGHTS: dict[Kind, float] = {"number": 0.5, "definition": 0.5, "reason": 0.4, "opinion": 0.4}
PASSAGE_WEIGHT = 0.42  # of the passage's own score
SHARE_OF_COST = 0.5  # fit of a share where a question asks how much of a cost is saved: half of it is an answer
WITHOUT_VALUE = 0.8  # what is left of a piece without any number when a number is asked for
MEASURED: frozenset[Kind] = frozenset({"number", "percentage", "money", "date", "duration", "count"})
SHORT_HEADING = 40  # columns up to which a heading only names something
LITERAL_WEIGHT = 0.2  # of the literal words of an English question, beside its concepts
ELSEWHERE = 0.5  # weight, for one clause of a question, of the words of its other clauses
HEADING_PENALTY = 0.5  # headings and bare reference entries name things but say nothing of them


class Scored(NamedTuple):
    """A unit with what speaks for it; ``total`` decides.

    ``words`` and ``names`` are the shares (0 to 1) of the question's concepts and names that it has, ``value`` how well
    it shows the kind of value asked for.
    """

    unit: Unit
    total: float
    words: float
    names: float
    value: float
    matched: tuple[float, ...] = ()


def scores_of(question: Question, units: Sequence[Unit], hits: Sequence[Hit]) -> Mapping[Unit, Scored]:
    """Return how well each unit answers the question; remembered, because often all that was found is packed, and then read."""
    shares = _shares(hits)
    for before, scored in question.scored:
        if before == shares and scored.keys() == set(units):
            return scored
    scorer = Scorer(question, units, hits)
    scores = {unit: scorer.score(unit) for unit in units}
    question.scored.append((shares, scores))
    return scores


class Scorer:
    """Scores the units that it is given, for one question; the weights come from the units themselves."""

    def __init__(self, question: Question, units: Sequence[Unit], hits: Sequence[Hit] = ()) -> None:
        self.question = question
        self._shares = _shares(hits)
        self._needles = question.needles
        matches = [[_needle_carried(needle, unit) for unit in units] for needle in self._needles]
        named = [[name_carried(mention, unit) for unit in units] for mention in question.mentions]
        self._seen = dict(zip(units, zip(_rows(matches, units), _rows(named, units), strict=True), strict=True))
        self._weights = list(map(_weight, self._needles, matches))
        self._word_total = sum(self._weights)
        self._name_weights = list(map(_name_weight, named))
        self._name_total = sum(self._name_weights)
        self._letters = _letters(question, units)
        self._letter_total = sum(self._letters.values()) or 1.0

    def score(self, unit: Unit, clause: Clause | None = None) -> Scored:
        """Return how well a unit answers the question, or one clause of it."""
        matched, named = self._seen[unit]
        weights = self._weights_for(clause) if clause else self._weights
        word_total, name_total = sum(weights) if clause else self._word_total, self._name_total
        words = sum(map(mul, weights, matched))
        names = sum(map(mul, self._name_weights, named))
        asked = clause or self.question.clauses[0]
        beside_it = not words and not names and word_total + name_total > 0  # no value of it can be the one asked for
        value = 0.0 if beside_it else value_fit(unit, asked, self.question)
        if asked.kind in MEASURED and named and max(named) == SAID_OF_ANOTHER:
            value *= VALUE_OF_ANOTHER
        both = (words + names) / max(word_total + name_total, 1e-9) + self._literal(unit)
        if name_total:
            both *= NAME_FLOOR + (1 - NAME_FLOOR) * names / name_total
        total = both + VALUE_WEIGHTS.get(asked.kind, VALUE_WEIGHT) * value
        total += PASSAGE_WEIGHT * self._shares.get(_place(unit.passage), 0.0)
        if asked.kind in MEASURED and value == 0:
            total *= WITHOUT_VALUE
        if unit.kind == "reference" or only_names(unit) or (value <= 0.5 and _only_points(unit, self._needles)):
            total *= HEADING_PENALTY
        return Scored(
            unit,
            total,
            words / word_total if word_total else 0.0,
            names / name_total if name_total else 1.0,
            value,
            matched,
        )

    def _literal(self, unit: Unit) -> float:
        """Return what the question's own words in a unit add, small ones such as "after" included."""
        if not self._letters or self._letters.keys().isdisjoint(unit.terms):
            return 0.0
        said = sum(weight for term, weight in self._letters.items() if term in unit.terms)
        return LITERAL_WEIGHT * said / self._letter_total

    def _weights_for(self, clause: Clause) -> list[float]:
        """Return the needles' weights for one clause of a question: its own words count most."""
        own = clause.text.lower()
        return [w if n.surface in own else w * ELSEWHERE for n, w in zip(self._needles, self._weights, strict=True)]


def _rows(columns: Sequence[Sequence[float]], units: Sequence[Unit]) -> Iterable[tuple[float, ...]]:
    """Return what each unit has in each column."""
    return zip(*columns, strict=True) if columns else repeat((), len(units))


def is_heading(unit: Unit) -> bool:
    """Tell whether a piece is a heading."""
    return unit.kind == "heading" or unit.text.startswith("#")


def only_names(unit: Unit) -> bool:
    """Tell whether a piece names something but says nothing of it: a short heading, or the cell that names its row."""
    if unit.kind == "cell":
        return unit.text == unit.topic
    return is_heading(unit) and columns(unit.text) <= SHORT_HEADING


_POINTS = pattern(r"(?P<label>[^:：。！？]{2,60})[:：]\s*(?P<names>.+)", re.DOTALL)
_TITLES = pattern(r"《[^《》]*》|[“\"][^”\"]*[”\"]")
_ONE_NAME = pattern(r"[A-Z][\w.+-]*(?: [A-Z\d][\w.+-]*){0,3}")


def _only_points(unit: Unit, needles: Sequence[Needle]) -> bool:
    """Tell whether an item only points at titles or names under a label that nobody asked for: "See also: …"."""
    label = _label_of_names(unit.text) if unit.kind == "item" else None
    if label is None:
        return False
    terms = terms_of(label)
    return not any(needle.found_in(terms) >= 0.5 for needle in needles)


@lru_cache(maxsize=1 << 12)
def _label_of_names(text: str) -> str | None:
    """Return the label under which an item lists nothing but titles or names; None if it says more."""
    found = _POINTS.fullmatch(text.strip())
    if found is None or "//" in found["names"]:
        return None
    rest = [part for part in re.split(r"[、,，;；/]", _TITLES.sub("", found["names"])) if part.strip()]
    return found["label"] if all(_ONE_NAME.fullmatch(part.strip()) for part in rest) else None


def _shares(hits: Sequence[Hit]) -> dict[tuple[str, int], float]:
    """Return the score of each passage as a share of the best one's."""
    top = max((hit.score for hit in hits), default=0.0) or 1.0
    return {_place(hit.passage): hit.score / top for hit in hits}


def _place(passage: Passage) -> tuple[str, int]:
    return passage.document_id, passage.start


def name_match(mention: Mention, unit: Unit) -> float:
    """Return how surely a unit is about a name: it says so, or it stands under it."""
    strength = mention.strengths.get(unit)
    if strength is None:
        strength = mention.strengths[unit] = _name_match(mention, unit)
    return strength


def _name_match(mention: Mention, unit: Unit) -> float:
    said = 1.0 if mention.normal in unit.terms else mention_strength(unit.text, mention)
    if said == 1.0 and unit.subject and mention_strength(unit.subject, mention) < 1.0:
        said = SAID_OF_ANOTHER
    if said == 1.0:
        return said
    document = unit.document
    place = (unit.topic, unit.path, document.title, document.id)  # many pieces stand there
    match = mention.strengths.get(place)
    if match is None:
        match = mention.strengths[place] = max(
            NAME_IN_TOPIC * mention_strength(unit.topic, mention),
            NAME_IN_PATH * mention_strength(unit.path, mention),
            NAME_IN_PATH * mention_strength(document.title, mention),
            NAME_IN_FILE * mention_strength(_file_name(document.id), mention),
        )
    match = max(said, match)
    if unit.lead:
        match = max(match, 0.95 * mention_strength(unit.lead, mention))
    if unit.before and (before := mention_strength(unit.before, mention)):
        match = max(match, (NAME_REFERRED if unit.refers_back else NAME_IN_BEFORE) * before)
    return match


@lru_cache(maxsize=4096)
def _file_name(document_id: str) -> str:
    """Return the last part of a path or address without its ending: what its writer called the document."""
    return re.sub(r"\.\w{1,5}$", "", document_id.rstrip("/").rpartition("/")[2])


def value_fit(unit: Unit, clause: Clause, question: Question) -> float:
    """Return how well a text shows a value of the kind asked for: 1, less when it stands far from what is asked, 0."""
    key = (unit, clause.kind, clause.text)
    fit = question.values.get(key)
    if fit is None:
        fit = question.values[key] = _value_fit(unit, clause, question)
    return fit


def _value_fit(unit: Unit, clause: Clause, question: Question) -> float:
    text = unit.text
    if clause.kind == "definition":
        return 0.0 if unit.kind == "cell" or is_heading(unit) else _defines(text, clause, question)
    if clause.kind in LABELS and (_is_labelled(clause.kind, text) or _is_labelled(clause.kind, unit.lead)):
        return LABELLED
    if clause.kind in ("number", "duration") and (fit := length_fit(clause.text, text)) is not None:
        return fit
    if clause.kind in ("number", "count"):
        return _number_fit(text, clause, question)
    if clause.kind == "person" and _has_cue("organisation", text):
        return 0.7
    shown = with_unit(unit.lead, text) if unit.kind == "cell" else text
    if clause.kind in VALUE_PATTERNS and not _shows_value(clause.kind, shown):
        return SHARE_OF_COST if clause.kind == "money" and _tells_change(clause.text, text) else 0.0
    if clause.kind not in CUES:
        return 1.0 if clause.kind in VALUE_PATTERNS else 0.5
    if clause.kind == "organisation" and _has_cue(clause.kind, text):
        return 0.95 if _defines(text, clause, question) == SAYS_WHAT_IT_IS else 0.7
    return 1.0 if _has_cue(clause.kind, text) else 0.4


_CHANGES = pattern(
    r"省(?!份|级)|降|减|增|涨|\b(?:sav(?:e|es|ed|ing)|reduc|cut|lower|rais|ris(?:e|en)|rose|increas|decreas|f[ae]ll)",
    re.IGNORECASE,
)


def _tells_change(question: str, text: str) -> bool:
    """Tell whether a question asks by how much a cost changes, and a text gives a share."""
    return _CHANGES.search(question) is not None and _shows_value("percentage", text)


# What a text shows whatever the question: remembered, because the next question of the kind looks at the same pieces.


@lru_cache(maxsize=1 << 14)
def _is_labelled(kind: Kind, text: str) -> bool:
    return LABELS[kind].match(text) is not None


@lru_cache(maxsize=1 << 14)
def _shows_value(kind: Kind, text: str) -> bool:
    return VALUE_PATTERNS[kind].search(text) is not None


@lru_cache(maxsize=1 << 14)
def _has_cue(kind: Kind, text: str) -> bool:
    return CUES[kind].search(text) is not None


@lru_cache(maxsize=1 << 12)
def _numbers_in(text: str) -> tuple[tuple[int, int], ...]:
    """Return where numbers stand; those of addresses say nothing."""
    text = _ADDRESS.sub(lambda found: " " * len(found[0]), text)
    return tuple(match.span() for match in VALUE_PATTERNS["number"].finditer(text))


def _defines(text: str, clause: Clause, question: Question) -> float:
    """Return how surely a text says what the named thing, or the term that is to be defined, is."""
    names = [spelling for mention in question.mentions for spelling in mention.spellings]
    term = term_to_define(clause.text) if clause.kind == "definition" else ""
    if term in quoted_titles(clause.text):
        return defines(text, [term])
    return defines(text, [*names, term] if term else names)


WELL_SAID = 0.75  # match from which a word for a size is meant, and not a far translation of it
_NEAR = 10  # characters between a number and what it counts


def _number_fit(text: str, clause: Clause, question: Question) -> float:
    """Return 1 for a number right beside what is counted, 0.5 for one in the same piece, 0.25 for any other."""
    values = _numbers_in(text)
    if not values or not fits_dimension(clause.text, text):
        return 0.0
    if question.size and _is_size(text, question):
        return 1.0
    counted = [needle for needle in question.needles if needle.surface in clause.asked]
    if any(_stands_near(needle, text, values, WELL_SAID if question.size else 0.5) for needle in counted):
        return 1.0
    if question.size and counted:
        return 0.0  # a number of something else
    terms = terms_of(text)
    return 0.5 if not counted or any(needle.found_in(terms) >= 0.5 for needle in counted) else 0.25


def _is_size(text: str, question: Question) -> bool:
    """Tell whether a text gives a size that is not part of another name: that of "LLaMA-13B" says nothing of GPT-3."""
    for size in SIZE_VALUE.finditer(text):
        name = _NAME_BEFORE.search(text, 0, size.start())
        if name is None or any(mention_strength(name[1], mention) == 1.0 for mention in question.mentions):
            return True
    return False


_NAME_BEFORE = pattern(r"([A-Za-z][\w.]*)[-–]$")
_ADDRESS = pattern(r"(?:https?://|www\.)\S+")


def _stands_near(needle: Needle, text: str, values: Iterable[tuple[int, int]], least: float) -> bool:
    """Tell whether a number stands right beside what is counted."""
    return any(needle.found_in(terms_of(text[max(0, start - _NEAR) : end + _NEAR])) >= least for start, end in values)


def needle_match(needle: Needle, unit: Unit) -> float:
    """Return how much of a concept a unit has, 0 to 1; less when only what stands around it does."""
    match = needle.shares.get(unit)
    if match is None:
        match = needle.shares[unit] = _needle_match(needle, unit)
    return match


def _needle_match(needle: Needle, unit: Unit) -> float:
    own = needle.found_in(unit.terms)
    if own >= 1.0:
        return own
    place = (unit.topic, unit.path)  # many pieces stand there
    match = needle.shares.get(place)
    if match is None:
        match = max(IN_TOPIC * needle.found_around(unit.topic), IN_PATH * needle.found_around(unit.path))
        needle.shares[place] = match
    match = max(own, match)
    if unit.lead:
        match = max(match, IN_LEAD * needle.found_around(unit.lead))
    if unit.before:
        match = max(match, IN_BEFORE * needle.found_around(unit.before))
    return match


def _needle_carried(needle: Needle, unit: Unit) -> float:
    """Return how much of a concept a unit has, or carries on from how its section begins.

    Only for comparing pieces: as evidence that something is said at all this would be too little.
    """
    match = needle_match(needle, unit)
    if match >= IN_OPENING or not unit.opening:
        return match
    return max(match, IN_OPENING * needle.found_around(unit.opening))


def name_carried(mention: Mention, unit: Unit) -> float:
    """Return how surely a unit is about a name; one that names nothing itself may go on about what its section begins with."""
    match = name_match(mention, unit)
    if match or not unit.opening:
        return match
    carried = NAME_IN_OPENING * mention_strength(unit.opening, mention)
    return carried if carried and not unit.subject else match


def _weight(needle: Needle, matches: Sequence[float]) -> float:
    """Return a needle's weight from how many of the units at hand have it."""
    having = sum(match >= 0.5 for match in matches)
    rarity = math.log1p(len(matches) / (0.5 + having))
    return rarity * SINGLE_CHARACTER if len(needle.surface) == 1 and not needle.surface.isascii() else rarity


_PLAIN_WORD = pattern(r"(?<![\w-])[a-z]+(?![\w-])")


def _letters(question: Question, units: Sequence[Unit]) -> dict[str, float]:
    """Return the terms of an English question's lower-case words that some unit has, each with its rarity.

    Not for Chinese: there the pairs of characters across words only add noise. Nor where a sure name tells more.
    """
    if question.language != "en" or any(mention.sure for mention in question.mentions):
        return {}
    named = {term for mention in question.mentions for term in terms_of(mention.name)}
    terms = [term for term in terms_of(" ".join(_PLAIN_WORD.findall(question.text))) - named if term not in STOP_WORDS]
    having = {term: sum(term in unit.terms for unit in units) for term in terms}
    return {term: math.log1p(len(units) / (0.5 + count)) for term, count in having.items() if count}


def _name_weight(matches: Sequence[float]) -> float:
    """Return a name's weight from how many of the units at hand are about it."""
    having = sum(match >= 0.5 for match in matches)
    return NAME_WEIGHT * math.log1p(len(matches) / (0.5 + having))
