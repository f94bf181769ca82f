"""What a power cut may leave behind at every moment of a publish: the former snapshot opens whole, or the new one.

The model follows what file systems promise. What was synced is there: the bytes of a file, the names in a folder. Of the
rest anything may be there: unsynced bytes may be missing, cut or zeroed, and each name that was put, moved or taken away
since the folder was synced may be there or not, for itself.
"""

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from corpus import Document
from index import Index, snapshots

PAYLOADS = {"words.npy": b"w" * 700, "notes.json": b"n" * 90, "empty.json": b""}
CALLS = ("fsync", "rename", "replace", "mkdir", "link", "unlink", "rmdir")
DISKS = 12  # drawn at each moment, beside the three extremes


def publish(root, generation):
    """Publish a snapshot whose every file tells its generation."""

    def write(folder):
        for name, data in PAYLOADS.items():
            (folder / name).write_bytes(data and b"%d" % generation + data)
        return {"made_for": generation}

    return snapshots.publish(root, write=write, check=load)


def load(snapshot):
    """Return a snapshot's generation after reading every file of it; a fallback is not good enough."""
    assert not snapshot.degraded
    generation = snapshot.manifest["made_for"]
    for name, data in PAYLOADS.items():
        assert bytes(snapshot.read(name)) == (data and b"%d" % generation + data)
    return generation


@dataclass
class Disk:
    """What is certain to survive a power cut, by inode."""

    root: Path
    bytes: dict[int, bytes] = field(default_factory=dict)  # of files, when they were last synced
    names: dict[int, dict[str, int]] = field(default_factory=dict)  # in folders, when they were last synced
    _read: dict[tuple[int, int, int], bytes] = field(default_factory=dict)  # so that a file is read and held once
    _open: dict[int, int] = field(
        default_factory=dict
    )  # descriptors: the inode of what was taken away is not used again

    def __del__(self):
        for descriptor in self._open.values():
            os.close(descriptor)

    def settle(self):
        """Take everything that is there as synced long ago."""
        self.now()
        for path in [self.root, *self.root.rglob("*")]:
            self.sync(path.stat().st_ino)

    def sync(self, inode):
        for path in [self.root, *self.root.rglob("*")]:
            if path.stat().st_ino == inode and path.is_dir():
                self.names[inode] = {entry.name: entry.inode() for entry in os.scandir(path)}
            elif path.stat().st_ino == inode:
                self.bytes[inode] = self.bytes_of(path)

    def bytes_of(self, path):
        status = path.stat()
        key = status.st_ino, status.st_size, status.st_mtime_ns
        if key not in self._read:
            self._read[key] = path.read_bytes()
        return self._read[key]

    def now(self):
        """Return what is there now: the names in each folder, the bytes of each file, by inode."""
        names, data = {}, {}
        for path in [self.root, *self.root.rglob("*")]:
            inode = path.stat().st_ino
            if inode not in self._open:
                self._open[inode] = os.open(path, os.O_RDONLY)
            if path.is_dir():
                names[inode] = {entry.name: entry.inode() for entry in os.scandir(path)}
            else:
                data[inode] = self.bytes_of(path)
        return names, data


class Recorder:
    """Stands between a writer and the system's calls and keeps, before and after each, what a power cut may leave."""

    def __init__(self, root, monkeypatch):
        self.disk = Disk(root)
        self.disk.settle()
        self.moments = []
        for call in CALLS:
            monkeypatch.setattr(os, call, self._watched(call, getattr(os, call)))

    def _watched(self, call, original):
        def watched(*args, **kwargs):
            self.keep(call)
            inode = os.fstat(args[0]).st_ino if call == "fsync" else None
            result = original(*args, **kwargs)
            if inode is not None:
                self.disk.sync(inode)
            self.keep(call)
            return result

        return watched

    def keep(self, call):
        names, data = self.disk.now()
        moment = (call, names, data, dict(self.disk.names), dict(self.disk.bytes))
        self.moments.append(moment)


