import copy
import pickle

import pytest

from corpus import Document, split
from corpus.errors import UsageError
from index import Index
from rag import Assistant
from rag.errors import LLMError
from rag.llm.keys import Key
from ui.choices import Choice, Choices
from ui.conversations import Conversations
from ui.handlers import Chat, Turn, ask


@pytest.fixture(scope="module")
def assistant():
    text = "# Kelp\n\nKelp-9B was released by Tidewater in May 2031.\n"
    return Assistant(Index.build(split([Document.from_text(text, id="kelp.md", title="Kelp")])))


@pytest.fixture
def choices(assistant):
    return Choices(assistant, own_models=True)


def test_without_a_model_of_the_operators_there_is_none_to_choose(choices):
    assert list(choices.readers) == ["extractive", "own"]


def test_the_number_of_passages_is_the_persons(choices):
    answer = choices.assistant(Choice(passages=5)).ask("Who released Kelp-9B?")

    assert "Tidewater" in answer.text
    assert choices.assistant(Choice(passages=5))._k == 5


def test_a_model_of_ones_own_is_opened_with_ones_own_key(choices):
    chosen = choices.assistant(Choice("own", spec="openai:gpt-x", key=Key("sk-mine-123456")))

    assert chosen.reader == "openai:gpt-x"


@pytest.mark.parametrize("spec", ["transformers:/etc", "chatglm:/etc/passwd", "", "gpt", "openai", "x" * 300 + ":m"])
def test_no_path_of_this_machine_is_a_model_of_ones_own(choices, spec):
    with pytest.raises((UsageError, LLMError)):
        choices.assistant(Choice("own", spec=spec, key=Key("k")))


def test_a_model_of_ones_own_needs_a_key_and_the_operators_leave(assistant, choices):
    with pytest.raises(LLMError, match="Enter yours"):
        choices.assistant(Choice("own", spec="openai:gpt-x"))
    with pytest.raises(UsageError, match="allows no models"):
        Choices(assistant, own_models=False).assistant(Choice("own", spec="openai:gpt-x", key=Key("k")))


def test_checking_the_extractive_reader_needs_no_model(choices):
    assert choices.check(Choice("extractive")) is None


def test_a_key_is_in_no_repr_and_no_file(tmp_path):
    chat = Chat(choice=Choice("own", spec="openai:gpt-x", key=Key("sk-mine-123456")))

    assert "sk-mine" not in repr(chat)
    with pytest.raises(TypeError):
        pickle.dumps(chat)
    with pytest.raises(TypeError):
        copy.deepcopy(chat.choice.key)
    conversations = Conversations(tmp_path / "c.sqlite")
    conversations.save("me", "", [Turn("q", "a", "answered")])
    conversations.close()
    assert b"sk-mine" not in (tmp_path / "c.sqlite").read_bytes()


def test_what_the_operator_fixed_is_told(choices):
    assert choices.facts()["embedder"] == "builtin"


def test_a_choice_that_cannot_be_opened_is_told_as_a_failed_answer(choices):
    from ui.offered import Offered

    *_, chat = ask(
        Chat(),
        "Who released Kelp-9B?",
        Offered(choices.assistant(Choice()), {}, choices=choices).answerer_for(Choice("own", spec="openai:gpt-x")),
    )

    assert chat.turns[0].outcome == "failed"
    assert "Enter yours" in chat.turns[0].error
