"""What a text goes on about without naming it again, and how many pieces are shown when they are equally good."""

import pytest

from corpus import Document, split
from corpus.sentences import split_sentences
from index import Index
from rag import Assistant
from rag.reading.units import passage_units
from rag.understanding.grammar import kind_of

FISH = {
    "a": "蓝鳍石鲷，俗名海鸡母，为石鲷科的一种。本鱼分布于东海。体侧有七条横带。体长可达46公分。肉质鲜美，适合清蒸。",
    "b": "斑点石鲷，俗名硬壳仔，为石鲷科的一种。本鱼分布于南海。体侧有黑斑。体长可达60公分。适合煮汤。",
    "c": "小眼石鲷，俗名石老，为石鲷科的一种。本鱼分布于黄海。体侧银白。体长可达23公分。",
}
BAND = "Norwick is a folk band from Orkney. Its first record, Tides, came out in 2009. The group was founded in 1998 by two sisters. It tours every summer."


def assistant(texts):
    return Assistant.open(index=Index.build(split([Document.from_text(t, id=i) for i, t in texts.items()])))


@pytest.mark.parametrize(("name", "length"), [("蓝鳍石鲷", "46"), ("斑点石鲷", "60"), ("小眼石鲷", "23")])
def test_a_sentence_is_about_what_its_text_begins_with(name, length):
    answer = assistant(FISH).ask(f"{name}体长可达多少公分?")
    assert length in answer.text.splitlines()[0]


def test_a_value_of_what_a_text_begins_with_is_shown_though_other_sentences_name_it():
    other = "Many bands of the islands record at home. Norwick and others sell their records at the door."
    answer = assistant({"a": BAND, "b": other}).ask("When was Norwick founded?")
    assert "1998" in answer.text


def test_a_sentence_that_names_something_else_does_not_carry_on():
    text = "Norwick is a folk band from Orkney. Skerry was founded in 1971. It has a library."
    first = assistant({"a": text, "b": BAND}).ask("When was Norwick founded?").text.splitlines()[0]
    assert "1971" not in first


def test_a_piece_knows_how_its_section_begins():
    text = "# Ships\n\n## Alma\n\nAlma is a ferry. It has two decks.\n\n## Bruno\n\nBruno is a tug. It is red.\n"
    document = Document.from_text(text, id="ships.md")
    openings = {unit.text: unit.opening for passage in split([document]) for unit in passage_units(passage)}
    assert (openings["It has two decks."], openings["It is red."]) == ("Alma is a ferry.", "Bruno is a tug.")
    assert openings["Alma is a ferry."] == ""


def test_pieces_that_are_as_good_as_the_best_one_are_shown_beyond_four():
    towns = ("North", "South", "East", "West", "Upper", "Lower", "Old", "New")
    texts = {town: f"The harbour of Quill {town} was dredged by hand." for town in towns}
    lines = assistant(texts).ask("Which harbour of Quill was dredged by hand?").text.splitlines()
    assert 4 < len(lines) <= 6


def test_a_paragraph_that_begins_in_bold_is_about_what_stands_there():
    text = (
        "# 望远镜清单\n\n以下都用过。\n\n**1. 北川 Heron**（2015 年，12,900 元）\n口径 20 厘米，带赤道仪。缺点是三脚架太轻，风大时会晃。\n\n"
        "**2. 海桥 Stork**（2018 年，8,000 元）\n口径 15 厘米。缺点是没有寻星镜。\n"
    )
    answer = assistant({"list.md": text}).ask("Heron 有哪些缺点?")
    assert "三脚架" in answer.text
    assert "寻星镜" not in answer.text.splitlines()[0]


def test_the_number_of_a_bold_item_is_no_sentence():
    assert split_sentences("**5. Heron** is heavy.") == [(0, 22)]


