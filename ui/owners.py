"""Whose conversations they are: a random name for each browser, in a cookie that no script can read.

The name is the key to everything that is kept for a browser, so it is as long as a password and never shown or logged.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping

from ui.guard import Application, Event, Receive, Scope, Send

COOKIE = "survey_qa_browser"
USER_HEADER = "x-survey-qa-user"  # the name in hexadecimal digits, where people log in
_SECONDS = 400 * 24 * 3600  # the longest that browsers keep a cookie
_NAME = re.compile(r"[A-Za-z0-9_-]{32,64}")


def owner_of(cookies: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Return whose request it is: the user who logged in, else the browser's name, else one that nothing belongs to.

    The header is set by ``ui.login`` alone; the guard takes it off everything that comes from outside.
    """
    user = headers.get(USER_HEADER, "")
    if user:
        return f"user:{user}"
    name = cookies.get(COOKIE, "")
    return f"browser:{name if _NAME.fullmatch(name) else secrets.token_urlsafe(32)}"


def name_of(scope: Scope) -> str:
    """Return what tells people apart who are connected: the user who logged in, else the browser's name, else ""."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return headers.get(USER_HEADER.encode()) or next(_names_of(scope), "")


class NamedBrowsers:
    """ASGI application that gives every browser that opens the page a name of its own, and passes everything on."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/" and not any(_names_of(scope)):
            send = _naming(send, secure=scope.get("scheme") == "https")
        await self._app(scope, receive, send)


def _names_of(scope: Scope) -> Iterator[str]:
    """Yield the well-formed names in the cookies of a request."""
    for name, value in scope["headers"]:
        if name.lower() == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, given = part.strip().partition("=")
                if key == COOKIE and _NAME.fullmatch(given):
                    yield given


def _naming(send: Send, *, secure: bool) -> Send:
    flags = f"Path=/; Max-Age={_SECONDS}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")
    cookie = f"{COOKIE}={secrets.token_urlsafe(32)}; {flags}".encode()

    async def named(event: Event) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event.get("headers", ()), (b"set-cookie", cookie)]}
        await send(event)

    return named
