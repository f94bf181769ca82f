"""Questions that need several places over two surveys of other fields: cells in tables (English), databases in prose (Chinese)."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.reading.assembling import assemble
from rag.understanding.questions import understand

CELLS = """# A survey of cell chemistries

## Commercial cells

Table 1: cells on the market

| Cell | Maker | Year | Energy density | Cycle life | Price per kWh | Built on | Solid electrolyte |
| --- | --- | --- | --- | --- | --- | --- | --- |
| Aurora-1 | Norrvolt | 2015 | 180 Wh/kg | 1,200 | $210 | | no |
| Aurora-2 | Norrvolt | 2018 | 240 Wh/kg | 1,500 | $160 | Aurora-1 | no |
| Aurora-S | Norrvolt | 2022 | 390 Wh/kg | 900 | $340 | Aurora-2 | yes |
| Basalt | Kestrel Energy | 2017 | 150 Wh/kg | 4,000 | $95 | | no |
| Basalt Ion | Kestrel Energy, Lund University | 2021 | 165 Wh/kg | 5,500 | $70 | Basalt | no |
| Cobble | Lund University | 2019 | 130 Wh/kg | 3,000 | $60 | Basalt | no |
| Dune | Sahel Cells | 2020 | 310 Wh/kg | 800 | $280 | Aurora-2 | yes |
| Ember | Kestrel Energy | 2023 | 420 Wh/kg | 650 | $400 | Dune | yes |

## Remarks

Aurora-2 was the first cell to be sold in large numbers. Cobble is the work of two doctoral students.
"""
MEASURED = """# Independent measurements of cells

| Cell | Energy density | Cycle life |
| --- | --- | --- |
| Aurora-1 | 176 Wh/kg | 1,150 |
| Dune | 287 Wh/kg | 800 |
| Ember | 420 Wh/kg | 610 |
"""
DATABASES = """# 国内外数据库漫谈

本文逐个介绍几种数据库,说明各自的来历。

## TideDB

TideDB 是海洋研究所 2009 年发布的列存数据库,单机每秒可写入 12 万行。TideDB 采用 Apache 许可,完全开源。

## Granite

Granite 由北川大学研制,2012 年公布。Granite 基于 TideDB,每秒可写入 30 万行,源代码开放。

## Pebble

Pebble 是青石公司 2014 年推出的键值数据库,不开源。Pebble 每秒可写入 95 万行。

## Granite-X

Granite-X 是北川大学在 Granite 基础上改进得到的分布式数据库,2016 年发布,每秒可写入 210 万行。

## Lagoon

Lagoon 由青石公司和北川大学联合研发,2019 年发布,以 Granite-X 为底座,支持 SQL 与图查询,每秒可写入 180 万行。

## Cove

Cove 是海洋研究所 2021 年发布的嵌入式数据库,基于 TideDB,支持 SQL,每秒可写入 8 万行。
"""
TELESCOPES = """# Notes on radio telescopes

## Heron

Heron was built by the Lake Institute in 1998. Its dish is 32 metres wide, and it observes at 5 GHz.

## Heron-2

Heron-2 was built by the Lake Institute in 2006. It is based on Heron and has a dish of 45 metres. Its data are open.

## Egret

Egret is an array of the University of Fenmark, finished in 2011. Each dish is 12 metres wide. Egret is based on Heron-2.

## Bittern

Bittern was built by the University of Fenmark in 2017. It is derived from Egret, with a dish of 64 metres.

## Ibis

