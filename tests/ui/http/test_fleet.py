"""Several processes answer: none of them is missed, whichever dies, and what they say is what one process would say."""

import asyncio
import os
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest

from corpus import Document
from index import Index
from ui.errors import ServeFailed
from ui.http.answering import Asked
from ui.http.failing import Failed
from ui.http.fleet import Fleet
from ui.opening import Opening

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="the table of processes is Linux's")
QUESTION = "How much GPU memory does Walnut-7B need?"
PATIENCE = 120.0  # seconds; a busy machine is no failure


def workers_of(server):
    """Return the ids of the processes that answer, from the table of processes."""
    listed = Path(f"/proc/{server.pid}/task").glob("*/children")
    children = [child for path in listed for child in path.read_text().split()]
    return [int(one) for one in children if b"ui.http.worker" in Path(f"/proc/{one}/cmdline").read_bytes()]


def value(client, name):
    found = re.search(rf"^{name} (\S+)$", client.get("metrics").text, re.MULTILINE)
    return float(found.group(1))


def wait_until(reached):
    end = time.monotonic() + PATIENCE
    while not reached() and time.monotonic() < end:
        time.sleep(0.02)
    assert reached()


@pytest.fixture
def fleet(serve):
    """Serve by two processes and return a client."""
    with httpx.Client(base_url=serve("--workers", "2"), timeout=PATIENCE) as client:
        yield client


def test_processes_answer_search_stream_and_fail_like_one(fleet):
    asked = fleet.post("api/ask", json={"question": QUESTION}).json()
    found = fleet.post("api/search", json={"question": QUESTION, "k": 1}).json()
    halved = fleet.post("api/search", content=b'{"question": "\\ud800 nut"}')
    unknown = fleet.post("api/ask", json={"question": "q", "kinds": ["opera"]})
    client = openai.OpenAI(base_url=f"{fleet.base_url}v1", api_key="none", max_retries=0)
    stream = client.chat.completions.create(
        model="survey-qa", messages=[{"role": "user", "content": QUESTION}], stream=True
    )
    *_, last = stream

    assert "6 GB" in asked["answer"]
    assert found["passages"][0]["document"] == "walnut.md"
    assert halved.status_code == 200
    assert unknown.status_code == 400
    assert last.choices[0].delta.citations[0]["document"] == "walnut.md"
    assert value(fleet, "survey_qa_workers") == 2


@pytest.mark.long
def test_killed_processes_and_new_snapshots_lose_no_request_under_load(fleet, serve, tmp_path):
    answers, end = [], threading.Event()

    def ask_on():
        with httpx.Client(base_url=fleet.base_url, timeout=PATIENCE) as client:
            while not end.is_set():
                reply = client.post("api/ask", json={"question": QUESTION})
                assert reply.status_code == 200, reply.text
                answers.append(reply.json()["index"])

    writer = Index.open(tmp_path / "index")
    snapshots = {writer.snapshot}
    with ThreadPoolExecutor(8) as people:
        asking = [people.submit(ask_on) for _ in range(8)]
        try:
            wait_until(lambda: answers)
            for killed in range(1, 6):
                os.kill(workers_of(serve.process)[0], signal.SIGKILL)
                writer.add([Document.from_text(f"Hazel-{killed}B needs {killed} GB.", id="hazel.md")])
                snapshots.add(writer.snapshot)
                wait_until(lambda: value(fleet, "survey_qa_workers_replaced") >= killed)  # noqa: B023 called at once
                wait_until(lambda: value(fleet, "survey_qa_workers") == 2)
                wait_until(lambda: answers[-1] == writer.snapshot)
        finally:
            end.set()
        assert [one.result() for one in asking] == [None] * 8

    assert len(answers) > 50
    assert set(answers) <= snapshots


@pytest.mark.long
async def test_two_hundred_at_once_get_their_answers(fleet):
    bounds = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=fleet.base_url, limits=bounds, timeout=PATIENCE) as client:
        fields = [{"question": f"How much memory does Walnut-{n}B need?"} for n in range(400)]
        replies = await asyncio.gather(*(client.post("api/ask", json=one) for one in fields))

    assert {reply.status_code for reply in replies} == {200}


@pytest.mark.long
def test_a_process_that_is_stuck_is_replaced_and_a_server_that_is_killed_leaves_none(fleet, serve):
    workers = workers_of(serve.process)
    os.kill(workers[0], signal.SIGSTOP)
    wait_until(lambda: value(fleet, "survey_qa_workers_replaced") == 1)
    assert fleet.post("api/ask", json={"question": QUESTION}).status_code == 200

    left = workers_of(serve.process)
    serve.process.kill()
    wait_until(lambda: not any(Path(f"/proc/{one}").exists() for one in left))


def test_an_index_that_no_process_can_open_is_told(tmp_path):
    with pytest.raises(ServeFailed, match="could not begin: No index"):
        Fleet(Opening(index=str(tmp_path / "nothing")), 1)


DYING = """
import socket, sys
from ui.http.frames import pack, receive_blocking
server = socket.socket(fileno=int(sys.argv[1]))
receive_blocking(server)
server.sendall(pack({"ready": True}))
while "id" not in (frame := receive_blocking(server)):
    pass
if frame["do"] == "stream":
    server.sendall(pack({"id": frame["id"], "piece": "Half an "}))
"""


@pytest.fixture
def dying(monkeypatch):
    """Return a function that makes a fleet whose processes end with the first question."""
    from ui.http import fleet

    monkeypatch.setattr(fleet, "COMMAND", (sys.executable, "-c", DYING))
    return lambda: fleet.Fleet(Opening(), 2)


async def test_a_question_that_no_process_survives_is_given_up_and_others_are_still_taken(dying):
    fleet = dying()
    async with fleet.serving():
        with pytest.raises(Failed, match="3 processes ended over this question") as failed:
            await fleet.ask(Asked("q"))
        while fleet.alive < 2:
            await asyncio.sleep(0.01)

    assert failed.value.status == 503
    assert fleet.restarted >= 3


async def test_a_stream_whose_words_are_out_is_not_begun_again(dying):
    fleet, said = dying(), []

    async def listen():
        async for piece in fleet.stream(Asked("q")):
            said.append(piece)

    async with fleet.serving():
        with pytest.raises(Failed, match=r"has ended\. Ask again") as failed:
            await listen()

    assert (said, failed.value.status) == (["Half an "], 502)


async def test_a_caller_who_leaves_is_forgotten(dying):
    fleet = dying()
    async with fleet.serving():
        asking = asyncio.create_task(fleet.search("q", 1, {}))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

        assert sum(worker.busy for worker in fleet._workers) == 0
