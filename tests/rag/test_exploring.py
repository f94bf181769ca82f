import pytest

from corpus import Document, split
from index import Index
from rag.exploring import descend, gather_models
from ui.gallery import render_tree

ORES = """# Ore models

| Model | Developer | Released | Size | Architecture | Based on | Open |
|---|---|---|---|---|---|---|
| Basalt-2 | Northlab | 2022-05 | 13B | decoder-only | Basalt | yes |
| Basalt | Northlab | 2021 | 7B | decoder-only | | yes |
| Pebble（卵石） | River | 2023-01-04 | 3B | | Basalt-2; Slate | no |
"""
STONES = """# 石头模型

| 模型 | 机构 | 参数量 | 基于 | 开源 | 颜色 |
|---|---|---|---|---|---|
| basalt 2 | 北方实验室 | 130 亿 | | 部分开源 | 黑 |
| Slate | 页岩社 | | Pebble | | 灰 |
"""
PEOPLE = """# People

| Person | Size |
|---|---|
| Ada | 7B |
"""


@pytest.fixture(scope="module")
def models():
    texts = {"ores.md": ORES, "stones.md": STONES, "people.md": PEOPLE}
    index = Index.build(split([Document.from_text(text, id=name, title=name) for name, text in texts.items()]))
    return {model.name: model for model in gather_models(index)}, index


def test_a_model_is_one_however_its_name_is_written_and_every_value_keeps_its_place(models):
    found, index = models

    told = found["Basalt-2"].of("parameters")

    assert [(value.text, value.document_id) for value in told] == [("13B", "ores.md"), ("130 亿", "stones.md")]
    for value in told:
        assert index.document(value.document_id).text[value.start : value.end] == value.text


def test_tables_that_are_not_about_models_are_left_out(models):
    assert "Ada" not in models[0]


def test_columns_that_nobody_knows_are_left_out(models):
    assert all(value.text != "灰" for values in models[0]["Slate"].values.values() for value in values)


def test_weights_on_which_documents_differ_are_neither_open_nor_closed(models):
    found, _ = models

    assert (found["Basalt"].openness, found["Pebble（卵石）"].openness, found["Basalt-2"].openness) == ("yes", "no", "")


def test_the_earliest_date_counts(models):
    assert models[0]["Pebble（卵石）"].date == "2023-01-04"
    assert models[0]["Slate"].date == ""


def test_the_tree_follows_what_was_made_from_what_and_ends_circles(models):
    tree = descend(list(models[0].values()))

    (basalt,) = tree["decoder-only"]
    (second,) = basalt.children
    assert (basalt.model.name, second.model.name) == ("Basalt", "Basalt-2")
    assert [child.model.name for child in second.children] == ["Pebble（卵石）"]
    assert [child.model.name for child in second.children[0].children] == ["Slate"]


def test_a_circle_of_two_still_shows_both():
    text = "| Model | Based on |\n|---|---|\n| A-1 | B-1 |\n| B-1 | A-1 |\n"
    models = gather_models(Index.build(split([Document.from_text(text, id="a", title="a")])))

    (first,) = descend(models)[""]
    assert [first.model.name, *(child.model.name for child in first.children)] == ["B-1", "A-1"]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_line_without_end_is_a_tree_of_fifty_generations_after_the_other(backwards):
    rows = [f"| Ore-{n}x | Ore-{n + 1}x | decoder-only |" for n in range(1_200)]
    text = "\n".join(
        ["# Ores", "", "| Model | Base | Architecture |", "|---|---|---|", *(reversed(rows) if backwards else rows)]
    )
    models = gather_models(Index.build(split([Document.from_text(text, id="ores.md")])))
    tree = descend(models)["decoder-only"]

    assert len(models) == 1_200
    assert len(tree) == 24
    assert render_tree(models, "en").count("Ore-") >= 1_200


def test_the_library_has_a_tree_in_every_branch():
    from corpus import load_library

    tree = descend(gather_models(Index.build(split(load_library()))))

    assert {"decoder-only", "encoder-decoder", "encoder-only", "GLM"} <= tree.keys()
