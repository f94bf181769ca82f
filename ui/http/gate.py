"""How many answers are under way at once, how many wait for their turn, and when the rest are sent away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from ui.http.failing import Failed

Result = TypeVar("Result")

WAITING = 500  # answers that wait; at 100 answers a second these are five seconds
PATIENCE = 30.0  # seconds that one waits at most


class Gate:
    """Lets ``running`` through at once, first come first served, and lets ``waiting`` more wait for ``patience`` seconds."""

    def __init__(self, running: int, *, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self._places = asyncio.Semaphore(running)
        self._most_waiting = waiting
        self._patience = patience
        self.waiting = 0
        self.running = 0

    async def through(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return what a piece of work gives, in one of the places; raises what ``entered`` does."""
        async with self.entered():
            return await work()

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Hold one of the places.

        Raises:
            Failed: Too many wait already, or the wait took too long (503, with when to try again).
        """
        if self._places.locked() and self.waiting >= self._most_waiting:
            raise Failed(503, "Too many questions are waiting. Try again in a moment.", code="busy", retry_after=1)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError as error:
            raise Failed(
                503, f"No answer could begin within {self._patience:g} seconds. Try again.", code="busy", retry_after=5
            ) from error
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._places.release()
