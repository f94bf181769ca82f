import pytest

from rag.exploring import ModelCard, Value
from ui.gallery import render_comparison, render_table, render_timeline, render_tree

EVIL = '<img src=x onerror=alert(1)>"]'


def model(name, **told):
    values = {field: tuple(Value(text, "d.md", 0, 1) for text in texts) for field, texts in told.items()}
    return ModelCard(name, values)


MODELS = (
    model(
        "Basalt",
        organisation=["Northlab", "Northlab"],
        date=["2021"],
        architecture=["decoder-only"],
        weights_open=["yes"],
    ),
    model("Basalt-2", derived_from=["Basalt"], date=["2022-05"], parameters=["13B", "14B"]),
    model(EVIL, about=[EVIL], date=["2023"], architecture=["GLM"]),
)


@pytest.mark.parametrize("render", [render_tree, render_timeline, render_table])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_names_and_values_stay_text(render, language):
    html = render(MODELS, language)

    assert "<img" not in html
    assert "&lt;img" in html


@pytest.mark.parametrize("render", [render_tree, render_timeline, render_table])
def test_documents_without_models_say_so(render):
    assert "no tables about models" in render((), "en")


def test_values_that_agree_stand_once_with_a_mark_for_each_document():
    html = render_table(MODELS, "en")

    assert html.count(">Northlab<") == 1
    assert 'value="m.0.organisation.0"' in html
    assert 'value="m.0.organisation.1"' in html


def test_values_that_differ_both_stand():
    html = render_comparison(MODELS, [0, 1], "en")

    assert ">13B<" in html
    assert ">14B<" in html


@pytest.mark.parametrize("chosen", [[], [0], [0, 0], [0, 99], [-1, 0]])
def test_a_comparison_needs_two_models_that_exist(chosen):
    assert render_comparison(MODELS, chosen, "en") == ""


def test_the_tree_and_the_name_of_each_button_tell_whether_weights_are_open():
    html = render_tree(MODELS, "en")

    assert 'title="Ask about Basalt (open weights)"' in html
    assert "sq-open-yes" in html


def test_the_timeline_goes_by_year():
    html = render_timeline(MODELS, "zh")

    assert html.index("2021") < html.index("2022") < html.index("2023")
    assert ">05<" in html
