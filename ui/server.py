"""The server: the page, the HTTP interface and the health check in one process behind the guard.

Answering runs in threads; no route shows the text of an exception that is not ours.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from corpus.errors import SurveyQAError
from rag import tracing
from ui.admitting import check_upload
from ui.choices import Choices
from ui.conversations import Conversations
from ui.documents import Documents
from ui.errors import ConversationsBroken, ServeFailed, TooMuch, UnknownConversation
from ui.exporting import FORMATS
from ui.feedback import Feedback
from ui.guard import Application
from ui.handlers import Answerer
from ui.http.answering import Assistants, Here
from ui.http.api import Api, Beside
from ui.http.terms import Terms, framed
from ui.http.watching import Watch
from ui.login import Login
from ui.offered import Examples, Offered
from ui.owners import NamedBrowsers, owner_of
from ui.quotas import USUAL, Quota, Quotas
from ui.sessions import OwnPages
from ui.shelf import Shelf
from ui.texts import Language
from ui.web import build_page, page_look

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response


logger = logging.getLogger(__name__)

UPLOADS = "/documents/upload"
ADDED = "/api/documents/upload"
MAX_UPLOAD_BYTES = 50_000_000  # of one file
OPEN_TERMS = Terms()
GRACE_SECONDS = 10.0  # for requests that are under way when the server is told to end
_PAGE_GRACE = 1  # second; the page holds connections open for as long as it is shown
# Seconds that an idle connection lives: longer than clients keep theirs, or one is closed while it is asked on.
_KEPT_ALIVE = 75


class Served(Answerer, Assistants, Protocol):
    """What the server needs of an assistant: streams for the page, whole answers and searches for the HTTP interface."""


def create_app(
    assistant: Served,
    *,
    examples: Examples | None = None,
    hosts: Iterable[str] = (),
    home: Path | None = None,
    shelf: Shelf | None = None,
    documents: Documents | None = None,
    users: Mapping[str, str] | None = None,
    choices: Choices | None = None,
    quota: Quota = USUAL,
    api: Api | None = None,
    terms: Terms = OPEN_TERMS,
) -> Watch:
    """Return the whole application: page, HTTP interface and health check behind the guard.

    ``hosts`` are the names that the server answers to beside the loopback ones; Gradio keeps its files under ``home``, as do
    conversations and verdicts. With a ``shelf`` the page also shows the models that the documents tell of, with
    ``documents`` the documents themselves, and takes uploads. ``users`` (names and Argon2 hashes) have to log in.
    ``choices`` are what people may set for themselves, ``quota`` is how much one person may ask and upload in the page.
    ``api`` is the HTTP interface, by default one that answers in this process, and ``terms`` say who may use it.
    """
    _settle_gradio(home)
    from fastapi import FastAPI

    api = api or Api(Here(assistant), documents)
    conversations = Conversations.under(home)
    lifespan = _settling(api, conversations)
    served = FastAPI(title="survey-qa", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    offered = Offered(
        assistant, examples or {"zh": (), "en": ()}, conversations, Feedback(home / "feedback.jsonl" if home else None),
        shelf, documents, choices, Quotas(quota), login=bool(users),
    )  # fmt: skip
    _add_exports(served, conversations)
    if documents:
        _add_uploads(served, documents, offered)
    _mount_page(served, offered)
    return _framed(api, NamedBrowsers(OwnPages(served)), terms, users=users, hosts=hosts)


def _settling(api: Api, conversations: Conversations) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return what holds the interface open, and writes at the end what conversations wait to be written."""

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        try:
            async with api.lifespan(served):
                yield
        finally:
            await asyncio.to_thread(conversations.settle)

    return lifespan


def _mount_page(served: FastAPI, offered: Offered) -> None:
    """Put the page at ``/``, with everything of Gradio's own closed: its files, its tools, its footer, its tracebacks."""
    import gradio as gr

    gr.mount_gradio_app(
        served,
        build_page(offered),
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        favicon_path=str(Path(__file__).with_name("favicon.svg")),
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        **page_look(),
    )


def create_api(
    api: Api, *, hosts: Iterable[str] = (), users: Mapping[str, str] | None = None, terms: Terms = OPEN_TERMS
) -> Watch:
    """Return an application without a page: the HTTP interface behind the guard."""
    return _framed(api, None, terms, users=users, hosts=hosts)


