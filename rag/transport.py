"""The HTTP client that talks to model servers for an answer: ``index.transport``'s, and a request can be ended at once."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index import transport
from index.transport import Watch
from rag.calls import Call, current_call
from rag.errors import LLMError

if TYPE_CHECKING:
    import httpx2

is_loopback = transport.is_loopback


def checked_base_url(url: str) -> str:
    """Return the base URL of a server without a slash at its end.

    Raises:
        LLMError: It is no http(s) URL (kind ``connection``), or carries a password, which belongs elsewhere.
    """
    parts = urlsplit(url.strip())
    try:
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise LLMError(f"{url!r} is no base URL. It looks like http://127.0.0.1:8000/v1.", kind="connection")
    if parts.username or parts.password:
        raise LLMError(
            "The base URL holds a user name or password. Put the key into OPENAI_API_KEY.", kind="connection"
        )
    return url.strip().rstrip("/")


def make_client(base_url: str, timeout_s: float) -> httpx2.Client:
    """Return a client for one model server; ``timeout_s`` bounds every single wait, the call's deadline all of them."""
    return transport.make_client(base_url, timeout_s, refuse=_refuse, begin=_begin)


def make_async_client(base_url: str, timeout_s: float) -> httpx2.AsyncClient:
    """Return the client for asynchronous calls; cancelling the call ends its connection."""
    return transport.make_async_client(base_url, timeout_s, refuse=_refuse)


def _refuse(message: str) -> LLMError:
    return LLMError(message, kind="bad_response")


def _begin() -> Watch:
    """Have the current call end the request's connection when it is aborted."""
    call = current_call()
    return Watch({"trace": _tracer(call)}, call.aborted.is_set) if call else Watch()


def _tracer(call: Call) -> Callable[[str, dict[str, Any]], None]:
    """Return what is told of every new connection and has the call end it when the call is aborted."""

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            connection = info["return_value"].get_extra_info("socket")
            if isinstance(connection, socket.socket):
                call.on_abort(lambda: _shut(connection))

    return trace


def _shut(connection: socket.socket) -> None:
    """Wake whoever waits on a connection; closing it is left to its owner."""
    with suppress(OSError):  # it is closed already
        connection.shutdown(socket.SHUT_RDWR)
