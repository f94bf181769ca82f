"""What comes back from a question: Answer and Citation, and their one JSON shape.

Command line, HTTP and Python all use ``Answer.to_dict``; nothing here knows how an answer was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from index.hits import Hit

SupportLabel = Literal["supported", "weak", "unsupported"]


class Message(TypedDict):
    """One turn of a conversation: who said it (``role`` is "user" or "assistant") and the words (``content``)."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words of a document that a mark ``[number]`` in an answer stands for.

    ``document.text[start:end] == quote``. ``support`` runs from 0 (nothing of the statement is in the quote) to 1.
    """

    number: int
    document_id: str
    title: str
    section: str
    quote: str = field(repr=False)
    start: int
    end: int
    url: str | None = None
    page: int | None = None
    support: float = 1.0

    @property
    def label(self) -> SupportLabel:
        """The support in words."""
        return "supported" if self.support >= 0.6 else "weak" if self.support >= 0.3 else "unsupported"

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name, for JSON; ``document_id`` is called ``document`` there."""
        return {
            "number": self.number, "document": self.document_id, "title": self.title, "section": self.section,
            "quote": self.quote, "start": self.start, "end": self.end, "url": self.url, "page": self.page,
            "support": round(self.support, 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question. ``text`` is never empty: a refusal has its own words and ``found`` false.

    What a content check stopped has ``found`` false, ``stopped_by`` set and words of its own. ``passages`` are what the
    reader was given, ``standalone_question`` is the question after history was folded in, ``reader`` the SPEC of who wrote
    the answer, ``index`` the snapshot, ``timings_ms`` milliseconds by stage, ``notes`` what the person should know.
    """

    question: str = field(repr=False)
    text: str
    found: bool
    citations: tuple[Citation, ...] = field(default=(), repr=False)
    passages: tuple[Hit, ...] = field(default=(), repr=False)
    standalone_question: str = field(default="", repr=False)
    reader: str = "extractive"
    index: str = ""
    stopped_by: str = ""  # the SPEC of the content check that stopped it: neither an answer nor a refusal
    timings_ms: Mapping[str, float] = field(default_factory=dict, repr=False)
    explanation: Mapping[str, object] = field(default_factory=dict, repr=False)  # what --explain shows
    notes: tuple[str, ...] = ()  # what the person should know: evidence left out, marks removed, an incomplete answer

    def to_dict(self) -> dict[str, object]:
        """Return what `survey-qa ask --json` and the HTTP interface answer.

        ``text`` is called ``answer`` there, and ``labels`` tells each citation's support in words, by its number.
        """
        return {
            "question": self.question, "answer": self.text, "found": self.found,
            "citations": [citation.to_dict() for citation in self.citations],
            "passages": [hit.to_dict() for hit in self.passages],
            "standalone_question": self.standalone_question, "reader": self.reader, "index": self.index,
            "timings_ms": {stage: round(ms, 3) for stage, ms in self.timings_ms.items()},
            "notes": list(self.notes), "stopped_by": self.stopped_by,
            "labels": {str(citation.number): citation.label for citation in self.citations},
        }  # fmt: skip
