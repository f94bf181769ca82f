"""Tables of other shapes: numbered or dated rows, turned tables, pipes without dashes, wide gaps."""

import pytest

from corpus import Document

TURNED = "| Property | Brook | Geyser |\n| --- | --- | --- |\n| Mass | 4 kg | 9 kg |\n| Noise | 52 dB | 60 dB |\n"
PROJECTS = "| 项目 | 价格 | 质量 |\n| --- | --- | --- |\n| 清泉 | 40 元 | 4 kg |\n| 深井王 | 90 元 | 9 kg |\n"
PIPES = "产品 | 价格 | 质量\n清泉 | 40 | 4\n深井王 | 90 | 9\n"
GAPS = "                Brook     Geyser    Spring\nMass (kg)       4         9         7\nNoise (dB)      52        60        48\n"


def table_of(text):
    (table,) = Document.from_text(text, id="a.txt").tables
    return table


@pytest.mark.parametrize("head", ["No.", "序号", "Year", "日期"])
def test_a_column_that_numbers_or_dates_the_rows_does_not_name_them(head):
    table = table_of(f"| {head} | Pump |\n| --- | --- |\n| 2019 | Brook |\n| 2020 | Geyser |\n")
    assert [table.name_of(row) for row in table.rows] == ["Brook", "Geyser"]


def test_what_happened_in_a_year_is_no_name():
    assert table_of("| Year | Event |\n| --- | --- |\n| 2019 | fire |\n| 2020 | flood |\n").naming == 0


def test_a_table_with_a_column_for_each_thing_is_turned():
    assert table_of(TURNED).turned


def test_a_table_with_a_row_for_each_project_is_not_turned():
    assert not table_of(PROJECTS).turned


def test_pipes_without_a_row_of_dashes_are_a_table():
    table = table_of(f"一些水泵。\n\n{PIPES}\n完。")
    assert [cell.text for cell in table.header] == ["产品", "价格", "质量"]
    assert [table.name_of(row) for row in table.rows] == ["清泉", "深井王"]


def test_columns_between_wide_gaps_are_a_table_whose_cells_keep_their_places():
    text = f"Some pumps.\n\n{GAPS}\nThe end."
    document = Document.from_text(text, id="a.txt")
    (table,) = document.tables
    assert table.turned
    assert all(document.text[cell.start : cell.end] == cell.text for row in table.rows for cell in row.cells)


def test_two_lines_with_pipes_are_no_table():
    assert not Document.from_text("Home | Boards | About\n\nHello there.\n", id="a.txt").tables
