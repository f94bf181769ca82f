"""Records: rows of one name are one thing, whatever table and document they stand in."""

import pytest

from corpus import Document
from rag.reading.records import date_of, differ, key_of, pool, roster_of, size_of


def tables(*texts):
    documents = [Document.from_text(text, id=f"d{n}.md", title=f"D{n}") for n, text in enumerate(texts)]
    return [(document, table) for document in documents for table in document.tables]


FIRST = "| Bird | Also known as | Size |\n| --- | --- | --- |\n| Heron-2（苍鹭） | Old Grey | 90 |\n| Egret | | 60 |\n"
SECOND = "| Bird | Size | Price |\n| --- | --- | --- |\n| heron 2 | 95 | $5 |\n| Old Grey | | $7 |\n| Ibis and Egret | 70 | |\n"


def test_rows_of_one_name_are_one_record_in_any_spelling_and_under_any_other_name():
    heron = pool(tables(FIRST, SECOND))[0]
    assert key_of(heron.name) == "heron2"
    assert sorted(v.text for v in heron.values if v.header in ("Size", "Price")) == ["$5", "$7", "90", "95"]


def test_a_row_for_two_things_is_told_of_each_if_both_have_rows_of_their_own():
    also = SECOND + "| Ibis | 71 | |\n"
    records = {record.name: record for record in pool(tables(FIRST, also))}
    assert [v.text for v in records["Egret"].values if v.header == "Size"].count("70") == 1


def test_a_first_column_of_dates_names_nothing():
    assert pool(tables("| Year | Event |\n| --- | --- |\n| 2020 | a |\n| 2021年7月 | b |\n")) == []


def test_documents_differ_where_their_amounts_have_none_in_common():
    heron = pool(tables(FIRST, SECOND))[0]
    assert differ([v for v in heron.values if v.header == "Size"])
    assert not differ([v for v in heron.values if v.header == "Price"])  # one document lists two prices


@pytest.mark.parametrize(
    ("cell", "direction", "value"),
    [
        ("$500 + $100", 1, 600),
        ("7B, 65B", 1, 65e9),
        ("7B, 65B", -1, 7e9),
        ("under $30 (about 200 yuan)", 1, 30),
        ("52K pairs for $500", 1, 500),
        ("J1 has 7B, 2 sizes", -1, 7e9),
    ],
)
def test_the_amount_of_a_cell_is_its_money_or_its_extreme(cell, direction, value):
    [record] = pool(tables(f"| Bird | Price |\n| --- | --- |\n| Heron | {cell} |\n"))
    assert size_of(record.values[0], direction).value == value


def test_a_date_is_read_as_far_as_it_goes():
    assert date_of("published 2021") == (2021, 0, 0)
    assert date_of("no date") is None


def test_a_table_whose_first_header_tells_nothing_is_called_what_its_caption_says():
    from rag.understanding.questions import Needle

    roster = roster_of(tables("## Water birds\n\n| Name | Size |\n| --- | --- |\n| Heron | 90 |\n"))
    assert roster.calls(Needle("birds", frozenset({"bird"}), (), 1.0, held=True))
    assert not roster.calls(Needle("ships", frozenset({"ship"}), (), 1.0, held=True))


def test_columns_of_a_turned_table_are_records():
    turned = "| | Heron | Egret |\n|---|---|---|\n| Length | 12 m | 9 m |\n| Maker | Acme | Borealis |\n| Year | 1999 | 2004 |\n"
    records = {record.name: record for record in pool(tables(turned))}
    assert [v.text for v in records["Egret"].values] == ["9 m", "Borealis", "2004"]
