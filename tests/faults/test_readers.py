"""Readers in processes of their own while a writer publishes, prunes and goes back: no error, and never two states at once."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus import Document, split
from index import Index

ROOT = Path(__file__).resolve().parents[2]
READER = """
import sys
from pathlib import Path
from index import Index
directory, way, end = sys.argv[1], sys.argv[2], Path(sys.argv[3])
index, reads, seen, last = Index.open(directory), 0, set(), False
while not last:
    last = end.exists()  # looked at before reading: the last read is of what was published last
    if way == "opens":
        index = Index.open(directory)
    elif way == "follows":
        index.refresh()
    now = index.pinned()
    assert not now.degraded, now.degraded
    texts = [now.document(id).text for id in ("north", "south")]
    texts += [hit.passage.text for hit in now.search("Which generation do the piers have?")]
    texts += [passage.text for passage in now.passages_of("north")]
    generations = {text.split()[-1] for text in texts if "generation" in text}
    assert len(generations) == 1, texts
    seen |= generations
    reads += 1
    if reads == 1:
        print("reading", flush=True)
print(reads, len(seen))
"""


def piers(generation):
    return [Document.from_text(f"The {id} pier has generation {generation}", id=id) for id in ("north", "south")]


def read_while_writing(directory, readers, seconds):
    """Let readers read while a writer publishes for so long; return how often it published and what they saw."""
    Index.build(split([*piers(0), Document.from_text("The tide rises.", id="tides")])).save(directory)
    ways = ["opens", "follows", "keeps"]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", READER, directory, ways[number % 3], directory / "end"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(readers)
    ]  # fmt: skip
    for reader in started:
        reader.stdout.readline()
    writer, published, end = Index.open(directory), 0, time.monotonic() + seconds
    while time.monotonic() < end or published < 5:
        published += 1
        writer.update(piers(published))
        if published % 4 == 0:
            writer.rollback().rollback(sorted(one.name for one in Index.snapshots(directory))[-1])
    (directory / "end").touch()
    told = [(*reader.communicate(), reader.returncode) for reader in started]
    assert [(err, status) for _, err, status in told] == [("", 0)] * readers
    return published, [tuple(map(int, out.split())) for out, _, _ in told]


def check(published, seen):
    assert published > 4
    for number, (reads, generations) in enumerate(seen):
        assert reads > 1
        assert generations == 1 if number % 3 == 2 else generations > 1


def test_readers_see_one_snapshot_at_a_time_while_it_is_replaced_pruned_and_taken_back(tmp_path):
    check(*read_while_writing(tmp_path, readers=3, seconds=4))


@pytest.mark.long
def test_many_readers_see_one_snapshot_at_a_time_for_a_minute(tmp_path):
    check(*read_while_writing(tmp_path, readers=9, seconds=60))
