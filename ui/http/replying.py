"""From a handler to a response: JSON that is always UTF-8, errors as sentences, and streams that end with their reader."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ui.http.failing import Failed, error_body, failure_of

Result = TypeVar("Result")
Handler = Callable[[Request], Awaitable[Response]]

_CLOSED = 499  # the caller left; nobody reads this status but our own log


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with JSON as UTF-8."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, headers, media_type="application/json")


def error_reply(path: str, failed: Failed) -> Response:
    """Return the response for a request that failed, in the shape of its interface."""
    headers = {"retry-after": str(failed.retry_after)} if failed.retry_after else {}
    if failed.status == 401:
        headers["www-authenticate"] = 'Bearer realm="survey-qa"'
    return json_reply(error_body(path, failed.status, str(failed), failed.code), failed.status, headers)


def application(
    routes: Mapping[str, Mapping[str, Handler]],
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None,
) -> Starlette:
    """Return an application of handlers by path and method; whatever they raise becomes a sentence."""
    made = [Route(path, _told(_by_method(methods)), methods=list(methods)) for path, methods in routes.items()]
    served = Starlette(routes=made, exception_handlers={HTTPException: _not_there}, lifespan=lifespan)
    served.router.redirect_slashes = False
    return served


def _by_method(methods: Mapping[str, Handler]) -> Handler:
    async def handle(request: Request) -> Response:
        return await methods["GET" if request.method == "HEAD" else request.method](request)

    return handle


def _told(handler: Handler) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 the outermost frame of a request: the caller gets a sentence
            return error_reply(request.url.path, failure_of(error))

    return handle


def _not_there(request: Request, error: Exception) -> Response:
    """Answer for a path or a method that does not exist."""
    assert isinstance(error, HTTPException)  # noqa: S101 registered for these
    if error.status_code == 405:
        allowed = dict(error.headers or {})
        message = f"This path takes {allowed.get('Allow', 'another method')}, not {request.method:.20}."
        body = error_body(request.url.path, 405, message, "method_not_allowed")
        return json_reply(body, 405, allowed)
    return error_reply(
        request.url.path,
        Failed(error.status_code, "There is nothing at this path. GET /api/openapi.json says what there is."),
    )


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what the work gives; it is cancelled when the caller goes away.

    Raises:
        Failed: The caller went away.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Failed(_CLOSED, "The caller went away.", code="left")
    finally:
        await _ended(working, leaving)


class EventStream(StreamingResponse):
    """Server-sent events; what they need is given back when the last one is out or the reader has gone, whichever is first."""

    def __init__(self, events: AsyncIterator[bytes], held: AsyncExitStack) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(events, headers=headers, media_type="text/event-stream")
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        streaming = asyncio.ensure_future(self.stream_response(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({streaming, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(streaming, leaving)
            await self._held.aclose()


async def _left(receive: Receive) -> None:
    """Return when the caller has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait for their end; what they failed with was told elsewhere."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
