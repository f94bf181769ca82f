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
from ui.http.watching import Watch
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is to be served, where and to whom.

    Attributes:
        host: The address to listen at.
        port: The port; 0 takes a free one.
        hosts: Further names to answer to.
        home: The directory of indexes and conversations, None for the usual one.
        page: Whether there is a page beside the HTTP interface.
        open_page: Whether a browser opens it.
        read_only: Whether nobody may change the documents. If not, those may who reach the page from this machine or log in,
            and over HTTP those who have a key for it.
        users: Names and Argon2 hashes of those who have to log in.
        origins: Sites whose pages may use the HTTP interface.
        rate: How often each caller may, as in 60/minute; None for what suits the address.
        quota: What one person may ask and upload in the page.
        opening: What each of the workers opens.
        workers: Processes of their own that answer the HTTP interface.
        grace: Seconds for requests under way when the server ends.
    """

    host: str
    port: int
    hosts: Sequence[str] = ()
    home: Path | None = None
    page: bool = True
    open_page: bool = False
    read_only: bool = False
    users: Mapping[str, str] | None = None
    origins: Sequence[str] = ()
    rate: str | None = None
    quota: Quota = USUAL
    opening: Opening | None = None
    workers: int = 0
    grace: float = GRACE_SECONDS

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)


def serve(open_assistant: Callable[[], Assistant], service: Service) -> None:
    """Serve until interrupted. The port is taken first, so that nobody waits for an index in vain.

    Raises:
        ServeFailed: The address cannot be listened at.
        UsageError: A rate or an origin is not of its form.
    """
    from rag.settings import home_directory

    house = home_directory(service.home)
    terms = _terms(service, house)
    with listen(service.host, service.port) as listener:
        assistant = open_assistant()
        assistant.index.load()  # now, and not while the first person waits
        app = _application(assistant, service, terms, house)
        told = Told(f"http://{_shown(service.host)}:{listener.getsockname()[1]}/", service, keys=bool(len(terms.ring)))
        with assistant.index.following():
            run(app, listener, ready=lambda: _announce(told), grace=service.grace)


def _terms(service: Service, house: Path) -> Terms:
    rate = service.rate or (None if service.local else NETWORK_RATE)
    return Terms(KeyRing(house / KEYS_FILE), must_show=not service.local, origins=_origins(service.origins), rate=rate)


def _application(assistant: Assistant, service: Service, terms: Terms, house: Path) -> Watch:
    """Return the page and the HTTP interface, or the interface alone."""
    documents = _documents(assistant, house, writable=not service.read_only)
    everybody: dict[str, Any] = {
        "hosts": [service.host, *service.hosts],
        "users": service.users,
        "api": _api(assistant, service, documents),
        "terms": terms,
    }
    if not service.page:
        return create_api(**everybody)
    trusted = service.local or bool(service.users)
    return create_app(
        assistant,
        examples=find_examples(assistant),
        home=house,
        shelf=Shelf(assistant.index),
        documents=documents.seen(writable=documents.writable and trusted),
        choices=Choices(assistant, own_models=trusted),
        quota=service.quota,
        **everybody,
    )


def _api(assistant: Assistant, service: Service, documents: Documents) -> Api:
    """Return the HTTP interface, answered here or by processes of its own."""
    if not (service.opening and service.workers):
        return Api(Here(assistant), documents)
    fleet = Fleet(service.opening, service.workers)
    api = Api(fleet, documents)
    api.metrics.watch("workers", "Processes that answer.", lambda: fleet.alive)
    api.metrics.watch("workers_replaced", "Processes that have been replaced.", lambda: fleet.restarted)
    return api


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


@dataclass(frozen=True, slots=True)
class Told:
    """What is said once the server is there."""

    address: str
    service: Service
    keys: bool = False


def _announce(told: Told) -> None:
    page = told.service.page
    say(f"The {'page' if page else 'HTTP interface'} is at {told.address}  (Ctrl-C ends)")
    if not told.service.local:
        for line in _warnings(told):
            say(line, err=True, fg="yellow")
    if told.service.open_page and page:
        import webbrowser

        webbrowser.open(told.address)


def _warnings(told: Told) -> Iterator[str]:
    """Say what somebody who serves others than himself should know."""
    service = told.service
    if service.users or told.keys:
        yield "Names, passwords and keys travel unencrypted: put a proxy that speaks HTTPS in front."
    if service.page and not service.users:
        yield "Anybody who reaches this machine can ask in the page; there is no login. Documents cannot be changed there."
    if not told.keys:
        yield "The HTTP interface wants a key, and there is none: make one with `survey-qa keys create NAME`."
    if _is_wildcard(service.host) and not service.hosts:
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
