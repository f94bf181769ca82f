"""The glass box: where each candidate came from and went, what was checked, what decided."""

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant

TEXT = "# Birds\n\nThe heron weighs 2 kilograms. It eats fish.\n\n## Wren\n\nThe wren weighs 9 grams and sings at dawn."


@pytest.fixture(scope="module")
def ask():
    return Assistant(Index.build(split([Document.from_text(TEXT, id="birds.md")]))).ask


def test_an_explanation_tells_entities_ranks_checks_and_figures(ask):
    told = ask("How much does the wren weigh?").explanation
    assert told["asks_for"][0]["kind"]
    first = told["candidates"][0]
    assert (first["rank"], first["document"]) == (1, "birds.md")
    assert {"lexical_rank", "vector_rank", "packed", "cut"} <= set(first)
    assert told["checks"][0]["label"] == "supported"
    assert told["refusal"]["probability"] >= told["refusal"]["threshold"]


def test_a_refusal_is_explained_by_its_figures(ask):
    told = ask("How many astronauts flew into space?").explanation
    assert told["refused_because"] in ("off_topic", "not_about_it", "nothing_found")
    assert told["checks"] == []


def test_every_candidate_was_packed_or_says_why_not(ask):
    for candidate in ask("What does the heron eat?").explanation["candidates"]:
        assert (candidate["packed"] is None) == (candidate["cut"] is not None)


def test_nothing_is_explained_before_somebody_looks(ask):
    answer = ask("What does the heron eat?")
    assert answer.explanation._told == {}
    assert answer.explanation["kind"]
    assert answer.explanation._told
