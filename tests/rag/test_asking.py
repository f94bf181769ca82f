"""How people ask: courtesies around a question, and questions for a way, for steps and for an opinion."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.understanding.courtesy import without_courtesy
from rag.understanding.grammar import kind_of
from rag.understanding.questions import understand

TEXT = (
    "Heron-2 是北川大学建成的射电望远镜，有 48 面天线。校准 Heron-2 时先关掉接收机，再对准已知的射电源，最后记录偏差。"
    "Heron-2 每年检修一次。Heron-2 的数据对所有人公开，校准数据也公开。"
)


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("你好，我最近在学习天文，想请教一下，Heron-2 有多少面天线呢？谢谢", "Heron-2 有多少面天线呢？"),
        ("麻烦您帮我查一下,Heron-2 的造价是多少?感激不尽", "Heron-2 的造价是多少?"),
        ("能告诉我 Heron-2 有多少面天线吗?", "Heron-2 有多少面天线?"),
        ("Hello, I'm a student of astronomy. What is the aperture of Heron-2?", "What is the aperture of Heron-2?"),
        ("Could you please tell me how many antennas it has? Thanks a lot.", "how many antennas it has?"),
    ],
)
def test_courtesies_around_a_question_are_left_out(question, left):
    assert without_courtesy(question) == left


@pytest.mark.parametrize(
    "question",
    [
        "Heron-2, Egret 和 Stork 哪个大?",
        "想要在家里看到土星环需要多大的口径?",
        "I have read about Heron-2, how many antennas does it have?",
        "Could you tell me about Heron?",
        "谢谢",
        "你好",
        "When was it built, and by whom?",
    ],
)
def test_what_may_belong_to_the_question_stays(question):
    assert without_courtesy(question) == question


def test_a_long_polite_question_is_answered_like_a_short_one():
    assistant = Assistant.open(index=Index.build(split([Document.from_text(TEXT, id="heron.md")])))
    polite = "您好，不好意思打扰了，我是刚入门的学生，想请教一下，Heron-2 一共有多少面天线？非常感谢！"
    assert assistant.ask(polite).text == assistant.ask("Heron-2 一共有多少面天线？").text
    assert "48" in assistant.ask(polite).text


@pytest.mark.parametrize("question", ["校准 Heron-2 分几步?", "Heron-2 怎么校准?"])
def test_steps_and_ways_are_answered_by_the_sentence_that_tells_them(question):
    assistant = Assistant.open(index=Index.build(split([Document.from_text(TEXT, id="heron.md")])))
    assert "先关掉接收机" in assistant.ask(question).text.splitlines()[0]


def test_how_two_things_differ_asks_for_no_way_of_doing_something():
    index = Index.build(split([Document.from_text("Heron has one dish. Stork has two dishes.", id="a")]))
    assert understand("How do Heron and Stork differ?", index).kind != "method"
    assert understand("How is Heron calibrated?", index).kind == "method"


@pytest.mark.parametrize("question", ["怎么看待折反射望远镜?", "对折反射望远镜怎么评价?", "折反射望远镜的前景如何?"])
def test_an_opinion_is_answered_by_the_sentence_that_holds_one(question):
    text = (
        "折反射望远镜有一块改正镜。折反射望远镜在 1930 年出现。折反射望远镜的镜筒很短。"
        "我不看好折反射望远镜：造价高，冷却又慢。折反射望远镜常见于小城。"
    )
    assistant = Assistant.open(index=Index.build(split([Document.from_text(text, id="a")])))
    assert "不看好" in assistant.ask(question).text.splitlines()[0]


@pytest.mark.parametrize(
    "question",
    ["What is the outlook for Heron?", "What does the author think of Heron?", "作者对 Heron 的评价是什么态度?"],
)
def test_a_question_for_an_opinion_is_known(question):
    assert kind_of(question) == "opinion"
