"""An index on disk: damage is refused or an older snapshot serves, writers exclude each other, nothing is lost."""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index import Index, IndexDamaged, IndexLocked, IndexMismatch, IndexNotFound, IndexWriteFailed, snapshots

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    "segment0_documents.sqlite", "segment0_vectors.faiss", "segment0_postings.pack", "names.json", "folders.json",
    "manifest.json",
]  # fmt: skip


@pytest.fixture(scope="session")
def saved(tmp_path_factory, bilingual):
    """A directory with one snapshot, to be copied."""
    directory = tmp_path_factory.mktemp("saved") / "index"
    Index.build([p for i in bilingual.documents() for p in bilingual.passages_of(i.id)]).save(directory)
    return directory


@pytest.fixture
def directory(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "index"))


@pytest.fixture
def two(directory):
    """A directory with two snapshots; the newer one lacks the violin."""
    Index.open(directory).remove(["violin"])
    return directory


def newest(directory):
    return directory / "snapshots" / snapshots.names(directory)[-1]


def flip(path, at=None):
    data = bytearray(path.read_bytes())
    at = len(data) // 2 if at is None else at
    data[at] ^= 1
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path):
    path.write_bytes(b"")


DAMAGES = [flip, cut, empty, Path.unlink]


def test_every_file_of_a_snapshot_is_in_its_manifest(directory):
    manifest = json.loads((newest(directory) / "manifest.json").read_text())
    assert {path.name for path in newest(directory).iterdir()} == {*manifest["files"], "manifest.json"}
    assert set(FILES) <= {*manifest["files"], "manifest.json"}


def test_the_manifest_says_what_the_index_was_made_of(directory):
    manifest = json.loads((newest(directory) / "manifest.json").read_text())
    assert manifest["embedder"]["name"] == "builtin"
    assert manifest["counts"] == {"documents": 10, "passages": 10}
    assert manifest["splitting"] == {"max_tokens": 256, "encoding": "survey-8k-v1"}
    assert {"numpy", "faiss-cpu", "python"} <= set(manifest["made_with"])


def test_damage_to_any_file_is_refused_when_there_is_nothing_to_fall_back_on(saved, tmp_path):
    names = sorted(path.name for path in newest(saved).iterdir())
    for number, name in enumerate(names):
        copy = Path(shutil.copytree(saved, tmp_path / str(number)))
        DAMAGES[number % 4](newest(copy) / name)
        with pytest.raises(IndexDamaged, match="index build"):
            Index.open(copy)
        with pytest.raises(IndexDamaged):
            Index(Index.open(saved)._contents, copy).verify()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_snapshot_gives_way_to_the_one_before_with_a_warning(two, caplog, name, damage):
    damage(newest(two) / name)
    with caplog.at_level(logging.WARNING, logger="index"):
        index = Index.open(two)
    assert index.snapshot == snapshots.names(two)[0]
    assert [info.id for info in index.documents() if info.id == "violin"]
    assert "serves instead" in index.degraded
    assert "serves instead" in caplog.text
    assert index.info()["degraded"] == index.degraded


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_pointer_gives_way_to_the_newest_snapshot(two, damage):
    damage(two / "CURRENT")
    index = Index.open(two)
    assert index.snapshot == snapshots.names(two)[-1]
    assert index.degraded
    with pytest.raises(IndexDamaged, match="CURRENT"):
        index.verify()


def test_every_flipped_byte_of_the_pointer_is_noticed(two):
    good = (two / "CURRENT").read_bytes()
    for at in range(len(good)):
        (two / "CURRENT").write_bytes(good)
        flip(two / "CURRENT", at)
        with pytest.raises(IndexDamaged):
            snapshots.verify(two)


def test_verify_reads_older_snapshots_too(two):
    snapshots.verify(two)
    flip(two / "snapshots" / snapshots.names(two)[0] / "segment0_vectors.faiss")
    Index.open(two)
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        Index.open(two).verify()


def test_an_unfinished_build_is_no_damage(two):
    leftover = two / "tmp" / "00000009-aaaaaaaa"
    leftover.mkdir()
    (leftover / "segment0_vectors.faiss").write_bytes(b"half")
    index = Index.open(two)
    index.verify()
    assert not index.degraded
    index.remove(["tides"])
    assert not leftover.exists()


def test_a_snapshot_that_was_never_pointed_to_does_not_serve(two):
    """A writer that dies between its two renames leaves one; the reader goes by the pointer."""
    before = Index.open(two).snapshot
    current = (two / "CURRENT").read_bytes()
    Index.open(two).remove(["tides"])
    (two / "CURRENT").write_bytes(current)
    assert Index.open(two).snapshot == before
    Index.open(two).remove(["volcano"])
    assert "tides" in [info.id for info in Index.open(two).documents()]


def test_only_the_last_snapshots_are_kept(two):
    index = Index.open(two)
    for id_ in ("tides", "volcano", "bakery"):
        index.remove([id_])
    assert len(snapshots.names(two)) == snapshots.KEPT
    assert snapshots.names(two)[-1] == index.snapshot


