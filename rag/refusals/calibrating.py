"""Fitting the refusal: labelled questions and an index in, a Calibration and its trade-off curve out.

Every question with an answer is asked a second time as if the passages that hold its gold were not in the index: a
question of the same words that the documents do not answer. Weights are those of a logistic regression, held to the sign
that each figure must have; the threshold comes from cross-validation, so from questions that the weights have not seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from corpus.documents import Passage
from corpus.errors import UsageError
from index import Index
from index.hits import Hit
from rag.evaluating import GoldQuestion, normalise
from rag.reading import extractive
from rag.reading.packing import pack
from rag.refusals.calibration import FIGURES, SORTS, Calibration
from rag.refusals.evidence import Sort, weigh
from rag.refusals.refusing import settle
from rag.settings import DEFAULT_HITS, EVIDENCE_CHARS
from rag.understanding.following import stand_alone
from rag.understanding.mentions import mention_strength
from rag.understanding.questions import Question, understand

MOST_FALSE_REFUSALS = 0.04  # share of the questions with an answer that a fit may refuse
FOLDS = 5
FEWEST = 20  # questions of each kind below which a fit tells more of chance than of the documents
REMOVED_WEIGHT = 0.15  # of a question whose gold was taken away: another passage may say the same in other words
LEAST_RANK = 3  # questions below a threshold from which it is more than chance: 3 % of a hundred
PENALTY = 1.0  # on the square of each weight's distance from where the fit begins
SEED = 7
CURVE = (
    0.0,
    0.01,
    0.02,
    0.025,
    0.03,
    0.04,
    0.05,
    0.075,
    0.1,
    0.15,
    0.2,
    0.3,
    0.4,
    0.5,
)  # bounds on false refusals to report

Floats = npt.NDArray[np.float64]
# More of these never refuses, more of those never answers.
_RISING = frozenset(
    {"together", "log_together", "passage", "passage_long", "shown", "said", "asked", "named", "beside"}
)
_FALLING = frozenset(
    {"absent", "absent_open", "absent_alone", "absent_abroad", "undated", "unheard", "elsewhere", "valueless"}
)

# How much of the bound on false refusals a class of questions may use: all of it, each.
EVEN: Mapping[Sort, float] = dict.fromkeys(SORTS, 1.0)
# A wrong number does more harm than a wrong sentence.
CAREFUL_WITH_VALUES: Mapping[Sort, float] = {**EVEN, "valued": 1.2, "valued_abroad": 1.2}
# Where documents are unknown, a list that was assembled from them carries its own evidence.
TRUSTING_LISTS: Mapping[Sort, float] = {
    "few": 0.7,
    "listed": 1.0,
    "valued": 1.75,
    "other": 1.2,  # in the question's own language the evidence tells near misses from answers
    "valued_abroad": 3.5,
    "other_abroad": 1.5,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """The evidence for one question, and whether the documents answer it.

    ``settled`` is 0 or 1 where the question's form decides and no threshold can, else None; ``removed`` says that the passages
    with its gold were taken away.
    """

    question: str
    answerable: bool
    figures: Mapping[str, float] = field(repr=False)
    sort: Sort = "other"
    settled: float | None = None
    weight: float = 1.0
    removed: bool = False


@dataclass(frozen=True, slots=True)
class TradeOff:
    """What a bound on false refusals costs and brings on questions that the weights have not seen; shares from 0 to 1."""

    most_false_refusals: float
    refused_answerable: float
    refused_unanswerable: float
    refused_without_gold: float  # of the answerable ones with the passages that hold their gold taken away

    def to_dict(self) -> dict[str, float]:
        """Return plain JSON."""
        return {name: round(getattr(self, name), 4) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Fit:
    """A calibration, what it does with its thresholds, and the whole curve, the bound on false refusals rising."""

    calibration: Calibration
    chosen: TradeOff
    curve: tuple[TradeOff, ...] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        curve = [point.to_dict() for point in self.curve]
        return {"calibration": self.calibration.to_dict(), "chosen": self.chosen.to_dict(), "curve": curve}


def collect(
    index: Index, questions: Sequence[GoldQuestion], progress: Callable[[int, int], None] | None = None
) -> list[Sample]:
    """Return the evidence that an index holds for each question, and for each answerable one without its gold."""
    samples = []
    for done, gold in enumerate(questions, 1):
        alone = stand_alone(gold.question, gold.history, index)
        question = understand(alone, index)
        samples.append(_sample(question, alone, index, answerable=gold.answerable))
        if gold.answerable:
            without = _Without(index, _gold_passages(question, gold, index))
            samples.append(_sample(question, alone, without, answerable=False, removed=True))
        if progress:
            progress(done, len(questions))
    return samples


def fit(
    samples: Sequence[Sample],
    *,
    start: Calibration | None = None,
    most_false_refusals: float = MOST_FALSE_REFUSALS,
    care: Mapping[Sort, float] = EVEN,
) -> Fit:
    """Fit weights and threshold to samples; ``start`` is where few questions leave the weights.

    ``care`` says how much of the bound each class may use. For each class of questions the threshold is the highest that is expected to refuse at most ``most_false_refusals``
    of the answerable ones; a class with few of them keeps that of ``start``.

    Raises:
        UsageError: There are too few questions with or without an answer.
    """
    open_ones = [sample for sample in samples if sample.settled is None]
    asked = [sample for sample in samples if not sample.removed]
    counts = [sum(sample.answerable is kind for sample in asked) for kind in (True, False)]
    if min(counts) < FEWEST:
        raise UsageError(
            f"The set has {counts[0]} questions with an answer and {counts[1]} without; a fit takes {FEWEST} of each. "
            'Write more, those that the documents do not answer with "answerable": false.'
        )
    weights, intercept = _fitted(open_ones, start)
    unseen = _unseen_probabilities(samples, start)
    thresholds = _thresholds(samples, unseen, most_false_refusals, start, care)
    calibration = Calibration(MappingProxyType(weights), intercept, MappingProxyType(thresholds), len(asked))
    curve = tuple(_trade_off(samples, unseen, most, start, care) for most in CURVE)
    return Fit(calibration, _trade_off(samples, unseen, most_false_refusals, start, care), curve)


def _sample(question: Question, alone: str, index: Index, *, answerable: bool, removed: bool = False) -> Sample:
    hits = index.search(alone, DEFAULT_HITS)
    packed = pack(question, hits, index, budget=EVIDENCE_CHARS)
    draft = extractive.read(question, packed, index)
    decision = settle(question, packed, draft, index)
    evidence = weigh(question, packed, draft, index)
    settled = None if decision is None else 0.0 if decision.refusal else 1.0
    weight = REMOVED_WEIGHT if removed else 1.0
    return Sample(question.text, answerable, evidence.figures(), evidence.sort, settled, weight, removed)


def _gold_passages(question: Question, gold: GoldQuestion, index: Index) -> frozenset[tuple[str, int]]:
    """Return the passages that hold the gold: its evidence, or all groups of the answer beside a name of the question."""
    evidence = [normalise(text) for text in gold.evidence]
    groups = [[normalise(text) for text in group] for group in gold.must_contain]
    found = set()
    for info in index.documents():
        for passage in index.passages_of(info.id):
            text = normalise(f"{passage.context}{passage.text}")
            says = bool(groups) and all(any(other in text for other in group) for group in groups)
            names = f"{passage.context} {passage.text}"
            named = not question.mentions or any(mention_strength(names, m) > 0 for m in question.mentions)
            if any(part in text for part in evidence) or (says and named):
                found.add((passage.document_id, passage.start))
    return frozenset(found)


class _Without(Index):
    """An index as if some of its passages were not there; what it knows of words stays."""

    def __init__(self, index: Index, gone: Collection[tuple[str, int]]) -> None:
        super().__init__(index._contents)
        self._gone = gone

    def _is_there(self, passage: Passage) -> bool:
        return (passage.document_id, passage.start) not in self._gone

    def search(self, question: str, k: int = 10, **options: Any) -> list[Hit]:  # noqa: ANN401 the index's own options
        found = super().search(question, k + len(self._gone), **options)
        return [hit for hit in found if self._is_there(hit.passage)][:k]

    def passages_with(self, terms: Collection[str], limit: int = 200) -> list[Passage]:
        return [passage for passage in super().passages_with(terms, limit) if self._is_there(passage)]

    def passages_of(self, document_id: str) -> list[Passage]:
        return [passage for passage in super().passages_of(document_id) if self._is_there(passage)]

    def neighbours(self, passage: Passage, before: int = 1, after: int = 1) -> list[Passage]:
        return [other for other in super().neighbours(passage, before, after) if self._is_there(other)]


def _fitted(samples: Sequence[Sample], start: Calibration | None) -> tuple[dict[str, float], float]:
    """Return the weights and the intercept of a logistic regression with a ridge around the start (L-BFGS-B)."""
    from scipy.optimize import minimize  # only a fit pays for it

    figures = _matrix(samples)
    sign = np.where([sample.answerable for sample in samples], 1.0, -1.0)
    counted = np.array([sample.weight for sample in samples])
    begin = np.array(
        [start.weights[name] for name in FIGURES] + [start.intercept] if start else [0.0] * (len(FIGURES) + 1)
    )

    def loss(values: Floats) -> tuple[float, Floats]:
        margin = sign * (figures @ values[:-1] + values[-1])
        away = values - begin
        away[-1] = 0.0
        pull = -sign * counted / (1 + np.exp(np.clip(margin, -50, 50)))
        gradient = np.append(figures.T @ pull, pull.sum()) + PENALTY * away
        return float(counted @ np.logaddexp(0, -margin) + PENALTY / 2 * away @ away), gradient

    bounds = [*map(_bounds, FIGURES), (None, None)]
    best = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=bounds).x
    return dict(zip(FIGURES, map(float, best[:-1]), strict=True)), float(best[-1])


def _bounds(name: str) -> tuple[float | None, float | None]:
    return (0.0 if name in _RISING else None, 0.0 if name in _FALLING else None)


def _matrix(samples: Sequence[Sample]) -> Floats:
    return np.array([[sample.figures[name] for name in FIGURES] for sample in samples])


def _unseen_probabilities(samples: Sequence[Sample], start: Calibration | None) -> Floats:
    """Return each sample's probability by weights fitted without its question; 0 and 1 for what the form settles."""
    texts = sorted({sample.question for sample in samples})
    random.Random(SEED).shuffle(texts)  # noqa: S311 statistics, not secrets
    fold = {text: place % FOLDS for place, text in enumerate(texts)}
    values = np.array([0.0 if sample.settled is None else sample.settled for sample in samples])
    for left_out in range(FOLDS):
        seen = [s for s in samples if s.settled is None and fold[s.question] != left_out]
        weights, intercept = _fitted(seen, start)
        own = np.array([weights[name] for name in FIGURES])
        places = [n for n, s in enumerate(samples) if s.settled is None and fold[s.question] == left_out]
        if places:
            odds = _matrix([samples[n] for n in places]) @ own + intercept
            values[places] = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    return values


