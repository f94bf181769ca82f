"""What is counted and logged: numbers and names of routes, never words of a question, an answer or a document."""

import io
import json
import logging
import re
import time

import pytest
from starlette.testclient import TestClient

from rag import Assistant
from rag.errors import LLMError
from ui.http import logs
from ui.http.answering import Here
from ui.http.api import Api
from ui.server import create_api

QUESTION = {"question": "How much GPU memory does Walnut-7B need?"}


@pytest.fixture
def opened(index, documents):
    def opening(assistant=None):
        app = create_api(Api(Here(assistant or Assistant(index)), documents))
        return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)

    return opening


@pytest.fixture
def lines(monkeypatch):
    """Return a function that gives the lines that were logged as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logger = logging.getLogger("survey_qa")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "level", logging.INFO)
    logger.manager._clear_cache()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.manager._clear_cache()


def value(client, name):
    """Return the value of a metric, written as Prometheus writes it."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found.group(1)) if found else None


def test_answers_refusals_stages_and_requests_are_counted(opened):
    client = opened()
    client.post("/api/ask", json=QUESTION)
    client.post("/api/ask", json={"question": "Who won the football match yesterday?"})
    client.post("/api/ask", content=b"no json")

    assert value(client, 'survey_qa_answers_total{outcome="found"}') == 1
    assert value(client, 'survey_qa_answers_total{outcome="refused"}') == 1
    assert value(client, 'survey_qa_stage_seconds_count{stage="search"}') == 2
    assert value(client, 'survey_qa_requests_total{method="POST",route="/api/ask",status="200"}') == 2
    assert value(client, 'survey_qa_requests_total{method="POST",route="/api/ask",status="400"}') == 1
    assert value(client, 'survey_qa_request_seconds_count{route="/api/ask"}') == 3


def test_no_word_of_a_question_or_a_path_gets_into_the_metrics(opened):
    client = opened()
    client.post("/api/ask", json=QUESTION)
    client.get("/api/documents/secret-name")
    client.request("SECRET", "/v1/models/secret-name")
    told = client.get("/metrics").text

    assert "Walnut" not in told
    assert "secret" not in told.lower()


def test_every_reply_carries_an_id_that_the_log_has_too(opened, lines):
    reply = opened().post("/api/ask", json=QUESTION)
    (line,) = lines()

    assert re.fullmatch("[0-9a-f]{16}", reply.headers["x-request-id"])
    assert line["request"] == reply.headers["x-request-id"]
    assert (line["method"], line["route"], line["status"], line["caller"]) == ("POST", "/api/ask", 200, "")
    assert line["ms"] > 0


def test_the_id_of_a_proxy_is_kept_if_it_is_one(opened):
    client = opened()

    assert client.get("/healthz", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/healthz", headers={"x-request-id": "a b{}"}).headers["x-request-id"] != "a b{}"


def test_no_line_of_the_log_holds_what_was_asked_or_answered(opened, lines):
    client = opened()
    client.post("/api/ask", json=QUESTION)
    client.post("/api/documents/upload", params={"name": "secret.md"}, content=b"# Secret\n\nWalnut secret.\n")
    client.get("/api/documents/secret-name")
    told = json.dumps(lines()).lower()

    assert len(lines()) == 3
    assert "walnut" not in told
    assert "secret" not in told


@pytest.mark.parametrize("error", [LLMError("The model is away.", kind="server"), RuntimeError("Walnut secret")])
def test_failures_are_counted_by_their_status(opened, scripted, error, caplog):
    client = opened(scripted(error))
    status = client.post("/api/ask", json=QUESTION).status_code

    assert status >= 500
    assert value(client, f'survey_qa_requests_total{{method="POST",route="/api/ask",status="{status}"}}') == 1
    assert "secret" not in caplog.text


def test_readiness_ends_when_the_server_does(index):
    api = Api(Here(Assistant(index)))
    client = TestClient(create_api(api), base_url="http://127.0.0.1:7860")
    before = client.get("/readyz").status_code
    api.ending = True
    after = client.get("/readyz")

    assert (before, after.status_code) == (200, 503)
    assert after.headers["connection"] == "close"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("under_way", "grace", "least"), [(0, 60, 0.2), (1, 0.3, 0.3), (0, 0, 0.0)])
async def test_the_end_waits_for_what_is_under_way_but_not_for_ever(index, under_way, grace, least):
    api = Api(Here(Assistant(index)))
    api.under_way = under_way
    begun = time.monotonic()
    await create_api(api).drain(grace)

    assert least <= time.monotonic() - begun < 30
    assert api.ending
