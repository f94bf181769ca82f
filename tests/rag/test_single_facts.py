"""Single facts asked as people ask them, over two surveys of other fields: what is quoted first answers."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.understanding.mentions import MOST_NAMES
from rag.understanding.questions import MOST_NEEDLES, understand
from rag.understanding.rewording import reworded

BATTERIES = """# A survey of grid batteries

## Introduction

A flow battery stores energy in two liquid electrolytes that are pumped past a membrane. Lithium iron phosphate (LFP) is a cathode material that contains no cobalt. State of charge, SoC for short, is the share of the capacity that is still left in a cell.

Calendar ageing means the loss of capacity while a cell is not used at all.

## Projects

### Hornsea Bank

Hornsea Bank was built by Orlund Energy and opened in March 2019. Its founder, Mary Tallis, had worked for a shipping company before. It holds 196 MWh and cost 84 million pounds. Because the site had been a coal plant, the grid connection was already there. Hornsea Bank cannot be used for black starts.

The bank was extended in 2021 so that it could serve two counties. About 12% of its energy is lost on a round trip.

### Kestrel-2

Kestrel-2 is a vanadium flow battery from Vanderlay in Rotterdam. Its electrolyte lasts 25 years. Kestrel-2 is licensed for commercial use, and its drawings are open. The firmware of Kestrel-2 is written in Rust. Vanderlay was founded by Piet Aalders in 2004.

Kestrel-3, which is based on Kestrel-2, is not for sale and may not be used commercially.

### Saltpan

Saltpan is a sodium-ion system. It works down to -30 degrees Celsius. It was trained on data of nine winters to predict demand. Why does Saltpan need no cooling? Sodium cells keep working at high temperatures, therefore the designers left out the fans.

| Battery | Maker | Energy (MWh) | Cost per kWh | Open drawings |
| --- | --- | --- | --- | --- |
| Hornsea Bank | Orlund Energy | 196 | $310 | no |
| Kestrel-2 | Vanderlay | 40 | $420 | yes |
| Saltpan | Brine Labs | 12 | $190 | no |

## Safety

In 2020 a fire destroyed 3 of the 14 containers at Moss Hill. The fire was caused by a leaking coolant pipe. Nobody was hurt, but the insurer paid $2.3 million.

The largest project in Europe is Hornsea Bank. The first flow battery was demonstrated in 1884 by Charles Renard, who used it in an airship.
"""

DATABASES = """# 数据库系统小调研

## 基本概念

写前日志（WAL）是指在修改数据页之前先把改动写进日志的做法。

- 检查点：把内存里的脏页写回磁盘的一次操作，用来缩短恢复时间。
- 快照隔离：每个事务只看到它开始那一刻的数据。

所谓列存，就是把同一列的值放在一起存放。

## 系统

### TideDB

TideDB 是海洋研究所在 2016 年发布的开源时序数据库，用 Rust 写成。TideDB 的创始人是周明远，他此前在气象局工作了十年。TideDB 可以商用，采用 Apache 2.0 许可。因为传感器的数据只增不改，TideDB 去掉了行锁。它的写入速度是每秒 120 万个点，压缩以后数据只占原来的 8%。

TideDB 不支持中文分词。

### TideDB-Lite

TideDB-Lite 由 TideDB 精简而来，只能用于教学，不能商用。安装包只有 6MB。

### 磐石

磐石（Panshi）由磐石科技研发，2019 年 5 月上线。磐石最多支持 128 个节点，研发花了 3000 万元，用了 4 年。磐石的第三版重写了优化器，原因是旧的优化器遇到 20 张表以上的连接就会超时。

磐石没有开放源代码。

| 系统 | 机构 | 许可 | 节点上限 | 首发 |
| --- | --- | --- | --- | --- |
| TideDB | 海洋研究所 | Apache 2.0 | 32 | 2016 |
| TideDB-Lite | 海洋研究所 | 仅教学 | 1 | 2018 |
| 磐石 | 磐石科技 | 商业许可 | 128 | 2019 |

## 趋势

