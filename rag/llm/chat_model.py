"""A language model to talk to: what it is called, how much it can read, and its replies piece by piece.

One deadline for an answer, one exception class with a kind, retries only before the first word. Which library answers is
not known here: LangChain's ``BaseChatModel`` is all that is asked of it.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from corpus.patterns import pattern
from rag.errors import LLMError
from rag.llm.calls import Deadline, run, run_on_loop, within
from rag.llm.failures import Backend, retry_after, translate
from rag.llm.model_settings import DEFAULT_TIMEOUT_S
from rag.llm.tools import Offer, ToolCall, specifications

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

DEFAULT_WINDOW = 8_192  # tokens; every model behind an API of today takes at least this
MAX_ANSWER_CHARS = 100_000  # no answer is this long; a model that does not stop is
_RETRIES = 2
_RETRIED_KINDS = frozenset({"rate", "server", "connection"})
_NO_QUOTA = pattern(
    r"insufficient_quota|exceeded your (?:current )?quota|billing", re.IGNORECASE
)  # waiting does not help
_NO_TOOLS = pattern(r"\btools?\b|tool_choice|function.?call", re.IGNORECASE)  # a server's words for not knowing them
_FINISH_KEYS = ("finish_reason", "stop_reason", "done_reason", "stopReason", "status")
_CUT = frozenset({"length", "max_tokens", "MAX_TOKENS", "model_length", "incomplete"})
_WITHHELD = frozenset({"content_filter", "SAFETY", "refusal"})
_TOKEN_MARGIN = 1.2  # the built-in encoding is not the model's own


class ChatMessage(TypedDict):
    """One message for a model; calls and what they found go by the id of the call."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: NotRequired[list[dict[str, Any]]]
    tool_call_id: NotRequired[str]


