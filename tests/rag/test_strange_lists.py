"""What lists of other subjects ask for: heads that end in 名, compound names, numbers below zero, what is not so, and more."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.evaluating import MARK

BRIDGES = """# 虚江桥梁名录

| 桥名 | 类型 | 主跨（米） | 建成年份 | 造价 | 承建单位 |
|---|---|---|---|---|---|
| 石湾大桥 | 斜拉桥 | 420 | 1998 | 6.2 亿元 | 中南路桥 |
| 青沙大桥 | 悬索桥 | 1088 | 2009 | 32 亿元 | 远江建工 |
| 白渡桥 | 拱桥 | 180 | 1957 | 900 万元 | 省公路局 |
| 望潮大桥 | 斜拉桥 | 650 | 2015 | 21 亿元 | 远江建工 |
| 金鳌大桥 | 悬索桥 | 1418 | 2021 | 58 亿元 | 中南路桥 |

## 隧道

| 隧道 | 长度 | 通车 | 车道 |
|---|---|---|---|
| 西岭隧道 | 3.4 公里 | 2011 年 6 月 | 4 |
| 石湾隧道 | 2850 米 | 2018 年 12 月 | 6 |
| 青沙隧道 | 5.1 km | 2024 年 3 月 | 6 |
"""
LAKES = """# Lakes

| Lake | Area (km²) | Lowest temperature (°C) | Country |
|---|---|---|---|
| Orrin | 312 | -4 | Vell |
| Tasse | 1,204 | 1 | Vell |
| Brae | 88 | -11 | Sorn |
"""
HUTS = """# Base camps

1. Nordhut. Altitude: 2,340 m. Beds: 40. Opened: 1932. Open in winter: no.
2. Sudhut. Altitude: 1,980 m. Beds: 120. Opened: 1966. Open in winter: yes.
3. Falkenhut. Altitude: 2,710 m. Beds: 24. Opened: 1911. Open in winter: no.
4. Seehut. Altitude: 1.6 km. Beds: 75. Opened: 1988. Open in winter: yes.
"""
LANGUAGES = """# Small languages

| Name | First run | Paradigm | Derived from |
|---|---|---|---|
| Pica | 2009-04 | functional | |
| Brim | 2001-01 | procedural | |
| Brim++ | 2006-02 | object-oriented | Brim |
| Tarn | 2019-07 | functional | Pica, Brim |
"""
FERRIES = """# Ferries