def test_a_name_that_leads_out_of_the_index_is_never_followed(two):
    pointer = json.loads((two / "CURRENT").read_text())
    pointer["snapshot"] = "../../elsewhere"
    (two / "CURRENT").write_text(json.dumps(pointer))
    with pytest.raises(IndexDamaged, match="names no snapshot"):
        snapshots.verify(two)


def test_a_file_name_that_leads_out_of_the_snapshot_is_never_opened(directory):
    snapshot = snapshots.Snapshot(newest(directory), {"files": {"../../CURRENT": {"size": 1, "sha256": ""}}})
    with pytest.raises(IndexDamaged, match="lists no file"):
        snapshot.read("../../CURRENT")


def test_another_format_is_a_mismatch_and_no_damage(directory, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "FORMAT", 2)
    with pytest.raises(IndexMismatch, match=r"format 1.*index build"):
        Index.open(directory)


def test_another_analyzer_is_a_mismatch(directory, monkeypatch):
    monkeypatch.setattr("index.storing.ANALYZER", "terms-99")
    with pytest.raises(IndexMismatch, match=r"terms-99.*Rebuild"):
        Index.open(directory)


def test_another_embedder_is_a_mismatch_and_never_an_older_snapshot(two):
    with pytest.raises(
        IndexMismatch, match=r"'builtin' \(\d+ numbers\).*'some/model'.*Ask without --embedder.*--embedder some/model"
    ):
        Index.open(two, embedder="some/model")
    assert Index.open(two, embedder="builtin").snapshot


def test_the_same_name_with_another_fingerprint_is_a_mismatch(make_passages, word_lengths, tmp_path):
    Index.build(make_passages({"a": "Tides."}), embedder=word_lengths).save(tmp_path)
    assert Index.open(tmp_path, embedder=word_lengths).search("Tides")
    word_lengths.fingerprint = "2"
    with pytest.raises(IndexMismatch, match="fingerprint 1"):
        Index.open(tmp_path, embedder=word_lengths)


def test_a_second_writer_is_refused_at_once(directory):
    holder = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, directory / "LOCK"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(IndexLocked, match="Another process is writing"):
            Index.open(directory).remove(["tides"])
        other.kill()
    Index.open(directory).remove(["tides"])


def test_a_writer_that_is_killed_loses_nothing(directory):
    code = (
        "import sys; from index import Index; i = Index.open(sys.argv[1]); print('open', flush=True)\n"
        "from corpus import Document\n"
        "n = 0\n"
        "while True: n += 1; i.add([Document.from_text(f'Pier {n}.', id='pier')]); print(n, flush=True)"
    )
    for written in (1, 2, 3):
        with subprocess.Popen([sys.executable, "-c", code, directory], cwd=ROOT, stdout=subprocess.PIPE) as writer:
            for _ in range(written + 1):
                line = writer.stdout.readline()
            writer.kill()
        index = Index.open(directory)
        index.verify()
        assert int(index.document("pier").text.split()[1].strip(".\n")) >= int(line)
        assert not index.degraded


@pytest.mark.parametrize("call", ["fsync", "replace", "rename", "mkdir"])
def test_a_write_error_leaves_the_former_snapshot_serving(directory, monkeypatch, call):
    before = Index.open(directory).snapshot
    index = Index.open(directory)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    home = os if call in ("fsync",) else Path
    with monkeypatch.context() as patch:
        patch.setattr(home, call, full)
        with pytest.raises(IndexWriteFailed, match=r"No space left on device.*still serves"):
            index.remove(["tides"])
    assert index.snapshot == before == Index.open(directory).snapshot
    snapshots.verify(directory)
    index.remove(["tides"])


def test_a_directory_that_cannot_be_written_is_reported(make_passages, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexWriteFailed, match="is a file"):
        Index.build(make_passages({"a": "Tides."})).save(tmp_path / "file")
    with pytest.raises(IndexWriteFailed, match="could not be written"):
        Index.build(make_passages({"a": "Tides."})).save(tmp_path / "file" / "below")


def test_a_directory_with_other_files_is_left_alone(make_passages, tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(IndexWriteFailed, match="holds other files"):
        Index.build(make_passages({"a": "Tides."})).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_an_index_in_a_directory_with_an_unusual_name_works(make_passages, tmp_path):
    odd = tmp_path / "索引 #1 100% ?ö" / ("x" * 100)
    Index.build(make_passages({"a": "Tides rise."})).save(odd)
    assert Index.open(odd).search("tides")


def test_verify_of_a_place_without_an_index_is_refused(tmp_path):
    with pytest.raises(IndexNotFound):
        snapshots.verify(tmp_path)


def test_an_index_in_memory_has_nothing_to_verify(bilingual):
    assert bilingual.verify() is None
    assert bilingual.snapshot == "memory"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["CURRENT", "names.json"])
def test_a_pipe_in_place_of_a_file_is_refused_and_never_waited_for(bilingual, tmp_path, name):
    bilingual.pinned().save(tmp_path)
    path = next(tmp_path.rglob(name))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(IndexDamaged):
        Index.open(tmp_path).verify()


def test_an_index_of_an_older_layout_is_refused_with_what_to_type(directory, monkeypatch):
    monkeypatch.setattr("index.storing.LAYOUT", 3)
    with pytest.raises(IndexMismatch, match=r"layout 2; this version of survey-qa has 3.*index build"):
        Index.open(directory)
