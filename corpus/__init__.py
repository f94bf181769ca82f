"""Documents in, passages out: reading, cleaning, sections, tables, links, splitting, tokens."""

from corpus.documents import Cell, Document, Link, Passage, Row, Section, Table
from corpus.errors import CorpusError, ReadError, SurveyQAError, UsageError

__all__ = [
    "Cell", "CorpusError", "Document", "Link", "Passage", "ReadError", "Row", "Section", "SurveyQAError", "Table",
    "UsageError",
]  # fmt: skip
