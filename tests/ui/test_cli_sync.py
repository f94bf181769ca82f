"""The command that brings a folder in again."""

import json

import pytest

from ui.cli import main


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "walnut.md").write_text("# Walnut\n\nWalnut-7B needs 6 GB.\n", "utf-8")
    (folder / "pecan.md").write_text("# Pecan\n\nPecan was trained by Acme.\n", "utf-8")
    return folder


@pytest.fixture
def run(capsys, tmp_path):
    """Return a function that runs a command on one index and gives exit status, stdout and stderr."""

    def running(*arguments):
        status = main([*(str(argument) for argument in arguments), "--index", str(tmp_path / "index")])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return running


def test_what_was_done_is_told_in_one_line(run, folder):
    run("index", "sync", folder)
    (folder / "pecan.md").unlink()
    (folder / "broken.md").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    status, out, err = run("index", "sync", folder)

    assert status == 0
    assert out == "Added 0, changed 0, removed 1, unchanged 1, skipped 1; the index holds 1 documents.\n"
    assert err.startswith("skipped broken.md: ")


def test_what_was_done_is_told_in_json(run, folder):
    run("index", "build", folder)
    (folder / "walnut.md").write_text("# Walnut\n\nWalnut-7B needs 8 GB.\n", "utf-8")
    done = json.loads(run("index", "sync", folder, "--json")[1])
    again = json.loads(run("index", "sync", folder, "--json")[1])

    assert (done["added"], done["changed"], done["removed"], done["unchanged"]) == ([], ["walnut.md"], [], 1)
    assert (again["changed"], again["unchanged"], again["skipped"]) == ([], 2, [])
    assert again["snapshot"] == done["snapshot"]


def test_files_that_were_added_are_known_to_their_folder(run, folder, tmp_path):
    run("index", "build", folder / "walnut.md")
    run("index", "add", folder / "pecan.md")
    (folder / "pecan.md").unlink()

    assert "removed 1, unchanged 1" in run("index", "sync", folder)[1]


def test_a_folder_that_is_missing_is_wrong_usage(run, tmp_path):
    status, out, err = run("index", "sync", tmp_path / "nowhere")

    assert (status, out) == (2, "")
    assert "there is no such folder" in err
