"""Odd places: names, lengths, clocks, folders and file systems that cannot be written, and two writers at once."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corpus import Document
from index import Index, IndexLocked, snapshots

ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    "spaces": " a  b ",
    "a line break and a tab": "a\nb\tc",
    "Chinese and marks of URLs": "索引 ö ?q=1#2%41",
    "quotes and a hyphen": "-rf 'it' \"is\";",
    "combining characters": "e\u0301",
    "bytes that are no UTF-8": os.fsdecode(b"bad\xff\xfe"),
    "the longest name": "x" * 255,
    "longer than SQLite takes": "/".join(["y" * 200] * 4),
    "nearly as long as paths are": "/".join(["y" * 240] * 15),
}
SEARCH = "import sys; from ui.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_index_works_wherever_it_lies(made, tmp_path, name, generation_of):
    place = tmp_path / name
    shutil.copytree(made, place)
    index = Index.open(place)
    index.add([Document.from_text("The harbour is deep.", id="harbour")])
    index.remove(["kiln"])
    index.rollback()
    again = Index.open(place)
    again.verify()
    assert generation_of(again) == 3
    assert {"harbour", "kiln"} <= {info.id for info in again.documents()}
    assert [one.damage for one in Index.snapshots(place)] == ["", "", ""]


def test_a_clock_that_jumps_changes_neither_the_order_nor_what_serves(directory, monkeypatch, generation_of):
    index, reader = Index.open(directory), Index.open(directory)
    for generation, jump in enumerate([-9000, 9000, 0, -9000, -8999], 4):

        class Clock:
            @staticmethod
            def now(zone, jump=jump):
                return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=jump)

        monkeypatch.setattr(snapshots, "datetime", Clock)
        index.add([Document.from_text(f"The pier of generation {generation} is long.", id="pier")])
        os.utime(directory / "CURRENT", ns=(0, 0))
        assert reader.refresh()
        assert generation_of(reader) == generation_of(Index.open(directory)) == generation
    index.verify()
    generations = [one.generation for one in Index.snapshots(directory)]
    assert generations == sorted(generations)


def test_of_two_writers_one_is_refused_and_loses_nothing(directory, generation_of):
    one, other = Index.open(directory), Index.open(directory)
    one.add([Document.from_text("The harbour is deep.", id="harbour")])
    with pytest.raises(IndexLocked, match="Open it again and repeat"):
        other.remove(["kiln"])
    other.refresh()
    other.remove(["kiln"])
    assert {info.id for info in Index.open(directory).documents()} == {"tides", "兰花", "pier", "harbour"}


def test_many_writers_at_once_leave_every_document_that_one_of_them_reported(directory):
    code = (
        "import sys; from corpus import Document; from index import Index, IndexLocked\n"
        "while True:\n"
        "    try: Index.open(sys.argv[1]).add([Document.from_text('Boat ' + sys.argv[2], id=sys.argv[2])]); break\n"
        "    except IndexLocked: pass\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, directory, f"boat{n}"], cwd=ROOT) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    index = Index.open(directory)
    index.verify()
    assert {f"boat{n}" for n in range(4)} <= {info.id for info in index.documents()}


@pytest.fixture
def mounted(tmp_path):
    """Return a function that runs Python where a folder is a file system of its own, for that process alone."""
    if (
        not shutil.which("unshare")
        or subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this system lends nobody a file system of their own")

    def run(mount, *arguments):
        script = f'{mount} && shift && exec "$0" "$@"'
        command = ["unshare", "-Urm", "sh", "-c", script, sys.executable, str(tmp_path), *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_a_reader_writes_nothing_and_a_writer_is_told_on_a_read_only_file_system(directory, mounted):
    mount = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
    options = ["--index", directory]
    found = mounted(mount, "-c", SEARCH, "search", "How long is the pier?", *options)
    verified = mounted(mount, "-c", SEARCH, "index", "verify", *options)
    removed = mounted(mount, "-c", SEARCH, "index", "remove", "kiln", *options)
    back = mounted(mount, "-c", SEARCH, "index", "rollback", *options)

    assert (found.returncode, found.stderr) == (0, "")
    assert "generation 3" in found.stdout
    assert (verified.returncode, verified.stderr) == (0, "")
    for refused in (removed, back):
        assert refused.returncode == 1
        assert "Read-only file system" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_disk_that_is_full_at_any_moment_loses_nothing(directory, tmp_path, mounted):
    """The disk is a tmpfs; room is made in steps of 4 KiB until the change fits."""
    disk = tmp_path / "disk"
    disk.mkdir()
    told = mounted(
        f'mount -t tmpfs -o size=64m tmpfs "{disk}"', Path(__file__).with_name("full_disk.py"), directory, disk
    )
    assert told.returncode == 0, told.stderr[-1500:]
    assert "No space left" in told.stdout or "disk is full" in told.stdout
    assert int(told.stdout.split()[0]) >= 10


def test_conversations_are_kept_on_a_full_disk_though_the_server_is_killed_then(tmp_path, mounted):
    disk = tmp_path / "disk"
    disk.mkdir()
    script = Path(__file__).with_name("full_disk_conversations.py")
    told = mounted(f'mount -t tmpfs -o size=16m tmpfs "{disk}"', script, disk)
    assert (told.returncode, told.stdout) == (0, "60 of 60\n"), told.stderr[-1500:]


def test_a_limit_on_the_size_of_files_loses_nothing(directory):
    code = (
        "import resource, sys; from index import Index, IndexWriteFailed\n"
        "from corpus import Document\n"
        "refused = 0\n"
        "for size in range(0, 40_000, 2_000):\n"
        "    index = Index.open(sys.argv[1])\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))\n"
        "    try: index.add([Document.from_text(f'Limit {size}.' * 400, id='limit')])\n"
        "    except IndexWriteFailed: refused += 1\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "    index = Index.open(sys.argv[1]); index.verify(); assert not index.degraded\n"
        "print(refused)"
    )
    done = subprocess.run([sys.executable, "-c", code, directory], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 5
    Index.open(directory).remove(["kiln"])
