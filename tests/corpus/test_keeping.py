"""What was read is kept: a file that has not changed is not parsed again, and nothing else is ever taken for it."""

import os
import shutil
import stat
import time

import pytest

from corpus import UsageError, converting, keeping, read_folder
from corpus.files import read_each


@pytest.fixture
def folder(tmp_path):
    """Three files that were written long ago."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("barra", "coll", "muck"):
        write(folder / f"{name}.md", f"# {name}\n\nThe ferry to {name} takes 3 hours.\n")
    return folder


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "home" / "readings"


@pytest.fixture
def parsed(monkeypatch):
    """The names of the files that are parsed."""
    names = []
    convert = converting.convert
    monkeypatch.setattr(
        converting,
        "convert",
        lambda data, name, *rest, **more: names.append(name) or convert(data, name, *rest, **more),
    )
    return names


def write(path, text, *, age=60):
    path.write_text(text, "utf-8")
    then = time.time() - age
    os.utime(path, (then, then))


def settle(monkeypatch):
    """Let the clock be a minute ahead, so that files that were just written are old."""
    monkeypatch.setattr(keeping.time, "time_ns", lambda now=time.time_ns: now() + 60_000_000_000)


def texts(reading):
    return [document.text for document in reading.documents]


def content(kept):
    return b"".join(path.read_bytes() for path in kept.iterdir())


def test_files_that_have_not_changed_are_not_parsed_again(folder, kept, parsed, monkeypatch):
    settle(monkeypatch)
    first = read_folder(folder, kept=kept)
    again = read_folder(folder, kept=kept)

    assert parsed == ["barra.md", "coll.md", "muck.md"]
    assert again == first
    assert read_folder(folder) == first


def test_unchanged_files_are_not_even_opened(folder, kept, monkeypatch):
    settle(monkeypatch)
    first = read_folder(folder, kept=kept)
    monkeypatch.setattr(os, "open", lambda path, *rest, real=os.open: real(refuse_documents(path), *rest))

    assert read_folder(folder, kept=kept) == first


def refuse_documents(path):
    assert not str(path).endswith(".md")
    return path


def test_a_changed_file_is_parsed_again_and_its_former_text_goes(folder, kept, parsed, monkeypatch):
    settle(monkeypatch)
    read_folder(folder, kept=kept)
    write(folder / "coll.md", "# coll\n\nThe ferry to coll takes 4 hours.\n")
    again = read_folder(folder, kept=kept)

    assert parsed[3:] == ["coll.md"]
    assert "4 hours" in texts(again)[1]
    assert b"coll takes 3" not in content(kept)


def test_a_file_that_changes_within_one_tick_of_the_clock_is_seen_to_change(folder, kept):
    coll = folder / "coll.md"
    read_folder(folder, kept=kept)
    was = coll.stat()
    coll.write_text(coll.read_text("utf-8").replace("3", "7"), "utf-8")
    os.utime(coll, ns=(was.st_atime_ns, was.st_mtime_ns))

    assert "7 hours" in texts(read_folder(folder, kept=kept))[1]


def test_a_file_whose_time_changed_and_whose_bytes_did_not_is_not_parsed_again(folder, kept, parsed):
    read_folder(folder, kept=kept)
    os.utime(folder / "coll.md")
    read_folder(folder, kept=kept)

    assert len(parsed) == 3


def test_nothing_is_kept_of_a_file_that_is_deleted(folder, kept):
    read_folder(folder, kept=kept)
    assert b"ferry to coll" in content(kept)
    (folder / "coll.md").unlink()

    assert len(read_folder(folder, kept=kept).documents) == 2
    assert b"coll" not in content(kept)


@pytest.mark.parametrize("empty", [True, False])
def test_nothing_is_kept_of_a_folder_whose_files_are_all_deleted(folder, kept, empty):
    read_folder(folder, kept=kept)
    shutil.rmtree(folder)
    if empty:
        folder.mkdir()

    with pytest.raises(UsageError):
        read_folder(folder, kept=kept)
    assert b"ferry" not in content(kept)


def test_nothing_is_kept_of_a_folder_that_is_deleted(folder, kept, tmp_path):
    read_folder(folder, kept=kept)
    folder.rename(tmp_path / "elsewhere")
    read_folder(tmp_path / "elsewhere", kept=kept)

    assert len(list(kept.iterdir())) == 1


def test_an_interrupted_reading_keeps_what_was_read(folder, kept, parsed):
    files = read_each(folder, kept=kept)
    next(files), next(files)
    files.close()  # as Ctrl-C does
    del parsed[:]

    assert len(read_folder(folder, kept=kept).documents) == 3
    assert parsed in (["muck.md"], [])


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "noise"])
def test_damage_to_what_is_kept_costs_time_and_nothing_else(folder, kept, damage):
    first = read_folder(folder, kept=kept)
    [path] = kept.iterdir()
    data = path.read_bytes()
    damaged = {
        "flip": data.replace(b"takes 3", b"takes 8"),
        "cut": data[:-40],
        "empty": b"",
        "noise": data.replace(b"\n", b"\xff\xff\n\t[]\n"),
    }
    path.write_bytes(damaged[damage])

    assert read_folder(folder, kept=kept) == first
    assert read_folder(folder, kept=kept) == first


def test_other_readers_read_everything_again(folder, kept, parsed, monkeypatch):
    read_folder(folder, kept=kept)
    monkeypatch.setattr(keeping, "readers_version", lambda: "another version")
    read_folder(folder, kept=kept)

    assert len(parsed) == 6


def test_only_its_owner_may_look_at_what_is_kept(folder, kept):
    read_folder(folder, kept=kept)
    [path] = kept.iterdir()

    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_where_nothing_can_be_written_everything_is_read(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")

    assert len(read_folder(folder, kept=tmp_path / "file").documents) == 3


def test_what_is_kept_has_a_bound(folder, kept, monkeypatch, tmp_path):
    monkeypatch.setattr(keeping, "LIMIT", 700)
    assert len(read_folder(folder, kept=kept).documents) == 3
    assert len(content(kept)) <= 700


def test_the_folders_that_were_read_longest_ago_make_room(folder, kept, monkeypatch, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a.md", f"# {name}\n\nText.\n")
        read_folder(tmp_path / name, kept=kept)
    monkeypatch.setattr(keeping, "LIMIT", 600)
    read_folder(tmp_path / "first", kept=kept)
    read_folder(folder, kept=kept)

    assert sum(path.stat().st_size for path in kept.iterdir()) <= 2 * 600
