"""Saying that the documents do not say: decided by the evidence at hand, told in the question's language.

A question is answered only when some piece of the packed passages speaks of what is named *and* of what is asked about
it. Nothing here knows who wrote the draft, and no text of a refusal holds a value that could pass for an answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from index import Index
from index.hits import Hit
from rag.drafts import Draft
from rag.grammar import ABSTRACT_NOUNS, Kind
from rag.mentions import Mention, mention_strength
from rag.questions import Clause, Needle, Question
from rag.scoring import name_match, needle_match, value_fit
from rag.units import Unit, units_of

Reason = Literal["unknown_name", "not_about_it", "off_topic", "nothing_found"]

NEAREST = 3  # passages to show with a refusal

# How much evidence an answer needs, from 0 (nothing of the question) to 1 (all of it in one piece). Chosen by hand on
# own questions over survey documents (68 with an answer, 139 without) and on CMRC and XQuAD with and without the
# passages that hold the gold; `survey-qa` will fit them by a command.
ENOUGH_FOR_VALUE = 0.22  # a number, an amount, a date of something that is named
ENOUGH_FOR_WORDS = 0.05  # anything else about something that is named
ENOUGH_WITHOUT_NAME = 0.2
ENOUGH_FOR_LIST = 0.03
ENOUGH_WITH_UNKNOWN = 0.35  # when a word that may be a name, or all of them, is nowhere

NAME_GATE = 0.8  # from which name match a piece is about a name: it says it, or stands right under it
VALUE_WEIGHT = 3.0  # of showing a value of the kind asked for, beside words that weigh their idf
NAME_WEIGHT = 4.0  # of a name that may be a common word
UNCOUNTED = 0.4  # what a piece is worth that does not have the noun that is counted
UNCOUNTED_LOOSELY = 0.8  # the same where another word may say it: no dictionary leads there, or no name is sure
UNKNOWN_NOUN = 0.08  # what it is worth when no passage has the noun that is asked for
PARTLY = 0.15  # match, as evidence, of an unknown compound with two thirds of its letters
SHORT_QUESTION = 3  # words up to which that noun is all that tells what is asked
ACROSS_LANGUAGES = 0.75  # of the evidence needed, when question and documents are in two languages
LITTLE = 0.3  # weight of "advantage" and the like: who names an advantage does not call it one
ONE_OF_MANY = 0.5  # what a piece in the other language is worth that has a single word of many
FOREIGN_UNKNOWN = 0.4  # weight of a word that no passage has, when the documents are in the other language

_VALUES: frozenset[Kind] = frozenset({"number", "percentage", "money", "date", "duration"})
_SHOWN: frozenset[Kind] = _VALUES | {"venue", "language", "definition", "organisation", "person", "reason", "lineage"}
_LISTS: frozenset[Kind] = frozenset({"list", "superlative", "count"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not answered, what was looked for, and the passages that came nearest."""

    reason: Reason
    searched_for: tuple[str, ...] = ()
    nearest: tuple[Hit, ...] = field(default=(), repr=False)


def decide(question: Question, hits: Sequence[Hit], draft: Draft, index: Index) -> Refusal | None:
    """Return why the draft should not be shown, or None when the documents do say."""
    unknown = tuple(mention.surface for mention in question.mentions if mention.certain and not mention.held)
    if unknown:
        return Refusal("unknown_name", unknown, tuple(hits[:NEAREST]))
    if not draft.statements:
        return nothing_said(question, hits)
    if draft.assured:
        return None
    if any(clause.kind == "link" for clause in question.clauses):
        return None  # a link was found for what is named, or there would be no statement
    if evidence(question, hits) >= _enough(question, foreign=_is_foreign(question, hits)):
        return None
    return Refusal("not_about_it" if question.mentions else "off_topic", _looked_for(question), tuple(hits[:NEAREST]))


def nothing_said(question: Question, hits: Sequence[Hit]) -> Refusal:
    """Return the refusal for a reader that found nothing in the passages."""
    return Refusal("nothing_found", _looked_for(question), tuple(hits[:NEAREST]))


def refusal_text(refusal: Refusal, question: Question) -> str:
    """Return the refusal in words: what was looked for, and that the documents do not say; never a value."""
    if question.language == "zh":
        names = "、".join(refusal.searched_for)
        if refusal.reason == "unknown_name":
            return f"资料里没有提到 {names},无法回答这个问题。"
        return f"资料里没有说明这一点。查找的是:{names}。" if names else "资料里没有说明这一点。"
    names = ", ".join(refusal.searched_for)
    if refusal.reason == "unknown_name":
        return f"The documents do not mention {names}, so they cannot answer this question."
    return f"The documents do not say. Looked for: {names}." if names else "The documents do not say."


