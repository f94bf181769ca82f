"""A system whose clock is set while a server runs on it, SQLite's and every library's included: libfaketime says what time it is."""

import importlib.util
import json
import sys
import time
from pathlib import Path

import pytest

from index import Index

ROOT = Path(__file__).resolve().parents[2]
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
JUMPS = ("-3650d", "+3650d", "-2h", "+0")  # from the true time, one after the other
QUESTION = "How much memory does Walnut-7B need?"


@pytest.fixture(scope="module")
def people():
    """The module that starts servers and sends people to them."""
    spec = importlib.util.spec_from_file_location("clock_people", ROOT / "tests" / "attacks" / "conftest.py")
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


@pytest.fixture
def clock(tmp_path):
    """The file whose words are the time, and the environment in which they are."""
    file = tmp_path / "clock"
    file.write_text("+0")
    return file, {
        "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
    }  # fmt: skip


def upload(person, name, text):
    """Upload a document and wait until it is in the index."""
    job = json.loads(person.post(f"/documents/upload?name={name}", text.encode())[2])["job"]
    while json.loads(person.get(f"/api/jobs/{job}")[2])["state"] in ("waiting", "running"):
        time.sleep(0.05)
    return json.loads(person.get(f"/api/jobs/{job}")[2])


def learns(person, question, words, patience):
    """Tell whether the answer holds the words soon."""
    end = time.monotonic() + patience
    while not (found := words in person.ask(question)[1]["answer"]) and time.monotonic() < end:
        time.sleep(0.2)
    return found


@pytest.mark.long
@pytest.mark.skipif(FAKETIME is None, reason="libfaketime is not here: apt-get install faketime")
def test_a_clock_that_is_set_while_people_ask_ends_no_session_and_no_limit_and_loses_nothing(people, clock, tmp_path):
    from ui.login import hash_password

    file, environment = clock
    users = tmp_path / "users.txt"
    users.write_text("".join(f"{name}:{hash_password(people.PASSWORD)}\n" for name in ("ada", "bob")))
    options = ("--auth-file", str(users), "--rate-limit", "1000/minute", "--workers", "1")
    with people.running(people.WithLogin, tmp_path, *options, environment=environment) as server:
        ada = server.person("ada")
        for number, jump in enumerate(JUMPS):
            file.write_text(jump)
            time.sleep(1.2)  # how long the library keeps what it read there
            assert "6 GB" in ada.ask(QUESTION)[1]["answer"], jump
            assert server.person("bob").ask(QUESTION)[0] == 200, jump
            assert "answer" in ada.call("ask", None, QUESTION, "en", ""), jump
            text = f"# Heron\n\nHeron-{number + 2} needs {number + 70} GB of memory.\n"
            assert upload(ada, f"heron-{number}.md", text)["state"] == "done", jump
            assert learns(
                ada, f"How much memory does Heron-{number + 2} need?", f"{number + 70} GB", people.PATIENCE
            ), jump
            assert ada.get("/readyz")[0] == 200, jump
        assert [ada.log_in("bob", "wrong") for _ in range(12)][-1] == 429

    index = Index.open(server.index)
    index.verify()
    assert not index.degraded
    assert {f"heron-{number}.md" for number in range(len(JUMPS))} <= {Path(info.id).name for info in index.documents()}
    generations = [one.generation for one in Index.snapshots(server.index)]
    assert generations == sorted(generations)
