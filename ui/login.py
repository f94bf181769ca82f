"""The door for people who have a password: a file of names and hashes, a login page, sessions that end.

Everything behind needs a session (a cookie that no script can read) or HTTP Basic authentication, for programs; only the
health check is open. Passwords are kept as Argon2 hashes, compared in a thread, and never logged.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from corpus.errors import UsageError
from ui.guard import Application, Event, LoginThrottle, Receive, Scope, Send, client_of
from ui.http.failing import error_body
from ui.owners import USER_HEADER
from ui.texts import TEXTS, language_of_browser

SESSION_COOKIE = "survey_qa_session"
SESSION_SECONDS = 12 * 3600.0
MAX_PASSWORD_CHARS = 1_000

_OPEN = frozenset({"/healthz", "/readyz"})
_BACK = re.compile(r"/(\?c=[A-Za-z0-9_-]{1,64})?")
_USER = re.compile(r"[^\s:\x00-\x1f]{1,64}")
# Verified when nobody has the name that was given, so that the time an answer takes tells nothing.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$4PFvMQB3wFRxVMH6IWjxnNMdQpGsMxGdMsLjiQ6Hb5w"


def hash_password(password: str) -> str:
    """Return the hash of a password, as a line of the file of users holds it behind the name and a colon.

    Raises:
        UsageError: The password is empty or too long.
    """
    from argon2 import PasswordHasher

    if not 0 < len(password) <= MAX_PASSWORD_CHARS:
        raise UsageError(f"A password has 1 to {MAX_PASSWORD_CHARS} characters.")
    return PasswordHasher().hash(password)


def is_user_name(name: str) -> bool:
    """Tell whether a name may stand in the file of users."""
    return bool(_USER.fullmatch(name))


def read_users(path: Path) -> dict[str, str]:
    """Return the hash of each user: lines of ``name:hash``; blank lines and those that begin with # are left out.

    Raises:
        UsageError: The file cannot be read, holds nobody, or a line is not of this form.
    """
    how = "Make a line with `survey-qa password NAME` for each user."
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({error}). {how}") from error
    users: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        name, colon, hashed = line.partition(":")
        if not colon or not is_user_name(name) or not hashed.startswith("$argon2id$"):
            raise UsageError(f"Line {number} of {path} is not NAME:HASH. {how}")
        users[name] = hashed
    if not users:
        raise UsageError(f"{path} names no user. {how}")
    return users


class Login:
    """ASGI application that lets only users through to another one, and tells it who they are.

    Args:
        app: The application behind; it finds the user's name in the header ``x-survey-qa-user``.
        users: The Argon2 hash of each user.
        clock: Seconds, for sessions that end.
    """

    def __init__(
        self, app: Application, users: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._users = dict(users)
        self._clock = clock
        self._sessions: dict[str, tuple[str, float]] = {}
        self._throttle = LoginThrottle(clock=clock)
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, str] = {}  # digests of credentials that were right, so that programs wait once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        path = scope["path"].rstrip("/")
        if path == "/login":
            await self._login(scope, headers, receive, send)
            return
        if path == "/logout" and scope["method"] == "POST":
            self._sessions.pop(_session_of(headers), None)
            await _answer(send, 303, b"", [(b"location", b"/login"), (b"set-cookie", _cookie("", 0, scope))])
            return
        user = self._user_of_session(headers) or await self._user_of_credentials(scope, headers)
        if user:
            await self._app(_with_user(scope, user), receive, send)
        elif scope["method"] == "GET" and b"text/html" in headers.get(b"accept", b""):
            await _answer(send, 303, b"", [(b"location", b"/login" + _wanted(scope))])
        else:
            words = "Log in first, or send a name and a password by HTTP Basic authentication."
            message = error_body(scope["path"], 401, words, "missing_login")
            kind = [(b"content-type", b"application/json"), (b"www-authenticate", b'Basic realm="survey-qa"')]
            await _answer(send, 401, json.dumps(message).encode(), kind)

    def _user_of_session(self, headers: Mapping[bytes, bytes]) -> str:
        """Return who the session belongs to; empty if there is none or it has ended."""
        user, ends = self._sessions.get(_session_of(headers), ("", 0.0))
        return user if self._clock() < ends else ""

    async def _user_of_credentials(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        kind, _, encoded = headers.get(b"authorization", b"").partition(b" ")
        if kind.lower() != b"basic":
            return ""
        digest = hmac.digest(self._key, encoded, hashlib.sha256)
        if digest in self._known:
            return self._known[digest]
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        client = client_of(scope)
        if not self._throttle.allows(client) or not await self._is_right(user, password):
            self._throttle.note_failure(client)
            return ""
        self._known[digest] = user
        return user

    async def _login(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        """Show the login page, or open a session for the right password."""
        if scope["method"] != "POST":
            await _answer(send, 200, _page(scope, headers, failed=False), _HTML)
            return
        fields = parse_qs((await _body(receive)).decode("utf-8", "replace"), max_num_fields=10)
        user, password = (fields.get(name, [""])[0] for name in ("user", "password"))
        if not await self._is_right(user, password):
            await _answer(send, 401, _page(scope, headers, failed=True), _HTML)
            return
        now = self._clock()
        self._sessions = {name: kept for name, kept in self._sessions.items() if now < kept[1]}
        session = secrets.token_urlsafe(32)
        self._sessions[session] = (user, now + SESSION_SECONDS)
        back = fields.get("back", ["/"])[0]
        where = back if _BACK.fullmatch(back) else "/"
        cookie = _cookie(session, int(SESSION_SECONDS), scope)
        await _answer(send, 303, b"", [(b"location", where.encode()), (b"set-cookie", cookie)])

    async def _is_right(self, user: str, password: str) -> bool:
        """Tell whether the password is the user's; a wrong name takes as long as a wrong password."""
        known = user in self._users
        hashed = self._users.get(user, _NOBODY)
        return await asyncio.to_thread(_matches, hashed, password[: MAX_PASSWORD_CHARS + 1]) and known


