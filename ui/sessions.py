"""Whose open page it is: Gradio names each open page by a hash that the page itself makes, and answers whoever names it.

Here the first request of a page binds its hash to whoever sent it, and requests of anybody else for that hash are refused: they
would otherwise read another person's answer as it is written, or stop it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from urllib.parse import parse_qs

from ui.guard import Application, Receive, Scope, Send, answer_refusal, replay
from ui.owners import name_of

MOST_PAGES = 20_000  # open pages that are remembered; the one that was longest silent is forgotten first

_GRADIO = "/gradio_api/"
_HEARTBEAT = "/gradio_api/heartbeat/"


class OwnPages:
    """ASGI application that lets only its owner act for an open page, and passes everything else on."""

    def __init__(self, app: Application, *, most: int = MOST_PAGES) -> None:
        self._app = app
        self._most = most
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(_GRADIO):
            await self._app(scope, receive, send)
            return
        pages = _pages_of_address(scope)
        if scope["method"] == "POST":
            body = (await receive()).get("body", b"")  # whole: the guard in front has read it
            pages |= _pages_of_body(body)
            receive = replay(body, receive)
        owner = name_of(scope)
        if all(self._belongs(page, owner) for page in pages):
            await self._app(scope, receive, send)
        else:
            await answer_refusal(send, 403, "This page belongs to somebody else. Open one of your own.")

    def _belongs(self, page: str, owner: str) -> bool:
        """Tell whether a page is this person's; one that nobody has named becomes theirs."""
        first = self._owners.setdefault(page, owner)
        self._owners.move_to_end(page)
        while len(self._owners) > self._most:
            self._owners.popitem(last=False)
        return first == owner


def _pages_of_address(scope: Scope) -> set[str]:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=100)
    path = scope["path"]
    return {*query.get("session_hash", ()), *([path.removeprefix(_HEARTBEAT)] if path.startswith(_HEARTBEAT) else ())}


def _pages_of_body(body: bytes) -> set[str]:
    try:
        fields = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return set()
    page = fields.get("session_hash") if isinstance(fields, dict) else None
    return {page} if isinstance(page, str) else set()
