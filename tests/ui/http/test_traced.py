"""A server that is traced: one trace from the caller through the request to the stages of its answer, also past a process's border."""

import gzip
import json
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CALLER, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
QUESTION = "How much GPU memory does Walnut-7B need?"


@pytest.fixture
def receiver():
    pytest.importorskip("opentelemetry.proto", reason="the extra [telemetry] is not installed")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.server.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.spans = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.long
@pytest.mark.parametrize("options", [[], ["--workers", "1"]])
def test_a_question_over_http_is_one_trace(serve, receiver, options):
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    address = serve(*options, environment=settings)
    headers = {"Content-Type": "application/json", "traceparent": f"00-{CALLER}-{SPAN}-01"}
    asked = urllib.request.Request(f"{address}api/ask", json.dumps({"question": QUESTION}).encode(), headers)
    with urllib.request.urlopen(asked, timeout=120) as reply:
        assert "6 GB" in json.load(reply)["answer"]
    end = time.monotonic() + 120
    while not any(span.name == "survey_qa.ask" for span in receiver.spans) and time.monotonic() < end:
        time.sleep(0.05)
    serve.process.terminate()
    serve.process.wait(120)

    spans = {span.name: span for span in receiver.spans if span.trace_id.hex() == CALLER}
    request, answer = spans["POST /api/ask"], spans["survey_qa.ask"]
    assert request.parent_span_id.hex() == SPAN
    assert answer.parent_span_id == request.span_id
    assert spans["survey_qa.search"].parent_span_id == answer.span_id
    facts = {one.key: one.value for one in request.attributes}
    assert facts["http.response.status_code"].int_value == 200
    assert not any(b"Walnut" in span.SerializeToString() for span in receiver.spans)
