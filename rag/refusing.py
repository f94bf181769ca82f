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
from rag.grammar import GENERIC_HEADS, Kind
from rag.mentions import Mention
from rag.questions import Clause, Needle, Question
from rag.scoring import name_match, needle_match, value_fit
from rag.units import Unit, units_of

Reason = Literal["unknown_name", "not_about_it", "off_topic", "nothing_found"]

NEAREST = 3  # passages to show with a refusal

# How much evidence an answer needs, from 0 (nothing of the question) to 1 (all of it in one piece). Chosen by hand on
# own questions over survey documents (59 with an answer, 139 without) and on CMRC and XQuAD with and without the
# passages that hold the gold; `survey-qa` will fit them by a command.
ENOUGH_FOR_VALUE = 0.25  # a number, an amount, a date of something that is named
ENOUGH_FOR_WORDS = 0.05  # anything else about something that is named
ENOUGH_WITHOUT_NAME = 0.25
ENOUGH_FOR_LIST = 0.03
ENOUGH_WITH_UNKNOWN = 0.35  # when a word that may be a name, or all of them, is nowhere

NAME_GATE = 0.8  # from which name match a piece is about a name: it says it, or stands right under it
VALUE_WEIGHT = 3.0  # of showing a value of the kind asked for, beside words that weigh their idf
NAME_WEIGHT = 4.0  # of a name that may be a common word
FOREIGN_UNKNOWN = 0.4  # weight of a word that no passage has, when the documents are in the other language

_VALUES: frozenset[Kind] = frozenset({"number", "percentage", "money", "date", "duration"})
_SHOWN: frozenset[Kind] = _VALUES | {"venue", "definition", "organisation", "reason", "lineage"}
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
    if any(clause.kind == "link" for clause in question.clauses):
        return None  # a link was found for what is named, or there would be no statement
    if evidence(question, hits) >= _enough(question):
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
    gates = [mention for mention in question.mentions if _is_gate(mention)]
    soft = [mention for mention in question.mentions if not _is_gate(mention)]
    weights = _weights(question, hits)
    best = 0.0
    for unit in units_of(hits):
        if unit.kind == "heading" or not _is_about(unit, gates):
            continue
        matches = [_firm(needle, needle_match(needle, unit), question) for needle in question.needles]
        for clause in question.clauses:
            names = soft if clause.kind in _VALUES or len(gates) < 2 else question.mentions
            held = sum(w * m for w, m in zip(weights, matches, strict=True))
            held += sum(NAME_WEIGHT * name_match(mention, unit) for mention in names)
            whole = sum(weights) + NAME_WEIGHT * len(names)
            share = _with_value(held, whole, unit, clause, question)
            best = max(best, share * _whole_noun(clause, question.needles, matches))
    return best


def _firm(needle: Needle, match: float, question: Question) -> float:
    """Return a match as evidence: half a word proves little, and an acronym that documents use needs no translation."""
    return match if match >= 1.0 else match**1.5


def _whole_noun(clause: Clause, needles: Sequence[Needle], matches: Sequence[float]) -> float:
    """Return how much of "vocabulary size" a unit has that has "size": a generic noun needs the word before it."""
    for noun in clause.asked:
        words = noun.lower().split()
        if len(words) > 1 and words[-1] in GENERIC_HEADS:
            parts = [m for n, m in zip(needles, matches, strict=True) if n.surface in words[:-1]]
            return 0.3 + 0.7 * min(parts, default=1.0)
    return 1.0


def _with_value(held: float, whole: float, unit: Unit, clause: Clause, question: Question) -> float:
    """Return the share of the question that a unit has, the kind of value that is asked for included."""
    if clause.kind not in _SHOWN:
        return held / whole if whole else 1.0
    value = value_fit(unit.text, clause, question)
    share = (held + VALUE_WEIGHT * value) / (whole + VALUE_WEIGHT)
    return 0.0 if clause.kind in _VALUES and value == 0 else share


def _enough(question: Question) -> float:
    kinds = {clause.kind for clause in question.clauses}
    if question.several or kinds & _LISTS:
        return ENOUGH_FOR_LIST
    if not question.mentions:
        return ENOUGH_WITHOUT_NAME
    if not any(mention.held for mention in question.mentions):
        return ENOUGH_WITH_UNKNOWN
    return ENOUGH_FOR_VALUE if kinds <= _VALUES else ENOUGH_FOR_WORDS


def _is_gate(mention: Mention) -> bool:
    """Tell whether a piece that does not mention this cannot answer: it is a name for sure."""
    return mention.certain or len(mention.spellings) > 1


def _is_about(unit: Unit, gates: Sequence[Mention]) -> bool:
    return not gates or max(name_match(mention, unit) for mention in gates) >= NAME_GATE


def _weights(question: Question, hits: Sequence[Hit]) -> list[float]:
    languages = Counter(hit.passage.document.language for hit in hits)
    foreign = bool(languages) and languages.most_common(1)[0][0] not in (question.language, "")
    return [_weight(needle, foreign=foreign) for needle in question.needles]


def _weight(needle: Needle, *, foreign: bool) -> float:
    return needle.weight * FOREIGN_UNKNOWN if foreign and not needle.held else needle.weight


def _looked_for(question: Question) -> tuple[str, ...]:
    """Return what a person would want to see: the names, else the words that tell most."""
    asked = [noun for clause in question.clauses for noun in clause.asked if noun not in question.names]
    names = list(question.names) or [n.surface for n in sorted(question.needles, key=lambda n: -n.weight)[:3]]
    return tuple(dict.fromkeys([*names, *asked[:1]]))
