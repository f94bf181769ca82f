"""Answers put together from the records of tables: lists, counts, superlatives, comparisons, and lines of descent.

Every statement names the rows that say it. Where documents differ, what each says stands there, with its source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.documents import Document, Table
from corpus.patterns import pattern
from index import Index
from index.hits import Hit
from index.terms import has_cjk
from rag.reading.columns import IN_TIME, columns_asked, telling, unsaid
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.entries import (
    NEAR,
    amount_beside,
    documents_of,
    entry_documents,
    entry_rosters,
    joined,
    measured_in,
    says,
)
from rag.reading.framing import fitting
from rag.reading.gathering import tables_for
from rag.reading.lineages import (
    asks_for_way,
    asks_upward,
    descendants_of,
    tell_ancestors,
    tell_chronicle,
    tell_step,
    tell_way,
)
from rag.reading.narrowing import narrow
from rag.reading.records import (
    BASE,
    COST,
    DATE,
    MAKER,
    Record,
    Roster,
    Value,
    bounded,
    date_of,
    differ,
    is_date,
    mentions_name,
    roster_of,
    said,
    size_of,
    unique,
)
from rag.reading.rows import row_of
from rag.reading.selecting import (
    IDLE,
    Chosen,
    conditions,
    is_asked,
    relation_of,
    subjects,
    tables_asked,
)
from rag.understanding.amounts import MONEY, find_amounts
from rag.understanding.asking import MEASURE_WORD
from rag.understanding.grammar import CHEAP, compares, compares_upward, direction_of
from rag.understanding.measures import Scale, scales_of
from rag.understanding.mentions import Mention, mention_strength
from rag.understanding.questions import Needle, Question
from rag.understanding.ranks import ranks_of, says_rank

MOST_NAMES = 40
MOST_SOURCES = 3  # rows cited for one statement
FEWEST_VALUES = 3  # that must be readable for a superlative
FEWEST_CHOSEN = 2  # the same among records that were chosen by a condition
MOST_COLUMNS = 5  # of a difference

_COUNTS = pattern(rf"(?:几|多少){MEASURE_WORD}|\bhow many\b", re.IGNORECASE)
_ALL = pattern(r"所有|全部|\b(?:all|every)\b", re.IGNORECASE)
_JOINED = pattern(
    r"[\u4e00-\u9fff\d)）][和与跟][\u4e00-\u9fff].*(?:哪|谁|更|各自|相比|同样|一样)"
)  # two names that only records tell
_FOLLOWED = pattern(
    r"(?:之后|后面|后继|下一代)(?:推出|发布|出|做)?了?的?(?:[\u4e00-\u9fff]{1,3}?)?(?:是|有)?(?:什么|哪)|\bwhat (?:came after|followed|succeeded|replaced)\b",
    re.IGNORECASE,
)
_DIFFERS = pattern(r"区别|差异|不同|不一样|异同|对比|比较|\bdiffer|\bcompar", re.IGNORECASE)

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
    """Return the draft that rows of tables make, else the one that entries make; None if the question asks for none.

    It has no statements and is ``unmet`` where rows are what is asked for, and of none everything holds that is said.
    """
    shape = _shape(question)
    if shape is None:
        return None
    tables = tables_for(question, hits, index)
    if shape == "way" and (draft := tell_chronicle(question, tables)) is not None:
        return draft
    chooses = shape not in ("way", "beside")
    asked = tables_asked(question, tables) if chooses else tables
    unmet = _told_by(question, shape, bounded(asked), index) if asked else None
    if unmet is not None and unmet.statements:
        return unmet
    entries = entry_rosters(entry_documents(question, hits, index) if chooses else documents_of(hits))
    told = [roster for roster in entries if chooses and is_asked(question, roster)]
    rosters = [joined(told or entries), *([] if asked else [bounded(tables)])]
    if not told:
        rosters.reverse()
    elif len(told) > 1 and shape != "count":
        rosters[1:1] = told  # one of them may be meant alone
    for roster in rosters:
        draft = _told_by(question, shape, roster, index)
        if draft is not None and draft.statements:
            return draft
        unmet = unmet or draft
    return unmet


def _told_by(question: Question, shape: Shape, roster: Roster, index: Index) -> Draft | None:
    """Return the draft that a roster makes, with how much of it was read where that is not all; None if it makes none."""
    draft = _assembled(question, shape, roster, index)
    if draft is None or not draft.statements or not roster.left_out or shape in ("way", "beside"):
        return draft
    read, every = len(roster.records), len(roster.records) + roster.left_out
    only = (
        f"只比较了 {every} 行中的前 {read} 行。"
        if question.language == "zh"
        else f"Only the first {read} of {every} rows were compared. "
    )
    return replace(draft, lead=only + draft.lead)


Shape = Literal["way", "beside", "superlative", "count", "list"]


def _shape(question: Question) -> Shape | None:
    """Return in which way an answer to a question is put together, None if it is not."""
    kinds = {clause.kind for clause in question.clauses}
    if asks_for_way(question):
        return "way"
    if asks_upward(question):
        return None
    if question.side_by_side or (len(question.clauses) > 1 == len(kinds) and len(subjects(question.mentions)) > 1):
        return "beside"
    if "superlative" in kinds or ranks_of(question.text).count > 1:
        return "superlative"
    if _COUNTS.search(question.text) and kinds & {"number", "count"}:
        return "count"
    if question.several or kinds & {"list", "lineage"} or _FOLLOWED.search(question.text):
        return "list"
    return "beside" if _JOINED.search(question.text) and compares(question.text) else None


def only_counts(question: Question) -> bool:
    """Tell whether a question asks for nothing but how many of something there are, and names nothing else."""
    told = [needle for needle in question.needles if not IDLE.fullmatch(needle.surface)]
    asked = {word for clause in question.clauses for word in clause.asked}
    return (
        _shape(question) == "count" and not question.mentions and all(n.surface in asked for n in told) and bool(told)
    )


def _assembled(question: Question, shape: Shape, roster: Roster, index: Index) -> Draft | None:
    """Return the draft that the records of a roster make, or None."""
    if not roster.records:
        return None
    if shape == "way":
        return tell_way(question, roster.records)
    if shape == "beside":
        return _side_by_side(question, roster.records)
    if shape == "superlative":
        return _extreme(question, roster, index)
    # "What did Acme release" names no kind of thing: its names alone tell which records are meant.
    only_names = relation_of(question) != "about" and not conditions(question, roster, index)
    asked = is_asked(question, roster) or (shape == "list" and only_names)
    if relation_of(question) == "about" and _asks_of_one(question, roster):
        return None
    return _list(question, roster, index, counted=shape == "count") if asked else None


def _asks_of_one(question: Question, roster: Roster) -> bool:
    """Tell whether a question begins with the name of a record: "which languages does Heron read" is about Heron only."""
    names = subjects(question.mentions, roster)
    own = [name for name in names if any(record.is_named(name) for record in roster.records)]
    before = question.text[: own[0].start].strip() if own else "-"
    return len(names) == 1 and not before


def ancestry(question: Question, hits: Sequence[Hit], index: Index) -> list[Statement]:
    """Return what rows or entries say that the names of a question come from; [] if it does not ask that."""
    if not asks_upward(question) or not subjects(question.mentions):
        return []
    told = tell_ancestors(question, roster_of(tables_for(question, hits, index)).records)
    return told or tell_ancestors(question, joined(entry_rosters(documents_of(hits))).records)


def _list(question: Question, roster: Roster, index: Index, *, counted: bool) -> Draft | None:
    """Return the names of the records for which a question's conditions hold, with their number where that is asked."""
    chosen = narrow(question, roster, index).chosen
    everything = _ALL.search(question.text) is not None or (counted and _are_of_one_text(roster.records))
    if chosen is None and everything and not conditions(question, roster, index):
        chosen = [Chosen(record, record.values[:1]) for record in roster.records]
        if relation_of(question) == "built on":  # "how many are based on another"
            chosen = [Chosen(record, tuple(on)) for record in roster.records if (on := record.under(BASE))]
    if not chosen:
        return None if chosen is None or counted else Draft(unmet=True)
    names = subjects(question.mentions, roster)
    if not counted and len(chosen) == 1 and any(chosen[0].record.is_named(name) for name in question.mentions):
        return None  # "which others came after Heron" is not answered by Heron
    statements = [_named(each) for each in chosen]
    if (
        not counted
        and relation_of(question) == "built on"
        and len(names) == 1
        and not conditions(question, roster, index)
    ):
        statements += _later_generations(names[0], roster.records, {each.record.key for each in chosen})
    return listed(question, statements, counted=len(chosen) if counted else 0)


