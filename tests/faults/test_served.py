"""A server that is killed while people ask and upload, that loses its model or its network, and whose clock jumps."""

import http.client
import importlib.util
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from index import Index

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("SURVEY_QA_SERVER_KILLS", "4"))
QUESTION = "How much memory does Walnut-7B need?"
GONE = (OSError, http.client.HTTPException, ValueError, KeyError, AssertionError)  # what people see of a dead server
JUMPING = """
import itertools, time
real, counted = time.time, itertools.count()
time.time = lambda: real() + (0, 86_400.0 * 3650, -86_400.0 * 3650, 3600.0, -3600.0)[next(counted) // 7 % 5]
"""


@pytest.fixture(scope="module")
def people():
    """The module that starts servers and sends people to them."""
    return _beside("attacks_people", ROOT / "tests" / "attacks" / "conftest.py")


@pytest.fixture
def model_server():
    with _beside("faults_fake_openai", ROOT / "tests" / "rag" / "fake_openai.py").serve() as fake:
        yield fake


def _beside(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def told(person):
    """Ask in the page, and return the ids of the conversations that the page shows afterwards."""
    return set(re.findall(r'sq-conversation\\+" value=\\+"([\w-]+)', person.call("ask", None, QUESTION, "en", "")))


class Load:
    """People who ask and upload until the server goes away; what they were told is what must still be there."""

    def __init__(self, server, number):
        self.server, self.number = server, number
        self.conversations, self.uploaded = [], []
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self.ask, self.ask, self.upload)]
        for thread in self.threads:
            thread.start()

    def wait_until_told(self):
        """Wait until somebody was told of a conversation and of an upload."""
        end = time.monotonic() + 120
        while not (self.conversations and self.uploaded):
            assert time.monotonic() < end
            time.sleep(0.05)

    def ask(self):
        person = self.server.person()
        try:
            while True:
                self.conversations += [(dict(person.cookies), name) for name in told(person)]
        except GONE:
            return

    def upload(self):
        person = self.server.person()
        try:
            for n in range(1_000):
                name = f"boat-{self.number}-{n}.md"
                job = json.loads(
                    person.post(f"/documents/upload?name={name}", f"# Boat\n\nBoat {name} sails.\n".encode())[2]
                )["job"]
                while json.loads(person.get(f"/api/jobs/{job}")[2])["state"] in ("waiting", "running"):
                    time.sleep(0.02)
                self.uploaded.append(name)
        except GONE:
            return


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_server_killed_under_load_loses_nothing_that_people_were_told(people, tmp_path):
    draw, conversations, uploaded = random.Random(3), [], []
    server = people.Server(tmp_path)
    for kill in range(KILLS):
        load = Load(server, kill)
        load.wait_until_told()
        time.sleep(draw.uniform(0.0, 3.0))
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()
        for thread in load.threads:
            thread.join(people.PATIENCE)
        conversations += load.conversations
        uploaded += load.uploaded
        index = Index.open(server.index)
        assert not index.degraded
        index.verify()
        assert set(uploaded) <= {info.id for info in index.documents()}
        server = people.Server.again(server)
        person = server.person()
        for cookies, name in conversations:
            person.cookies = cookies
            assert person.get(f"/conversations/{name}.json")[0] == 200
        assert "6 GB" in person.ask(QUESTION)[1]["answer"]
    server.stop()

    assert conversations
    assert uploaded


@pytest.mark.long
def test_a_model_that_goes_away_in_the_middle_of_an_answer_leaves_an_answer(people, model_server, tmp_path):
    model_server.answer = "It needs 6 GB [1]."
    with people.running(people.Server, tmp_path, "--llm", "openai:cut", "--llm-base-url", model_server.url) as server:
        person = server.person()
        status, answer = person.ask(QUESTION)
        model_server.stop()
        gone, afterwards = person.ask(QUESTION)

    assert (status, gone) == (200, 200)
    assert any("incomplete" in note or "without the model" in note for note in answer["notes"]), answer
    assert "6 GB" in afterwards["answer"]
    assert any("without the model" in note for note in afterwards["notes"])


@pytest.mark.long
def test_a_clock_that_jumps_by_years_disturbs_no_login_no_answer_and_no_list(people, tmp_path):
    from ui.login import hash_password

    (tmp_path / "sitecustomize.py").write_text(JUMPING)
    users = tmp_path / "users.txt"
    users.write_text(f"ada:{hash_password(people.PASSWORD)}\n")
    environment = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    with people.running(people.WithLogin, tmp_path, "--auth-file", str(users), environment=environment) as server:
        ada = server.person("ada")
        names = set().union(*(told(ada) for _ in range(5)))
        (server.documents / "heron.md").write_text("# Heron\n\nHeron-2 needs 77 GB.\n")
        assert (
            server.run("index", "add", str(server.documents / "heron.md"), "--index", str(server.index)).returncode == 0
        )
        end = time.monotonic() + people.PATIENCE
        while "77 GB" not in ada.ask("How much does Heron-2 need?")[1]["answer"] and time.monotonic() < end:
            time.sleep(0.2)
        assert "77 GB" in ada.ask("How much does Heron-2 need?")[1]["answer"]
        assert {ada.get(f"/conversations/{name}.md")[0] for name in names} == {200}


@pytest.mark.long
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare takes the network away")
def test_everything_answers_where_there_is_no_network_at_all(tmp_path):
    (tmp_path / "walnut.md").write_text("# Walnut\n\nWalnut-7B needs 6 GB of memory.\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SURVEY_QA_HOME": str(tmp_path / "home")}
    alone = ["unshare", "-rn", sys.executable, "-m", "ui.cli"]
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody take the network away")
    for command in (
        ["index", "build", str(tmp_path / "walnut.md"), "--index", str(tmp_path / "index")],
        ["ask", QUESTION, "--index", str(tmp_path / "index")],
    ):
        done = subprocess.run([*alone, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "6 GB" in done.stdout
