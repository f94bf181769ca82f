"""Asking a server again until it answers, for as long as patience lasts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from index.errors import EngineUnreachable

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds

Answer = TypeVar("Answer")


class Lost(Exception):
    """The server did not answer, or cannot just now; what was asked may have been done or not."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long somebody waits for a server."""

    place: str  # what is waited for
    seconds: float

    def ask(self, asked: Callable[[bool], Answer]) -> Answer:
        """Return what is asked for; ``asked`` hears whether it was asked before and raises Lost to be asked again.

        Raises:
            EngineUnreachable: The time is over.
        """
        until, pause, again = time.monotonic() + self.seconds, FIRST_PAUSE, False
        while True:
            try:
                return asked(again)
            except Lost as lost:
                if time.monotonic() + pause > until:
                    raise EngineUnreachable(self._told(lost)) from lost
                if not again:
                    logger.warning(
                        "%s does not answer (%s); waiting up to %.0f s for it.", self.place, lost, self.seconds
                    )
            time.sleep(pause)
            pause, again = min(2 * pause, LONGEST_PAUSE), True

    def _told(self, lost: Lost) -> str:
        return (
            f"{self.place} did not answer within {self.seconds:.0f} s ({lost}). "
            "Start the server, check host and port, and run the command again; what was acknowledged is kept."
        )
