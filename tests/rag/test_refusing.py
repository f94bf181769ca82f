"""Refusing: when no passage speaks of what is named and of what is asked, and never otherwise."""

import re

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.extractive import read
from rag.reading.packing import pack
from rag.refusals.evidence import weigh
from rag.refusals.refusing import decide, nothing_said, refusal_text, searched
from rag.understanding.questions import understand

TEXT = """# 数据库与望远镜

## TideDB

TideDB(潮汐库)是海洋研究所于 2016 年发布的键值数据库,代码约 30 万行。它用日志合并树存储数据,许可证为 MIT。

## Granite

Granite 是 Basalt Labs 开发的列式数据库。它每 15 分钟压缩一次日志。代码:https://github.com/basalt/granite

## Heron-2

Heron-2 是北川大学建成的射电望远镜,有 48 面天线,造价 3000 万美元。

## 缓存与索引

数据库的缓存大小决定读取速度。望远镜的天线越多,分辨率越高。
"""


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(TEXT, id="survey.md")]))


@pytest.fixture(scope="module")
def ask(index):
    def refusal_of(text):
        question = understand(text, index)
        packed = pack(question, index.search(text, 20), index)
        return question, decide(question, packed, read(question, packed, index), index).refusal

    return refusal_of


@pytest.mark.parametrize(
    "question",
    [
        "TideDB 的代码有多少行?",
        "潮汐库是谁发布的?",
        "tidedb 的许可证是什么?",
        "Granite 多久压缩一次日志?",
        "How many antennas does Heron-2 have?",
        "Heron-2 花了多少钱?",
        "Granite 的代码在哪里?",
        "天线多对望远镜有什么好处?",
        "TideDB 和 Granite 分别是谁做的?",
    ],
)
def test_what_the_documents_say_is_answered(ask, question):
    assert ask(question)[1] is None


@pytest.mark.parametrize(
    "question", ["CoralDB 有多少行代码?", "Heron-3 有多少面天线?", "Who released QuartzDB 9?", "Heron-2X 是谁建的?"]
)
def test_a_name_that_no_document_holds_is_refused(ask, question):
    refusal = ask(question)[1]
    assert refusal is not None
    assert refusal.reason == "unknown_name"


@pytest.mark.parametrize(
    "question",
    [
        "TideDB 的缓存有多少兆?",
        "Granite 有多少行代码?",
        "Heron-2 的天线有多重?",
        "How much does Granite cost?",
        "Granite 是什么时候发布的?",
        "TideDB 的代码仓库在哪里?",
        "Heron-2 用什么减速器?",
    ],
)
def test_a_known_name_with_something_unsaid_is_refused(ask, question):
    assert ask(question)[1] is not None


@pytest.mark.parametrize("question", ["红烧排骨要炖多久?", "明晚谁踢决赛?", "How do volcanoes erupt?"])
def test_another_subject_is_refused(ask, question):
    assert ask(question)[1] is not None


def test_an_empty_draft_is_refused(index):
    question = understand("TideDB 是什么?", index)
    assert decide(question, [], Draft(), index).refusal.reason == "nothing_found"


def test_a_refusal_says_what_was_looked_for_and_shows_the_nearest(ask):
    question, refusal = ask("TideDB 的缓存有多少兆?")
    assert "TideDB" in refusal_text(refusal, question)
    assert 1 <= len(refusal.nearest) <= 3


def test_a_refusal_is_in_the_language_of_the_question(ask):
    question, refusal = ask("CoralDB 有多少行代码?")
    assert refusal_text(refusal, question).startswith("资料里没有")
    question, refusal = ask("How many lines of code does CoralDB have?")
    assert refusal_text(refusal, question).startswith("The documents do not mention CoralDB")


def test_a_refusal_holds_no_value_that_could_pass_for_an_answer(ask):
    question, refusal = ask("Heron-2 的天线有多重?")
    text = refusal_text(refusal, question).replace("Heron-2", "")
    assert not re.search(r"\d", text)


def test_a_model_that_found_nothing_can_be_told_the_same_way(index):
    question = understand("What is the mass of the antennas?", index)
    assert refusal_text(nothing_said(question, []), question).startswith("The documents do not say")


def test_evidence_runs_from_nothing_to_all_of_the_question(index):
    def of(text):
        question = understand(text, index)
        packed = pack(question, index.search(text, 20), index)
        return weigh(question, packed, read(question, packed, index), index).together

    assert of("TideDB 的许可证是什么?") > 0.9
    assert of("Heron-2 的天线有多重?") < of("Heron-2 有多少面天线?")
    assert 0 <= of("红烧排骨要炖多久?") < 0.2


def _evidence(text, index):
    question = understand(text, index)
    packed = pack(question, index.search(text, 20), index)
    return weigh(question, packed, read(question, packed, index), index)


def test_names_that_no_piece_has_together_speak_against_an_answer(index):
    assert _evidence("TideDB 的许可证是什么?", index).beside == 1.0
    assert _evidence("Heron-2 用 TideDB 存了多少数据?", index).beside < 0.8


