"""The built-in embedder: latent semantic analysis over terms and Latin letter groups, fitted on the passages themselves.

TF-IDF and a truncated singular value decomposition (randomised, Halko, Martinsson and Tropp 2011). No model is
downloaded and nothing but numpy is needed to embed a question; scipy fits.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from index.embedders import BUILTIN, Floats, Progress, normalized
from index.terms import analyze, normalize
from index.vocabulary import Arrays, Vocabulary

DIMENSIONS = 256
MAX_FEATURES = 50_000
FITTED_ON = 20_000  # passages at most; the others are folded in
_LATIN = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class LatentEmbedder:
    """TF-IDF features projected onto the directions in which the passages differ most."""

    vocabulary: Vocabulary
    idf: Floats  # (features,)
    projection: npt.NDArray[np.float16]  # (features, dimensions)

    @classmethod
    def fit(cls, texts: Sequence[str], dimensions: int = DIMENSIONS) -> LatentEmbedder:
        """Learn features and directions from texts; fewer texts than dimensions give fewer dimensions."""
        counted = [Counter(features(text)) for text in texts]
        held = Counter(chain.from_iterable(counted))
        chosen = sorted(held, key=lambda feature: (-held[feature], feature))[:MAX_FEATURES]
        vocabulary = Vocabulary.build(chosen)
        idf = np.array([np.log((1 + len(texts)) / (1 + held[f])) + 1 for f in vocabulary], np.float32)
        unfitted = cls(vocabulary, idf, np.zeros((len(vocabulary), 0), np.float16))
        rows = np.random.default_rng(0).permutation(len(texts))[:FITTED_ON]
        return cls(vocabulary, idf, _directions(unfitted, [counted[row] for row in rows], dimensions))

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> LatentEmbedder:
        """Take back what ``arrays`` gave."""
        vocabulary = Vocabulary.from_arrays(arrays, "features")
        return cls(vocabulary, arrays["features_idf"], arrays["features_projection"])  # type: ignore[arg-type]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the parts by name, to be written."""
        parts = {"features_idf": self.idf, "features_projection": self.projection}
        return parts | self.vocabulary.arrays("features")

    @property
    def name(self) -> str:
        """The SPEC."""
        return BUILTIN

    @property
    def fingerprint(self) -> str:
        """A hash of everything learned."""
        digest = hashlib.sha256(self.projection.tobytes())
        digest.update(self.vocabulary.letters.tobytes())
        return digest.hexdigest()[:16]

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return int(self.projection.shape[1])

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Floats:
        """Return one row per text, shape (texts, dimensions)."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.embed_query(text)
            if progress is not None and row % 100 == 0:
                progress("embedding", row, len(texts))
        return vectors

    def embed_query(self, text: str) -> Floats:
        """Return the vector of a text, shape (dimensions,); zero if it shares no feature with the passages."""
        numbers, weights = self.weigh(Counter(features(text)))
        return normalized(weights @ self.projection[numbers].astype(np.float32))

    def weigh(self, counted: Counter[str]) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return the numbers of the known features and their TF-IDF weights, of length 1 together."""
        found = [(number, count) for f, count in counted.items() if (number := self.vocabulary.find(f)) >= 0]
        numbers = np.array([number for number, _ in found], np.int64)
        weights = (1 + np.log(np.array([count for _, count in found], np.float32))) * self.idf[numbers]
        return numbers, normalized(weights)


def features(text: str) -> list[str]:
    """Return the terms of a text and the groups of three to five letters of its Latin words."""
    found = analyze(text)
    for word in _LATIN.findall(normalize(text)):
        edged = f"#{word}#"
        found.extend("~" + edged[at : at + n] for n in (3, 4, 5) for at in range(len(edged) - n + 1))
    return found


def _directions(embedder: LatentEmbedder, counted: Sequence[Counter[str]], dimensions: int) -> npt.NDArray[np.float16]:
    """Return the leading right singular vectors of the weighted features, shape (features, dimensions)."""
    from scipy import sparse

    weighed = [embedder.weigh(counts) for counts in counted]
    starts = np.cumsum([0, *(len(numbers) for numbers, _ in weighed)])
    numbers = np.concatenate([numbers for numbers, _ in weighed])
    weights = np.concatenate([weights for _, weights in weighed])
    matrix = sparse.csr_matrix((weights, numbers, starts), shape=(len(counted), len(embedder.vocabulary)))
    rank = min(dimensions, len(counted), matrix.shape[1])
    sketch = np.random.default_rng(0).standard_normal((matrix.shape[1], rank + 10)).astype(np.float32)
    basis = matrix @ sketch
    for _ in range(3):
        basis, _ = np.linalg.qr(matrix @ (matrix.T @ np.linalg.qr(basis)[0]))
    _, _, directions = np.linalg.svd((matrix.T @ basis).T, full_matrices=False)
    return np.ascontiguousarray(directions[:rank].T, np.float16)
