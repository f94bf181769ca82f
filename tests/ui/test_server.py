import json
import os
import re
import socket
import stat

import pytest
from starlette.testclient import TestClient

from corpus import SurveyQAError
from index import Filter
from rag.errors import BadQuestion, LLMError
from ui.errors import ServeFailed
from ui.server import create_app, listen

pytestmark = pytest.mark.filterwarnings("ignore:unclosed event loop:ResourceWarning")  # Gradio opens one per app


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def served(home, monkeypatch):
    """Return a function that serves an assistant and gives a client that does not raise what the server raises."""

    def serve(assistant):
        for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_SHARE", "HF_HUB_DISABLE_TELEMETRY", "GRADIO_TEMP_DIR"):
            monkeypatch.setenv(name, os.environ.get(name, ""))  # so that what create_app sets is undone
        app = create_app(assistant, home=home, examples={"zh": ["问?"], "en": ["Why?"]})
        return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)

    return serve


def test_asking_gives_the_shape_of_the_answer(served, assistant, answer):
    reply = served(assistant).post("/api/ask", json={"question": "要多少显存?"})

    assert reply.status_code == 200
    assert reply.json() == json.loads(json.dumps(answer.to_dict()))
    assert "显存" in reply.text


def test_what_conversations_wait_to_be_written_is_written_when_the_server_ends(served, assistant, monkeypatch):
    settled = []
    monkeypatch.setattr("ui.conversations.Conversations.settle", lambda self: settled.append(True))
    with served(assistant) as client:
        assert client.get("/healthz").status_code == 200
        assert not settled
    assert settled == [True]


def test_asking_passes_the_history_on(served, assistant):
    history = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]

    served(assistant).post("/api/ask", json={"question": "c", "history": history})

    assert assistant.asked == [("c", history)]


def test_asking_and_searching_pass_a_filter_on(served, assistant):
    fields = {"question": "c", "kinds": ["paper"], "years": "2021..2023", "languages": ["en"], "documents": ["a.md"]}
    client = served(assistant)

    for path in ("/api/ask", "/api/search"):
        assert client.post(path, json=fields).status_code == 200

    assert assistant.filters == [Filter.of(["a.md"], ["paper"], ["en"], "2021..2023")] * 2


@pytest.mark.parametrize("field", ["documents", "kinds", "languages", "years"])
@pytest.mark.parametrize("path", ["/api/ask", "/api/search"])
def test_a_filter_that_cannot_be_read_is_refused(served, assistant, path, field):
    reply = served(assistant).post(path, json={"question": "c", field: {"no": "list"}})

    assert reply.status_code == 400
    assert re.search("is a list of texts|Years are 2023", reply.json()["error"])


def test_searching_gives_passages(served, assistant, answer):
    reply = served(assistant).post("/api/search", json={"question": "显存", "k": 1})

    assert reply.json() == {"question": "显存", "passages": [answer.passages[0].to_dict()]}


@pytest.mark.parametrize(
    "body",
    [b"", b"question", b"[]", b"{}", b'"q"', b"\xff\xfe", b"[" * 100_000, b'{"question": ', b'{"history": []}'],
)
def test_a_body_that_is_no_question_is_refused_with_a_sentence(served, assistant, body):
    reply = served(assistant).post("/api/ask", content=body)

    assert reply.status_code == 400
    assert "JSON" in reply.json()["error"]


@pytest.mark.parametrize("k", [0, -1, 101, "5", 1.5, True, None, [1]])
def test_a_search_for_a_strange_number_of_passages_is_refused(served, assistant, k):
    reply = served(assistant).post("/api/search", json={"question": "q", "k": k})

    assert reply.status_code == 400
    assert "from 1 to 100" in reply.json()["error"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(BadQuestion("Too long."), 400), (LLMError("No key.", kind="missing_key"), 502), (SurveyQAError("Damaged."), 503)],
)
def test_our_errors_are_told_in_their_own_words(served, scripted, error, status):
    reply = served(scripted(error)).post("/api/ask", json={"question": "q"})

    assert (reply.status_code, reply.json()) == (status, {"error": str(error)})


def test_the_text_of_an_unexpected_error_stays_inside(served, scripted):
    reply = served(scripted(RuntimeError("/srv/secret"))).post("/api/ask", json={"question": "q"})

    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert reply.json()["error"].endswith("says what.")


def test_a_question_with_lone_surrogates_gets_an_answer(served, assistant):
    assert served(assistant).post("/api/search", content=b'{"question": "\\ud800", "k": 1}').status_code == 200


def test_a_body_over_a_megabyte_is_refused(served, assistant):
    reply = served(assistant).post("/api/ask", json={"question": "q" * 1_000_001})

    assert reply.status_code == 413
    assert assistant.asked == []


def test_other_sites_and_other_host_names_are_refused(served, assistant):
    client = served(assistant)

    assert (
        client.post("/api/ask", json={"question": "q"}, headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 421


def test_the_server_says_that_it_is_well(served, assistant):
    assert served(assistant).get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/call/ask",
        "/runs",
    ],
)
def test_nothing_describes_or_opens_the_programming_interface(served, assistant, path):
    assert served(assistant).get(path).status_code in (404, 405)


def test_the_page_names_no_host_that_a_browser_would_ask(served, assistant):
    page = served(assistant).get("/")

    assert page.status_code == 200
    assert "content-security-policy" in page.headers
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "fonts.googleapis.com" not in page.text


def test_the_page_carries_our_name_and_icon(served, assistant):
    client = served(assistant)

    assert "survey-qa" in client.get("/").text
    assert "svg" in client.get("/favicon.ico").headers["content-type"]


def test_gradio_keeps_its_files_in_a_private_folder_under_the_home(served, assistant, home):
    served(assistant)

    assert os.environ["GRADIO_TEMP_DIR"] == str(home / "gradio")
    assert stat.S_IMODE((home / "gradio").stat().st_mode) == 0o700
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_a_taken_port_is_told_with_another_one_to_type():
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with pytest.raises(ServeFailed, match=rf"Port {port} on 127.0.0.1 is taken by another program.*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a" * 70])
def test_an_address_that_is_not_ours_is_told_with_one_that_is(host):
    with pytest.raises(ServeFailed, match=r"--host 127\.0\.0\.1"):
        listen(host, 0)


def test_port_zero_takes_a_free_port():
    with listen("localhost", 0) as listener:
        assert listener.getsockname()[1] > 0
        assert listener.family in (socket.AF_INET, socket.AF_INET6)
