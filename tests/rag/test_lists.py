"""Questions that need several places, over four documents of other subjects with tables, fields and entries of other shapes."""

import json
from pathlib import Path

import pytest

from corpus import Document, read_folder, split
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


PUMPS = """# Pumps

| Pump | Maker | Year | Flow | Noise | Memory |
| --- | --- | --- | --- | --- | --- |
| Brook | Alder Works | 2019 | 30, 45 or 120 litres | 52 dB | 8 GB |
| Geyser | Tarn Ltd | 2021 | 80 litres | 60 dB | 16 GB |
| Spring | Alder Works | 2022 | 95 litres | 48 dB | 4 GB |

Kelp Labs has tried every pump of this list.
"""


@pytest.fixture(scope="module")
def pumps():
    return Assistant.open(index=Index.build(split([Document.from_text(PUMPS, id="pumps.md", kind="markdown")]))).ask


def names(answer):
    return [MARK.sub("", line).removeprefix("- ").split(" · ")[0] for line in answer.text.splitlines() if line]


def test_an_amount_between_two_others_is_one_amount_of_the_cell(pumps):
    assert names(pumps("Which pumps have a flow between 70 and 100 litres?")) == ["Geyser", "Spring"]


def test_both_ends_of_a_scale_are_told_where_both_are_asked_for(pumps):
    assert names(pumps("Which pump is the quietest, and which is the loudest?")) == ["Spring", "Geyser"]


def test_an_extreme_is_looked_for_among_what_fits(pumps):
    assert names(pumps("Which pump by Alder Works with at least 8 GB of memory is the quietest?")) == ["Brook"]


def test_what_a_name_made_is_refused_where_nobody_says_that_it_made_anything(pumps):
    assert not pumps("Which pumps were released by Kelp Labs?").found


def test_a_list_of_one_year_takes_nothing_in_from_elsewhere(pumps):
    assert names(pumps("Which pumps did Alder Works release in 2022?")) == ["Spring"]


def test_a_column_in_the_other_language_is_found(pumps):
    assert names(pumps("哪台 pump 内存最大?")) == ["Geyser"]
