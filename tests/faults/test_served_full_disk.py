"""A server whose disk fills while people ask and upload, and empties again."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
QUESTION = "How much memory does Walnut-7B need?"
ON_SMALL_DISK = (
    'mount -t tmpfs -o size=32m tmpfs "$1" && cp -r "$2" "$1/index" && { "$3" "$4" "$1" "$5" "$6" & disk=$1; shift 6; '
    'SURVEY_QA_HOME="$disk" "$@" --index "$disk/index" & server=$!; trap "kill -9 $server %1" TERM; wait $server; }'
)


@pytest.fixture(scope="module")
def people():
    """The module that starts servers and sends people to them."""
    spec = importlib.util.spec_from_file_location("disk_people", HERE.parent / "attacks" / "conftest.py")
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


@pytest.fixture
def small_disk(people, tmp_path):
    """A server whose home and index lie on a disk of 32 MB; ``full()`` and ``free()`` change how much of it is left."""
    mounting = ["unshare", "-Urm", "true"]
    if not shutil.which("unshare") or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("this system lends nobody a file system of their own")
    disk, flag, told = tmp_path / "disk", tmp_path / "flag", tmp_path / "told"
    disk.mkdir()

    class OnSmallDisk(people.Server):
        def start(self):
            serve = [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--no-open"]
            given = [disk, self.index, sys.executable, HERE / "filling.py", flag, told, *serve]
            with self.log.open("w") as log:
                self.process = subprocess.Popen(
                    ["unshare", "-Urm", "bash", "-c", ON_SMALL_DISK, "bash", *map(str, given)],
                    cwd=people.ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True,
                )  # fmt: skip
            self.port = int(re.search(r":(\d+)/", self.process.stdout.readline())[1])
            self._functions = None

        def wait_for(self, state):
            while not (told.exists() and told.read_text() == state):
                time.sleep(0.05)

        def full(self):
            flag.touch()
            self.wait_for("full")

        def free(self):
            flag.unlink()
            self.wait_for("free")

    with people.running(OnSmallDisk, tmp_path) as server:
        yield server


def upload(person, name, text):
    """Upload a document; return the status, or what became of the job."""
    status, _, body = person.post(f"/documents/upload?name={name}", text.encode())
    if status != 202:
        return status, body.decode()
    job = json.loads(body)["job"]
    while (state := json.loads(person.get(f"/api/jobs/{job}")[2]))["state"] in ("waiting", "running"):
        time.sleep(0.05)
    return state["state"], json.dumps(state)


@pytest.mark.long
def test_a_disk_that_fills_while_people_ask_costs_no_answer_and_no_conversation(people, small_disk):
    person = small_disk.person()
    assert upload(person, "heron.md", "# Heron\n\nHeron-2 needs 77 GB of memory.\n")[0] == "done"
    small_disk.full()
    shown = person.call("ask", None, QUESTION, "en", "")
    refused, reason = upload(person, "stork.md", "# Stork\n\nStork-3 needs 78 GB of memory.\n" * 2_000)
    asked = person.ask("How much memory does Heron-2 need?")
    small_disk.free()

    assert "6 GB" in shown
    assert "77 GB" in asked[1]["answer"]
    assert refused != "done"
    assert re.search(r"No space left|disk is full|full", reason), reason
    (name,) = set(re.findall(r'sq-conversation\\+" value=\\+"([\w-]+)', shown))
    assert upload(person, "stork.md", "# Stork\n\nStork-3 needs 78 GB of memory.\n")[0] == "done"
    assert "78 GB" in person.ask("How much memory does Stork-3 need?")[1]["answer"]
    person.call("ask", None, QUESTION, "en", "")
    assert person.get(f"/conversations/{name}.json")[0] == 200
    assert "Traceback" not in small_disk.log.read_text()
