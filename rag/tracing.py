"""OpenTelemetry: spans of answers, builds and requests, when somebody asked for them. The only place that imports it.

    survey_qa.ask      with a span for each stage of ``Answer.timings_ms``, and below those what ``index.laps`` noted
    survey_qa.build    with a span for each stage of its progress
    GET /api/ask       a request to the server; what it leads to hangs from it, and it from the caller's ``traceparent``

Spans tell sizes, counts and outcomes. Questions and answers are in them only where SURVEY_QA_TRACE_TEXT=1 allows it.
Where spans go is said by the variables of OpenTelemetry itself (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, …).
Nothing here is loaded, and nothing costs time, until ``begin`` was called.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from corpus.errors import SurveyQAError
from index.laps import Lap, listening

if TYPE_CHECKING:
    from rag.answers import Answer
    from rag.refreshing import Progress

TEXT = "SURVEY_QA_TRACE_TEXT"

_PREFIX = "survey_qa."
_SECONDS_TO_SEND = 5  # what is left when a command ends

_EXPORTER = "OTEL_TRACES_EXPORTER"
_ADDRESSES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")  # either one: spans are wanted

_tracer: Any = None  # of OpenTelemetry; None while nobody asked
_provider: Any = None


class TracingUnavailable(SurveyQAError):
    """Spans are asked for, but what sends them is not installed; the message says how to get it."""


def is_on() -> bool:
    """Tell whether spans are made."""
    return _tracer is not None


def begin(exporter: Any = None) -> None:  # noqa: ANN401 a SpanExporter of OpenTelemetry
    """Make spans from now on; they go to the exporter, by default over OTLP to where the environment says.

    Raises:
        TracingUnavailable: The extra [telemetry] is not installed.
    """
    global _tracer, _provider
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    except ImportError as error:
        raise TracingUnavailable(
            "Tracing needs OpenTelemetry, which is not installed. Install it with `pip install 'survey-qa[telemetry]'`, "
            "or leave --trace away."
        ) from error
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "survey-qa"}
    _provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    processor = SimpleSpanProcessor(exporter) if exporter else BatchSpanProcessor(OTLPSpanExporter())
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("survey-qa")


def begin_if_asked() -> None:
    """Make spans if OpenTelemetry's own variables ask for them and it is installed."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or is_on():
        return
    exporter = os.environ.get(_EXPORTER, "")
    if exporter == "otlp" or (not exporter and any(os.environ.get(name) for name in _ADDRESSES)):
        try:
            begin()
        except TracingUnavailable:
            if exporter:  # meant for us, or for everybody: said in any case
                raise


def end() -> None:
    """Send what is left, in a few seconds at most, and make no more spans."""
    global _tracer, _provider
    if _provider is not None:
        _provider.force_flush(_SECONDS_TO_SEND * 1_000)
        _provider.shutdown()
    _tracer = _provider = None


@contextmanager
def request(name: str, headers: Mapping[str, str], attributes: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Give a dict for what else is known at the end of a request; its span covers the block and what is begun in it."""
    found: dict[str, object] = {}
    if not is_on():
        yield found
        return
    from opentelemetry.propagate import extract
    from opentelemetry.trace import SpanKind, Status, StatusCode

    from_caller, own = extract(headers), dict(attributes)
    with _tracer.start_as_current_span(
        name, context=from_caller, kind=SpanKind.SERVER, attributes=own, record_exception=False
    ) as span:
        try:
            yield found
        finally:
            span.set_attributes(found)
            if int(str(found.get("http.response.status_code", 0))) >= 500:
                span.set_status(Status(StatusCode.ERROR))


def carried() -> dict[str, str]:
    """Return what another process needs so that its spans hang from the one of this block; nothing where no spans are made."""
    headers: dict[str, str] = {}
    if is_on():
        from opentelemetry.propagate import inject

        inject(headers)
    return headers


@contextmanager
def under(carried: Mapping[str, str]) -> Iterator[None]:
    """Hang the spans of this block from the one that another process has told of."""
    if not is_on():
        yield
        return
    from opentelemetry.context import attach, detach
    from opentelemetry.propagate import extract

    token = attach(extract(carried))
    try:
        yield
    finally:
        detach(token)


def answer(question: str, events: Iterator[str | Answer]) -> Iterator[str | Answer]:
    """Yield the events of an answer; its span ends with them, whoever stops reading and whatever fails."""
    from rag.answers import Answer

    span = _tracer.start_span(f"{_PREFIX}ask", attributes={f"{_PREFIX}question_characters": len(question)})
    laps: list[Lap] = []
    _note_text(span, question=question)
    try:
        while True:
            with listening(laps):
                event = next(events, None)
            if event is None:
                break
            if isinstance(event, Answer):
                _note_answer(span, event)
            yield event
    except Exception as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(_failed())
        raise
    finally:
        _note_laps(span, laps)
        span.end()


@contextmanager
def build(name: str, progress: Progress | None) -> Iterator[Progress | None]:
    """Give the function that is to be told of a build's progress; its span covers the block, those of stages what is told."""
    if not is_on():
        yield progress
        return
    stages: dict[str, list[int]] = {}  # when each was heard of first and last, and how much was done

    def tell(stage: str, done: int, total: int) -> None:
        now = time.time_ns()
        stages[stage] = [stages.get(stage, [now])[0], now, done]
        if progress is not None:
            progress(stage, done, total)

    with _tracer.start_as_current_span(f"{_PREFIX}{name}", record_exception=False) as span:
        try:
            yield tell
        except SurveyQAError as error:
            span.set_attribute("error.type", type(error).__name__)
            raise
        finally:
            for stage, (first, last, done) in stages.items():
                _child(span, stage, first, last, {f"{_PREFIX}done": done})


def _note_answer(span: Any, answer: Answer) -> None:  # noqa: ANN401 a Span
    """Tell what came out."""
    facts = {
        "found": answer.found,
        "reader": answer.reader,
        "index": answer.index,
        "citations": len(answer.citations),
        "passages": len(answer.passages),
        "answer_characters": len(answer.text),
    }
    span.set_attributes({f"{_PREFIX}{name}": value for name, value in facts.items()})
    _note_text(span, answer=answer.text)


def _note_laps(span: Any, laps: list[Lap]) -> None:  # noqa: ANN401 a Span
    """Make the spans of stages, and below them those of what lies within each."""
    stages = [(_child(span, *one[:3]), one) for one in laps if one.is_stage]
    for one in laps:
        if not one.is_stage:
            middle = (one.began + one.ended) // 2
            within = next((stage for stage, its in stages if its.began <= middle <= its.ended), span)
            _child(within, *one[:3])


def _child(parent: Any, name: str, began: int, ended: int, attributes: Mapping[str, int] | None = None) -> Any:  # noqa: ANN401 Spans
    from opentelemetry.trace import set_span_in_context

    context = set_span_in_context(parent)
    span = _tracer.start_span(f"{_PREFIX}{name}", context=context, start_time=began, attributes=attributes)
    span.end(end_time=ended)
    return span


def _note_text(span: Any, **texts: str) -> None:  # noqa: ANN401 a Span
    if os.environ.get(TEXT) == "1":
        span.set_attributes({f"{_PREFIX}{name}": text for name, text in texts.items()})


def _failed() -> Any:  # noqa: ANN401 a Status
    from opentelemetry.trace import Status, StatusCode

    return Status(StatusCode.ERROR)
