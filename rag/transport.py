"""The HTTP client that talks to model servers: no redirects, bounded replies, and a request that can be ended at once.

The client is handed to the openai package, which would otherwise follow redirects with the whole prompt and key,
accept replies of any size, and wait ten minutes.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from rag.calls import Call, current_call
from rag.errors import LLMError

if TYPE_CHECKING:
    import httpx2

MAX_RESPONSE_BYTES = 2_000_000  # an answer has a few thousand characters; streaming adds some 200 bytes to each token
CONNECT_TIMEOUT_S = 10.0


def is_loopback(url: str) -> bool:
    """Tell whether a URL points to this machine.

    >>> is_loopback("http://localhost:8000/v1"), is_loopback("http://[::1]/v1"), is_loopback("https://127.evil.example")
    (True, True, False)
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    import httpx2

    inner = httpx2.HTTPTransport(
        proxy=_proxy_for(base_url),
        limits=httpx2.Limits(
            max_keepalive_connections=0
        ),  # each request has its own connection, so ending one ends no other
    )
    timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
    return httpx2.Client(transport=_guarded(inner), timeout=timeout, follow_redirects=False, trust_env=False)


def _proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for a URL; this machine is never asked through one."""
    host = urlsplit(url).hostname or ""
    if is_loopback(url) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(urlsplit(url).scheme) or proxies.get("all")


def _guarded(inner: httpx2.BaseTransport) -> httpx2.BaseTransport:
    """Wrap a transport so that it reports its connection to the current call and bounds what it reads."""
    import httpx2

    class Bounded(httpx2.SyncByteStream):
        """The body of a response, as far as it may go."""

        def __init__(self, stream: httpx2.SyncByteStream, call: Call | None) -> None:
            self._stream = stream
            self._call = call

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for part in self._stream:
                size += len(part)
                if size > MAX_RESPONSE_BYTES:
                    raise LLMError(
                        f"The model server sent more than {MAX_RESPONSE_BYTES:,} bytes; reading stopped there.",
                        kind="bad_response",
                    )
                if self._call and self._call.aborted.is_set():
                    return
                yield part

        def close(self) -> None:
            self._stream.close()

    class Guarded(httpx2.BaseTransport):
        """Passes requests on, with their answers bounded."""

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            call = current_call()
            request.headers["Accept-Encoding"] = "identity"  # a packed reply could unpack to any size
            if call:
                request.extensions = {**request.extensions, "trace": _tracer(call)}
            response = inner.handle_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                response.close()
                raise LLMError("The model server sent a packed reply though it was asked not to.", kind="bad_response")
            response.stream = Bounded(response.stream, call)  # type: ignore[arg-type]  # a sync transport has sync streams
            return response

        def close(self) -> None:
            inner.close()

    return Guarded()


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