def test_a_comparison_needs_no_piece_with_both_names(index):
    evidence = _evidence("TideDB 和 Granite 哪个压缩日志更快?", index)
    assert evidence.beside == 1.0
    assert evidence.named > 0.5


def test_a_draft_that_says_nothing_of_a_name_tells_so(index):
    question = understand("Granite 是什么?", index)
    packed = pack(question, index.search(question.text, 20), index)
    source = Span(packed[0].passage.document, 0, 8)
    draft = Draft((Statement("天线越多,分辨率越高。", (source,)),))
    assert weigh(question, packed, draft, index).named == 0.0


def test_a_name_spelled_like_one_that_is_held_is_offered(ask):
    question, refusal = ask("Heron-3 有多少面天线?")
    assert "Heron-2" in refusal.meant
    assert "您是不是要问" in refusal_text(refusal, question)


def test_a_refusal_says_what_the_documents_do_tell_of_a_name():
    text = "# Towers\n\n| Tower | Builder | Height |\n|---|---|---|\n| KL-7 | Penn Works | 90 m |\n"
    index = Index.build(split([Document.from_text(text, id="t.md")]))
    question = understand("How many elevators does KL-7 have?", index)
    packed = pack(question, index.search(question.text, 20), index)
    refusal = decide(question, packed, read(question, packed, index), index).refusal
    assert {"Builder", "Height"} <= set(refusal.told)
    assert "90" not in refusal_text(refusal, question)


def test_what_was_searched_is_said_in_the_questions_language(index):
    assert "全部段落" in searched(understand("潮汐库是什么?", index), index)
    assert "passages of the index" in searched(understand("What is it?", index), index)


def test_a_name_that_is_written_otherwise_in_the_documents_language_is_not_refused_for_its_letters():
    text = "# 城市\n\n巴黎是法国的首都,人口约二百一十万。埃菲尔铁塔建于 1889 年,高 330 米。"
    index = Index.build(split([Document.from_text(text, id="city.md")]))
    question = understand("How high is the Eiffel Tower XXIII in metres?", index)
    packed = pack(question, index.search(question.text, 20), index)
    refusal = decide(question, packed, read(question, packed, index), index).refusal
    assert refusal is None or refusal.reason != "unknown_name"


@pytest.mark.parametrize("question", ["你是谁?", "1+1等于几?", "Who are you?", "1 + 1 = ?"])
def test_a_question_that_names_nothing_to_look_for_is_refused(question):
    index = Index.build(
        split([Document.from_text("Heron-2 是谁的? 你说 11 面天线。Who is it? You are 1 of 11.", id="a.md")])
    )
    assert not Assistant.open(index=index).ask(question).found


def test_a_question_whose_only_name_no_document_has_is_refused_whatever_else_they_say():
    text = "The company Firth made Heron-2. Another company, Lorne Works, made Egret DB."
    index = Index.build(split([Document.from_text(text, id="a.md")]))
    answer = Assistant.open(index=index).ask("Which company made Wexford?")
    assert (answer.found, "Wexford" in answer.text) == (False, True)


@pytest.fixture(scope="module")
def boats():
    text = (
        "# Ferries\n\n| Ferry | Builder | Launched | Language of signs |\n|---|---|---|---|\n"
        "| Tern | Ostby Yard | 2004 | Danish language |\n| Plover | Ostby Yard | 2011 | Swedish language |\n"
        "| Dunlin | Lorne Works | 2015 | Danish language |\n\n"
        "The pilots of the Tern drink the tea of Kirk Mills. The first two of the new ferries took one time.\n"
    )
    return Assistant.open(index=Index.build(split([Document.from_text(text, id="boats.md")])))


def test_a_year_that_no_document_has_is_named_in_the_refusal(boats):
    answer = boats.ask("Which ferries did Ostby Yard launch in 1931?")
    assert (answer.found, "1931" in answer.text) == (False, True)
    assert boats.ask("Which ferries did Ostby Yard launch in 2011?").found


def test_a_list_whose_condition_no_row_and_no_sentence_meets_is_refused(boats):
    assert not boats.ask("Which ferries were built by Kirk Mills?").found
    assert boats.ask("Which ferries were built by Lorne Works?").found


def test_half_a_translation_is_no_condition_that_a_row_meets(boats):
    assert not boats.ask("哪些渡轮使用藏语?").found


def test_years_that_stand_nowhere_around_what_is_told_are_counted(boats):
    assert _evidence("Who built the Tern in 2004?", boats.index).undated == 0.0
    assert _evidence("Who built the Tern in 1987?", boats.index).undated == 1.0


def test_a_word_that_only_says_a_size_is_told_by_one():
    text = "# Engines\n\nWaxwing has 70B of them and runs on two cards. The other one is new and has more time.\n"
    index = Index.build(split([Document.from_text(text, id="e.md")]))
    evidence = _evidence("How many params does Waxwing have?", index)
    assert (evidence.absent, evidence.passage) == (0.0, 1.0)


def test_a_plural_acronym_is_the_name_itself():
    index = Index.build(split([Document.from_text("Waxwing ran on one QPU for a day.", id="q.md")]))
    assert understand("Did Waxwing run on QPUs?", index).names == ("Waxwing", "QPU")
