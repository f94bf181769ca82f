"""/v1 as OpenAI's clients speak it: chat completions, whole and in pieces, and the list of models.

The message carries ``citations`` in the shape of every other door; in a stream the chunk that ends the text does. What else
there is to know (found, notes, the index) stands under ``survey_qa``.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rag.answers import Message
from rag.settings import MAX_HISTORY_TURNS
from ui.errors import BadRequest
from ui.http.answering import Answering, Asked, Reply
from ui.http.failing import Failed, error_body, failure_of
from ui.http.fields import ChatMessage, ChatRequest, read
from ui.http.gate import Gate
from ui.http.metrics import Metrics
from ui.http.replying import EventStream, Handler, json_reply, while_connected

MODEL = "survey-qa"

_EXAMPLE = '{"model": "survey-qa", "messages": [{"role": "user", "content": "…"}]}'
_TOLD = ("found", "notes", "standalone_question", "reader", "index", "labels", "stopped_by", "timings_ms")


def chat_routes(answering: Answering, gate: Gate, metrics: Metrics) -> dict[str, dict[str, Handler]]:
    """Return the handlers of /v1 by path and method."""
    born = int(time.time())

    async def complete(request: Request) -> Response:
        fields = read(ChatRequest, await request.body(), _EXAMPLE)
        asked, number = asked_of(fields), f"chatcmpl-{secrets.token_hex(12)}"
        if fields.stream:
            usage = bool(fields.stream_options and fields.stream_options.include_usage)
            return await while_connected(request, _begun(answering, gate, metrics, asked, number, usage=usage))
        reply = await while_connected(request, gate.through(lambda: answering.ask(asked)))
        return json_reply(_completion(number, metrics.note_answer(reply)))

    async def models(request: Request) -> Response:
        return json_reply({"object": "list", "data": [_model(born)]})

    async def model(request: Request) -> Response:
        _check_model(request.path_params["name"])
        return json_reply(_model(born))

    return {"/chat/completions": {"POST": complete}, "/models": {"GET": models}, "/models/{name}": {"GET": model}}


def asked_of(fields: ChatRequest) -> Asked:
    """Return the question of a request (its last message) and the turns before it.

    Raises:
        Failed: The model does not exist.
        BadRequest: The last message is not the user's.
    """
    _check_model(fields.model)
    spoken = [message for message in fields.messages if message.role in ("user", "assistant")]
    if not spoken or spoken[-1].role != "user":
        raise BadRequest("The last message is the question: it has the role user.")
    return Asked(spoken[-1].text, _history(spoken[:-1][-MAX_HISTORY_TURNS:]), fields.narrowing)


def _history(messages: Sequence[ChatMessage]) -> list[Message]:
    return [
        {"role": "assistant" if message.role == "assistant" else "user", "content": message.text}
        for message in messages
        if message.text
    ]


def _check_model(name: str) -> None:
    if name != MODEL:
        raise Failed(404, f"There is no model {name!r:.80} here. Use {MODEL!r}.", code="model_not_found")


def _model(born: int) -> dict[str, object]:
    return {"id": MODEL, "object": "model", "created": born, "owned_by": "survey-qa"}


def _completion(number: str, reply: Reply) -> dict[str, object]:
    message = {
        "role": "assistant",
        "content": reply["answer"],
        "refusal": None,
        "citations": reply["citations"],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(reply)}
    return {
        **_head(number, "chat.completion"),
        "choices": [choice],
        "usage": reply["usage"],
        "survey_qa": _told(reply),
    }


def _head(number: str, kind: str) -> dict[str, object]:
    return {"id": number, "object": kind, "created": int(time.time()), "model": MODEL}


def _told(reply: Reply) -> dict[str, object]:
    return {name: reply[name] for name in _TOLD}


def _reason(reply: Reply) -> str:
    return "content_filter" if reply["stopped_by"] else "stop"


async def _begun(
    answering: Answering, gate: Gate, metrics: Metrics, asked: Asked, number: str, *, usage: bool
) -> Response:
    """Return a stream whose first piece is there already, so that what fails at once fails with a status of its own."""
    held = AsyncExitStack()
    try:
        await held.enter_async_context(gate.entered())
        events = answering.stream(asked)
        held.push_async_callback(events.aclose)  # type: ignore[attr-defined]  # they are generators
        first = await anext(events)
    except BaseException:
        await held.aclose()
        raise
    return EventStream(_chunks(first, events, metrics, number, usage=usage), held)


async def _chunks(
    first: str | Reply, events: AsyncIterator[str | Reply], metrics: Metrics, number: str, *, usage: bool
) -> AsyncIterator[bytes]:
    """Yield the chunks of a stream; a failure in the middle is its last event."""
    head = _head(number, "chat.completion.chunk") | ({"usage": None} if usage else {})
    yield _event(head | _choice({"role": "assistant", "content": ""}))
    said = ""
    try:
        async for event in _all(first, events):
            if isinstance(event, str):
                said += event
                if event:
                    yield _event(head | _choice({"content": event}))
            else:
                metrics.note_answer(event)
                for chunk in _last(head, event, said):
                    yield _event(chunk)
                if usage:
                    yield _event(head | {"choices": [], "usage": event["usage"]})
    except Exception as error:  # noqa: BLE001 the outermost frame of a stream: the caller gets a sentence
        failed = failure_of(error)
        yield _event(error_body("/v1", failed.status, str(failed), failed.code))
    yield b"data: [DONE]\n\n"


def _last(head: Mapping[str, object], reply: Reply, said: str) -> list[dict[str, object]]:
    """Return what ends a stream: the rest of the text, then the citations.

    A chat model's text is checked when it is whole. Where the checked one is another, it stands as ``survey_qa.answer``.
    """
    text, told = str(reply["answer"]), _told(reply)
    chunks: list[dict[str, object]] = []
    if text.startswith(said):
        if text != said:
            chunks.append({**head, **_choice({"content": text[len(said) :]})})
    else:
        told["answer"] = text
    end = _choice({"citations": reply["citations"]}, _reason(reply))
    return [*chunks, {**head, **end, "survey_qa": told}]


async def _all(first: str | Reply, events: AsyncIterator[str | Reply]) -> AsyncIterator[str | Reply]:
    yield first
    async for event in events:
        yield event


def _choice(delta: Mapping[str, object], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}


def _event(content: Mapping[str, object]) -> bytes:
    return b"data: " + json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"