def test_where_the_best_piece_has_few_of_the_words_others_need_not_be_about_the_very_name():
    text = (
        "The Skerry mission was planned as a double flight with Auk. The crew began to wear the new suits, made for work outside. "
        "A Skerry rocket stands in the museum."
    )
    assert "suits" in assistant({"a": text}).ask("During Skerry and Auk, what did astronauts put on?").text


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("他从北川大学获得了什么学位?", "name"),
        ("望远镜的口径多大?", "number"),
        ("When a star collapses, what is it called?", "name"),
        ("When was it built?", "date"),
        ("天文台的地址是哪里?", "name"),
        ("论文地址是什么?", "link"),
    ],
)
def test_a_word_that_asks_is_not_read_out_of_another_one(question, kind):
    assert kind_of(question) == kind


def test_what_stands_in_quotation_marks_is_what_is_to_be_defined():
    texts = {
        "a": "论文名称：星图: A Map of Stars",
        "b": "星图采用一种简单的技术，以防止“意外重影”，其中同一颗星被画成两颗。",
        "c": "星图的代码是公开的。",
    }
    first = assistant(texts).ask("星图论文提到的“意外重影”指的是什么现象?").text.splitlines()[0]
    assert "两颗" in first


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("邵明有哪些著作?", "《星图》"),
        ("邵明有什么爱好?", "骑马"),
        ("邵明的籍贯是哪里?", "北川"),
        ("邵明哪年去世?", "1134"),
    ],
)
def test_everyday_words_for_the_same_lead_to_the_sentence(question, said):
    text = "邵明，字子文，天文学家。祖籍北川，后来迁居海桥。早年在书院读书，师从其父。著有《星图》三卷。他非常喜欢骑马。卒于绍兴四年（1134年）。"
    other = "邵阳，历史学家。早年在海桥任教，后来回到山中。他主张修历，为朝廷采纳。"
    assert said in assistant({"a": text, "b": other}).ask(question).text


MACHINES = """# 选购

**1. 云帆 Lumen**（云帆电器，2021 年 2 月，12,900 元）
双锅炉，可以编程。缺点是应用没有中文。

**2. 青竹 Nano**（青竹工坊，2018 年，899 元）
手动拉杆，重 2.1 kg。
"""


def test_the_lines_below_a_line_in_bold_are_about_what_it_names():
    reader = assistant({"a": MACHINES})

    assert "应用没有中文" in reader.ask("云帆 Lumen 有什么缺点?").text
    assert "2.1 kg" in reader.ask("青竹 Nano 有多重?").text.splitlines()[0]


def test_what_makes_words_bold_is_not_shown_and_stays_in_the_quote():
    answer = assistant({"a": MACHINES}).ask("云帆 Lumen 多少钱?")

    assert "云帆 Lumen（云帆电器" in answer.text
    assert "Lumen**（" in answer.citations[0].quote


def test_a_price_in_any_money_is_a_price():
    reader = assistant(
        {"a": "Skiff-9 costs 70 crowns. It was built by Anna Hale.", "b": "青竹 Nano 的售价是 900 克朗。"}
    )

    assert reader.ask("How much does Skiff-9 cost?").text.startswith("Skiff-9 costs 70 crowns.")
    assert "900 克朗" in reader.ask("青竹 Nano 多少钱?").text


def test_a_list_whose_conditions_a_sentence_nearly_says_is_answered_by_it():
    text = (
        "# Boards\n\n| Board | Maker |\n|---|---|\n| Lotus | Firth |\n| Heron | Hale |\n| Stork | Firth |\n\n"
        "After a hundred power cycles boards that did not boot are marked as flaky. So far that is Lotus alone.\n"
    )
    tests = {f"test{n}": f"The test of part {n} took {n} weeks, and the next test was shorter." for n in range(2, 9)}
    answer = assistant({"boards": text, **tests}).ask("Which boards were marked as flaky in the power test?")

    assert answer.found
    assert "flaky" in answer.text
