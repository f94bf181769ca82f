"""What reading gives: documents, and what was left out with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.documents import Document


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file (or a part of one) that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of files: documents in the order of their paths, and what was left out."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()
