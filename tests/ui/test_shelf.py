import pytest

from corpus import Document, split
from index import Index
from ui.shelf import Shelf

TEXT = "# Ores\n\n| Model | Size |\n|---|---|\n| Basalt | 7B |\n"


@pytest.fixture
def shelf():
    other = Document.from_text("# Other\n\nNothing about it.", id="other.md", title="Other")
    return Shelf(Index.build(split([Document.from_text(TEXT, id="ores.md", title="Ores"), other])))


def test_a_mark_of_a_model_opens_the_cell_it_was_taken_from(shelf):
    source = shelf.find_source(shelf.models(), "m.0.parameters.0")

    assert (source.quote, source.title, source.label) == ("7B", "Ores", None)


@pytest.mark.parametrize(
    "place",
    ["", "m", "m.0", "m.9.parameters.0", "m.0.colour.0", "m.0.parameters.9", "m.-1.parameters.0", "x.0.parameters.0"],
)
def test_a_place_that_does_not_exist_opens_nothing(shelf, place):
    assert shelf.find_source(shelf.models(), place) is None


def test_a_document_that_was_removed_meanwhile_opens_nothing_and_is_no_longer_shown(shelf):
    before = shelf.models()
    shelf._index.remove(["ores.md"])

    assert shelf.find_source(before, "m.0.parameters.0") is None
    assert shelf.models() == ()