def evidence(question: Question, hits: Sequence[Hit]) -> float:
    """Return how much of the question the best single piece has, 0 to 1; 0 when no piece is about what is named.

    Unlike the reader's score it does not compare pieces with each other, so it can be held against a threshold.
    """
    gates = [mention for mention in question.mentions if mention.sure]
    soft = [mention for mention in question.mentions if mention.held and not mention.sure]
    foreign = _is_foreign(question, hits)
    weights = [_weight(needle, foreign=foreign) for needle in question.needles]
    best = 0.0
    for unit in units_of(hits):
        if unit.kind != "heading" and _is_about(unit, gates) and _is_near(unit, soft):
            matches = [_firm(needle, unit, question) for needle in question.needles]
            for clause in question.clauses:
                share = _share(unit, clause, question, weights, matches, foreign=foreign)
                best = max(best, share * _of_what_is_asked(clause, question, matches, foreign=foreign))
    return best


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
    told = [match >= 0.5 for needle, match in zip(question.needles, matches, strict=True) if len(needle.surface) > 1]
    if foreign and not question.mentions and len(told) > 2 and sum(told) < 2:
        matches = [match * ONE_OF_MANY for match in matches]
    several = sum(mention.sure for mention in question.mentions) > 1 and clause.kind not in _VALUES
    names = [mention for mention in question.mentions if several or not mention.sure]
    held = sum(w * m for w, m in zip(weights, matches, strict=True))
    held += sum(NAME_WEIGHT * name_match(mention, unit) for mention in names)
    whole = sum(weights) + NAME_WEIGHT * sum(FOREIGN_UNKNOWN if foreign and not m.held else 1.0 for m in names)
    return _with_value(held, whole, unit, clause, question)


def _firm(needle: Needle, unit: Unit, question: Question) -> float:
    """Return a match as evidence: half a word proves little, nor does a translation where the language is the same."""
    match = needle_match(needle, unit)
    if not needle.known and unit.document.language == question.language:
        match *= 0.5
    return match if match >= 1.0 else match**1.5


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


def _enough(question: Question, *, foreign: bool) -> float:
    """Return the evidence that an answer needs; across languages less, because dictionaries have gaps."""
    enough = _enough_at_home(question, foreign=foreign)
    return enough * ACROSS_LANGUAGES if foreign and enough > ENOUGH_FOR_WORDS else enough


def _enough_at_home(question: Question, *, foreign: bool) -> float:
    kinds = {clause.kind for clause in question.clauses}
    if question.several or kinds & _LISTS:
        return ENOUGH_FOR_LIST
    if not question.mentions:
        return ENOUGH_WITHOUT_NAME
    if not any(mention.held for mention in question.mentions):
        return ENOUGH_WITHOUT_NAME if foreign else ENOUGH_WITH_UNKNOWN
    return ENOUGH_FOR_VALUE if kinds <= _VALUES else ENOUGH_FOR_WORDS


def _is_about(unit: Unit, gates: Sequence[Mention]) -> bool:
    return not gates or max(name_match(mention, unit) for mention in gates) >= NAME_GATE


def _is_near(unit: Unit, names: Sequence[Mention]) -> bool:
    """Tell whether a name that may be a common word stands in the same passage or above it: sentences say "it"."""
    passage = unit.passage
    around = (passage.text, passage.context)
    return not names or any(mention_strength(text, mention) > 0 for mention in names for text in around)


def _is_foreign(question: Question, hits: Sequence[Hit]) -> bool:
    """Tell whether most of the passages are in the other language."""
    languages = Counter(hit.passage.document.language for hit in hits)
    return bool(languages) and languages.most_common(1)[0][0] not in (question.language, "")


def _weight(needle: Needle, *, foreign: bool) -> float:
    if needle.surface in ABSTRACT_NOUNS:
        return needle.weight * LITTLE
    return needle.weight * FOREIGN_UNKNOWN if foreign and not needle.held else needle.weight


def _looked_for(question: Question) -> tuple[str, ...]:
    """Return what a person would want to see: the names, else the words that tell most."""
    asked = [noun for clause in question.clauses for noun in clause.asked if noun not in question.names]
    names = list(question.names) or [n.surface for n in sorted(question.needles, key=lambda n: -n.weight)[:3]]
    return tuple(dict.fromkeys([*names, *asked[:1]]))
