"""A folder that is followed: what changes there answers soon after, also in a server that runs over the same index."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from corpus import SurveyQAError, UsageError
from index import Index, IndexLocked, IndexMismatch
from rag import watching
from rag.watching import watch_folder
from ui.cli import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "ui.cli"]
PATIENCE = 120  # seconds; a busy machine is no failure


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(watching, "DEBOUNCE", 0.2)
    monkeypatch.setattr(watching, "AGAIN", 0.1)
    monkeypatch.setattr(watching, "_LOOK", 0.1)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "walnut.md").write_text("# Walnut\n\nWalnut-7B needs 6 GB.\n", "utf-8")
    return folder


@pytest.fixture
def followed(folder, tmp_path):
    """Give the rounds of a watch over the folder, one at a time."""
    stop = threading.Event()
    rounds = watch_folder(folder, directory=tmp_path / "index", stop=stop)
    yield rounds
    stop.set()
    assert all(isinstance(done, (watching.Synced, SurveyQAError)) for done in rounds)


def until(rounds, wanted):
    """Return the next round that is as wanted."""
    return next(done for done in rounds if wanted(done))


def test_what_is_added_changed_and_removed_comes_in_while_the_folder_is_followed(followed, folder, tmp_path):
    assert next(followed).added == ("walnut.md",)
    (folder / "pecan.md").write_text("# Pecan\n\nPecan was trained by Acme.\n", "utf-8")
    assert next(followed).added == ("pecan.md",)
    (folder / "pecan.md").write_text("# Pecan\n\nPecan was trained by Bolt.\n", "utf-8")
    assert next(followed).changed == ("pecan.md",)
    (folder / "walnut.md").unlink()
    assert next(followed).removed == ("walnut.md",)
    assert "Bolt" in Index.open(tmp_path / "index").search("Who trained Pecan?")[0].passage.text


def test_several_changes_in_a_row_are_one_snapshot(followed, folder):
    before = next(followed).index.snapshot
    (new := folder.with_name("new")).mkdir()
    for number in range(20):
        (new / f"n{number}.md").write_text(f"# N{number}\n\nNut {number} is round.\n", "utf-8")
    for path in new.iterdir():  # whole files, one soon after the other however busy the machine is
        path.rename(folder / path.name)
    done = until(followed, lambda done: done.unchanged + len(done.added) == 21)
    assert int(done.index.snapshot[:8]) - int(before[:8]) <= 3


def test_a_round_that_fails_is_told_once_and_tried_again(followed, folder, monkeypatch):
    next(followed)
    sync, failures = watching.sync_folder, iter(range(3))

    def refused(*arguments, **options):
        if next(failures, None) is not None:
            raise IndexLocked("Another process is writing.")
        return sync(*arguments, **options)

    monkeypatch.setattr(watching, "sync_folder", refused)
    (folder / "pecan.md").write_text("# Pecan\n\nPecan.\n", "utf-8")
    assert isinstance(next(followed), IndexLocked)
    assert next(followed).added == ("pecan.md",)


def test_a_change_of_another_process_is_no_failure(followed, folder, tmp_path):
    next(followed)
    Index.open(tmp_path / "index").save(tmp_path / "index")
    (folder / "pecan.md").write_text("# Pecan\n\nPecan.\n", "utf-8")
    assert next(followed).added == ("pecan.md",)


def test_a_folder_that_vanishes_is_waited_for_and_nothing_is_removed(followed, folder, tmp_path):
    next(followed)
    folder.rename(tmp_path / "away")
    assert "no such folder" in str(until(followed, lambda done: isinstance(done, UsageError)))
    assert [info.id for info in Index.open(tmp_path / "index").documents()] == ["walnut.md"]
    shutil.copytree(tmp_path / "away", folder)
    assert until(followed, lambda done: not isinstance(done, SurveyQAError)).unchanged == 1
    (folder / "pecan.md").write_text("# Pecan\n\nPecan.\n", "utf-8")
    assert until(followed, lambda done: done.added).added == ("pecan.md",)


def test_hidden_files_and_the_index_itself_start_no_round(folder, monkeypatch):
    rounds = watch_folder(folder, directory=folder / "my.index", stop=(stop := threading.Event()))
    next(rounds)
    seen = []
    monkeypatch.setattr(watching, "sync_folder", lambda *a, **k: seen.append(a))
    (folder / ".draft.md").write_text("x")
    (folder / "my.index" / "CURRENT.new").write_text("x")
    threading.Timer(1, stop.set).start()
    assert list(rounds) == []
    assert seen == []


def test_a_missing_folder_and_another_embedder_are_refused(folder, tmp_path):
    with pytest.raises(UsageError, match="no such folder to watch"):
        next(watch_folder(tmp_path / "nowhere", directory=tmp_path / "index"))
    next(watch_folder(folder, directory=tmp_path / "index"))
    with pytest.raises(IndexMismatch):
        next(watch_folder(folder, directory=tmp_path / "index", embedder="some/model"))


def test_a_system_that_watches_no_more_is_told_with_a_way_out(folder, tmp_path, monkeypatch):
    def exhausted(*arguments, **options):
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr("watchfiles.watch", exhausted)
    with pytest.raises(watching.WatchFailed, match=r"watch limit reached.*WATCHFILES_FORCE_POLLING"):
        next(watch_folder(folder, directory=tmp_path / "index"))


def test_a_missing_folder_is_wrong_usage(tmp_path, capsys):
    assert main(["index", "sync", str(tmp_path / "no"), "--watch", "--index", str(tmp_path / "index")]) == 2
    assert "no such folder" in capsys.readouterr().err


@contextlib.contextmanager
def running(*arguments):
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_ends_it_with_what_is_done_kept(folder, tmp_path):
    with running("index", "sync", folder, "--watch", "--index", tmp_path / "index") as process:
        assert process.stdout.readline() == "added walnut.md\n"
        (folder / "胡桃 #1.md").write_text("# 胡桃\n\n胡桃需要 6 GB 显存。\n", "utf-8")
        assert process.stdout.readline() == "added 胡桃 #1.md\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", f"No longer following {folder}.\n")
    index = Index.open(tmp_path / "index")
    index.verify()
    assert len(index.documents()) == 2


def test_each_round_is_a_line_of_json(folder, tmp_path):
    with running("index", "sync", folder, "--watch", "--json", "--index", tmp_path / "index") as process:
        assert json.loads(process.stdout.readline())["added"] == ["walnut.md"]
        (folder / "walnut.md").write_text("# Walnut\n\nWalnut-7B needs 8 GB.\n", "utf-8")
        assert json.loads(process.stdout.readline())["changed"] == ["walnut.md"]


def test_a_server_over_the_same_index_answers_from_what_was_put_into_the_folder(folder, tmp_path):
    from tests.ui.test_serving_follows import ask

    index = ["--index", tmp_path / "index"]
    question = "How much GPU memory does Pecan-9B need?"
    with running("index", "sync", folder, "--watch", *index) as watch:
        assert watch.stdout.readline() == "added walnut.md\n"
        with running("serve", "--home", tmp_path / "home", "--port", 0, "--no-open", *index) as server:
            address = re.search(r"http://\S+/", server.stdout.readline()).group()
            assert "11 GB" not in ask(address, question)["answer"]
            (folder / "pecan.md").write_text("# Pecan\n\nPecan-9B needs 11 GB of GPU memory.\n", "utf-8")
            answer, end = "", time.monotonic() + PATIENCE
            while "11 GB" not in answer and time.monotonic() < end:
                answer = ask(address, question)["answer"]
    assert "11 GB" in answer
