"""How much one person may ask and upload: sliding windows in memory, so that nobody takes the server from the others.

A person is the user who logged in, else the browser. As a browser can forget its name, one address counts as ten browsers
at most where nobody logs in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ui.windows import Share, Window

QUESTION_SECONDS = 60.0
UPLOAD_SECONDS = 3600.0
BROWSERS_OF_AN_ADDRESS = 10


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
        clock: Seconds that only grow.
    """

    def __init__(self, quota: Quota = USUAL, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.quota = quota
        self._questions = Window(QUESTION_SECONDS, clock=clock)
        self._uploads = Window(UPLOAD_SECONDS, clock=clock)

    def ask(self, person: Person) -> int:
        """Count a question and return 0, or return after how many seconds there is room for it again."""
        return self._questions.take(*_shares(person, self.quota.questions_per_minute))

    def upload(self, person: Person, size: int = 0) -> int:
        """Count an upload of so many bytes and return 0, or return after how many seconds there is room for it again."""
        number = _shares(person, self.quota.uploads_per_hour)
        return self._uploads.take(*number, *_shares(person, self.quota.upload_bytes_per_hour, "bytes of ", size))


def _shares(person: Person, most: int, kind: str = "", amount: int = 1) -> list[Share]:
    """Return what a person wants, and the address if it counts; 0 at most sets no limit."""
    shares = [Share(kind + person.name, most, amount)]
    if person.address:
        shares.append(Share(f"{kind}at {person.address}", most * BROWSERS_OF_AN_ADDRESS, amount))
    return shares
