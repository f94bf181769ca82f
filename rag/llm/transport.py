"""The HTTP client that talks to model servers for an answer: ``index.transport``'s, and a request can be ended at once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index import transport
from index.transport import Watch
from rag.errors import LLMError
from rag.llm.calls import Call, current_call

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


def make_client(base_url: str, timeout_s: float, headers: Mapping[str, str] | None = None) -> httpx2.Client:
    """Return a client for one model server; ``timeout_s`` bounds every single wait, the call's deadline all of them.

    ``headers`` go with every request, in place of others of their names.
    """
    client = transport.make_client(base_url, timeout_s, refuse=_refuse, begin=_begin)
    client.event_hooks = {"request": [adding(headers or {})]}
    return client


def make_async_client(base_url: str, timeout_s: float, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    """Return the client for asynchronous calls; cancelling the call ends its connection."""
    client = transport.make_async_client(base_url, timeout_s, refuse=_refuse)
    client.event_hooks = {"request": [adding_async(headers or {})]}
    return client


def adding(headers: Mapping[str, str]) -> Callable[[Any], None]:
    """Return the hook that puts headers on requests; no repr shows what it holds."""
    return lambda request: request.headers.update(headers)


def adding_async(headers: Mapping[str, str]) -> Callable[[Any], Coroutine[Any, Any, None]]:
    """Return the same hook for asynchronous clients."""

    async def add(request: Any) -> None:  # noqa: ANN401 httpx's or httpx2's
        request.headers.update(headers)

    return add


def make_transport(base_url: str, *, library: ModuleType) -> httpx2.BaseTransport:
    """Return the transport of such a client, for a package that stands on httpx."""
    return transport.make_transport(base_url, refuse=_refuse, begin=_begin, library=library)


def make_async_transport(base_url: str, *, library: ModuleType) -> httpx2.AsyncBaseTransport:
    """Return the transport for asynchronous calls."""
    return transport.make_async_transport(base_url, refuse=_refuse, library=library)


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