def _are_of_one_text(records: Sequence[Record]) -> bool:
    """Tell whether records are entries of one document, so that their number is what it tells of; tables are counted by themselves."""
    documents = {value.span.document.id for record in records for value in record.values[:1]}
    return len(documents) == 1 and row_of(records[0].values[0].span) is None


def listed(question: Question, statements: Sequence[Statement], *, counted: int = 0) -> Draft:
    """Return the draft of a list, with their number where it is ``counted``, or where not all of them fit."""
    lead = _count_lead(question, counted)
    kept = fitting(statements, most=MOST_NAMES, used=2 * len(lead))
    if len(kept) < len(statements):
        lead = _count_lead(question, counted or len(statements), "{kept}")
        kept = fitting(statements, most=MOST_NAMES, used=2 * len(lead))
    return Draft(tuple(kept), lead.format(kept=len(kept)), assured=True)


def _count_lead(question: Question, number: int, kept: str = "") -> str:
    """Return what is said before a list of so many things, of which only some are shown; "" for none."""
    if not number:
        return ""
    if question.language == "zh":
        return f"共 {number} 个,这里列出前 {kept} 个:" if kept else f"共 {number} 个:"
    return f"{number} in all, the first {kept}:" if kept else f"{number} in all:"


def _named(chosen: Chosen) -> Statement:
    """Return a record's name, with what documents say differently of the reason why it was chosen."""
    name, sources = chosen.record.name, [value.span for value in chosen.because]
    for value in chosen.because:
        others = [
            v for v in chosen.record.values if v.header and v.header == value.header and v.negative != value.negative
        ]
        if others:
            told = " / ".join(dict.fromkeys(v.text for v in (value, *others)))
            return Statement(f"{name} · {value.header}: {told}", _few([value.span, others[0].span, *sources]))
    return Statement(name, _few(sources))


