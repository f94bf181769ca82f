"""Reading without a model, over texts of other fields: every way of answering, and what every answer keeps."""

import pytest

from corpus import Document, split
from index import Index
from rag.grounding.citing import compose
from rag.reading.extractive import read
from rag.reading.packing import pack
from rag.understanding.questions import understand

TELESCOPES = """# Radio telescopes

## Heron-2

Heron-2(苍鹭)是北川大学于 2011 年建成的射电望远镜[1],有 48 面天线。建设费用约为 3000 万美元。选址在山谷里是为了避开无线电干扰。

- 作者:北川大学
- 论文:https://arxiv.org/abs/1101.00001
- 代码:https://github.com/beichuan/heron

## Egret Array

Egret Array 由 Firth Institute 建造,有 96 面天线,基于 Heron-2 的设计改进而来。

## Stork

Stork 是 Firth Institute 发布的单口径望远镜,口径 76 米,也是基于 Heron-2 的设计。

## 观测技巧

- 先校准,再观测
- 避开正午
- 记录天气

## 参考资料

[1]Heron-2:https://arxiv.org/pdf/1101.00001.pdf
[2]Stork:https://stork.example.org/paper
"""

TABLE = """# 数据库一览

| 数据库 | 作者 | 代码行数 | 年费 |
|---|---|---|---|
| TideDB | 海洋研究所 | 30万 | 500美元 |
| Granite | Basalt Labs | 120万 | 不到90美元 |
| Pebble | Basalt Labs | 8万 | 1200美元 |
"""

ENGLISH = """# Storage engines

## Granite

Granite keeps its pages in a log. The log is compacted every 15 minutes by a background thread. The authors call this
step settling.

## Pebble

Pebble was written in Rust. It uses 4 KB pages because the disks of 2009 had 4 KB sectors.
"""


@pytest.fixture(scope="module")
def index():
    documents = [
        Document.from_text(TELESCOPES, id="telescopes.md"),
        Document.from_text(TABLE, id="databases.md"),
        Document.from_text(ENGLISH, id="engines.md"),
    ]
    return Index.build(split(documents))


@pytest.fixture(scope="module")
def answer(index):
    def ask(text):
        question = understand(text, index)
        packed = pack(question, index.search(text, 20), index)
        return compose(read(question, packed, index))[0]

    return ask


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Heron-2 有多少面天线?", "48"),
        ("苍鹭是哪一年建成的?", "2011"),
        ("Heron-2 花了多少钱?", "3000 万美元"),
        ("heron2 为什么建在山谷里?", "避开无线电干扰"),
        ("Stork 的口径是多少?", "76 米"),
        ("Egret Array 是谁建造的?", "Firth Institute"),
        ("Egret Array 是基于什么做的?", "Heron-2"),
        ("How often is the log of Granite compacted?", "every 15 minutes"),
        ("What is the compaction step called?", "settling"),
        ("Why does Pebble use 4 KB pages?", "sectors"),
        ("What language was Pebble written in?", "Rust"),
    ],
)
def test_a_single_fact_is_in_the_answer(answer, question, expected):
    assert expected in answer(question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("TideDB 的代码有多少行?", "30万"),
        ("Granite 的年费是多少?", "不到90美元"),
        ("Pebble 的作者是谁?", "Basalt Labs"),
    ],
)
def test_a_cell_is_found_by_its_row_and_column(answer, question, expected):
    assert expected in answer(question)


def test_a_cell_says_whose_it_is_and_what(answer):
    assert "TideDB · 年费: 500美元" in answer("TideDB 的年费是多少?")


@pytest.mark.parametrize(
    ("question", "url"),
    [
        ("Heron-2 的代码在哪里?", "https://github.com/beichuan/heron"),
        ("Where is the code of Heron-2?", "https://github.com/beichuan/heron"),
        ("Give me the paper link for Heron-2", "arxiv.org"),
        ("Stork 的论文链接", "https://stork.example.org/paper"),
    ],
)
def test_a_link_of_the_kind_asked_for_is_the_answer(answer, question, url):
    assert url in answer(question)


def test_a_paper_is_no_answer_to_a_question_for_code(answer):
    assert "http" not in answer("Stork 的代码仓库在哪里?")


def test_a_section_is_listed_item_by_item(answer):
    text = answer("“观测技巧”一节都列了哪些?")
    assert all(item in text for item in ("先校准", "避开正午", "记录天气"))


def test_what_an_organisation_made_is_listed(answer):
    text = answer("Firth Institute 发布过哪些望远镜?")
    assert "Egret Array" in text
    assert "Stork" in text


def test_what_is_built_on_a_thing_is_listed(answer):
    text = answer("哪些望远镜是基于 Heron-2 的?")
    assert "Egret Array" in text
    assert "Stork" in text


def test_two_things_are_set_side_by_side_with_both_values(answer):
    text = answer("Heron-2 和 Egret Array 哪个的天线更多?")
    assert "48" in text
    assert "96" in text
    assert text.startswith("Egret Array 的数值较大")


def test_rows_of_one_table_are_compared_by_their_cells(answer):
    text = answer("Which is cheaper, TideDB or Granite?")
    assert text.startswith("Granite has the smaller value:")
    assert "500美元" in text


def test_the_extreme_row_of_a_table_is_found(answer):
    assert answer("表里代码行数最多的是哪个数据库?").startswith("Granite")
    assert answer("表里年费最低的是哪个数据库?").startswith("Granite")


def test_rows_are_counted(answer):
    assert "3" in answer("数据库表格里一共列了几个数据库?").splitlines()[0]


def test_both_parts_of_a_question_are_answered(answer):
    text = answer("Heron-2 是谁建的,有多少面天线?")
    assert "北川大学" in text
    assert "48" in text


def test_every_statement_quotes_its_document(index):
    question = understand("Heron-2 和 Egret Array 分别有多少面天线?", index)
    draft = read(question, pack(question, index.search(question.text, 20), index), index)
    for statement in draft.statements:
        for span in statement.sources:
            assert span.quote == span.document.text[span.start : span.end]
            assert span.quote.strip()


def test_answers_stay_short(index):
    from rag.reading.widths import columns

    sentence = "The harbour gauge of Pebble Bay was " + "very " * 60 + "old. "
    long = Document.from_text("# Gauges\n\n## Pebble Bay\n\n" + sentence * 12, id="long.md")
    small = Index.build(split([long]))
    question = understand("How old was the harbour gauge of Pebble Bay?", small)
    text, _ = compose(read(question, pack(question, small.search(question.text, 20), small), small))
    assert columns(text) <= 850


def test_nothing_packed_gives_an_empty_draft(index):
    assert read(understand("Heron-2?", index), [], index).statements == ()


def test_marks_of_the_document_are_not_part_of_the_answer(answer):
    assert "[1],有 48" not in answer("Heron-2 有多少面天线?")


def test_a_piece_without_the_kind_of_value_that_is_asked_for_does_not_stand_beside_one_that_shows_it():
    index = Index.build(split([Document.from_text("Heron-2 has 48 dishes. Heron-2 was built by Firth.", id="a.md")]))
    question = understand("Who built Heron-2?", index)
    draft = read(question, pack(question, index.search(question.text, 20), index), index)
    assert [statement.text for statement in draft.statements] == ["Heron-2 was built by Firth."]
