"""Superlatives, counts and filters over more rows and entries than a search finds or an answer shows: all of them count."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.evaluating import MARK
from rag.reading import records

MANY = 1_500
MASS = [1 + i * 701 % MANY for i in range(MANY)]  # 1 to MANY, each once
NAMES = [f"Stork-{i}" for i in range(MANY)]
HEAVIEST, SECOND, LIGHTEST = (NAMES[MASS.index(mass)] for mass in (MANY, MANY - 1, 1))


def rows(numbers):
    head = "| Model | Maker | Mass |\n|---|---|---|\n"
    return head + "".join(f"| {NAMES[i]} | Firth {i % 9} | {MASS[i]} kg |\n" for i in numbers)


def headed(numbers):
    told = "{name} has {mass} dishes and was built in {year} by Firth {maker}."
    each = (told.format(name=NAMES[i], mass=MASS[i], year=1900 + i % 120, maker=i % 9) for i in numbers)
    return "# Storks\n\n" + "".join(f"## {text.split()[0]}\n\n{text}\n\n" for text in each)


def assistant(*texts):
    documents = [Document.from_text(text, id=f"{n}.md", kind="markdown") for n, text in enumerate(texts)]
    return Assistant.open(index=Index.build(split(documents))).ask


@pytest.fixture(scope="module")
def table():
    return assistant("# List\n\n" + rows(range(MANY)))


@pytest.fixture(scope="module")
def headings():
    return assistant(headed(range(MANY)))


def first_name(answer):
    return MARK.sub("", answer.text).removeprefix("- ").split()[0]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Which Stork is the heaviest?", HEAVIEST),
        ("which stork has the largest mass?", HEAVIEST),
        ("Which model is the lightest?", LIGHTEST),
        ("Which Stork is the second heaviest?", SECOND),
        ("最重的是哪个?", HEAVIEST),
    ],
)
def test_the_extreme_of_a_long_table_is_that_of_all_its_rows(table, question, name):
    assert first_name(table(question)) == name


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Which Stork has the most dishes?", HEAVIEST),
        ("Which Stork has the fewest dishes?", LIGHTEST),
        ("Which Stork has the second most dishes?", SECOND),
    ],
)
def test_the_extreme_of_many_entries_is_that_of_all_of_them(headings, question, name):
    assert first_name(headings(question)) == name


def test_the_first_places_of_an_order_come_in_their_order(table):
    answer = MARK.sub("", table("What are the three heaviest models?").text)
    assert [line.split()[1] for line in answer.splitlines()] == [NAMES[MASS.index(MANY - n)] for n in range(3)]


def test_a_table_in_pieces_with_the_same_columns_is_compared_and_counted_as_one():
    pieces = [rows(range(at, at + 40)) for at in range(0, MANY - MANY % 40, 40)]
    ask = assistant("# List\n\n" + "\n\nContinued on the next page.\n\n".join(pieces))
    assert first_name(ask("Which Stork is the heaviest?")) == HEAVIEST
    assert f"has {MANY - MANY % 40} entries" in ask("How many models are there?").text


def test_tables_of_several_documents_with_the_same_columns_are_compared_together():
    ask = assistant(*(f"# Part {n}\n\n" + rows(range(n, MANY, 7)) for n in range(7)))
    assert first_name(ask("Which model is the heaviest?")) == HEAVIEST


def test_entries_of_the_kind_that_is_asked_for_are_compared_in_all_documents_that_tell_of_it():
    ask = assistant(*(headed(range(n, MANY, 9)) for n in range(9)))
    assert first_name(ask("Which Stork has the most dishes?")) == HEAVIEST


def test_how_many_there_are_of_a_kind_counts_the_rows_and_the_entries_that_have_its_name(table, headings):
    for ask in (table, headings):
        assert ask("How many Storks are there?").text.startswith(f"{MANY} in all, the first ")


def test_a_list_that_is_cut_says_how_many_there_are(table):
    answer = table("Which models weigh more than 1000 kg?")
    shown = len(answer.text.strip().splitlines()) - 2
    assert answer.text.startswith(f"{MANY - 1000} in all, the first {shown}:")


def test_a_list_that_is_not_cut_is_shown_without_a_count(table):
    assert table("Which models weigh more than 1497 kg?").text.startswith("- Stork-")


def test_rows_beyond_the_bound_are_said_not_to_be_compared(monkeypatch):
    monkeypatch.setattr(records, "MOST_ROWS", 50)
    ask = assistant("# List\n\n" + rows(range(80)))
    assert ask("Which Stork is the heaviest?").text.startswith("Only the first 50 of 80 rows were compared.")
    assert ask("最重的是哪个?").text.startswith("只比较了 80 行中的前 50 行。")


CHINESE = "# 白鹳名录\n\n" + "".join(
    f"## 白鹳-{i}\n\n白鹳-{i} 由长河{i % 9}厂制造，质量为 {1 + i * 7 % 60} 公斤，建于 {1900 + i} 年。\n\n"
    for i in range(60)
)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("最重的白鹳是哪一只?", "白鹳-17"),
        ("第二重的白鹳是哪个?", "白鹳-34"),
        ("一共有多少只白鹳?", "共 60 个"),
        ("哪些白鹳超过58公斤?", "白鹳-17 [1]\n- 白鹳-34 [2]"),
        ("有多少只白鹳超过50公斤?", "共 10 个"),
    ],
)
def test_chinese_entries_in_a_series_are_compared_counted_and_filtered(question, said):
    assert said in assistant(CHINESE)(question).text


def test_a_number_in_a_name_is_no_amount():
    answer = assistant(CHINESE)("哪些白鹳超过58公斤?").text
    assert "白鹳-59" not in answer


def test_a_row_is_no_extreme_where_the_rows_cannot_be_compared():
    ask = assistant(
        "# List\n\n| Model | Colour |\n|---|---|\n" + "".join(f"| Stork-{i} | shade {i} |\n" for i in range(30))
    )
    assert not ask("Which Stork is the heaviest?").found


def test_a_dish_count_like_a_year_is_no_date_beside_a_year_that_is_said_to_be_one():
    text = "# Storks\n\n" + "".join(
        f"## Stork-{i}\n\nStork-{i} has {dishes} dishes and was built in {year} by Firth.\n\n"
        for i, dishes, year in ((1, 2021, 1990), (2, 30, 2019), (3, 40, 1980))
    )
    assert MARK.sub("", assistant(text)("List all storks built after 2015.").text).strip(" -") == "Stork-2"


def test_dates_under_any_name_of_a_column_are_put_in_order():
    ask = assistant(
        "".join(f"**Stork-{i}** (Firth)\nMaker: Firth {i}. First light: 18{40 - i}-02-03.\n\n" for i in range(9))
    )
    assert first_name(ask("Which Stork had its first light first?")) == "Stork-8"


def test_pieces_that_put_names_into_a_relation_lie_in_the_time_that_is_asked_for():
    text = "".join(
        f"## Heron-{i}\n\nHeron-{i} has {i} dishes and was built in {1900 + i % 120} by Firth {i % 7}.\n\n"
        for i in range(300)
    )
    shown = MARK.sub("", assistant(text)("List all models built by Firth 3 after 2000.").text)
    numbers = [int(line.partition("Heron-")[2].split()[0]) for line in shown.splitlines() if "Heron-" in line]
    assert all(number % 7 == 3 and number % 120 > 100 for number in numbers)


ROUTES = """# 山地轨道

| 线路 | 开通年份 | 最大坡度 | 状态 |
|---|---|---|---|
| 青坪铁路 | 1988 | 31‰ | 停运 |
| 云岔线 | 2004 | 44‰ | 载客 |
| 石门线 | 2015 | 27‰ | 载客 |
"""


@pytest.mark.parametrize(
    ("question", "told"),
    [("哪条铁路最陡?", ["云岔线"]), ("还在载客的铁路有哪几条?", ["云岔线", "石门线"])],
)
def test_what_rows_are_called_may_be_said_by_a_word_that_ends_alike(question, told):
    assistant = Assistant.open(index=Index.build(split([Document.from_text(ROUTES, id="routes.md")])))

    answer = assistant.ask(question).text

    assert all(name in answer for name in told)
    assert "青坪" not in answer
