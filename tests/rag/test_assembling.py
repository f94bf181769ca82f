"""Answers put together from several places: comparisons, relations, links, tables, over texts of other fields."""

import pytest

from corpus import Document, split
from index import Index
from rag.reading.comparing import value_of
from rag.reading.extractive import read
from rag.reading.linking import asked_kinds, asks_for_page, find_pointers, kind_of_link
from rag.reading.packing import pack
from rag.reading.units import passage_units
from rag.understanding.questions import understand


def build(*texts):
    return Index.build(split([Document.from_text(text, id=f"d{n}.md") for n, text in enumerate(texts)]))


def draft(index, text):
    question = understand(text, index)
    return read(question, pack(question, index.search(text, 20), index), index)


def lines(index, text):
    return [statement.text for statement in draft(index, text).statements]


PAIRS = """# 天线阵

## 鹭群

鹭群由 178 面天线的 Heron-J 和 7 面天线的 Heron-L 组成,大致对应 Egret-3 和 Egret-6。

## Egret-3

Egret-3 有 175 面天线。
"""


@pytest.fixture(scope="module")
def pairs():
    return build(PAIRS)


def test_each_name_gets_the_value_that_stands_beside_it(pairs):
    question = understand("Heron-J 和 Heron-L 哪个的天线更多?", pairs)
    units = [unit for p in pairs.passages_of("d0.md") for unit in passage_units(p) if "组成" in unit.text]
    values = [value_of(units[0], mention, question).value for mention in question.mentions]
    assert values == [178.0, 7.0]


def test_a_comparison_says_which_value_is_larger(pairs):
    found = draft(pairs, "Heron-J 和 Egret-3 哪个的天线更多?")
    assert found.lead == "Heron-J 的数值较大:"
    assert len(found.statements) == 2


def test_a_comparison_without_two_clear_values_draws_no_conclusion(pairs):
    assert draft(pairs, "Heron-J 和 Egret-3 有什么区别?").lead == ""


RELATED = """# Gear

## Notes

Osprey, Kite and Merlin are based on Falcon and share its gearbox. Falcon itself is from 1971.

## 中文说明

参考 Kite 的做法,北川大学做了基于 Falcon 的 Harrier(鹞)齿轮箱。

## Buzzard

Buzzard was fine-tuned from Falcon for sand.
"""


def test_what_is_based_on_a_thing_is_read_off_the_beginning_of_the_sentence():
    names = " ".join(lines(build(RELATED), "Which gearboxes are based on Falcon?"))
    assert all(name in names for name in ("Osprey", "Kite", "Merlin", "Buzzard"))


def test_what_a_thing_is_based_on_is_no_list_of_what_is_based_on_it():
    assert "Falcon" in " ".join(lines(build(RELATED), "Buzzard 基于哪些东西?"))


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("源代码仓库的地址", ("code",)),
        ("where is the paper?", ("paper",)),
        ("博客链接", ("blog",)),
        ("where is it?", ()),
    ],
)
def test_a_question_for_a_link_says_which_kind(question, kinds):
    assert asked_kinds(question) == kinds


def test_an_address_alone_may_be_a_street():
    assert not asks_for_page("博物馆的地址在哪里?")
    assert asks_for_page("博物馆的网址是什么?")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://github.com/a/b", "code"), ("https://arxiv.org/abs/1", "paper"), ("https://x.org/a.pdf", "paper"),
        ("https://huggingface.co/a/b", "model"), ("https://x.org/blog/1", "blog"), ("https://x.org", "page"),
    ],
)  # fmt: skip
def test_the_kind_of_a_page_shows_in_its_address(url, kind):
    assert kind_of_link(url) == kind


LINKED = """# Instruments

## Sextant

Sextant uses Vernier[2] and is sold widely.

- code: https://github.com/sea/sextant
- paper: https://arxiv.org/abs/0001.00001

## References

[1]Sextant:https://arxiv.org/pdf/0001.00001.pdf
[2]Vernier:https://vernier.example.org/home
"""


def test_a_mark_belongs_to_the_name_before_it_and_not_to_its_heading():
    index = build(LINKED)
    question = understand("Vernier 的链接", index)
    pointers = find_pointers(question, pack(question, index.search(question.text, 20), index))
    assert [pointer.link.url for pointer in pointers][:1] == ["https://vernier.example.org/home"]


