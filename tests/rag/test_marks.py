"""Marks in what a model wrote to break reading it."""

import pytest

from rag.grounding.marks import Mark, lift_marks


@pytest.mark.parametrize(
    "text",
    ["[" + " " * 20_000, "\n[来源" + " " * 20_000, "a" + "\n" * 20_000 + "b", "a\nreferences" + " " * 20_000 + "b"],
    ids=["bracket", "source", "newlines", "references"],
)
def test_a_run_of_white_space_does_not_hold_up_the_search_for_marks(text):
    assert lift_marks(text) == (text, [])


def test_white_space_after_a_mark_does_not_hold_up_the_search_for_marks():
    assert lift_marks("[1]" + " " * 20_000) == (" " * 20_000, [Mark(0, (1,))])


def test_white_space_inside_marks_and_between_them_is_part_of_them():
    assert lift_marks("A [ 来源 : 1 ] , [source #2].") == ("A.", [Mark(1, (1, 2))])
