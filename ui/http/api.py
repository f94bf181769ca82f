"""The HTTP interface put together: its routes, and what is open while it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ui.http.answering import Answering
from ui.http.chat import chat_routes
from ui.http.description import description
from ui.http.gate import Gate
from ui.http.metrics import Metrics
from ui.http.replying import Handler, application, json_reply
from ui.http.rest import rest_routes
from ui.http.rest_documents import document_routes

if TYPE_CHECKING:
    from fastapi import FastAPI

    from ui.documents import Documents


@dataclass
class Api:
    """What the routes share: who answers, how many at once, what is counted, and whether new requests are still welcome."""

    answering: Answering
    documents: Documents | None = None
    gate: Gate = field(init=False)
    metrics: Metrics = field(default_factory=Metrics)
    ending: bool = False

    def __post_init__(self) -> None:
        self.gate = Gate(self.answering.capacity)
        self.metrics.watch("waiting", "Answers that wait for their turn.", lambda: self.gate.waiting)
        self.metrics.watch("running", "Answers under way.", lambda: self.gate.running)

    @property
    def ready(self) -> bool:
        """Whether a question would be answered now."""
        return self.answering.ready and not self.ending

    def mount(self, app: FastAPI) -> None:
        """Put the routes into an application."""
        parts = (self.answering, self.gate, self.metrics)
        rest: dict[str, dict[str, Handler]] = {**rest_routes(*parts), "/openapi.json": {"GET": _described}}
        if self.documents:
            rest |= document_routes(self.documents)
        app.mount("/v1", application(chat_routes(*parts)))
        app.mount("/api", application(rest))
        for path, handler in {
            "/healthz": _healthz,
            "/readyz": _readiness(lambda: self.ready),
            "/metrics": self.metrics.handler(),
        }.items():
            app.router.add_route(path, handler, methods=["GET"])


async def _described(request: Request) -> Response:
    return json_reply(description())


async def _healthz(request: Request) -> Response:
    return json_reply({"status": "ok"})


def _readiness(ready: Callable[[], bool]) -> Handler:
    async def readyz(request: Request) -> Response:
        return json_reply({"status": "ready"}) if ready() else json_reply({"status": "not ready"}, 503)

    return readyz
