"""Vectors of numbered texts from a file, in place of those that a sentence embedder would work out.

What an index costs at 100,000 passages can be measured without hours of embedding: the model is loaded and embeds questions as ever, and
so it does the first texts, so that memory is what it takes; a text that ends in ``#SEED-NUMBER`` gets the vector of its number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

DIMENSIONS = 384
REALLY = 32  # texts that the model embeds all the same, a batch
Take = Callable[[Sequence[str], Callable[[list[str]], Any]], Any]
_NUMBERED = re.compile(r"#\d+-(\d+)\s*$")


def give(file: Path, *, really: int = REALLY) -> None:
    """Have sentence-transformers and txtai take vectors of numbered texts from a file of float32, shape (texts, DIMENSIONS)."""
    source = os.open(file, os.O_RDONLY)
    left = [really]

    def take(texts: Sequence[str], embed: Callable[[list[str]], Any]) -> Any:
        import numpy as np

        made = np.empty((len(texts), DIMENSIONS), np.float32)
        own = []
        for row, text in enumerate(texts):
            numbered = _NUMBERED.search(text)
            if numbered and left[0] <= 0:
                at = int(numbered[1]) * DIMENSIONS * 4
                made[row] = np.frombuffer(os.pread(source, DIMENSIONS * 4, at), np.float32)
            else:
                left[0] -= bool(numbered)
                own.append(row)
        if own:
            made[own] = embed([texts[row] for row in own])
        return made

    _into_sentence_transformers(take)
    _into_txtai(take)


def load_once(model: str) -> None:
    """Load a sentence embedder now, and have whoever opens one in this process or its children take it."""
    from sentence_transformers import SentenceTransformer

    loaded = vars(SentenceTransformer(model))
    SentenceTransformer.__init__ = lambda self, *args, **options: vars(self).update(loaded)
    try:
        from txtai.vectors import HFVectors
    except ImportError:
        return
    HFVectors.loadmodel = lambda self, path: None


def _into_sentence_transformers(take: Take) -> None:
    from sentence_transformers import SentenceTransformer

    embed = SentenceTransformer.encode

    def encode(self: Any, inputs: Any, *args: Any, **options: Any) -> Any:
        made = take([inputs] if isinstance(inputs, str) else inputs, lambda texts: embed(self, texts, *args, **options))
        return made[0] if isinstance(inputs, str) else made

    SentenceTransformer.encode = encode


def _into_txtai(take: Take) -> None:
    try:
        from txtai.vectors import HFVectors
    except ImportError:
        return
    embed = HFVectors.encode

    def encode(self: Any, data: Any, category: Any = None) -> Any:
        return take(data, lambda texts: embed(self, texts, category))

    HFVectors.encode = encode
