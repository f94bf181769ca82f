"""What the page shows of an index beside answers: its models, and the places where they are told of. Knows no markup."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from corpus.errors import SurveyQAError
from index import Index
from rag.answers import Answer
from rag.assistant import Assistant
from rag.exploring import FIELDS, ModelCard, gather_models
from rag.suggesting import suggest
from ui.handlers import Source, locate

FINDING = 2  # answers whose questions that lead on are found at once
KEPT_QUESTIONS = 2_000


class Shelf:
    """The models of an index, gathered once for each snapshot. Safe to use from several threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._reader = Assistant(index)  # no model: its questions cost nothing
        self._lock = threading.Lock()
        self._gathered: tuple[str, tuple[ModelCard, ...]] | None = None
        self._finding = threading.BoundedSemaphore(FINDING)
        self._found: OrderedDict[tuple[str, str], bool] = OrderedDict()

    def models(self) -> Sequence[ModelCard]:
        """Return what the documents' tables say of each model."""
        with self._lock:
            now = self._index.pinned()
            if self._gathered is None or self._gathered[0] != now.snapshot or now.snapshot == "memory":
                self._gathered = (now.snapshot, gather_models(now))
            return self._gathered[1]

    def suggest(self, answer: Answer, asked: Sequence[str]) -> tuple[str, ...]:
        """Return questions that lead on from an answer; none of those that were asked already.

        Finding out what the documents answer takes several times an answer, so what is known is kept; while many ask at
        once some answers end without questions that lead on, rather than keep others waiting for theirs.
        """
        if not self._finding.acquire(blocking=False):
            return ()
        try:
            question = answer.standalone_question or answer.question
            return tuple(suggest(question, [*asked, answer.question], self._index, self.models(), self._answers))
        finally:
            self._finding.release()

    def _answers(self, question: str) -> bool:
        """Tell whether the documents answer a question; the last ones of the same snapshot are known."""
        known = (self._index.snapshot, question)
        found = self._found.get(known)
        if found is None or known[0] == "memory":
            found = self._found[known] = self._reader.ask(question).found
            while len(self._found) > KEPT_QUESTIONS:
                self._found.popitem(last=False)
        return found

    def find_source(self, models: Sequence[ModelCard], place: str) -> Source | None:
        """Return the source at ``m.MODEL.FIELD.N``, or None for a place that does not exist (any more)."""
        kind, _, rest = place.partition(".")
        parts = rest.split(".")
        if kind != "m" or len(parts) != 3 or parts[1] not in FIELDS:
            return None
        number, at = _number(parts[0]), _number(parts[2])
        values = models[number].of(parts[1]) if 0 <= number < len(models) else ()
        if not 0 <= at < len(values):
            return None
        value = values[at]
        try:
            document = self._index.document(value.document_id)
        except SurveyQAError:
            return None  # it was removed meanwhile
        if document.text[value.start : value.end] != value.text:
            return None
        return replace(locate(document, value.start, value.end, number=0), label=None)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1
