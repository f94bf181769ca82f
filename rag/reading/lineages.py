"""What comes from what: ancestors, descendants, and the way from one thing to another, over columns that name a base.

Generations are followed as far as rows lead. A heading that names both ends of a way tells it itself: then the rows under it
are the steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpus.documents import Document, Table
from corpus.patterns import pattern
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.framing import fitting
from rag.reading.records import BASE, DATE, PARTS, Record, Value, key_of, said, unique
from rag.reading.selecting import BUILDS, subjects
from rag.understanding.mentions import Mention, mention_strength, name_pattern
from rag.understanding.questions import Question

MOST_STEPS = 12
MOST_SOURCES = 3  # cited for one step
DEEPEST = 8  # generations that are followed
TOLD_COLUMNS = 90  # characters of a row that are shown as a step

_STEPS = pattern(
    r"从.{1,40}?到|一步一?步|逐步|怎么来的|怎样来的|怎么(?:发展|演变|变成)|\bstep[- ]by[- ]step\b|\bfrom\b.{1,60}\bto\b|\bbec[oa]me?\b|\bin between\b|\bturn(?:ed)? into\b",
    re.IGNORECASE,
)
_UP = pattern(
    r"追溯|祖先|祖上|上溯|前身|底座|基座|家谱|\bancest|\blineage of\b|\btrac(?:e|ing)\b|\bpredecess|\bbase model\b",
    re.IGNORECASE,
)
_ON = pattern(r"底座|基座|前身|\bbase model\b", re.IGNORECASE)  # up for a name before it
_DOWN = pattern(
    r"衍生出|衍生了|派生出|后代|后裔|后来|之后|后继|演化出|发展出|升级|继承"
    r"|\bsuccessors?\b|\bdescend|\bbecome\b|\bbecame\b|\bturned into\b|家族|\bafter\b|\bcame of\b|\bfamily\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that comes from another one, and the value that says so."""

    child: Record
    parent: str  # its key
    value: Value


class Lineage:
    """The steps that records say, from either end."""

    def __init__(self, records: Iterable[Record]) -> None:
        records = list(records)
        main = {key: record.key for record in records for key in record.keys}
        self._up: dict[str, list[Step]] = {}
        self._down: dict[str, list[Step]] = {}
        for record in records:
            for value in record.under(BASE):
                for parent in _parents(value, main, records):
                    if parent and parent != record.key:
                        step = Step(record, parent, value)
                        self._up.setdefault(record.key, []).append(step)
                        self._down.setdefault(parent, []).append(step)

    def ancestors(self, key: str) -> list[Step]:
        """Return the steps up from a name, the nearest generation first."""
        return list(_followed(self._up, key, lambda step: step.parent))

    def descendants(self, key: str) -> list[Step]:
        """Return the steps down from a name, the nearest generation first."""
        return list(_followed(self._down, key, lambda step: step.child.key))

    def way(self, start: str, end: str) -> list[Step]:
        """Return the fewest steps that lead from one name down to another, in their order; [] if none lead there."""
        came: dict[str, Step] = {}
        for step in self.descendants(start):
            came.setdefault(step.child.key, step)
        steps: list[Step] = []
        while end in came and end != start and len(steps) < MOST_STEPS:
            steps.append(came[end])
            end = came[end].parent
        return steps[::-1] if end == start else []


def asks_for_way(question: Question) -> bool:
    """Tell whether a question asks how one thing led to another."""
    return len(subjects(question.mentions)) == 2 and _STEPS.search(question.text) is not None


def asks_upward(question: Question) -> bool:
    """Tell whether a question asks what its name comes from, and not what comes from it."""
    if _UP.search(question.text):
        return True
    stands = BUILDS.search(question.text)
    stands = _ON.search(question.text) or stands
    if stands is None or _DOWN.search(question.text):
        return False
    held = [mention for mention in question.mentions if mention.held]
    if question.several and any(mention.start >= stands.end() for mention in held):
        return False  # "which Chinese models are based on X" looks for models, whatever stands before
    return any(mention.end <= stands.start() for mention in held)


