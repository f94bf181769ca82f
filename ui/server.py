"""The server: the page, the HTTP interface and the health check in one process behind the guard.

Answering runs in threads; no route shows the text of an exception that is not ours.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from corpus.errors import SurveyQAError, UsageError
from index import Filter
from rag.answers import Answer, Message
from rag.errors import LLMError
from ui.choices import Choices
from ui.conversations import Conversations
from ui.documents import Documents
from ui.errors import BadRequest, ServeFailed, UnknownConversation
from ui.exporting import FORMATS
from ui.feedback import Feedback
from ui.guard import Application, Guard
from ui.handlers import Answerer
from ui.login import Login
from ui.owners import NamedBrowsers, owner_of
from ui.shelf import Shelf
from ui.web import Examples, build_page, page_look

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

    from index.hits import Hit

logger = logging.getLogger(__name__)

MAX_HITS = 100
UPLOADS = "/documents/upload"
MAX_UPLOAD_BYTES = 50_000_000  # of one file


class Served(Answerer, Protocol):
    """What the server needs of an assistant."""

    def ask(self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None) -> Answer:
        """Answer one question from the documents that a filter lets through."""
        ...

    def search(self, question: str, k: int = 10, *, filter: Filter | None = None) -> list[Hit]:
        """Return the k passages that match best, of the documents that a filter lets through."""
        ...


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
) -> Guard:
    """Return the whole application: page, HTTP interface and health check behind the guard.

    ``hosts`` are the names that the server answers to beside the loopback ones; Gradio keeps its files under ``home``, as do
    conversations and verdicts. With a ``shelf`` the page also shows the models that the documents tell of, with
    ``documents`` the documents themselves, and takes uploads. ``users`` (names and Argon2 hashes) have to log in.
    ``choices`` are what people may set for themselves.
    """
    _settle_gradio(home)
    import gradio as gr
    from fastapi import FastAPI

    api = FastAPI(title="survey-qa", docs_url=None, redoc_url=None, openapi_url=None)
    conversations = Conversations.under(home)
    _add_routes(api, assistant)
    _add_exports(api, conversations)
    if documents:
        _add_uploads(api, documents)
    gr.mount_gradio_app(
        api,
        build_page(
            assistant,
            examples or {"zh": (), "en": ()},
            conversations,
            Feedback(home / "feedback.jsonl" if home else None),
            shelf,
            documents,
            choices,
            login=bool(users),
        ),
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
    app: Application = NamedBrowsers(api)
    return Guard(Login(app, users) if users else app, hosts=hosts, larger={UPLOADS: MAX_UPLOAD_BYTES})


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


def run(app: Guard, listener: socket.socket, *, ready: Callable[[], None] | None = None) -> None:
    """Serve until interrupted; ``ready`` is called once the first request can be answered."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if ready and self.started:
                ready()

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=1,
    )
    Server(config).run(sockets=[listener])


def _add_routes(api: FastAPI, assistant: Served) -> None:
    from fastapi import Request
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import Response

    async def reply(request: Request, work: Callable[[dict[str, Any]], dict[str, object]]) -> Response:
        body = await request.body()
        status, content = await run_in_threadpool(_attempt, work, body)
        return Response(_to_json(content), status, media_type="application/json")

    async def ask(request: Request) -> Response:
        return await reply(request, lambda fields: _ask(assistant, fields))

    async def search(request: Request) -> Response:
        return await reply(request, lambda fields: _search(assistant, fields))

    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    plain: dict[str, Any] = {"response_model": None}
    for route in (ask, search):  # annotations are texts here, and FastAPI cannot see what this function imported
        route.__annotations__.update({"request": Request, "return": Response})
    api.add_api_route("/api/ask", ask, methods=["POST"], **plain)
    api.add_api_route("/api/search", search, methods=["POST"], **plain)
    api.add_api_route("/healthz", healthz, methods=["GET"], **plain)


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
        headers = {"content-disposition": f'attachment; filename="conversation.{ending}"', "cache-control": "no-store"}
        return Response(text.encode("utf-8", "replace"), media_type=f"{kind}; charset=utf-8", headers=headers)

    export.__annotations__.update({"request": Request, "return": Response})
    api.add_api_route("/conversations/{name}", export, methods=["GET"], response_model=None)


def _add_uploads(api: FastAPI, documents: Documents) -> None:
    """Take one file a request, named in the query; the job that brings it in is shown in the page."""
    from fastapi import Request
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import Response

    async def upload(request: Request) -> Response:
        name, content = request.query_params.get("name", ""), await request.body()
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


def _attempt(work: Callable[[dict[str, Any]], dict[str, object]], body: bytes) -> tuple[int, dict[str, object]]:
    """Return status and content; every failure becomes a sentence."""
    try:
        return 200, work(_fields(body))
    except UsageError as error:
        return 400, {"error": str(error)}
    except LLMError as error:
        return 502, {"error": str(error)}
    except SurveyQAError as error:
        return 503, {"error": str(error)}
    except Exception as error:  # the outermost frame of a request: the client gets a sentence, the log the rest
        logger.error("A request failed with %s", type(error).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
        return 500, {"error": "Something unexpected happened here. The server's log says what."}


def _fields(body: bytes) -> dict[str, Any]:
    expected = 'Send a JSON object such as {"question": "…"}, as UTF-8.'
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON. {expected}") from error
    if not isinstance(fields, dict) or "question" not in fields:
        raise BadRequest(f"The body has no question. {expected}")
    return fields


def _ask(assistant: Served, fields: dict[str, Any]) -> dict[str, object]:
    return assistant.ask(fields["question"], fields.get("history") or (), filter=Filter.of_fields(fields)).to_dict()


def _search(assistant: Served, fields: dict[str, Any]) -> dict[str, object]:
    k = fields.get("k", 10)
    if not isinstance(k, int) or isinstance(k, bool) or not 1 <= k <= MAX_HITS:
        raise BadRequest(f"k is how many passages you want: a whole number from 1 to {MAX_HITS}, not {k!r:.40}.")
    hits = assistant.search(fields["question"], k, filter=Filter.of_fields(fields))
    return {"question": fields["question"], "passages": [hit.to_dict() for hit in hits]}


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
