"""Other names that a text itself states: precise rather than many."""

import pytest

from corpus.documents import Document
from corpus.names import find_aliases


def aliases(text):
    return find_aliases(Document(id="a", text=text))


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Heron(苍鹭)是一台射电望远镜。", ("Heron", "苍鹭")),
        ("国内还有 Tide-Store (潮汐库)系统,以及别的。", ("Tide-Store", "潮汐库")),
        ("We write to a write-ahead log (WAL) first.", ("write-ahead log", "WAL")),
        ("Large Millimeter Array (LMA) is in Chile.", ("Large Millimeter Array", "LMA")),
        ("LSM (log-structured merge) trees are common.", ("log-structured merge", "LSM")),
        ("它通过回放日志恢复(Write Ahead Logging, WAL)。", ("Write Ahead Logging", "WAL")),
        ("Granite DB, also known as Basalt, is a database.", ("Granite DB", "Basalt")),
        ("北斗星数据库,简称北库,支持事务。", ("北斗星数据库", "北库")),
        ("Egret Bot 就是白鹭公司的鹭言,细节不明。", ("Egret Bot", "鹭言")),
        ("采用多版本并发控制(MVCC)。", ("多版本并发控制", "MVCC")),
    ],
)
def test_a_name_that_the_text_states_is_found(text, pair):
    assert pair in aliases(text)


@pytest.mark.parametrize(
    "text",
    [
        "Heron(北川大学)是一台望远镜。",  # whose it is
        "Heron(开源)和 Egret(闭源)都能用。",  # what state it is in
        "基于 Heron (北川)\n",  # an aside at the end of a line
        "共有 48 面天线(每面 12 米)。",
        "It has 300GB(压缩后)of data.",
        "The mirror (see below) is large.",
        "It was fast (and cheap).",
        "参数量为 3B(最大)是目前的纪录。",
    ],
)
def test_what_only_describes_is_no_name(text):
    assert aliases(text) == []


def test_an_aside_after_unlike_names_is_no_alias():
    assert aliases("Heron(白云)是望远镜。Egret(白云)是数据库。") == []


def test_the_same_term_after_a_longer_phrase_keeps_the_term():
    found = aliases("采用日志合并树(LSM)。它训练日志合并树(LSM)很快。")
    assert ("日志合并树", "LSM") in found


def test_letters_that_do_not_fit_make_no_abbreviation():
    assert aliases("The Large Millimeter Array (XYZ) is in Chile.") == []


def test_pairs_come_in_text_order_and_once():
    text = "The write-ahead log (WAL) and the Large Millimeter Array (LMA). A write-ahead log (WAL)."
    assert aliases(text) == [("write-ahead log", "WAL"), ("Large Millimeter Array", "LMA")]


@pytest.mark.parametrize("text", ["a" * 100_000, "A_" * 50_000, "aGVsbG8gd29ybGQ" * 6_000, "GPT-3 " * 16_000])
def test_one_endless_word_states_no_alias_and_costs_no_more_than_other_texts(text):
    assert find_aliases(Document(id="a", text=text)) == []


def test_names_are_found_wherever_they_stand_in_a_long_text() -> None:
    filler = "这里什么也没有说。" * 100
    text = f"{filler}Heron(苍鹭)是一台望远镜。{filler}Otter,又称水獭,也能观测。{filler}Crane 就是仙鹤。{filler}"
    assert find_aliases(Document(id="a", text=text)) == [("Heron", "苍鹭"), ("Otter", "水獭"), ("Crane", "仙鹤")]


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("**1. 云帆 S1**（云帆电器，2020 年）\n家用首选，绰号“青鸟”。", ("云帆 S1", "青鸟")),
        ("- 云岭 YL-90：2023 年量产。业内俗称“大岭”。", ("云岭 YL-90", "大岭")),
        ("# 盘点\n\n## 松石DB\n\n它最早进入银行，圈内人叫它“老松”。", ("松石DB", "老松")),
        ('# Boards\n\n## Egret E2\n\nIt has 4 harts. Community nickname: "the wader".', ("Egret E2", "the wader")),
    ],
)
def test_a_nickname_belongs_to_what_its_entry_is_headed_by(text, pair):
    assert [found for found in aliases(text) if found[1] == pair[1]] == [pair]


def test_a_nickname_under_a_heading_that_names_nothing_is_no_alias():
    assert aliases("# 盘点\n\n## 应用场景\n\n训练很费电，大家俗称“炼丹”。") == []


def test_a_line_of_many_spaces_costs_no_more_than_another_line():
    assert aliases("名称" + " " * 100_000 + "x 绰号“小鸟”") == []
