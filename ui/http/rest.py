"""/api/ask and /api/search: a question as JSON, the answer or the passages as JSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from rag.answers import Message
from ui.http.answering import Answering, Asked
from ui.http.fields import AskRequest, SearchRequest, read
from ui.http.gate import Gate
from ui.http.metrics import Metrics
from ui.http.replying import Handler, json_reply, while_connected

_EXAMPLE = '{"question": "…"}'


def rest_routes(answering: Answering, gate: Gate, metrics: Metrics) -> dict[str, dict[str, Handler]]:
    """Return the handlers of /api by path and method."""

    async def ask(request: Request) -> Response:
        fields = read(AskRequest, await request.body(), _EXAMPLE)
        asked = Asked(fields.question, messages_of(fields), fields.narrowing)
        reply = metrics.note_answer(await while_connected(request, gate.through(lambda: answering.ask(asked))))
        return json_reply({name: value for name, value in reply.items() if name != "usage"})

    async def search(request: Request) -> Response:
        fields = read(SearchRequest, await request.body(), _EXAMPLE)
        finding = lambda: answering.search(fields.question, fields.k, fields.narrowing)  # noqa: E731 once there is a place
        hits = await while_connected(request, gate.through(finding))
        return json_reply({"question": fields.question, "passages": hits})

    return {"/ask": {"POST": ask}, "/search": {"POST": search}}


def messages_of(fields: AskRequest) -> list[Message]:
    """Return the history of a question."""
    return [{"role": turn.role, "content": turn.content} for turn in fields.history or ()]