class ChatModel:
    """A language model: what it is called, how much it can read, and ``stream``."""

    def __init__(
        self,
        chat: BaseChatModel,
        backend: Backend,
        *,
        context_length: int = DEFAULT_WINDOW,
        count_tokens: Callable[[str], int] | None = None,
        special_tokens: Sequence[str] = (),
        timeout_s: float = DEFAULT_TIMEOUT_S,
        backoff_s: float = 0.5,
        says_when_done: bool = True,
        options: Mapping[str, Any] | None = None,
        asynchronous: bool = False,
        calls_tools: bool = False,
    ) -> None:
        self.context_length = context_length
        self.count_tokens = count_tokens or estimate_tokens
        self.counts_itself = count_tokens is not None
        self.special_tokens = tuple(special_tokens)
        self.timeout_s = timeout_s
        self._chat = chat
        self._backend = backend
        self._backoff_s = backoff_s
        self._says_when_done = says_when_done
        self._options = dict(options or {})
        self.asynchronous = asynchronous  # whether ``astream`` holds no thread
        self.calls_tools = calls_tools

    def __repr__(self) -> str:
        return f"ChatModel({self.spec!r}, context_length={self.context_length})"

    @property
    def spec(self) -> str:
        """The SPEC that the model was opened with."""
        return self._backend.spec

    def stream(
        self, messages: Sequence[ChatMessage], deadline: Deadline | None = None, offer: Offer | None = None
    ) -> Iterator[str]:
        """Yield the model's reply piece by piece; closing the iterator ends the request.

        With an ``offer`` the model may call tools: the calls stand there when the reply has ended. A request that fails before its first piece is tried again while the deadline allows, as late as the server asks.

        Raises:
            LLMError: The reply failed, or is not whole (``incomplete``); what was yielded before stays valid.
        """
        deadline = deadline or Deadline(self.timeout_s)
        for attempt in range(_RETRIES + 2):
            said = False
            try:
                for piece in self._attempt(messages, deadline, self._offered(offer)):
                    said = True
                    yield piece
            except LLMError as error:
                wait = None if said else self._pause(error, attempt, deadline)
                if wait is None:
                    raise error from None  # what caused it may repeat the key, and tracebacks are written to logs
                time.sleep(wait)
            else:
                return

    async def astream(
        self, messages: Sequence[ChatMessage], deadline: Deadline | None = None, offer: Offer | None = None
    ) -> AsyncIterator[str]:
        """Yield as ``stream`` does, to an event loop; cancelling or closing it ends the request.

        Where ``asynchronous`` it takes no thread, otherwise one of its own until the reply ends.
        """
        deadline = deadline or Deadline(self.timeout_s)
        for attempt in range(_RETRIES + 2):
            said = False
            try:
                async for piece in self._attempt_async(messages, deadline, self._offered(offer)):
                    said = True
                    yield piece
            except LLMError as error:
                wait = None if said else self._pause(error, attempt, deadline)
                if wait is None:
                    raise error from None
                await asyncio.sleep(wait)
            else:
                return

    def _attempt(self, messages: Sequence[ChatMessage], deadline: Deadline, offer: Offer | None) -> Iterator[str]:
        reply = _Reply(offer)
        try:
            for chunk in run(lambda: self._request(messages, offer), deadline):
                if piece := reply.take(chunk):
                    yield piece
                if reply.is_too_long:
                    break
        except Exception as error:
            # The border to foreign code: whatever a provider's package raises is told in our terms, never swallowed.
            raise translate(error, self._backend) from error
        self._check_end(reply)

    async def _attempt_async(
        self, messages: Sequence[ChatMessage], deadline: Deadline, offer: Offer | None
    ) -> AsyncIterator[str]:
        reply = _Reply(offer)
        chunks = self._arriving(messages, deadline, offer)
        try:
            async for chunk in chunks:
                if piece := reply.take(chunk):
                    yield piece
                if reply.is_too_long:
                    break
        except Exception as error:  # the border to foreign code, as in ``_attempt``
            raise translate(error, self._backend) from error
        finally:
            await chunks.aclose()
        self._check_end(reply)

    def _offered(self, offer: Offer | None) -> Offer | None:
        return offer if self.calls_tools else None

    async def _arriving(
        self, messages: Sequence[ChatMessage], deadline: Deadline, offer: Offer | None
    ) -> AsyncGenerator[Any, None]:
        """Yield LangChain's chunks, fetched on the event loop or, where the library cannot do that, in a thread of their own."""
        if not self.asynchronous:
            async with aclosing(run_on_loop(lambda: self._request(messages, offer), deadline)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        from langsmith import tracing_context

        arriving = self._bound(offer).astream([dict(message) for message in messages], **self._options)

        async def fetch() -> Any:  # noqa: ANN401 LangChain's chunk
            with tracing_context(enabled=False):  # as in ``_request``
                return await anext(arriving, None)

        async with aclosing(arriving):
            while (chunk := await within(fetch(), deadline)) is not None:
                yield chunk

    def _bound(self, offer: Offer | None) -> Any:  # noqa: ANN401 LangChain's runnable
        return self._chat if offer is None else self._chat.bind_tools(specifications())

    def _request(self, messages: Sequence[ChatMessage], offer: Offer | None = None) -> Iterator[Any]:
        from langsmith import tracing_context

        with tracing_context(enabled=False):  # an environment variable would otherwise send every prompt to LangSmith
            yield from self._bound(offer).stream([dict(message) for message in messages], **self._options)

    def _check_end(self, reply: _Reply) -> None:
        spec, finish, size = self.spec, reply.finish, reply.size
        if reply.end():
            return
        if finish in _WITHHELD:
            raise LLMError(f"{spec}: the model withheld its answer ({finish}). Ask in other words.", kind="filtered")
        if not size:
            raise LLMError(f"{spec}: {self._backend.where} sent no text{'' if finish else ' and no chat completion'}. "
                           "Check the model's name and --llm-base-url.", kind="bad_response")  # fmt: skip
        if finish in _CUT:
            raise LLMError(f"{spec}: the answer was cut at the model's limit of length.", kind="incomplete")
        if not finish and self._says_when_done:
            raise LLMError(f"{spec}: the stream ended before the model said it was done.", kind="incomplete")

    def _pause(self, error: LLMError, attempt: int, deadline: Deadline) -> float | None:
        """Return the seconds to wait before asking again, as many as the server wants; None for not again."""
        if error.kind == "bad_response" and "temperature" in self._options and "temperature" in str(error):
            del self._options["temperature"]  # reasoning models allow no other than their own
            return 0.0
        if self.calls_tools and error.kind in ("bad_response", "not_found") and _NO_TOOLS.search(str(error)):
            self.calls_tools = False
            return 0.0
        if error.kind not in _RETRIED_KINDS or attempt >= _RETRIES or _NO_QUOTA.search(str(error)):
            return None
        wait = retry_after(error)
        if wait is None:
            wait = self._backoff_s * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 jitter, not a secret
        return wait if wait < deadline.remaining else None


class _Reply:
    """What came of a reply: how long it is, why it ended, and the calls in it."""

    def __init__(self, offer: Offer | None) -> None:
        self.finish = ""
        self.size = 0
        self._offer = offer
        self._calling: Any = None  # LangChain's chunks of calls, added up

    @property
    def is_too_long(self) -> bool:
        """True when no answer is as long; then that is why it ended."""
        if self.size > MAX_ANSWER_CHARS:
            self.finish = "length"
        return self.size > MAX_ANSWER_CHARS

    def take(self, chunk: Any) -> str:  # noqa: ANN401 LangChain's chunk
        """Add a chunk and return its text."""
        self.finish = _finish_of(chunk) or self.finish
        text = str(chunk.text)
        self.size += len(text)
        if self._offer is not None and (parts := getattr(chunk, "tool_call_chunks", None)):
            self.size += sum(len(part.get("args") or "") for part in parts)
            self._calling = chunk if self._calling is None else self._calling + chunk
        return text

    def end(self) -> bool:
        """Hand over the calls, and tell whether there are any."""
        if self._offer is None or self._calling is None:
            return False
        calls = [ToolCall(str(c["id"] or ""), c["name"], c["args"]) for c in self._calling.tool_calls]
        wrong = [ToolCall(str(c["id"] or ""), c["name"] or "", None) for c in self._calling.invalid_tool_calls]
        self._offer.calls[:] = calls + wrong
        return bool(self._offer.calls)


def _finish_of(chunk: Any) -> str:  # noqa: ANN401 LangChain's chunk
    """Return why a reply ended, where a chunk tells."""
    metadata = chunk.response_metadata
    return next((str(metadata[key]) for key in _FINISH_KEYS if metadata.get(key)), "")


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has for a model whose tokenizer is not at hand: rather too many."""
    from corpus.tokens import count_tokens

    return int(count_tokens(text) * _TOKEN_MARGIN) + 1
