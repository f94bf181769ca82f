"""One call to a model: its deadline, and how to end it at once.

The model's library runs in a thread of its own and hands over what it produces, so that waiting ends when the time is up
or the reader stops, whatever the library is blocked in. Knows nothing about any library.
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from rag.errors import LLMError

Item = TypeVar("Item")
_FOR_EVER_S = 86_400.0

Cancelled = asyncio.CancelledError
"""What ends whoever waits inside a call that was aborted; no failure, so no ``except Exception`` holds it up."""


class Deadline:
    """A point in time that everything done for one answer shares."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left; 0.0 when the time is up."""
        return max(0.0, self._end - time.monotonic())


class Call:
    """A call under way: ``abort`` ends it from any thread.

    What the call is blocked in registers how to end it with ``on_abort``; a call that was aborted already ends it at once.
    """

    def __init__(self, deadline: Deadline | None = None) -> None:
        self.deadline = deadline or Deadline(_FOR_EVER_S)
        self.aborted = threading.Event()
        self._enders: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def adopt(self) -> None:
        """Make this what the running thread works for: calls that it makes end when this one is aborted."""
        _current.set(self)

    def on_abort(self, end: Callable[[], None]) -> None:
        """Register what ends the operation that the call is about to wait for."""
        with self._lock:
            if not self.aborted.is_set():
                self._enders.append(end)
                return
        end()

    def abort(self) -> None:
        """End the call; asking twice does nothing."""
        with self._lock:
            self.aborted.set()
            enders, self._enders = self._enders, []
        for end in enders:
            end()


_current: contextvars.ContextVar[Call | None] = contextvars.ContextVar("survey_qa_call", default=None)


def current_call() -> Call | None:
    """Return the call that the running thread works for."""
    return _current.get()


def run(produce: Callable[[], Iterator[Item]], deadline: Deadline) -> Iterator[Item]:
    """Yield what ``produce`` yields, from a thread of its own, until it ends or the time is up.

    Closing this iterator (or an exception in who reads it) aborts the call; so does what aborts the call that it is part of.

    Raises:
        LLMError: The deadline passed (kind ``timeout``).
        Exception: Whatever ``produce`` raised.
    """
    call = Call(deadline)
    items: queue.SimpleQueue[_Item[Item] | _End] = queue.SimpleQueue()
    if outer := current_call():
        outer.on_abort(lambda: items.put(_End(Cancelled())))
    _start(produce, call, items.put)
    try:
        while isinstance(event := _next(items, deadline), _Item):
            yield event.value
        if event.error is not None:
            raise event.error
    finally:
        call.abort()


async def run_on_loop(
    produce: Callable[[], Iterator[Item]], deadline: Deadline | None = None
) -> AsyncGenerator[Item, None]:
    """Yield as ``run`` does, to an event loop, which is never blocked; cancelling or closing this aborts the call."""
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[_Item[Item] | _End] = asyncio.Queue()

    def put(event: _Item[Item] | _End) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(items.put_nowait, event)

    call = Call(deadline)
    _start(produce, call, put)
    try:
        while isinstance(event := await within(items.get(), call.deadline), _Item):
            yield event.value
        if event.error is not None:
            raise event.error
    finally:
        call.abort()


async def within(awaited: Coroutine[Any, Any, Item], deadline: Deadline) -> Item:
    """Await something until a deadline.

    Raises:
        LLMError: The deadline passed (kind ``timeout``).
    """
    if not deadline.remaining:  # also when what is awaited is there already
        awaited.close()
        raise out_of_time(deadline)
    try:
        async with asyncio.timeout(
            deadline.remaining
        ):  # wait_for loses a cancellation that comes together with a result
            return await awaited
    except TimeoutError:
        raise out_of_time(deadline) from None


def out_of_time(deadline: Deadline) -> LLMError:
    """Return the error for a deadline that passed."""
    return LLMError(
        f"The model did not finish within {deadline.seconds:g} seconds. Ask again, or ask for something shorter.",
        kind="timeout",
    )


class _Item(Generic[Item]):
    def __init__(self, value: Item) -> None:
        self.value = value


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def _next(items: queue.SimpleQueue[_Item[Item] | _End], deadline: Deadline) -> _Item[Item] | _End:
    try:
        if deadline.remaining:  # also when items keep coming: a drip must not outlive the deadline
            return items.get(timeout=deadline.remaining)
    except queue.Empty:
        pass
    raise out_of_time(deadline)


def _start(produce: Callable[[], Iterator[Item]], call: Call, put: Callable[[_Item[Item] | _End], None]) -> None:
    threading.Thread(target=_work, args=(produce, call, put), name="survey-qa-model", daemon=True).start()


def _work(produce: Callable[[], Iterator[Item]], call: Call, put: Callable[[_Item[Item] | _End], None]) -> None:
    call.adopt()  # a new thread has a context of its own
    error: BaseException | None = None
    try:
        for value in produce():
            if call.aborted.is_set():
                break
            put(_Item(value))
    except (Exception, Cancelled) as failure:  # noqa: BLE001 raised again by who waits for it
        error = failure
    put(_End(error))
