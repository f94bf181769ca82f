"""Nothing is sent anywhere: no command and no start of a server looks a name up or connects to anything but this machine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WATCH = """
import json, os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"):
        with open(os.environ["NOTED"], "a") as noted:
            noted.write(json.dumps([event, repr(arguments[1:] if event == "socket.connect" else arguments)]) + chr(10))
sys.addaudithook(watch)
"""
COMMANDS = (
    ("--help",), ("index", "build", "docs", "--index", "index"), ("ask", "How much memory does Walnut-7B need?", "--index", "index"),
    ("search", "memory", "--index", "index"), ("index", "info", "--index", "index"), ("index", "verify", "--index", "index"), ("doctor", "--index", "index"), ("ask", "LLaMA 有多少参数?"),
)  # fmt: skip


@pytest.fixture
def watched(tmp_path):
    """Return a function that gives an environment in which every Python process notes whom it asks, and what was noted."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "walnut.md").write_text("# Walnut\n\nWalnut-7B needs 6 GB of memory.\n")
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    noted = tmp_path / "noted"
    noted.touch()
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "NOTED": str(noted), "SURVEY_QA_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}  # fmt: skip
    return environment, lambda: [json.loads(line) for line in noted.read_text().splitlines()]


def elsewhere(events):
    """Return what was asked of anybody but this machine."""
    here = r"'(127\.0\.0\.1|localhost|::1|0\.0\.0\.0|::)'|b'\\x00|'/[\w/.-]+'"
    return [event for event in events if not re.search(here, event[1])]


def test_whoever_asks_somebody_is_noticed(watched, tmp_path):
    environment, events = watched
    asking = "import contextlib, socket\nwith contextlib.suppress(OSError): socket.getaddrinfo('evil.invalid', 80)"
    subprocess.run([sys.executable, "-c", asking], cwd=tmp_path, env=environment, check=True)

    assert len(elsewhere(events())) == 1


def test_no_command_asks_anybody(watched, tmp_path):
    environment, events = watched
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "ui.cli", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0 or command[0] == "doctor", done.stderr
        assert elsewhere(events()) == [], command


@pytest.mark.long
def test_a_server_that_starts_and_answers_asks_nobody(serve_also, watched):
    environment, events = watched
    with serve_also(environment={name: environment[name] for name in ("PYTHONPATH", "NOTED")}) as server:
        person = server.person()
        assert person.ask("How much memory does Walnut-7B need?")[0] == 200
        assert "6 GB" in person.call("ask", None, "How much memory does Walnut-7B need?", "en", "")

    assert elsewhere(events()) == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace tells what the system is asked")
def test_the_system_is_asked_for_no_connection_either(watched, tmp_path):
    environment, _ = watched
    told = tmp_path / "trace"
    build = [sys.executable, "-m", "ui.cli", "index", "build", "docs", "--no-library", "--index", "index"]
    ask = [sys.executable, "-m", "ui.cli", "ask", "How much memory does Walnut-7B need?", "--index", "index"]
    for command in (build, ask):
        trace = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", told]
        done = subprocess.run(
            [*trace, *command], cwd=tmp_path, env=environment, capture_output=True, check=False, timeout=120
        )
        if b"ptrace" in done.stderr.lower() or b"not permitted" in done.stderr.lower():
            pytest.skip("this system lets nobody trace")
        assert done.returncode == 0, done.stderr
        assert not re.search(r"AF_INET6?\b", told.read_text())