def lay_out(root, moment, choose):
    """Write the disk that is left if ``choose`` decides between what was synced and what was not."""
    _, names, data, synced_names, synced_bytes = moment
    folders = [(root, root_inode(moment))]
    while folders:
        path, inode = folders.pop()
        path.mkdir()
        old, new = synced_names.get(inode, {}), names.get(inode, {})
        for name in sorted({*old, *new}):
            entry = choose([old.get(name), new.get(name)])
            if entry is None:
                continue
            if entry in names or entry in synced_names:
                folders.append((path / name, entry))
            else:
                (path / name).write_bytes(choose(_left_of(data.get(entry), synced_bytes.get(entry))))


def _left_of(now, synced):
    """Return what may be left of a file: ``now`` is None once it was taken away, ``synced`` if it never was."""
    if synced is not None:
        return [synced] if now is None else [synced, now]
    now = now or b""
    return [b"", now[: len(now) // 2], bytes(len(now)), now]


def root_inode(moment):
    """Return the inode of the root, which no other folder names."""
    names = moment[1]
    return next(iter(names.keys() - {inode for entries in names.values() for inode in entries.values()}))


def disks(moment, tmp_path, seed, mixtures=DISKS):
    """Yield the directories that a power cut may leave: nothing unsynced, everything, and random mixtures."""
    draw = random.Random(seed)
    ways = [lambda options: options[0], lambda options: options[-1], *[draw.choice] * mixtures]
    for way in ways:
        root = tmp_path / "disk"
        lay_out(root, moment, way)
        yield root
        shutil.rmtree(root)


@pytest.fixture
def root(tmp_path):
    """A directory with two snapshots; the next one is the third generation."""
    publish(tmp_path / "index", 1)
    publish(tmp_path / "index", 2)
    return tmp_path / "index"


@pytest.mark.parametrize("full", [False, True], ids=["with room", "and the oldest snapshot is pruned"])
def test_a_power_cut_leaves_the_former_snapshot_or_the_new_one(root, tmp_path, monkeypatch, full):
    if full:
        publish(root, 3)
    with monkeypatch.context() as patch:
        recorder = Recorder(root, patch)
        publish(root, 9)
        acknowledged = len(recorder.moments)
        recorder.keep("acknowledged")
    calls = [moment[0] for moment in recorder.moments]
    assert calls.count("fsync") >= 2 * (len(PAYLOADS) + 6)

    opened = set()
    for number, moment in enumerate(recorder.moments):
        for disk in disks(moment, tmp_path, seed=number):
            generation = snapshots.current(disk, load)
            assert generation == 9 if number == acknowledged else generation in (9, 3 if full else 2), calls[number]
            opened.add(generation)
    assert len(opened) == 2


def test_a_power_cut_leaves_either_end_of_a_rollback(root, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        recorder = Recorder(root, patch)
        snapshots.rollback(root, None, load)
        recorder.keep("acknowledged")
    opened = [
        {snapshots.current(disk, load) for disk in disks(moment, tmp_path, seed=number)}
        for number, moment in enumerate(recorder.moments)
    ]
    assert set().union(*opened) == {1, 2}
    assert opened[-1] == {1}


def publish_sharing(root, generation):
    """Publish a snapshot that takes its words over from the former one, as a link, and writes the rest."""
    former = snapshots.opened(root, snapshots.names(root)[-1])
    words = former.manifest.get("words_of", former.manifest["made_for"])

    def write(folder):
        (folder / "notes.json").write_bytes(b"%d" % generation)
        return {"made_for": generation, "words_of": words}

    return snapshots.publish(root, write=write, check=load_sharing, carried={"words.npy": former.kept("words.npy")})


def load_sharing(snapshot):
    """Return a snapshot's generation after reading every file of it."""
    if "words_of" not in snapshot.manifest:
        return load(snapshot)
    assert not snapshot.degraded
    generation = snapshot.manifest["made_for"]
    assert bytes(snapshot.read("notes.json")) == b"%d" % generation
    assert bytes(snapshot.read("words.npy")) == b"%d" % snapshot.manifest["words_of"] + PAYLOADS["words.npy"]
    return generation


def test_a_power_cut_loses_no_file_that_snapshots_share(root, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "WORTH_LINKING", 0)
    publish_sharing(root, 3)
    with monkeypatch.context() as patch:
        recorder = Recorder(root, patch)
        publish_sharing(root, 4)  # and the first is pruned
        publish_sharing(root, 5)  # and the second, from which the words came
        recorder.keep("acknowledged")
    assert "link" in [moment[0] for moment in recorder.moments]
    opened = [
        {snapshots.current(disk, load_sharing) for disk in disks(moment, tmp_path, seed=number, mixtures=6)}
        for number, moment in enumerate(recorder.moments)
    ]
    assert set().union(*opened) == {3, 4, 5}
    assert opened[-1] == {5}
    assert all(max(one) - min(one) <= 1 for one in opened)


@pytest.mark.long
@pytest.mark.parametrize("operation", ["add", "replace", "remove", "rollback"])
def test_a_power_cut_leaves_a_whole_index_before_or_after_each_change(tmp_path, monkeypatch, make_passages, operation):
    root, texts = tmp_path / "index", {"tides": "Tides rise.", "pier": "The pier.", "kiln": "The kiln."}
    Index.build(make_passages(texts)).save(root)
    index = Index.open(root).remove(["kiln"])
    former = {info.id: info.content_hash for info in index.documents()}
    changes = {
        "add": lambda: index.add([Document.from_text("The harbour.", id="harbour")]),
        "replace": lambda: index.add([Document.from_text("The new pier.", id="pier")]),
        "remove": lambda: index.remove(["pier"]),
        "rollback": index.rollback,
    }
    with monkeypatch.context() as patch:
        recorder = Recorder(root, patch)
        changes[operation]()
        recorder.keep("acknowledged")
    after = {info.id: info.content_hash for info in index.documents()}
    assert after != former
    for number, moment in enumerate(recorder.moments):
        for disk in disks(moment, tmp_path, seed=number, mixtures=2):
            left = Index.open(disk)
            assert not left.degraded
            held = {info.id: info.content_hash for info in left.documents()}
            assert held in ([after] if number == len(recorder.moments) - 1 else [former, after])
            assert left.search("tides")[0].passage.document_id == "tides"


@pytest.mark.parametrize("forgotten", ["_sync_directory", "fsync"])
def test_the_model_notices_a_writer_that_does_not_sync(root, tmp_path, monkeypatch, forgotten):
    with monkeypatch.context() as patch:
        recorder = Recorder(root, patch)
        patch.setattr(snapshots if forgotten.startswith("_") else os, forgotten, lambda *_: None)
        publish(root, 9)
        recorder.keep("acknowledged")
    opened = []
    for disk in disks(recorder.moments[-1], tmp_path, seed=1):
        try:
            opened.append(snapshots.current(disk, load))
        except (snapshots.IndexDamaged, snapshots.IndexNotFound, AssertionError):
            opened.append(None)
    assert set(opened) != {9}


def test_an_error_at_any_call_leaves_the_former_snapshot_or_the_new_one(root, tmp_path, monkeypatch):
    failing, done = 0, False
    while not done:
        failing += 1
        copy = Path(shutil.copytree(root, tmp_path / "copy"))
        with monkeypatch.context() as patch:
            count = iter(range(1, 10_000))
            for call in ("fsync", "rename", "replace", "mkdir"):
                patch.setattr(os, call, _failing_at(failing, count, getattr(os, call)))
            try:
                publish(copy, 9)
                done = next(count) <= failing
            except snapshots.IndexWriteFailed:
                pass
        assert snapshots.current(copy, load) in (2, 9)
        snapshots.verify(copy)
        publish(copy, 10)
        assert snapshots.current(copy, load) == 10
        shutil.rmtree(copy)
    assert failing > 10


def _failing_at(number, count, original):
    def call(*args, **kwargs):
        if next(count) == number:
            raise OSError(5, "Input/output error")
        return original(*args, **kwargs)

    return call
