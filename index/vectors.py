"""One vector per passage, searched by inner product in a FAISS index whose kind suits how many there are.

Vectors have length 1, so the product is the cosine. A flat index holds them as they are. The other kinds (see
``index.engines``) hold one byte per number and put candidates up; beside them lie the vectors with two bytes per
number, which score the candidates exactly and are taken over when an index is merged. All of it is searched where it
lies in the verified file: nothing is copied and nothing is parsed when an index is opened.

Importing FAISS costs a command 60 to 80 ms, and at 3,200 vectors of 256 numbers one product of a matrix takes 0.1 ms
and gives the same passages. So below ``ENOUGH_FOR_FAISS`` flat vectors a process that has not loaded FAISS multiplies
the vectors; a serving process (``load_engine``) and every larger index search with FAISS.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, get_args

import numpy as np
import numpy.typing as npt

from corpus.errors import UsageError
from index import engines
from index.embedders import Floats
from index.engines import AskedKind, Bytes, Kind, Numbers
from index.errors import EmbedderUnavailable, IndexDamaged

ENOUGH_FOR_FAISS = 20_000
FEW = 2_000  # passages that a filter leaves: their vectors are multiplied, whatever the kind
_AT_LEAST = 100  # candidates to score exactly


@dataclass(slots=True)
class Vectors:
    """One vector per passage, in passage order; never changed. Safe to search from several threads."""

    kind: Kind
    asked: AskedKind  # what was asked for when they were made
    exact: npt.NDArray[np.floating[Any]]  # (passages, dimensions), float32 if flat, else float16
    _bytes: Bytes | None = field(default=None, repr=False)
    _engine: Any = field(default=None, repr=False)
    _loading: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def build(cls, matrix: Floats, kind: AskedKind = "auto") -> Self:
        """Make vectors of a matrix of rows of length 1; "auto" chooses the kind by size and measurement.

        Raises:
            UsageError: There is no such kind.
            EmbedderUnavailable: The embedder gave something that is no number.
        """
        if kind not in get_args(AskedKind):
            raise UsageError(f"There is no kind of vector index {kind!r}; there are {', '.join(get_args(AskedKind))}.")
        if not np.isfinite(matrix).all():
            raise EmbedderUnavailable(
                "The embedder gave vectors that hold no finite numbers. Try another one (--embedder)."
            )
        if kind in ("auto", "flat") and len(matrix) < ENOUGH_FOR_FAISS:
            return cls("flat", kind, matrix)
        made, engine = engines.make(matrix, kind)
        exact = matrix if made == "flat" else matrix.astype(np.float16)
        return cls(made, kind, exact, None, engine)

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, npt.NDArray[Any]], kind: Kind, asked: AskedKind, shape: tuple[int, int]
    ) -> Self:
        """Take back what ``arrays`` gave; its bytes must have been verified, for FAISS loads damaged ones without a word.

        ``shape`` is (passages, dimensions).

        Raises:
            IndexDamaged: They are not of this kind or shape.
        """
        if kind not in get_args(Kind):
            raise IndexDamaged(f"{kind!r} is no kind of vector index. Build the index again.")
        data = arrays["vectors_faiss"]
        exact = _flat_matrix(data, *shape) if kind == "flat" else arrays["vectors_exact"]
        if exact.shape != shape:
            raise IndexDamaged(f"vectors_exact holds {exact.shape}; {shape} expected. Build the index again.")
        return cls(kind, asked, exact, data)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the parts by name, to be written: ``vectors_faiss`` is a file of FAISS' own format, as bytes."""
        data = engines.to_bytes(self.load_engine()) if self._bytes is None else self._bytes
        if self.kind == "flat":
            _flat_matrix(data, *self.exact.shape)
            return {"vectors_faiss": data}
        return {"vectors_faiss": data, "vectors_exact": self.exact}

    @property
    def count(self) -> int:
        """Number of vectors."""
        return len(self.exact)

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return int(self.exact.shape[1])

    def load_engine(self) -> Any:  # noqa: ANN401 FAISS has no types
        """Load FAISS and return its index, which answers all searches from now on.

        Raises:
            IndexDamaged: The bytes hold another index than they should.
        """
        with self._loading:
            if self._engine is None and self._bytes is not None:
                self._engine = engines.from_bytes(self._bytes, self.kind, self.count, self.dimensions)
            elif self._engine is None:
                self._engine = engines.make(self.vectors_of(slice(None)), self.kind)[1]
        return self._engine

    def nearest(self, vector: Floats, depth: int, allowed: Numbers | None = None) -> Numbers:
        """Return the numbers of the passages nearest to a vector, best first, at most ``depth``.

        ``allowed`` (ascending) are those to search; None: all. None of the allowed ones that are near is missed.
        """
        if self.kind == "flat" and self._engine is None and self.count < ENOUGH_FOR_FAISS:
            if allowed is None:
                return _best(np.arange(self.count), products(self.exact, vector), depth)
            return _best(allowed, self.score(vector, allowed), depth)
        if allowed is not None and len(allowed) <= FEW:
            return _best(allowed, self.score(vector, allowed), depth)
        if self.kind == "flat":
            return engines.search(self.load_engine(), vector, depth, allowed)
        found = engines.search(self.load_engine(), vector, max(depth, _AT_LEAST), allowed)
        return _best(found, self.score(vector, found), depth)

    def score(self, vector: Floats, numbers: Numbers) -> Floats:
        """Return the cosine of a vector with those of some passages."""
        return products(self.vectors_of(numbers), vector)

    def vectors_of(self, numbers: Numbers | slice) -> Floats:
        """Return the vectors of some passages, shape (numbers, dimensions); of other kinds than flat as two bytes keep them."""
        return np.ascontiguousarray(self.exact[numbers], np.float32)


def products(matrix: Floats, vector: Floats) -> Floats:
    """Return the product of every row with a vector, on one thread: several wait for each other on a busy machine."""
    found: Floats = np.einsum("ij,j->i", matrix, vector)
    return found


def _best(numbers: Numbers, scores: Floats, depth: int) -> Numbers:
    """Return the numbers of the highest scores, best first."""
    if depth < len(numbers):
        kept = np.argpartition(-scores, depth)[:depth]
        numbers, scores = numbers[kept], scores[kept]
    best: Numbers = numbers[np.argsort(-scores, kind="stable")]
    return best


def _flat_matrix(data: Bytes, count: int, dimensions: int) -> Floats:
    """Return the vectors at the end of a flat index in FAISS' file format; copied only while they are few.

    Raises:
        IndexDamaged: The bytes do not begin as those of a flat index of this shape, or are too few.
    """
    size = count * dimensions * 4
    if bytes(data[:16]) != struct.pack("<4siq", b"IxFI", dimensions, count) or len(data) < size + 16:
        raise IndexDamaged(
            f"vectors.faiss does not hold {count} vectors of {dimensions} numbers as FAISS 1.15 writes them. "
            "Build the index again."
        )
    flat = data[len(data) - size :]
    aligned = flat.copy() if count < ENOUGH_FOR_FAISS else flat
    return aligned.view(np.float32).reshape(count, dimensions)
