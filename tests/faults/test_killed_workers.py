"""A command that builds with processes of its own: they are killed, it is interrupted, and nothing is computed twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from index import Index

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds; a busy machine is no failure
PASSAGES = 1_500


class Embeddings(BaseHTTPRequestHandler):
    """Speaks the OpenAI interface: a text's vector counts its letters; a batch waits while ``server.held`` is set."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if len(asked["input"]) > 1:
            self.server.batches += 1
            self.server.free.wait(PATIENCE)
            self.server.texts += asked["input"]
            if len(self.server.texts) >= self.server.hold_at:
                self.server.free.clear()
        data = [
            {"object": "embedding", "index": n, "embedding": [text.count(c) + 0.1 for c in "abcdefghijklmnopqrst"]}
            for n, text in enumerate(asked["input"])
        ]
        body = json.dumps(
            {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass

    def handle(self):
        with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked was killed
            super().handle()


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    server.batches, server.texts, server.hold_at, server.free = 0, [], float("inf"), threading.Event()
    server.free.set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.free.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def command(server, tmp_path):
    """Start a build with two processes; documents with a word of their own each."""
    (tmp_path / "docs").mkdir()
    for number in range(PASSAGES):
        (tmp_path / "docs" / f"{number}.md").write_text(f"Note {number} tells of tide number {number}.")
    address = f"http://127.0.0.1:{server.server_port}/v1"
    environment = os.environ | {"OPENAI_API_KEY": "any", "OPENAI_BASE_URL": address}
    options = [
        "--embedder",
        "openai:letters",
        "--workers",
        "2",
        "--index",
        tmp_path / "index",
        "--home",
        tmp_path / "home",
    ]

    def start():
        return subprocess.Popen(
            [sys.executable, "-m", "ui.cli", "index", "build", tmp_path / "docs", *options],
            cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def workers_of(process):
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    pids = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in pids if b"shard_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc"),
]


def test_a_build_outlives_its_workers(server, command, tmp_path):
    server.free.clear()
    with command() as process:
        wait_until(lambda: server.batches >= 2)
        killed = workers_of(process)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        server.free.set()
        assert process.wait(PATIENCE) == 0, process.stderr.read()
    assert len(killed) == 2
    opened = Index.open(tmp_path / "index")
    opened.verify()
    assert len(opened.documents()) == PASSAGES


def test_a_build_that_is_interrupted_keeps_its_finished_shards(server, command):
    server.hold_at = 700  # the server's doing: who only looks may look when all is done
    with command() as process:
        wait_until(lambda: len(server.texts) >= 700)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert "Traceback" not in process.stderr.read()
    server.hold_at = float("inf")
    server.free.set()
    with command() as process:
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert int(told.split("Resuming: ")[1].split()[0]) >= 256


def test_a_build_that_is_killed_leaves_no_worker(server, command):
    server.free.clear()
    with command() as process:
        wait_until(lambda: server.batches >= 2)
        workers = workers_of(process)
        process.kill()
    server.free.set()
    assert len(workers) == 2
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