Ibis is a private instrument of Northern Dish Ltd, opened in 2014. Its dish is 25 metres wide, and its data are closed.
"""


def open_over(*texts):
    documents = [Document.from_text(text, id=f"d{n}.md", kind="markdown") for n, text in enumerate(texts)]
    return Assistant.open(index=Index.build(split(documents)))


@pytest.fixture(scope="module")
def cells():
    return open_over(CELLS, MEASURED)


@pytest.fixture(scope="module")
def databases():
    return open_over(DATABASES)


@pytest.fixture(scope="module")
def telescopes():
    return open_over(TELESCOPES)


def names(answer):
    """Return the lines of a list without their bullets and marks."""
    lines = [line.removeprefix("- ").split(" [")[0] for line in answer.text.splitlines()]
    return [line for line in lines if line and not line.endswith(":")]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which cells did Norrvolt release?", ["Aurora-1", "Aurora-2", "Aurora-S"]),
        ("List all cells by Kestrel Energy.", ["Basalt", "Basalt Ion", "Ember"]),
        ("Which cells come from a university?", ["Basalt Ion", "Cobble"]),
        ("Which cells have a solid electrolyte?", ["Aurora-S", "Dune", "Ember"]),
        ("Which cells do not use a solid electrolyte?", ["Aurora-1", "Aurora-2", "Basalt", "Basalt Ion", "Cobble"]),
        ("Which cells were released in 2020?", ["Dune"]),
        ("Which cells cost less than $100 per kWh?", ["Basalt", "Basalt Ion", "Cobble"]),
        ("Which cells by Kestrel Energy have a cycle life above 4,500?", ["Basalt Ion"]),
    ],
)
def test_rows_are_filtered_by_what_the_question_says(cells, question, expected):
    assert names(cells.ask(question)) == expected


def test_a_condition_that_no_row_can_fulfil_gives_no_list(cells):
    assert "Aurora-1" not in names(cells.ask("Which cells by Norrvolt were tested on Mars?"))


def test_what_comes_from_a_thing_is_listed_with_the_generations_after_it(cells):
    found = names(cells.ask("Which cells are built on Aurora-2?"))
    assert found == ["Aurora-S", "Dune", "Ember · Built on: Dune"]


def test_how_many_rows_fit_is_counted_before_their_names(cells):
    assert cells.ask("How many cells did Kestrel Energy make?").text.startswith("3 in all:")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which cell has the highest energy density?", "Ember · Energy density: 420 Wh/kg"),
        ("What is the cheapest cell?", "Cobble · Price per kWh: $60"),
        ("Which cell has the longest cycle life?", "Basalt Ion · Cycle life: 5,500"),
        ("What is the oldest cell in the table?", "Aurora-1 · Year: 2015"),
        ("Which cell by Kestrel Energy has the lowest price per kWh?", "Basalt Ion · Price per kWh: $70"),
    ],
)
def test_the_extreme_is_taken_among_the_rows_that_fit(cells, question, expected):
    assert names(cells.ask(question)) == [expected]


def test_a_line_of_descent_is_followed_to_its_beginning(cells):
    found = names(cells.ask("Trace the lineage of Ember."))[:3]
    assert found == ["Ember · Built on: Dune", "Dune · Built on: Aurora-2", "Aurora-2 · Built on: Aurora-1"]


def test_the_way_from_one_to_another_is_told_step_by_step(cells):
    found = names(cells.ask("From Aurora-1 to Ember, step by step?"))
    assert [line.split(" · ")[0] for line in found] == ["Aurora-2", "Dune", "Ember"]


def test_where_documents_differ_both_values_stand_with_their_sources(cells):
    answer = cells.ask("Compare the energy density of Aurora-1 and Dune.")
    assert all(value in answer.text for value in ("180 Wh/kg", "176 Wh/kg", "310 Wh/kg", "287 Wh/kg"))
    assert {citation.document_id for citation in answer.citations} == {"d0.md", "d1.md"}


def test_no_conclusion_is_drawn_from_values_that_documents_dispute():
    first = CELLS.replace("| Basalt | Kestrel Energy | 2017 | 150", "| Basalt | Kestrel Energy | 2017 | 178")
    answer = open_over(first, MEASURED).ask("Which has the higher energy density, Aurora-1 or Basalt?")
    assert "larger" not in answer.text


def test_a_difference_sets_the_columns_side_by_side_that_both_have(cells):
    text = cells.ask("What is the difference between Aurora-2 and Dune?").text
    assert "Aurora-2 · Maker: Norrvolt" in text
    assert "Dune · Maker: Sahel Cells" in text


def test_a_comparison_by_what_no_column_tells_is_not_answered_with_other_columns(cells):
    question = understand("Compare the colour of Aurora-2 and Dune.", cells.index)
    assert assemble(question, cells.search(question.text), cells.index) is None


def test_the_older_of_two_is_told(cells):
    assert cells.ask("Which is older, Basalt or Dune?").text.startswith("Basalt is the earlier one:")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("海洋研究所发布过哪些数据库?", ["TideDB", "Cove"]),
        ("青石公司出过哪些数据库?", ["Pebble", "Lagoon"]),
        ("哪些数据库是大学研制的?", ["Granite", "Granite-X", "Lagoon"]),
        ("哪些数据库支持 SQL?", ["Lagoon", "Cove"]),
        ("哪些数据库是开源的?", ["TideDB"]),
        ("2019 年发布的数据库有哪些?", ["Lagoon"]),
    ],
)
def test_entries_in_prose_are_filtered_like_rows(databases, question, expected):
    assert sorted(names(databases.ask(question))) == sorted(expected)


@pytest.mark.parametrize(
    ("question", "name", "value"),
    [
        ("写入最快的是哪个数据库?", "Granite-X", "210"),
        ("最早的数据库是哪个?", "TideDB", "2009"),
        ("哪个数据库每秒写入的行数最少?", "Cove", "8 万行"),
    ],
)
def test_the_extreme_of_entries_is_read_off_their_sentences(databases, question, name, value):
    text = databases.ask(question).text
    assert name in text
    assert value in text


def test_steps_between_entries_are_told_in_order(databases):
    found = names(databases.ask("从 TideDB 到 Lagoon 一步一步怎么来的?"))
    assert [line.split(" ")[0] for line in found] == ["Granite", "Granite-X", "Lagoon"]


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Which telescopes come from a university?", ("Egret", "Bittern")),
        ("Which telescope has the largest dish?", ("Bittern", "64")),
        ("How many telescopes did the University of Fenmark build?", ("2 in all:", "Egret", "Bittern")),
        ("How did Heron become Bittern, step by step?", ("Heron-2", "Egret", "Bittern")),
        ("Compare the dishes of Heron and Ibis.", ("32", "25")),
        ("Which is newer, Egret or Ibis?", ("Ibis is the later one:", "2014", "2011")),
    ],
)
def test_english_entries_are_assembled_too(telescopes, question, parts):
    text = telescopes.ask(question).text
    assert all(part in text for part in parts)
