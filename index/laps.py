"""Laps: how long parts of a search or a check took, for whoever listens in the same thread or task; for nobody else.

Where nobody listens a lap costs a look at a variable. Nothing here knows who listens (``rag.tracing``).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import NamedTuple


class Lap(NamedTuple):
    """A part of the work, with the times of the system's clock when it began and ended, in nanoseconds."""

    name: str
    began: int
    ended: int
    is_stage: bool = False  # of an answer: stages follow each other, what else there is lies within one


_heard: ContextVar[list[Lap] | None] = ContextVar("survey_qa_laps", default=None)
_NOTHING = nullcontext()


def lap(name: str) -> AbstractContextManager[None]:
    """Return a block whose time is noted if somebody listens."""
    heard = _heard.get()
    return _NOTHING if heard is None else _noted(name, heard)


def note(one: Lap) -> None:
    """Put a lap that somebody else has taken on the list, if somebody listens."""
    heard = _heard.get()
    if heard is not None:
        heard.append(one)


@contextmanager
def listening(heard: list[Lap]) -> Iterator[None]:
    """Put the laps of this block on a list, in the order in which they end."""
    token = _heard.set(heard)
    try:
        yield
    finally:
        _heard.reset(token)


@contextmanager
def _noted(name: str, heard: list[Lap]) -> Iterator[None]:
    began = time.time_ns()
    try:
        yield
    finally:
        heard.append(Lap(name, began, time.time_ns()))
