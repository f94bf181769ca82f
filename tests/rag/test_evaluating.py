"""The measuring of answers: gold comparison, refusals, evidence, citations, reports."""

import json

import pytest

from corpus.documents import Document, Passage
from corpus.errors import UsageError
from index.hits import Hit
from rag.answers import Answer, Citation
from rag.evaluating import (
    GoldQuestion,
    Report,
    clip_columns,
    compare,
    evaluate,
    judge,
    load_questions,
    satisfied,
)

DOCUMENT = Document("d", "Kestrel stores rows. Kestrel holds 40 tables.", title="Databases")


def gold(**changes):
    values = {
        "id": "q1",
        "category": "fact",
        "lang": "en",
        "question": "How many tables?",
        "must_contain": (("40",),),
        "evidence": ("Kestrel holds 40 tables",),
        "answerable": True,
    }
    return GoldQuestion(**(values | changes))


def answer(text="Kestrel holds 40 tables. [1]", *, found=True, quote="Kestrel holds 40 tables.", passages=((21, 45),)):
    citation = Citation(1, "d", "Databases", "", quote, 21, 45)
    hits = tuple(Hit(Passage(DOCUMENT, start, end), 1.0) for start, end in passages)
    return Answer("How many tables?", text, found, (citation,) if found else (), hits)


class Scripted:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.histories = []

    def ask(self, question, history=()):
        self.histories.append(tuple(history))
        return self.answers.pop(0)


def test_an_answer_is_right_when_it_holds_one_alternative_of_every_group():
    assert satisfied("ＧＰＴ-3 有 175 B 参数", [["175B", "1750亿"], ["gpt-3"]])
    assert not satisfied("GPT-3", [["175B"], ["GPT-3"]])


def test_a_mark_never_stands_in_for_a_number():
    assert not judge(gold(must_contain=(("7",),)), answer("It holds tables. [7]")).correct


def test_only_the_first_400_chinese_characters_count():
    assert clip_columns("字" * 500) == "字" * 400
    assert not judge(gold(), answer("字" * 400 + "40")).correct


def test_a_refusal_is_wrong_for_an_answerable_question_even_if_it_names_the_gold():
    result = judge(gold(), answer("The documents do not say 40.", found=False))
    assert result.refused
    assert not result.correct


def test_a_refusal_is_right_for_an_unanswerable_question():
    unanswerable = gold(answerable=False, must_contain=(), evidence=())
    assert judge(unanswerable, answer("Nothing.", found=False)).correct
    assert not judge(unanswerable, answer()).correct


def test_evidence_is_ranked_by_the_first_passage_that_holds_it():
    result = judge(gold(), answer(passages=((0, 20), (21, 45))))
    assert result.evidence_rank == 2
    assert result.evidence_in_window


def test_evidence_beyond_the_window_does_not_count():
    long = Document("l", "x" * 2_400 + "Kestrel holds 40 tables")
    far = Answer("q", "40", True, (), (Hit(Passage(long, 0, len(long.text)), 1.0),))
    result = judge(gold(), far)
    assert result.evidence_rank == 1
    assert not result.evidence_in_window


def test_a_citation_supports_when_its_quote_holds_the_gold():
    assert judge(gold(), answer()).supporting == 1
    assert judge(gold(), answer(quote="Kestrel stores rows.")).supporting == 0


def test_evaluate_passes_the_history_and_reports_progress():
    turns = ({"role": "user", "content": "Kestrel?"}, {"role": "assistant", "content": "A database."})
    assistant, seen = Scripted(answer(), answer()), []
    report = evaluate(
        assistant, [gold(), gold(id="q2", history=turns)], progress=lambda done, all_: seen.append((done, all_))
    )
    assert assistant.histories == [(), turns]
    assert seen == [(1, 2), (2, 2)]
    assert report.estimates()["accuracy"].value == 1.0
    assert 0 < report.latencies()["total"]["p50"] <= report.latencies()["total"]["p95"]


def test_figures_come_by_category_and_language_with_intervals():
    questions = [gold(), gold(id="q2", category="list", lang="zh")]
    report = evaluate(Scripted(answer(), answer("none")), questions)
    assert report.by("category")["fact"]["accuracy"].value == 1.0
    assert report.by("lang")["zh"]["accuracy"].value == 0.0
    overall = report.estimates()["accuracy"]
    assert overall.low <= overall.value <= overall.high


def test_a_report_survives_its_json():
    report = evaluate(Scripted(answer()), [gold()])
    again = Report.from_dict(json.loads(json.dumps(report.to_dict())))
    assert again.results[0].id == "q1"
    assert again.estimates() == report.estimates()


def test_a_comparison_names_what_was_gained_and_lost():
    earlier = evaluate(Scripted(answer(), answer("no")), [gold(), gold(id="q2")])
    now = evaluate(Scripted(answer("no"), answer(), answer()), [gold(), gold(id="q2"), gold(id="q3")])
    difference = compare(now, earlier)
    assert (difference.gained, difference.lost, difference.missing) == (("q2",), ("q1",), ("q3",))
    assert difference.changes["accuracy"] == (0.5, 0.5)


def test_a_file_of_questions_is_read(tmp_path):
    path = tmp_path / "q.jsonl"
    line = {"id": "a", "question": "几张表?", "must_contain": [["40"]], "evidence": [{"doc": "d", "text": "40 tables"}]}
    path.write_text(json.dumps(line, ensure_ascii=False) + "\n\n", "utf-8")
    (question,) = load_questions(path)
    assert question.evidence == ("40 tables",)
    assert question.answerable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no question"),
        (b"{", r"q\.jsonl:1 is not a question"),
        (b'{"id": "a"}', r"it has no 'question'.*at least id, question"),
        (b'"just text"', "is not a question"),
        (b"\xff\xfe\x00", "cannot be read as UTF-8"),
    ],
)
def test_a_bad_question_file_is_refused_with_the_place(tmp_path, content, message):
    path = tmp_path / "q.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        load_questions(path)


def test_a_missing_question_file_says_what_to_give(tmp_path):
    with pytest.raises(UsageError, match="There is no question file"):
        load_questions(tmp_path / "none.jsonl")


def test_a_file_that_is_no_report_is_refused():
    with pytest.raises(UsageError, match="no report of `survey-qa eval`"):
        Report.from_dict({"results": [{"id": "a"}]})
