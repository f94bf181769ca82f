import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rag.evaluating import Report
from ui import cli
from ui.cli import app, main
from ui.conversing import converse

ROOT = Path(__file__).parents[2]
NOTES = """# Nut models

## Walnut-7B

Walnut-7B is an open bilingual model with 7 billion parameters. Quantised to INT4, Walnut-7B needs 6 GB of GPU memory.

## Pecan

Pecan was trained by Acme on 300 billion tokens and is not open.
"""
CHINESE = "# 胡桃笔记\n\n## 核桃模型\n\n核桃模型由某大学在 2023 年发布,量化后只要 6 GB 显存。\n"
GOLD = [
    {"id": "a", "category": "fact", "lang": "en", "question": "How much GPU memory does Walnut-7B need?", "must_contain": [["6 GB"]]},
    {"id": "b", "category": "none", "lang": "en", "question": "Who won the 1998 World Cup?", "answerable": False},
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    (folder / "nuts.md").write_text(NOTES, "utf-8")
    (folder / "胡桃.md").write_text(CHINESE, "utf-8")
    (folder / "broken.md").write_bytes(bytes(range(256)) * 8)
    return folder


@pytest.fixture(scope="module")
def index(folder, tmp_path_factory):
    """Build an index of its own, once, and return its directory."""
    directory = tmp_path_factory.mktemp("index") / "nuts"
    assert main(["index", "build", str(folder), "--index", str(directory)]) == 0
    return str(directory)


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Return a function that runs the command line and gives exit status, stdout and stderr."""
    monkeypatch.setenv("SURVEY_QA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SURVEY_QA_DEBUG", raising=False)

    def running(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out, captured.err

    return running


def test_a_question_can_be_put_to_some_documents_only(run, index):
    question = "核桃模型 Walnut-7B 需要多少显存?"

    def sources(*options):
        found = json.loads(run("search", question, "--index", index, "--json", *options)[1])
        return {passage["document"] for passage in found["passages"]}

    assert sources() == {"nuts.md", "胡桃.md"}
    assert sources("--language", "zh", "--kind", "markdown") == {"胡桃.md"}
    assert sources("--document", "nuts.md") == {"nuts.md"}


def test_an_answer_under_a_filter_cites_nothing_else(run, index):
    status, out, _ = run(
        "ask", "How much GPU memory does Walnut-7B need?", "--language", "zh", "--index", index, "--json"
    )

    assert status == 0
    assert {citation["document"] for citation in json.loads(out)["citations"]} <= {"胡桃.md"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--kind", "papers"), "No document has the kind 'papers'"),
        (("--language", "fr"), "No document has the language 'fr'"),
        (("--year", "2021..2023"), "No document of this index has a year"),
        (("--year", "lately"), "Years are 2023, 2021..2023"),
        (("--document", "nut.md"), "No document 'nut.md'"),
    ],
)
@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_filter_that_nothing_meets_is_wrong_usage(run, index, command, options, message):
    status, out, err = run(command, "Walnut-7B?", "--index", index, *options)

    assert (status, out) == (2, "")
    assert message in err


def test_the_kind_of_vector_index_can_be_chosen(run, folder, tmp_path):
    assert run("index", "build", folder, "--index", tmp_path / "own", "--vectors", "sq8")[0] == 0

    assert json.loads(run("index", "info", "--index", tmp_path / "own", "--json")[1])["vectors"] == "sq8"
    assert run("index", "build", folder, "--index", tmp_path / "own", "--vectors", "lsh")[0] == 2


def test_an_answer_comes_with_its_numbered_sources(run, index):
    status, out, err = run("ask", "How much GPU memory does Walnut-7B need?", "--index", index)

    assert (status, err) == (0, "")
    assert "6 GB" in out.splitlines()[0]
    assert re.search(r"^\[1\] .*Walnut-7B$", out, re.MULTILINE)
    assert "“Quantised to INT4" in out


def test_a_refusal_is_a_normal_answer_that_says_so_first(run, index):
    status, out, _ = run("ask", "How many parameters does Zebra-900B have?", "--index", index)

    assert status == 0
    assert out.startswith("✗ Not in the documents")


def test_a_chinese_question_gets_chinese_words_around_the_answer(run, index):
    _, out, _ = run("ask", "核桃模型量化后要多少显存?", "--index", index)

    assert "\n出处\n" in out


def test_json_is_one_document_and_nothing_else(run, index):
    status, out, err = run("ask", "核桃模型量化后要多少显存?", "--index", index, "--json")
    answer = json.loads(out)

    assert (status, err) == (0, "")
    assert answer["found"] is True
    assert answer["citations"][0]["document"] == "胡桃.md"
    assert "核桃" in out
    assert "explanation" not in answer


def test_an_explanation_says_how_the_answer_came_about(run, index):
    _, plain, _ = run("ask", "How much memory does Walnut-7B need?", "--index", index, "--explain")
    _, as_json, _ = run("ask", "How much memory does Walnut-7B need?", "--index", index, "--explain", "--json")

    assert "How this came about" in plain
    assert json.loads(as_json)["explanation"]["standalone_question"]


def test_a_follow_up_is_understood_from_the_history(run, index, tmp_path):
    history = tmp_path / "history.json"
    history.write_text(
        json.dumps([{"role": "user", "content": "What is Walnut-7B?"}, {"role": "assistant", "content": "A model."}])
    )

    _, out, _ = run("ask", "How much GPU memory does it need?", "--history", history, "--index", index, "--json")

    assert "Walnut" in json.loads(out)["standalone_question"]


def test_a_dash_reads_the_question_from_standard_input(index):
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "ask", "-", "--index", index],
        input="核桃模型量化后要多少显存?".encode(), capture_output=True, cwd=ROOT, check=True,
    )  # fmt: skip

    assert "6 GB" in done.stdout.decode()


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is not JSON"), ("{}", "holds no history"), ("[1]", "Turn 1 of the history"), (None, "cannot be read")],
)
def test_a_history_that_is_none_is_wrong_usage(run, index, tmp_path, content, message):
    path = tmp_path / "history.json"
    if content is not None:
        path.write_text(content)

    status, out, err = run("ask", "q", "--history", path, "--index", index)

    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("question", ["", "   ", "x" * 100_000])
def test_a_question_that_is_none_is_wrong_usage(run, index, question):
    status, out, err = run("ask", question, "--index", index)

    assert (status, out) == (2, "")
    assert err.startswith("survey-qa: The question ")
    assert len(err) < 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "q", "--index", "nowhere"], "nowhere"),
        (["index", "build", "nowhere"], "nowhere"),
        (["ask", "q", "--llm", "martian"], "martian"),
        (["ask"], "QUESTION"),
        (["ask", "q", "--embeder", "x"], "--embedder"),
        (["serch", "q"], "search"),
        (["search", "q", "-k", "0"], "1"),
        (["eval", "nowhere.jsonl"], "nowhere.jsonl"),
        (["index", "add", "nowhere"], "nowhere"),
    ],
)
def test_wrong_usage_is_told_in_a_few_lines_on_stderr(run, arguments, message):
    status, out, err = run(*arguments)

    assert status in (1, 2)
    assert out == ""
    assert message in err
    assert len(err.splitlines()) <= 4


def test_a_folder_without_documents_cannot_be_indexed(run, tmp_path):
    status, _, err = run("index", "build", tmp_path, "--index", tmp_path / "index")

    assert status == 2
    assert "the folder is empty" in err


def test_searching_gives_the_best_passages_first(run, index):
    _, out, _ = run("search", "Acme tokens", "-k", 2, "--index", index)
    _, as_json, _ = run("search", "Acme tokens", "-k", 2, "--index", index, "--json")

    assert "Pecan" in out.splitlines()[0]
    assert [set(passage) >= {"document", "start", "end", "score"} for passage in json.loads(as_json)["passages"]]
    assert "Acme" in json.loads(as_json)["passages"][0]["text"]


def test_building_tells_what_was_indexed_and_what_was_skipped(run, folder, tmp_path):
    status, out, err = run("index", "build", folder, "--index", tmp_path / "index")

    assert status == 0
    assert "Indexed 2 documents" in out
    assert re.search(r"skipped .*broken\.md: ", err)


def test_building_as_json_names_index_and_skipped_files(run, folder, tmp_path):
    _, out, err = run("index", "build", folder, "--index", tmp_path / "index", "--json")
    result = json.loads(out)

    assert err == ""
    assert result["documents"] == 2
    assert result["index"] == str(tmp_path / "index")
    assert result["skipped"][0]["path"].endswith("broken.md")


def test_an_index_can_be_listed_described_and_verified(run, index):
    _, listed, _ = run("index", "list", "--index", index)
    _, documents, _ = run("index", "list", "--index", index, "--json")
    _, facts, _ = run("index", "info", "--index", index, "--json")
    status, verified, _ = run("index", "verify", "--index", index)

    assert "nuts.md" in listed
    assert {document["id"] for document in json.loads(documents)["documents"]} == {"nuts.md", "胡桃.md"}
    assert json.loads(facts)["documents"] == 2
    assert (status, "as it was written" in verified) == (0, True)


def test_a_damaged_index_does_not_verify(run, folder, tmp_path):
    run("index", "build", folder, "--index", tmp_path / "index")
    largest = max((p for p in (tmp_path / "index").rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)

    status, out, err = run("index", "verify", "--index", tmp_path / "index")

    assert (status, out) == (1, "")
    assert err.startswith("survey-qa: ")


def test_documents_can_be_added_and_removed(run, folder, tmp_path):
    where = ("--index", tmp_path / "index")
    run("index", "build", folder / "nuts.md", *where)

    _, added, _ = run("index", "add", folder / "胡桃.md", *where, "--json")
    status, removed, _ = run("index", "remove", "nuts.md", *where)
    _, documents, _ = run("index", "list", *where, "--json")

    assert json.loads(added)["added"] == ["胡桃.md"]
    assert (status, removed) == (0, "Removed 1 documents; the index holds 1.\n")
    assert [document["id"] for document in json.loads(documents)["documents"]] == ["胡桃.md"]


def test_removing_an_unknown_document_is_wrong_usage(run, index):
    status, _, err = run("index", "remove", "cashew.md", "--index", index)

    assert status == 2
    assert "cashew.md" in err


def test_evaluating_prints_a_table_and_writes_a_report(run, index, tmp_path):
    questions = tmp_path / "gold.jsonl"
    questions.write_text("\n".join(json.dumps(gold) for gold in GOLD))

    status, out, _ = run("eval", questions, "--index", index, "--out", tmp_path / "report.json")

    report = Report.from_dict(json.loads((tmp_path / "report.json").read_text("utf-8")))
    assert status == 0
    assert "answers with the gold" in out
    assert [result.id for result in report.results] == ["a", "b"]


def test_evaluating_against_an_earlier_report_says_what_changed(run, index, tmp_path):
    questions, report = tmp_path / "gold.jsonl", tmp_path / "report.json"
    questions.write_text("\n".join(json.dumps(gold) for gold in GOLD))
    run("eval", questions, "--index", index, "--out", report)

    _, out, err = run("eval", questions, "--index", index, "--against", report)
    _, as_json, _ = run("eval", questions, "--index", index, "--against", report, "--json")

    assert "gained: none" in out
    assert json.loads(as_json)["comparison"]["lost"] == []
    assert err == ""


@pytest.mark.parametrize("content", ["{", "[]", '{"results": [{"id": 1}]}'])
def test_a_report_that_is_none_is_wrong_usage(run, index, tmp_path, content):
    questions, report = tmp_path / "gold.jsonl", tmp_path / "report.json"
    questions.write_text(json.dumps(GOLD[0]))
    report.write_text(content)

    status, out, err = run("eval", questions, "--against", report, "--index", index)

    assert (status, out) == (2, "")
    assert "survey-qa eval" in err


def test_the_doctor_finds_what_is_there_and_says_how_to_get_better_embedders(run, index):
    status, out, _ = run("doctor", "--index", index)

    assert status == 0
    assert "Python: 3." in out
    assert "2 documents" in out
    for model in ("BAAI/bge-m3", "intfloat/multilingual-e5-small", "paraphrase-multilingual-MiniLM-L12-v2"):
        assert f"index build --embedder {model}" in out
    assert "Without a network" in out


def test_the_doctor_fails_where_something_keeps_from_working(run, tmp_path):
    (tmp_path / "file").write_text("")

    status, out, _ = run("doctor", "--index", tmp_path / "nowhere", "--home", tmp_path / "file" / "home", "--json")

    failed = {check["name"] for check in json.loads(out)["checks"] if check["state"] == "fail"}
    assert status == 1
    assert {"home", "index"} <= failed


def test_a_home_that_cannot_be_looked_at_is_told_without_a_crash(run, tmp_path):
    home = tmp_path / ("x" * 300)

    assert run("doctor", "--home", home)[0] == 0
    status, _, err = run("ask", "q", "--home", home)

    assert status == 1
    assert "could not be written" in err
    assert "--home DIR" in err


def test_an_unexpected_error_is_named_without_a_traceback(run, index, monkeypatch):
    monkeypatch.setattr(cli, "open_assistant", lambda *_: 1 / 0)

    status, out, err = run("ask", "q", "--index", index)

    assert (status, out) == (1, "")
    assert "ZeroDivisionError" in err
    assert "SURVEY_QA_DEBUG=1" in err


def test_debugging_shows_the_traceback(capsys, monkeypatch):
    monkeypatch.setenv("SURVEY_QA_DEBUG", "1")
    monkeypatch.setattr(cli, "open_assistant", lambda *_: 1 / 0)

    main(["ask", "q"])

    assert "Traceback" in capsys.readouterr().err


def test_control_characters_of_a_document_do_not_steer_the_terminal(run, tmp_path):
    (tmp_path / "evil.md").write_text(
        "# Evil\n\nCashew-9 has \x1b[2J\x1b]0;owned\x07 nine \u202e layers of Cashew-9.\n", "utf-8"
    )
    run("index", "build", tmp_path / "evil.md", "--index", tmp_path / "index")

    for arguments in (("ask", "How many layers has Cashew-9?"), ("search", "Cashew-9 layers"), ("index", "list")):
        _, out, _ = run(*arguments, "--index", tmp_path / "index")
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", out)


def test_the_version_is_printed(capsys, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1.2.3")

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "survey-qa 1.2.3\n"


def test_a_folder_that_is_not_installed_says_so_in_place_of_a_version(capsys, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)

    assert main(["--version"]) == 0
    assert "not installed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [["ask"], ["chat"], ["search"], ["serve"], ["eval"], ["doctor"], ["index", "build"], ["index", "list"], ["index", "info"],
     ["index", "add"], ["index", "remove"], ["index", "verify"]],
)  # fmt: skip
def test_every_command_explains_itself_with_an_example(command):
    result = CliRunner().invoke(app, [*command, "--help"])

    assert result.exit_code == 0
    assert f"Example: survey-qa {' '.join(command)}" in result.output


def talk(index, text):
    """Run a chat with the given standard input and return exit status, stdout and stderr."""
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}  # the locale must not matter
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "chat", "--index", index],
        input=text.encode(), capture_output=True, cwd=ROOT, env=environment, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def test_a_chat_answers_follow_ups_and_knows_its_commands(index):
    status, out, err = talk(
        index,
        "/help\n/sources\nWhat is Walnut-7B?\nHow much GPU memory does it need?\n/sources\n/clear\n/nonsense\n/exit\n",
    )

    assert status == 0
    assert "/clear     forget the conversation" in out
    assert "6 GB" in out
    assert out.count("“Quantised to INT4") >= 2
    assert "There is no answer yet." in err
    assert "There is no command /nonsense." in err
    assert "Traceback" not in err


def test_a_chat_goes_on_after_a_question_that_cannot_be_asked(index):
    status, out, err = talk(index, "x" * 9_000 + "\n核桃模型量化后要多少显存?\n")

    assert status == 0
    assert "characters" in err
    assert "6 GB" in out


def test_a_chinese_question_is_understood_in_a_locale_without_chinese(index):
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "ui.cli", "ask", "核桃模型量化后要多少显存?", "--index", index]

    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=True, env=environment)

    assert "6 GB" in done.stdout.decode()


def test_usage_names_arguments_as_a_person_would_type_them(run):
    assert "[OPTIONS] [SOURCE]...\n" in run("index", "build", "--help")[1]
    assert "--port N " in run("serve", "--help")[1]


def test_a_reader_that_goes_away_is_no_error(index):
    command = f'"{sys.executable}" -m ui.cli index list --index "{index}" | true'

    done = subprocess.run(["sh", "-c", command], capture_output=True, cwd=ROOT, check=True)

    assert done.stderr == b""


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_ctrl_c_at_the_prompt_ends_at_once_and_quietly(index):
    terminal, inner = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "chat", "--index", index],
        stdin=inner, stdout=inner, stderr=inner, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    os.close(inner)
    shown = b""
    while b"\n> " not in shown.replace(b"\r", b""):
        shown += os.read(terminal, 1_000)

    status = None
    for _ in range(20):  # readline misses a signal that comes between its prompt and its waiting
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(timeout=2)
            break

    assert status == 130
    assert b"Traceback" not in shown + _rest(terminal)


def _rest(terminal):
    """Return what is left to read of a terminal whose program has ended, and close it."""
    try:
        return os.read(terminal, 10_000)
    except OSError:
        return b""
    finally:
        os.close(terminal)


class Interrupted:
    """A conversation whose first answer is interrupted by Ctrl-C and whose second is not."""

    def __init__(self):
        self.history = []
        self.asked = []

    def stream(self, question):
        self.asked.append(question)
        yield f"Half an answer to {question} "
        if len(self.asked) == 1:
            raise KeyboardInterrupt


def test_ctrl_c_while_an_answer_is_written_ends_only_that_answer(monkeypatch, capsys):
    lines = iter(["one", "two", "/exit"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(lines))
    conversation = Interrupted()

    converse(conversation)

    assert conversation.asked == ["one", "two"]
    assert "Half an answer to one \n(stopped)" in capsys.readouterr().out


@pytest.mark.long
def test_serving_says_where_answers_and_ends_with_ctrl_c(index, tmp_path):
    import httpx

    from ui.server import GRACE_SECONDS

    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--no-open", "--index", index, "--home", tmp_path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    address = re.search(r"http://\S+", process.stdout.readline().decode())[0]
    reply = httpx.post(f"{address}api/ask", json={"question": "核桃模型量化后要多少显存?"}, timeout=120).json()
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    assert "6 GB" in reply["answer"]
    assert process.returncode == 130
    assert time.monotonic() - started < GRACE_SECONDS
    assert err == b""


@pytest.mark.long
def test_serving_at_a_taken_port_says_so_before_anything_is_built(run, tmp_path):
    from ui.server import listen

    with listen("127.0.0.1", 0) as taken:
        status, _, err = run("serve", "--port", taken.getsockname()[1], "--no-open")

    assert status == 1
    assert "is taken by another program" in err
    assert not (tmp_path / "home").exists()
