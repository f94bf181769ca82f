"""Damage to every file: verify notices it, and what is damaged never answers."""

import shutil

import pytest

from index import Index, IndexDamaged, snapshots


def flip(at):
    def damage(path, _):
        data = bytearray(path.read_bytes())
        data[int(at * (len(data) - 1))] ^= 0x10
        path.write_bytes(data)

    return damage


def cut(path, _):
    path.write_bytes(path.read_bytes()[:-1])


def halve(path, _):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path, _):
    path.write_bytes(b"")


def append(path, _):
    path.write_bytes(path.read_bytes() + b"\0")


def blank(path, _):
    data = path.read_bytes()
    start = min(len(data) // 3, max(len(data) - 4096, 0))
    path.write_bytes(data[:start] + bytes(b ^ 255 for b in data[start : start + 4096]) + data[start + 4096 :])


def delete(path, _):
    path.unlink()


def swap(path, other):
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


def become_folder(path, _):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "its first byte differs": flip(0),
    "a byte in the middle differs": flip(0.5),
    "its last byte differs": flip(1),
    "a byte is missing": cut,
    "half of it is missing": halve,
    "it is empty": empty,
    "a byte is appended": append,
    "a block was overwritten": blank,
    "it is gone": delete,
    "it changed places with another": swap,
    "it is a folder": become_folder,
}


def files(directory, number):
    """Return the files of a snapshot; -1 is the current one."""
    return sorted((directory / "snapshots" / snapshots.names(directory)[number]).iterdir())


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_to_any_file_of_the_current_snapshot_is_noticed_and_never_answers(
    directory, tmp_path, damage, generation_of
):
    for path in files(directory, -1):
        copy = shutil.copytree(directory, tmp_path / path.name)
        others = files(copy, -1)
        own = next(other for other in others if other.name == path.name)
        damage(own, next(other for other in others if other.read_bytes() != own.read_bytes()))
        with pytest.raises(IndexDamaged):
            snapshots.verify(copy)
        index = Index.open(copy)
        assert "serves instead" in index.degraded, path.name
        assert generation_of(index) == 2, path.name


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_to_an_older_snapshot_is_noticed_and_the_current_one_answers(directory, tmp_path, damage, generation_of):
    for path in files(directory, 0):
        copy = shutil.copytree(directory, tmp_path / path.name)
        others = files(copy, 0)
        own = next(other for other in others if other.name == path.name)
        damage(own, next(other for other in others if other.read_bytes() != own.read_bytes()))
        with pytest.raises(IndexDamaged):
            snapshots.verify(copy)
        assert generation_of(Index.open(copy)) == 3
        assert [not info.damage for info in Index.snapshots(copy)] == [False, True, True]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_to_the_pointer_is_noticed_and_the_newest_snapshot_answers(directory, damage, generation_of):
    damage(directory / "CURRENT", directory / "snapshots" / snapshots.names(directory)[0] / "manifest.json")
    with pytest.raises(IndexDamaged):
        snapshots.verify(directory)
    index = Index.open(directory)
    assert index.degraded
    assert generation_of(index) == 3


def test_snapshots_that_changed_places_are_noticed(directory):
    first, *_, last = [directory / "snapshots" / name for name in snapshots.names(directory)]
    first.rename(directory / "aside")
    last.rename(first)
    (directory / "aside").rename(last)
    with pytest.raises(IndexDamaged):
        snapshots.verify(directory)
    assert Index.open(directory).degraded


def test_damage_to_a_file_that_snapshots_share_is_noticed_in_all_of_them(directory, monkeypatch):
    monkeypatch.setattr(snapshots, "WORTH_LINKING", 0)
    Index.open(directory).remove(["pier"])
    shared = [path for path in files(directory, -1) if path.stat().st_nlink > 1]
    assert len(shared) > 3
    for path in shared:
        flip(0.5)(path, None)
        with pytest.raises(IndexDamaged):
            snapshots.verify(directory)
        with pytest.raises(IndexDamaged, match=r"cannot be|not what was written"):
            _open_whole(directory)
        flip(0.5)(path, None)
    snapshots.verify(directory)


def _open_whole(directory):
    """Open an index; one that serves an older snapshot is damaged too."""
    index = Index.open(directory)
    if index.degraded:
        raise IndexDamaged(index.degraded)