def _thresholds(
    samples: Sequence[Sample],
    probabilities: Floats,
    most: float,
    start: Calibration | None,
    care: Mapping[Sort, float],
) -> dict[Sort, float]:
    """Return for each class the highest threshold below which a further answerable question falls with at most that probability.

    Only questions that figures decide count: how many the form of an answer settles differs from set to set.
    Of n probabilities in order, a new one lies below the k-th with probability k / (n + 1), whatever their distribution
    (the conformal quantile of Vovk, Gammerman and Shafer, 2005).
    """
    open_ones = np.array([s.answerable and s.settled is None for s in samples])
    counted = np.array([s.weight for s in samples])
    lowest = float(probabilities[open_ones].min(initial=1.0))
    pooled = _quantile(probabilities[open_ones], counted[open_ones], most, lowest)  # for a class with too few to tell
    found: dict[Sort, float] = {}
    for sort in SORTS:
        few = start.thresholds[sort] if start else pooled if care[sort] else lowest
        for chosen in (
            sort.removesuffix("_abroad"),
            sort,
        ):  # a class in another language, and few, goes by the whole of it
            own = open_ones & np.array([s.sort in (sort, chosen) for s in samples])
            few = _quantile(probabilities[own], counted[own], most * care[sort], few)
        found[sort] = few
    return found


def _quantile(probabilities: Floats, counted: Floats, most: float, few: float) -> float:
    """Return the highest threshold that so many probabilities, each with its weight, allow; ``few`` where they cannot tell."""
    order = np.argsort(probabilities)
    below = np.cumsum(counted[order])  # the weight up to each probability, its own included
    rank = int(np.searchsorted(below, most * (counted.sum() + 1), side="right"))
    return float(probabilities[order[rank - 1]]) if rank and below[rank - 1] >= LEAST_RANK else few


def _trade_off(
    samples: Sequence[Sample],
    probabilities: Floats,
    most: float,
    start: Calibration | None,
    care: Mapping[Sort, float],
) -> TradeOff:
    thresholds = _thresholds(samples, probabilities, most, start, care)
    refused = probabilities < np.array([thresholds[sample.sort] for sample in samples])

    def share(chosen: list[bool]) -> float:
        picked = refused[chosen]
        return float(picked.mean()) if len(picked) else 0.0

    return TradeOff(
        most,
        share([s.answerable for s in samples]),
        share([not s.answerable and not s.removed for s in samples]),
        share([s.removed for s in samples]),
    )
