"""Watch: the outermost frame of the server. Each request gets an id, a line in the log and its place in the metrics.

A line tells method, route, status and time, and who called by the name of the key; never a path with a name in it, a
question or an answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable

from rag import tracing
from ui.guard import Application, Event, Receive, Scope, Send, client_of
from ui.http.api import Api, is_ours
from ui.http.logs import request_id

access = logging.getLogger("survey_qa.access")

NOTES = "survey_qa"  # of a connection: what the applications inside found out about it

QUIET_SECONDS = 0.25

_GIVEN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PLAIN = frozenset(
    {
        "/healthz", "/readyz", "/metrics", "/mcp", "/v1/chat/completions", "/v1/models", "/api/ask", "/api/search",
        "/api/openapi.json", "/api/documents", "/api/documents/upload", "/api/jobs", "/documents/upload", "/login", "/logout",
    }
)  # fmt: skip
_NAMED = (
    (re.compile(r"/v1/models/[^/]+"), "/v1/models/{name}"),
    (re.compile(r"/api/documents/[^/]+"), "/api/documents/{key}"),
    (re.compile(r"/api/documents/[^/]+/text"), "/api/documents/{key}/text"),
    (re.compile(r"/api/jobs/[^/]+"), "/api/jobs/{number}"),
    (re.compile(r"/conversations/[^/]+"), "/conversations/{name}"),
)


class Watch:
    """ASGI application that notes what another one does with each request, and tells how many are under way."""

    def __init__(self, app: Application, api: Api) -> None:
        self._app = app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 499
        ours, name = is_ours(scope["path"]), _id_of(scope["headers"])
        scope[NOTES] = notes = {"caller": ""}
        told_id = (b"x-request-id", name.encode())

        async def told(event: Event) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
                ending = [(b"connection", b"close")] if self._api.ending else []
                event = {**event, "headers": [*event.get("headers", ()), told_id, *ending]}
            await send(event)

        token = request_id.set(name)
        self._api.under_way += ours
        route, headers = route_of(scope["path"]), _read_headers(scope) if tracing.is_on() else {}
        facts = {"http.request.method": scope["method"], "http.route": route, "survey_qa.request": name}
        try:
            with tracing.request(f"{scope['method']} {route}", headers, facts) as found:
                try:
                    await self._app(scope, receive, told)
                finally:
                    found["http.response.status_code"] = status
        finally:
            self._api.under_way -= ours
            seconds = time.perf_counter() - begun
            self._note(scope, status, seconds, ours=ours, caller=notes["caller"])
            request_id.reset(token)

    async def drain(self, seconds: float, *, unless: Callable[[], bool] = lambda: False) -> None:
        """Ask callers to leave, and wait until no request to the interface is under way any more, or the time is up.

        Who keeps a connection open and asks on learns from the next reply that it ends; hence the moment of quiet.
        """
        self._api.ending = True
        now = time.monotonic()
        end, quiet = now + seconds, now
        while now < min(end, quiet + QUIET_SECONDS) and not unless():
            await asyncio.sleep(0.02)
            now = time.monotonic()
            quiet = now if self._api.under_way else quiet

    def _note(self, scope: Scope, status: int, seconds: float, *, ours: bool, caller: str) -> None:
        route = route_of(scope["path"])
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._api.metrics.note_request(route, method, status, seconds if ours else None)
        if access.isEnabledFor(logging.INFO):
            fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1_000, 1)}
            access.info(
                "%s %s %d %.1f ms", method, route, status, seconds * 1_000,
                extra={"fields": {**fields, "client": client_of(scope), "caller": caller}},
            )  # fmt: skip


def route_of(path: str) -> str:
    """Return the route of a path, without what it names.

    >>> route_of("/api/documents/5f1e/text"), route_of("/theme.css")
    ('/api/documents/{key}/text', 'page')
    """
    if path in _PLAIN:
        return path
    for pattern, route in _NAMED:
        if pattern.fullmatch(path):
            return route
    return "none" if is_ours(path) else "page"


def _read_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a proxy in front has given the request, or a new one."""
    for name, value in headers:
        if name.lower() == b"x-request-id":
            given = value.decode("latin-1")
            if _GIVEN.fullmatch(given):
                return given
    return secrets.token_hex(8)