| Ferry | Operator | Passengers | Cars | Predecessor |
|---|---|---|---|---|
| Lark | Isle Lines | 320 | 40 | |
| Lark II | Isle Lines | 410 | 55 | Lark |
| Dunlin | Northway | 980 | 210 | |
"""
SHIPS = "# 远洋科考船\n\n" + "".join(
    f"## {name}\n\n- 建造单位：{yard}\n- 排水量：{tons}吨\n- 实验室：{rooms}个\n\n"
    for name, yard, tons, rooms in (
        ("探索一号", "江海造船厂", "6250", 11),
        ("大洋号", "黄埔船厂", "4600", 9),
        ("雪原号", "江海造船厂", "21000", 15),
        ("东方红三", "江海造船厂", "5800", 13),
    )
)


def told(text, question):
    ask = Assistant.open(index=Index.build(split([Document.from_text(text, id="a.md", kind="markdown")]))).ask
    answer = ask(question)
    assert answer.found
    return MARK.sub("", answer.text)


def names(text, question):
    return [line.removeprefix("- ").split(" · ")[0] for line in told(text, question).splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("造价最高的三座桥是哪些?", ["金鳌大桥", "青沙大桥", "望潮大桥"]),
        ("哪座桥的主跨第二大?", ["青沙大桥"]),
        ("哪些桥由远江建工承建?", ["青沙大桥", "望潮大桥"]),
        ("远江建工建的桥里哪座最长?", ["青沙大桥"]),
        ("哪些隧道有6车道?", ["石湾隧道", "青沙隧道"]),
        ("最长的隧道是哪条?", ["青沙隧道"]),
    ],
)
def test_a_head_that_ends_in_the_word_for_name_calls_the_rows_by_what_stands_before_it(question, found):
    assert names(BRIDGES, question) == found


def test_how_many_there_are_of_a_compound_that_ends_with_the_head_counts_those_of_its_kind():
    assert told(BRIDGES, "有多少座悬索桥?").startswith("共 2 个")


def test_what_is_asked_of_the_extreme_besides_is_told_too():
    assert "中南路桥" in told(BRIDGES, "最贵的大桥是谁建的?")


def test_amounts_below_zero_are_smaller_than_those_above():
    assert names(LAKES, "Which lake has the lowest temperature?") == ["Brae"]


def test_areas_are_compared_in_their_units():
    assert names(LAKES, "Which lakes are larger than 300 km²?") == ["Orrin", "Tasse"]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Which hut is the highest?", ["Falkenhut"]),
        ("Which huts are above 2000 m?", ["Nordhut", "Falkenhut"]),
        ("Which huts have fewer than 50 beds?", ["Nordhut", "Falkenhut"]),
        ("Which huts opened after 1950?", ["Sudhut", "Seehut"]),
        ("Which hut was opened first?", ["Falkenhut"]),
    ],
)
def test_the_kind_may_be_the_end_of_compound_names(question, found):
    assert names(HUTS, question) == found


def test_what_is_not_so_is_what_the_column_says_otherwise():
    assert names(LANGUAGES, "Which languages are not functional?") == ["Brim", "Brim++"]


def test_names_with_signs_behind_them_are_names_of_their_own():
    assert names(LANGUAGES, "Which languages descend from Brim?") == ["Brim++", "Tarn"]


def test_an_irregular_form_of_a_verb_leads_to_the_column_that_it_names():
    assert names(LANGUAGES, "Which language ran first?") == ["Brim"]


def test_the_verb_before_what_is_compared_sets_no_condition():
    assert names(FERRIES, "Which ferry carries the most cars?") == ["Dunlin"]
    assert names(FERRIES, "Which ferries carry fewer than 500 passengers?") == ["Lark", "Lark II"]


def test_what_came_after_something_is_what_names_it_as_what_came_before():
    assert names(FERRIES, "What came after Lark?") == ["Lark II"]


def test_a_maker_that_most_entries_have_is_no_name_for_all_of_them():
    assert names(SHIPS, "江海造船厂建造的船里哪艘排水量最小?") == ["东方红三"]
    assert names(SHIPS, "哪些船由江海造船厂建造?") == ["探索一号", "雪原号", "东方红三"]


def test_two_chinese_names_that_only_headings_tell_are_set_side_by_side():
    assert told(SHIPS, "探索一号和大洋号哪艘排水量更大?").startswith("探索一号 的数值较大")


TEAS = "# 云台茶谱\n\n" + "".join(
    f"## {name}\n\n{name}产于云台{side}，属{kind}，海拔约 {height} 米，每年产量 {tons} 吨，{year} 年定型。\n\n"
    for name, side, kind, height, tons, year in (
        ("雾尖", "北坡", "绿茶", 900, 12, 1987),
        ("赤芽", "南麓", "红茶", 450, 80, 1962),
        ("岩骨", "西崖", "乌龙茶", 1100, 9, 1995),
        ("晚翠", "北坡", "绿茶", 820, 31, 2014),
    )
)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("年产量最大的茶是哪种?", "赤芽"),
        ("产量第二低的茶是哪种?", "雾尖"),
        ("哪种茶的海拔最高?", "岩骨"),
        ("最早定型的茶是哪一种?", "赤芽"),
    ],
)
def test_headings_with_which_their_text_begins_are_entries(question, found):
    assert told(TEAS, question).startswith(found)


def test_a_place_of_an_order_is_not_told_by_a_sentence_that_does_not_say_it():
    answer = Assistant.open(
        index=Index.build(split([Document.from_text("Heron is a large bird of 2 kg. Egret is large.", id="a")]))
    )
    assert not answer.ask("Which is the second largest bird?").found


SCOPES = "# Telescopes\n\n" + "".join(
    f"**{name}** (Marram)\nMaker: {maker}. Aperture: {size}. Site: Lorne.\n\n"
    for name, maker, size in (("Alder", "Firth", "1.2 m"), ("Birch", "Tarn", "90 cm"), ("Cedar", "Firth", "2.4 m"))
)


def test_what_is_the_same_of_two_is_told_of_both():
    text = told(SCOPES, "Do Alder and Cedar have the same maker?")
    assert "Alder · Maker: Firth" in text
    assert "Cedar · Maker: Firth" in text


def test_what_is_more_is_no_part_of_what_is_measured():
    assert told(BRIDGES, "石湾大桥和望潮大桥哪个主跨更大?").startswith("望潮大桥 的数值较大")
