"""From a piece of a document to a statement: its own words, and what it is about where the piece does not say so."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from corpus.patterns import pattern
from rag.reading.drafts import Span, Statement
from rag.reading.scoring import Scored
from rag.reading.units import Unit
from rag.reading.widths import columns
from rag.understanding.mentions import mention_strength, name_pattern
from rag.understanding.questions import Question

MAX_COLUMNS = 780  # of an answer, wide characters counting two; a little under what counts as short
SHORT = 64  # columns up to which a piece is told what it is about
LONG = 330  # columns from which only the clauses that answer are kept

_HEADING_MARKS = pattern(r"#{1,6}\s+")
_CLAUSE_END = pattern(r"[，,；;。！!？?](?!\d)|(?<=[\w)])[.](?=\s)|[,;](?=\s)")


def state(scored: Scored, question: Question) -> Statement:
    """Return the statement that a piece makes: whole, or its telling clauses when it is long."""
    unit = scored.unit
    if unit.kind == "cell":
        return _cell(unit)
    start, end = bare_span(unit)
    text = unit.document.text[start:end]
    if columns(text) > LONG:
        start, end = _telling_part(text, start, question)
        text = unit.document.text[start:end]
    return Statement(_framed(text, unit, question), (Span(unit.document, start, end),))


def bare_span(unit: Unit) -> tuple[int, int]:
    """Return where a unit's text stands without its bullet, or its marks of a heading."""
    mark = _HEADING_MARKS.match(unit.text)
    return unit.end - len(unit.text) + (mark.end() if mark else 0), unit.end


def _cell(unit: Unit) -> Statement:
    """Return a table's cell with its row's name and its column's: ``TideDB · 作者: 海洋研究所``."""
    row = unit.row
    span = Span(unit.document, row.start, row.end) if row else Span(unit.document, unit.start, unit.end)
    if unit.text == unit.topic or not unit.lead:
        return Statement(unit.text, (span,))
    return Statement(f"{unit.topic} · {unit.lead}: {unit.text}", (span,))


def _framed(text: str, unit: Unit, question: Question) -> str:
    """Return a short piece with what it is about before it, unless it says so itself.

    A heading that names nothing of the question ("Summary") would tell nothing.
    """
    if columns(text) > SHORT:
        return _named_first(text, unit, question)
    lead = re.sub(r"[:：\s]+$", "", unit.lead)
    if lead and columns(lead) <= SHORT and lead not in text:
        text = f"{lead}: {text}"
    topic = unit.topic
    named = [mention for mention in question.mentions if mention_strength(topic, mention) > 0]
    told = any(mention_strength(text, mention) > 0 for mention in named)
    if named and not told and columns(topic) <= SHORT // 2 and unit.kind != "heading":
        return f"{topic} · {text}"
    return _named_first(text, unit, question)


def _named_first(text: str, unit: Unit, question: Question) -> str:
    """Return a piece with the name of its entry before it where that is what a question asks for: "The longest of the eight".

    Only where the piece begins with no name itself, and its heading is one.
    """
    topic = unit.topic
    if question.kind != "superlative" or unit.kind == "heading" or unit.subject != topic or topic in text:
        return text
    return f"{topic} · {text}" if topic and columns(topic) <= SHORT // 2 else text


def _telling_part(text: str, start: int, question: Question) -> tuple[int, int]:
    """Return the stretch of clauses, at most LONG columns wide, that holds most of the question's words and names."""
    borders = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    clauses = [(a, b) for a, b in itertools.pairwise(borders) if text[a:b].strip()]
    best, best_value = (0, len(text)), -1.0
    for first in range(len(clauses)):
        for last in range(first, len(clauses)):
            a, b = clauses[first][0], clauses[last][1]
            if last > first and columns(text[a:b]) > LONG:
                break
            value = _telling(text[a:b], question) - 0.002 * columns(text[a:b])
            if value > best_value:
                best, best_value = (a, b), value
    a, b = _widened(text, best, clauses)
    while text[a].isspace():
        a += 1
    return start + a, start + len(text[:b].rstrip())


def _widened(text: str, best: tuple[int, int], clauses: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the stretch with the clauses around it for as long as it stays short: a clause alone is hard to read."""
    first = next(n for n, clause in enumerate(clauses) if clause[0] == best[0])
    last = next((n for n, clause in enumerate(clauses) if clause[1] == best[1]), len(clauses) - 1)
    while True:
        if last + 1 < len(clauses) and columns(text[clauses[first][0] : clauses[last + 1][1]]) <= LONG:
            last += 1
        elif first and columns(text[clauses[first - 1][0] : clauses[last][1]]) <= LONG:
            first -= 1
        else:
            return clauses[first][0], clauses[last][1]


def _telling(text: str, question: Question) -> float:
    from rag.reading.units import terms_of

    terms = terms_of(text)
    words = sum(needle.weight * needle.found_in(terms) for needle in question.needles)
    return words + sum(4.0 * mention_strength(text, mention) for mention in question.mentions)


def fitting(statements: Iterable[Statement], most: int, used: int = 0) -> list[Statement]:
    """Return the first statements that fit the answer's width together, at least one."""
    kept: list[Statement] = []
    for statement in statements:
        width = columns(statement.text)
        if not kept or (used + width <= MAX_COLUMNS and len(kept) < most):
            kept.append(statement)
            used += width
    return kept


def shortest_about(text: str, spellings: Sequence[str]) -> tuple[int, int]:
    """Return the clauses of a text from its start to the first one that has one of the spellings."""
    end = len(text)
    for spelling in spellings:
        match = name_pattern(spelling).search(text)
        if match:
            border = _CLAUSE_END.search(text, match.end())
            end = min(end, border.start() if border else len(text))
    return 0, end
