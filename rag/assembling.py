"""Answers put together from the records of tables: lists, counts, superlatives, comparisons, and lines of descent.

Every statement names the rows that say it. Where documents differ, what each says stands there, with its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from corpus.documents import Document, Table
from index import Index
from index.hits import Hit
from rag.drafts import Draft, Span, Statement
from rag.framing import fitting
from rag.gathering import tables_for
from rag.grammar import CHEAP, HOW_MUCH_COST, Kind
from rag.lineages import asks_for_way, asks_upward, descendants_of, tell_ancestors, tell_way
from rag.mentions import Mention, mention_strength
from rag.questions import Question
from rag.records import (
    COST,
    DATE,
    MAKER,
    SAID,
    SIZE,
    Record,
    Value,
    date_of,
    differ,
    pool,
    size_of,
    unique,
)
from rag.selecting import IDLE, Chosen, choose, conditions, relation_of, subjects, tables_asked
from rag.units import terms_of

MOST_NAMES = 40
MOST_SOURCES = 3  # rows cited for one statement
FEWEST_VALUES = 3  # that must be readable for a superlative
COLUMN_MATCH = 0.35  # share of a column's name in the question from which it is the column asked for
NEARLY = 0.8  # of the best match from which another column is asked for too
MOST_COLUMNS = 5  # of a difference

_COUNTS = re.compile(r"(?:几|多少)[个款种家项篇座台]|\bhow many\b", re.IGNORECASE)
_IN_TIME = re.compile(r"最?(?:早|晚|新|近|老|旧)|\b(?:old|new|earl|late|recent|first)\w*", re.IGNORECASE)
_IN_SIZE = re.compile(r"大(?!学)|小|\b(?:large|big|small|huge)\w*", re.IGNORECASE)
_DIFFERS = re.compile(r"区别|差异|不同|不一样|异同|对比|比较|\bdiffer|\bcompar", re.IGNORECASE)
_MEANT = ((CHEAP, COST), (_IN_TIME, DATE), (_IN_SIZE, SIZE))  # what a comparison is in when it names no column
_KINDS: Mapping[Kind, re.Pattern[str]] = {"organisation": MAKER, "person": MAKER, "date": DATE, "money": COST}
_MONEY = frozenset({"usd", "cny", "eur", "gbp"})

Tables = Sequence[tuple[Document, Table]]
Rank = Callable[[Value], "tuple[str, float] | None"]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A record's value as something that can be compared with others of the same unit."""

    record: Record
    value: Value
    unit: str
    amount: float


def assemble(question: Question, hits: Sequence[Hit], index: Index) -> Draft | None:
    """Return the draft that rows of tables make, or None if the question asks for none or no table has it."""
    kinds = {clause.kind for clause in question.clauses}
    counts = _COUNTS.search(question.text) is not None and bool(kinds & {"number", "count"})
    several = question.several or bool(kinds & {"list", "lineage"})
    way = asks_for_way(question)
    beside = question.side_by_side or (len(question.clauses) > 1 == len(kinds) and len(subjects(question.mentions)) > 1)
    if not (counts or several or way or beside or "superlative" in kinds):
        return None
    tables = tables_for(question, hits, index)
    if way:
        return tell_way(question, tables, pool(tables))
    if beside and not asks_upward(question):
        return _side_by_side(question, pool(tables))
    asked = tables_asked(question, tables)
    if not asked and relation_of(question) != "about" and not conditions(question, tables, index):
        asked = tables  # "what did Acme release": the names alone tell which rows are meant
    if "superlative" in kinds:
        return _extreme(question, asked or tables, index)
    if (counts or several) and asked and not asks_upward(question):
        return _list(question, asked, index, counted=counts)
    return None


def ancestry(question: Question, hits: Sequence[Hit], index: Index) -> list[Statement]:
    """Return what rows say that the names of a question come from; [] if it does not ask that."""
    if not asks_upward(question) or not subjects(question.mentions):
        return []
    return tell_ancestors(question, pool(tables_for(question, hits, index)))


def _list(question: Question, tables: Tables, index: Index, *, counted: bool) -> Draft | None:
    """Return the names of the records for which a question's conditions hold, with their number where that is asked."""
    records = pool(tables)
    chosen = choose(question, tables, records, index)
    if not chosen:
        return None
    names = subjects(question.mentions, tables)
    statements = [_named(each) for each in chosen]
    if relation_of(question) == "built on" and len(names) == 1 and not conditions(question, tables, index):
        statements += _later_generations(names[0], records, {each.record.key for each in chosen})
    lead = _count_lead(len(chosen), question) if counted else ""
    return Draft(tuple(fitting(statements, most=MOST_NAMES, used=2 * len(lead))), lead, assured=True)


