"""What is counted and measured, for Prometheus: numbers only, never a word of a question or an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response

from ui.http.replying import Handler

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "survey_qa_requests", "Requests that were answered.", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "survey_qa_request_seconds", "From the request to the end of its response.", ("route",),
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._answers = Counter(
            "survey_qa_answers", "Answers over the HTTP interface: found, refused, moderated.", ("outcome",),
            registry=registry,
        )  # fmt: skip
        for outcome in ("found", "refused", "moderated"):
            self._answers.labels(outcome)
        self._stages = Histogram(
            "survey_qa_stage_seconds", "Time of each stage of an answer.", ("stage",),
            buckets=STAGE_SECONDS, registry=registry,
        )  # fmt: skip

    def note_request(self, route: str, method: str, status: int, seconds: float | None) -> None:
        """Count a request, and how long it took unless that says nothing (the page holds connections open)."""
        self._requests.labels(route, method, str(status)).inc()
        if seconds is not None:
            self._seconds.labels(route).observe(seconds)

    def note_answer(self, reply: dict[str, Any]) -> dict[str, Any]:
        """Count an answer and return it."""
        outcome = "moderated" if reply["stopped_by"] else "found" if reply["found"] else "refused"
        self._answers.labels(outcome).inc()
        for stage, milliseconds in reply["timings_ms"].items():
            self._stages.labels(stage).observe(milliseconds / 1_000)
        return reply

    def watch(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """Show a number that is asked for when the metrics are read."""
        Gauge(f"survey_qa_{name}", meaning, registry=self._registry).set_function(value)

    def handler(self) -> Handler:
        """Return what answers GET /metrics."""

        async def metrics(request: Request) -> Response:
            return Response(generate_latest(self._registry), headers={"content-type": CONTENT_TYPE_LATEST})

        return metrics
