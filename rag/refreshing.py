"""Keeping the library in the default index as new as the one that ships, after an upgrade of the package.

A note beside the index tells which library went into it; while that is the one that ships, opening costs a millisecond.
The user's own documents are never touched, and where the index cannot be written the one that is there serves.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus.shipped import library_fingerprint, load_library
from index import Index, IndexError_

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]  # stage, done, total (0: not known)

_NOTE = "library.json"


def note_library(home: Path, ids: Sequence[str]) -> None:
    """Write down which documents of the library the default index holds; a home that cannot be written stays as it is."""
    note = home / _NOTE
    draft = note.with_suffix(f".{os.getpid()}")
    try:
        draft.write_text(json.dumps({"fingerprint": library_fingerprint(), "documents": list(ids)}), "utf-8")
        draft.replace(note)
    except OSError as error:
        logger.info("The library's note cannot be written: %s", error)


def holds_only_library(directory: Path, home: Path) -> bool:
    """Tell whether the default index, which this version cannot open, holds what the library's note lists and nothing else."""
    held = next((snapshot.documents for snapshot in Index.snapshots(directory) if snapshot.current), 0)
    return 0 < held == len(_noted(home)[1])


def refresh_library(index: Index, home: Path, progress: Progress | None = None) -> Index:
    """Bring the library's documents in the index up to date if another library ships now; returns the index."""
    fingerprint, former = _noted(home)
    if not former or fingerprint == library_fingerprint():
        return index
    documents = load_library()
    try:
        index.add(documents, progress=progress)
        held = {info.id for info in index.documents()}
        index.remove(held & (former - {document.id for document in documents}))
    except IndexError_ as error:
        logger.warning("The library that ships is newer than the one in the index, which stays as it is: %s", error)
        return index
    note_library(home, [document.id for document in documents])
    return index


def count_library(index: Index) -> dict[str, int]:
    """Return how many surveys and papers of the library an index holds, and how many models the catalogue lists.

    An index without the library counts nothing.
    """
    from corpus.models import load_models

    ids = [info.id for info in index.documents()]
    surveys, papers = (sum(id_.startswith(f"library/{part}/") for id_ in ids) for part in ("surveys", "papers"))
    return {"surveys": surveys, "papers": papers, "models": len(load_models())} if surveys or papers else {}


def _noted(home: Path) -> tuple[str, frozenset[str]]:
    """Return the fingerprint and ids of the last note; empty ones if there is none that can be read."""
    try:
        note = json.loads((home / _NOTE).read_text("utf-8"))
        return str(note["fingerprint"]), frozenset(map(str, note["documents"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "", frozenset()
