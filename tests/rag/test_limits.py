"""Limits and periods of questions, amounts in one unit, and what adjectives measure."""

import pytest

from rag.reading.limits import limits_of, periods_of
from rag.understanding.amounts import find_amounts
from rag.understanding.grammar import direction_of
from rag.understanding.measures import mean_alike, scales_of


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("18 months", "548 days"),
        ("1.2 吨", "1200 kg"),
        ("0.9 TB", "900 GB"),
        ("三千元", "¥3,000"),
        ("1.5 km", "1500 米"),
    ],
)
def test_amounts_that_are_written_unlike_are_equal(text, other):
    (a,), (b,) = find_amounts(text), find_amounts(other)
    assert (a.unit, a.value) == (b.unit, pytest.approx(b.value, rel=0.01))


@pytest.mark.parametrize(("text", "value"), [("9 m", 9.0), ("9M", 9e6), ("2.5 t", 2500.0), ("1.4T", 1.4e12)])
def test_metres_and_tonnes_are_told_from_millions_and_trillions(text, value):
    assert find_amounts(text)[0].value == value


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which pumps cost less than $100?", [(-1, 100.0, False)]),
        ("5000 元以内的水泵有哪些?", [(-1, 5000.0, True)]),
        ("Which pumps weigh between 10 and 20 kg?", [(1, 10.0, True), (-1, 20.0, True)]),
        ("流量超过 2000 的水泵", [(1, 2000.0, False)]),
        ("Which pumps with at least 8 GB cost under $200?", [(1, 8e9, True), (-1, 200.0, False)]),
        ("Which pumps were built in 2019?", []),
    ],
)
def test_limits_are_read_with_their_side(question, expected):
    assert [(limit.direction, limit.amount.value, limit.included) for limit in limits_of(question)] == expected


@pytest.mark.parametrize(
    ("question", "inside", "outside"),
    [
        ("Which were built after 2016?", (2017, 0, 0), (2016, 12, 0)),
        ("2019 年以后发布的", (2020, 1, 0), (2019, 0, 0)),
        ("since 2020", (2020, 1, 0), (2019, 12, 31)),
        ("2021 年 3 月之前", (2021, 2, 0), (2021, 3, 0)),
        ("before June 2019", (2019, 5, 0), (2019, 6, 0)),
        ("between 2016 and 2018", (2018, 12, 0), (2019, 0, 0)),
    ],
)
def test_a_period_holds_what_lies_in_it_and_nothing_else(question, inside, outside):
    (period,) = periods_of(question)
    assert period.holds(inside)
    assert not period.holds(outside)


def test_an_amount_with_a_unit_is_no_year():
    assert periods_of("Which pumps lift between 1900 and 2000 kg?") == []


@pytest.mark.parametrize(
    ("question", "header", "direction"),
    [
        ("Which pump is the heaviest?", "Mass", 1),
        ("哪台水泵最轻?", "净重", -1),
        ("哪台水泵最安静?", "噪音（1 米）", -1),
        ("Which tower is the tallest?", "Height", 1),
        ("哪台水泵最快?", "转速 / 速度", 1),
    ],
)
def test_an_adjective_says_which_column_is_compared_and_which_way(question, header, direction):
    assert any(scale.header.search(header) for scale in scales_of(question))
    assert direction_of(question) == direction


def test_important_is_not_heavy():
    assert scales_of("哪台水泵最重要?") == []


def test_a_column_means_the_same_in_both_languages():
    assert mean_alike("RAM", "内存")
    assert not mean_alike("RAM", "重量")
