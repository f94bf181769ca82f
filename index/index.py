"""Index: passages in, ranked hits out."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from corpus.documents import Document, Passage
from index import snapshots
from index.catalogue import (
    Catalogue,
    DocumentInfo,
    MemoryCatalogue,
    StoredCatalogue,
    in_order,
    number_of,
    store,
)
from index.embedders import BUILTIN, Embedder, Progress
from index.errors import EmptyCorpus, IndexDamaged, IndexMismatch
from index.hits import Hit
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.queries import Concept, Query
from index.terms import ANALYZER, STOP_WORDS, analyze, normalize, without_question_words
from index.vectors import Vectors

VECTOR_WEIGHT = 0.2
MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that one state of an index holds; never changed."""

    catalogue: Catalogue
    lexical: Lexical
    vectors: Vectors
    embedder: Embedder
    snapshot: str = MEMORY
    degraded: str = field(default="")


class Index:
    """A searchable set of passages, in memory or in a directory. Safe to search from several threads."""

    def __init__(self, contents: Contents, directory: Path | None = None) -> None:
        self._contents = contents
        self._directory = directory
        self._writing = threading.Lock()

    @classmethod
    def build(
        cls, passages: Iterable[Passage], *, embedder: Embedder | str = BUILTIN, progress: Progress | None = None
    ) -> Self:
        """Index passages in memory.

        Raises:
            EmptyCorpus: There is no passage.
        """
        ordered = in_order(passages)
        if not ordered:
            raise EmptyCorpus("There is nothing to index: no passage was given. Give documents with text.")
        lexical = Lexical.build([analyze(p.text) for p in ordered], [analyze(p.context) for p in ordered])
        texts = [f"{p.context}\n{p.text}" if p.context else p.text for p in ordered]
        made = embedder if not isinstance(embedder, str) else LatentEmbedder.fit(texts)
        vectors = Vectors(made.embed_passages(texts, progress))
        return cls(Contents(MemoryCatalogue(ordered), lexical, vectors, made))

    @classmethod
    def open(cls, directory: Path | str, *, embedder: Embedder | str | None = None) -> Self:
        """Open the index in a directory."""
        root = Path(directory)
        opened: list[Contents] = []

        def accept(snapshot: snapshots.Snapshot) -> None:
            opened[:] = [_load(snapshot, embedder)]

        snapshots.current(root, accept)
        return cls(opened[0], root)

    def save(self, directory: Path | str) -> None:
        """Publish the index as a new snapshot in a directory."""
        contents = self._contents
        snapshot = snapshots.publish(
            Path(directory), lambda draft: _write(contents, draft), lambda s: _check(s, contents)
        )
        self._contents = _load(snapshot, contents.embedder)
        self._directory = Path(directory)

    @property
    def snapshot(self) -> str:
        """The name of the snapshot on disk, or "memory"."""
        return self._contents.snapshot

    @property
    def degraded(self) -> str:
        """Why an older snapshot serves; empty if all is well."""
        return self._contents.degraded

    def __len__(self) -> int:
        return len(self._contents.catalogue)

    def search(self, question: str, k: int = 10, *, documents: Collection[str] | None = None) -> list[Hit]:
        """Return the k passages that match best, best first."""
        contents = self._contents
        lexical = contents.lexical.score(self.query(question).terms)
        vector = np.maximum(contents.vectors.score(contents.embedder.embed_query(question)), 0)
        lexical = lexical / max(float(lexical.max()), 1e-9)
        vector = vector / max(float(vector.max()), 1e-9)
        score = (1 - VECTOR_WEIGHT) * lexical + VECTOR_WEIGHT * vector
        if documents is not None:
            mask = np.zeros(len(score), bool)
            for document in documents:
                numbers = contents.catalogue.numbers_of(document)
                mask[numbers.start : numbers.stop] = True
            score = np.where(mask, score, 0)
        best = np.argsort(-score, kind="stable")[:k]
        return [
            Hit(contents.catalogue.passage(int(n)), float(score[n]), float(lexical[n]), float(vector[n]))
            for n in best
            if score[n] > 0
        ]

    def query(self, question: str) -> Query:
        """Return what a question asks for, in index terms."""
        plain = without_question_words(normalize(question))
        terms = {term: 1.0 for term in analyze(plain) if term not in STOP_WORDS}
        concepts = tuple(Concept(term, {term: 1.0}) for term in terms)
        return Query(question, terms, concepts)

    def idf(self, term: str) -> float:
        """Return a term's inverse document frequency; 0 if it occurs nowhere."""
        return self._contents.lexical.idf_of(term)

    def holds(self, term: str) -> bool:
        """Tell whether any passage holds the index term."""
        return self._contents.lexical.vocabulary.find(term) >= 0

    def passages_with(self, terms: Collection[str], limit: int = 200) -> list[Passage]:
        """Return the passages that hold all of the index terms, in document order."""
        contents = self._contents
        return [contents.catalogue.passage(int(n)) for n in contents.lexical.holding_all(terms)[:limit]]

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages in text order."""
        catalogue = self._contents.catalogue
        return [catalogue.passage(number) for number in catalogue.numbers_of(document_id)]

    def neighbours(self, passage: Passage, before: int = 1, after: int = 1) -> list[Passage]:
        """Return the passages around one, itself left out, in text order."""
        catalogue = self._contents.catalogue
        numbers = catalogue.numbers_of(passage.document_id)
        here = number_of(catalogue, passage)
        around = [*range(here - before, here), *range(here + 1, here + 1 + after)]
        return [catalogue.passage(number) for number in around if number in numbers]

    def aliases(self) -> Mapping[str, frozenset[str]]:
        """Return the other names of each normalised name."""
        return {}

    def documents(self) -> list[DocumentInfo]:
        """List the documents."""
        return self._contents.catalogue.documents()

    def document(self, document_id: str) -> Document:
        """Return one document with its text."""
        return self._contents.catalogue.document(document_id)


def _write(contents: Contents, draft: Path) -> dict[str, object]:
    store(contents.catalogue, draft / "documents.sqlite")
    (draft / "vectors.faiss").write_bytes(contents.vectors.to_bytes().tobytes())
    arrays = contents.lexical.arrays()
    if isinstance(contents.embedder, LatentEmbedder):
        arrays |= contents.embedder.arrays()
    for name, array in arrays.items():
        np.save(draft / f"{name}.npy", array, allow_pickle=False)
    embedder = contents.embedder
    return {
        "analyzer": ANALYZER,
        "passages": len(contents.catalogue),
        "embedder": {"name": embedder.name, "fingerprint": embedder.fingerprint, "dimensions": embedder.dimensions},
    }


def _load(snapshot: snapshots.Snapshot, embedder: Embedder | str | None) -> Contents:
    manifest = snapshot.manifest
    made_with = manifest["embedder"]["name"]
    asked = embedder if embedder is None or isinstance(embedder, str) else embedder.name
    if asked is not None and asked != made_with:
        raise IndexMismatch(
            f"{snapshot.directory.parents[1]} was built with the embedder {made_with!r}, but {asked!r} is asked for. "
            f"Rebuild it with `survey-qa index build --embedder {asked}`, or ask with `--embedder {made_with}`."
        )
    arrays = {name.removesuffix(".npy"): _array(snapshot, name) for name in manifest["files"] if name.endswith(".npy")}
    opened = LatentEmbedder.from_arrays(arrays) if made_with == BUILTIN else embedder
    if opened is None or isinstance(opened, str):
        raise IndexMismatch(f"The embedder {made_with!r} is needed.")
    return Contents(
        catalogue=StoredCatalogue(snapshot.path("documents.sqlite")),
        lexical=Lexical.from_arrays(arrays, manifest["passages"]),
        vectors=Vectors.from_bytes(snapshot.read("vectors.faiss")),
        embedder=opened,
        snapshot=snapshot.name,
        degraded=snapshot.degraded,
    )


def _array(snapshot: snapshots.Snapshot, name: str) -> npt.NDArray[Any]:
    import io

    data = snapshot.read(name)
    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise IndexDamaged(f"{snapshot.directory / name} holds no array.") from error


def _check(snapshot: snapshots.Snapshot, contents: Contents) -> None:
    _load(snapshot, contents.embedder)