def test_a_link_is_shown_with_what_it_is():
    assert lines(build(LINKED), "Sextant 的代码在哪里?") == ["Sextant · code: https://github.com/sea/sextant"]


def test_a_link_that_nobody_gives_leaves_the_draft_empty():
    assert lines(build(LINKED), "Vernier 的代码仓库在哪里?") == []


TABLE = """# Cranes

| Crane | Maker | Load | Price |
|---|---|---|---|
| Stork | Nordwerk | 30 tons | $900 + $100 delivery |
| Ibis | Südkran | 12 tons | $850 |
| Heron | Nordwerk | 55 tons | on request |
| Crake | Ostbau | 8 tons | $400 |
"""


@pytest.mark.parametrize(
    ("question", "crane"),
    [
        ("Which crane has the highest load?", "Heron"),
        ("Which crane has the lowest price?", "Crake"),
        ("Which crane has the highest price?", "Stork"),
    ],
)
def test_the_extreme_of_a_column_is_found_where_values_can_be_read(question, crane):
    assert lines(build(TABLE), question)[0].startswith(crane)


def test_rows_by_one_maker_are_listed_with_their_rows_as_source():
    found = draft(build(TABLE), "Which cranes did Nordwerk make?")
    assert {statement.text for statement in found.statements} >= {"Stork", "Heron"}
    assert all("Nordwerk" in span.quote for statement in found.statements for span in statement.sources)


def test_of_two_headings_in_a_question_the_longer_is_meant():
    text = "# Rules\n\n## Safety\n\n- wear a hat\n- look up\n\n## Harbour safety (short)\n\n- mind the rope\n- no swimming\n"
    assert lines(build(text), "What does the section on harbour safety list?") == ["mind the rope", "no swimming"]


TELESCOPES = """# 望远镜

| 望远镜 | 机构 | 基于 | 语言 |
|---|---|---|---|
| Heron-J | 清华大学（Tsinghua University） | | 中文 |
| Egret-3 | 北京大学（Peking University） | Heron-J | 中文 |
| Ibis-2 | 斯坦福大学（Stanford University） | Heron-J | 英文 |
| Crane-1 | 复旦大学（Fudan University） | Heron-J | 中文 |

Stork 由 Heron-J 改进而来，基于 Heron-J，不支持别的语言。
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("哪些望远镜是清华做的?", ["Heron-J"]),
        ("斯坦福做了哪些望远镜?", ["Ibis-2"]),
        ("Which telescopes come from Fudan University?", ["Crane-1"]),
    ],
)
def test_a_university_by_its_short_name_is_not_every_university(text, names):
    found = " ".join(lines(build(TELESCOPES), text))
    assert [name for name in ("Heron-J", "Egret-3", "Ibis-2", "Crane-1") if name in found] == names


@pytest.mark.parametrize(
    "text",
    [
        "列出所有基于 Heron-J 的中文望远镜",
        "基于 Heron-J 的中文望远镜有哪些?",
        "Name the Chinese telescopes based on Heron-J.",
        "Which Chinese telescopes are based on Heron-J?",
        "Which telescopes based on Heron-J support Chinese?",
    ],
)
def test_every_word_of_a_question_holds_for_what_is_listed_however_it_is_asked(text):
    assert lines(build(TELESCOPES), text) == ["Egret-3", "Crane-1"]


@pytest.mark.parametrize("text", ["请给出所有望远镜的名字", "List all telescopes."])
def test_all_of_something_are_all_rows_of_its_table(text):
    assert lines(build(TELESCOPES), text) == ["Heron-J", "Egret-3", "Ibis-2", "Crane-1"]


def test_the_name_that_a_list_was_asked_about_is_no_list():
    index = build(
        "# 望远镜\n\n## Heron\n\nHeron 主要支持英文,之后有面向其他语言的工作,比如韩语的 KoHeron 和日语的 Japanese-Heron。\n\n"
        "- 语言: 英文\n- 作者: 北川大学\n\n## Egret\n\n- 语言: 英文\n- 作者: 海桥大学\n"
    )

    assert "KoHeron" in lines(index, "Heron 之后有哪些面向其他语言的?")[0]
