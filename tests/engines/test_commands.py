"""Engines on the command line and through the assistant."""

import json

import pytest
from typer.testing import CliRunner

from index import EngineFailed, Index
from rag import Assistant
from ui.cli import app

pytestmark = pytest.mark.long


@pytest.fixture
def address(running):
    return running("postgres").url("commands")


def run(*arguments):
    ended = CliRunner().invoke(app, list(arguments))
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_an_index_is_built_in_an_engine_asked_changed_pushed_and_pulled(address, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/tides.md").write_text("# Tides\n\nThe tide rises twice a day because of the moon.\n", "utf-8")
    (tmp_path / "kiln.md").write_text("# Kilns\n\nThe kiln burns at 1,200 degrees.\n", "utf-8")

    built = json.loads(run("index", "build", str(tmp_path / "docs"), "--engine", address, "--json"))
    added = json.loads(run("index", "add", str(tmp_path / "kiln.md"), "--index", address, "--json"))
    answer = json.loads(run("ask", "At how many degrees does the kiln burn?", "--index", address, "--json"))
    pulled = json.loads(run("index", "pull", address, "--index", str(tmp_path / "copy"), "--json"))
    pushed = json.loads(run("index", "push", address, "--index", str(tmp_path / "copy"), "--json"))

    assert (built["documents"], added["added"]) == (1, ["kiln.md"])
    assert "1,200" in answer["answer"]
    assert (pulled["documents"], pushed["documents"]) == (2, 2)
    assert json.loads(run("index", "info", "--index", address, "--json"))["engine"].startswith("PostgreSQL 18")
    assert "as it was written" in run("index", "verify", "--index", address)
    run("index", "remove", "kiln.md", "--index", address)
    assert [info.id for info in Index.open(address).documents()] == ["tides.md"]


def test_an_assistant_answers_from_an_engine_as_from_this_process(embedded, running):
    url = running("postgres").url("assistant")
    embedded.push(url)
    question = "When does the tide rise?"
    mine, theirs = (Assistant.open(index=index).ask(question) for index in (embedded, url))
    assert (theirs.text, theirs.found) == (mine.text, mine.found)
    assert [citation.quote for citation in theirs.citations] == [citation.quote for citation in mine.citations]


def test_a_database_that_is_not_there_is_refused_at_once(running):
    url = running("postgres").url("x").replace("/postgres?", "/nowhere?")
    with pytest.raises(EngineFailed, match=r'refused: .*database "nowhere" does not exist'):
        Index.open(url)
