"""Guard: the one door in front of the server, pure ASGI, so that nothing behind it has to be trusted with the network.

Only hosts that were named, writes only from our own page, bodies with a bound, no cross-origin answers, security headers on
every response, Gradio's programming interface closed but for what its page calls, and a brake on guessing passwords.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OURS = b"x-survey-qa-"  # headers that our own applications tell each other things by; none comes from outside
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_BODY_BYTES = 1_000_000  # a question and its history; uploads have a path and a limit of their own
BODY_SECONDS = 30.0  # a body that drips in longer than this is no question

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",  # Gradio's page starts itself with inline scripts; none of them needs eval
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)

# What the page itself calls. "private" functions, uploads, files, proxies and the description of the interface are not
# among it: Gradio runs or serves them for anybody who knows their address.
_GRADIO = "/gradio_api/"
_GRADIO_OPEN = frozenset({"queue/join", "queue/data", "run/predict", "cancel", "reset", "startup-events", "theme.css"})
_GRADIO_HEARTBEAT = "heartbeat/"
_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?")
_SHARED = ("/v1/", "/api/", "/mcp")  # where pages of named sites may ask
_CLOSED = ("/openapi.json", "/monitoring", "/svelte/")


class LoginThrottle:
    """Counts failed logins of each client; after ``limit`` within ``seconds`` further ones are refused."""

    def __init__(self, *, limit: int = 10, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    def allows(self, client: str) -> bool:
        """Tell whether the client may try again."""
        since = self._clock() - self._seconds
        self._failures = {
            name: recent for name, times in self._failures.items() if (recent := [t for t in times if t > since])
        }
        return len(self._failures.get(client, ())) < self._limit

    def note_failure(self, client: str) -> None:
        """Remember a failed login."""
        self._failures.setdefault(client, []).append(self._clock())


class Guard:
    """ASGI application that lets through to another one only what ought to reach it.

    Args:
        app: The application behind.
        hosts: Host names that the server answers to, beside the loopback ones; without ports.
        max_body: Most bytes of a request's body.
        larger: Paths with another limit of their own.
        origins: Sites whose pages may use the HTTP interface (``/v1``, ``/api``, ``/mcp``), without cookies.
        throttle: Counts failed posts to ``/login``.
    """

    def __init__(
        self,
        app: Application,
        *,
        hosts: Iterable[str] = (),
        max_body: int = MAX_BODY_BYTES,
        larger: Mapping[str, int] | None = None,
        origins: Iterable[str] = (),
        throttle: LoginThrottle | None = None,
    ) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.strip("[]").lower() for host in hosts}
        self._max_body = max_body
        self._larger = dict(larger or {})
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)
        self._throttle = throttle or LoginThrottle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":  # nothing of ours speaks it
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope = {**scope, "headers": [(n, v) for n, v in scope["headers"] if not n.lower().startswith(OURS)]}
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal, origin = self._refusal(scope, headers), self._welcome(scope["path"], headers)
        if refusal is None and origin and scope["method"] == "OPTIONS":
            await _allow(send, origin)
            return
        if refusal is None and scope["method"] not in ("GET", "HEAD"):
            body = await _read_body(receive, self._most(scope["path"]))
            if not isinstance(body, bytes):
                refusal = body
            elif scope["path"].startswith(_GRADIO) and not _is_json(body):
                refusal = 400, "The body is not JSON."
            else:
                receive = replay(body, receive)
        if refusal is not None:
            await answer_refusal(send, *refusal, path=scope["path"])
        else:
            await self._behind(scope, receive, self._sealed(scope, send, origin))

    async def _behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; what it fails with is named in the log, without the words of a question or a document."""
        begun = False

        async def noted(event: Event) -> None:
            nonlocal begun
            begun = True
            await send(event)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # the outermost frame of every request, Gradio's too
            logger.error("A request failed with %s", type(error).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
            if not begun:
                await answer_refusal(
                    send, 500, "Something unexpected happened here. The server's log says what.", path=scope["path"]
                )

    def _refusal(self, scope: Scope, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        """Return status and message for a request that must not pass, or None."""
        path = scope["path"]
        if _host_name(headers.get("host", "")) not in self._hosts:
            return 421, "This server does not answer to that host name. Start it with --allow-host NAME."
        if _is_closed(path):
            return 404, "Not found."
        if not scope.get("query_string", b"").isascii():
            return 400, "The address is not written in ASCII: percent-encode it."
        if scope["method"] in ("GET", "HEAD"):
            return None
        if _comes_from_elsewhere(headers) and not self._welcome(path, headers):
            return 403, "Requests from other sites are refused."
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return 400, "The content length is not a number."
        if int(length) > self._most(path):
            return _too_large(self._most(path))
        if path.rstrip("/") == "/login" and not self._throttle.allows(client_of(scope)):
            return 429, "Too many failed logins. Wait a minute."
        return None

    def _welcome(self, path: str, headers: Mapping[str, str]) -> str:
        """Return the site that a request to the HTTP interface comes from, if the operator has named it."""
        origin = headers.get("origin", "").lower()
        return origin if origin in self._origins and path.startswith(_SHARED) else ""

    def _most(self, path: str) -> int:
        """Return how many bytes the body of a request may have."""
        return self._larger.get(path, self._max_body)

    def _sealed(self, scope: Scope, send: Send, origin: str = "") -> Send:
        """Return a send that puts our headers on the response, cross-origin ones for a site that was named only."""
        login = scope["path"].rstrip("/") == "/login" and scope["method"] == "POST"

        async def sealed(event: Event) -> None:
            if event["type"] == "http.response.start":
                if login and event["status"] >= 400:
                    self._throttle.note_failure(client_of(scope))
                event = {**event, "headers": [*_seal_headers(event.get("headers", ())), *_shared_with(origin)]}
            await send(event)

        return sealed


def _host_name(host: str) -> str:
    """Return the name in a Host header without its port, brackets of an IPv6 address left out; "" for what is no host."""
    found = _HOST.fullmatch(host.strip().lower())
    return (found[1] or found[2]) if found else ""


def _is_closed(path: str) -> bool:
    if path.startswith(_GRADIO):
        route = path.removeprefix(_GRADIO).rstrip("/")
        return route not in _GRADIO_OPEN and not route.startswith(_GRADIO_HEARTBEAT)
    return any(path == closed.rstrip("/") or path.startswith(closed) for closed in _CLOSED)


def _comes_from_elsewhere(headers: MutableMapping[str, str]) -> bool:
    """Tell whether a page of another site sent the request; what is no browser names no origin."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin == "null" and site == "same-origin":  # a form of ours: our referrer policy hides where it stands
        return False
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return True
    return site not in ("same-origin", "none")


async def _read_body(receive: Receive, most: int) -> bytes | tuple[int, str]:
    """Return the whole body, or status and message if it is too large, too slow or cut off."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                event = await receive()
                if event["type"] != "http.request":
                    return 400, "The request was cut off."
                body += event.get("body", b"")
                if len(body) > most:
                    return _too_large(most)
                if not event.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return 408, "The request came in too slowly."


def _is_json(body: bytes) -> bool:
    """Tell whether a body is what the page sends: Gradio fails on other ones, and writes to the log what they hold."""
    try:
        if body:
            json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _too_large(most: int) -> tuple[int, str]:
    return 413, f"The request is too large: {most:,} bytes are the most."


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive that hands out the body that was read, then whatever comes after it."""
    pending = [body]

    async def replayed() -> Event:
        return {"type": "http.request", "body": pending.pop(), "more_body": False} if pending else await receive()

    return replayed


async def _allow(send: Send, origin: str) -> None:
    """Answer a browser that asks whether a page of another site may send a request."""
    allowed = [
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type, mcp-protocol-version, mcp-session-id"),
        (b"access-control-max-age", b"600"),
    ]
    headers = [*SECURITY_HEADERS, *_shared_with(origin), *allowed]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _shared_with(origin: str) -> list[tuple[bytes, bytes]]:
    if not origin:
        return []
    told = b"x-request-id, retry-after"
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-expose-headers", told),
        (b"vary", b"origin"),
    ]


async def answer_refusal(send: Send, status: int, message: str, *, path: str = "/") -> None:
    """Answer with a status and a sentence, as JSON in the shape that callers of the path expect."""
    from ui.http.failing import error_body

    headers = [(b"content-type", b"application/json"), *SECURITY_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(error_body(path, status, message)).encode()})


def _seal_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    ours: Collection[bytes] = {name for name, _ in SECURITY_HEADERS}
    kept = [(n, v) for n, v in headers if n.lower() not in ours and not n.lower().startswith(b"access-control-")]
    return [(n, _strict_cookie(v) if n.lower() == b"set-cookie" else v) for n, v in kept] + list(SECURITY_HEADERS)


def _strict_cookie(value: bytes) -> bytes:
    """Return a cookie that the browser sends with requests of our own page only."""
    parts = [part for part in value.split(b";") if not part.strip().lower().startswith(b"samesite=")]
    return b"; ".join([*(part.strip() for part in parts), b"SameSite=Strict"])


def client_of(scope: Scope) -> str:
    """Return the address that a connection comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""
