"""One talk with a model about one question: its reply, the calls in it, what they find, and its reply to that.

What calls find becomes passages like those before: numbered on, between the same lines, within the same window.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.languages import Language
from index.hits import Hit
from rag.llm.budgets import PER_MESSAGE, Fitted, fit, share
from rag.llm.calls import Deadline
from rag.llm.chat_model import ChatMessage, ChatModel
from rag.llm.live_text import LiveText
from rag.llm.tools import MAX_CALLS, MAX_ROUNDS, Arguments, Offer, ToolCall, Tools, WrongCall, checked_call

_LEAST_ROOM = 200  # tokens that what a call finds must be able to have
_SHOWN_CHARS = 60

Reply = Callable[[Sequence[ChatMessage], Deadline, Offer | None], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Request:
    """The messages for one answer, the passages in them, and the line that they stand between."""

    messages: tuple[ChatMessage, ...] = field(repr=False)
    fitted: Fitted
    question: str
    fence: str = field(repr=False)


class Talk:
    """The messages so far, all passages that the model was given, and what it said last (``live``)."""

    def __init__(
        self, model: ChatModel, request: Request, show: Callable[[int, Hit], str], tools: Tools | None
    ) -> None:
        self.hits = list(request.fitted.hits)
        self.live = LiveText(self.hits)
        self.calls: list[str] = []
        self._model = model
        self._request = request
        self._show = show
        self._tools = tools
        self._messages: list[ChatMessage] = list(request.messages)

    def follow(self, reply: Reply, deadline: Deadline) -> Iterator[str]:
        """Yield what can be shown of the model's replies, until one of them has no calls."""
        for left in reversed(range(MAX_ROUNDS + 1)):
            offer = Offer() if self._tools and left and self._room() >= _LEAST_ROOM else None
            yield from self.live.follow(reply(self._messages, deadline, offer))
            if offer is None or not offer.calls:
                return
            self._answer(offer.calls)
            self.live = LiveText(self.hits)

    def notes(self, language: Language) -> tuple[str, ...]:
        """Return what the model looked up, for the person."""
        if not self.calls:
            return ()
        told = ("模型自己查了:" if language == "zh" else "The model looked up: ") + "; ".join(self.calls)
        return (told + ("。" if language == "zh" else "."),)

    def _answer(self, calls: Sequence[ToolCall]) -> None:
        """Add the calls and what they find to the messages."""
        told: list[ChatMessage] = []
        run: list[dict[str, Any]] = []
        for number, call in enumerate(calls[:MAX_CALLS]):
            id = call.id[:100] or f"call_{number}"
            try:
                arguments = checked_call(call)
                content = self._result(call.name, arguments)
            except WrongCall as wrong:
                arguments, content = {}, str(wrong)
            run.append(_as_told(id, call.name[:100], arguments))
            told.append({"role": "tool", "tool_call_id": id, "content": content})
        self._messages += [{"role": "assistant", "content": "", "tool_calls": run}, *told]

    def _result(self, name: str, arguments: Arguments) -> str:
        assert self._tools is not None  # noqa: S101 without tools there are no calls
        self.calls.append(f"{name} {_shown(arguments)}")
        found = self._tools.run(name, arguments)
        known = {_key(hit): number for number, hit in enumerate(self.hits, 1)}
        new = [hit for hit in found if _key(hit) not in known]
        room = max(0, min(self._room(), self._model.context_length // 4))
        fitted = fit(new, self._request.question, lambda hit: self._show(99, hit), self._model.count_tokens, room)
        shown = [self._show(len(self.hits) + number, hit) for number, hit in enumerate(fitted.hits, 1)]
        again = [f"[{known[_key(hit)]}]" for hit in found if _key(hit) in known]
        self.hits += fitted.hits
        if again:
            shown.append(f"Given before: {', '.join(again)}")
        fence = self._request.fence
        return f"{fence}\n" + "\n\n".join(shown) + f"\n{fence}" if shown else "The documents do not say."

    def _room(self) -> int:
        """Return the tokens that are left when the answer has its own."""
        used = sum(self._model.count_tokens(str(message)) + PER_MESSAGE for message in self._messages)
        return self._model.context_length - used - share(self._model.context_length, 0).answer


def _as_told(id: str, name: str, arguments: Arguments) -> dict[str, Any]:
    told = json.dumps(dict(arguments), ensure_ascii=False)
    return {"id": id, "type": "function", "function": {"name": name, "arguments": told}}


def _shown(arguments: Arguments) -> str:
    """Return arguments on a line, without anything that marks or markup are made of."""
    values = (value if isinstance(value, str) else ", ".join(value) for value in arguments.values())
    line = " · ".join(values).translate(str.maketrans("", "", "[]()<>`*_#!|"))
    return line if len(line) <= _SHOWN_CHARS else line[:_SHOWN_CHARS] + "…"


def _key(hit: Hit) -> tuple[str, int, int]:
    return hit.passage.document_id, hit.passage.start, hit.passage.end
