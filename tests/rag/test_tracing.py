"""Spans of answers and builds: only when asked for, with the stages that an answer reports, and without words of anybody."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant, tracing
from rag.build import build_index

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "How many watts does the lamp burn?"
STAGES = ["understand", "search", "pack", "read", "cite"]


@pytest.fixture
def index():
    return Index.build(split([Document.from_text("# Pier\n\nThe lamp of the pier burns 40 watts.", id="pier")]))


@pytest.fixture
def spans():
    """Spans that have ended, by their names without the prefix; of several of a name the first one."""
    pytest.importorskip("opentelemetry.sdk", reason="the extra [telemetry] is not installed")
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracing.begin(exporter)
    yield lambda: {span.name.removeprefix("survey_qa."): span for span in reversed(exporter.get_finished_spans())}
    tracing.end()


def test_an_answer_is_a_span_with_its_stages_and_the_legs_of_its_search(index, spans):
    answer = Assistant(index).ask(QUESTION)
    found = spans()
    assert list(answer.timings_ms) == STAGES
    for stage in STAGES:
        assert found[stage].parent.span_id == found["ask"].context.span_id
        lasted = (found[stage].end_time - found[stage].start_time) / 1e6
        assert lasted == pytest.approx(answer.timings_ms[stage], abs=0.01)
    for part in ("embed", "candidates", "words", "vectors", "fuse"):
        assert found[part].parent.span_id == found["search"].context.span_id
    assert found["check"].parent.span_id == found["cite"].context.span_id
    assert {span.context.trace_id for span in found.values()} == {found["ask"].context.trace_id}


def test_stages_follow_each_other_within_the_answer(index, spans):
    Assistant(index).ask(QUESTION)
    found = spans()
    ends = [found[stage].end_time for stage in STAGES]
    assert [found[stage].start_time for stage in STAGES[1:]] == ends[:-1]
    assert found["ask"].start_time <= found["understand"].start_time
    assert ends[-1] <= found["ask"].end_time + 1_000_000


def test_spans_tell_outcomes_and_no_words(index, spans):
    Assistant(index).ask(QUESTION)
    facts = spans()["ask"].attributes
    assert facts["survey_qa.found"] is True
    assert facts["survey_qa.reader"] == "extractive"
    assert facts["survey_qa.citations"] == 1
    assert facts["survey_qa.question_characters"] == len(QUESTION)
    told = " ".join(f"{span.name} {dict(span.attributes)} {span.events}" for span in spans().values())
    assert "watts" not in told
    assert "pier" not in told


def test_words_are_told_where_that_is_allowed(index, spans, monkeypatch):
    monkeypatch.setenv(tracing.TEXT, "1")
    Assistant(index).ask(QUESTION)
    facts = spans()["ask"].attributes
    assert facts["survey_qa.question"] == QUESTION
    assert "40 watts" in facts["survey_qa.answer"]


def test_an_answer_that_nobody_reads_to_the_end_is_a_span_too(index, spans):
    events = Assistant(index).stream(QUESTION)
    next(events)
    events.close()
    assert "survey_qa.found" not in spans()["ask"].attributes


def test_a_failure_is_told_by_its_kind(index, spans, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the lamp is out")

    monkeypatch.setattr("rag.assistant.pack", fail)
    with pytest.raises(RuntimeError):
        Assistant(index).ask(QUESTION)
    span = spans()["ask"]
    assert span.attributes["error.type"] == "RuntimeError"
    assert not span.status.is_ok
    assert not span.events


def test_a_build_is_a_span_with_its_stages(tmp_path, spans):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# Pier\n\nThe lamp burns.")
    told = []
    build_index(
        [tmp_path / "docs"],
        directory=tmp_path / "index",
        home=tmp_path / "home",
        progress=lambda *step: told.append(step[0]),
    )
    found = spans()
    assert {"build", "reading", "indexing words"} <= set(found)
    assert set(found) - {"build"} == set(told)
    for stage in told:
        assert found[stage].parent.span_id == found["build"].context.span_id


def test_without_being_asked_nothing_is_made_and_nothing_is_loaded(index):
    assert not tracing.is_on()
    events = Assistant(index)._answered(QUESTION, ())
    assert list(events)
    program = (
        "import sys, rag; from rag import Assistant; import rag.tracing; "
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_tracing_without_the_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(tracing.TracingUnavailable, match=r"pip install 'survey-qa\[telemetry\]'"):
        tracing.begin()


def test_an_address_for_all_programs_breaks_nothing_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delenv("OTEL_TRACES_EXPORTER", raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    tracing.begin_if_asked()
    assert not tracing.is_on()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"},
    ],
)
def test_what_opentelemetry_says_of_being_off_holds(monkeypatch, environment):
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    tracing.begin_if_asked()
    assert not tracing.is_on()


@pytest.fixture
def receiver():
    """A receiver of OTLP over HTTP on loopback; what came is read with OpenTelemetry's own definitions."""
    pytest.importorskip("opentelemetry.proto", reason="the extra [telemetry] is not installed")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            self.server.received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(tmp_path, address, *arguments):
    environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "SURVEY_QA_HOME": str(tmp_path / "home")}
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_a_command_sends_its_spans_to_the_receiver_that_is_named(receiver, tmp_path):
    (tmp_path / "a.md").write_text("# Pier\n\nThe lamp of the pier burns 40 watts.")
    address = f"http://127.0.0.1:{receiver.server_port}"
    index = ["--index", str(tmp_path / "index")]
    run(tmp_path, address, "--trace", "index", "build", str(tmp_path / "a.md"), *index)
    run(tmp_path, address, "ask", QUESTION, *index)

    assert {path for path, _ in receiver.received} == {"/v1/traces"}
    resources = [resource for _, message in receiver.received for resource in message.resource_spans]
    named = {
        one.value.string_value for each in resources for one in each.resource.attributes if one.key == "service.name"
    }
    names = {span.name for each in resources for scope in each.scope_spans for span in scope.spans}
    assert named == {"survey-qa"}
    assert {"survey_qa.build", "survey_qa.ask", "survey_qa.search", "survey_qa.check"} <= names
    assert not any(b"watts" in message.SerializeToString() for _, message in receiver.received)


def test_a_receiver_that_is_not_there_costs_no_answer(tmp_path):
    pytest.importorskip("opentelemetry.sdk", reason="the extra [telemetry] is not installed")
    (tmp_path / "a.md").write_text("# Pier\n\nThe lamp of the pier burns 40 watts.")
    index = ["--index", str(tmp_path / "index")]
    run(tmp_path, "", "index", "build", str(tmp_path / "a.md"), *index)
    done = run(tmp_path, "http://127.0.0.1:9", "ask", QUESTION, *index)
    assert "40 watts" in done.stdout
    assert "Traceback" not in done.stderr
