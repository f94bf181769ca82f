import json

from ui.feedback import Feedback
from ui.handlers import Source, Turn


def test_a_verdict_is_kept_with_question_answer_quotes_and_reason(tmp_path):
    turn = Turn("q\ud800", "a [1]", "answered", (Source(1, "d.md", "D", "", "the quote"),), verdict="disliked")
    feedback = Feedback(tmp_path / "feedback.jsonl")

    feedback.note(turn, " wrong number ")
    feedback.note(Turn("q2"), "")

    first, second = map(json.loads, (tmp_path / "feedback.jsonl").read_text("utf-8").splitlines())
    assert (first["verdict"], first["reason"], first["question"]) == ("disliked", "wrong number", "q?")
    assert first["cited"] == [{"document": "d.md", "quote": "the quote"}]
    assert second["verdict"] == "taken back"
    assert (tmp_path / "feedback.jsonl").stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_written_costs_a_line_in_the_log_only(tmp_path, caplog):
    Feedback(tmp_path / "missing" / "feedback.jsonl").note(Turn("q", verdict="liked"))

    assert "could not be written" in caplog.text
