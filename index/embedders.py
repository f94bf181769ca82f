"""What an embedder is, and how a SPEC becomes one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from index.errors import IndexMismatch

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, int, int], None]  # stage, done, total

BUILTIN = "builtin"
_OPENAI = "openai:"


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of length 1 whose inner product says how alike two texts are."""

    @property
    def name(self) -> str:
        """The SPEC that opens it again."""

    @property
    def fingerprint(self) -> str:
        """Tells apart embedders that give other vectors under the same name."""

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return one row per text, shape (texts, dimensions)."""

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question, shape (dimensions,)."""


def open_embedder(spec: str) -> Embedder:
    """Open the embedder of a SPEC: ``openai:MODEL``, or a sentence-transformers name or path.

    The SPEC ``builtin`` has no embedder of its own: ``LatentEmbedder.fit`` makes one of passages.

    Raises:
        EmbedderUnavailable: Its model or package cannot be loaded, or its key is missing.
    """
    if spec.startswith(_OPENAI):
        from index.openai_embedder import OpenAIEmbedder

        return OpenAIEmbedder(spec.removeprefix(_OPENAI))
    from index.sentence_embedder import SentenceEmbedder

    return SentenceEmbedder(spec)


def normalized(vectors: Floats) -> Floats:
    """Return the vectors with length 1 (a zero vector stays zero), contiguous float32."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def same_spec(one: str, other: str) -> bool:
    """Tell whether two SPECs name the same embedder; paths may be written in several ways."""
    return one == other or (Path(one).exists() and Path(other).exists() and Path(one).samefile(other))


def is_same(one: Embedder, other: Embedder) -> bool:
    """Tell whether two embedders give the same vectors."""
    return (one.name, one.fingerprint, one.dimensions) == (other.name, other.fingerprint, other.dimensions)


class LateEmbedder:
    """An embedder that an index on disk was made with, opened when the first question needs it."""

    def __init__(self, name: str, fingerprint: str, dimensions: int) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        self._opened: Embedder | None = None
        self._lock = threading.Lock()

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return one row per text, shape (texts, dimensions)."""
        return self.load().embed_passages(texts, progress)

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a question, shape (dimensions,)."""
        return self.load().embed_query(text)

    def load(self) -> Embedder:
        """Open the embedder unless it is open.

        Raises:
            EmbedderUnavailable: Its model or package cannot be loaded, or its key is missing.
            IndexMismatch: The name stands for another model than when the index was built.
        """
        with self._lock:
            if self._opened is None:
                opened = open_embedder(self.name)
                check_same(opened, self.fingerprint, self.dimensions)
                self._opened = opened
            return self._opened


def check_same(embedder: Embedder, fingerprint: str, dimensions: int) -> None:
    """Refuse an embedder that is not the one that made an index's vectors.

    Raises:
        IndexMismatch: Its fingerprint or its dimensions differ.
    """
    if (embedder.fingerprint, embedder.dimensions) != (fingerprint, dimensions):
        raise IndexMismatch(
            f"The index was built with another {embedder.name!r} ({dimensions} numbers, fingerprint {fingerprint}) than "
            f"the one here ({embedder.dimensions} numbers, fingerprint {embedder.fingerprint}). "
            f"Rebuild it with `survey-qa index build --embedder {embedder.name}`, or put the former model back."
        )
