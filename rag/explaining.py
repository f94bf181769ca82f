"""A glass box: how an answer came about, told as plain JSON to whoever asks.

An Explanation remembers what the stages handed on and puts it into words only when somebody looks, so an answer that
nobody asks about costs nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from index.hits import Hit
from rag.answers import Citation
from rag.refusals.refusing import Decision
from rag.understanding.questions import Question


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages of one answer made: candidates as the search ranked them, and those that the reader was given."""

    question: Question
    candidates: Sequence[Hit] = field(repr=False)
    packed: Sequence[Hit] = field(repr=False)
    budget: int  # characters that packing could use
    citations: Sequence[Citation] = field(default=(), repr=False)
    decision: Decision | None = None  # None where a language model decided


class Explanation(Mapping[str, object]):
    """The explanation by name: question, entities, candidates, refusal, checks; made when it is first looked at."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._told: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        return self._tell()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tell())

    def __len__(self) -> int:
        return len(self._tell())

    def _tell(self) -> dict[str, object]:
        if not self._told:
            self._told = _told(self._stages)
        return self._told


def _told(stages: Stages) -> dict[str, object]:
    question, decision = stages.question, stages.decision
    return {
        "standalone_question": question.text,
        "language": question.language,
        "kind": question.kind,
        "asks_for": [{"kind": c.kind, "about": list(c.asked), "text": c.text} for c in question.clauses],
        "names": list(question.names),
        "entities": [
            {"written": m.surface, "means": m.name, "in_the_documents": m.held, "surely_a_name": m.sure}
            for m in question.mentions
        ],
        "concepts": {concept.surface: dict(concept.terms) for concept in question.query.concepts},
        "candidates": _candidates(stages),
        "added": [_place(hit) for hit in stages.packed if _key(hit) not in set(map(_key, stages.candidates))],
        "refused_because": decision.refusal.reason if decision and decision.refusal else None,
        "refusal": decision.to_dict() if decision else {},
        "checks": [
            {"citation": c.number, "document": c.document_id, "support": round(c.support, 3), "label": c.label}
            for c in stages.citations
        ],
    }


def _candidates(stages: Stages) -> list[dict[str, object]]:
    """Return each candidate with its rank in the search and in either leg, and where it was packed or why it was cut."""
    lexical = _ranks(stages.candidates, [hit.lexical for hit in stages.candidates])
    vector = _ranks(stages.candidates, [hit.vector for hit in stages.candidates])
    packed = {_key(hit): place for place, hit in enumerate(stages.packed, 1)}
    return [
        {
            "rank": rank, "lexical_rank": lexical.get(_key(hit)), "vector_rank": vector.get(_key(hit)),
            "packed": packed.get(_key(hit)),
            "cut": None if _key(hit) in packed else _why_cut(hit, stages),
            "score": round(hit.score, 4), "lexical": round(hit.lexical, 4), "vector": round(hit.vector, 4),
            **_place(hit),
        }
        for rank, hit in enumerate(stages.candidates, 1)
    ]  # fmt: skip


def _ranks(hits: Sequence[Hit], scores: Sequence[float]) -> dict[tuple[str, int, int], int]:
    """Return the ranks of those that a leg found at all."""
    found = sorted((n for n in range(len(hits)) if scores[n] > 0), key=lambda n: -scores[n])
    return {_key(hits[n]): rank for rank, n in enumerate(found, 1)}


def _why_cut(hit: Hit, stages: Stages) -> str:
    text = "".join(hit.passage.text.split())
    for place, other in enumerate(stages.packed, 1):
        if text in "".join(other.passage.text.split()):
            return f"passage {place} says the same word for word"
    return f"others answer better and fill the {stages.budget:,} characters"


def _place(hit: Hit) -> dict[str, object]:
    return {"document": hit.passage.document_id, "section": hit.passage.section, "start": hit.passage.start}


def _key(hit: Hit) -> tuple[str, int, int]:
    return hit.passage.document_id, hit.passage.start, hit.passage.end
