"""A vector store and embeddings for LangChain: FAISS in memory, saved as checksummed snapshots and never as a pickle.

This file is imported on demand only, because it needs LangChain at its top. It holds what LangChain gives it (texts,
metadata, ids) and knows nothing of documents with offsets, of BM25 or of languages; for those there is ``Index``.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from corpus.errors import UsageError
from index import snapshots
from index.embedders import BUILTIN, Embedder, Floats, normalized, open_embedder
from index.errors import IndexDamaged, IndexMismatch, IndexNotFound
from index.latent import LatentEmbedder
from index.snapshots import Snapshot

Filter = Mapping[str, Any] | Callable[[Document], bool]

_TEXTS, _VECTORS = "texts.json", "vectors.faiss"
_ANALYZER = "none (a FaissVectorStore of LangChain)"  # where an Index names its analyzer: neither opens the other
_SAME = 0.05  # between unit vectors: what hosted models vary by from call to call is under 0.02


class FaissVectorStore(VectorStore):
    """Texts with metadata, found by the cosine between their embeddings and that of a question.

    Search is exact, with a filter too. Scores are cosines: they rise with relevance, from -1 to 1. Safe to use from
    several threads; the asynchronous methods run in a thread of LangChain's executor.
    """

    def __init__(self, embedding: Embeddings) -> None:
        self._embedding = embedding
        self._entries: list[_Entry] = []
        self._rows: dict[str, int] = {}  # id -> row
        self._engine: Any = None  # of FAISS, row by row as _entries; None as long as the store is empty
        self._home: tuple[Path, str | None] | None = None  # where it was opened or saved, and that snapshot
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._entries)

    def __bool__(self) -> bool:
        """A store is a thing, also while it is empty."""
        return True

    def __repr__(self) -> str:
        return f"FaissVectorStore({len(self)} texts)"

    @property
    def embeddings(self) -> Embeddings:
        """What embeds the texts and the questions."""
        return self._embedding

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> Self:
        """Return a store in memory that holds the texts; raises what ``add_texts`` does."""
        store = cls(embedding)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    def open(cls, directory: Path | str, embedding: Embeddings) -> Self:
        """Open a store that was saved; up to three of its texts are embedded again to see that the embedding is the same.

        Raises:
            IndexNotFound: Nothing was saved there.
            IndexDamaged: No snapshot is whole.
            IndexMismatch: It was made with another embedding, or is no FaissVectorStore.
        """
        root = Path(directory)
        try:
            store = snapshots.current(root, lambda snapshot: cls(embedding)._load(snapshot))
        except IndexNotFound as error:
            raise IndexNotFound(
                f"No vector store was saved in {root}. Make one with "
                f'`FaissVectorStore.from_texts(texts, embedding).save("{root}")`.'
            ) from error
        store._check_embedding(root)
        return store

    def save(self, directory: Path | str) -> None:
        """Publish the present state as a new snapshot in a directory; what was there stays until it is whole.

        Metadata is kept as JSON: tuples come back as lists.

        Raises:
            UsageError: Metadata is not made of JSON values; the message names the text.
            IndexMismatch: The directory holds an index that is no FaissVectorStore.
            IndexLocked: Another writer is at work, or has saved since this store was opened.
            IndexWriteFailed: The disk is full or may not be written; what was there still serves.
        """
        root = Path(directory).resolve()
        with self._lock:
            _check_place(root)
            name = snapshots.publish(
                root,
                write=self._write,
                check=self._check,
                base=self._home[1] if self._home and self._home[0] == root else None,
            )
            self._home = (root, name)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[str]:
        """Add texts and return their ids; a text whose id is held already takes its place, one without an id gets a new one.

        Raises:
            UsageError: There are not as many metadata or ids as texts, or the embedding gives no usable vectors.
            IndexMismatch: The embedding gives vectors of another length than before.
        """
        entries = _entries(list(texts), metadatas, ids)
        if entries:
            matrix = self._embed([entry.text for entry in entries])
            last = {entry.id: row for row, entry in enumerate(entries)}
            kept = sorted(last.values())
            with self._lock:
                self._check_dimensions(matrix.shape[1])
                self._take_out(last)
                self._append([entries[row] for row in kept], matrix[kept])
        return [entry.id for entry in entries]

    def delete(self, ids: list[str] | None = None, **_: Any) -> bool:  # noqa: ANN401 LangChain's signature
        """Delete texts by id (None: all of them); ids that are not held are passed over."""
        with self._lock:
            self._take_out(list(self._rows) if ids is None else ids)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the texts of these ids that are held, in the order of the ids."""
        with self._lock:
            return [self._entries[self._rows[id_]].document() for id_ in ids if id_ in self._rows]

    def similarity_search(
        self,
        query: str,
        k: int = 4,
        filter: Filter | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[Document]:
        """Return the k texts that are nearest to a question, nearest first.

        ``filter`` chooses before the search: a dict of metadata that must be equal (a list: one of its values), or a
        function of the Document.
        """
        return [document for document, _score in self.similarity_search_with_score(query, k, filter)]

    def similarity_search_with_score(
        self,
        query: str,
        k: int = 4,
        filter: Filter | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[tuple[Document, float]]:
        """Return the k texts that are nearest to a question, nearest first, with their cosines (-1 to 1)."""
        if not self._entries:
            return []
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, filter)

    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: Filter | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[Document]:
        """Return the k texts that are nearest to a vector, nearest first."""
        return [document for document, _score in self.similarity_search_with_score_by_vector(embedding, k, filter)]

    def similarity_search_with_score_by_vector(
        self,
        embedding: Sequence[float],
        k: int = 4,
        filter: Filter | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[tuple[Document, float]]:
        """Return the k texts that are nearest to a vector, nearest first, with their cosines (-1 to 1).

        Raises:
            IndexMismatch: The vector has another length than those of the store.
        """
        vector = _unit(embedding)
        with self._lock:
            scores, rows = self._nearest(vector, k, filter)
            return [(self._entries[row].document(), float(score)) for score, row in zip(scores, rows, strict=True)]

    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[Document]:
        """Return k of the ``fetch_k`` nearest texts, chosen to be near the question and unlike each other.

        ``lambda_mult`` goes from 0 (as different as can be) to 1 (as near as can be).
        """
        if not self._entries:
            return []
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, filter)

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        **_: Any,  # noqa: ANN401 LangChain's signature
    ) -> list[Document]:
        """Do what ``max_marginal_relevance_search`` does, for a vector."""
        vector = _unit(embedding)
        with self._lock:
            rows = self._nearest(vector, fetch_k, filter)[1]
            vectors = [self._engine.reconstruct(int(row)) for row in rows]
            chosen = maximal_marginal_relevance(vector, vectors, lambda_mult, k)
            return [self._entries[rows[place]].document() for place in chosen]

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        """Return what makes a relevance from 0 to 1 of a cosine, for LangChain's score thresholds."""
        return lambda cosine: min(max(cosine, 0.0), 1.0)

    def _embed(self, texts: list[str]) -> Floats:
        try:
            matrix = np.asarray(self._embedding.embed_documents(texts), np.float32)
        except ValueError as error:
            raise UsageError("The embedding gave vectors of several lengths. A store needs vectors of one.") from error
        if matrix.ndim != 2 or len(matrix) != len(texts) or not matrix.shape[1]:
            raise UsageError(f"The embedding gave an array of shape {matrix.shape} for {len(texts)} texts.")
        _check_finite(matrix)
        return normalized(matrix)

    def _check_dimensions(self, given: int) -> None:
        if self._engine is not None and self._engine.d != given:
            raise IndexMismatch(
                f"The store holds vectors of {self._engine.d} numbers; the embedding gives {given}. "
                "Use the embedding that the store was made with, or make a new store."
            )

    def _append(self, entries: Sequence[_Entry], matrix: Floats) -> None:
        if self._engine is None:
            self._engine = _flat(matrix.shape[1])
        self._engine.add(matrix)
        for entry in entries:
            self._rows[entry.id] = len(self._entries)
            self._entries.append(entry)

    def _take_out(self, ids: Iterable[str]) -> None:
        gone = {self._rows[id_] for id_ in ids if id_ in self._rows}
        if not gone:
            return
        self._engine.remove_ids(np.array(sorted(gone), np.int64))  # moves the later rows up
        self._entries = [entry for row, entry in enumerate(self._entries) if row not in gone]
        self._rows = {entry.id: row for row, entry in enumerate(self._entries)}
        if not self._entries:
            self._engine = None

    def _nearest(self, vector: Floats, k: int, filter: Filter | None) -> tuple[list[float], list[int]]:
        """Return cosines and rows, nearest first, of at most k texts that the filter lets through."""
        self._check_dimensions(len(vector))
        allowed = None if filter is None else self._rows_that(filter)
        depth = min(k, len(self._entries) if allowed is None else len(allowed))
        if depth < 1:
            return [], []
        scores, rows = self._engine.search(vector.reshape(1, -1), depth, params=_only(allowed))
        return scores[0].tolist(), rows[0].tolist()

    def _rows_that(self, filter: Filter) -> npt.NDArray[np.int64]:
        if callable(filter):
            rows = [row for row, entry in enumerate(self._entries) if filter(entry.shared())]
        else:
            rows = [row for row, entry in enumerate(self._entries) if _fits(entry.metadata, filter)]
        return np.array(rows, np.int64)

    def _write(self, folder: Path) -> Mapping[str, object]:
        (folder / _TEXTS).write_text(json.dumps([entry.to_list() for entry in self._entries]), encoding="ascii")
        if self._engine is not None:
            (folder / _VECTORS).write_bytes(_to_bytes(self._engine))
        return {
            "analyzer": _ANALYZER,
            "counts": {"texts": len(self._entries)},
            "dimensions": 0 if self._engine is None else self._engine.d,
        }

    def _load(self, snapshot: Snapshot) -> Self:
        _check_kind(snapshot)
        try:
            entries = [_Entry(*fields) for fields in json.loads(bytes(snapshot.read(_TEXTS)))]
            if entries:
                self._engine = _from_bytes(snapshot.read(_VECTORS), len(entries), snapshot.manifest["dimensions"])
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise IndexDamaged(
                f"{snapshot.directory} does not hold what a FaissVectorStore writes: {error}."
            ) from error
        self._entries = entries
        self._rows = {entry.id: row for row, entry in enumerate(entries)}
        self._home = (snapshot.directory.parents[1].resolve(), None if snapshot.degraded else snapshot.name)
        return self

    def _check(self, draft: Snapshot) -> None:
        if len(FaissVectorStore(self._embedding)._load(draft)) != len(self):
            raise IndexDamaged(f"{draft.directory} does not hold what was to be written. Try again.")

    def _check_embedding(self, root: Path) -> None:
        """Embed the first, middle and last text again and compare with the vectors that were saved."""
        if not self._entries:
            return
        rows = sorted({0, len(self) // 2, len(self) - 1})
        now = self._embed([self._entries[row].text for row in rows])
        self._check_dimensions(now.shape[1])
        then = np.stack([self._engine.reconstruct(row) for row in rows])
        if np.linalg.norm(now - then, axis=1).max() > _SAME:
            raise IndexMismatch(
                f"{root} was made with another embedding: the same texts have other vectors of {self._engine.d} numbers "
                "now. Open it with the embedding that it was made with, or make a new store."
            )


class IndexEmbeddings(Embeddings):
    """An embedder of ours as LangChain's Embeddings: an open one, or the SPEC of one.

    Raises:
        UsageError: The SPEC is ``builtin``, which has to be fitted to texts first (``IndexEmbeddings.fit``).
        EmbedderUnavailable: Its model or package cannot be loaded, or its key is missing.
    """

    def __init__(self, embedder: Embedder | str) -> None:
        if embedder == BUILTIN:
            raise UsageError("The built-in embedder is fitted to texts. Make one with `IndexEmbeddings.fit(texts)`.")
        self._embedder = open_embedder(embedder) if isinstance(embedder, str) else embedder

    def __repr__(self) -> str:
        return f"IndexEmbeddings({self._embedder.name!r})"

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Self:
        """Fit the built-in embedder to texts; raises UsageError if there is none."""
        if not texts:
            raise UsageError("There is no text to fit the built-in embedder to. Give it the texts that it will find.")
        return cls(LatentEmbedder.fit(texts))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector of length 1 per text."""
        if not texts:
            return []
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question, of length 1."""
        vector: list[float] = self._embedder.embed_query(text).tolist()
        return vector


@dataclass(frozen=True, slots=True)
class _Entry:
    """A text as it was given."""

    id: str
    text: str = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)

    def document(self) -> Document:
        """Return a Document that the caller may change."""
        return Document(id=self.id, page_content=self.text, metadata=deepcopy(self.metadata))

    def shared(self) -> Document:
        """Return a Document to look at: copying is most of what a filter costs."""
        return Document(id=self.id, page_content=self.text, metadata=self.metadata)

    def to_list(self) -> list[object]:
        try:
            json.dumps(self.metadata)
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(
                f"The metadata of {self.id!r} cannot be saved: {error}. Use text, numbers, true, false, null, lists and "
                "dicts; write a date as text, for example with isoformat()."
            ) from error
        return [self.id, self.text, self.metadata]


def _entries(
    texts: Sequence[str], metadatas: Sequence[Mapping[str, Any]] | None, ids: Sequence[str | None] | None
) -> list[_Entry]:
    for name, given in (("metadatas", metadatas), ("ids", ids)):
        if given is not None and len(given) != len(texts):
            raise UsageError(f"There are {len(texts)} texts and {len(given)} {name}. Give as many {name} as texts.")
    return [
        _Entry(id_ or str(uuid.uuid4()), text, deepcopy(dict(metadata or {})))
        for text, metadata, id_ in zip(texts, metadatas or [{}] * len(texts), ids or [None] * len(texts), strict=True)
    ]


def _fits(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(key in metadata and _is_one(metadata[key], value) for key, value in wanted.items())


def _is_one(value: object, wanted: object) -> bool:
    return bool(value == wanted or (isinstance(wanted, list | tuple) and value in wanted))


def _unit(vector: Sequence[float]) -> Floats:
    array = np.asarray(vector, np.float32)
    _check_finite(array)
    return normalized(array)


def _check_finite(vectors: Floats) -> None:
    if not np.isfinite(vectors).all():
        raise UsageError("A vector holds numbers that are infinite or not a number. Check the embedding.")


def _flat(dimensions: int) -> Any:  # noqa: ANN401 FAISS has no types
    import faiss

    return faiss.IndexFlatIP(dimensions)


def _to_bytes(engine: Any) -> bytes:  # noqa: ANN401 FAISS has no types
    import faiss

    return bytes(faiss.serialize_index(engine))


def _from_bytes(data: memoryview, count: int, dimensions: int) -> Any:  # noqa: ANN401 FAISS has no types
    """Take back what ``_to_bytes`` gave; FAISS checks little, so ``data`` must have been verified."""
    import faiss

    faiss.set_deserialization_vector_byte_limit(len(data))
    try:
        engine = faiss.deserialize_index(np.frombuffer(data, np.uint8))
    except RuntimeError as error:
        raise ValueError("vectors.faiss is no FAISS index") from error
    if not isinstance(engine, faiss.IndexFlatIP) or (engine.ntotal, engine.d) != (count, dimensions):
        raise ValueError(f"vectors.faiss does not hold {count} vectors of {dimensions} numbers")
    return engine


def _only(rows: npt.NDArray[np.int64] | None) -> Any:  # noqa: ANN401 FAISS has no types
    if rows is None:
        return None
    import faiss

    return faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]  # added at run time


def _check_kind(snapshot: Snapshot) -> None:
    if snapshot.manifest.get("analyzer") != _ANALYZER:
        raise IndexMismatch(
            f"{snapshot.directory.parents[1]} holds an index of survey-qa and no FaissVectorStore. "
            "Open it with `Index.open`, or name another directory."
        )


def _check_place(root: Path) -> None:
    """Refuse a directory whose current snapshot is no store's; nothing there, or only damage, may be followed."""
    try:
        snapshots.current(root, _check_kind)
    except (IndexNotFound, IndexDamaged):
        return
