"""Commands that are killed at random moments. ``SURVEY_QA_KILLS=500 pytest -m long tests/faults`` kills that many."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KILLS = int(os.environ.get("SURVEY_QA_KILLS", "100"))


def kill(root, kills, seed):
    """Return how many commands were done, how many kills left a draft behind, and the seconds of the longest look."""
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, HERE / "killed.py", root, str(kills), str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return tuple(map(float, done.stdout.split()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")
def test_commands_killed_a_dozen_times_leave_a_whole_index(tmp_path):
    done, *_ = kill(tmp_path, 12, seed=1)
    assert done > 0


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")
def test_commands_killed_hundreds_of_times_leave_a_whole_index(tmp_path):
    done, unfinished, _ = kill(tmp_path, KILLS, seed=2)
    assert done > KILLS // 4
    assert unfinished > 0
