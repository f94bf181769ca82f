"""Tables read as tables: the row with the largest or smallest value, and how many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from corpus.documents import Cell, Document, Row, Table
from index.hits import Hit
from rag.drafts import Draft, Span, Statement
from rag.framing import fitting
from rag.grammar import CHEAP, HOW_MUCH_COST, ROW_NOUNS, VALUE_PATTERNS, asks_for_entries
from rag.mentions import Mention, mention_strength
from rag.quantities import Quantity, find_quantities
from rag.questions import Needle, Question
from rag.units import Unit, terms_of, units_of

FEWEST_ROWS = 3  # with a readable value, for a superlative
HEADER_MATCH = 0.35  # share of a column's name in the question from which it is the column asked for
SAID = 0.5  # how much of a word a text must have to say it
BEFORE_COUNTED = 24  # characters after a number in which the word for what it counts ends
MONEY_UNITS = ("usd", "cny", "eur", "gbp")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that a question asks about."""

    document: Document
    table: Table
    number: int
    match: float

    @property
    def name(self) -> str:
        """The header's words."""
        return self.table.header[self.number].text


def extreme_row(question: Question, hits: Sequence[Hit]) -> Draft | None:
    """Return the row with the extreme value in the column asked for, or None if no table has such a column."""
    column = best_column(question, hits)
    if column is None or not question.direction:
        return None
    valued = [(row, value) for row in column.table.rows if (value := _value(row, column.number)) is not None]
    units = {value.unit for _, value in valued}
    main = max(units, key=lambda unit: sum(value.unit == unit for _, value in valued), default="")
    valued = [(row, value) for row, value in valued if value.unit == main]
    if len(valued) < FEWEST_ROWS:
        return None
    chosen = (max if question.direction > 0 else min)(valued, key=lambda pair: pair[1].value)[0]
    cells = chosen.cells
    statement = Statement(
        f"{cells[0].text} · {column.name}: {cells[column.number].text}",
        (Span(column.document, chosen.start, chosen.end),),
    )
    return Draft((statement,))


def rows_side_by_side(question: Question, hits: Sequence[Hit]) -> Draft | None:
    """Return the cells of the named rows in the column asked for, or None unless every name has a row in one table."""
    column = best_column(question, hits)
    if column is None:
        return None
    rows = [(mention, _row_of(column.table, mention)) for mention in question.mentions if mention.held]
    told = [
        row for _, row in rows if row is not None and column.number < len(row.cells) and row.cells[column.number].text
    ]
    if len(told) < 2 or len(told) < len(rows):
        return None
    lead = _smaller_or_larger(question, told, column)
    return Draft(tuple(fitting([_cell_statement(column, row) for row in told], most=len(told))), lead)


def _row_of(table: Table, mention: Mention) -> Row | None:
    return next((row for row in table.rows if row.cells and mention_strength(row.cells[0].text, mention) == 1.0), None)


def _smaller_or_larger(question: Question, rows: Sequence[Row], column: Column) -> str:
    """Return which of two rows has the value asked for, when both values can be read and are of one unit."""
    values = [(row, _value(row, column.number)) for row in rows]
    known = [(row, value) for row, value in values if value is not None]
    if len(known) != 2 or len(rows) != 2 or not question.direction or known[0][1].unit != known[1][1].unit:
        return ""
    if known[0][1].value == known[1][1].value:
        return ""
    chosen = (max if question.direction > 0 else min)(known, key=lambda pair: pair[1].value)[0]
    return conclusion(chosen.cells[0].text, question)


def _cell_statement(column: Column, row: Row) -> Statement:
    text = f"{row.cells[0].text} · {column.name}: {row.cells[column.number].text}"
    return Statement(text, (Span(column.document, row.start, row.end),))


def conclusion(name: str, question: Question) -> str:
    """Return the frame that says which of two values is the larger or the smaller one."""
    if question.language == "zh":
        return f"{name} 的数值{'较大' if question.direction > 0 else '较小'}:"
    return f"{name} has the {'larger' if question.direction > 0 else 'smaller'} value:"


def count_rows(question: Question, hits: Sequence[Hit]) -> Draft | None:
    """Return the names in the first column of the table that the question is about, with their number before them.

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
    named = [row for row in table.rows if row.cells and row.cells[0].text]
    if not named:
        return None
    lead = f"表中共 {len(named)} 项:" if question.language == "zh" else f"The table has {len(named)} entries:"
    statements = [
        Statement(row.cells[0].text, (Span(document, row.cells[0].start, row.cells[0].end),)) for row in named
    ]
    return Draft(tuple(fitting(statements, most=len(statements), used=2 * len(lead))), lead)


def _lists(table: Table, counted: Sequence[Needle]) -> bool:
    """Tell whether a table's caption, heading or first column says that its rows are what is counted."""
    first = table.header[0].text if table.header else ""
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


def best_column(question: Question, hits: Sequence[Hit]) -> Column | None:
    """Return the column whose name the question's words match best."""
    columns = [
        Column(document, table, number, _header_match(question, cell))
        for document, table in _tables(hits)
        for number, cell in enumerate(table.header)
        if number
    ]
    best = max(columns, key=lambda column: column.match, default=None)
    return best if best is not None and best.match >= HEADER_MATCH else None


def _tables(hits: Sequence[Hit]) -> list[tuple[Document, Table]]:
    found = {}
    for hit in hits:
        for table in hit.passage.document.tables:
            if table.start < hit.passage.end and hit.passage.start < table.end:
                found[hit.passage.document_id, table.start] = (hit.passage.document, table)
    return list(found.values())


def _header_match(question: Question, cell: Cell) -> float:
    terms = terms_of(cell.text)
    own = {term for term in terms if len(term) > 1}
    if not own:
        return 0.0
    asked: set[str] = set()
    for needle in question.needles:
        asked |= needle.own | {term for term, _ in needle.others}
    costs = (
        any(clause.kind == "money" for clause in question.clauses)
        or HOW_MUCH_COST.search(question.text)
        or CHEAP.search(question.text)
    )
    return len(own & asked) / len(own) + (0.5 if costs and HOW_MUCH_COST.search(cell.text) else 0.0)


def _table_match(question: Question, document: Document, table: Table) -> float:
    around = terms_of(
        f"{table.caption} {table.section} {document.title} {' '.join(cell.text for cell in table.header)}"
    )
    return sum(needle.weight * needle.found_in(around) for needle in question.needles)


def _value(row: Row, column: int) -> Quantity | None:
    """Return the value of a cell: its money, else its only or its first number; None when it has none."""
    if column >= len(row.cells):
        return None
    quantities = [q for q in find_quantities(row.cells[column].text) if q.unit not in ("month", "day")]
    money = [q for q in quantities if q.unit in MONEY_UNITS]
    if money and "+" in row.cells[column].text:
        return Quantity(sum(q.value for q in money), money[0].unit, money[0].start, money[-1].end, money[0].digits)
    return next(iter(money or quantities), None)
