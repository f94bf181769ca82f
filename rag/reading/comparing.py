"""Setting things side by side: for each name in the question the piece that says it, and which value is larger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.patterns import pattern
from rag.reading.assembling import conclusion
from rag.reading.drafts import Draft
from rag.reading.framing import fitting, state
from rag.reading.scoring import Scored, Scorer, name_match
from rag.reading.units import Unit, terms_of
from rag.understanding.grammar import CHEAP, HOW_MUCH_COST, SIZE_VALUE, asks_for_amount
from rag.understanding.mentions import Mention, mention_strength, name_pattern
from rag.understanding.quantities import Quantity, find_quantities
from rag.understanding.questions import Clause, Question, about

IS_ABOUT = 0.5  # from which name match a piece counts as being about a name
OTHER_NAME = 0.75  # what a piece about another one of the names is worth
OTHER_SUBJECT = 0.85  # what a piece about something else is worth that mentions the name
BESIDE = 8  # characters between a number and what it counts
NEAR = 24  # characters between a name and the value that is its own
_APART = pattern(r"[和与及、,，;；]|\b(?:and|or|while|than)\b")


def compare(question: Question, units: Sequence[Unit]) -> Draft | None:
    """Return one statement for each name, or None if fewer than two names have one."""
    found = [(mention, best_about(question, mention, units)) for mention in question.mentions if mention.held]
    told = [(mention, scored) for mention, scored in found if scored is not None]
    if len(told) < 2:
        return None
    statements = list(
        {s.text: s for s in (state(scored, about(question, mention)) for mention, scored in told)}.values()
    )
    lead = _conclusion(question, told)
    return Draft(tuple(fitting(statements, most=len(statements), used=2 * len(lead))), lead)


def best_about(question: Question, mention: Mention, units: Sequence[Unit]) -> Scored | None:
    """Return the piece about one name that best says what the question asks."""
    alone = replace(about(question, mention), clauses=tuple(_value_clause(question, c) for c in question.clauses))
    mine = [unit for unit in units if name_match(mention, unit) >= IS_ABOUT and unit.kind != "heading"]
    if not mine:
        return None
    scorer = Scorer(alone, mine)
    others = [other for other in question.mentions if other is not mention]
    scored = [scorer.score(unit) for unit in mine]
    return max(scored, key=lambda s: s.total * _own_share(s.unit, mention, others))


def _own_share(unit: Unit, mention: Mention, others: Sequence[Mention]) -> float:
    """Return 1 for a piece about the name, less for one about something else, least about another compared name."""
    if any(mention_strength(text, other) == 1.0 for other in others for text in (unit.text, unit.topic)):
        return 1.0 if mention_strength(unit.subject, mention) == 1.0 else OTHER_NAME
    return 1.0 if not unit.subject or mention_strength(unit.subject, mention) == 1.0 else OTHER_SUBJECT


def _value_clause(question: Question, clause: Clause) -> Clause:
    """Return the clause as asking for the value that is compared: "which is larger" asks for two numbers."""
    if clause.kind in ("name", "person", "fact", "method", "yes_no", "superlative", "list", "organisation") and (
        question.size or question.direction or asks_for_amount(question.text)
    ):
        return replace(clause, kind="money" if _is_about_money(question) else "number")
    return clause


def _is_about_money(question: Question) -> bool:
    return HOW_MUCH_COST.search(question.text) is not None or CHEAP.search(question.text) is not None


def _conclusion(question: Question, told: Sequence[tuple[Mention, Scored]]) -> str:
    """Return which name has the larger (or smaller) value, if every piece shows exactly one that can be compared."""
    if not question.direction or len(told) != 2:
        return ""
    values = [(mention, value_of(scored.unit, mention, question)) for mention, scored in told]
    if any(value is None for _, value in values):
        return ""
    (first, a), (second, b) = [(mention, value) for mention, value in values if value is not None]
    if a.unit != b.unit or a.value == b.value:
        return ""
    chosen = first if (a.value > b.value) == (question.direction > 0) else second
    return conclusion(chosen.name, question)


def value_of(unit: Unit, mention: Mention, question: Question) -> Quantity | None:
    """Return the one quantity in a piece that belongs to the name, or None when that is not clear."""
    text = unit.text
    quantities = [q for q in find_quantities(text) if q.unit not in ("month", "day")]
    if _is_about_money(question):
        return _total([q for q in quantities if q.unit in ("usd", "cny", "eur", "gbp")])
    if question.size:
        spans = [match.span() for match in SIZE_VALUE.finditer(text)]
        quantities = [q for q in quantities if any(a < q.end and q.start < b for a, b in spans)]
    else:
        quantities = _counting(quantities, text, question) or quantities
    own = mention_strength(unit.subject, mention) == 1.0
    if own and len({q.value for q in quantities}) == 1:
        return quantities[0]
    return _nearest(quantities, text, mention)


def _counting(quantities: Sequence[Quantity], text: str, question: Question) -> list[Quantity]:
    """Return the quantities that stand right beside what is counted."""
    asked = {word for clause in question.clauses for word in clause.asked}
    counted = [needle for needle in question.needles if needle.surface in asked]
    return [
        quantity
        for quantity in quantities
        if any(
            n.found_in(terms_of(text[max(0, quantity.start - BESIDE) : quantity.end + BESIDE])) >= 0.5 for n in counted
        )
    ]


def _total(amounts: Sequence[Quantity]) -> Quantity | None:
    """Return one amount, or the sum of amounts that a plus sign joins in a cell."""
    if not amounts or len({q.unit for q in amounts}) > 1:
        return None
    return replace(amounts[0], value=sum(q.value for q in amounts)) if len(amounts) <= 2 else None


def _nearest(quantities: Sequence[Quantity], text: str, mention: Mention) -> Quantity | None:
    places = [m for spelling in mention.spellings for m in name_pattern(spelling).finditer(text)]
    apart = [(_distance(text, place, quantity), quantity) for quantity in quantities for place in places]
    distance, nearest = min(apart, key=lambda pair: pair[0], default=(NEAR + 1, None))
    return nearest if distance <= NEAR else None


def _distance(text: str, name: re.Match[str], quantity: Quantity) -> int:
    """Return the characters between a name and a value; "and" or a comma between them keeps them apart."""
    between = text[name.end() : quantity.start] if quantity.start >= name.end() else text[quantity.end : name.start()]
    return len(between) + (NEAR if _APART.search(between) else 0)
