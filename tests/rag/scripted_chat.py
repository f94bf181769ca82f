"""A chat model that says what it is told to, and remembers what it was told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from rag.llm.chat_model import ChatModel
from rag.llm.failures import Backend
from rag.llm.keys import NO_KEY

Script = str | Sequence[str | Exception] | Callable[[str], str]


class ScriptedChat(BaseChatModel):
    """Plays one script after the other, the last one for ever; a function is given the last message."""

    scripts: list[Any]
    prompts: list[Any] = []  # noqa: RUF012 pydantic copies it for each model

    @property
    def _llm_type(self):
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs) -> ChatResult:
        raise NotImplementedError

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        script = self.scripts[min(len(self.prompts), len(self.scripts) - 1)]
        self.prompts.append(messages)
        if callable(script):
            script = script(str(messages[-1].content))
        for piece in re.findall(r"\s*\S{1,4}", script) if isinstance(script, str) else script:
            if isinstance(piece, Exception):
                raise piece
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": "stop"}))


def open_scripted(*scripts: Script, context_length: int = 8_192, **options: Any) -> ChatModel:
    chat = ScriptedChat(scripts=list(scripts))
    backend = Backend("openai:scripted", "the script", NO_KEY)
    model = ChatModel(chat, backend, context_length=context_length, backoff_s=0.0, **options)
    model.prompts = chat.prompts
    return model
