"""Every SPEC answers a question over the library that ships, each with its real server or library and a tiny model.

The models were made to say one sentence; everything else is what people run. ``SURVEY_QA_LLAMA_PYTHON`` may name an interpreter
that has llama-cpp-python where ours has not.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from rag import Assistant
from rag.llm.chat import ChatReader
from rag.llm.chatglm_serving import serve_chatglm
from rag.llm.models import open_model

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_500)]

QUESTION = "How many parameters does GPT-3 have?"
SENTENCE = "GPT-3 has 175B parameters [1]"
PIECES = ("▁GPT-3▁has", "▁175B▁parameters", "▁[1]")
SPOKEN = tuple(piece.replace("▁", " ") for piece in PIECES)
UP_S = 120.0


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The library's index."""
    return Assistant.open(home=tmp_path_factory.mktemp("home")).index


@pytest.fixture
def answers(library):
    """The check that a model answers the question, cited, streamed, and that a stop ends it."""

    async def check(spec, base_url=None, env=None):
        short = {"SURVEY_QA_LLM_CONTEXT_LENGTH": "2048"}  # for these models a letter is a token: more only takes longer
        model = open_model(spec, base_url=base_url, env={**short, **(env or {})})
        assistant = Assistant(library, ChatReader(model))
        *pieces, answer = assistant.stream(QUESTION)
        assert (answer.text.strip(), answer.reader) == (SENTENCE, spec)
        assert "".join(pieces).strip() == SENTENCE
        assert "175B" in answer.citations[0].quote
        assert answer.citations[0].label == "supported"
        assert (await assistant.aask(QUESTION)).text == answer.text
        begun = time.monotonic()
        replies = model.stream([{"role": "user", "content": "Hello?"}])
        next(replies)
        stopping = time.monotonic()
        replies.close()
        assert time.monotonic() - stopping < 2.0  # 0.2 on an idle machine
        assert time.monotonic() - begun < 60

    return check


@contextmanager
def running(command, port, **env):
    """Run a server until the test ends, from the moment that it answers."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    quiet = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **keep, **env}
    process = subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(f"http://127.0.0.1:{port}/v1/models", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _await(url, process):
    end = time.monotonic() + UP_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)  # nothing tells when it is up but asking
    pytest.fail(f"the server did not come up (status {process.poll()})")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_llama_cpp_behind_its_openai_server(answers, tmp_path):
    python = os.environ.get("SURVEY_QA_LLAMA_PYTHON") or (find_spec("llama_cpp") and sys.executable)
    if not python:
        pytest.skip("the extra [llamacpp] is not installed")
    file, port = tmp_path / "tiny.gguf", free_port()
    subprocess.run([python, Path(__file__).with_name("tiny_gguf.py"), file, "16384", *PIECES], check=True)
    command = [python, "-m", "llama_cpp.server", "--model", str(file), "--host", "127.0.0.1", "--port", str(port),
               "--n_ctx", "16384", "--n_threads", "1", "--n_threads_batch", "1", "--model_alias", "tiny"]  # fmt: skip
    with running(command, port) as url:
        await answers("openai:tiny", url)


async def test_transformers_serve_with_a_native_glm(answers, tmp_path, write_model):
    if not find_spec("accelerate"):
        pytest.skip("the extra [served] is not installed")
    model, port = write_model(tmp_path / "tiny-glm4", window=16_384, says=SPOKEN), free_port()
    (tmp_path / "hf" / "hub").mkdir(parents=True)
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model), "--host", "127.0.0.1",
               "--port", str(port), "--device", "cpu"]  # fmt: skip
    with running(command, port, HF_HOME=str(tmp_path / "hf")) as url:
        await answers(f"openai:{model}", url)


async def test_transformers_in_our_process(answers, tmp_path, write_model):
    await answers(f"transformers:{write_model(tmp_path, window=16_384, says=SPOKEN)}")


async def test_chatglm_cpp(answers, tmp_path, chatglm):
    await answers(f"chatglm:{chatglm(tmp_path / 'model.bin', window=2_048, says=PIECES)}")


async def test_chatglm_behind_its_own_server(answers, tmp_path, load_beside, chatglm_environment):
    source = load_beside("tiny_chatglm").write_directory(tmp_path / "chatglm", says=PIECES, window=16_384)
    with serve_chatglm(
        source, port=0, quantize="none", run_remote_code=True, environment=chatglm_environment
    ) as served:
        await answers(f"openai:{served.name}", served.base_url)


@pytest.mark.parametrize(
    ("spec", "protocol", "env"),
    [
        ("openai:good", "openai", {}),
        ("azure_openai:good", "openai", {"OPENAI_API_VERSION": "2024-10-21"}),
        ("deepseek:good", "openai", {}),
        ("anthropic:good", "anthropic", {}),
        ("ollama:good", "ollama", {}),
    ],
)
async def test_packages_of_providers_against_servers_of_their_protocol(answers, serve, spec, protocol, env):
    provider = spec.partition(":")[0]
    package = "langchain_" + ("openai" if "openai" in provider else provider)
    pytest.importorskip(package, reason=f"the extra [{provider}] is not installed")
    with serve(protocol) as server:
        server.answer = SENTENCE
        await answers(spec, server.url if protocol == "openai" else server.url.removesuffix("/v1"), env)