调研者认为，未来三年列存会成为默认选择。最早提出列存的是 1985 年的一篇论文，作者是 Copeland 和 Khoshafian。
"""


@pytest.fixture(scope="module")
def batteries():
    document = Document.from_text(BATTERIES, id="batteries.md", metadata={"author": "Nora Feld"})
    return Assistant.open(index=Index.build(split([document])))


@pytest.fixture(scope="module")
def databases():
    return Assistant.open(index=Index.build(split([Document.from_text(DATABASES, id="databases.md")])))


def first_statement(assistant, question):
    return assistant.ask(question).text.split("\n")[0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is a flow battery?", "A flow battery stores"),
        ("what does calendar ageing mean?", "Calendar ageing means"),
        ("Define LFP", "is a cathode material"),
    ],
)
def test_a_definition_is_quoted_first(batteries, question, expected):
    assert expected in first_statement(batteries, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("什么是写前日志?", "是指在修改数据页之前"),
        ("WAL 是什么?", "是指在修改数据页之前"),
        ("检查点是什么意思?", "脏页"),
        ("列存是什么?", "同一列的值"),
        ("快照隔离的含义?", "开始那一刻"),
    ],
)
def test_a_chinese_definition_is_quoted_first(databases, question, expected):
    assert expected in first_statement(databases, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who founded Vanderlay?", "Piet Aalders"),
        ("Who is the founder of Hornsea Bank?", "Mary Tallis"),
        ("When did Hornsea Bank open?", "March 2019"),
        ("How much did Hornsea Bank cost?", "84 million"),
        ("What share of the energy is lost on a round trip?", "12%"),
        ("How many containers were destroyed at Moss Hill?", "3 of the 14"),
        ("How many winters of data was Saltpan trained on?", "nine winters"),
        ("How long does the electrolyte of Kestrel-2 last?", "25 years"),
        ("What caused the fire at Moss Hill?", "coolant pipe"),
        ("Why does Saltpan have no fans?", "high temperatures"),
    ],
)
def test_a_fact_in_english_is_quoted_first(batteries, question, expected):
    assert expected in first_statement(batteries, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("TideDB 的创始人是谁?", "周明远"),
        ("TideDB 为什么去掉了行锁?", "只增不改"),
        ("磐石什么时候上线?", "2019 年 5 月"),
        ("磐石的研发成本是多少?", "3000 万"),
        ("磐石研发用了多久?", "4 年"),
        ("tidedb 写入速度有多快?", "120 万"),
        ("TideDB 压缩后占原来的百分之几?", "8%"),
        ("TideDB-Lite 的安装包多大?", "6MB"),
        ("ＴｉｄｅＤＢ－Ｌｉｔｅ 的安装包多大?", "6MB"),
        ("How many nodes does Panshi support?", "128"),
    ],
)
def test_a_fact_in_chinese_is_quoted_first(databases, question, expected):
    assert expected in first_statement(databases, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("TideDB 可以商用吗?", "可以商用"),
        ("TideDB-Lite 可以商用吗?", "不能商用"),
        ("TideDB 支持中文分词吗?", "不支持中文分词"),
    ],
)
def test_whether_something_holds_is_told_of_the_very_thing(databases, question, expected):
    assert expected in first_statement(databases, question)


@pytest.mark.parametrize("question", ["What is Kestrel-9?", "Kestrel-9 是什么?"])
def test_another_version_is_not_described_by_its_neighbours(batteries, question):
    assert not batteries.ask(question).found


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("horsea", "Hornsea"), ("kestral-2", "Kestrel-2"), ("saltpann", "Saltpan"), ("vanderley", "Vanderlay")],
)
def test_a_name_typed_wrong_in_lower_case_is_understood(batteries, typed, meant):
    understood = understand(f"how old is {typed}", batteries.index)
    assert [name.lower() for name in understood.names] == [meant.lower()]


def test_a_name_typed_wrong_is_searched_as_it_is_meant(databases):
    assert "海洋研究所" in first_statement(databases, "TiedDB 是谁发布的?")


@pytest.mark.parametrize("word", ["opend", "batery", "electrolite"])
def test_a_common_word_typed_wrong_is_no_name(batteries, word):
    assert understand(f"when was it {word}", batteries.index).names == ()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("谁创立了 TideDB?", "周明远"),
        ("Who founded TideDB?", "周明远"),
        ("磐石开源吗?", "没有开放源代码"),
    ],
)
def test_other_words_for_the_same_are_understood(databases, question, expected):
    assert expected in first_statement(databases, question)


def test_the_field_that_is_named_after_what_is_asked_is_quoted_first():
    text = "# Deep wells\n\nThe paper on deep wells was much praised.\n\n- 作者 / Authors: A. Moreau, B. Sato\n- 年份 / Year: 1998\n"
    wells = Assistant.open(index=Index.build(split([Document.from_text(text, id="deep-wells.md")])))
    assert "A. Moreau" in first_statement(wells, "Who wrote the paper on deep wells?")
    assert "1998" in first_statement(wells, "When was the paper on deep wells published?")


def test_a_number_that_is_stated_is_not_counted_anew(batteries):
    assert "3 of the 14" in first_statement(batteries, "How many containers of Moss Hill were destroyed?")
    assert "196" in first_statement(batteries, "How many MWh does Hornsea Bank hold?")


@pytest.mark.parametrize("question", ["TideDB " * 1_000, "".join(f"Model-{n}B " for n in range(900)), "磐石" * 4_000])
def test_a_very_long_question_looks_up_few_names(databases, question):
    understood = understand(question[:8_000], databases.index)
    assert len(understood.mentions) <= 2 * MOST_NAMES
    assert len(understood.needles) <= MOST_NEEDLES


def test_a_name_that_is_repeated_is_one_name_and_no_other_word(databases):
    understood = understand("TideDB 比 TideDB-Lite 大吗? TideDB 有多大?", databases.index)
    assert understood.names == ("TideDB", "TideDB-Lite")
    assert not any("tide" in needle.surface for needle in understood.needles)


@pytest.mark.parametrize(("question"), ["TideDB 用什么语言写的?", "What language is TideDB written in?"])
def test_the_noun_that_only_says_the_kind_of_answer_need_not_be_in_it(databases, question):
    assert "Rust" in first_statement(databases, question)


def test_small_words_tell_english_sentences_apart():
    text = "The tower was painted before the war by sailors.\n\nThe tower was painted after the war by monks.\n"
    towers = Assistant.open(index=Index.build(split([Document.from_text(text, id="a")])))
    assert "monks" in first_statement(towers, "Who painted the tower after the war?")
    assert "sailors" in first_statement(towers, "Who painted the tower before the war?")


PIERS = """# Piers of the bay

