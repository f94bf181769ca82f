"""The official MCP client uses both tools over both ways."""

import os
import sys
from pathlib import Path

import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from rag import Assistant
from ui.http.answering import Here
from ui.http.gate import Gate
from ui.http.tools import tool_server

ROOT = Path(__file__).parents[3]
QUESTION = {"question": "How much GPU memory does Walnut-7B need?"}


async def use(client):
    """Call both tools and return what came back."""
    tools = (await client.list_tools()).tools
    answer = await client.call_tool("ask", QUESTION)
    found = await client.call_tool("search", {**QUESTION, "k": 1})
    return [tool.name for tool in tools], answer, found


def check(names, answer, found):
    assert names == ["ask", "search"]
    assert "6 GB" in answer.content[0].text
    assert answer.structured_content["citations"][0]["document"] == "walnut.md"
    assert [hit["document"] for hit in found.structured_content["passages"]] == ["walnut.md"]


async def test_both_tools_answer_over_pipes(index, tmp_path):
    index.save(tmp_path / "index")
    arguments = ["-m", "ui.cli", "mcp", "--index", str(tmp_path / "index")]
    server = StdioServerParameters(command=sys.executable, args=arguments, cwd=ROOT, env=dict(os.environ))
    async with Client(stdio_client(server)) as client:
        check(*await use(client))


async def test_both_tools_answer_over_http_and_want_a_key_where_there_is_one(serve, tmp_path):
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    from ui.http.keys import KeyRing

    address = f"{serve()}mcp"
    async with Client(address) as client:
        check(*await use(client))

    secret = KeyRing(tmp_path / "home" / "keys.json").create("bot", ["ask"])
    http = create_mcp_http_client(headers={"authorization": f"Bearer {secret}"})
    async with http, Client(streamable_http_client(address, http_client=http)) as client:
        check(*await use(client))
    assert httpx.post(address, json={}).status_code == 401


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("ask", {}, "The body has no question"),
        ("ask", {"question": " "}, "The question is empty"),
        ("search", {"question": "q", "k": 0}, "from 1 to 100"),
        ("ask", {"question": "q", "kinds": ["opera"]}, "No document has the kind 'opera'"),
        ("rm", {}, "There is no tool 'rm'"),
    ],
)
async def test_what_a_tool_cannot_do_is_told_to_the_model(index, tool, arguments, told):
    answering = Here(Assistant(index))
    async with Client(tool_server(answering, Gate(answering.capacity))) as client:
        result = await client.call_tool(tool, arguments)

    assert result.is_error
    assert told in result.content[0].text
