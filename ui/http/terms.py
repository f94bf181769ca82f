"""On what terms the HTTP interface is open, and the frames around it that hold callers to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from ui.guard import Application, Guard
from ui.http.api import Api
from ui.http.door import Door
from ui.http.keys import KEYS_FILE, KeyRing
from ui.http.pacing import Pace
from ui.http.watching import Watch


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may use the HTTP interface, from where and how often.

    Args:
        ring: The keys; once there is one, every caller shows one.
        must_show: Whether callers show a key although there is none.
        origins: Sites whose pages may ask (CORS).
        rate: How often one caller may ask, such as ``60/minute``; None for as often as he likes.
    """

    ring: KeyRing = field(default_factory=lambda: KeyRing(Path("/nonexistent") / KEYS_FILE))
    must_show: bool = False
    origins: tuple[str, ...] = ()
    rate: str | None = None


def framed(
    api: Api,
    served: ASGIApp,
    behind: Application,
    terms: Terms,
    *,
    login: bool = False,
    hosts: Iterable[str] = (),
    larger: Mapping[str, int] | None = None,
) -> Watch:
    """Return the whole server: watch, guard, door, and then the interface ``served`` or what is ``behind`` a login."""
    pace = Pace(terms.rate) if terms.rate else None
    door = Door(served, behind, terms.ring, must_show=terms.must_show, login=login, pace=pace)
    return Watch(Guard(door, hosts=hosts, larger=larger, origins=terms.origins), api)
