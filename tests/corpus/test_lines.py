import pytest

from corpus.lines import columns, item_marker, read_lines


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("# 标题", "heading"),
        ("#标签", "text"),
        ("- 一项", "item"),
        ("  • 一项", "item"),
        ("1. 一项", "item"),
        ("1、一项", "item"),
        ("2) 一项", "item"),
        ("（3）一项", "item"),
        ("a) 一项", "item"),
        ("①一项", "item"),
        ("1.4T tokens", "text"),
        ("2023.02.27", "text"),
        ("| a | b |", "row"),
        ("a | b | c", "row"),
        ("---", "rule"),
        ("  ", "blank"),
        ("正文。", "text"),
    ],
)
def test_a_line_knows_its_kind(line: str, kind: str) -> None:
    assert [each.kind for each in read_lines(line)] == [kind]


def test_inside_code_every_line_is_code() -> None:
    assert [line.kind for line in read_lines("```\n# no heading\n- no item\n```\n# heading")] == ["code"] * 4 + [
        "heading"
    ]


def test_dashes_under_a_short_line_make_it_a_heading() -> None:
    assert [line.kind for line in read_lines("概述\n----\n\n正文。\n---")] == [
        "heading",
        "rule",
        "blank",
        "text",
        "rule",
    ]


def test_lines_know_where_they_start_and_end() -> None:
    text = "一\n\n  二"
    assert [text[line.start : line.end] for line in read_lines(text)] == ["一", "", "  二"]


def test_the_marker_of_an_item_is_measured_with_its_spaces() -> None:
    assert [item_marker(line) for line in ("- 作者", "  12. 作者", "作者")] == [2, 6, 0]


def test_chinese_characters_are_two_columns_wide() -> None:
    assert columns("T5 模型，") == 9
