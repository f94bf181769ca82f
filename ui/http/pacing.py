"""How often one caller may ask: so many requests in a time, counted while the server runs."""

from __future__ import annotations

import math
import time
from typing import Literal

from corpus.errors import UsageError
from ui.http.failing import Failed

Unit = Literal["second", "minute", "hour", "day"]


class Pace:
    """Counts the requests of each caller in a moving window, such as ``60/minute``.

    Raises:
        UsageError: The rate is not of that form.
    """

    def __init__(self, rate: str) -> None:
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        try:
            self._rate = parse(rate)
        except ValueError as error:
            raise UsageError(f"{rate!r:.40} is no rate. Write 10/second, 60/minute or 1000/hour.") from error
        if self._rate.amount < 1:
            raise UsageError(f"{rate!r:.40} lets nobody in. Write 10/second, 60/minute or 1000/hour.")
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, caller: str) -> None:
        """Count one request.

        Raises:
            Failed: It is one too many (429); the error says when to come back.
        """
        if self._limiter.hit(self._rate, caller):
            return
        wait = max(1, math.ceil(self._limiter.get_window_stats(self._rate, caller).reset_time - time.time()))
        raise Failed(
            429, f"More than {self._rate}. Try again in {wait} s.", code="rate_limit_exceeded", retry_after=wait
        )
