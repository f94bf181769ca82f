"""Listing snapshots and going back to one of them."""

import json
import subprocess
import sys

import pytest

from index import Index, IndexDamaged, IndexLocked, IndexNotFound, IndexOutdated, UnknownSnapshot, snapshots


@pytest.fixture
def three(make_passages, tmp_path):
    """A directory with three snapshots: of the tides, the pier and the dunes; of the first two; of the tides."""
    index = Index.build(make_passages({"tides": "Tides rise.", "pier": "The pier.", "dunes": "Dunes."}))
    index.save(tmp_path)
    index.remove(["dunes"]).remove(["pier"])
    return tmp_path


def damage(directory, name):
    path = directory / "snapshots" / name / "names.json"
    path.write_bytes(path.read_bytes() + b" ")


def held(directory):
    return [info.id for info in Index.open(directory).documents()]


def test_snapshots_are_listed_with_what_they_hold(three):
    listed = Index.snapshots(three)

    assert [(s.generation, s.documents, s.passages, s.current) for s in listed] == [
        (1, 3, 3, False),
        (2, 2, 2, False),
        (3, 1, 1, True),
    ]
    assert [s.name for s in listed] == snapshots.names(three)
    assert all(s.made.endswith("+00:00") and s.bytes > 1000 and s.to_dict()["whole"] for s in listed)


def test_a_damaged_snapshot_is_listed_as_one(three):
    damage(three, snapshots.names(three)[1])
    (three / "snapshots" / snapshots.names(three)[0] / "manifest.json").unlink()
    first, second, third = Index.snapshots(three)

    assert "manifest.json cannot be read" in first.damage
    assert "names.json is not what was written" in second.damage
    assert third.to_dict()["whole"] is True


def test_a_list_of_snapshots_needs_an_index(tmp_path):
    with pytest.raises(IndexNotFound, match="index build"):
        Index.snapshots(tmp_path)


def test_going_back_takes_the_snapshot_before(three):
    index = Index.open(three)
    assert index.rollback().snapshot == snapshots.names(three)[1]
    assert [info.id for info in index.documents()] == held(three) == ["tides", "pier"]
    assert index.rollback().search("dunes")
    index.verify()


def test_going_back_is_undone_by_naming_the_later_snapshot(three):
    index, last = Index.open(three), snapshots.names(three)[2]
    index.rollback(snapshots.names(three)[0])
    assert held(three) == ["tides", "pier", "dunes"]
    index.rollback(last)
    assert held(three) == ["tides"]


def test_a_writer_goes_on_from_the_snapshot_that_was_gone_back_to(three):
    index = Index.open(three).rollback()
    index.remove(["tides"])
    assert held(three) == ["pier"]
    assert Index.snapshots(three)[-1].generation == 4


def test_going_back_passes_over_damaged_snapshots(three):
    damage(three, snapshots.names(three)[1])
    assert Index.open(three).rollback().snapshot == snapshots.names(three)[0]


def test_going_back_from_a_damaged_snapshot_ends_the_fallback(three):
    damage(three, snapshots.names(three)[2])
    index = Index.open(three)
    assert index.degraded
    assert not index.rollback().degraded
    assert held(three) == ["tides", "pier"]


def test_a_damaged_pointer_is_mended_by_going_back(three):
    (three / "CURRENT").write_bytes(b"?")
    assert Index.open(three).rollback().snapshot == snapshots.names(three)[2]
    snapshots.verify(three)


def test_a_damaged_snapshot_is_not_gone_back_to(three):
    damage(three, snapshots.names(three)[0])
    before = (three / "CURRENT").read_bytes()
    with pytest.raises(IndexDamaged, match=r"names\.json is not what was written"):
        Index.open(three).rollback(snapshots.names(three)[0])
    assert (three / "CURRENT").read_bytes() == before


@pytest.mark.parametrize("name", ["00000001-00000000", "../../elsewhere", ""])
def test_an_unknown_snapshot_is_refused_and_the_known_ones_are_named(three, name):
    with pytest.raises(UnknownSnapshot, match=snapshots.names(three)[0]):
        Index.open(three).rollback(name)


def test_there_is_nothing_before_the_first_snapshot(three):
    index = Index.open(three).rollback(snapshots.names(three)[0])
    with pytest.raises(UnknownSnapshot, match="no whole snapshot before"):
        index.rollback()


def test_an_index_in_memory_cannot_go_back(bilingual):
    with pytest.raises(UnknownSnapshot, match="in memory"):
        bilingual.rollback()


def test_going_back_waits_for_no_other_writer(three):
    holder = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, three / "LOCK"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(IndexLocked, match="Another process is writing"):
            Index.open(three).rollback()
        other.kill()


def test_a_current_snapshot_that_this_version_cannot_open_can_be_left(three, reseal):
    manifest = json.loads((three / "snapshots" / snapshots.names(three)[-1] / "manifest.json").read_text())
    reseal(three, {**manifest, "layout": 99})
    with pytest.raises(IndexOutdated, match="layout 99"):
        Index.open(three)

    index = Index.rolled_back(three)

    assert [info.id for info in index.documents()] == ["tides", "pier"]
    assert held(three) == ["tides", "pier"]
