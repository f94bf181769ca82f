"""How the server of a downloaded ChatGLM puts a conversation to each family's own code."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

TALK = [
    {"role": "system", "content": "简短。"},
    {"role": "user", "content": "你好"},
    {"role": "assistant", "content": "您好"},
    {"role": "user", "content": "多大?"},
]


@pytest.fixture(scope="module")
def server():
    path = Path(__file__).parents[2] / "rag" / "llm" / "chatglm_server.py"
    spec = importlib.util.spec_from_file_location("chatglm_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class First:
    """ChatGLM-6B's tokenizer, as far as it is asked."""

    eos_token_id = 5

    def __call__(self, texts, return_tensors):
        return {"input_ids": texts[0]}


class Second(First):
    def build_prompt(self, question, history):
        return f"{history} | {question}"


class Third(First):
    def build_chat_input(self, question, history, role):
        return {"input_ids": (question, history, role)}

    def get_command(self, token):
        return {"<|user|>": 8, "<|observation|>": 9}[token]


def prompt(server, tokenizer, messages):
    config = SimpleNamespace(eos_token_id=5, seq_length=8_192)
    model = SimpleNamespace(config=config)
    return server._Model(tokenizer, model, config)._prompt(messages)


def test_the_first_familys_first_turn_is_the_bare_question(server):
    assert prompt(server, First(), TALK[1:2]) == ({"input_ids": "你好"}, [5])


def test_from_its_second_turn_on_rounds_are_numbered_and_the_system_stands_before_the_first_question(server):
    told, _ = prompt(server, First(), TALK)
    assert told["input_ids"] == "[Round 0]\n问：简短。\n\n你好\n答：您好\n[Round 1]\n问：多大?\n答："


def test_the_second_familys_own_code_writes_its_prompt(server):
    told, ends = prompt(server, Second(), TALK)
    assert told["input_ids"] == "[('简短。\\n\\n你好', '您好')] | 多大?"
    assert ends == [5]


def test_the_third_familys_own_code_gets_roles_and_a_reply_ends_where_somebody_else_speaks(server):
    told, ends = prompt(server, Third(), TALK)
    assert told["input_ids"] == ("多大?", TALK[:3], "user")
    assert ends == [5, 8, 9]


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"messages": [TALK[1], TALK[2]]}, "the user's"), ({"temperature": 3}, "from 0 to 2"), ({"stop": [""]}, "stop is to be"),
     ({"max_tokens": True}, "positive whole number"), ({"messages": [{"role": "tool", "content": "x"}]}, "is to be a list")],
)  # fmt: skip
def test_a_request_that_is_none_is_told_what_was_expected(server, changed, told):
    with pytest.raises(server._Wrong, match=told):
        server._checked({"messages": TALK, **changed})
