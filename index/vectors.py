"""Vectors in a FAISS index: searched exactly, by inner product.

Vectors have length 1, so the product is the cosine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.embedders import Floats


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector per passage, in passage order, shape (passages, dimensions)."""

    matrix: Floats

    def score(self, vector: Floats) -> Floats:
        """Return the product of every passage's vector with a question's."""
        return self.matrix @ vector

    def to_bytes(self) -> npt.NDArray[np.uint8]:
        """Return a FAISS IndexFlatIP with these vectors, in FAISS' own file format."""
        import faiss

        flat = faiss.IndexFlatIP(self.matrix.shape[1])
        flat.add(self.matrix)
        data: npt.NDArray[np.uint8] = faiss.serialize_index(flat)
        return data

    @classmethod
    def from_bytes(cls, data: memoryview) -> Vectors:
        """Take back what ``to_bytes`` gave."""
        import faiss

        faiss.set_deserialization_vector_byte_limit(len(data))
        flat = faiss.deserialize_index(np.frombuffer(data, np.uint8))
        return cls(faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(flat.ntotal, flat.d).copy())
