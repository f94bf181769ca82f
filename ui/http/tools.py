"""An MCP server with two tools, ask and search: over standard input and output, or beside the other routes under /mcp.

Tools answer as the other doors do; a failure is a tool's error with a sentence, for the model to read.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from ui.errors import BadRequest
from ui.http.answering import Answering, Asked
from ui.http.failing import failure_of
from ui.http.fields import AskRequest, Fields, SearchRequest, read
from ui.http.gate import Gate
from ui.http.rest import messages_of

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult

PATH = "/mcp"

_INSTRUCTIONS = (
    "Answers and passages out of the documents that this server holds, each with the exact words of its source."
)
_TOOLS: dict[str, tuple[type[Fields], str]] = {
    "ask": (AskRequest, "Answer a question in cited sentences, or say that the documents do not say."),
    "search": (SearchRequest, "Find the passages of the documents that match a question best."),
}

Note = Callable[[dict[str, Any]], dict[str, Any]]


def tool_server(answering: Answering, gate: Gate, note: Note = lambda reply: reply) -> Server[Any]:
    """Return the MCP server; ``note`` is told of every answer."""
    import mcp_types as types
    from mcp.server.lowlevel import Server

    async def listed(context: object, params: object) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(name=name, description=meaning, input_schema=fields.model_json_schema())
                for name, (fields, meaning) in _TOOLS.items()
            ]
        )

    async def called(context: object, params: types.CallToolRequestParams) -> CallToolResult:
        try:
            return await _called(answering, gate, note, params.name, params.arguments or {})
        except Exception as error:  # noqa: BLE001 the outermost frame of a tool: the model gets a sentence
            text = types.TextContent(type="text", text=str(failure_of(error)))
            return types.CallToolResult(content=[text], is_error=True)

    return Server("survey-qa", instructions=_INSTRUCTIONS, on_list_tools=listed, on_call_tool=called)


async def _called(answering: Answering, gate: Gate, note: Note, name: str, arguments: dict[str, Any]) -> CallToolResult:
    import mcp_types as types

    if name not in _TOOLS:
        raise BadRequest(f"There is no tool {name!r:.40}. There are: {', '.join(_TOOLS)}.")
    fields = read(_TOOLS[name][0], json.dumps(arguments).encode(), '{"question": "…"}')
    async with gate.entered():
        if isinstance(fields, AskRequest):
            reply = note(await answering.ask(Asked(fields.question, messages_of(fields), fields.narrowing)))
            told, text = _answer(reply), _with_sources(reply)
        else:
            assert isinstance(fields, SearchRequest)  # noqa: S101 the other tool
            hits = await answering.search(fields.question, fields.k, fields.narrowing)
            told, text = {"passages": hits}, "\n\n".join(f"{hit['document']}: {hit['text']}" for hit in hits)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=told)


def _answer(reply: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without the passages: they are what the other tool is for."""
    return {name: value for name, value in reply.items() if name not in ("passages", "usage", "timings_ms")}


def _with_sources(reply: dict[str, Any]) -> str:
    sources = [f"[{one['number']}] {one['title']}: {one['quote']}" for one in reply["citations"]]
    return "\n".join([reply["answer"], *([""] if sources else []), *sources])


class OverHttp:
    """The MCP server under ``PATH``, without sessions, so that any request may come to it; serves while it is held open.

    Hosts and origins are the guard's business.
    """

    def __init__(self, server: Server[Any]) -> None:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
        from mcp.server.transport_security import TransportSecuritySettings

        self._manager = StreamableHTTPSessionManager(
            server,
            json_response=True,
            stateless=True,
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve requests meanwhile."""
        async with self._manager.run():
            yield

    @property
    def app(self) -> ASGIApp:
        """The application that takes the requests."""
        return self._manager.asgi_app


async def over_pipes(server: Server[Any]) -> None:
    """Serve one client over standard input and output until it hangs up."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
