"""Addresses of engines, their secrets, and what is said where an engine, its package or an index is missing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpus import UsageError
from index import EngineFailed, EngineUnavailable, EngineUnreachable, Index, UnknownSnapshot
from index.places import is_engine
from index.remote.addresses import Address, milvus_token
from index.remote.engine import merged
from index.remote.rows import Where, key_of
from index.remote.waiting import Lost, Patience

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "milvus://127.0.0.1:9/surveys?patience=1"


@pytest.mark.parametrize(
    ("text", "kind", "port", "name"),
    [
        ("milvus://db.example:19531/surveys", "milvus", 19531, "surveys"),
        ("milvus://db.example/surveys", "milvus", 19530, "surveys"),
        ("postgresql://ada@db.example/papers", "postgresql", 5432, "survey_qa"),
        ("postgres://db.example:5433/papers?schema=llm&sslmode=require", "postgresql", 5433, "llm"),
    ],
)
def test_an_address_says_where_an_index_is(text, kind, port, name):
    address = Address.parse(text)
    assert (address.kind, address.host, address.port, address.name) == (kind, "db.example", port, name)
    assert is_engine(text)


@pytest.mark.parametrize(
    "text",
    [
        "milvus://host:19530/", "milvus:///surveys", "milvus://host/a/b", 'milvus://host/x"; drop', "postgresql://host",
        "postgresql://host/db?schema=a.b", "qdrant://host/x", "milvus://host:port/x", "milvus://[::1/x", "milvus://host/x?patience=-1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_the_form_of_one(text):
    with pytest.raises(UsageError, match=r"Write (milvus://|patience)"):
        Address.parse(text)


def test_a_password_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(UsageError, match="PGPASSWORD") as refused:
        Address.parse("postgresql://ada:hunter2@db.example/papers")
    assert "hunter2" not in str(refused.value)
    assert "ada@db.example" in str(refused.value)


def test_a_token_comes_from_the_environment_or_a_file(monkeypatch, tmp_path):
    monkeypatch.delenv("SURVEY_QA_MILVUS_TOKEN", raising=False)
    assert milvus_token() == ""
    (tmp_path / "token").write_text("from a file\n", "utf-8")
    monkeypatch.setenv("SURVEY_QA_MILVUS_TOKEN_FILE", str(tmp_path / "token"))
    assert milvus_token() == "from a file"
    monkeypatch.setenv("SURVEY_QA_MILVUS_TOKEN", "from the environment")
    assert milvus_token() == "from the environment"


def test_a_token_file_that_cannot_be_read_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("SURVEY_QA_MILVUS_TOKEN", raising=False)
    monkeypatch.setenv("SURVEY_QA_MILVUS_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="cannot be read"):
        milvus_token()


@pytest.mark.parametrize(
    ("url", "module", "command"),
    [
        ("milvus://127.0.0.1:9/surveys", "pymilvus", r"pip install 'survey-qa\[milvus\]'"),
        ("postgresql://127.0.0.1:9/papers", "psycopg", r"pip install 'survey-qa\[postgres\]'"),
    ],
)
def test_a_missing_package_is_said_with_what_installs_it(url, module, command, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EngineUnavailable, match=command):
        Index.open(url)


@pytest.mark.parametrize(
    ("url", "module"), [(CLOSED, "pymilvus"), ("postgresql://127.0.0.1:9/papers?patience=1", "psycopg")]
)
def test_a_server_that_does_not_answer_is_said_in_time(url, module):
    pytest.importorskip(module)
    with pytest.raises(EngineUnreachable, match=r"did not answer within 1 s.*Start the server, check host and port"):
        Index.open(url)


def test_the_command_line_says_it_in_one_line_and_exits_with_1():
    pytest.importorskip("pymilvus")
    ended = subprocess.run(
        [sys.executable, "-m", "ui.cli", "search", "tide", "--index", CLOSED], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "did not answer within 1 s" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_engine_has_no_snapshots_to_list_or_to_go_back_to():
    with pytest.raises(UnknownSnapshot, match="keeps no snapshots"):
        Index.snapshots(CLOSED)
    with pytest.raises(UnknownSnapshot, match="keeps no snapshots"):
        Index.rolled_back(CLOSED)


def test_building_into_an_engine_and_a_directory_at_once_is_wrong_usage():
    from ui.cli import app

    ended = CliRunner().invoke(app, ["index", "build", "--engine", CLOSED, "--index", "here"])
    assert isinstance(ended.exception, UsageError)


def test_pulling_from_what_is_no_engine_is_wrong_usage(tmp_path):
    from ui.cli import app

    ended = CliRunner().invoke(app, ["index", "pull", "my.index", "--index", str(tmp_path / "copy")])
    assert isinstance(ended.exception, UsageError)


def test_asking_an_index_on_disk_loads_nothing_of_engines(tmp_path):
    (tmp_path / "tides.md").write_text("# Tides\n\nThe tide rises twice a day.\n", "utf-8")
    program = (
        "import sys; from ui.cli import main; status = main(sys.argv[1:]); "
        "import json; print(json.dumps([m for m in sys.modules if m.startswith(('index.remote', 'pymilvus', 'psycopg', 'grpc'))]), file=sys.stderr)"
    )
    place = ["--index", str(tmp_path / "index")]
    subprocess.run(
        [sys.executable, "-m", "ui.cli", "index", "build", str(tmp_path), *place],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "ask", "When does the tide rise?", *place],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert json.loads(ended.stderr.strip().splitlines()[-1]) == []


def test_waiting_asks_again_until_the_server_answers():
    asked = []

    def answer(again):
        asked.append(again)
        if len(asked) < 3:
            raise Lost("away")
        return "here"

    assert Patience("the server", 30).ask(answer) == "here"
    assert asked == [False, True, True]


def test_waiting_ends_with_what_to_do():
    def answer(again):
        raise Lost("away")

    with pytest.raises(EngineUnreachable, match=r"the server did not answer within 0 s \(away\)"):
        Patience("the server", 0).ask(answer)


def test_what_an_engine_refuses_is_not_asked_again():
    asked = []

    def answer(again):
        asked.append(again)
        raise EngineFailed("no")

    with pytest.raises(EngineFailed):
        Patience("the server", 30).ask(answer)
    assert asked == [False]


def test_conditions_of_two_filters_mean_both():
    both = Where(9, kinds=(1, 2), years=(2020, None)).both(Where(9, kinds=(2, 3), years=(None, 2022)))
    assert (both.kinds, both.years, both.is_empty) == ((2,), (2020, 2022), False)
    assert both.both(Where(9, kinds=(1,))).is_empty
    assert both.both(Where(9, years=(2023, None))).is_empty


def test_ids_have_numbers_that_fit_into_63_bits():
    assert key_of("a.md") != key_of("b.md")
    assert 0 <= key_of("\ud800 论文") < 1 << 63


def test_ranges_that_touch_are_one():
    assert merged([range(5, 7), range(1, 3), range(3, 5), range(9, 9)]) == [range(1, 7)]
