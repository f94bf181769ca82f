"""Vectors in a FAISS index (IndexFlatIP): searched exactly, by inner product.

Vectors have length 1, so the product is the cosine. The file is FAISS' own format, written and verified by us. Importing
FAISS costs a command 60 to 80 ms, and at 3,200 vectors of 256 numbers one product of a matrix takes 0.1 ms and gives the
same passages. So below ``ENOUGH_FOR_FAISS`` vectors a process that has not loaded FAISS multiplies the vectors where
they lie in the file; a serving process (``load_engine``) and every larger index search with FAISS.
"""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from index.embedders import Floats
from index.errors import IndexDamaged

ENOUGH_FOR_FAISS = 20_000
Numbers = npt.NDArray[np.int64]


@dataclass(slots=True)
class Vectors:
    """One vector per passage, in passage order; never changed."""

    matrix: Floats  # (passages, dimensions)
    _engine: Any = field(default=None, repr=False)
    _loading: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if len(self.matrix) >= ENOUGH_FOR_FAISS:
            self.load_engine()

    @classmethod
    def from_bytes(cls, data: memoryview, count: int, dimensions: int) -> Self:
        """Take back what ``to_bytes`` gave; ``data`` must have been verified.

        Raises:
            IndexDamaged: The bytes do not hold so many vectors.
        """
        size = count * dimensions * 4
        if count >= ENOUGH_FOR_FAISS:
            engine = _deserialized(data)
            if (engine.ntotal, engine.d) != (count, dimensions):
                raise IndexDamaged(
                    f"vectors.faiss holds {engine.ntotal} vectors of {engine.d}; {count} of {dimensions} expected."
                )
            return cls(_matrix_of(engine), engine)
        if bytes(data[:16]) != _head(count, dimensions) or len(data) < size:
            raise IndexDamaged(f"vectors.faiss does not hold {count} vectors of {dimensions} numbers.")
        flat = np.frombuffer(data, np.uint8, offset=len(data) - size).copy()
        return cls(flat.view(np.float32).reshape(count, dimensions))

    def to_bytes(self) -> bytes:
        """Return the FAISS index in FAISS' own file format; the vectors are its last bytes, which ``from_bytes`` relies on."""
        import faiss

        data = bytes(faiss.serialize_index(self.load_engine()))
        if data[:16] != _head(*self.matrix.shape) or not data.endswith(self.matrix.tobytes()):
            raise IndexDamaged("This version of FAISS writes flat indexes in another format; install faiss-cpu 1.15.")
        return data

    def load_engine(self) -> Any:  # noqa: ANN401 FAISS has no types
        """Load FAISS and return its index, which answers all searches from now on."""
        with self._loading:
            if self._engine is None:
                engine = _faiss().IndexFlatIP(self.matrix.shape[1])
                engine.add(self.matrix)
                self._engine = engine
        return self._engine

    def nearest(self, vector: Floats, depth: int, allowed: Numbers | None = None) -> Numbers:
        """Return the numbers of the passages nearest to a vector, at most ``depth``, of the allowed ones (None: all)."""
        if self._engine is not None:
            return self._nearest_by_faiss(vector, depth, allowed)
        numbers = np.arange(len(self.matrix)) if allowed is None else allowed
        scores = products(self.matrix if allowed is None else self.matrix[allowed], vector)
        if depth < len(numbers):
            numbers = numbers[np.argpartition(-scores, depth)[:depth]]
        return numbers

    def score(self, vector: Floats, numbers: Numbers) -> Floats:
        """Return the cosine of a vector with those of some passages."""
        return products(self.matrix[numbers], vector)

    def _nearest_by_faiss(self, vector: Floats, depth: int, allowed: Numbers | None) -> Numbers:
        import faiss

        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(allowed))  # type: ignore[call-arg]  # added at run time
        depth = min(depth, len(self.matrix) if allowed is None else len(allowed))
        _, found = self._engine.search(vector.reshape(1, -1), depth, params=parameters)
        numbers: Numbers = found[0]
        return numbers[numbers >= 0]


def products(matrix: Floats, vector: Floats) -> Floats:
    """Return the product of every row with a vector, on one thread: several wait for each other on a busy machine."""
    found: Floats = np.einsum("ij,j->i", matrix, vector)
    return found


def _head(count: int, dimensions: int) -> bytes:
    """Return how the file of a flat index begins: its kind, the dimensions and the number of vectors."""
    return struct.pack("<4siq", b"IxFI", dimensions, count)


def _faiss() -> Any:  # noqa: ANN401 FAISS has no types
    """Return FAISS, told to use one thread: on a busy machine four took 30 ms for what one does in 1."""
    import faiss

    faiss.omp_set_num_threads(1)
    return faiss


def _deserialized(data: memoryview) -> Any:  # noqa: ANN401 FAISS has no types
    faiss = _faiss()
    faiss.set_deserialization_vector_byte_limit(len(data))
    return faiss.deserialize_index(np.frombuffer(data, np.uint8))


def _matrix_of(engine: Any) -> Floats:  # noqa: ANN401 FAISS has no types
    """Return the vectors inside a FAISS index, not copied."""
    import faiss

    matrix: Floats = faiss.rev_swig_ptr(engine.get_xb(), engine.ntotal * engine.d).reshape(engine.ntotal, engine.d)
    return matrix
