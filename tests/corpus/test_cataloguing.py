"""The catalogue's tables: rendered from facts, one for each document, and those in the library are up to date."""

from pathlib import Path

import corpus
from corpus.cataloguing import HEADING, catalogue_of, with_catalogue
from corpus.models import Fact, Model, load_models

LIBRARY = Path(corpus.__file__).parent / "library"
HERON = Model(
    "Heron",
    organisation=(Fact("Lake Institute", ("birds",)),),
    parameters=(Fact("6B", ("birds",)), Fact("6.2B", ("waders",))),
    paper=(Fact("https://example.org/heron", ("waders",)),),
)
EGRET = Model("Egret", weights_open=(Fact("no", ("birds",)),))


def test_a_document_gets_the_facts_that_it_says_and_no_others():
    assert catalogue_of("waders", [HERON, EGRET]).splitlines()[2:] == [
        "| 模型 | 参数量 |",
        "| --- | --- |",
        "| Heron | 6.2B |",
    ]


def test_a_column_stands_there_if_some_row_fills_it():
    assert catalogue_of("birds", [HERON, EGRET]).splitlines()[2:] == [
        "| 模型 | 机构 | 参数量 | 开源 |",
        "| --- | --- | --- | --- |",
        "| Heron | Lake Institute | 6B |  |",
        "| Egret |  |  | 未开源，权重未开放，闭源（closed source） |",
    ]


def test_a_document_that_says_nothing_of_models_gets_no_table():
    assert catalogue_of("reeds", [HERON, EGRET]) == ""
    assert with_catalogue("# Reeds\n\nThey bend.\n", "") == "# Reeds\n\nThey bend.\n"


def test_several_values_of_one_document_stand_in_one_cell_and_bars_do_not_break_it():
    model = Model("Heron", data=(Fact("a|b", ("birds",)), Fact("c", ("birds",))))
    assert catalogue_of("birds", [model]).splitlines()[-1] == "| Heron | a/b; c |"


def test_what_is_no_money_does_not_pass_for_a_price():
    model = Model("Heron", cost=(Fact("300 美元 (USD 300)", ("birds",)), Fact("half the energy", ("birds",))))
    header, _, row = catalogue_of("birds", [model]).splitlines()[2:]
    assert dict(zip(header.split("|"), row.split("|"), strict=True))[" 训练成本 "] == " 300 美元 (USD 300) "


def test_software_around_models_stands_in_a_table_of_its_own():
    tool = Model("heron.cpp", kind="tool", derived_from=(Fact("Heron", ("birds",)),))
    assert catalogue_of("birds", [HERON, tool]).splitlines()[-3:] == [
        "| 工具 | 基于 |",
        "| --- | --- |",
        "| heron.cpp | Heron |",
    ]


def test_writing_a_table_again_changes_nothing():
    table = catalogue_of("birds", [HERON, EGRET])
    once = with_catalogue("# Birds\n\nThey wade.\n", table)
    assert with_catalogue(once, table) == once
    assert once.count(HEADING) == 1


def test_the_library_holds_the_tables_that_the_catalogue_says():
    models = load_models()
    stale = [
        path.name
        for path in LIBRARY.glob("*/*.md")
        if with_catalogue(text := path.read_text("utf-8"), catalogue_of(path.stem, models)) != text
    ]
    assert not stale, f"run `python -m corpus.cataloguing`: {stale}"


def test_every_fact_of_the_catalogue_stands_in_the_index_under_the_document_that_says_it():
    documents = {document.id.rpartition("/")[2].removesuffix(".md"): document for document in corpus.load_library()}
    for model in load_models():
        for fact in model.parameters:
            for source in fact.sources:
                rows = [
                    row for table in documents[source].tables for row in table.rows if row.cells[0].text == model.name
                ]
                assert any(fact.value in cell.text for row in rows for cell in row.cells), (model.name, source)
