"""What goes wrong inside a model's library, told as one LLMError with a kind.

The libraries raise their own classes and, for malformed replies, bare JSONDecodeError, IndexError, TypeError or
AttributeError. They are told apart by what they carry (a status) and what they are called, so that no library has to be
imported to be understood.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from corpus.patterns import pattern
from rag.errors import LLMError, LLMErrorKind
from rag.llm.keys import VARIABLES, Key

_TOO_LONG = pattern(
    r"context.{0,20}(?:length|window|size)|maximum.{0,20}tokens|prompt is too long|too many (?:input )?tokens|input.{0,20}too long"
    r"|exceed.{0,30}tokens",
    re.IGNORECASE | re.DOTALL,
)
_FILTERED = pattern(r"content.?(?:filter|management|policy)|ResponsibleAI|sensitive content", re.IGNORECASE)
_NO_MODEL = pattern(
    r"model.{0,80}(?:not found|does not exist|not exist|unknown|is pinned)|no such model", re.IGNORECASE | re.DOTALL
)
_WINDOW = pattern(r"(?:context|maximum|max|limit|window|n_ctx).{0,60}?(\d{3,7})", re.IGNORECASE | re.DOTALL)
_SAYS_NOTHING = pattern(r"<|^No generation|^Error code: \d+$")  # a page of HTML, or what the libraries say of any reply
_MALFORMED = (
    "JSONDecodeError",
    "IndexError",
    "TypeError",
    "AttributeError",
    "KeyError",
    "ValidationError",
    "UnicodeDecodeError",
)
_QUOTING = "It said:"  # what follows in a message is the server's
_MAX_DETAIL = 240


@dataclass(frozen=True, slots=True)
class Backend:
    """What an error message needs to know about the model that failed: its SPEC, where it runs, and the key to hide."""

    spec: str
    where: str
    key: Key

    @property
    def provider(self) -> str:
        """The part of the SPEC before the colon."""
        return self.spec.partition(":")[0]


class StatusError(Exception):
    """A reply that is no success, for packages whose own exceptions lose its headers; ``response`` is httpx's."""

    def __init__(self, response: Any) -> None:  # noqa: ANN401 httpx's or a like library's
        super().__init__(f"Error code: {response.status_code}")
        self.response = response
        try:
            self.body = response.json()
        except ValueError:
            self.body = None


def translate(error: BaseException, backend: Backend) -> LLMError:
    """Return the LLMError for whatever a model's library raised; its text never holds the key."""
    for link in _chain(error):
        if isinstance(link, LLMError):
            return LLMError(backend.key.hide(f"{backend.spec}: {link}"), kind=link.kind)
    status = _status(error)
    detail = detail_of(error, backend.key)
    if status is not None and status >= 300:  # an error event in a stream that began well has a status of 200
        kind, story = _of_status(status, detail, backend)
    else:
        kind, story = _of_name(error, backend)
    text = f"{backend.spec}: {story}"
    return LLMError(
        f"{text} It said: {detail}" if detail and kind not in ("timeout", "connection") else text, kind=kind
    )


def detail_of(error: BaseException, key: Key) -> str:
    """Return what the server said, on one line, without markup and without the key."""
    for link in _chain(error):
        body = getattr(link, "body", None)
        if isinstance(body, Mapping):
            inner = body.get("error", body)
            message = inner.get("message") if isinstance(inner, Mapping) else inner
            if isinstance(message, str):
                return _one_line(key.hide(message))
    text = str(error)
    if _SAYS_NOTHING.search(text) or type(error).__name__ in _MALFORMED:
        return ""
    return _one_line(key.hide(text))


def retry_after(error: BaseException) -> float | None:
    """Return the seconds that a server asked to wait, or None when it named none.

    >>> class Busy(Exception):
    ...     class response: headers = {"retry-after": "1.5"}
    >>> retry_after(Busy())
    1.5
    """
    for link in _chain(error):
        headers = getattr(getattr(link, "response", None), "headers", None)
        if headers is None:
            continue
        for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            if (seconds := _seconds(headers.get(name))) is not None:
                return seconds * unit
    return None


def stated_window(message: str) -> int | None:
    """Return the context length that an error message names.

    >>> stated_window("This model's maximum context length is 512 tokens, however you requested 12022 tokens")
    512
    """
    match = _WINDOW.search(message.rpartition(_QUOTING)[2])
    return int(match[1]) if match else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error = error.__cause__ or error.__context__
        seen += 1


def _status(error: BaseException) -> int | None:
    for link in _chain(error):
        for holder in (link, getattr(link, "response", None)):
            status = getattr(holder, "status_code", None)
            if isinstance(status, int) and 100 <= status < 600:
                return status
    return None


def _of_status(status: int, detail: str, backend: Backend) -> tuple[LLMErrorKind, str]:
    where = backend.where
    if status in (401, 403):
        name = VARIABLES.get(backend.provider, "the API key")
        return "auth", f"{where} refused the key (HTTP {status}). Check {name}, and that the key may use this model."
    if _FILTERED.search(detail):
        return "filtered", f"{where} withheld the answer by its content policy (HTTP {status}). Ask in other words."
    if status == 404 or (status < 500 and _NO_MODEL.search(detail)):
        return (
            "not_found",
            f"{where} does not know this model or address (HTTP {status}). Check the model's name and --llm-base-url.",
        )
    if status in (400, 413, 422) and _TOO_LONG.search(detail):
        return "too_long", f"the prompt is longer than the model's window (HTTP {status}). Ask a shorter question."
    if status == 429:
        return (
            "rate",
            f"{where} takes no more requests for now (HTTP 429). Wait a little and ask again, or check the quota.",
        )
    if 300 <= status < 400:
        return (
            "bad_response",
            f"{where} sent a redirect (HTTP {status}), which is not followed. Name the final address in --llm-base-url.",
        )
    if status >= 500:
        return "server", f"{where} failed (HTTP {status}). Look at the server's log, or ask again later."
    return "bad_response", f"{where} did not accept the request (HTTP {status})."


def _of_name(error: BaseException, backend: Backend) -> tuple[LLMErrorKind, str]:
    names = {cls.__name__ for link in _chain(error) for cls in type(link).__mro__}
    if any("Timeout" in name for name in names):
        return "timeout", f"{backend.where} did not answer in time. See whether the server is busy, or ask again."
    if names & {"APIError", "ResponseError"} and not any(
        "Connection" in name for name in names
    ):  # an error event inside a stream
        return (
            "filtered" if _FILTERED.search(str(error)) else "server"
        ), f"{backend.where} broke the answer off with an error."
    if any(
        part in name
        for name in names
        for part in ("Connect", "Network", "ReadError", "WriteError", "ProtocolError", "SSLError", "OSError")
    ):
        return (
            "connection",
            f"{backend.where} cannot be reached, or closed the connection. Check that the server runs and --llm-base-url names it.",
        )
    if names & {*_MALFORMED} or isinstance(error, ValueError):
        return (
            "bad_response",
            f"{backend.where} sent a reply that is no chat completion. Check that --llm-base-url ends where the server's API starts (often /v1).",
        )
    return "server", f"the model failed ({type(error).__name__})."


def _one_line(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MAX_DETAIL else line[:_MAX_DETAIL].rstrip() + "…"


def _seconds(value: str | None) -> float | None:
    """Return a Retry-After header's seconds, from now; dates count too."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
