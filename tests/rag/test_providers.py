"""Other providers' packages, each against a server on loopback that speaks its protocol, well and badly."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.errors import LLMError
from rag.llm.chat import ChatReader
from rag.llm.models import open_model

KEY = "sk-test-1234567890abcdef"
HELLO = [{"role": "user", "content": "How large is GPT-3?"}]
QUESTION = "How many dishes does the Arran Array have?"

# provider: the package, the protocol that it speaks, and what it reads from the environment
PROVIDERS = {
    "anthropic": ("langchain_anthropic", "anthropic", {"ANTHROPIC_API_KEY": KEY}),
    "deepseek": ("langchain_deepseek", "openai", {"DEEPSEEK_API_KEY": KEY}),
    "ollama": ("langchain_ollama", "ollama", {"OLLAMA_API_KEY": KEY}),
    "azure_openai": ("langchain_openai", "openai", {"AZURE_OPENAI_API_KEY": KEY, "OPENAI_API_VERSION": "2024-10-21"}),
}


def each(test):
    """Run a test for each provider, with the long ones: their packages are an extra, and take a while to import."""
    return pytest.mark.long(pytest.mark.parametrize("provider", PROVIDERS)(test))


@pytest.fixture
def asked(provider, serve):
    """The function that opens a model of the provider at its server."""
    package, protocol, env = PROVIDERS[provider]
    pytest.importorskip(package, reason=f"the extra [{provider}] is not installed")
    with serve(protocol) as server:

        def open_it(model="good", **options):
            url = server.url.removesuffix("/v1") if protocol != "openai" else server.url
            variables = {name: options.pop(name) for name in list(options) if name.isupper()}
            settings = {"timeout_s": 20.0, "backoff_s": 0.01, **options}
            return open_model(f"{provider}:{model}", base_url=url, env={**env, **variables}, **settings)

        open_it.server = server
        yield open_it


def failure(model):
    """Return the text that came before the failure, and the failure."""
    said = []
    with pytest.raises(LLMError) as raised:
        said.extend(model.stream(HELLO))
    return "".join(said), raised.value


async def failure_async(model):
    said = []

    async def read():
        async for piece in model.astream(HELLO):
            said.append(piece)

    with pytest.raises(LLMError) as raised:
        await read()
    return "".join(said), raised.value


@each
async def test_a_reply_comes_piece_by_piece_on_the_loop_too(asked):
    model = asked()
    pieces = list(model.stream(HELLO))
    assert "".join(pieces).strip() == asked.server.answer
    assert len(pieces) > 3
    assert [piece async for piece in model.astream(HELLO)] == pieces
    assert model.asynchronous


@each
def test_the_key_reaches_its_server_and_no_message(asked, provider):
    said, error = failure(asked("401"))
    assert KEY in "".join(asked.server.headers[0].values())
    assert (said, error.kind) == ("", "auth")
    assert KEY not in str(error) + repr(vars(asked()))


FAILURES = [
    ("401", "", "auth"), ("404", "", "not_found"), ("429", "", "rate"), ("500", "", "server"), ("html-503", "", "server"),
    ("redirect", "", "bad_response"), ("closed", "", "connection"), ("huge", "", "bad_response"),
    ("cut", "It has ", "connection"), ("no-end", "It has 175B parameters [1]. ", "incomplete"),
]  # fmt: skip


@each
@pytest.mark.parametrize(("model", "before", "kind"), FAILURES, ids=[model for model, *_ in FAILURES])
async def test_a_failure_has_a_kind_and_keeps_what_was_said(asked, model, before, kind):
    said, error = failure(asked(model))
    assert (said, error.kind) == (before, kind)
    said, error = await failure_async(asked(model))
    assert (said, error.kind) == (before, kind)


@each
def test_the_request_goes_where_the_provider_takes_it(asked, provider):
    list(asked().stream(HELLO))
    assert asked.server.paths[0].partition("?")[0] == {
        "anthropic": "/v1/messages", "deepseek": "/v1/chat/completions", "ollama": "/api/chat",
        "azure_openai": "/v1/openai/deployments/good/chat/completions",
    }[provider]  # fmt: skip


@each
def test_a_busy_server_is_asked_again_when_it_said_to_and_not_when_that_is_too_late(asked):
    assert "".join(asked("busy-once").stream(HELLO)).strip() == asked.server.answer
    assert asked.server.asked("busy-once") == 2
    begun = time.monotonic()
    assert failure(asked("busy-long"))[1].kind == "rate"
    assert asked.server.asked("busy-long") == 1
    assert time.monotonic() - begun < 10


@each
def test_only_we_try_again_and_only_before_the_first_word(asked):
    failure(asked("500"))
    assert asked.server.asked("500") == 3
    failure(asked("cut"))
    assert asked.server.asked("cut") == 1


@each
def test_a_redirect_is_not_followed(asked):
    failure(asked("redirect"))
    assert len(asked.server.paths) == 1


@each
def test_a_late_first_byte_is_waited_for_within_the_time_and_no_longer(asked):
    assert "".join(asked("slow", timeout_s=60.0).stream(HELLO)).strip() == asked.server.answer
    assert failure(asked("slow", timeout_s=0.05))[1].kind == "timeout"


@each
async def test_headers_of_the_settings_reach_their_server_and_no_repr(asked, provider, tmp_path):
    (tmp_path / "llm.toml").write_text(
        f'["{provider}:good"]\nheaders = {{ X-Gate = "gate-secret-1", Authorization = "Basic x" }}\n'
    )
    model = asked(SURVEY_QA_LLM_SETTINGS=str(tmp_path / "llm.toml"))
    list(model.stream(HELLO))
    [piece async for piece in model.astream(HELLO)]
    sent = [(headers["x-gate"], headers["authorization"]) for headers in asked.server.headers]
    assert sent == [("gate-secret-1", "Basic x")] * 2
    assert "gate-secret-1" not in repr(vars(model)) + repr(model._chat.__dict__)


@each
@pytest.mark.parametrize("model", ["hang", "drip", "drip-bytes"])
async def test_nothing_takes_longer_than_the_deadline(asked, model):
    begun = time.monotonic()
    assert failure(asked(model, timeout_s=0.3))[1].kind == "timeout"
    assert (await failure_async(asked(model, timeout_s=0.3)))[1].kind == "timeout"
    assert time.monotonic() - begun < 20  # what has no deadline hangs for as long as the test


@each
async def test_cancelling_ends_the_request(asked):
    task = asyncio.create_task(anext(asked("hang").astream(HELLO)))
    while not asked.server.requests:
        await asyncio.sleep(0.01)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begun < 2.0  # 0.2 on an idle machine


@each
def test_closing_the_stream_closes_the_connection(asked):
    pieces = asked("drip").stream(HELLO)
    assert next(pieces)
    pieces.close()
    assert asked.server.closed_early.wait(60)


@pytest.fixture(scope="module")
def index():
    text = "The Arran Array has 48 dishes. It was built in 2011 by the University of Lorne."
    return Index.build(split([Document.from_text(text, id="arran.md", title="Arran")]))


@each
@pytest.mark.parametrize("model", ["good", "500", "cut"])
def test_a_question_is_answered_and_cited_whatever_the_server_does(asked, index, model):
    asked.server.answer = "The Arran Array has 48 dishes [1]."
    answer = Assistant(index, ChatReader(asked(model))).ask(QUESTION)
    assert "48 dishes" in answer.citations[0].quote
    assert (answer.reader == "extractive") == (model != "good")
    assert len(answer.notes) == (model != "good")


@contextmanager
def without(monkeypatch, package):
    """Hide a package from imports."""
    from langchain.chat_models import base

    base._get_chat_model_creator.cache_clear()  # it keeps what it imported
    with monkeypatch.context() as hidden:
        hidden.setitem(__import__("sys").modules, package, None)
        yield


@pytest.mark.parametrize("provider", ["anthropic", "deepseek", "ollama"])
def test_a_missing_package_is_named_with_its_extra(monkeypatch, provider):
    package, _, env = PROVIDERS[provider]
    with (
        without(monkeypatch, package),
        pytest.raises(LLMError, match=rf"pip install 'survey-qa\[{provider}\]'") as raised,
    ):
        open_model(f"{provider}:model", env=env)
    assert raised.value.kind == "missing_package"
    assert package.replace("_", "-") in str(raised.value)


def test_azure_says_what_it_needs_besides_a_key():
    with pytest.raises(LLMError, match=r"AZURE_OPENAI_ENDPOINT.*OPENAI_API_VERSION"):
        open_model("azure_openai:gpt", env={"AZURE_OPENAI_API_KEY": KEY})
