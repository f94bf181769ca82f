"""State: what questions see of an index at one moment, wherever its passages lie.

``index.contents`` holds one in this process; ``index.remote.contents`` reads one from an engine that many share. Index
and search know this only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from corpus.documents import Document, Passage
from index.catalogue import DocumentInfo
from index.embedders import Floats
from index.filters import Filter
from index.folders import FolderNotes
from index.names import Names
from index.pooling import Candidates
from index.queries import Query

if TYPE_CHECKING:
    from index.contents import Base


class State(Protocol):
    """One state of an index; it does not change."""

    @property
    def base(self) -> Base:
        """What stays as it was when the index was built."""

    @property
    def names(self) -> Names:
        """The other names of each name."""

    @property
    def folders(self) -> FolderNotes:
        """Which documents came from which folder."""

    @property
    def settings(self) -> Mapping[str, object]:
        """Settings of whoever asks; plain JSON by name."""

    @property
    def snapshot(self) -> str:
        """What the state is called."""

    @property
    def degraded(self) -> str:
        """Why an older state than the last one serves; empty if all is well."""

    @property
    def has_words(self) -> bool:
        """Whether passages are found by their words too, and not by vectors alone."""

    def __len__(self) -> int:
        """Return the number of passages."""

    def query(self, question: str) -> Query:
        """Return a question in the terms of the index."""

    def idf_of(self, term: str) -> float:
        """Return a term's inverse document frequency over passages; 0 if it occurs nowhere."""

    def holds(self, term: str) -> bool:
        """Tell whether any passage holds a term."""

    def held(self, terms: Sequence[str]) -> list[str]:
        """Return those of many terms that some passage holds, in their order."""

    def candidates(self, query: Query, vector: Floats | None, depth: int) -> Candidates:
        """Return the ``depth`` best passages by words and those nearest to the vector, with both scores of all."""

    def passages_at(self, found: Candidates, at: Sequence[int]) -> list[Passage]:
        """Return the passages of some of the candidates, given by their places among them."""

    def passages_with(self, terms: Collection[str], limit: int) -> list[Passage]:
        """Return the first passages that hold all of the terms, in document order; none for no terms."""

    def documents_with(self, terms: Collection[str], limit: int) -> list[Document]:
        """Return the first documents of which a passage holds all of the terms, in their order; none for no terms."""

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages in text order; raises UnknownDocument."""

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """Return the passages around one in its document, itself left out."""

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""

    def narrowed(self, filter: Filter) -> Self:
        """Return the state as if it held only what a filter lets through; what words weigh and mean stays as it is.

        Raises:
            UnknownDocument: The filter names an id that no document has.
            UsageError: It names a kind, a language or years that no document has.
        """

    def facts(self) -> dict[str, object]:
        """Return what the index is made of, for people and JSON."""
