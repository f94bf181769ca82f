from dataclasses import replace

import pytest

from index.catalogue import DocumentInfo
from index.filters import Filter
from ui.facets import facets_of, toggle

ONE = DocumentInfo("a", "A", None, "zh", "paper", "h", 1, 1, 2022)
LIST = [ONE, replace(ONE, id="b", year=2023), replace(ONE, id="c", kind="survey", language="en", year=2020)]


def click(within, group, value):
    facet = next(one for one in facets_of(LIST, within)[group] if one.value == value)
    return toggle(within, facet.click, LIST)


def test_values_are_counted_the_most_frequent_first_and_years_from_the_latest():
    facets = facets_of(LIST, Filter())

    assert [(one.value, one.count) for one in facets["kinds"]] == [("paper", 2), ("survey", 1)]
    assert [one.value for one in facets["years"]] == ["2023", "2022", "2020"]


def test_a_group_that_tells_nothing_apart_is_left_out():
    assert facets_of([ONE], Filter()) == {}


def test_a_click_chooses_and_a_second_one_takes_it_back():
    chosen = click(Filter(), "kinds", "paper")

    assert chosen == Filter(kinds=frozenset(["paper"]))
    assert [one.chosen for one in facets_of(LIST, chosen)["kinds"]] == [True, False]
    assert click(chosen, "kinds", "paper") == Filter()


def test_two_years_make_a_span_and_a_third_begins_anew():
    span = click(click(Filter(), "years", "2022"), "years", "2020")

    assert span.years == (2020, 2022)
    assert [one.chosen for one in facets_of(LIST, span)["years"]] == [False, True, True]
    assert click(span, "years", "2023").years == (2023, 2023)
    assert click(click(span, "years", "2023"), "years", "2023").years is None


@pytest.mark.parametrize("nonsense", ["", "kinds", "kinds.0000", "years.1", "documents.a", "__class__.x"])
def test_a_click_that_names_nothing_changes_nothing(nonsense):
    within = Filter(languages=frozenset(["zh"]))

    assert toggle(within, nonsense, LIST) == within
