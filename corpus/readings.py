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
class Cut:
    """The lines of a document's source that are not in its text, in their order, and by which rule each was cut."""

    document: str
    lines: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of files: documents in the order of their paths, what was left out, and if asked for what was cut."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()
    cut: tuple[Cut, ...] = ()
