"""Builds on a real Ray cluster of two nodes, one of which is killed at its work."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("ray_cluster.py")
ALONE = ["unshare", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    if importlib.util.find_spec("ray") is None:
        pytest.skip("the extra [ray] is not installed")
    if not shutil.which("unshare") or subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a network of its own cannot be made here (unshare)")
    work = tmp_path_factory.getbasetemp().parent / "r"  # a socket's path may have 107 characters
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    done = subprocess.run(
        [*ALONE, sys.executable, PROGRAM, work], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.timeout(660)
def test_a_cluster_makes_the_same_index_and_loses_nothing_with_a_node(found):
    assert found["same_index"]
    assert found["killed"] == -9
    assert found["same_after_a_node_was_killed"]


@pytest.mark.long
@pytest.mark.timeout(660)
def test_a_cluster_that_cannot_be_used_says_why(found):
    assert found["no_token"][0] == found["gone"][0] == 1
    assert "RAY_AUTH_TOKEN" in found["no_token"][1]
    assert "No cluster answers" in found["gone"][1]
    assert "another version of survey-qa" in found["other_version"][1]
    assert not any("Traceback" in message for _, message in (found["no_token"], found["gone"], found["other_version"]))
