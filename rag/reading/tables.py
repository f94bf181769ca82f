"""Tables read as tables: how many rows there are, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from corpus.documents import Document, Table
from index import Index
from index.hits import Hit
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.framing import fitting
from rag.reading.gathering import tables_for
from rag.reading.records import head_of
from rag.reading.units import Unit, terms_of, units_of
from rag.understanding.grammar import ROW_NOUNS, VALUE_PATTERNS, asks_for_entries
from rag.understanding.mentions import Mention, mention_strength
from rag.understanding.questions import Needle, Question

Pair = tuple[Document, Table]

SAID = 0.5  # how much of a word a text must have to say it
BEFORE_COUNTED = 24  # characters after a number in which the word for what it counts ends


def count_rows(question: Question, hits: Sequence[Hit], index: Index) -> Draft | None:
    """Return the names in the first column of the table that the question is about, with their number before them.

    Tables with the same columns are one that goes on, unless the question is about one of them more than about the others.
    None unless some table lists what is counted, and where a sentence states how many there are.
    """
    counted = [
        needle for needle in question.needles if any(needle.surface in clause.asked for clause in question.clauses)
    ]
    counted = [needle for needle in counted if needle.surface not in ROW_NOUNS]
    tables = [pair for pair in _tables(hits) if not counted or _lists(pair[1], counted)]
    if not tables or (counted and not asks_for_entries(question.text) and _is_stated(question, counted, hits)):
        return None
    document, table = max(tables, key=lambda pair: _table_match(question, *pair))
    parts = _carried_on(question, (document, table), tables_for(question, hits, index))
    if not all(_is_titled(mention, document, table) for mention in question.mentions if mention.held and mention.sure):
        return None  # "how many by Acme are listed" is not how many are listed
    statements = _named(parts)
    if not statements:
        return None
    number = len(statements)
    lead = f"表中共 {number} 项:" if question.language == "zh" else f"The table has {number} entries:"
    return Draft(tuple(fitting(statements, most=number, used=2 * len(lead))), lead)


def _carried_on(question: Question, best: Pair, others: Iterable[Pair]) -> list[Pair]:
    """Return a table with those that go on with it: with the same columns, and no less what the question is about."""
    columns = [cell.text for cell in best[1].header]
    match = _table_match(question, *best)
    alike = {
        (document.id, table.start): (document, table)
        for document, table in (*others, best)
        if [cell.text for cell in table.header] == columns and _table_match(question, document, table) == match
    }
    return sorted(alike.values(), key=lambda pair: (pair[0].id != best[0].id, pair[0].id, pair[1].start))


def _named(parts: Sequence[Pair]) -> list[Statement]:
    """Return the names that the rows of a table have; one that several parts of it have is one."""
    cells = [
        (document, row.cells[table.naming]) for document, table in parts for row in table.rows if table.name_of(row)
    ]
    if len(parts) > 1:
        cells = list({cell.text: (document, cell) for document, cell in reversed(cells)}.values())[::-1]
    return [Statement(cell.text, (Span(document, cell.start, cell.end),)) for document, cell in cells]


def _is_titled(mention: Mention, document: Document, table: Table) -> bool:
    """Tell whether the title, heading, caption or header of a table has a name."""
    around = f"{table.caption} {table.section} {document.title} {' '.join(cell.text for cell in table.header)}"
    return mention_strength(around, mention) > 0


def _lists(table: Table, counted: Sequence[Needle]) -> bool:
    """Tell whether a table's caption, heading or first column says that its rows are what is counted."""
    first = head_of(table)
    said = terms_of(f"{table.caption} {table.section} {first}")
    return any(needle.found_in(said) >= SAID for needle in counted)


def _is_stated(question: Question, counted: Sequence[Needle], hits: Sequence[Hit]) -> bool:
    """Tell whether a sentence has all words of the question, and a number before what is counted."""
    told = [needle for needle in question.needles if len(needle.surface) > 1]
    return any(
        all(needle.found_in(unit.terms) >= SAID for needle in told) and _counts(unit, counted)
        for unit in units_of(hits)
        if unit.kind in ("sentence", "item")
    )


def _counts(unit: Unit, counted: Sequence[Needle]) -> bool:
    """Tell whether a number stands before what is counted; a single Chinese character (台 for "station") is no evidence."""
    numbers = (match for match in VALUE_PATTERNS["number"].finditer(unit.text))
    after = [terms_of(unit.text[match.end() : match.end() + BEFORE_COUNTED]) for match in numbers]
    words = [frozenset(term for term in terms if len(term) > 1) for terms in after]
    return any(needle.found_in(terms) >= SAID for terms in words for needle in counted)


def _tables(hits: Sequence[Hit]) -> list[tuple[Document, Table]]:
    found = {}
    for hit in hits:
        for table in hit.passage.document.tables:
            if table.start < hit.passage.end and hit.passage.start < table.end:
                found[hit.passage.document_id, table.start] = (hit.passage.document, table)
    return list(found.values())


def _table_match(question: Question, document: Document, table: Table) -> float:
    around = terms_of(
        f"{table.caption} {table.section} {document.title} {' '.join(cell.text for cell in table.header)}"
    )
    return sum(needle.weight * needle.found_in(around) for needle in question.needles)
