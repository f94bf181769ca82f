"""Starting the server: take the port, open the index, then serve and say where."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
) -> None:
    """Serve until interrupted. The port is taken first, so that nobody waits for an index in vain.

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
        )
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        with assistant.index.following():
            run(app, listener, ready=lambda: _announce(address, host, hosts, open_page=open_page))


def find_examples(assistant: Assistant) -> Examples:
    """Return questions that the index answers, for each language of the page."""
    from rag import Assistant

    extractive = Assistant(assistant.index)  # asking a language model for examples would cost somebody money
    return {language: choose_examples(questions, extractive) for language, questions in EXAMPLES.items()}


def _announce(address: str, host: str, hosts: Sequence[str], *, open_page: bool) -> None:
    say(f"The page is at {address}  (Ctrl-C ends)")
    if not _is_loopback(host):
        say("Anybody who reaches this machine can ask; there is no login.", err=True, fg="yellow")
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
