"""What the documents do not say of a thing is not answered with something else that they say."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant

TEXT = """# Engines

Heron is an engine of Basalt Labs with 12 cylinders. Heron-7B has 7B parameters.

Wren was released in 2019. A survey lists 15 engines: Heron, Wren and others. Wren weighs 40 kg.

- See also: Wren, Heron

## Heron

Heron was presented in 2021.
"""


@pytest.fixture
def engines():
    return Assistant.open(index=Index.build(split([Document.from_text(TEXT, id="engines.md")])))


def test_a_count_of_things_is_no_number_of_parameters(engines):
    assert "15" not in engines.ask("How many parameters does Wren have?").text


def test_a_line_that_only_points_elsewhere_is_no_answer_when_something_is_said(engines):
    assert "See also" not in engines.ask("When was Wren released?").text


def test_a_list_about_a_name_that_no_document_has_is_refused():
    from corpus import load_library

    library = Assistant.open(index=Index.build(split(load_library())))

    assert not library.ask("Which models were released by Quux?").found
