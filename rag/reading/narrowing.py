"""Narrowing a roster: every condition of a question at once - names, words, amounts, dates, membership in a family.

What remains of the question is what it asks *about* the records that are left: "the cheapest board with at least 8 GB of RAM"
asks for a price among the boards whose memory is large enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from corpus.patterns import pattern
from index import Index
from rag.reading.columns import columns_asked
from rag.reading.entries import amount_beside, measured_in, says
from rag.reading.limits import Limit, Period, limits_of, periods_of, without
from rag.reading.lineages import descendants_of
from rag.reading.records import (
    COST,
    DATE,
    FAMILY,
    SIZE,
    Record,
    Roster,
    Value,
    date_of,
    is_measured,
    mentions_name,
    size_of,
    sizes_of,
)
from rag.reading.selecting import IDLE, Chosen, choose, subjects
from rag.understanding.amounts import MONEY, find_amounts
from rag.understanding.measures import SCALES
from rag.understanding.mentions import Mention
from rag.understanding.questions import Needle, Question

_FAMILY_AFTER = pattern(
    r"['’]?s?\s*(?:model |product )?(?:系列|家族|谱系|famil(?:y|ies)\b|series\b|line(?:-?up)?\b|range\b)", re.IGNORECASE
)
_FAMILY_BEFORE = pattern(r"\b(?:family|series|line|range) of (?:the )?$", re.IGNORECASE)

Held = Mapping[str, Sequence[Value]]  # by the keys of records: the values that say why a condition holds


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The records that fit a question with the reasons, None if it sets no condition; and what is left of the question."""

    chosen: list[Chosen] | None
    question: Question


def narrow(question: Question, roster: Roster, index: Index) -> Narrowed:
    """Return the records of a roster for which every condition of a question holds; none if one cannot be checked."""
    limits, periods = limits_of(question.text), periods_of(question.text)
    asked = (
        without(question, [*((each.start, each.end) for each in limits), *((each.start, each.end) for each in periods)])
        if limits or periods
        else question
    )
    found: list[Held] = [_within(period, roster.records) for period in periods]
    beyond = [_beyond(limit, limits, question, asked, roster) for limit in limits]
    found += [held for held, _ in beyond]
    told = [needle for _, words in beyond for needle in words]
    asked = replace(asked, needles=tuple(n for n in asked.needles if n not in told))
    for mention in family_names(asked):
        found.append(members_of(mention, roster.records))
        asked = replace(
            asked, mentions=tuple(m for m in asked.mentions if m is not mention), needles=_plain(asked.needles)
        )
    records = [record for record in roster.records if all(record.key in held for held in found)]
    choice = choose(asked, replace(roster, records=records), index, roster.records) if records or not found else None
    if choice is None:
        return Narrowed([], asked)
    asked = replace(asked, needles=tuple(n for n in asked.needles if n not in choice.used))
    if choice.chosen is None and not found:
        return Narrowed(None, asked)
    chosen = choice.chosen if choice.chosen is not None else [Chosen(record, ()) for record in records]
    because = [tuple(v for held in found for v in held[each.record.key]) for each in chosen]
    return Narrowed([replace(c, because=(*c.because, *b)) for c, b in zip(chosen, because, strict=True)], asked)


def family_names(question: Question) -> list[Mention]:
    """Return the names of a question that it calls a family or a series."""
    text = question.text
    return [
        m
        for m in subjects(question.mentions)
        if _FAMILY_AFTER.match(text, m.end) or _FAMILY_BEFORE.search(text, 0, m.start)
    ]


def members_of(mention: Mention, records: Sequence[Record]) -> Held:
    """Return the records that belong to a family: by a column that says so, else by their names and by what they come from."""
    told = {
        r.key: own for r in records if (own := [v for v in r.under(FAMILY) if v.header and mentions_name(v, mention)])
    }
    if told:
        return told
    found: dict[str, Sequence[Value]] = {
        step.child.key: [step.value] for step in reversed(descendants_of(mention, records))
    }
    named = {r.key: r.values[:1] for r in records if r.is_named(mention) or _begins_with(r.name, mention)}
    return {**found, **named}


def _begins_with(name: str, mention: Mention) -> bool:
    """Tell whether a record's name is a family's with more behind it: "Heron-2", "Heron XL"."""
    rests = [name[len(spelling) :] for spelling in mention.spellings if name.lower().startswith(spelling.lower())]
    return any(rest and not (rest[0].isascii() and rest[0].isalpha()) for rest in rests)


def _plain(needles: Iterable[Needle]) -> tuple[Needle, ...]:
    return tuple(needle for needle in needles if not FAMILY.names(needle.surface))


