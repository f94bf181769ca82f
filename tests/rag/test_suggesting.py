import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.exploring import gather_models
from rag.suggesting import suggest

TEXT = """# Ore models

| Model | Developer | Release date | Parameters | Based on | Open source |
|---|---|---|---|---|---|
| Basalt-2 | Northlab | 2022-05 | 13B | Basalt-1 | yes |
| Basalt-1 | Riverlab | 2021 | 7B | | yes |
| Pebble-3（卵石） | Riverlab | 2023-01-04 | 3B | | no |
"""


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(TEXT, id="ores.md", title="Ore models")]))


def offered(index, question, asked=()):
    assistant = Assistant.open(index=index)
    return suggest(question, [question, *asked], index, gather_models(index), lambda offer: assistant.ask(offer).found)


def test_what_else_is_told_of_a_model_is_offered_in_the_questions_language(index):
    assert "How many parameters does Basalt-1 have?" in offered(index, "Who released Basalt-1?")
    assert "Basalt-1 有多少参数？" in offered(index, "Basalt-1 是谁发布的？")


def test_nothing_that_is_not_told_is_offered(index):
    assert not any("based on" in question for question in offered(index, "Who released Basalt-1?"))


def test_neither_the_question_itself_nor_an_earlier_one_is_offered_again(index):
    again = offered(index, "Is Basalt-1 open source?", asked=["Who released Basalt-1?"])

    assert not {"Is Basalt-1 open source?", "Who released Basalt-1?"} & set(again)


def test_two_models_share_what_is_offered(index):
    questions = " ".join(offered(index, "Compare Basalt-1 and Pebble-3"))

    assert "Basalt-1" in questions
    assert "Pebble-3" in questions
    assert "卵石" not in questions


def test_a_question_that_names_no_model_leads_nowhere(index):
    assert offered(index, "What is a table?") == []


def test_every_question_that_is_offered_has_an_answer(index):
    assistant = Assistant.open(index=index)

    for question in ("Who released Basalt-2?", "Basalt-2 开源吗？", "When was Pebble-3 released?"):
        for offer in offered(index, question):
            assert assistant.ask(offer).found, offer
