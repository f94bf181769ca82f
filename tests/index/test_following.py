"""A reader that follows what other processes publish, without a search that fails or mixes two states."""

import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from corpus import Document
from index import Index, IndexDamaged, IndexMismatch, UnknownDocument, snapshots

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds; a busy machine is no failure
ADD = """
import sys
from corpus import Document
from index import Index
index = Index.open(sys.argv[1])
for number in range(5):
    index.add([Document.from_text(f"The kiln number {number} burns.", id=f"kiln{number}")])
"""


@pytest.fixture
def directory(make_passages, tmp_path):
    Index.build(make_passages({"tides": "Tides rise.", "pier": "The pier."})).save(tmp_path)
    return tmp_path


def kiln():
    return Document.from_text("The kiln burns.", id="kiln")


def damage_current(directory):
    path = directory / "snapshots" / snapshots.names(directory)[-1] / "names.json"
    path.write_bytes(b"?")


def until(condition):
    """Ask again and again until it is so; False if it never is."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
    return False


def test_a_snapshot_of_another_writer_is_taken_over_once(directory):
    reader = Index.open(directory)
    assert not reader.refresh()
    writer = Index.open(directory).add([kiln()])

    assert reader.refresh()
    assert reader.snapshot == writer.snapshot
    assert reader.document("kiln")
    assert not reader.refresh()


def test_an_own_snapshot_is_no_news(directory):
    index = Index.open(directory).add([kiln()])
    assert not index.refresh()


def test_a_reader_follows_back_too(directory):
    reader = Index.open(directory).add([kiln()])
    Index.open(directory).rollback()

    assert reader.refresh()
    with pytest.raises(UnknownDocument):
        reader.document("kiln")


def test_after_a_refresh_a_writer_is_no_longer_behind(directory):
    one, two = Index.open(directory), Index.open(directory)
    one.add([kiln()])
    two.refresh()
    two.remove(["pier"])
    assert [info.id for info in Index.open(directory).documents()] == ["tides", "kiln"]


def test_a_pinned_index_stays_as_it_was(directory):
    reader = Index.open(directory)
    pinned = reader.pinned()
    Index.open(directory).add([kiln()])
    reader.refresh()

    assert len(reader) == 3
    assert len(pinned) == 2
    assert pinned.search("pier")[0].passage.document_id == "pier"


def test_a_damaged_snapshot_is_not_taken_over(directory):
    reader = Index.open(directory)
    before = reader.snapshot
    Index.open(directory).add([kiln()])
    damage_current(directory)
    with pytest.raises(IndexDamaged, match=r"names\.json"):
        reader.refresh()

    assert reader.snapshot == before
    assert reader.search("pier")


def test_a_snapshot_with_another_embedder_than_asked_for_is_not_taken_over(make_passages, word_lengths, tmp_path):
    Index.build(make_passages({"tides": "Tides rise."}), embedder=word_lengths).save(tmp_path)
    reader = Index.open(tmp_path, embedder=word_lengths)
    Index.build(make_passages({"pier": "The pier."})).save(tmp_path)
    with pytest.raises(IndexMismatch, match="word-lengths"):
        reader.refresh()

    assert reader.search("Tides")[0].passage.document_id == "tides"


def test_an_embedder_that_stays_is_not_opened_again(directory):
    reader = Index.open(directory)
    embedder = reader._contents.base.embedder
    Index.open(directory).add([kiln()])
    reader.refresh()
    assert reader._contents.base.embedder is embedder


def test_an_index_in_memory_follows_nobody(bilingual):
    with bilingual.following(interval=0.001):
        assert not bilingual.refresh()


def test_damage_is_logged_once_and_the_former_snapshot_serves(directory, caplog):
    reader = Index.open(directory)
    Index.open(directory).add([kiln()])
    damage_current(directory)
    with caplog.at_level(logging.WARNING, logger="index"), reader.following(interval=0.001):
        assert until(lambda: "goes on serving" in caplog.text)

    assert caplog.text.count("goes on serving") == 1
    assert len(reader) == 2


def test_searches_go_on_while_another_process_publishes(directory):
    reader = Index.open(directory)
    with (
        reader.following(interval=0.01),
        subprocess.Popen([sys.executable, "-c", ADD, directory], cwd=ROOT) as writer,
    ):
        seen = set()

        def last_kiln_is_found():
            found = {hit.passage.document_id for hit in reader.search("kiln burns tides", 10)}
            seen.add(len(reader.pinned()))
            assert "tides" in found
            return "kiln4" in found

        assert until(last_kiln_is_found)
        assert writer.wait() == 0
    assert len(seen) > 1
    assert len(reader) == 7