def _count_lead(number: int, question: Question) -> str:
    return f"共 {number} 个:" if question.language == "zh" else f"{number} in all:"


def _named(chosen: Chosen) -> Statement:
    """Return a record's name, with what documents say differently of the reason why it was chosen."""
    name, sources = chosen.record.name, [value.span for value in chosen.because]
    for value in chosen.because:
        others = [v for v in chosen.record.values if v.header == value.header and v.negative != value.negative]
        if others:
            told = " / ".join(dict.fromkeys(v.text for v in (value, *others)))
            return Statement(f"{name} · {value.header}: {told}", _few([value.span, others[0].span, *sources]))
    return Statement(name, _few(sources))


def _few(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(unique(spans)[:MOST_SOURCES])


def _later_generations(name: Mention, records: Sequence[Record], told: set[str]) -> list[Statement]:
    """Return the records that come from the name by way of others, each with what it comes from."""
    statements: dict[str, Statement] = {}
    for step in descendants_of(name, records):
        key = step.child.key
        if key not in told:
            text = f"{step.child.name} · {step.value.header}: {step.value.text}"
            statements.setdefault(key, Statement(text, (step.value.span,)))
    return list(statements.values())


def _extreme(question: Question, tables: Tables, index: Index) -> Draft | None:
    """Return the record with the largest or smallest value of what is asked about, among those that fit the question."""
    records = pool(tables)
    chosen = choose(question, tables, records, index)
    if not question.direction or chosen == []:
        return None
    among = [each.record for each in chosen] if chosen else records
    headers = _columns_asked(question, among)
    ranked = _comparable([_rank(r, v, question.direction) for r in among for v in r.values if v.header in headers])
    if len({each.record.name for each in ranked}) < min(FEWEST_VALUES, len(among)):
        return None
    best = (max if question.direction > 0 else min)(each.amount for each in ranked)
    statements = [s for name in dict.fromkeys(each.record.name for each in ranked if each.amount == best)
                  for s in _told([each for each in ranked if each.record.name == name])]  # fmt: skip
    return Draft(tuple(fitting(statements, most=MOST_SOURCES)), assured=True)


def _rank(record: Record, value: Value, direction: int) -> _Ranked | None:
    if DATE.search(value.header) and (date := date_of(value.text)):
        year, month, day = date
        return _Ranked(record, value, "date", year * 372 + month * 31 + day)
    quantity = size_of(value, direction)
    return _Ranked(record, value, quantity.unit, quantity.value) if quantity else None


def _comparable(ranked: Iterable[_Ranked | None]) -> list[_Ranked]:
    """Return the values of the most frequent unit; where money stands in a column of costs, nothing else is a cost."""
    known = [each for each in ranked if each is not None]
    paid = [each for each in known if each.unit in _MONEY]
    if paid and all(COST.search(each.value.header) for each in known):
        known = paid
    units = [each.unit for each in known]
    main = max(units, key=units.count, default="")
    return [each for each in known if each.unit == main]


def _told(ranked: Sequence[_Ranked]) -> list[Statement]:
    """Return what the documents say of one record: one statement, or one for each value where they differ."""
    return _value_statements(ranked[0].record, [each.value for each in ranked])


def _value_statements(record: Record, values: Sequence[Value]) -> list[Statement]:
    texts: dict[str, list[Value]] = {}
    for value in values:
        texts.setdefault(value.text, []).append(value)
    groups = list(texts.values())
    if not differ(values):
        groups = groups[:1]
    return [
        Statement(f"{record.name} · {group[0].header}: {group[0].text}", _few(value.span for value in group))
        for group in groups
    ]


def _columns_asked(question: Question, records: Iterable[Record]) -> set[str]:
    """Return the names of the columns that a question asks about; those of its kind of comparison if it names none."""
    headers = {value.header for record in records for value in record.values if value.header}
    matches = {header: _column_match(question, header) for header in headers}
    best = max(matches.values(), default=0.0)
    if best >= COLUMN_MATCH:
        return {header for header, match in matches.items() if match >= max(COLUMN_MATCH, NEARLY * best)}
    if _unsaid(question, headers):
        return set()  # who asks for the larger crew does not ask for the larger size
    kinds = [kind for kind, columns in _KINDS.items() if any(clause.kind == kind for clause in question.clauses)]
    for pattern in [p for asked, p in _MEANT if asked.search(question.text)] + [_KINDS[kind] for kind in kinds]:
        if found := {header for header in headers if pattern.search(header)}:
            return found
    return set()


def _unsaid(question: Question, headers: Iterable[str]) -> list[str]:
    """Return the words of a question that tell something and that no column's name says."""
    names = [terms_of(header) for header in headers]
    telling = [n for n in question.needles if not IDLE.fullmatch(n.surface)]
    return [n.surface for n in telling if not any(n.found_in(terms) >= SAID or n.own & terms for terms in names)]


def _column_match(question: Question, header: str) -> float:
    """Return the share of a column's name that a question says; a question about costs also means a column of costs."""
    own = {term for term in terms_of(header) if len(term) > 1}
    if not own:
        return 0.0
    asked: set[str] = set()
    for needle in question.needles:
        asked |= needle.own | {term for term, _ in needle.others}
    costs = HOW_MUCH_COST.search(question.text) or CHEAP.search(question.text)
    return len(own & asked) / len(own) + (0.5 if costs and COST.search(header) else 0.0)


def _side_by_side(question: Question, records: Sequence[Record]) -> Draft | None:
    """Return what rows say of each name in the column asked for, or in those that all names have when it asks what differs."""
    found = [_record_of(name, records) for name in subjects(question.mentions)]
    known = [record for record in found if record is not None]
    if len(known) < 2 or len(known) < len(found):
        return None
    headers = _columns_asked(question, known)
    if headers:
        return _one_column(question, known, headers)
    return _all_columns(known) if _DIFFERS.search(question.text) else None


def _record_of(name: Mention, records: Iterable[Record]) -> Record | None:
    """Return the record of exactly this name, else one that it stands for with a size behind it."""
    near = None
    for record in records:
        if record.is_named(name):
            return record
        near = near or (record if mention_strength(record.name, name) == 1.0 else None)
    return near


def _one_column(question: Question, records: Sequence[Record], headers: set[str]) -> Draft | None:
    values = [[value for value in record.values if value.header in headers] for record in records]
    if not all(values):
        return None
    statements = [s for record, own in zip(records, values, strict=True) for s in _value_statements(record, own)]
    lead = _conclusion(question, records, values)
    assured = not _unsaid(question, headers)
    return Draft(tuple(fitting(statements, most=len(statements), used=2 * len(lead))), lead, assured=assured)


def _conclusion(question: Question, records: Sequence[Record], values: Sequence[Sequence[Value]]) -> str:
    """Return which of two records has the larger (or smaller) value; "" unless every pair of their values says the same."""
    if not question.direction or len(records) != 2:
        return ""
    first, second = ([_rank(r, v, 1) for v in own] for r, own in zip(records, values, strict=True))
    pairs = [(a, b) for a in first if a for b in second if b and a.unit == b.unit]
    larger = {a.amount > b.amount for a, b in pairs}
    if len(larger) != 1 or any(a.amount == b.amount for a, b in pairs):
        return ""
    chosen = records[0] if larger.pop() == (question.direction > 0) else records[1]
    return conclusion(chosen.name, question, in_time=all(a.unit == "date" for a, _ in pairs))


def conclusion(name: str, question: Question, *, in_time: bool = False) -> str:
    """Return the frame that says which of two values is the larger or the smaller one, the later or the earlier."""
    more = question.direction > 0
    if question.language == "zh":
        return f"{name} {'更晚' if more else '更早'}:" if in_time else f"{name} 的数值{'较大' if more else '较小'}:"
    if in_time:
        return f"{name} is the {'later' if more else 'earlier'} one:"
    return f"{name} has the {'larger' if more else 'smaller'} value:"


def _all_columns(records: Sequence[Record]) -> Draft | None:
    """Return what rows say of each record in the columns that all of them have and in which they are not the same."""
    statements: list[Statement] = []
    for header in dict.fromkeys(value.header for value in records[0].values):
        values = [[value for value in record.values if value.header == header] for record in records]
        if header and all(values) and len({own[0].text for own in values}) > 1:
            statements += [s for r, own in zip(records, values, strict=True) for s in _value_statements(r, own[:1])]
        if len(statements) >= MOST_COLUMNS * len(records):
            break
    return Draft(tuple(fitting(statements, most=len(statements))), assured=True) if statements else None
