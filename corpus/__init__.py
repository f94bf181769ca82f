"""Documents in, passages out: reading, cleaning, sections, tables, links, splitting, tokens."""

from corpus.documents import Cell, Document, Link, Passage, Row, Section, Table
from corpus.errors import CorpusError, EncodingUnavailable, ReadError, SurveyQAError, UsageError
from corpus.files import Reading, Skipped, read, read_folder
from corpus.languages import language_of
from corpus.sentences import split_sentences
from corpus.shipped import library_fingerprint, load_aliases, load_glossary, load_library
from corpus.splitting import split
from corpus.tokens import count_tokens, get_encoding

__all__ = [
    "Cell", "CorpusError", "Document", "EncodingUnavailable", "Link", "Passage", "ReadError", "Reading", "Row",
    "Section", "Skipped", "SurveyQAError", "Table", "UsageError", "count_tokens", "get_encoding", "language_of", "library_fingerprint",
    "load_aliases", "load_glossary", "load_library", "read", "read_folder", "split", "split_sentences",
]  # fmt: skip
