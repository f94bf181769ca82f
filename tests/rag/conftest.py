"""What the tests of answering share: a model server on loopback."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest


def _load(name):
    """Import a file that lies beside this one; tests are no packages, so it has no import path."""
    spec = importlib.util.spec_from_file_location(f"rag_tests_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # pydantic looks classes' annotations up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server():
    """A running fake OpenAI server."""
    with _load("fake_openai").serve() as fake:
        yield fake


@pytest.fixture
def serve():
    """The function that runs such a server for another provider's protocol, as a context."""
    return _load("fake_openai").serve


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A directory with a tiny random chat model."""
    pytest.importorskip("transformers", reason="the transformers package is not installed")
    return _load("tiny_model").write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def write_model():
    """The function that writes such a model elsewhere, in variants."""
    pytest.importorskip("transformers", reason="the transformers package is not installed")
    return _load("tiny_model").write


@pytest.fixture
def scripted():
    """The function that opens a chat model which plays scripts."""
    return _load("scripted_chat").open_scripted


@pytest.fixture
def write_chatglm():
    """The function that writes a tiny model in ChatGLM-6B's layout; needs no package, running it needs chatglm-cpp."""
    return _load("tiny_chatglm").write


@pytest.fixture
def chatglm(write_chatglm):
    """The same, for tests that run what it writes."""
    pytest.importorskip("chatglm_cpp", reason="the extra [chatglm] is not installed")
    return write_chatglm


@pytest.fixture(scope="session")
def chatglm_environment(tmp_path_factory):
    """A directory for the environment of ChatGLM's own code, made by the first test that needs it.

    ``SURVEY_QA_CHATGLM_ENVIRONMENT`` names one to use again.
    """
    named = os.environ.get("SURVEY_QA_CHATGLM_ENVIRONMENT")
    return Path(named) if named else tmp_path_factory.mktemp("chatglm") / "environment"


@pytest.fixture(scope="session")
def load_beside():
    """The function that imports a file which lies beside these tests."""
    return _load
