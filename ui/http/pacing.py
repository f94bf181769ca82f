"""How often one caller may ask: so many requests in a time, counted while the server runs, by a clock that nobody sets."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from corpus.errors import UsageError
from ui.http.failing import Failed
from ui.windows import Share, Window

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
        self._window = Window(_SECONDS[self._unit], clock=clock)

    def take(self, caller: str) -> None:
        """Count one request. Safe to use from several threads.

        Raises:
            Failed: It is one too many (429); the error says when to come back.
        """
        wait = self._window.take(Share(caller, self._most))
        if wait:
            raise Failed(
                429,
                f"More than {self._most} in a {self._unit}. Try again in {wait} s.",
                code="rate_limit_exceeded",
                retry_after=wait,
            )
