"""Follow-ups folded into stand-alone questions."""

import pytest

from corpus import Document, split
from index import Index
from rag.understanding.following import stand_alone

TEXT = """# Survey

## Heron-2

Heron-2 was built by the Firth Institute and has 48 dishes.

## Egret DB

Egret DB is a key-value store; its traces are called egret-traces-9.

## 青石阵列(QINGSHI)

QINGSHI 由北川大学建成。

## Skua DB

Skua DB was released by Tern Labs.
"""


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(TEXT, id="survey.md")]))


def turns(*texts):
    return [{"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("history", "question", "alone"),
    [
        (
            ("Who built Heron-2?", "The Firth Institute."),
            "How many dishes does it have?",
            "How many dishes does Heron-2 have?",
        ),
        (
            ("Who built Heron-2?", "The Firth Institute."),
            "What are its dishes made of?",
            "What are Heron-2's dishes made of?",
        ),
        (
            ("Who built Heron-2?", "The Firth Institute."),
            "And how many dishes does it have?",
            "How many dishes does Heron-2 have?",
        ),
        (("Who built Heron-2?", "The Firth Institute."), "and Egret DB?", "Who built Egret DB?"),
        (("Who built Heron-2?", "The Firth Institute."), "what about Egret DB", "Who built Egret DB?"),
        (("Heron-2 是谁建的?", "Firth Institute。"), "那它有多少面天线呢?", "Heron-2 有多少面天线呢?"),
        (("Heron-2 是谁建的?", "Firth Institute。"), "那 Egret DB 呢?", "Egret DB 是谁建的?"),
        (("Heron-2 是谁建的?", "Firth Institute。"), "天线直径呢?", "Heron-2 的天线直径呢?"),
        (("Heron-2 是谁建的?", "Firth Institute。"), "谁出的钱?", "Heron-2 是谁出的钱?"),
        (("Heron-2 是谁建的?", "Firth Institute。"), "其中最大的天线有多大?", "Heron-2 里最大的天线有多大?"),
    ],
)
def test_a_follow_up_takes_what_was_talked_about(index, history, question, alone):
    assert stand_alone(question, turns(*history), index) == alone


def test_the_former_and_the_latter_are_told_apart(index):
    history = turns("Compare Heron-2 and Egret DB.", "They differ.")
    assert stand_alone("Who built the former?", history, index) == "Who built Heron-2?"
    assert stand_alone("Who wrote the latter?", history, index) == "Who wrote Egret DB?"


def test_the_previous_one_is_the_name_before_the_last(index):
    history = turns("Who built Heron-2?", "Firth.", "and Egret DB?", "Nobody knows.")
    assert stand_alone("上一个呢?", history, index) == "Who built Heron-2?"


def test_these_may_mean_what_the_last_answer_named(index):
    history = turns("What are the traces of Egret DB called?", "egret-traces-9.")
    assert "egret-traces-9" in stand_alone("How many of these are there?", history, index)


def test_marks_of_an_earlier_answer_are_not_carried_over(index):
    history = turns("Who built Heron-2?", "The Firth Institute [1][2].")
    assert "[1]" not in stand_alone("How tall is it?", history, index)


@pytest.mark.parametrize(
    "question",
    [
        "Who wrote Egret DB?",
        "什么是干涉测量?",
        "What is an interferometer?",
        "为什么射电望远镜总是要建在人烟稀少的地方呢?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(index, question):
    assert stand_alone(question, turns("Who built Heron-2?", "The Firth Institute."), index) == question


def test_without_history_nothing_changes(index):
    assert stand_alone("它有多少面天线?", [], index) == "它有多少面天线?"


def test_a_history_without_names_changes_nothing(index):
    assert stand_alone("How many does it have?", turns("Hello", "Hello!"), index) == "How many does it have?"


def test_a_long_history_does_not_make_a_long_question(index):
    names = " ".join(f"Name-{n}" for n in range(60))
    folded = stand_alone("它有多少面天线?", turns(f"{names} 是什么?", "不知道。"), index)
    assert len(folded) < 120


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("Which of the two is larger?", "Which of Heron-2 and Egret DB is larger?"),
        ("Who paid for the former?", "Who paid for Heron-2?"),
        ("and the latter?", "Who built Egret DB?"),
        ("前者有多少面天线?", "Heron-2 有多少面天线?"),
        ("它们分别是谁做的?", "Heron-2 和 Egret DB 分别是谁做的?"),
    ],
)
def test_two_things_asked_about_one_after_the_other_are_pointed_at_together(index, question, alone):
    history = turns("Who built Heron-2?", "The Firth Institute.", "and Egret DB?", "Nobody knows.")
    assert stand_alone(question, history, index) == alone


def test_a_long_history_is_looked_through_once(index, monkeypatch):
    from rag.understanding import following

    looked = []
    find = following.find_mentions
    monkeypatch.setattr(following, "find_mentions", lambda text, *rest: looked.append(text) or find(text, *rest))
    stand_alone("And its cost?", turns(*(f"Who built Heron-2 in {n % 3}?" for n in range(40))), index)
    assert len(looked) == len(set(looked))


@pytest.mark.parametrize(
    ("history", "question", "alone"),
    [
        (
            ("Which stores are there?", "Egret DB and Skua DB."),
            "Give me the link of the second one.",
            "Give me the link of Skua DB.",
        ),
        (("有哪些数据库?", "- **Egret DB** [1]\n- Skua DB,Heron-2 用它 [2]"), "第二个是谁做的?", "Skua DB 是谁做的?"),
        (("有哪些数据库?", "Egret DB、Heron-2 和 Skua DB。"), "最后一个呢?", "Skua DB 呢?"),
    ],
)
def test_what_is_counted_off_is_found_in_the_list_that_was_the_answer(history, question, alone, index):
    assert stand_alone(question, turns(*history), index) == alone


def test_what_an_answer_does_not_list_cannot_be_counted_off(index):
    asked = turns("Who built Heron-2?", "The Firth Institute.")

    assert "Firth" not in stand_alone("Give me the link of the third one.", asked, index)


@pytest.mark.parametrize(
    ("history", "question", "alone"),
    [
        (("QINGSHI 是谁建的?", "QINGSHI 由北川大学建成。"), "这所大学还建了什么?", "北川大学还建了什么?"),
        (
            ("Who released Skua DB?", "Skua DB was released by Tern Labs."),
            "Where is the company based?",
            "Where is Tern Labs based?",
        ),
    ],
)
def test_the_company_is_the_one_that_the_answer_names_as_maker(history, question, alone, index):
    assert stand_alone(question, turns(*history), index) == alone


@pytest.mark.parametrize(
    ("question", "alone"),
    [
        ("跟 Skua DB 比怎么样?", "Egret DB 跟 Skua DB 比怎么样?"),
        ("比 Skua DB 快吗?", "Egret DB 比 Skua DB 快吗?"),
        ("Faster than Skua DB?", "Egret DB Faster than Skua DB?"),
        ("和 Skua DB 一样开源的有哪些?", "和 Skua DB 一样开源的有哪些?"),
    ],
)
def test_what_is_compared_with_a_name_is_what_was_talked_about(question, alone, index):
    assert stand_alone(question, turns("Egret DB 是什么?", "一种键值存储。"), index) == alone


def test_what_was_asked_is_asked_of_both_where_a_name_is_only_to_be_compared(index):
    one = turns("Egret DB 是谁做的?", "不知道。")
    two = turns("Egret DB 和 Heron-2 哪个更早?", "Heron-2。")

    assert stand_alone("跟 Skua DB 比呢?", one, index) == "Egret DB 和 Skua DB 是谁做的?"
    assert stand_alone("跟 Skua DB 比呢?", two, index) == "Egret DB 和 Skua DB 哪个更早?"
