"""The commands that list snapshots and go back to one."""

import json

import pytest

from corpus import Document, split
from index import Index
from ui.cli import main


@pytest.fixture
def directory(tmp_path):
    """An index with two snapshots; the newer one lacks the pecan."""
    texts = {"walnut.md": "Walnut-7B needs 6 GB.", "pecan.md": "Pecan was trained by Acme."}
    index = Index.build(split([Document.from_text(text, id=id) for id, text in texts.items()]))
    index.save(tmp_path / "index")
    index.remove(["pecan.md"])
    return tmp_path / "index"


@pytest.fixture
def run(capsys):
    def running(*arguments):
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return running


def test_snapshots_are_listed_for_people(run, directory):
    status, out, err = run("index", "snapshots", "--index", directory)

    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert "\t2 documents\t" in first
    assert first.endswith("\twhole")
    assert second.endswith("\twhole (current)")


def test_snapshots_are_listed_for_programs(run, directory):
    _, out, _ = run("index", "snapshots", "--index", directory, "--json")
    first, second = json.loads(out)["snapshots"]

    assert (first["documents"], first["current"], first["whole"]) == (2, False, True)
    assert (second["documents"], second["current"], second["generation"]) == (1, True, 2)


def test_going_back_brings_a_removed_document_back(run, directory):
    status, out, _ = run("index", "rollback", "--index", directory)

    assert status == 0
    assert "is current again, with 2 documents" in out
    assert "pecan.md" in run("index", "list", "--index", directory)[1]


def test_going_back_by_name_answers_in_json(run, directory):
    name = Index.snapshots(directory)[0].name
    _, out, _ = run("index", "rollback", name, "--index", directory, "--json")

    assert json.loads(out) == {"snapshot": name, "documents": 2}


def test_an_unknown_snapshot_is_wrong_usage(run, directory):
    status, out, err = run("index", "rollback", "00000009-00000000", "--index", directory)

    assert (status, out) == (2, "")
    assert "holds no snapshot '00000009-00000000'" in err


def test_without_an_index_there_are_no_snapshots(run, tmp_path):
    status, _, err = run("index", "snapshots", "--home", tmp_path)

    assert status == 1
    assert "index build" in err
