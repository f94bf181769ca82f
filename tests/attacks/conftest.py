"""The running product as an attacker meets it: `survey-qa serve` in a process of its own, people, and a host that counts who asks it."""

import contextlib
import http.client
import importlib.util
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds; a busy machine is no failure
PASSWORD = "correct horse battery staple"
KEY = "sk-canary-0123456789abcdef"
FACT = "# Walnut\n\nWalnut-7B was released by Grove in March 2021. Walnut-7B needs 6 GB of memory. 核桃模型要 6 GB 显存。\n"
QUESTION = "How much memory does Walnut-7B need?"


class Canary:
    """A host that nobody may ask."""

    def __init__(self):
        self.asked = []
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                canary.asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET  # noqa: N815 the name is the library's

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class Person:
    """Somebody with cookies of their own who sends requests, and calls the page's functions as the page does."""

    def __init__(self, server):
        self.server = server
        self.cookies = {}
        self.page = secrets.token_hex(6)

    def send(self, method, path, body=None, **headers):
        """Return status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if isinstance(body, dict | list):
            body = json.dumps(body).encode()
            sent.setdefault("content-type", "application/json")
        try:
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            told = reply.getheaders()
            for name, value in told:
                if name.lower() == "set-cookie":
                    key, _, given = value.partition(";")[0].partition("=")
                    self.cookies[key] = given
            return reply.status, told, reply.read()
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.send("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.send("POST", path, body, **headers)

    def ask(self, question, **fields):
        status, _, body = self.post("/api/ask", {"question": question, **fields})
        return status, json.loads(body)

    def jobs(self):
        """Return what became of all changes of the documents, once they are over."""
        end = time.monotonic() + PATIENCE
        while True:
            told = json.loads(self.get("/api/jobs")[2])["jobs"]
            if not {job["state"] for job in told} & {"waiting", "running"}:
                return told
            assert time.monotonic() < end, told
            time.sleep(0.05)

    def log_in(self, user, password=PASSWORD):
        body = urllib.parse.urlencode({"user": user, "password": password}).encode()
        return self.post("/login", body, content_type="application/x-www-form-urlencoded")[0]

    def join(self, name, *data, page=None, number=None):
        """Put a call of one of the page's functions into the queue."""
        if number is None:
            number = self.server.functions()[name]
        call = {"data": list(data), "fn_index": number, "session_hash": page or self.page, "event_data": None}
        return self.post("/gradio_api/queue/join", call)

    def events(self, page=None):
        """Return the status and what the queue tells an open page until the call is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(
                "GET", f"/gradio_api/queue/data?session_hash={page or self.page}", headers={"cookie": cookie}
            )
            reply, told = connection.getresponse(), ""
            if reply.status != 200:
                return reply.status, reply.read().decode()
            while line := reply.readline().decode():
                told += line
                if '"process_completed"' in line or '"close_stream"' in line:
                    break
            return reply.status, told
        finally:
            connection.close()

    def call(self, name, *data):
        """Call a function of the page and return what came of it, as text."""
        status, _, body = self.join(name, *data)
        assert status == 200, body
        return self.events()[1]


class Server:
    """The served process: its address, what it wrote to its log, and where it keeps things."""

    def __init__(self, folder, *options, documents=None, environment=None):
        self.folder, self.home, self.index = folder, folder / "home", folder / "index"
        self.log = folder / "log"
        self.environment = os.environ | {
            "SURVEY_QA_HOME": str(self.home), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1", **(environment or {}),
        }  # fmt: skip
        self.documents = documents or folder / "docs"
        if documents is None:
            self.documents.mkdir()
            (self.documents / "walnut.md").write_text(FACT, "utf-8")
        assert (
            self.run("index", "build", str(self.documents), "--no-library", "--index", str(self.index)).returncode == 0
        )
        self.options = options
        self.start()

    def start(self):
        """Serve, on a port of its own."""
        command = [
            sys.executable,
            "-m",
            "ui.cli",
            "serve",
            "--index",
            str(self.index),
            "--port",
            "0",
            "--no-open",
            *self.options,
        ]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        said = self.process.stdout.readline()
        assert said, self.log.read_text()
        self.port = int(re.search(r":(\d+)/", said)[1])
        self._functions = None

    @classmethod
    def again(cls, former):
        """Return the server of the same home and index, started again."""
        server = cls.__new__(cls)
        server.__dict__.update(former.__dict__)
        server.start()
        return server

    def run(self, *arguments, **options):
        command = [sys.executable, "-m", "ui.cli", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            **options,
        )

    def person(self, user=None):
        """Return somebody who has opened the page."""
        person = Person(self)
        if user:
            assert person.log_in(user) == 303
        assert person.get("/")[0] == 200
        return person

    def functions(self):
        """Return the numbers of the page's functions by name, as /config tells them."""
        if self._functions is None:
            config = json.loads(self.people_config())
            self._functions = {entry["api_name"]: entry["id"] for entry in config["dependencies"]}
        return self._functions

    def people_config(self):
        return Person(self).get("/config")[2]

    def raw(self, data, *, wait=10.0):
        """Send bytes as they are and return what comes back until the server closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as connection:
            connection.settimeout(wait)
            with contextlib.suppress(OSError):
                connection.sendall(data)
            told = b""
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    told += piece
            return told

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        finally:
            self.process.stdout.close()


class WithLogin(Server):
    def people_config(self):
        person = Person(self)
        assert person.log_in("ada") == 303
        return person.get("/config")[2]


@contextlib.contextmanager
def running(kind, *arguments, **options):
    server = kind(*arguments, **options)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def open_server(tmp_path_factory):
    """A server without login on this machine."""
    with running(Server, tmp_path_factory.mktemp("open")) as server:
        yield server


@pytest.fixture(scope="session")
def users_server(tmp_path_factory):
    """A server for two users."""
    from ui.login import hash_password

    folder = tmp_path_factory.mktemp("users")
    users = folder / "users.txt"
    users.write_text("".join(f"{name}:{hash_password(PASSWORD)}\n" for name in ("ada", "bob", "eve")))
    with running(WithLogin, folder, "--auth-file", str(users)) as server:
        yield server


@pytest.fixture(scope="session")
def serve_also(tmp_path_factory):
    """Return a context manager that serves with other options, documents or environment."""

    def serving(*options, **more):
        return running(Server, tmp_path_factory.mktemp("also"), *options, **more)

    return serving


@pytest.fixture
def person(open_server):
    return open_server.person()


@pytest.fixture
def canary():
    host = Canary()
    yield host
    host.stop()


@pytest.fixture(scope="session")
def key():
    return KEY


@pytest.fixture
def model_server():
    """A model's server that answers what a test wants."""
    name = "attacks_fake_openai"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "rag" / "fake_openai.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    with sys.modules[name].serve() as fake:
        yield fake


@pytest.fixture
def wait_until():
    def waiting(reached):
        end = time.monotonic() + PATIENCE
        while not (found := reached()) and time.monotonic() < end:
            time.sleep(0.05)
        assert found
        return found

    return waiting
