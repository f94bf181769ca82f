"""A reply that arrives on the event loop, read by code that knows nothing of event loops.

The reading generator yields "" whenever it has read all that has arrived; whoever drives it then awaits ``Feed.fill`` and
goes on. So one way of answering serves threads and event loops, and no thread waits for a model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence

from rag.errors import LLMError
from rag.llm.calls import Deadline
from rag.llm.chat_model import ChatMessage, ChatModel
from rag.llm.tools import Offer


class Feed:
    """The replies of one answer, one after the other. ``waiting`` is true while the reading needs ``fill``."""

    def __init__(self) -> None:
        self.waiting = False
        self._reply: AsyncIterator[str] | None = None
        self._arrived: deque[str] = deque()
        self._ended = False
        self._error: LLMError | None = None

    def read(
        self,
        model: ChatModel,
        messages: Sequence[ChatMessage],
        deadline: Deadline | None,
        offer: Offer | None = None,
    ) -> Iterator[str]:
        """Yield a model's reply as ``ChatModel.stream`` does, and "" where more of it has to be awaited first."""
        self._reply, self._ended, self._error = model.astream(messages, deadline, offer), False, None
        while True:
            while self._arrived:
                yield self._arrived.popleft()
            if self._error is not None:
                raise self._error
            if self._ended:
                return
            self.waiting = True
            yield ""

    async def fill(self) -> None:
        """Await the next piece of the reply, its end, or its failure, which is raised where the reply is read."""
        assert self._reply is not None  # noqa: S101 ``waiting`` was true
        self.waiting = False
        try:
            self._arrived.append(await anext(self._reply))
        except StopAsyncIteration:
            self._ended = True
        except LLMError as error:
            self._error = error

    async def aclose(self) -> None:
        """End the request that is under way, if there is one."""
        close = getattr(self._reply, "aclose", None)
        if close is not None:
            await close()
