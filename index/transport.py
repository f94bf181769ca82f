"""The HTTP client for servers of models: no redirects, bounded replies, the environment's proxy except for this machine.

It is handed to the openai package, which would otherwise follow redirects with texts and key, and accept replies of any
size. Readers of answers add how a request is ended at once (``rag.llm.transport``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

if TYPE_CHECKING:
    import httpx2

MAX_RESPONSE_BYTES = 2_000_000  # an answer has a few thousand characters; 64 vectors of 1,024 numbers about 1.4 MB
CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Watch:
    """How one request is watched: extensions for the library, and whether nobody wants the reply any more."""

    extensions: Mapping[str, Any] = field(default_factory=dict)
    stopped: Callable[[], bool] = lambda: False


def make_client(
    base_url: str,
    timeout_s: float,
    *,
    refuse: Callable[[str], Exception],
    begin: Callable[[], Watch] = Watch,
    most_bytes: int = MAX_RESPONSE_BYTES,
) -> httpx2.Client:
    """Return a client for one server; ``timeout_s`` bounds every single wait. See ``guarded`` for the others."""
    import httpx2

    timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
    transport = make_transport(base_url, refuse=refuse, begin=begin, most_bytes=most_bytes, library=httpx2)
    return httpx2.Client(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)


def make_async_client(
    base_url: str, timeout_s: float, *, refuse: Callable[[str], Exception], most_bytes: int = MAX_RESPONSE_BYTES
) -> httpx2.AsyncClient:
    """Return a client as ``make_client`` does, for any event loop: each request has a connection pool of its own."""
    import httpx2

    transport = make_async_transport(base_url, refuse=refuse, most_bytes=most_bytes, library=httpx2)
    timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
    return httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)


def make_transport(
    base_url: str,
    *,
    refuse: Callable[[str], Exception],
    begin: Callable[[], Watch] = Watch,
    most_bytes: int = MAX_RESPONSE_BYTES,
    library: ModuleType,
) -> httpx2.BaseTransport:
    """Return the transport of ``make_client`` made of ``library``: httpx2, or httpx, which has the same names."""
    inner = library.HTTPTransport(
        proxy=proxy_for(base_url),
        # Each request has its own connection, so ending one ends no other.
        limits=library.Limits(max_keepalive_connections=0),
    )
    return guarded(inner, refuse=refuse, begin=begin, most_bytes=most_bytes, library=library)


def make_async_transport(
    base_url: str,
    *,
    refuse: Callable[[str], Exception],
    most_bytes: int = MAX_RESPONSE_BYTES,
    library: ModuleType,
) -> httpx2.AsyncBaseTransport:
    """Return the transport of ``make_async_client`` made of ``library``."""
    context = cache(library.create_ssl_context)  # read from disk once, and not before it is used
    proxy = proxy_for(base_url)
    make = lambda: library.AsyncHTTPTransport(verify=context(), proxy=proxy)  # noqa: E731 a new one for each request
    return guarded_async(make, refuse=refuse, most_bytes=most_bytes, library=library)


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


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for a URL; this machine is never asked through one."""
    host = urlsplit(url).hostname or ""
    if is_loopback(url) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(urlsplit(url).scheme) or proxies.get("all")


def guarded(
    inner: httpx2.BaseTransport,
    *,
    refuse: Callable[[str], Exception],
    begin: Callable[[], Watch] = Watch,
    most_bytes: int,
    library: ModuleType,
) -> httpx2.BaseTransport:
    """Wrap a transport so that what it reads is bounded.

    Args:
        inner: What makes the requests.
        refuse: Makes the exception for a reply that is not taken.
        begin: Is called with every request, and says how it is watched.
        most_bytes: What a reply may have.
        library: httpx or httpx2.
    """
    bounded = _bounding(library.SyncByteStream, refuse, most_bytes)

    class Guarded(library.BaseTransport):  # type: ignore[name-defined, misc]  # either library's
        """Passes requests on, with their answers bounded."""

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            watch = begin()
            request.headers["Accept-Encoding"] = "identity"  # a packed reply could unpack to any size
            request.extensions = {**request.extensions, **watch.extensions}
            response = inner.handle_request(request)
            if response.headers.get("content-encoding", "identity") != "identity":
                response.close()
                raise refuse("The model server sent a packed reply though it was asked not to.")
            response.stream = bounded(response.stream, watch)  # type: ignore[arg-type]  # a sync transport has sync streams
            return response

        def close(self) -> None:
            inner.close()

    return Guarded()


def _bounding(
    kind: type[httpx2.SyncByteStream], refuse: Callable[[str], Exception], most_bytes: int
) -> Callable[[httpx2.SyncByteStream, Watch], httpx2.SyncByteStream]:
    """Return what wraps the body of a response of one library so that it ends at its bound, or when its watch stops."""

    class Bounded(kind):  # type: ignore[valid-type, misc]  # either library's
        """The body of a response, as far as it may go."""

        def __init__(self, stream: httpx2.SyncByteStream, watch: Watch) -> None:
            self._stream = stream
            self._watch = watch

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for part in self._stream:
                size += len(part)
                if size > most_bytes:
                    raise refuse(f"The model server sent more than {most_bytes:,} bytes; reading stopped there.")
                if self._watch.stopped():
                    return
                yield part

        def close(self) -> None:
            self._stream.close()

    return Bounded


def guarded_async(
    make: Callable[[], httpx2.AsyncBaseTransport],
    *,
    refuse: Callable[[str], Exception],
    most_bytes: int,
    library: ModuleType,
) -> httpx2.AsyncBaseTransport:
    """Wrap transports as ``guarded`` does; ``make`` gives a new one for each request, which ends with its reply."""

    class Bounded(library.AsyncByteStream):  # type: ignore[name-defined, misc]  # either library's
        """The body of a response, as far as it may go."""

        def __init__(self, stream: httpx2.AsyncByteStream, inner: httpx2.AsyncBaseTransport) -> None:
            self._stream = stream
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in self._stream:
                size += len(part)
                if size > most_bytes:
                    raise refuse(f"The model server sent more than {most_bytes:,} bytes; reading stopped there.")
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()
            await self._inner.aclose()

    class Guarded(library.AsyncBaseTransport):  # type: ignore[name-defined, misc]  # either library's
        """Passes requests on, with their answers bounded."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            request.headers["Accept-Encoding"] = "identity"  # a packed reply could unpack to any size
            inner = make()
            try:
                response = await inner.handle_async_request(request)
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise refuse("The model server sent a packed reply though it was asked not to.")
            except BaseException:
                await inner.aclose()
                raise
            response.stream = Bounded(response.stream, inner)  # type: ignore[arg-type]  # an async transport has async streams
            return response

    return Guarded()
