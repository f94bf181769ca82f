"""How often one caller may ask: so many requests in a time, counted while the server runs, by a clock that nobody sets."""

from __future__ import annotations

import math
import re
import time
from collections import deque
from collections.abc import Callable

from corpus.errors import UsageError
from ui.http.failing import Failed

MOST_CALLERS = 100_000  # those who asked longest ago are forgotten first
MOST_REQUESTS = 100_000  # of one caller in one window

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(rf"\s*(\d{{1,6}})\s*(?:/|per)\s*({'|'.join(_SECONDS)})s?\s*", re.ASCII | re.IGNORECASE)


class Pace:
    """Counts the requests of each caller in a moving window, such as ``60/minute``.

    Args:
        rate: How many in which time.
        clock: Seconds that only grow.

    Raises:
        UsageError: The rate is not of that form.
    """

    def __init__(self, rate: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        found = _RATE.fullmatch(rate)
        if not found:
            raise UsageError(f"{rate!r:.40} is no rate. Write 10/second, 60/minute or 1000/hour.")
        self._most, self._unit = int(found[1]), found[2].lower()
        if not 0 < self._most <= MOST_REQUESTS:
            wrong = "lets nobody in" if self._most < 1 else f"is above {MOST_REQUESTS:,}"
            raise UsageError(f"{rate!r:.40} {wrong}. Write 10/second, 60/minute or 1000/hour.")
        self._clock = clock
        self._taken: dict[str, deque[float]] = {}

    def take(self, caller: str) -> None:
        """Count one request.

        Raises:
            Failed: It is one too many (429); the error says when to come back.
        """
        now, seconds = self._clock(), _SECONDS[self._unit]
        taken = self._taken.pop(caller, deque())
        while taken and taken[0] <= now - seconds:
            taken.popleft()
        self._taken[caller] = taken
        if len(self._taken) > MOST_CALLERS:
            del self._taken[next(iter(self._taken))]
        if len(taken) < self._most:
            taken.append(now)
            return
        wait = max(1, math.ceil(taken[0] + seconds - now))
        raise Failed(
            429,
            f"More than {self._most} in a {self._unit}. Try again in {wait} s.",
            code="rate_limit_exceeded",
            retry_after=wait,
        )
