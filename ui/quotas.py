"""How much one person may ask and upload: sliding windows in memory, so that nobody takes the server from the others.

A person is the user who logged in, else the browser. As a browser can forget its name, one address counts as ten browsers
at most where nobody logs in.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

QUESTION_SECONDS = 60.0
UPLOAD_SECONDS = 3600.0
BROWSERS_OF_AN_ADDRESS = 10
MOST_KNOWN = 100_000  # people; those who were here longest ago are forgotten first


@dataclass(frozen=True, slots=True)
class Quota:
    """What one person may do; 0 sets no limit."""

    questions_per_minute: int = 30
    uploads_per_hour: int = 100
    upload_bytes_per_hour: int = 500_000_000


USUAL = Quota()


@dataclass(frozen=True, slots=True)
class Person:
    """Whose request it is; ``address`` is empty where the name was proved by a login."""

    name: str
    address: str = ""


class Quotas:
    """Counts what people do. Safe to use from several threads; what is refused is not counted.

    Args:
        quota: The limits.
        clock: Seconds.
    """

    def __init__(self, quota: Quota = USUAL, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.quota = quota
        self._questions = _Window(QUESTION_SECONDS, clock)
        self._uploads = _Window(UPLOAD_SECONDS, clock)
        self._upload_bytes = _Window(UPLOAD_SECONDS, clock)
        self._lock = threading.Lock()

    def ask(self, person: Person) -> int:
        """Count a question and return 0, or return after how many seconds there is room for it again."""
        with self._lock:
            return _take(person, [(self._questions, 1, self.quota.questions_per_minute)])

    def upload(self, person: Person, size: int = 0) -> int:
        """Count an upload of so many bytes and return 0, or return after how many seconds there is room for it again."""
        with self._lock:
            return _take(
                person,
                [
                    (self._uploads, 1, self.quota.uploads_per_hour),
                    (self._upload_bytes, size, self.quota.upload_bytes_per_hour),
                ],
            )


class _Window:
    """Amounts by name, with the time they came at, as far back as the window reaches."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._taken: dict[str, deque[tuple[float, int]]] = {}

    def wait(self, name: str, amount: int, most: int) -> float:
        """Return how many seconds it takes until the amount fits; 0 if it does."""
        now, taken = self._clock(), self._taken.get(name, deque())
        while taken and taken[0][0] <= now - self.seconds:
            taken.popleft()
        excess = sum(size for _, size in taken) + amount - most
        if excess <= 0:
            return 0.0
        for at, size in taken:
            excess -= size
            if excess <= 0:
                return at + self.seconds - now
        return self.seconds

    def note(self, name: str, amount: int) -> None:
        """Remember an amount; the names that were used longest ago make room."""
        taken = self._taken.pop(name, deque())
        taken.append((self._clock(), amount))
        self._taken[name] = taken
        while len(self._taken) > MOST_KNOWN:
            self._taken.pop(next(iter(self._taken)))


def _take(person: Person, wanted: Sequence[tuple[_Window, int, int]]) -> int:
    """Count amounts against what is the most of each and return 0, or count nothing and return the seconds to wait."""
    names = [(person.name, 1)] + ([(f"at {person.address}", BROWSERS_OF_AN_ADDRESS)] if person.address else [])
    limited = [(window, name, amount, most * times) for window, amount, most in wanted for name, times in names if most]
    wait = max((window.wait(name, amount, most) for window, name, amount, most in limited), default=0.0)
    if wait > 0:
        return math.ceil(wait)
    for window, name, amount, _ in limited:
        window.note(name, amount)
    return 0
