"""A downloaded ChatGLM behind a server of its own: a real environment, real foreign code, real HTTP; a tiny model."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from corpus import Document, split
from corpus.errors import UsageError
from index import Index
from rag import Assistant
from rag.errors import LLMError
from rag.llm.chatglm_serving import serve_chatglm
from rag.llm.environments import CONVERTING, SERVING, make_environment
from rag.llm.models import open_model

SAYS = ("▁The▁Arran▁Array", "▁has▁48▁dishes", "▁[1]", "。")
HELLO = [{"role": "user", "content": "你好"}]
OPTIONS = {"port": 0, "quantize": "none", "run_remote_code": True}


def marked_long(test):
    return pytest.mark.long(pytest.mark.timeout(1_500)(test))


@pytest.fixture(scope="module")
def environment(chatglm_environment):
    """The environment; with chatglm-cpp where that is installed here too, so that the tests of converting use the same."""
    from importlib.util import find_spec

    make_environment(chatglm_environment, CONVERTING if find_spec("chatglm_cpp") else SERVING)
    return chatglm_environment


def served(folder, environment, load_beside, **model):
    source = load_beside("tiny_chatglm").write_directory(folder / "tiny-glm", window=2_048, **model)
    return serve_chatglm(source, environment=environment, **OPTIONS)


def post(url, body, path="/chat/completions", **headers):
    """Return the status and the text of one request."""
    parts = urlsplit(url)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)) as connection:
        connection.request("POST", parts.path + path, data, {"Content-Type": "application/json", **headers})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


@marked_long
def test_it_answers_questions_streamed_and_whole_and_refuses_what_is_no_request(tmp_path, environment, load_beside):
    with served(tmp_path, environment, load_beside, says=SAYS) as server:
        model = open_model(f"openai:{server.name}", base_url=server.base_url, env={})
        assert "".join(model.stream(HELLO)) == "The Arran Array has 48 dishes [1]。"
        text = "The Arran Array has 48 dishes. It was built in 2011."
        index = Index.build(split([Document.from_text(text, id="arran.md", title="Arran")]))
        assistant = Assistant.open(index=index, llm=model.spec, llm_base_url=server.base_url)
        assistant.chat_reader.model.context_length = 2_048
        answer = assistant.ask("How many dishes does the Arran Array have?")
        assert (answer.reader, answer.citations[0].quote) == ("openai:tiny-glm", "The Arran Array has 48 dishes.")

        status, whole = post(server.base_url, {"messages": HELLO})
        choice = json.loads(whole)["choices"][0]
        assert (status, choice["message"]["content"], choice["finish_reason"]) == (
            200,
            answer.text,
            "stop",
        )
        history = [{"role": "system", "content": "Be brief."}, *HELLO, {"role": "assistant", "content": "问"}, *HELLO]
        assert post(server.base_url, {"messages": history, "stop": ["48"]})[1].count("The Arran Array has ") == 1
        assert '"length"' in post(server.base_url, {"messages": HELLO, "max_tokens": 2})[1]
        with pytest.raises(LLMError, match="longer than the model's window") as raised:
            list(model.stream([{"role": "user", "content": "hello " * 600}]))
        assert raised.value.kind == "too_long"

        for body, headers, expected in (
            (b"{", {}, 400), ({"messages": []}, {}, 400), ({"messages": [{"role": "user"}]}, {}, 400), ([], {}, 400),
            ({"messages": HELLO, "max_tokens": "x"}, {}, 400), ({"messages": HELLO}, {"Content-Type": "text/plain"}, 415),
            ({"messages": HELLO}, {"Host": "evil.example"}, 404), (b" " * 1_100_000, {}, 413),
        ):  # fmt: skip
            assert post(server.base_url, body, **headers)[0] == expected
        assert "".join(model.stream(HELLO))  # it goes on
        assert post(server.base_url, {}, path="/completions")[0] == 404


@marked_long
def test_a_client_that_goes_frees_the_model_and_ctrl_c_ends_it_all(tmp_path, environment, load_beside):
    tiny = load_beside("tiny_chatglm")
    source = tiny.write_directory(tmp_path / "endless", window=2_048, says=("▁on", "▁and"), ends=False)
    command = [sys.executable, "-m", "ui.cli", "llm", "serve-chatglm", str(source), "--port", "0", "--run-remote-code",
               "--environment", str(environment)]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://"))
        model = open_model("openai:endless", base_url=url, env={})
        for _ in range(2):  # the second has its turn only where the first was stopped
            begun = time.monotonic()
            pieces = model.stream(HELLO)
            assert next(pieces).strip() == "on"
            pieces.close()
            assert time.monotonic() - begun < 60
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, 1, 130, -signal.SIGINT)
        with pytest.raises(LLMError, match="cannot be reached"):
            list(open_model("openai:endless", base_url=url, backoff_s=0.01, env={}).stream(HELLO))
    finally:
        process.kill()
        process.communicate()


@marked_long
def test_a_model_that_cannot_be_loaded_is_told(tmp_path, environment, load_beside):
    server = served(tmp_path, environment, load_beside, says=SAYS)
    (tmp_path / "tiny-glm" / "tiny.py").write_text("import nothing_of_that_name")
    with pytest.raises(LLMError, match="nothing_of_that_name"), server:
        pass


def chatglm_directory(folder):
    (folder / "config.json").write_text('{"model_type": "chatglm"}')
    return folder


def failure(source, error=LLMError, **options):
    with (
        pytest.raises(error) as raised,
        serve_chatglm(source, environment=source / "none", **{**OPTIONS, **options}),
    ):
        pass
    assert not (source / "none").exists()
    return str(raised.value)


def test_what_is_wrong_is_told_before_anything_is_installed(tmp_path):
    assert "is no downloaded ChatGLM" in failure(tmp_path / "nowhere")
    source = chatglm_directory(tmp_path)
    assert "--run-remote-code" in failure(source, UsageError, run_remote_code=False)
    assert "Give one of 4, 8, none" in failure(source, UsageError, quantize="2")


def test_a_port_that_is_taken_is_told_with_the_way_out(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} cannot be used" in failure(chatglm_directory(tmp_path), port=port)


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a GPU")
def test_without_a_gpu_quantising_names_the_ways_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    told = failure(chatglm_directory(tmp_path), quantize="4")
    assert "needs an NVIDIA GPU" in told
    assert "llm convert" in told
