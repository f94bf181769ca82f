"""Starting the server: take the port, open the index, then serve and say where."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from corpus.errors import UsageError
from rag.settings import kept_readings
from rag.sources import Manner
from ui.choices import Choices
from ui.documents import Documents
from ui.handlers import choose_examples
from ui.http.answering import Here
from ui.http.api import Api
from ui.http.fleet import Fleet
from ui.http.keys import KEYS_FILE, KeyRing
from ui.http.terms import Terms
from ui.opening import Opening
from ui.quotas import USUAL, Quota
from ui.server import GRACE_SECONDS, create_api, create_app, listen, run
from ui.shelf import Shelf
from ui.terminal import say
from ui.texts import EXAMPLES

NETWORK_RATE = "120/minute"  # of each caller, where others than this machine reach the server

if TYPE_CHECKING:
    from rag import Assistant
    from ui.offered import Examples


@dataclass(frozen=True, slots=True)
class Told:
    """What is said once the server is there."""

    address: str
    host: str
    hosts: tuple[str, ...] = ()
    page: bool = True
    login: bool = False
    keys: bool = False


def serve(
    open_assistant: Callable[[], Assistant],
    *,
    opening: Opening | None = None,
    workers: int = 0,
    host: str,
    port: int,
    hosts: Sequence[str] = (),
    home: Path | None = None,
    open_page: bool = False,
    read_only: bool = False,
    users: Mapping[str, str] | None = None,
    quota: Quota = USUAL,
    page: bool = True,
    origins: Sequence[str] = (),
    rate: str | None = None,
    grace: float = GRACE_SECONDS,
) -> None:
    """Serve until interrupted. The port is taken first, so that nobody waits for an index in vain.

    ``users`` (names and Argon2 hashes) have to log in. The documents can be changed in the page where only this machine or
    only users reach it, and over HTTP also by those who have a key for it, unless ``read_only`` says no. Without a ``page``
    there is the HTTP interface alone; with ``workers`` so many processes of their own answer it, each opening what
    ``opening`` names; pages of ``origins`` may use it, each caller as often as ``rate`` says. Requests
    under way have ``grace`` seconds when the server ends.

    Raises:
        ServeFailed: The address cannot be listened at.
        UsageError: A rate or an origin is not of its form.
    """
    from rag.settings import home_directory

    local, house = is_loopback(host), home_directory(home)
    terms = Terms(KeyRing(house / KEYS_FILE), must_show=not local, origins=_origins(origins), rate=rate or _rate(local))
    with listen(host, port) as listener:
        assistant = open_assistant()
        assistant.index.load()  # now, and not while the first person waits
        documents = _documents(assistant, house, writable=not read_only)
        fleet = Fleet(opening, workers) if opening and workers else None
        api = Api(fleet or Here(assistant), documents)
        if fleet:
            api.metrics.watch("workers", "Processes that answer.", lambda: fleet.alive)
            api.metrics.watch("workers_replaced", "Processes that have been replaced.", lambda: fleet.restarted)
        everybody: dict[str, Any] = {"hosts": [host, *hosts], "users": users, "api": api, "terms": terms}
        if page:
            trusted = local or bool(users)
            app = create_app(
                assistant,
                examples=find_examples(assistant),
                home=house,
                shelf=Shelf(assistant.index),
                documents=documents.seen(writable=documents.writable and trusted),
                choices=Choices(assistant, own_models=trusted),
                quota=quota,
                **everybody,
            )
        else:
            app = create_api(**everybody)
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        told = Told(address, host, tuple(hosts), page=page, login=bool(users), keys=bool(len(terms.ring)))
        with assistant.index.following():
            run(app, listener, ready=lambda: _announce(told, open_page=open_page), grace=grace)


def find_examples(assistant: Assistant) -> Examples:
    """Return questions that the index answers, for each language of the page."""
    from rag import Assistant

    extractive = Assistant(assistant.index)  # asking a language model for examples would cost somebody money
    return {language: choose_examples(questions, extractive) for language, questions in EXAMPLES.items()}


def _documents(assistant: Assistant, home: Path, *, writable: bool) -> Documents:
    """Return the documents of the page; files that are uploaded into an index stay together under the home."""
    index = assistant.index
    place = str(index.info()["directory"] or "")
    shared = "://" in place  # in an engine
    name = hashlib.sha256(
        (place if shared else os.path.realpath(place)).encode("utf-8", "surrogateescape")
    ).hexdigest()[:16]
    return Documents(
        index,
        home / "uploads" / name,
        directory=Path(place) if place and not shared else None,
        writable=writable,
        manner=Manner(cache=home / "papers", kept=kept_readings(home)),
    )


def _announce(told: Told, *, open_page: bool) -> None:
    say(f"The {'page' if told.page else 'HTTP interface'} is at {told.address}  (Ctrl-C ends)")
    if not is_loopback(told.host):
        for line in _warnings(told):
            say(line, err=True, fg="yellow")
    if open_page and told.page:
        import webbrowser

        webbrowser.open(told.address)


def _warnings(told: Told) -> Iterator[str]:
    """Say what somebody who serves others than himself should know."""
    if told.login or told.keys:
        yield "Names, passwords and keys travel unencrypted: put a proxy that speaks HTTPS in front."
    if told.page and not told.login:
        yield "Anybody who reaches this machine can ask in the page; there is no login. Documents cannot be changed there."
    if not told.keys:
        yield "The HTTP interface wants a key, and there is none: make one with `survey-qa keys create NAME`."
    if _is_wildcard(told.host) and not told.hosts:
        yield "Only local names are answered so far: add --allow-host NAME for others."


def _origins(given: Sequence[str]) -> tuple[str, ...]:
    """Return the sites whose pages may ask.

    Raises:
        UsageError: One is no origin.
    """
    for origin in given:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
            raise UsageError(f"{origin!r:.80} is no origin. Write --allow-origin https://chat.example.org")
    return tuple(given)


def _rate(local: bool) -> str | None:
    return None if local else NETWORK_RATE


def _shown(host: str) -> str:
    """Return the host as it stands in an address that works on this machine."""
    shown = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104 compared, not bound
    return f"[{shown}]" if ":" in shown else shown


def _is_wildcard(host: str) -> bool:
    return host in ("0.0.0.0", "::")  # noqa: S104 compared, not bound


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
