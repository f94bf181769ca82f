"""SPECs, keys, and a model server that behaves well and badly: what comes back is text or one LLMError with a kind."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
import traceback

import pytest

from rag.errors import LLMError
from rag.llm.calls import Deadline
from rag.llm.models import is_extractive, open_model

KEY = "sk-test-1234567890abcdef"
HELLO = [{"role": "user", "content": "How large is GPT-3?"}]


def open_fake(server, model="good", *, timeout_s=20.0, key=KEY):
    return open_model(
        f"openai:{model}", base_url=server.url, timeout_s=timeout_s, backoff_s=0.01, env={"OPENAI_API_KEY": key}
    )


def failure(server, model, **options):
    """Return the text that came before the failure, and the failure."""
    said = []
    with pytest.raises(LLMError) as raised:
        said.extend(open_fake(server, model, **options).stream(HELLO))
    return "".join(said), raised.value


def test_a_reply_comes_piece_by_piece(server):
    pieces = list(open_fake(server).stream(HELLO))
    assert "".join(pieces).strip() == server.answer
    assert len(pieces) > 3


def test_the_request_names_the_model_and_carries_the_messages_and_the_key(server):
    list(open_fake(server).stream(HELLO))
    (request,) = server.requests
    assert request["model"] == "good"
    assert request["messages"] == HELLO
    assert request["stream"] is True
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_characters_that_arrive_in_pieces_are_whole(server):
    assert "".join(open_fake(server, "split").stream(HELLO)) == "héllo 你好"


def test_an_empty_list_of_choices_in_a_stream_is_passed_over(server):
    assert "".join(open_fake(server, "empty-choices").stream(HELLO)) == "fine"


@pytest.mark.parametrize(
    ("model", "kind", "advice"),
    [
        ("400", "too_long", "longer than the model's window"),
        ("401", "auth", "Check OPENAI_API_KEY"),
        ("403", "auth", "Check OPENAI_API_KEY"),
        ("404", "not_found", "Check the model's name"),
        ("429", "rate", "Wait a little"),
        ("500", "server", "Look at the server's log"),
        ("html-503", "server", "Look at the server's log"),
        ("html", "bad_response", "often /v1"),
        ("cut-json", "bad_response", "often /v1"),
        ("empty-body", "bad_response", "often /v1"),
        ("no-choices", "bad_response", "often /v1"),
        ("null-choices", "bad_response", "Check the model's name"),
        ("null", "bad_response", "sent no text"),
        ("huge", "bad_response", "2,000,000 bytes"),
        ("redirect", "bad_response", "Name the final address"),
        ("closed", "connection", "Check that the server runs"),
    ],
)
def test_a_failure_before_the_first_word_has_a_kind_and_says_what_to_do(server, model, kind, advice):
    said, error = failure(server, model)
    assert (said, error.kind) == ("", kind)
    assert advice in str(error)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("no-finish", "incomplete"),
        ("no-done", "incomplete"),
        ("length", "incomplete"),
        ("filtered", "filtered"),
        ("bad-event", "bad_response"),
        ("error-event", "server"),
        ("cut", "connection"),
    ],
)
def test_a_failure_in_mid_answer_keeps_what_was_said_and_is_not_tried_again(server, model, kind):
    said, error = failure(server, model)
    assert (said, error.kind) == ("It has ", kind)
    assert server.asked(model) == 1


def test_a_redirect_is_not_followed(server):
    failure(server, "redirect")
    assert server.paths == ["/v1/chat/completions"]


def test_what_the_server_echoes_of_the_key_is_hidden(server):
    _, error = failure(server, "401")
    assert "***" in str(error)
    assert KEY not in str(error)


@pytest.mark.parametrize("model", ["hang", "drip", "drip-bytes"])
def test_nothing_takes_longer_than_the_deadline(server, model):
    begun = time.monotonic()
    _, error = failure(server, model, timeout_s=0.3)
    assert error.kind == "timeout"
    assert time.monotonic() - begun < 10  # what has no deadline hangs for as long as the test


def test_an_answer_without_end_is_cut(server):
    said, error = failure(server, "endless")
    assert error.kind == "incomplete"
    assert 100_000 <= len(said) < 200_000


def test_closing_the_stream_closes_the_connection(server):
    pieces = open_fake(server, "drip").stream(HELLO)
    assert next(pieces) == "x"
    pieces.close()
    assert server.closed_early.wait(60)


def test_a_busy_server_is_asked_again_when_it_said_to(server):
    assert "".join(open_fake(server, "busy-once").stream(HELLO)).strip() == server.answer
    assert server.asked("busy-once") == 2


def test_a_server_that_fails_is_asked_three_times(server):
    failure(server, "500")
    assert server.asked("500") == 3


def test_a_wait_beyond_the_deadline_is_not_waited_for(server):
    begun = time.monotonic()
    _, error = failure(server, "busy-long", timeout_s=30)
    assert (error.kind, server.asked("busy-long")) == ("rate", 1)
    assert time.monotonic() - begun < 10


def test_a_refused_key_is_not_tried_again(server):
    failure(server, "401")
    assert server.asked("401") == 1


def test_an_answer_and_what_comes_before_it_share_one_deadline(server):
    with pytest.raises(LLMError, match=r"within 0 seconds"):
        list(open_fake(server).stream(HELLO, Deadline(0)))


def test_a_server_that_does_not_run_is_named():
    model = open_model("openai:x", base_url="http://127.0.0.1:9/v1", backoff_s=0.01, env={})
    with pytest.raises(LLMError, match=r"127\.0\.0\.1:9/v1 cannot be reached") as raised:
        list(model.stream(HELLO))
    assert raised.value.kind == "connection"


def test_no_traceback_shows_what_the_server_echoes_of_the_key(server):
    _, error = failure(server, "401")
    assert KEY not in "".join(traceback.format_exception(error))


def test_a_provider_that_wants_more_than_a_key_says_what(monkeypatch):
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    with pytest.raises(LLMError, match=r"azure_openai:gpt cannot be opened: .*OPENAI_API_VERSION"):
        open_model("azure_openai:gpt", env={"AZURE_OPENAI_API_KEY": KEY})


def test_no_log_and_no_repr_shows_the_key(server, caplog):
    with caplog.at_level(logging.DEBUG):
        model = open_fake(server, "401")
        _, error = failure(server, "401")
    shown = caplog.text + repr(model) + repr(vars(model)) + repr(error)
    assert KEY not in shown


@pytest.mark.parametrize(
    ("key", "problem"), [("sk-中文", "not ASCII"), ("sk-one two", "white space"), ("sk-one\ntwo", "white space")]
)
def test_a_key_that_cannot_be_one_is_refused_at_once_and_not_shown(key, problem):
    with pytest.raises(LLMError, match=problem) as raised:
        open_model("openai:x", env={"OPENAI_API_KEY": key})
    assert raised.value.kind == "missing_key"
    assert "sk-" not in str(raised.value)


def test_a_key_may_come_from_a_file(server, tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    model = open_model("openai:good", base_url=server.url, env={"OPENAI_API_KEY_FILE": str(tmp_path / "key")})
    list(model.stream(HELLO))
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_key_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(LLMError, match=r"OPENAI_API_KEY_FILE names .*nowhere"):
        open_model("openai:x", env={"OPENAI_API_KEY_FILE": str(tmp_path / "nowhere")})


def test_a_missing_key_says_how_to_set_it_and_how_to_go_without():
    with pytest.raises(LLMError, match=r"OPENAI_API_KEY_FILE.*extractive") as raised:
        open_model("openai:gpt-4.1-mini", env={})
    assert raised.value.kind == "missing_key"


def test_a_server_on_this_machine_needs_no_key(server):
    assert "".join(open_fake(server, key="").stream(HELLO)).strip() == server.answer


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("gpt-4.1-mini", "Did you mean openai:gpt-4.1-mini"),
        ("extractiv", "Did you mean extractive"),
        ("opnai:gpt", "did you mean openai:gpt"),
        ("OpenAI:gpt", "did you mean openai:gpt"),
        ("openai:", "openai:MODEL"),
        ("", "Known forms"),
        ("nobody:model", "Known forms"),
        ("http://127.0.0.1", "Known forms"),
        ("extractive", "without a model"),
    ],
)
def test_an_unknown_spec_gets_the_known_forms_and_the_nearest(spec, hint):
    with pytest.raises(LLMError, match=hint) as raised:
        open_model(spec, env={})
    assert raised.value.kind == "unknown_spec"


def test_a_missing_package_is_named():
    with pytest.raises(LLMError, match="pip install langchain-nvidia-ai-endpoints") as raised:
        open_model("nvidia:some-model", env={"NVIDIA_API_KEY": KEY})
    assert raised.value.kind == "missing_package"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://127.0.0.1/v1", "http://", "http://127.0.0.1:port/v1"])
def test_a_base_url_that_is_none_is_refused(url):
    with pytest.raises(LLMError, match="is no base URL"):
        open_model("openai:x", base_url=url, env={})


def test_a_password_in_the_base_url_is_refused_and_not_shown():
    with pytest.raises(LLMError, match="password") as raised:
        open_model("openai:x", base_url="http://me:secret@127.0.0.1/v1", env={})
    assert "secret" not in str(raised.value)


def test_extractive_is_no_model():
    assert is_extractive("extractive")
    assert not is_extractive("openai:extractive")


def test_tokens_are_counted_with_a_margin_where_the_model_cannot_count(server):
    from corpus.tokens import count_tokens

    text = "ChatGLM-6B 有 62 亿参数。" * 20
    assert open_fake(server).count_tokens(text) > 1.15 * count_tokens(text)


def test_the_environment_cannot_send_prompts_to_a_tracing_service(server):
    script = (
        "import sys; from rag.llm.models import open_model; url = sys.argv[1]\n"
        "list(open_model('openai:good', base_url=url, env={}).stream([{'role': 'user', 'content': 'x'}]))\n"
        "from langchain_core.tracers.langchain import wait_for_all_tracers; wait_for_all_tracers()"
    )
    tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": server.url + "/traces"}
    subprocess.run([sys.executable, "-c", script, server.url], check=True, env={**tracing, "PATH": ""}, timeout=120)
    assert server.paths == ["/v1/chat/completions"]


def test_importing_the_models_loads_no_language_model_library():
    script = (
        "import rag.llm.models, rag.grounding.citing, sys\n"
        "heavy = ('langchain', 'openai', 'httpx2', 'transformers', 'torch')\n"
        "print([name for name in sys.modules if name.split('.')[0].startswith(heavy)])"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=120)
    assert loaded.stdout.strip() == "[]"
