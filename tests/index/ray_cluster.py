"""Two nodes of Ray on this machine, in a network of their own, and builds on them; prints what came out as JSON.

To be started as ``unshare --map-root-user --net --pid --fork --kill-child --mount-proc python tests/index/ray_cluster.py DIR``:
nothing can be reached from outside, and every process ends with the first one. It is a program and no fixture for that reason.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PORT, CLIENTS, EMBEDDINGS = 6379, 10001, 8080
ADDRESS = f"ray://127.0.0.1:{CLIENTS}"
NODE = ["--num-cpus=2", "--object-store-memory=80000000", "--disable-usage-stats", "--block"]
PATIENCE = 120  # seconds


class Embeddings(BaseHTTPRequestHandler):
    """Speaks the OpenAI interface: a text's vector counts its letters. What the second node asks first waits until it is dead."""

    asked_by_second = threading.Event()
    released = threading.Event()

    def do_POST(self) -> None:
        """Answer, or hold the first question of the second node."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] == "Bearer second" and len(asked["input"]) > 1:
            self.asked_by_second.set()
            self.released.wait(PATIENCE)
        data = [
            {"object": "embedding", "index": n, "embedding": [text.lower().count(c) + 0.1 for c in "abcdefghijklmnop"]}
            for n, text in enumerate(asked["input"])
        ]
        body = json.dumps(
            {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        try:
            self.wfile.write(body.encode())
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Run everything in a directory."""
    work = Path(sys.argv[1])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    token = secrets.token_hex(32)
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "RAY_USAGE_STATS_ENABLED": "0"}
    os.environ |= {
        "OPENAI_API_KEY": "first",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{EMBEDDINGS}/v1",
        "PYTHONPATH": str(ROOT),
    }
    server = ThreadingHTTPServer(("127.0.0.1", EMBEDDINGS), Embeddings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    papers = write_papers(work / "papers")
    found: dict[str, object] = {}
    build(papers, work / "here")
    build(papers, work / "here-model", "--embedder", "openai:letters")
    head = ["--head", "--node-ip-address=127.0.0.1", f"--port={PORT}", f"--ray-client-server-port={CLIENTS}"]
    with node(*head, "--include-dashboard=false", f"--temp-dir={work}/nodes"):
        wait_for_port(CLIENTS)
        with node(f"--address=127.0.0.1:{PORT}", OPENAI_API_KEY="second") as second:
            wait_for_nodes(2)
            build(papers, work / "ray", "--workers", ADDRESS)
            found["same_index"] = sums(work / "here") == sums(work / "ray")
            found["no_token"] = build_fails(papers, work / "x", RAY_AUTH_TOKEN="", HOME=str(work))
            found["other_version"] = build_fails(
                copied(work / "other", papers), work / "x", PYTHONPATH=str(work / "other")
            )
            kill_when_it_works(second)
            build(papers, work / "ray-model", "--embedder", "openai:letters", "--workers", ADDRESS)
            found["killed"] = second.poll()
        found["same_after_a_node_was_killed"] = sums(work / "here-model") == sums(work / "ray-model")
    found["gone"] = build_fails(papers, work / "x")
    print(json.dumps(found))


def write_papers(folder: Path) -> Path:
    """Write documents of several kinds, enough for many shards."""
    folder.mkdir()
    words = ["tide", "moon", "pier", "kiln", "harbour", "orchid", "bread", "violin", "灯塔", "潮汐"]
    for number in range(300):
        told = "\n\n".join(
            f"## Part {part}\n\n" + " ".join(words[(number * part) // 10**digit % 10] for digit in range(3)) * 30
            for part in range(1, 40)
        )
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n{told}\n", "utf-8")
    (folder / "page.html").write_text("<h1>Page</h1><p>The pier is long and made of old wood.</p>", "utf-8")
    return folder


def build(papers: Path, index: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build an index with our command in a home of its own."""
    home = index.with_name(f"{index.name}-home")
    command = [sys.executable, "-m", "ui.cli", "index", "build", papers, "--index", index, "--home", home, *options]
    folder = environment.get("PYTHONPATH", ROOT)
    done = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, timeout=300
    )
    if done.returncode and not environment and index.name != "x":
        raise SystemExit(done.stderr)
    return done


def build_fails(papers: Path, index: Path, **environment: str) -> tuple[int, str]:
    """Return the status and the message of a build on the cluster that cannot be."""
    done = build(papers, index, "--workers", ADDRESS, **environment)
    return done.returncode, done.stderr


def copied(folder: Path, papers: Path) -> Path:
    """Copy our code with a change into a folder, for a machine that has another version."""
    import shutil

    for package in ("corpus", "index", "rag", "ui"):
        shutil.copytree(ROOT / package, folder / package)
    with (folder / "index" / "hits.py").open("a") as file:
        file.write("\n# another version\n")
    return papers


def sums(directory: Path) -> dict[str, str]:
    """Return the checksums of all files of an index."""
    name = json.loads((directory / "CURRENT").read_bytes())["snapshot"]
    manifest = json.loads((directory / "snapshots" / name / "manifest.json").read_bytes())
    return {file: entry["sha256"] for file, entry in manifest["files"].items() if file != "folders.json"}


@contextmanager
def node(*options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a node in a group of processes of its own, and kill all of it at the end."""
    command = [str(Path(sys.executable).with_name("ray")), "start", *options, *NODE]
    log = subprocess.DEVNULL if not os.environ.get("SURVEY_QA_DEBUG") else None
    started = subprocess.Popen(
        command, env=os.environ | environment, cwd=ROOT, stdout=log or sys.stderr, stderr=log, start_new_session=True
    )
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen[bytes]) -> None:
    """Kill a node with all its processes at once, as a machine that loses its power."""
    try:
        os.killpg(started.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    started.wait()


def kill_when_it_works(second: subprocess.Popen[bytes]) -> None:
    """Kill a node as soon as it embeds, in a thread."""

    def run() -> None:
        if Embeddings.asked_by_second.wait(PATIENCE):
            kill(second)
        Embeddings.released.set()

    threading.Thread(target=run, daemon=True).start()


def wait_for_port(port: int) -> None:
    """Wait until something listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"nothing listens on {port}")


def _joined(ray: Any) -> Any:
    """Return a connection to the cluster; on a busy machine its process for us may start too late for Ray, but not twice."""
    for _ in range(2):
        with suppress(ConnectionError):
            return ray.init(ADDRESS, log_to_driver=False)
        ray.shutdown()
    return ray.init(ADDRESS, log_to_driver=False)


def wait_for_nodes(count: int) -> None:
    """Wait until so many nodes have joined."""
    import ray

    with _joined(ray):
        end = time.monotonic() + PATIENCE
        while sum(one["Alive"] for one in ray.nodes()) < count:
            if time.monotonic() > end:
                raise SystemExit("the second node did not join")
            time.sleep(0.2)


if __name__ == "__main__":
    main()