def tell_way(question: Question, records: Sequence[Record]) -> Draft | None:
    """Return the steps between the two names of a question, in order, or None if no records tell them."""
    lineage = Lineage(records)
    keys = [_key_among(records, name) for name in subjects(question.mentions)]
    steps = lineage.way(*keys) or lineage.way(*reversed(keys))
    return Draft(tuple(fitting(map(_dated, steps), most=MOST_STEPS)), assured=True) if steps else None


def tell_ancestors(question: Question, records: Sequence[Record]) -> list[Statement]:
    """Return what the names of a question come from, generation by generation where the question asks for all."""
    lineage, steps = Lineage(records), []
    for name in subjects(question.mentions):
        key = _key_among(records, name)
        found = lineage.ancestors(key)
        steps += found if _UP.search(question.text) else [step for step in found if step.child.key == key]
    return fitting(_merged(steps), most=MOST_STEPS) if steps else []


def descendants_of(name: Mention, records: Sequence[Record]) -> list[Step]:
    """Return everything that comes from a name, the nearest generation first."""
    return Lineage(records).descendants(_key_among(records, name))


def _parents(value: Value, main: Mapping[str, str], records: Iterable[Record]) -> list[str]:
    """Return the keys of what a value says that something comes from: all names in a cell, the known names in a sentence."""
    if value.header:
        return [main.get(key_of(part), key_of(part)) for part in PARTS.split(value.text)]
    return [r.key for r in records if name_pattern(r.name).search(value.text) and _strength(value.text, r.name) == 1.0]


def _strength(text: str, name: str) -> float:
    return mention_strength(text, Mention(name, 0, len(name), key_of(name), (name,), held=True, certain=True))


def _followed(steps: Mapping[str, Sequence[Step]], key: str, next_key: Callable[[Step], str]) -> Iterator[Step]:
    """Yield the steps from a name, generation by generation, each name gone through once."""
    seen, front = {key}, [key]
    for _ in range(DEEPEST):
        following: list[str] = []
        for step in (step for name in front for step in steps.get(name, ())):
            yield step
            if (reached := next_key(step)) not in seen:
                seen.add(reached)
                following.append(reached)
        front = following


def _key_among(records: Iterable[Record], name: Mention) -> str:
    """Return the key under which records know a name."""
    return next((record.key for record in records if record.is_named(name)), key_of(name.spellings[0]))


def tell_chronicle(question: Question, tables: Iterable[tuple[Document, Table]]) -> Draft | None:
    """Return the rows of the first table under a heading that names both ends of a way and that dates its rows."""
    names = subjects(question.mentions)
    for document, table in tables:
        heading = f"{table.caption} {table.section}"
        dated = any(DATE.names(cell.text) for cell in table.header)
        if dated and all(mention_strength(heading, name) == 1.0 for name in names):
            statements = [
                Statement(_row_text([cell.text for cell in row.cells]), (Span(document, row.start, row.end),))
                for row in table.rows
            ]
            return Draft(tuple(fitting(statements, most=MOST_STEPS)), assured=True)
    return None


def _row_text(cells: Sequence[str]) -> str:
    text = " · ".join(cell for cell in cells if cell)
    return text if len(text) <= TOLD_COLUMNS else f"{text[:TOLD_COLUMNS].rstrip()}…"


def tell_step(step: Step) -> Statement:
    """Return what a row or a sentence says of a step."""
    return Statement(said(step.child, step.value), (step.value.span,))


def _dated(step: Step) -> Statement:
    """Return what a row says of a step, with its date if it has one."""
    dates = [v for v in step.child.under(DATE) if v.header and v.span == step.value.span]
    date = f" · {dates[0].header}: {dates[0].text}" if dates else ""
    return Statement(f"{said(step.child, step.value)}{date}", (step.value.span,))


def _merged(steps: Iterable[Step]) -> list[Statement]:
    """Return one statement for each name and what it comes from, with all rows that say so."""
    sources: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        sources.setdefault((step.child.key, step.parent), []).append(step)
    told = {said(same[0].child, same[0].value): unique(step.value.span for step in same) for same in sources.values()}
    return [Statement(text, tuple(spans[:MOST_SOURCES])) for text, spans in told.items()]
