"""A moving window: how much of something each name has taken in the last so many seconds, counted while the server runs.

It goes by a clock that nobody sets. Knows neither questions nor requests; quotas and paces say what they count.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_KNOWN = 100_000  # names; those that took something longest ago are forgotten first


@dataclass(frozen=True, slots=True)
class Share:
    """What a name wants of a window: so much, of so much at most; a ``most`` of 0 sets no limit."""

    name: str
    most: int
    amount: int = 1


class Window:
    """Counts what names take. Safe to use from several threads; what is refused is not counted.

    Args:
        seconds: How far back it reaches.
        clock: Seconds that only grow.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._taken: dict[str, _Taken] = {}
        self._lock = threading.Lock()

    def take(self, *shares: Share) -> int:
        """Count all the shares and return 0, or count none and return after how many seconds there is room for all."""
        limited = [share for share in shares if share.most]
        with self._lock:
            now = self._clock()
            wait = max((self._wait(share, now) for share in limited), default=0.0)
            if wait > 0:
                return math.ceil(wait)
            for share in limited:
                self._note(share, now)
        return 0

    def _wait(self, share: Share, now: float) -> float:
        """Return how many seconds it takes until the share fits; 0 if it does."""
        taken = self._taken.get(share.name)
        if taken is None:
            return 0.0 if share.amount <= share.most else self._seconds
        taken.forget(now - self._seconds)
        excess = taken.total + share.amount - share.most
        if excess <= 0:
            return 0.0
        for at, amount in taken.amounts:
            excess -= amount
            if excess <= 0:
                return at + self._seconds - now
        return self._seconds

    def _note(self, share: Share, now: float) -> None:
        taken = self._taken.pop(share.name, None) or _Taken()
        taken.amounts.append((now, share.amount))
        taken.total += share.amount
        self._taken[share.name] = taken
        while len(self._taken) > MOST_KNOWN:
            del self._taken[next(iter(self._taken))]


@dataclass(slots=True)
class _Taken:
    """What one name took: when and how much, and the sum."""

    amounts: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def forget(self, before: float) -> None:
        while self.amounts and self.amounts[0][0] <= before:
            self.total -= self.amounts.popleft()[1]
