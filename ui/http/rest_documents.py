"""/api/documents and /api/jobs: list, read, add and remove documents; what changes them is a job with a number.

Whether anything may be changed is decided by the ``Documents`` that are given; a document is named by its key, since its id
may be a path or an address.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from index.catalogue import DocumentInfo
from ui.documents import Documents, key_of
from ui.errors import BadRequest
from ui.http.failing import Failed
from ui.http.fields import FetchRequest, read
from ui.http.replying import Handler, json_reply
from ui.jobs import Job

MAX_LISTED = 1_000  # documents of one page of the list
MAX_TEXT_CHARS = 100_000  # of one piece of a document's text

_EXAMPLE = '{"address": "https://…"}'


def document_routes(documents: Documents) -> dict[str, dict[str, Handler]]:
    """Return the handlers of /api/documents and /api/jobs by path and method."""

    async def listed(request: Request) -> Response:
        start, most = _number(request, "start", 0), _number(request, "limit", 100, low=1, most=MAX_LISTED)
        found = await run_in_threadpool(documents.listed, request.query_params.get("q", ""))
        shown = [_shown(info) for info in found[start : start + most]]
        return json_reply({"documents": shown, "total": len(found)})

    async def one(request: Request) -> Response:
        return json_reply(await run_in_threadpool(_described, documents, request.path_params["key"]))

    async def text(request: Request) -> Response:
        start, end = _number(request, "start", 0), _number(request, "end", -1, low=-1)
        return json_reply(await run_in_threadpool(_piece, documents, request.path_params["key"], start, end))

    async def add(request: Request) -> Response:
        address = read(FetchRequest, await request.body(), _EXAMPLE).address
        return _started(await run_in_threadpool(documents.fetch, address))

    async def upload(request: Request) -> Response:
        name, content = request.query_params.get("name", ""), await request.body()
        if not (name and content):
            raise BadRequest("Send the file as the body of the request, and its name as ?name=FILE.")
        return _started(await run_in_threadpool(documents.upload, name, content))

    async def remove(request: Request) -> Response:
        info = await run_in_threadpool(_found, documents, request.path_params["key"])
        return _started(await run_in_threadpool(documents.remove, [info.id]))

    return {
        "/documents": {"GET": listed, "POST": add},
        "/documents/upload": {"POST": upload},
        "/documents/{key}": {"GET": one, "DELETE": remove},
        "/documents/{key}/text": {"GET": text},
        **_job_routes(documents),
    }


def _job_routes(documents: Documents) -> dict[str, dict[str, Handler]]:
    async def jobs(request: Request) -> Response:
        return json_reply({"jobs": [asdict(job) for job in documents.jobs()]})

    async def job(request: Request) -> Response:
        return json_reply(asdict(_job(documents, request.path_params["number"])))

    async def cancel(request: Request) -> Response:
        number = _job(documents, request.path_params["number"]).number
        if not documents.writable:
            raise Failed(403, "The operator of this server allows no changes to its documents.", code="read_only")
        documents.cancel(number)
        return json_reply(asdict(_job(documents, str(number))))

    return {"/jobs": {"GET": jobs}, "/jobs/{number}": {"GET": job, "DELETE": cancel}}


def _shown(info: DocumentInfo) -> dict[str, object]:
    return {"key": key_of(info.id), **info.to_dict()}


def _described(documents: Documents, key: str) -> dict[str, object]:
    info = _found(documents, key)
    sections = [{"level": level, "title": title} for level, title in documents.sections(info.id)]
    return {**_shown(info), "sections": sections, "tables": documents.tables(info.id)}


def _piece(documents: Documents, key: str, start: int, end: int) -> dict[str, Any]:
    """Return the characters from start to end of a document's text, at most so many as one reply holds."""
    info = _found(documents, key)
    last = min(info.characters if end < 0 else end, start + MAX_TEXT_CHARS, info.characters)
    piece = documents.text(info.id)[start:last]
    return {"id": info.id, "start": start, "end": start + len(piece), "characters": info.characters, "text": piece}


def _found(documents: Documents, key: str) -> DocumentInfo:
    info = documents.find(key)
    if info is None:
        raise Failed(404, "There is no document with that key. GET /api/documents lists them.", code="not_found")
    return info


def _job(documents: Documents, number: str) -> Job:
    for job in documents.jobs():
        if str(job.number) == number:
            return job
    raise Failed(404, "There is no job with that number (any more).", code="not_found")


def _started(job: Job) -> Response:
    return json_reply(asdict(job), 202, {"location": f"/api/jobs/{job.number}"})


def _number(request: Request, name: str, default: int, *, low: int = 0, most: int = 2**31) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    try:
        number = int(given) if given.isascii() else None
    except ValueError:
        number = None
    if number is None or not low <= number <= most or given.strip() != given or "_" in given:
        raise BadRequest(f"{name} is a whole number from {low} to {most}, not {given!r:.40}.")
    return number
