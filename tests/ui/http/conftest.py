"""The HTTP interface over a small real index, and over assistants that replay a script."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from corpus import Document, split
from index import Index
from rag import Assistant
from ui.documents import Documents
from ui.guard import Guard
from ui.http.answering import Here
from ui.http.api import Api
from ui.server import ADDED

ROOT = Path(__file__).parents[3]
WALNUT = "# Nuts\n\n## Memory\n\nWalnut-7B needs 6 GB of GPU memory when it is quantised to INT4.\n\nWalnut-7B was released by Grove in 2023.\n"
PECAN = "# Pecans\n\nPecan-9B was trained by Acme on 300B tokens and needs 11 GB of GPU memory.\n"
QUESTION = "How much GPU memory does Walnut-7B need?"


@pytest.fixture
def index():
    documents = [
        Document.from_text(text, id=id_, title=id_[:-3]) for id_, text in (("walnut.md", WALNUT), ("pecan.md", PECAN))
    ]
    return Index.build(split(documents))


@pytest.fixture
def over():
    """Return a function that gives a client of the interface over an assistant; it raises nothing that the server raises."""

    def serving(assistant, documents=None):
        app = Guard(Api(Here(assistant), documents).application(), larger={ADDED: 1_000_000})
        return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)

    return serving


@pytest.fixture
def documents(index, tmp_path):
    return Documents(index, tmp_path / "uploads")


@pytest.fixture
def client(over, index, documents):
    return over(Assistant(index), documents)


@pytest.fixture
def serve(tmp_path, index):
    """Return a function that serves the index in a process of its own and gives its address."""
    started = []
    index.save(tmp_path / "index")

    def serving(*options, environment=()):
        command = [sys.executable, "-m", "ui.cli", "serve", "--no-page", "--no-open", "--port", "0"]
        places = ["--index", str(tmp_path / "index"), "--home", str(tmp_path / "home")]
        with (tmp_path / "stderr.txt").open("w") as complaints:
            server = subprocess.Popen(
            [*command, *places, *options], cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1", **dict(environment)},
            stdout=subprocess.PIPE, stderr=complaints, text=True,
        )  # fmt: skip
        started.append(server)
        line = server.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line + (tmp_path / "stderr.txt").read_text()
        serving.process = server
        return found.group()

    yield serving
    for server in started:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()
