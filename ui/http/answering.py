"""Who answers behind the routes, as the event loop sees it; here, in threads of this process (``fleet`` has the other way).

What comes back is plain JSON, so that it may as well come from another process.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from corpus.tokens import count_tokens
from index import Filter
from index.hits import Hit
from rag.answers import Answer, Message
from ui.http.failing import failure_of

Result = TypeVar("Result")
Reply = dict[str, Any]  # the shape of ``Answer.to_dict``, and ``usage``

MODELS_WAITED_FOR = 64  # at once: they wait for another server


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what was said before it, and the documents that may answer (``documents``, ``kinds``, …)."""

    question: str = field(repr=False)
    history: Sequence[Message] = field(default=(), repr=False)
    narrowing: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Answering(Protocol):
    """Whoever answers; every failure is a ``Failed``. ``capacity`` is how many answers are worth beginning at once."""

    @property
    def capacity(self) -> int:
        """How many answers are worth beginning at once."""
        ...

    @property
    def ready(self) -> bool:
        """Whether a question would be answered now."""
        ...

    def serving(self) -> AbstractAsyncContextManager[None]:
        """Keep open what answers while the server serves."""
        ...

    async def ask(self, asked: Asked) -> Reply:
        """Answer a question."""
        ...

    def stream(self, asked: Asked) -> AsyncIterator[str | Reply]:
        """Yield the text piece by piece, then the whole reply."""
        ...

    async def search(self, question: str, k: int, narrowing: Mapping[str, Any]) -> list[dict[str, object]]:
        """Return the passages that match best."""
        ...


class Assistants(Protocol):
    """What is needed of an assistant."""

    def ask(self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None) -> Answer:
        """Answer one question."""
        ...

    def search(self, question: str, k: int = 10, *, filter: Filter | None = None) -> list[Hit]:
        """Return the k passages that match best."""
        ...


class Here:
    """Answers in a bounded number of threads of this process, or on the event loop where a model is waited for.

    Args:
        assistant: An Assistant, or what behaves like one.
        threads: How many extractive answers are worked at side by side; 0 works at them on the event loop, for a process
            that has nothing else to do.
    """

    def __init__(self, assistant: Assistants, threads: int | None = None) -> None:
        self._assistant = assistant
        self._waits = getattr(assistant, "chat_reader", None) is not None or getattr(assistant, "moderated", False)
        self._threads = min(4, os.cpu_count() or 1) if threads is None else threads
        self._pool = ThreadPoolExecutor(self._threads, "survey-qa answer") if self._threads else None

    @property
    def capacity(self) -> int:
        """How many answers are worth beginning at once."""
        return MODELS_WAITED_FOR if self._waits else max(1, self._threads)

    @property
    def ready(self) -> bool:
        """Always: the index is open."""
        return True

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Do nothing: the threads come with the first question."""
        yield

    async def ask(self, asked: Asked) -> Reply:
        """Answer a question."""
        if self._waits:
            *_, reply = [event async for event in self.stream(asked)]
            assert isinstance(reply, dict)  # noqa: S101 what stream promises
            return reply
        return await self._in_thread(lambda: self._asked(asked))

    async def stream(self, asked: Asked) -> AsyncIterator[str | Reply]:
        """Yield the text piece by piece, then the whole reply; closing this ends the answering."""
        if not self._waits:
            reply = await self.ask(asked)
            yield str(reply["answer"])
            yield reply
            return
        with _translated():
            events = self._assistant.astream(  # type: ignore[attr-defined]  # who has a chat reader is an Assistant
                asked.question, asked.history, filter=_filter(asked.narrowing)
            )
            try:
                async for event in events:
                    yield event if isinstance(event, str) else await self._in_thread(_reply_of(event, asked))
            finally:
                await events.aclose()

    async def search(self, question: str, k: int, narrowing: Mapping[str, Any]) -> list[dict[str, object]]:
        """Return the passages that match best."""
        return await self._in_thread(
            lambda: [hit.to_dict() for hit in self._assistant.search(question, k, filter=_filter(narrowing))]
        )

    def _asked(self, asked: Asked) -> Reply:
        answer = self._assistant.ask(asked.question, asked.history, filter=_filter(asked.narrowing))
        return _reply_of(answer, asked)()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        with _translated():
            if not self._pool:
                return work()
            asked = copy_context()  # which request this is about, and which span it hangs from
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: asked.run(work))


def _reply_of(answer: Answer, asked: Asked) -> Callable[[], Reply]:
    """Return what makes the reply; counting tokens takes a thread's time, not the event loop's."""

    def reply() -> Reply:
        prompt = sum(count_tokens(turn["content"]) for turn in asked.history) + count_tokens(asked.question)
        completion = count_tokens(answer.text)
        counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        return answer.to_dict() | {"usage": counts}

    return reply


def _filter(narrowing: Mapping[str, Any]) -> Filter | None:
    return Filter.of_fields(narrowing) if narrowing else None


@contextmanager
def _translated() -> Iterator[None]:
    """Turn every failure into a ``Failed``."""
    try:
        yield
    except Exception as error:
        raise failure_of(error) from error
