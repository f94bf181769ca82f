"""What an embedder is, and how a SPEC becomes one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, int, int], None]  # stage, done, total

BUILTIN = "builtin"


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


def normalized(vectors: Floats) -> Floats:
    """Return the vectors with length 1 (a zero vector stays zero), contiguous float32."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.ascontiguousarray(vectors / np.maximum(lengths, 1e-12), np.float32)