*Counted by Ada Quist*

## One by one

### Gannet Pier

The longest of the three, with 40 piles of green oak and a lamp at its end, which Ruth Sund lit for nineteen winters. Its roof let the rain in.

### Plover Jetty

A jetty of stone. Its repairs took 7,400 kWh of power, half of what they took in 1990.

# 潮汐电站

海燕号机组由青浪电气制造，容量 220 千瓦时。海燕号的改造让费用降低了一半。
"""


@pytest.fixture(scope="module")
def piers():
    return Assistant.open(index=Index.build(split([Document.from_text(PIERS, id="piers.md")])))


def test_an_extreme_that_a_sentence_states_is_told_with_the_name_of_its_entry(piers):
    answer = piers.ask("longest pier of the bay")

    assert answer.text.partition("\n")[0].startswith("- Gannet Pier · The longest of the three")


@pytest.mark.parametrize(
    "question",
    ["Who made the Haiyan-7 (海燕号)?", "How big is the battery of 海燕号, in hours?", "海燕号（Haiyan）是谁制造的？"],
)
def test_a_name_given_in_two_scripts_is_the_one_that_the_documents_have(piers, question):
    assert "青浪电气" in piers.ask(question).text


def test_a_unit_that_documents_do_not_write_is_no_name(piers):
    assert "220 千瓦时" in piers.ask("How big is 海燕号, in MWh?").text
    assert reworded("How much power did Plover Jetty take, in kWh?", piers.index).endswith("in kWh?")


def test_a_share_answers_how_much_of_a_cost_was_saved(piers):
    assert "一半" in piers.ask("海燕号的改造费用降低了多少?").text


def test_a_price_whose_unit_stands_in_its_columns_name_is_a_price():
    table = "# 数据库\n\n| 产品 | 年订阅价（万元/节点） | 最大节点数 |\n|---|---|---|\n| 恒砂 3.1 | 4.6 | 8 |\n| 流岩 2 | 9.9 | 4 |\n"
    assistant = Assistant.open(index=Index.build(split([Document.from_text(table, id="databases.md")])))

    assert "4.6" in assistant.ask("恒砂 3.1 一个节点一年订阅多少钱？").text
