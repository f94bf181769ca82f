"""Starting the server: take the port, open the index, then serve and say where."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.settings import kept_readings
from rag.sources import Manner
from ui.choices import Choices
from ui.documents import Documents
from ui.handlers import choose_examples
from ui.server import create_app, listen, run
from ui.shelf import Shelf
from ui.terminal import say
from ui.texts import EXAMPLES

if TYPE_CHECKING:
    from rag import Assistant
    from ui.web import Examples


def serve(
    open_assistant: Callable[[], Assistant],
    *,
    host: str,
    port: int,
    hosts: Sequence[str] = (),
    home: Path | None = None,
    open_page: bool = False,
    read_only: bool = False,
    users: Mapping[str, str] | None = None,
) -> None:
    """Serve until interrupted. The port is taken first, so that nobody waits for an index in vain.

    ``users`` (names and Argon2 hashes) have to log in. The documents can be changed in the page where only this machine or
    only users reach it, unless ``read_only`` says no.

    Raises:
        ServeFailed: The address cannot be listened at.
    """
    from rag.settings import home_directory

    with listen(host, port) as listener:
        assistant = open_assistant()
        assistant.index.load()  # now, and not while the first person waits
        app = create_app(
            assistant,
            examples=find_examples(assistant),
            hosts=[host, *hosts],
            home=home_directory(home),
            shelf=Shelf(assistant.index),
            documents=_documents(
                assistant, home_directory(home), writable=not read_only and (_is_loopback(host) or bool(users))
            ),
            users=users,
            choices=Choices(assistant, own_models=_is_loopback(host) or bool(users)),
        )
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        with assistant.index.following():
            run(app, listener, ready=lambda: _announce(address, host, hosts, open_page=open_page, login=bool(users)))


def find_examples(assistant: Assistant) -> Examples:
    """Return questions that the index answers, for each language of the page."""
    from rag import Assistant

    extractive = Assistant(assistant.index)  # asking a language model for examples would cost somebody money
    return {language: choose_examples(questions, extractive) for language, questions in EXAMPLES.items()}


def _documents(assistant: Assistant, home: Path, *, writable: bool) -> Documents:
    """Return the documents of the page; files that are uploaded into an index stay together under the home."""
    index = assistant.index
    place = str(index.info()["directory"] or "")
    name = hashlib.sha256(os.path.realpath(place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Documents(
        index,
        home / "uploads" / name,
        directory=Path(place) if place else None,
        writable=writable,
        manner=Manner(cache=home / "papers", kept=kept_readings(home)),
    )


def _announce(address: str, host: str, hosts: Sequence[str], *, open_page: bool, login: bool) -> None:
    say(f"The page is at {address}  (Ctrl-C ends)")
    if not _is_loopback(host):
        open_to_all = (
            "Anybody who reaches this machine can ask; there is no login. Documents cannot be changed in the page."
        )
        with_login = "Names and passwords travel unencrypted: put a proxy that speaks HTTPS in front."
        say(with_login if login else open_to_all, err=True, fg="yellow")
        if _is_wildcard(host) and not hosts:
            say("Only local names are answered so far: add --allow-host NAME for others.", err=True, fg="yellow")
    if open_page:
        import webbrowser

        webbrowser.open(address)


def _shown(host: str) -> str:
    """Return the host as it stands in an address that works on this machine."""
    shown = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104 compared, not bound
    return f"[{shown}]" if ":" in shown else shown


def _is_wildcard(host: str) -> bool:
    return host in ("0.0.0.0", "::")  # noqa: S104 compared, not bound


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
