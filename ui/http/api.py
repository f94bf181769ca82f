"""The HTTP interface put together: its routes, and what is open while it serves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.http.answering import Answering
from ui.http.chat import chat_routes
from ui.http.description import description
from ui.http.failing import Failed
from ui.http.gate import Gate
from ui.http.metrics import Metrics
from ui.http.replying import Handler, application, error_reply, json_reply
from ui.http.rest import rest_routes
from ui.http.rest_documents import document_routes
from ui.http.tools import PATH, OverHttp, tool_server

if TYPE_CHECKING:
    from ui.documents import Documents

_SINGLE = frozenset({"/healthz", "/readyz", "/metrics", "/mcp", "/api", "/v1"})
_PREFIXES = ("/api/", "/v1/", "/mcp/")


@dataclass
class Api:
    """What the routes share: who answers, how many at once, what is counted, and whether new requests are still welcome."""

    answering: Answering
    documents: Documents | None = None
    gate: Gate = field(init=False)
    metrics: Metrics = field(default_factory=Metrics)
    ending: bool = False
    under_way: int = 0  # requests
    tools: OverHttp | None = field(default=None, init=False)  # while the server serves

    def __post_init__(self) -> None:
        self.gate = Gate(self.answering.capacity)
        self.metrics.watch("waiting", "Answers that wait for their turn.", lambda: self.gate.waiting)
        self.metrics.watch("running", "Answers under way.", lambda: self.gate.running)

    @property
    def ready(self) -> bool:
        """Whether a question would be answered now."""
        return self.answering.ready and not self.ending

    def application(self) -> Starlette:
        """Return the application of all routes; an application that serves it beside others uses ``lifespan``."""
        parts = (self.answering, self.gate, self.metrics)
        rest: dict[str, dict[str, Handler]] = {**rest_routes(*parts), "/openapi.json": {"GET": _described}}
        if self.documents:
            rest |= document_routes(self.documents)
        routes: dict[str, dict[str, Handler]] = {
            "/healthz": {"GET": _healthz},
            "/readyz": {"GET": _readiness(lambda: self.ready)},
            "/metrics": {"GET": self.metrics.handler()},
            **{f"/v1{path}": handlers for path, handlers in chat_routes(*parts).items()},
            **{f"/api{path}": handlers for path, handlers in rest.items()},
        }
        served = application(routes, self.lifespan)
        for path in (PATH, f"{PATH}/"):
            served.router.routes.append(Route(path, _Tools(self), methods=["POST"]))
        return served

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """Hold open what takes requests beside the routes; may be entered again after it was left."""
        opened = OverHttp(tool_server(self.answering, self.gate, self.metrics.note_answer))
        async with self.answering.serving(), opened.open():
            self.tools = opened
            try:
                yield
            finally:
                self.tools = None


class _Tools:
    """ASGI application that hands a request to the MCP server."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        failed = Failed(503, "The server is just starting, or about to end. Try again in a moment.", retry_after=1)
        app = self._api.tools.app if self._api.tools else error_reply(scope["path"], failed)
        await app(scope, receive, send)


class Beside:
    """ASGI application that gives what is ours to the HTTP interface, and everything else to the page."""

    def __init__(self, api: ASGIApp, page: ASGIApp) -> None:
        self._api = api
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        ours = scope["type"] == "http" and is_ours(scope["path"])
        await (self._api if ours else self._page)(scope, receive, send)


def is_ours(path: str) -> bool:
    """Tell whether a path belongs to the HTTP interface.

    >>> is_ours("/v1/models"), is_ours("/gradio_api/queue/join")
    (True, False)
    """
    return path in _SINGLE or path.startswith(_PREFIXES)


async def _described(request: Request) -> Response:
    return json_reply(description())


async def _healthz(request: Request) -> Response:
    return json_reply({"status": "ok"})


def _readiness(ready: Callable[[], bool]) -> Handler:
    async def readyz(request: Request) -> Response:
        return json_reply({"status": "ready"}) if ready() else json_reply({"status": "not ready"}, 503)

    return readyz
