"""The exceptions of answering.

    SurveyQAError
    ├── WatchFailed            a folder cannot be watched
    └── AnswerError
        ├── BadQuestion        empty, too long, or not text
        └── LLMError           the language model could not be used; ``kind`` says why
            └── UnknownModel   the SPEC names no model (the command line exits with 2)

A refusal ("the documents do not say") is an Answer, never an exception.
"""

from __future__ import annotations

from typing import Literal

from corpus.errors import SurveyQAError, UsageError

LLMErrorKind = Literal[
    "unknown_spec",
    "missing_package",
    "missing_key",
    "auth",
    "not_found",
    "too_long",
    "rate",
    "server",
    "timeout",
    "connection",
    "bad_response",
    "filtered",
    "incomplete",
]


class WatchFailed(SurveyQAError):
    """A folder cannot be watched, or could not be read in one round; the message says what to do."""


class AnswerError(SurveyQAError):
    """Root of what can go wrong between a question and its answer."""


class BadQuestion(AnswerError, UsageError):
    """The question is empty, too long, or not text."""


class LLMError(AnswerError):
    """The language model could not be used; ``kind`` tells the cases apart, the message says what to do."""

    def __init__(self, message: str, *, kind: LLMErrorKind) -> None:
        super().__init__(message)
        self.kind: LLMErrorKind = kind


class UnknownModel(LLMError, UsageError):
    """The SPEC names no model; the message lists the forms that do."""