def _few(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(unique(spans)[:MOST_SOURCES])


def _later_generations(name: Mention, records: Sequence[Record], told: set[str]) -> list[Statement]:
    """Return the records that come from the name by way of others, each with what it comes from."""
    steps = {step.child.key: step for step in reversed(descendants_of(name, records)) if step.child.key not in told}
    return [tell_step(step) for step in reversed(steps.values())]


def _extreme(question: Question, roster: Roster, index: Index) -> Draft | None:
    """Return the record with the largest or smallest value of what is asked about, among those that fit the question."""
    narrowed = narrow(without_ranks(question), _measured(roster, question), index)
    question, chosen = narrowed.question, narrowed.chosen
    if chosen == []:
        return None
    if not question.direction:
        question = replace(question, direction=1)  # "the top three by mass"
    among = [each.record for each in chosen] if chosen else roster.records
    fewest = FEWEST_VALUES if chosen is None else FEWEST_CHOSEN
    ranked = _comparable(_ranked(question, among, roster))
    if len({each.record.name for each in ranked}) < min(fewest, len(among)):
        return None
    statements: list[Statement] = []
    for way in _directions(question):
        other = replace(question, direction=way)
        statements += _best(other, ranked if way == question.direction else _comparable(_ranked(other, among, roster)))
    return Draft(tuple(fitting(statements, most=len(statements))), assured=True) if statements else None


def without_ranks(question: Question) -> Question:
    """Return a question without the words that only say which places of an order are asked for: "second", "three"."""
    return replace(question, needles=tuple(n for n in question.needles if not says_rank(n.surface, question.text)))


def _directions(question: Question) -> list[int]:
    """Return the ways in which a question looks for an extreme: "the longest and the shortest" in both."""
    asked = [direction_of(clause.text) for clause in question.clauses]
    both = [1, -1] if direction_of(question.text) == -1 and compares_upward(question.text) else []
    return list(dict.fromkeys([*(way for way in asked if way), *both])) or [question.direction]


def _best(question: Question, ranked: Iterable[_Ranked]) -> list[Statement]:
    """Return what is said of the records with the largest or smallest value, or at the other places that are asked for."""
    by_name: dict[str, list[_Ranked]] = {}
    for each in ranked:
        by_name.setdefault(each.record.name, []).append(each)
    extreme = max if question.direction > 0 else min
    best = {name: extreme(each.amount for each in own) for name, own in by_name.items()}
    places = ranks_of(question.text)
    if places.count > 1:
        chosen = sorted(best, key=best.__getitem__, reverse=question.direction > 0)[: places.count]
    else:
        order = sorted(set(best.values()), reverse=question.direction > 0)
        there = order[places.first - 1 : places.first]
        chosen = [name for name, amount in best.items() if amount in there][:MOST_SOURCES]
    statements = [statement for name in chosen for statement in _told(by_name[name])]
    if len(chosen) == 1:
        statements += _asked_of_it(question, by_name[chosen[0]][0])
    return statements


def _asked_of_it(question: Question, best: _Ranked) -> list[Statement]:
    """Return what a question asks of the extreme besides: "who built the longest bridge", 最贵的什么时候建成."""
    asked = [
        meant for words, meant in _ASKED_OF_IT if words.search(question.text) and not meant.names(best.value.header)
    ]
    values = [value for meant in asked for value in best.record.under(meant)[:1] if value.header]
    return [Statement(said(best.record, value), (value.span,)) for value in values]


_ASKED_OF_IT = (
    (pattern(r"谁|哪家|哪个(?:公司|单位|机构|团队)|\bwho\b|\bby whom\b|\bwh(?:at|ich) compan", re.IGNORECASE), MAKER),
    (pattern(r"什么时候|何时|哪(?:一)?年|什么时间|\bwhen\b|\bwh(?:at|ich) year\b", re.IGNORECASE), DATE),
    (pattern(r"多少钱|花了?多少|\bhow much\b.*\bcost", re.IGNORECASE), COST),
)


def _measured(roster: Roster, question: Question) -> Roster:
    """Return a roster of entries as also called what is measured, which every entry has and which so restricts nothing."""
    if any(value.header for record in roster.records for value in record.values):
        return roster
    return replace(roster, called=(*roster.called, *(needle.own for needle in measures(question, roster))))


def measures(question: Question, roster: Roster) -> list[Needle]:
    """Return the words of a question that stand beside an amount in the sentences of several records."""
    found = []
    for needle in question.needles:
        if not IDLE.fullmatch(needle.surface) and not roster.calls(needle):
            having = [
                r for r in roster.records if any(says(v, [needle]) and amount_beside(v, [needle]) for v in r.values)
            ]
            found += [needle] if 2 * len(having) >= len(roster.records) else []
    return found


def _ranked(question: Question, records: Sequence[Record], roster: Roster) -> list[_Ranked | None]:
    """Return the values of the columns asked for; of sentences the dates, or the amounts beside what is measured."""
    headers = columns_asked(question, records, roster, measured=True)
    if headers or all(value.header for record in records for value in record.values):
        return [_rank(r, v, question.direction) for r in records for v in r.values if v.header in headers]
    if CHEAP.search(question.text):
        return [_paid(r) for r in records]
    if IN_TIME.search(question.text):
        return [_rank(r, v, question.direction) for r in records for v in r.under(DATE)[:1]]
    needles = measures(question, Roster(records, ()))
    if not any(_is_measured_by(needle, question, records) for needle in needles):
        scales, alone = scales_of(question.text), _HIGH.search(question.text) is None
        scaled = [each for r in records for v in r.values if scales and (each := _on_scale(scales, r, v, alone=alone))]
        if scaled:
            return list(scaled)
    beside = [(r, v, amount_beside(v, needles)) for r in records for v in r.values if needles and says(v, needles)]
    return [_Ranked(r, v, amount[0], amount[1].value) for r, v, amount in beside if amount]


def _is_measured_by(needle: Needle, question: Question, records: Sequence[Record]) -> bool:
    """Tell whether a word beside amounts is what is measured, and neither what is asked for nor what things are called."""
    asked = any(needle.surface in clause.asked for clause in question.clauses)
    return not asked and not any(needle.surface in record.name.lower() for record in records)


_HIGH = pattern(r"[高低]|\b(?:high|low)", re.IGNORECASE)  # a height, a score, a price: what is high is said beside it


def _on_scale(scales: Iterable[Scale], record: Record, value: Value, *, alone: bool) -> _Ranked | None:
    """Return the amount of a sentence that lies on a scale: beside the word for it or, where it may stand ``alone``, in its unit."""
    for scale in scales:
        amounts = measured_in(value.text) if not value.header else ()
        said = scale.header.search(value.text)
        if said:
            near = [q for q in amounts if 0 <= q.start - said.end() <= NEAR]
        else:
            near = [q for q in amounts if alone and scale.dimension and q.unit == scale.dimension]
        if len(near) == 1 or (said and near):
            return _Ranked(record, value, near[0].unit, near[0].value)
    return None


def _paid(record: Record) -> _Ranked | None:
    """Return the first amount of money that is told of a record."""
    found = ((v, q) for v in record.values if not v.header for q in find_amounts(v.text) if q.unit in MONEY)
    value, paid = next(found, (None, None))
    return _Ranked(record, value, paid.unit, paid.value) if value and paid else None


def _amount(question: Question, record: Record, value: Value) -> _Ranked | None:
    """Return what a cell or a sentence gives for a comparison."""
    needles = telling(question)
    if value.header or not needles:
        return _rank(record, value, 1)
    beside = amount_beside(value, needles)
    return _Ranked(record, value, beside[0], beside[1].value) if beside else None


def _rank(record: Record, value: Value, direction: int) -> _Ranked | None:
    if (DATE.is_said(value) or is_date(value.text)) and (date := date_of(value.text)):
        year, month, day = date
        return _Ranked(record, value, "date", year * 372 + month * 31 + day)
    quantity = size_of(value, direction)
    return _Ranked(record, value, quantity.unit, quantity.value) if quantity else None


def _comparable(ranked: Iterable[_Ranked | None]) -> list[_Ranked]:
    """Return the values of the most frequent unit; where money stands in a column of costs, nothing else is a cost."""
    known = [each for each in ranked if each is not None]
    paid = [each for each in known if each.unit in MONEY]
    if paid and all(COST.names(each.value.header) for each in known):
        known = paid
    main = next((unit for unit, _ in Counter(each.unit for each in known).most_common(1)), "")
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
    return [Statement(said(record, group[0]), _few(value.span for value in group)) for group in groups]


def _side_by_side(question: Question, records: Sequence[Record]) -> Draft | None:
    """Return what rows say of each name in the column asked for, or in those that all names have when it asks what differs."""
    known = _compared(question, records)
    if len(known) < 2:
        return None
    headers = columns_asked(question, known)
    if headers:
        return _one_column(question, known, headers)
    if not any(value.header for record in known for value in record.values):
        return _one_sentence(question, known)
    return _all_columns(known) if _DIFFERS.search(question.text) and not telling(question) else None


def _compared(question: Question, records: Sequence[Record]) -> list[Record]:
    """Return the records that a question names, none if it names one that there is no record of; Chinese names are read as they stand."""
    written = _written(question.text.lower(), records)
    if len(written) > 1:
        return written
    found = [_record_of(name, records) for name in subjects(question.mentions)]
    known = [record for record in found if record is not None]
    others = [name for name, record in zip(subjects(question.mentions), found, strict=True) if record is None]
    said_of_them = all(any(mentions_name(v, name) for r in known for v in r.values) for name in others)
    return known if said_of_them else []  # of "which site of Acme" Acme is said of the sites


def _written(text: str, records: Iterable[Record]) -> list[Record]:
    """Return the records with Chinese names that a text has, in its order; a name inside a longer one does not count."""
    places: list[tuple[int, int, Record]] = []
    for record in records:
        forms = [form for form in _forms(record.name.lower()) if len(form) > 1 and has_cjk(form)]
        at, form = next(((text.find(form), form) for form in forms if form in text), (-1, ""))
        if at >= 0 and not any(at >= a and at + len(form) <= b for a, b, _ in places):
            places = [p for p in places if not (p[0] >= at and p[1] <= at + len(form))]
            places.append((at, at + len(form), record))
    return [record for _, _, record in sorted(places, key=lambda place: place[0])]


def _forms(name: str) -> list[str]:
    """Return a name as it may be said: whole, without what stands in brackets, without its version, its Chinese part."""
    bare = re.sub(r"(?<!\s)\s*+[(（].*", "", name)
    asides = re.findall(r"[(（]([^()（）]+)[)）]", name)
    return list(
        dict.fromkeys(
            (
                name,
                bare,
                *asides,
                re.sub(r"(?<!\s)\s*+v?(?<!\d)\d{1,9}(?:\.\d{1,9}){0,9}$", "", bare),
                bare.partition(" ")[0],
            )
        )
    )


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
    assured = not unsaid(question, headers)
    return Draft(tuple(fitting(statements, most=len(statements), used=2 * len(lead))), lead, assured=assured)


def _one_sentence(question: Question, records: Sequence[Record]) -> Draft | None:
    """Return of each record the sentence that says everything that is asked, or the one that dates it; None if one has none."""
    needles = telling(question)
    if needles:
        saying = [[v for v in record.values if says(v, needles)] for record in records]
        values = [sorted(own, key=lambda v: amount_beside(v, needles) is None)[:1] for own in saying]
    elif IN_TIME.search(question.text):
        values = [record.under(DATE)[:1] for record in records]
    else:
        return None
    if not all(values):
        return None
    statements = [Statement(said(r, own[0]), (own[0].span,)) for r, own in zip(records, values, strict=True)]
    lead = _conclusion(question, records, values)
    return Draft(tuple(fitting(statements, most=len(statements), used=2 * len(lead))), lead, assured=True)


def _conclusion(question: Question, records: Sequence[Record], values: Sequence[Sequence[Value]]) -> str:
    """Return which of two records has the larger (or smaller) value; "" unless every pair of their values says the same."""
    if not question.direction or len(records) != 2:
        return ""
    first, second = ([_amount(question, r, v) for v in own] for r, own in zip(records, values, strict=True))
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