_HTML = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
_STYLE = (
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#faf9f6;color:#1b2330;"
    "font:16px/1.6 system-ui,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif}"
    "form{width:min(340px,86vw);display:grid;gap:12px;padding:28px;border:1px solid #e3e0d9;border-radius:16px;background:#fff}"
    "h1{margin:0 0 6px;font-size:20px}label{display:grid;gap:4px;font-size:14px}"
    "input{padding:9px 11px;border:1px solid #b9b5ab;border-radius:9px;font:inherit;background:inherit;color:inherit}"
    "button{padding:10px;border:0;border-radius:9px;background:#0f6e67;color:#fff;font:inherit;font-weight:600;cursor:pointer}"
    "p{margin:0;color:#a3262b;font-size:14px}"
    "@media(prefers-color-scheme:dark){body{background:#12161b;color:#e6eaef}form{background:#1a2027;border-color:#2d3540}"
    "button{background:#6fd6c8;color:#06211e}p{color:#ff9c97}}"
)


def _page(scope: Scope, headers: Mapping[bytes, bytes], *, failed: bool) -> bytes:
    language = language_of_browser(headers.get(b"accept-language", b"").decode("latin-1"))
    texts = TEXTS[language]
    wanted = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("back", ["/"])[0]
    back = wanted if _BACK.fullmatch(wanted) else "/"
    told = f'<p role="alert">{escape(texts.login_failed)}</p>' if failed else ""
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="data:,"><title>{escape(texts.title)}</title>'
        f"<style>{_STYLE}</style>"
        f'<form method="post" action="/login"><h1>{escape(texts.title)}</h1>{told}'
        f'<label>{escape(texts.user)}<input name="user" autocomplete="username" required autofocus></label>'
        f'<label>{escape(texts.code_word)}<input name="password" type="password" autocomplete="current-password" required>'
        f'</label><input type="hidden" name="back" value="{escape(back)}"><button>{escape(texts.log_in)}</button></form>'
    ).encode()


def _wanted(scope: Scope) -> bytes:
    """Return what brings a person back to the conversation that the link named."""
    query: bytes = scope.get("query_string", b"")
    named = scope["path"] == "/" and re.fullmatch(rb"c=[A-Za-z0-9_-]{1,64}", query)
    return b"?back=/%3F" + query.replace(b"=", b"%3D") if named else b""


def _matches(hashed: str, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(hashed, password)
    except (InvalidHashError, VerificationError):
        return False


def _session_of(headers: Mapping[bytes, bytes]) -> str:
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == SESSION_COOKIE:
            return value
    return ""


def _cookie(value: str, seconds: int, scope: Scope) -> bytes:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{SESSION_COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}".encode()


def _with_user(scope: Scope, user: str) -> Scope:
    """Return the scope with the user's name; the guard in front lets nobody claim one."""
    return {**scope, "headers": [*scope["headers"], (USER_HEADER.encode(), user.encode().hex().encode())]}


async def _body(receive: Receive) -> bytes:
    """Return the whole body; the guard in front has bounded it."""
    body = bytearray()
    while True:
        event: Event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
