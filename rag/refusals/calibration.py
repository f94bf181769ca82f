"""The fitted weights that turn evidence into the probability that the documents answer, and the threshold below which they do not.

What ships was fitted on the questions in ``tests/questions`` by ``rag.refusals.calibrating``: ``calibration.json`` on several sets of
documents, ``calibration_library.json`` on the shipped library, whose words and subjects those questions know; an index may
carry its own, fitted on questions about its documents. Nothing here knows how a fit is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from index import Index, IndexDamaged
from index.hits import Hit
from rag.refusals.evidence import Evidence, Sort

OTHERS, LIBRARY = "calibration.json", "calibration_library.json"
LIBRARY_IDS = "library/"  # how the ids of the shipped documents begin
SETTING = "refusal"  # where an index keeps its own calibration
FIGURES = (
    "together", "log_together", "passage", "passage_long", "shown", "said", "asked", "named", "beside", "absent",
    "absent_open", "absent_alone", "absent_abroad", "undated", "length", "foreign", "unnamed", "unheard", "valued", "listed", "few",
    "elsewhere", "valueless", "abroad",
)  # fmt: skip
SORTS: tuple[Sort, ...] = ("few", "listed", "valued", "other", "valued_abroad", "other_abroad")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model: the log-odds that the documents answer are ``intercept`` plus the weighted figures.

    ``questions`` is how many labelled questions it was fitted to.
    """

    weights: Mapping[str, float] = field(repr=False)
    intercept: float
    thresholds: Mapping[Sort, float]  # probability below which a question is refused, by its class
    questions: int

    def threshold(self, evidence: Evidence) -> float:
        """Return the probability below which a question with this evidence is refused."""
        return self.thresholds[evidence.sort]

    def probability(self, evidence: Evidence) -> float:
        """Return how probable it is that the documents answer, 0 to 1."""
        figures = evidence.figures()
        odds = self.intercept + sum(weight * figures[name] for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON."""
        return {
            "weights": {name: round(weight, 4) for name, weight in self.weights.items()},
            "intercept": round(self.intercept, 4),
            "thresholds": {sort: round(value, 4) for sort, value in self.thresholds.items()},
            "questions": self.questions,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: object) -> Calibration:
        """Restore a calibration from its JSON.

        Raises:
            IndexDamaged: The data are no calibration of this version.
        """
        try:
            if not isinstance(data, Mapping) or set(data["weights"]) != set(FIGURES):
                raise ValueError("other figures than " + ", ".join(FIGURES))
            weights = {name: float(data["weights"][name]) for name in FIGURES}
            thresholds: dict[Sort, float] = {sort: float(data["thresholds"][sort]) for sort in SORTS}
            intercept = float(data["intercept"])
            if not all(map(math.isfinite, (*weights.values(), *thresholds.values(), intercept))):
                raise ValueError("a number that is not finite")
            return cls(MappingProxyType(weights), intercept, MappingProxyType(thresholds), int(data["questions"]))
        except (KeyError, TypeError, ValueError) as error:
            raise IndexDamaged(
                f"The refusal settings of this index cannot be used ({error}). Fit them again: "
                "`survey-qa eval QUESTIONS.jsonl --fit`."
            ) from error


@cache
def shipped(name: str = OTHERS) -> Calibration:
    """Return a calibration that ships: that for any documents, or the ``LIBRARY``'s, which knows its own better."""
    return Calibration.from_dict(json.loads(Path(__file__).with_name(name).read_text("utf-8")))


def calibration_of(index: Index, hits: Sequence[Hit] = ()) -> Calibration:
    """Return an index's own calibration; if it was never fitted, that of the library where most hits are from it, or that for any documents.

    Raises:
        IndexDamaged: The index has one that cannot be used.
    """
    own = index.settings().get(SETTING)
    if own is not None:
        return Calibration.from_dict(own)
    from_library = sum(hit.passage.document_id.startswith(LIBRARY_IDS) for hit in hits)
    return shipped(LIBRARY if 2 * from_library > len(hits) else OTHERS)
