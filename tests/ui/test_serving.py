import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from ui import serving
from ui.http.watching import Watch
from ui.serving import Service, find_examples, serve
from ui.texts import EXAMPLES


@pytest.fixture
def assistant():
    text = "# Notes\n\nChatGLM-6B needs 6 GB of GPU memory when it is quantised to INT4.\n"
    return Assistant.open(Index.build(split([Document.from_text(text, id="notes.md", title="Notes")])))


@pytest.fixture
def start(assistant, monkeypatch, tmp_path, capsys):
    """Return a function that serves without waiting for anybody, and gives the served application and what was said."""
    apps, opened = [], []

    def run(app, listener, *, ready, grace):
        apps.append(app)
        ready()

    monkeypatch.setattr(serving, "run", run)
    monkeypatch.setattr("webbrowser.open", opened.append)
    for name in ("GRADIO_ANALYTICS_ENABLED", "GRADIO_SHARE", "HF_HUB_DISABLE_TELEMETRY", "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, "")

    def starting(host, **options):
        serve(lambda: assistant, Service(host=host, port=0, home=tmp_path, **options))
        captured = capsys.readouterr()
        return apps[-1], opened, captured.out, captured.err

    return starting


def test_the_address_is_told_once_the_page_can_be_opened(start):
    app, opened, out, err = start("127.0.0.1")

    assert isinstance(app, Watch)
    assert out.startswith("The page is at http://127.0.0.1:")
    assert (opened, err) == ([], "")


def test_the_engine_is_loaded_before_the_address_is_told(start, assistant, monkeypatch):
    loaded = []
    monkeypatch.setattr(assistant.index, "load", lambda: loaded.append("engine"))
    monkeypatch.setattr(serving, "_announce", lambda *_, **__: loaded.append("announced"))
    start("127.0.0.1")

    assert loaded == ["engine", "announced"]


def test_the_page_opens_in_a_browser_if_wanted(start):
    _, opened, out, _ = start("localhost", open_page=True)

    assert opened[0].startswith("http://localhost:")
    assert opened[0] in out


def test_serving_the_network_warns_that_there_is_no_login(start):
    _, _, out, err = start("0.0.0.0")

    assert "http://127.0.0.1:" in out
    assert "no login" in err
    assert "--allow-host NAME" in err


def test_a_host_that_was_allowed_needs_no_further_hint(start):
    _, _, _, err = start("0.0.0.0", hosts=["papers.example"])

    assert "no login" in err
    assert "--allow-host" not in err


def test_examples_are_taken_from_what_the_index_answers(assistant):
    examples = find_examples(assistant)

    assert "How much GPU memory does quantised ChatGLM-6B need?" in examples["en"]
    assert len(examples["en"]) < len(EXAMPLES["en"])
