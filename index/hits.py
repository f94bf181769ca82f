"""Hit: a passage that was found, and how well it matches."""

from __future__ import annotations

from dataclasses import dataclass, field

from corpus.documents import Passage


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage with its score; scores rise with relevance and compare only within one search.

    ``lexical`` and ``vector`` are the normalised scores (0 to 1) of the two legs before they were fused.
    """

    passage: Passage
    score: float
    lexical: float = field(default=0.0, repr=False)
    vector: float = field(default=0.0, repr=False)

    def to_dict(self) -> dict[str, object]:
        """Return what `survey-qa search --json` shows of a passage: document, section, start, end, text, score."""
        passage = self.passage
        return {
            "document": passage.document_id, "section": passage.section, "start": passage.start, "end": passage.end,
            "text": passage.text, "score": round(self.score, 6),
        }  # fmt: skip
