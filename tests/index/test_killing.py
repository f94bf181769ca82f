"""Writers that are killed at random moments: the last acknowledged snapshot is there, whole. Takes minutes."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from index import Index, snapshots

ROOT = Path(__file__).resolve().parents[2]
KILLS = 60
WRITER = """
import sys
from corpus import Document
from index import Index
index = Index.open(sys.argv[1])
number = int(index.document("pier").text.split()[1])
while True:
    number += 1
    print("begun", flush=True)
    index.add([Document.from_text(f"Pier {number} of many.", id="pier")])
    print(number, flush=True)
    if number % 5 == 0:
        index.rollback().rollback(sorted(s.name for s in Index.snapshots(sys.argv[1]))[-1])
"""


def kill_at_random(directory, moment):
    """Start a writer, kill it so many seconds after it began to write, and return the last number it acknowledged."""
    with subprocess.Popen([sys.executable, "-c", WRITER, directory], cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"begun\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(timeout=moment)
        writer.kill()
        return max(map(int, re.findall(rb"^(\d+)$", writer.stdout.read(), re.MULTILINE)), default=0)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_kill_at_any_moment_loses_what_was_acknowledged(make_passages, tmp_path):
    directory = tmp_path / "index"
    Index.build(make_passages({"pier": "Pier 0 of many.", "tides": "Tides rise."})).save(directory)
    draw, acknowledged, unfinished = random.Random(20), 0, 0
    for _ in range(KILLS):
        acknowledged = max(acknowledged, kill_at_random(directory, draw.uniform(0, 2.5)))
        unfinished += bool(list((directory / "tmp").iterdir()))
        index = Index.open(directory)
        index.verify()
        assert not index.degraded
        held = int(index.document("pier").text.split()[1])
        assert held >= acknowledged - (acknowledged % 5 == 0)  # it goes back one for a moment after every fifth
        assert index.search("tides")[0].passage.document_id == "tides"
    assert acknowledged > 0
    assert unfinished > 0
    index.remove(["tides"])
    assert not list((directory / "tmp").iterdir())
    assert len(snapshots.names(directory)) == snapshots.KEPT
