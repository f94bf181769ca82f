"""What chat models on this machine have in common for LangChain: turns in, greedy text out, one answer at a time.

This file is imported on demand only, because it needs LangChain at its top.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from rag.errors import LLMError

MAX_NEW_TOKENS = 1_024
MAX_WINDOW = 32_768  # what a configuration may promise beyond this, memory does not hold
_ROLES = {"system": "system", "human": "user", "ai": "assistant"}

Turn = dict[str, str]


class LocalChat(BaseChatModel):
    """A chat model that says what ``_write`` yields, up to a stop word."""

    max_new_tokens: int = MAX_NEW_TOKENS
    stop: list[str] | None = None

    def _write(self, turns: list[Turn]) -> Generator[str, None, str]:
        """Yield the reply to some turns (``role``, ``content``) and return why it ended: ``stop`` or ``length``."""
        raise NotImplementedError

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 LangChain's signature
    ) -> ChatResult:
        chunks = list(self._stream(messages, stop, run_manager, **kwargs))
        text = "".join(str(chunk.message.content) for chunk in chunks)
        message = AIMessage(content=text, response_metadata=chunks[-1].message.response_metadata)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 LangChain's signature
    ) -> Iterator[ChatGenerationChunk]:
        turns = _in_turn([{"role": _ROLES.get(m.type, "user"), "content": str(m.text)} for m in messages])
        reason = ["stop"]  # a stop word ends a reply before it says why it ended
        with closing(self._pieces(turns, reason)) as pieces:
            for text in until_stop(pieces, stop or self.stop or ()):
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                if run_manager:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": reason[-1]}))

    def _pieces(self, turns: list[Turn], reason: list[str]) -> Generator[str, None, None]:
        reason.append((yield from self._write(turns)))


def _in_turn(turns: list[Turn]) -> list[Turn]:
    """Put turns of one role that follow each other together: many templates take speakers only in turn."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1]["role"] == turn["role"]:
            joined[-1] = {**turn, "content": f"{joined[-1]['content']}\n\n{turn['content']}"}
        else:
            joined.append(turn)
    return joined


def too_long(length: int, window: int) -> LLMError:
    """Return the error for a prompt that leaves no room for an answer."""
    return LLMError(f"The prompt has {length:,} tokens and the model's context length is {window:,}.", kind="too_long")


def without_system(turns: list[Turn]) -> list[Turn]:
    """Move what the system turn says to the front of the first other turn."""
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    rest = [turn for turn in turns if turn["role"] != "system"]
    if system and rest:
        rest[0] = {**rest[0], "content": f"{system}\n\n{rest[0]['content']}"}
    return rest


def until_stop(pieces: Iterator[str], stops: Sequence[str]) -> Iterator[str]:
    """Yield text up to the first stop word, which may be spread over pieces."""
    held = ""
    longest = max(map(len, stops), default=1) - 1
    for piece in pieces:
        held += piece
        if found := [at for word in stops if (at := held.find(word)) >= 0]:
            yield held[: min(found)]
            return
        ready = len(held) - longest
        if ready > 0:
            yield held[:ready]
            held = held[ready:]
    if held:
        yield held
