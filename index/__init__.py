"""Passages in, ranked hits out: embedders, vectors, lexical search, fusing, saving."""

from index.catalogue import DocumentInfo
from index.embedders import Embedder
from index.errors import (
    EmbedderUnavailable,
    EmptyCorpus,
    IndexDamaged,
    IndexError_,
    IndexLocked,
    IndexMismatch,
    IndexNotFound,
    IndexWriteFailed,
    UnknownDocument,
)
from index.hits import Hit
from index.index import Index
from index.queries import Concept, Query

__all__ = [
    "Concept", "DocumentInfo", "Embedder", "EmbedderUnavailable", "EmptyCorpus", "Hit", "Index", "IndexDamaged",
    "IndexError_", "IndexLocked", "IndexMismatch", "IndexNotFound", "IndexWriteFailed", "Query", "UnknownDocument",
]  # fmt: skip
