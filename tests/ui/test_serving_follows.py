"""A server in a process of its own goes on answering while another process changes its index."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "ui.cli"]
PATIENCE = 120  # seconds; a busy machine is no failure
QUESTION = "How much GPU memory does Pecan-9B need?"


@pytest.fixture
def index(tmp_path):
    text = "# Nuts\n\nWalnut-7B needs 6 GB of GPU memory when it is quantised to INT4.\n"
    made = Index.build(split([Document.from_text(text, id="walnut.md", title="Walnut")]))
    made.save(tmp_path / "index")
    return made


@pytest.fixture
def address(index, tmp_path):
    """Serve the index in another process and return the address."""
    options = ["--index", str(tmp_path / "index"), "--home", str(tmp_path / "home"), "--port", "0", "--no-open"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, "serve", *options], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            yield re.search(r"http://\S+/", server.stdout.readline()).group()
        finally:
            server.terminate()


def ask(address, question):
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{address}api/ask", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
        return json.load(reply)


def test_a_document_that_another_process_adds_answers_soon_and_no_request_fails(address, tmp_path):
    (tmp_path / "pecan.md").write_text("# Pecan\n\nPecan-9B needs 11 GB of GPU memory.\n", "utf-8")
    before = ask(address, QUESTION)
    add = [*COMMAND, "index", "add", str(tmp_path / "pecan.md"), "--index", str(tmp_path / "index")]
    with subprocess.Popen(add, cwd=ROOT, stdout=subprocess.DEVNULL) as adding:
        answers, end = [before], time.monotonic() + PATIENCE
        while "11 GB" not in answers[-1]["answer"] and time.monotonic() < end:
            assert "6 GB" in ask(address, "How much GPU memory does Walnut-7B need?")["answer"]
            answers.append(ask(address, QUESTION))
        assert adding.wait() == 0

    assert "11 GB" not in before["answer"]
    assert "11 GB" in answers[-1]["answer"]
    assert answers[-1]["index"] != before["index"]


def test_no_request_of_many_fails_or_mixes_two_snapshots_while_the_index_is_replaced_and_taken_back(address, tmp_path):
    writer = Index.open(tmp_path / "index")
    needs, replies, end = {writer.snapshot: 6}, [], threading.Event()

    def ask_on():
        while not end.is_set():
            replies.append(ask(address, "How much GPU memory does Walnut-7B need?"))

    with ThreadPoolExecutor(4) as people:
        asking = [people.submit(ask_on) for _ in range(4)]
        try:
            for gigabytes in range(10, 16):
                text = f"# Nuts\n\nWalnut-7B needs {gigabytes} GB of GPU memory when it is quantised to INT4.\n"
                writer.add([Document.from_text(text, id="walnut.md", title="Walnut")])
                needs[writer.snapshot] = gigabytes
                wait_until(lambda: replies and replies[-1]["index"] == writer.snapshot)
            writer.rollback()
            wait_until(lambda: replies[-1]["index"] == writer.snapshot)
        finally:
            end.set()
        assert [one.result() for one in asking] == [None] * 4

    assert {reply["index"] for reply in replies} <= needs.keys()
    assert all(f"{needs[reply['index']]} GB" in reply["answer"] for reply in replies)
    assert all(f"{needs[reply['index']]} GB" in reply["citations"][0]["quote"] for reply in replies)
    assert len({reply["index"] for reply in replies}) > 4


def wait_until(reached):
    end = time.monotonic() + PATIENCE
    while not reached() and time.monotonic() < end:
        time.sleep(0.01)
    assert reached()


def test_an_answer_that_has_begun_comes_from_one_snapshot(index, tmp_path):
    assistant = Assistant(Index.open(tmp_path / "index"))
    events = assistant.stream("How much GPU memory does Walnut-7B need?")
    first = next(events)
    other = Document.from_text("Pecan-9B needs 11 GB.", id="pecan.md")
    Index.open(tmp_path / "index").update([other], remove=["walnut.md"])
    assistant.index.refresh()
    *_, answer = [first, *events]

    assert answer.index == index.snapshot != assistant.index.snapshot
    assert answer.citations[0].document_id == "walnut.md"
