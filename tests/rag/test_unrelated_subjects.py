"""Questions that something unrelated in the documents could answer: another topic, another table, another noun."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.understanding.following import stand_alone

FARM = """# 松溪牧场手册

## 牧场

松溪牧场有 85 名工人,占地 600 亩。牧场有 9 台挤奶机。
"""

VALLEY = """# Hazel Pass guide

## Hazel Pass

Hazel Pass is a road in the north. The road over Hazel Pass is 6.4 km long and was built in 1931.

## Instruments

The network has 27 pressure gauges, all read by radio.

| Station | Height |
|---|---|
| Ash | 300 m |
| Birch | 450 m |
| Cedar | 700 m |

## MistralNet

MistralNet is a wind model with 300 million parameters, released by Larch Labs. It was trained for 12 days.
"""

TURNS = [
    {"role": "user", "content": "Who released MistralNet?"},
    {"role": "assistant", "content": "Larch Labs released MistralNet."},
]


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(FARM, id="farm.md"), Document.from_text(VALLEY, id="valley.md")]))


@pytest.fixture(scope="module")
def ask(index):
    return Assistant.open(index=index).ask


@pytest.mark.parametrize("question", ["松溪牧场有多少工人？", "牧场的面积是多少?"])
def test_a_question_with_a_subject_of_its_own_is_not_folded(index, question):
    assert stand_alone(question, TURNS, index) == question


@pytest.mark.parametrize(
    "question", ["有多少参数?", "代码放在哪了?", "那它的参数量呢?", "and who made it?", "参数有多少?", "作者是谁?"]
)
def test_a_question_without_a_subject_is_still_folded(index, question):
    assert "MistralNet" in stand_alone(question, TURNS, index)


def test_rows_of_a_table_that_lists_something_else_are_not_counted(ask):
    text = ask("How many pressure gauges are there?").text
    assert "27" in text
    assert "3 entries" not in text


def test_rows_are_counted_by_the_header_of_their_first_column(ask):
    assert "3 entries" in ask("How many stations are there?").text


@pytest.mark.parametrize("question", ["How long is Hazel Pass?", "Hazel Pass 有多长?"])
def test_how_long_may_ask_for_a_length(ask, question):
    assert "6.4 km" in ask(question).text


def test_how_long_may_ask_for_a_time(ask):
    assert "12 days" in ask("How long was MistralNet trained?").text


def test_counting_what_no_document_mentions_is_refused(ask):
    assert not ask("牧场有多少台拖拉机?").found
    assert "9" in ask("牧场有多少台挤奶机?").text
