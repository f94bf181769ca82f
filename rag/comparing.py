"""Setting things side by side: for each name in the question the piece that says it, and which value is larger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.hits import Hit
from rag import tables
from rag.drafts import Draft
from rag.framing import fitting, state
from rag.grammar import CHEAP, HOW_MUCH_COST, SIZE_VALUE, asks_for_amount
from rag.mentions import Mention, mention_strength, name_pattern
from rag.quantities import Quantity, find_quantities
from rag.questions import Clause, Question, about
from rag.scoring import Scored, Scorer, name_match
from rag.units import Unit

IS_ABOUT = 0.5  # from which name match a piece counts as being about a name
OTHER_NAME = 0.75  # what a piece about another one of the names is worth


def compare(question: Question, hits: Sequence[Hit], units: Sequence[Unit]) -> Draft | None:
    """Return one statement for each name, or None if fewer than two names have one."""
    if (draft := tables.rows_side_by_side(question, hits)) is not None:
        return draft
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
    """Return 1 for a piece about the name, less for one that stands under another of the compared names."""
    under_other = any(mention_strength(unit.topic, other) == 1.0 for other in others)
    says_other = any(mention_strength(unit.text, other) == 1.0 for other in others)
    return OTHER_NAME if says_other or (under_other and mention_strength(unit.topic, mention) < 1.0) else 1.0


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
    return tables.conclusion(chosen.name, question)


def value_of(unit: Unit, mention: Mention, question: Question) -> Quantity | None:
    """Return the one quantity in a piece that belongs to the name, or None when that is not clear."""
    text = unit.text
    quantities = [q for q in find_quantities(text) if q.unit not in ("month", "day")]
    if _is_about_money(question):
        return _total([q for q in quantities if q.unit in ("usd", "cny", "eur", "gbp")])
    if question.size:
        spans = [match.span() for match in SIZE_VALUE.finditer(text)]
        quantities = [q for q in quantities if any(a < q.end and q.start < b for a, b in spans)]
    if len({q.value for q in quantities}) <= 1:
        return quantities[0] if quantities else None
    return _nearest(quantities, text, mention)


def _total(amounts: Sequence[Quantity]) -> Quantity | None:
    """Return one amount, or the sum of amounts that a plus sign joins in a cell."""
    if not amounts or len({q.unit for q in amounts}) > 1:
        return None
    return replace(amounts[0], value=sum(q.value for q in amounts)) if len(amounts) <= 2 else None


def _nearest(quantities: Sequence[Quantity], text: str, mention: Mention) -> Quantity | None:
    places = [m.start() for spelling in mention.spellings for m in name_pattern(spelling).finditer(text)]
    if not places:
        return None
    return min(quantities, key=lambda q: min(abs(q.start - place) for place in places))
