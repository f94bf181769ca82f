"""Every call of a writer that changes a file fails once, and every writer is killed at each of them once.

The calls are those of the system, SQLite's included: a small library stands before the C library (``faults.c``).
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KILLED = 0
ERRORS = {"the disk is full": 28, "the disk fails": 5, "it is not allowed": 13, "it is killed": KILLED}
OPERATIONS = ("first", "add", "remove", "rollback", "resumed")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the calls are caught with the means of Linux")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Compile the library that stands between a writer and the system."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    made = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, HERE / "faults.c", "-ldl"], check=True)
    ctypes.CDLL(str(made))
    return made


@pytest.fixture
def root():
    """A folder in memory where there is one: thousands of syncs would wear a disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder).resolve()


def run(library, root, operation, errors, step):
    environment = os.environ | {
        "LD_PRELOAD": str(library),
        "FAULT_ROOT": str(root / "index"),
        "PYTHONPATH": str(HERE.parents[1]),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, HERE / "every_call.py", root, operation, ",".join(map(str, errors)), str(step)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_fault_at_some_calls_leaves_the_former_snapshot_or_the_new_one(library, root, operation):
    told = run(library, root, operation, [28, KILLED], step=23 if operation != "rollback" else 2)
    assert told["complaints"] == []
    assert told["runs"] >= 4


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_fault_at_every_single_call_leaves_the_former_snapshot_or_the_new_one(library, root, operation, error):
    told = run(library, root, operation, [error], step=1)
    assert told["complaints"] == []
    assert told["runs"] == told["calls"] >= 6
