"""``survey-qa llm``: what a person types and reads."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from ui.cli import main


@pytest.fixture
def server():
    """The fake OpenAI server of the tests of answering."""
    path = Path(__file__).parents[1] / "rag" / "fake_openai.py"
    spec = importlib.util.spec_from_file_location("fake_openai_for_ui", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.serve() as fake:
        fake.answer = "It is 41 metres tall [1]."
        yield fake


def test_check_tells_what_works(server, capsys):
    assert main(["llm", "check", "openai:good", "--llm-base-url", server.url]) == 0
    shown = capsys.readouterr().out
    assert "answered 'It is 41 metres tall [1].'" in shown
    assert "known answer: it read the passage" in shown


def test_check_prints_one_json_document(server, capsys):
    assert main(["llm", "check", "openai:good", "--llm-base-url", server.url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["knows"], found["cites"], found["context_length"]) == (True, True, 8_192)


def test_check_fails_where_the_model_does_not_answer(server, capsys):
    assert main(["llm", "check", "openai:404", "--llm-base-url", server.url]) == 1
    shown = capsys.readouterr().out
    assert "Check the model's name" in shown
    assert "Use it" not in shown


def test_converting_runs_no_foreign_code_unless_told_to(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"model_type": "chatglm"}')
    (tmp_path / "modeling.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert main(["llm", "convert", str(tmp_path), "--out", str(tmp_path / "out.bin")]) == 2
    assert "modeling.py" in (message := capsys.readouterr().err)
    assert "--run-remote-code" in message
    assert not (tmp_path / "ran").exists()


def test_a_directory_that_is_no_chatglm_is_not_converted(tmp_path, capsys):
    assert main(["llm", "convert", str(tmp_path), "--out", "out.bin", "--run-remote-code"]) == 1
    assert "model_type chatglm was expected" in capsys.readouterr().err


def test_a_type_that_there_is_not_is_wrong_usage(tmp_path, capsys):
    assert main(["llm", "convert", str(tmp_path), "--out", "out.bin", "--type", "q3"]) == 2
    assert "q4_0" in capsys.readouterr().err
