"""One search: both legs, fused, the same words shown once. Where the passages lie is the state's own affair.

There is no third pass over where the words of a question stand in a passage: on whole contexts it adds .3 points to
hit@1, on passages of our size it takes .6 away.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from corpus.languages import language_of
from index.embedders import Embedder, Floats
from index.fusing import by_maximum, fuse
from index.hits import Hit
from index.laps import lap
from index.latent import LatentEmbedder
from index.pooling import Candidates
from index.queries import Query
from index.states import State

DEPTH = 100  # passages that each leg puts up, at least; four times what is asked for if that is more
MOST_DEPTH = 6_400  # where copies of the same words crowd out what would be found otherwise


def search(state: State, question: str, k: int, vector_weight: float | None) -> list[Hit]:
    """Return the k passages that match best, best first, each wording once."""
    weight = state.base.weights[language_of(question)] if vector_weight is None else vector_weight
    if not state.has_words:
        weight = 1.0
    if k < 1:
        return []
    query = state.query(question)
    with lap("embed"):
        vector = _embed(state.base.embedder, query) if weight > 0 else None
    depth = max(DEPTH, 4 * k)
    while True:
        with lap("candidates"):
            found = state.candidates(query, vector, depth)
        if not len(found.numbers):
            return []
        with lap("fuse"):
            lexical = by_maximum(found.lexical, float(found.lexical.max()))
            near = by_maximum(found.vector, float(found.vector.max()))
            scores = fuse(lexical, near, weight)
            best = list(_best(found, scores, k))
        copies = len(found.numbers) - len(set(found.sameness.tolist()))
        if len(best) == k or not copies or len(found.numbers) < depth or depth >= MOST_DEPTH:
            break
        depth *= 4
    passages = state.passages_at(found, best)
    return [
        Hit(passage, float(scores[at]), float(lexical[at]), float(near[at]))
        for at, passage in zip(best, passages, strict=True)
    ]


def _best(found: Candidates, scores: Floats, k: int) -> Iterator[int]:
    """Yield the places of the k best candidates that score at all, each wording once; of equals the lower number first."""
    seen: set[int] = set()
    for at in np.lexsort((found.numbers, -scores)).tolist():
        same = int(found.sameness[at])
        if same in seen or scores[at] <= 0:
            continue
        seen.add(same)
        yield at
        if len(seen) == k:
            break


def _embed(embedder: Embedder, query: Query) -> Floats:
    """Return the question's vector; the built-in embedder takes the widened question and so crosses languages too."""
    if isinstance(embedder, LatentEmbedder):
        return embedder.embed_terms(query.text, query.terms)
    return embedder.embed_query(query.text)
