"""Documents in, passages out: reading, cleaning, sections, tables, links, splitting, tokens.

Names are loaded when they are first used: whoever opens a finished index needs the values, not what reads and cleans.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from corpus.documents import Cell, Document, Link, Passage, Row, Section, Table
from corpus.errors import CorpusError, EncodingUnavailable, ReadError, SurveyQAError, UsageError

if TYPE_CHECKING:
    from corpus.files import Reading, Skipped, read, read_folder
    from corpus.languages import language_of
    from corpus.sentences import split_sentences
    from corpus.shipped import library_fingerprint, load_aliases, load_glossary, load_library
    from corpus.splitting import split
    from corpus.tokens import count_tokens, get_encoding

__all__ = [
    "Cell", "CorpusError", "Document", "EncodingUnavailable", "Link", "Passage", "ReadError", "Reading", "Row",
    "Section", "Skipped", "SurveyQAError", "Table", "UsageError", "count_tokens", "get_encoding", "language_of",
    "library_fingerprint", "load_aliases", "load_glossary", "load_library", "read", "read_folder", "split",
    "split_sentences",
]  # fmt: skip

_HOMES = {
    "Reading": "files", "Skipped": "files", "read": "files", "read_folder": "files", "language_of": "languages",
    "split_sentences": "sentences", "library_fingerprint": "shipped", "load_aliases": "shipped",
    "load_glossary": "shipped", "load_library": "shipped", "split": "splitting", "count_tokens": "tokens",
    "get_encoding": "tokens",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Load a public name from the module that holds it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"corpus.{_HOMES[name]}"), name)
    return value
