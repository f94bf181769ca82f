"""Widening what was found: a search finds passages, an answer may need what stands around or beside them.

Each kind of question needs something else: a comparison each name searched by itself, a link the places that point
somewhere, a list the rest of the list, a superlative all rows of the table. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from corpus.documents import Document, Passage, Table
from corpus.splitting import COLUMN_LABELS
from index import Index
from index.hits import Hit
from index.terms import analyze, normalize_name
from rag.reading.records import head_of
from rag.reading.units import terms_of
from rag.understanding.measures import words_measured
from rag.understanding.mentions import Mention
from rag.understanding.questions import Question
from rag.understanding.ranks import as_extreme

PER_NAME = 6  # passages searched for each name of a comparison
MOST_WITH_NAME = 60  # passages that mention a name, for lists and links
MOST_ROWS = 40  # of all tables together
MOST_SEARCHED = 40  # passages searched for rows of tables
MOST_BESIDE = 60  # documents looked at for tables that list the same
FOUND_BESIDE = 0.5  # share of the best score that a passage gets which no search has ranked


def gather(question: Question, hits: Sequence[Hit], index: Index) -> list[Hit]:
    """Return the hits and what the question needs besides, each passage once, the hits first."""
    found = {_key(hit.passage): hit for hit in hits}
    top = max((hit.score for hit in hits), default=1.0)
    for applies, more in _WIDENINGS:
        if applies(question):
            for passage, share in more(question, hits, index):
                found.setdefault(_key(passage), Hit(passage, top * share))
    return list(found.values())


Widening = Callable[[Question, Sequence[Hit], Index], Iterator[tuple[Passage, float]]]


def _each_name(question: Question, hits: Sequence[Hit], index: Index) -> Iterator[tuple[Passage, float]]:
    """Yield what a search for each name alone finds, with what is asked about it."""
    for mention in question.mentions:
        if mention.held:
            found = index.search(_asked_about(question, mention), PER_NAME)
            top = max((hit.score for hit in found), default=1.0) or 1.0
            yield from ((hit.passage, hit.score / top) for hit in found)


def _asked_about(question: Question, mention: Mention) -> str:
    """Return the question with one name only."""
    text = question.text
    for other in sorted(question.mentions, key=lambda other: -other.start):
        text = text[: other.start] + " " + text[other.end :]
    return f"{mention.name} {text}"


def _pointing_somewhere(question: Question, hits: Sequence[Hit], index: Index) -> Iterator[tuple[Passage, float]]:
    """Yield the passages with a link that mention a name."""
    for passage in _mentioning(question, index):
        if any(passage.start <= link.start < passage.end for link in passage.document.links):
            yield passage, FOUND_BESIDE


def _with_names(question: Question, hits: Sequence[Hit], index: Index) -> Iterator[tuple[Passage, float]]:
    for passage in _mentioning(question, index):
        yield passage, FOUND_BESIDE


def _mentioning(question: Question, index: Index) -> Iterator[Passage]:
    for mention in question.mentions:
        for spelling in mention.spellings if mention.held else ():
            yield from index.passages_with(name_terms(spelling, index), limit=MOST_WITH_NAME)


def tables_for(question: Question, hits: Sequence[Hit], index: Index) -> list[tuple[Document, Table]]:
    """Return the tables that a question may be answered from: those found for it, and those beside them that list the same.

    Tables list the same when their first columns are called alike. For questions over many rows; costs a few milliseconds.
    """
    found = _tables_of([*hits, *index.search(as_extreme(question.text), MOST_SEARCHED)])
    heads = {head_of(table) for _, table in found if table.header}
    beside = [pair for head in sorted(heads) for pair in _tables_headed(head, index)]
    return list({(d.id, t.start): (d, t) for d, t in (*found, *beside)}.values())


def _tables_headed(head: str, index: Index) -> Iterator[tuple[Document, Table]]:
    """Yield the tables whose first column has a name, of the first ``MOST_BESIDE`` documents that have any."""
    wanted = terms_of(head)
    for label in COLUMN_LABELS.values():
        terms = [term for term in dict.fromkeys(analyze(f"{label} {head}")) if len(term) > 1]
        if terms and all(map(index.holds, terms)):
            for document in index.documents_with(terms, limit=MOST_BESIDE):
                yield from ((document, table) for table in document.tables if wanted <= _columns_of(table))


def _columns_of(table: Table) -> frozenset[str]:
    return terms_of(" | ".join(cell.text for cell in table.header))


def name_terms(spelling: str, index: Index) -> list[str]:
    """Return index terms that a passage with this spelling of a name holds."""
    normal = normalize_name(spelling)
    if index.holds(normal):
        return [normal]
    return [term for term in dict.fromkeys(analyze(spelling)) if index.holds(term)][:6] or [normal]


def _whole_tables(question: Question, hits: Sequence[Hit], index: Index) -> Iterator[tuple[Passage, float]]:
    """Yield the rows of every table that a hit stands in."""
    left = MOST_ROWS
    for document, table in _tables_of(hits):
        rows = [p for p in index.passages_of(document.id) if table.start <= p.start < table.end][:left]
        yield from ((passage, FOUND_BESIDE) for passage in rows)
        left -= len(rows)


def _tables_of(hits: Sequence[Hit]) -> list[tuple[Document, Table]]:
    tables: dict[tuple[str, int], tuple[Document, Table]] = {}
    for hit in hits:
        for table in hit.passage.document.tables:
            if table.start < hit.passage.end and hit.passage.start < table.end:
                tables[hit.passage.document_id, table.start] = (hit.passage.document, table)
    return list(tables.values())


def _measured(question: Question, hits: Sequence[Hit], index: Index) -> Iterator[tuple[Passage, float]]:
    """Yield what a search for what is compared finds where the question's own words are nowhere: a weight for the heaviest."""
    words = [] if hits else words_measured(question.text)
    if words:
        yield from ((hit.passage, FOUND_BESIDE) for hit in index.search(" ".join(words), MOST_SEARCHED))


def _rest_of_section(question: Question, hits: Sequence[Hit], index: Index) -> Iterator[tuple[Passage, float]]:
    """Yield the passages beside the best hits that stand in the same section."""
    for hit in hits[:6]:
        for passage in index.neighbours(hit.passage, before=1, after=2):
            if passage.section == hit.passage.section and passage.kind == hit.passage.kind:
                yield passage, FOUND_BESIDE


def _wants_links(question: Question) -> bool:
    return any(clause.kind == "link" for clause in question.clauses)


def _wants_several(question: Question) -> bool:
    return question.several or any(clause.kind in ("list", "lineage", "count") for clause in question.clauses)


def _wants_rows(question: Question) -> bool:
    return (
        question.several or question.side_by_side or any(c.kind in ("superlative", "count") for c in question.clauses)
    )


def _wants_extreme(question: Question) -> bool:
    return any(clause.kind == "superlative" for clause in question.clauses)


def _compares(question: Question) -> bool:
    return question.side_by_side


_WIDENINGS: tuple[tuple[Callable[[Question], bool], Widening], ...] = (
    (_compares, _each_name),
    (_wants_links, _pointing_somewhere),
    (_wants_several, _with_names),
    (_wants_several, _rest_of_section),
    (_wants_extreme, _measured),
    (_wants_rows, _whole_tables),
)


def _key(passage: Passage) -> tuple[str, int, int]:
    return passage.document_id, passage.start, passage.end
