"""How much vectors count beside words, found by measurement when an index is built.

A weak leg must not ruin a strong one, and whether an embedder is weak depends on the language and on the passages. So it
is asked questions whose answers are known.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.languages import Language
from corpus.patterns import pattern
from index.embedders import Embedder, Floats
from index.latent import LatentEmbedder

HIGHEST = 0.5  # measured on English text with MiniLM: .955 here, falling above
HIGHEST_BUILTIN = 0.2  # its vectors see the same words as BM25: from .3 on they cost what they are worth
SAMPLED = 150  # pseudo-questions per language
KEPT_WORDS = 0.4  # of a sentence make a pseudo-question
_FEWEST = 8  # passages of a language that can tell how good an embedder is
_UNMEASURED = 0.7  # what an embedder is taken to find where there are fewer: every one knows English
_PAIRS = 100  # of the glossary
_ROWS = 10_000  # of the matrix that are looked at together

_SENTENCE = pattern(r"[^。！？!?；;\n.]{12,}")
_WORD = pattern(r"[\u3400-\u9fff]{1,2}|[^\W\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Sample:
    """A pseudo-question and the number of the passage that it was made of."""

    question: str
    passage: int


def choose_weights(
    embedder: Embedder,
    matrix: Floats,
    texts: Sequence[str],
    languages: Sequence[Language],
    lexical: Callable[[str], int],
    pairs: Sequence[tuple[str, str]],
) -> dict[Language, float]:
    """Return the vectors' share for questions of each language.

    For a language of which the index holds some passages, questions are made of them by dropping words, and the share
    follows from how often the vectors find the passage first against how often ``lexical`` does, which returns its number. For one that it does not
    hold, the share follows from how often the embedder finds a Chinese term's English name among ``pairs``.
    """
    highest = HIGHEST_BUILTIN if isinstance(embedder, LatentEmbedder) else HIGHEST
    weights: dict[Language, float] = {}
    for language in ("zh", "en"):
        rows = [row for row, other in enumerate(languages) if other == language]
        if len(rows) >= _FEWEST:
            rate = _success(embedder, matrix, make_samples(texts, rows), lexical)
        elif rows and (language == "en" or isinstance(embedder, LatentEmbedder)):
            rate = _UNMEASURED
        else:
            rate = _parallel(embedder, pairs)
        weights[language] = round(highest * rate**2, 3)
    return weights


def make_samples(texts: Sequence[str], rows: Sequence[int]) -> list[Sample]:
    """Make pseudo-questions of some of the texts: a sentence of each with most of its words dropped, always the same ones."""
    chance = random.Random(0)  # noqa: S311 nothing secret
    samples = []
    for row in chance.sample(list(rows), min(SAMPLED, len(rows))):
        sentences = _SENTENCE.findall(texts[row]) or [texts[row]]
        words = _WORD.findall(chance.choice(sentences))
        kept = [word for word in words if chance.random() < KEPT_WORDS] or words
        if kept:
            samples.append(Sample(" ".join(kept), row))
    return samples


def _success(embedder: Embedder, matrix: Floats, samples: Sequence[Sample], lexical: Callable[[str], int]) -> float:
    """Return how often the vectors find a sample's passage first, as a share of how often the lexical leg does, at most 1."""
    if not samples:
        return 0.0
    found = sum(lexical(sample.question) == sample.passage for sample in samples)
    questions = np.stack([embedder.embed_query(sample.question) for sample in samples])
    near = sum(first == sample.passage for first, sample in zip(_nearest(matrix, questions), samples, strict=True))
    return min(near / max(found, 1), 1.0)


def _nearest(matrix: Floats, questions: Floats) -> list[int]:
    """Return the row of the matrix that is nearest to each question; the lowest of several."""
    best = np.full(len(questions), -np.inf, np.float32)
    rows = np.zeros(len(questions), np.int64)
    for start in range(0, len(matrix), _ROWS):
        scores = questions @ matrix[start : start + _ROWS].T
        first = scores.argmax(axis=1)
        highest = scores[np.arange(len(first)), first]
        rows[highest > best] = first[highest > best] + start
        best = np.maximum(best, highest)
    found: list[int] = rows.tolist()
    return found


def _parallel(embedder: Embedder, pairs: Sequence[tuple[str, str]]) -> float:
    """Return how often a Chinese term's vector is nearest to its own English name's, above what chance gives."""
    if isinstance(embedder, LatentEmbedder) or not pairs:
        return 0.0
    once = {chinese: english for chinese, english in reversed(pairs) if len(chinese) > 2 and " " in english}
    chosen = list({english: chinese for chinese, english in once.items()}.items())[:_PAIRS]
    if not chosen:
        return 0.0
    english = embedder.embed_passages([one for one, _ in chosen])
    chinese = embedder.embed_passages([other for _, other in chosen])
    return float((np.argmax(chinese @ english.T, axis=1) == np.arange(len(chosen))).mean())
