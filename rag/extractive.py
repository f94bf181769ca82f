"""Reading without a model: the shortest pieces of the packed passages that answer, in the documents' own words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from index import Index
from index.hits import Hit
from rag.drafts import Draft, Span, Statement
from rag.questions import Question
from rag.scoring import Scored, Scorer
from rag.units import units_of

MAX_COLUMNS = 780  # of an answer, wide characters counting two; a little under what counts as short
MAX_STATEMENTS = 3


def read(question: Question, hits: Sequence[Hit], index: Index) -> Draft:
    """Return the draft that answers best; without statements when the passages hold no piece at all."""
    units = units_of(hits)
    if not units:
        return Draft()
    scorer = Scorer(question, units)
    ranked = sorted((scorer.score(unit) for unit in units), key=lambda scored: -scored.total)
    return Draft(tuple(_statement(scored) for scored in _fitting(ranked)))


def columns(text: str) -> int:
    """Return the width of a text: wide characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _fitting(ranked: Sequence[Scored]) -> list[Scored]:
    """Return the best pieces that fit together, at least one."""
    kept: list[Scored] = []
    used = 0
    for scored in ranked[: 2 * MAX_STATEMENTS]:
        width = columns(scored.unit.text)
        if not kept or (used + width <= MAX_COLUMNS and len(kept) < MAX_STATEMENTS):
            kept.append(scored)
            used += width
    return kept


def _statement(scored: Scored) -> Statement:
    unit = scored.unit
    return Statement(unit.text, (Span(unit.document, unit.start, unit.end),))