def _framed(
    api: Api, page: Application | None, terms: Terms, *, users: Mapping[str, str] | None, hosts: Iterable[str]
) -> Watch:
    served = api.application()
    both: Application = Beside(served, page) if page else served
    behind = Login(both, users) if users else both
    larger = dict.fromkeys((UPLOADS, ADDED), MAX_UPLOAD_BYTES)
    return framed(api, served, behind, terms, login=bool(users), hosts=hosts, larger=larger)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        ServeFailed: The port is taken or not allowed, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as error:
        raise ServeFailed(f"{host!r} is no address of this machine ({error}). Use --host 127.0.0.1.") from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ServeFailed(_why_not(host, port, error)) from error
    return listener


def run(
    app: Watch, listener: socket.socket, *, ready: Callable[[], None] | None = None, grace: float = GRACE_SECONDS
) -> None:
    """Serve until interrupted; ``ready`` is called once the first request can be answered.

    Then no connection is taken any more, and requests to the HTTP interface that are under way have ``grace`` seconds.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ready and self.started:
                ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for server in self.servers:
                server.close()
            await app.drain(grace, unless=lambda: self.force_exit)
            await super().shutdown(sockets)
            tracing.end()  # here, because the signal that ended this ends the process next

    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=_KEPT_ALIVE,
        timeout_graceful_shutdown=_PAGE_GRACE,
    )
    Server(config).run(sockets=[listener])


def _add_exports(api: FastAPI, conversations: Conversations) -> None:
    """Let a browser fetch its own conversations as files; what is not its own is not there."""
    from fastapi import Request
    from fastapi.responses import Response

    def export(request: Request, name: str) -> Response:
        id_, _, ending = name.rpartition(".")
        try:
            kind, write = FORMATS[ending]
            text = write(conversations.read(owner_of(request.cookies, request.headers), id_))
        except (KeyError, UnknownConversation):
            return Response(_to_json({"error": "There is no such conversation."}), 404, media_type="application/json")
        except ConversationsBroken as error:
            return Response(_to_json({"error": str(error)}), 503, media_type="application/json")
        headers = {"content-disposition": f'attachment; filename="conversation.{ending}"', "cache-control": "no-store"}
        return Response(text.encode("utf-8", "replace"), media_type=f"{kind}; charset=utf-8", headers=headers)

    export.__annotations__.update({"request": Request, "return": Response})
    api.add_api_route("/conversations/{name}", export, methods=["GET"], response_model=None)


def _add_uploads(api: FastAPI, documents: Documents, offered: Offered) -> None:
    """Take one file a request, named in the query; the job that brings it in is shown in the page."""
    from fastapi import Request
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import Response

    async def upload(request: Request) -> Response:
        name, content = request.query_params.get("name", ""), await request.body()
        language: Language = "zh" if request.query_params.get("language") == "zh" else "en"
        try:
            check_upload(offered.quotas, offered.person(request), len(content), language)
        except TooMuch as error:
            return Response(_to_json({"error": str(error)}), 429, media_type="application/json")
        status, told = await run_in_threadpool(_uploaded, documents, name, content)
        return Response(_to_json(told), status, media_type="application/json")

    upload.__annotations__.update({"request": Request, "return": Response})
    api.add_api_route(UPLOADS, upload, methods=["POST"], response_model=None)


def _uploaded(documents: Documents, name: str, content: bytes) -> tuple[int, dict[str, object]]:
    if not name or not content:
        return 400, {"error": "Send the file as the body of the request, and its name as ?name=FILE."}
    try:
        return 202, {"job": documents.upload(name, content).number}
    except SurveyQAError as error:
        return 403, {"error": str(error)}


def _to_json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Choose another one: --port {port % 65535 + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system. Choose one above 1023: --port 7860"
    return f"The page cannot be served at {host}, port {port} ({error.strerror}). Use --host 127.0.0.1."


def _settle_gradio(home: Path | None) -> None:
    """Tell Gradio, before it is imported, to send nothing anywhere and to keep its files in a private folder of ours."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_SHARE"] = "False"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["GRADIO_TEMP_DIR"] = str(_private_folder(home))


def _private_folder(home: Path | None) -> Path:
    if home is not None:
        folder = home / "gradio"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            logger.warning("%s cannot be written (%s); the page keeps its files in a temporary folder.", folder, error)
        else:
            return folder
    return Path(tempfile.mkdtemp(prefix="survey-qa-"))
