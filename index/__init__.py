"""Passages in, ranked hits out: embedders, vectors, lexical search, fusing, saving.

Names are loaded when they are first used, so that whoever needs one value does not load numpy for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.catalogue import DocumentInfo
    from index.contents import Splitting
    from index.embedders import Embedder, open_embedder
    from index.errors import (
        EmbedderUnavailable,
        EmptyCorpus,
        EngineFailed,
        EngineUnavailable,
        EngineUnreachable,
        IndexDamaged,
        IndexError_,
        IndexLocked,
        IndexMismatch,
        IndexNotFound,
        IndexOutdated,
        IndexWriteFailed,
        UnknownDocument,
        UnknownSnapshot,
        WorkersUnavailable,
    )
    from index.filters import Filter
    from index.hits import Hit
    from index.index import Index
    from index.queries import Concept, Query
    from index.snapshots import SnapshotInfo

__all__ = [
    "Concept", "DocumentInfo", "Embedder", "EmbedderUnavailable", "EmptyCorpus", "EngineFailed", "EngineUnavailable", "EngineUnreachable", "Filter", "Hit", "Index",
    "IndexDamaged", "IndexError_", "IndexLocked", "IndexMismatch", "IndexNotFound", "IndexOutdated", "IndexWriteFailed", "Query", "SnapshotInfo",
    "Splitting", "UnknownDocument", "UnknownSnapshot", "WorkersUnavailable", "open_embedder",
]  # fmt: skip

_HOMES = {
    "Concept": "queries", "DocumentInfo": "catalogue", "Embedder": "embedders", "Filter": "filters",
    "Hit": "hits", "Index": "index", "Query": "queries", "SnapshotInfo": "snapshots", "Splitting": "contents", "open_embedder": "embedders",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Load a public name from its module; exceptions live in ``index.errors``."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
