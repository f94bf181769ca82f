"""Two legs, one ranking: a weighted sum of scores divided by their maximum.

Reciprocal rank fusion lets a weak leg ruin a strong one (hit@1 on Chinese text falls from .975 to .385 with an English
model); a sum of scores does not, if the weight knows how good the vectors are (``index.calibrating``).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from corpus.languages import Language
from index.embedders import Floats

Weights = Mapping[Language, float]  # the vectors' share of a score, by the question's language


def fuse(lexical: Floats, vector: Floats, weight: float) -> Floats:
    """Return fused scores of scores that are 1 at best; ``weight`` (0 to 1) is the vectors' share."""
    return ((1 - weight) * lexical + weight * vector).astype(np.float32)


def by_maximum(scores: Floats, highest: float) -> Floats:
    """Return scores divided by the highest of all passages, 0 for what is below 0."""
    return (np.maximum(scores, 0) / max(highest, 1e-9)).astype(np.float32)
