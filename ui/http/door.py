"""The door of the HTTP interface: who calls, whether the key reaches that far, and how often that caller comes.

Who shows a key needs no login; who shows none is let in only where nobody has to show one, or passes the login behind.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp

from ui.guard import Application, LoginThrottle, Receive, Scope, Send, client_of
from ui.http.api import is_ours
from ui.http.failing import Failed
from ui.http.keys import KeyRing, KeysUnreadable
from ui.http.keys import Scope as KeyScope
from ui.http.pacing import Pace
from ui.http.replying import error_reply
from ui.http.watching import NOTES

OPEN = frozenset({"/healthz", "/readyz", "/api/openapi.json"})

_UNKNOWN = "This key is unknown or was revoked. `survey-qa keys list` shows which there are."
_MISSING = "Send a key: `Authorization: Bearer KEY`. The operator makes one with `survey-qa keys create NAME`."
_UNREADABLE = "The keys of this server cannot be read. Its log says why."


class Door:
    """ASGI application in front of the HTTP interface and the page.

    Args:
        api: The HTTP interface, for whoever may use it.
        behind: The interface and the page behind the login, if there is one.
        ring: The keys.
        must_show: Whether a key is needed although there is none: the address is not this machine's.
        login: Whether what is behind asks for a password.
        pace: How often one caller may ask; None for as often as he likes.
    """

    def __init__(
        self,
        api: ASGIApp,
        behind: Application,
        ring: KeyRing,
        *,
        must_show: bool = False,
        login: bool = False,
        pace: Pace | None = None,
    ) -> None:
        self._api = api
        self._behind = behind
        self._ring = ring
        self._must_show = must_show
        self._login = login
        self._pace = pace
        self._wrong = LoginThrottle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        app: ASGIApp = self._behind
        if scope["type"] == "http" and is_ours(scope["path"]):
            try:
                app = self._admit(scope)
            except Failed as failed:
                app = error_reply(scope["path"], failed)
        await app(scope, receive, send)

    def _admit(self, scope: Scope) -> ASGIApp:
        """Return who answers a request.

        Raises:
            Failed: Nobody does: the key is missing, unknown or too narrow, or the caller comes too often.
        """
        path = scope["path"]
        if path in OPEN:
            return self._api
        guarded = self._login or self._must_show or self._keys_exist()
        # Where nobody needs a key, what clients of OpenAI send in its place ("none", "EMPTY") does not matter.
        secret = _bearer({name.lower(): value for name, value in scope["headers"]}) if guarded else ""
        if secret:
            caller = self._of_key(scope, secret)
        elif guarded and (not self._login or needed(scope["method"], path) == ("admin",)):
            raise Failed(401, _MISSING, code="missing_key")
        else:
            caller = f"address:{client_of(scope)}"
        if self._pace and path != "/metrics":
            self._pace.take(caller)
        return self._api if secret or not self._login else self._behind

    def _of_key(self, scope: Scope, secret: str) -> str:
        """Return who has shown a key that reaches this far."""
        try:
            key = self._ring.find(secret)
        except KeysUnreadable as error:
            raise Failed(503, _UNREADABLE, code="unavailable") from error
        if key is None:
            client = client_of(scope)
            if not self._wrong.allows(client):  # right keys are let in all the same: others may share the address
                raise Failed(429, "Too many wrong keys. Wait a minute.", code="rate_limit_exceeded", retry_after=60)
            self._wrong.note_failure(client)
            raise Failed(401, _UNKNOWN, code="invalid_api_key")
        scopes = needed(scope["method"], scope["path"])
        if not key.allows(*scopes):
            raise Failed(403, f"This key does not reach that far: it needs the scope {scopes[0]}.", code="scope")
        scope.setdefault(NOTES, {})["caller"] = key.name
        return f"key:{key.id}"

    def _keys_exist(self) -> bool:
        try:
            return len(self._ring) > 0
        except KeysUnreadable as error:
            raise Failed(503, _UNREADABLE, code="unavailable") from error


def needed(method: str, path: str) -> tuple[KeyScope, ...]:
    """Return the scopes one of which a request needs.

    >>> needed("POST", "/v1/chat/completions"), needed("DELETE", "/api/documents/5f1e")
    (('ask',), ('documents',))
    """
    if path == "/metrics":
        return ("admin",)
    if path.startswith(("/api/documents", "/api/jobs")):
        return ("ask", "documents") if method in ("GET", "HEAD") else ("documents",)
    return ("ask",)


def _bearer(headers: Mapping[bytes, bytes]) -> str:
    kind, _, secret = headers.get(b"authorization", b"").partition(b" ")
    return secret.strip().decode("latin-1") if kind.lower() == b"bearer" else ""
