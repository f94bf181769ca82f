"""What a route tells when it cannot answer: a status, a sentence and a code, in the shape of its interface.

Only sentences of ours get out; what was not foreseen is named in the log by its kind.
"""

from __future__ import annotations

import logging
from typing import Any

from corpus.errors import SurveyQAError, UsageError
from index import UnknownDocument
from rag.errors import LLMError
from ui.errors import ReadOnly

logger = logging.getLogger(__name__)

_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class Failed(SurveyQAError):
    """A request that gets no answer: ``status`` and ``code`` beside the sentence, and when to try again, in seconds."""

    def __init__(self, status: int, message: str, *, code: str = "", retry_after: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


def failure_of(error: Exception) -> Failed:
    """Return what a caller is told of an exception."""
    if isinstance(error, Failed):
        return error
    if isinstance(error, UnknownDocument):
        return Failed(404, str(error), code="not_found")
    if isinstance(error, UsageError):
        return Failed(400, str(error), code="bad_request")
    if isinstance(error, ReadOnly):
        return Failed(403, str(error), code="read_only")
    if isinstance(error, LLMError):
        return Failed(502, str(error), code=f"model_{error.kind}")
    if isinstance(error, SurveyQAError):
        return Failed(503, str(error), code="unavailable")
    logger.error("A request failed with %s", type(error).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
    return Failed(500, "Something unexpected happened here. The server's log says what.", code="unexpected")


def speaks_openai(path: str) -> bool:
    """Tell whether the callers of a path expect errors in OpenAI's shape."""
    return path == "/v1" or path.startswith("/v1/")


def error_body(path: str, status: int, message: str, code: str = "") -> dict[str, Any]:
    """Return the JSON of an error as the callers of a path expect it: OpenAI's under /v1, one sentence elsewhere.

    >>> error_body("/api/ask", 400, "The question is empty.")
    {'error': 'The question is empty.'}
    """
    if not speaks_openai(path):
        return {"error": message}
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": code or None}}