def _within(period: Period, records: Iterable[Record]) -> Held:
    dated = {r.key: [v for v in r.under(DATE) if date_of(v.text)] for r in records}
    held = {
        key: [v for v in own if period.holds(date_of(v.text)) and (v.header or v is own[0])]
        for key, own in dated.items()
    }
    return {key: values for key, values in held.items() if values}


def _beyond(
    limit: Limit, limits: Sequence[Limit], question: Question, asked: Question, roster: Roster
) -> tuple[Held, list[Needle]]:
    """Return the records with an amount beyond a limit, and the words that say which amount is meant."""
    beside = _beside(limit, limits, question, asked)
    headers = _columns_of(limit, beside, asked, roster)
    other = next(
        (each for each in limits if each is not limit and (each.start, each.end) == (limit.start, limit.end)), None
    )
    told = [
        n
        for n in beside.needles
        if columns_asked(replace(beside, needles=(n,)), roster.records, measured=True) & headers
    ]
    held = {
        r.key: [v for v in _payable(r, limit) if _holds(limit, other, v, headers, beside.needles)]
        for r in roster.records
    }
    text = question.text.lower()  # "30 litres": a unit that is no known one belongs to the amount
    told += [n for n in asked.needles if n not in told and text[limit.end :].lstrip().startswith(n.surface)]
    return {key: values for key, values in held.items() if values}, told


def _payable(record: Record, limit: Limit) -> Sequence[Value]:
    """Return the values of a record; of sentences with money only the first, which says what it costs itself."""
    if limit.amount.unit not in MONEY:
        return record.values
    paid = [v for v in record.values if not v.header and any(q.unit in MONEY for q in find_amounts(v.text))]
    return [v for v in record.values if v.header or v not in paid[1:]]


def _beside(limit: Limit, limits: Sequence[Limit], question: Question, asked: Question) -> Question:
    """Return a question with only the words that stand beside a limit, up to the next limits."""
    text = question.text.lower()
    start = max((other.end for other in limits if other.end <= limit.start), default=0)
    end = min((other.start for other in limits if other.start >= limit.end), default=len(text))
    return replace(
        asked, text=text[start:end], needles=tuple(n for n in asked.needles if text.find(n.surface, start, end) >= 0)
    )


def _lies_between(limit: Limit, other: Limit | None, value: Value) -> bool:
    """Tell whether one amount of a cell lies on the right side of both ends of a range."""
    return other is None or any(limit.holds(size) and other.holds(size) for size in sizes_of(value))


def _holds(limit: Limit, other: Limit | None, value: Value, headers: set[str], needles: Sequence[Needle]) -> bool:
    if value.header:
        return (
            value.header in headers
            and limit.holds(size_of(value, limit.direction))
            and _lies_between(limit, other, value)
        )
    if headers:
        return False
    if limit.amount.unit:
        alike = [q for q in measured_in(value.text) if q.unit == limit.amount.unit]
        if len(alike) == 1 or limit.amount.unit in MONEY:
            return any(map(limit.holds, alike[:1]))
    telling = [needle for needle in needles if not IDLE.fullmatch(needle.surface)]
    beside = amount_beside(value, telling) if telling and says(value, telling[-1:]) else None
    return beside is not None and limit.holds(beside[1])


def _columns_of(limit: Limit, beside: Question, asked: Question, roster: Roster) -> set[str]:
    """Return the columns that a limit is about: those that the words beside it name, else those with amounts in its unit."""
    sizes = _sizes(limit, roster.records)
    for question in (beside, asked):
        if found := columns_asked(question, roster.records, roster, measured=True) & set(sizes):
            return found
    meant = [scale.header for scale in SCALES if limit.amount.unit and scale.dimension == limit.amount.unit]
    if named := {header for header in sizes if any(each.search(header) for each in meant)}:
        return named
    attribute = COST if limit.amount.unit in MONEY else SIZE if limit.amount.scaled and not limit.amount.unit else None
    if attribute and (named := {header for header in sizes if attribute.names(header)}):
        return named
    return set(sizes) if limit.amount.unit and len(sizes) == 1 else set()


def _sizes(limit: Limit, records: Sequence[Record]) -> set[str]:
    """Return the columns of amounts, of those in the limit's unit if it has one."""
    headers = {value.header for record in records for value in record.values if value.header}
    measured = {header for header in headers if is_measured(header, records)}
    if not limit.amount.unit:
        return measured
    units: dict[str, set[str]] = {}
    for value in (v for record in records for v in record.values if v.header in measured):
        size = size_of(value, limit.direction)
        units.setdefault(value.header, set()).add(size.unit if size else "")
    return {header for header, found in units.items() if limit.amount.unit in found}
