"""The OpenAPI description of /v1 and /api, made of the same fields that requests are checked against."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from pydantic.json_schema import models_json_schema

from ui.http.fields import MAX_HITS, AskRequest, ChatRequest, FetchRequest, Fields, SearchRequest
from ui.http.rest_documents import MAX_LISTED
from ui.jobs import Work

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_ANSWER_FIELDS = {
    "question": _TEXT,
    "answer": _TEXT,
    "found": {"type": "boolean", "description": "false: the documents do not say"},
    "citations": {"type": "array", "items": {"$ref": "#/components/schemas/Citation"}},
    "passages": {"type": "array", "items": {"$ref": "#/components/schemas/Passage"}},
    "standalone_question": _TEXT,
    "reader": _TEXT,
    "index": _TEXT,
    "timings_ms": {"type": "object", "additionalProperties": {"type": "number"}},
    "notes": {"type": "array", "items": _TEXT},
    "stopped_by": _TEXT,
    "labels": {"type": "object", "additionalProperties": {"enum": ["supported", "weak", "unsupported"]}},
}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


_DOCUMENT = {
    "key": {**_TEXT, "description": "names the document in this interface"},
    "id": _TEXT,
    "title": _TEXT,
    "url": {"type": ["string", "null"]},
    "language": _TEXT,
    "kind": _TEXT,
    "content_hash": _TEXT,
    "characters": _NUMBER,
    "passages": _NUMBER,
    "year": {"type": ["integer", "null"]},
}
_COMPLETION = {
    "id": _TEXT,
    "object": {"const": "chat.completion"},
    "created": _NUMBER,
    "model": _TEXT,
    "choices": {"type": "array", "minItems": 1, "maxItems": 1, "items": {"$ref": "#/components/schemas/Choice"}},
    "usage": {"$ref": "#/components/schemas/Usage"},
    "survey_qa": {
        "type": "object",
        "description": "found, notes, standalone_question, reader, index, labels, stopped_by, timings_ms",
    },
}
_SCHEMAS: dict[str, Any] = {
    "Citation": _object(
        {
            "number": _NUMBER, "document": _TEXT, "title": _TEXT, "section": _TEXT,
            "quote": {**_TEXT, "description": "the document's own characters from start to end"},
            "start": _NUMBER, "end": _NUMBER, "url": {"type": ["string", "null"]},
            "page": {"type": ["integer", "null"]}, "support": {"type": "number", "minimum": 0, "maximum": 1},
        }
    ),
    "Passage": _object(
        {
            "document": _TEXT, "section": _TEXT, "start": _NUMBER, "end": _NUMBER, "text": _TEXT,
            "score": {"type": "number", "description": "rises with relevance"},
        }
    ),
    "Usage": _object({"prompt_tokens": _NUMBER, "completion_tokens": _NUMBER, "total_tokens": _NUMBER}),
    "Answer": _object(_ANSWER_FIELDS),
    "Passages": _object({"question": _TEXT, "passages": {"type": "array", "items": {"$ref": "#/components/schemas/Passage"}}}),
    "Message": _object(
        {
            "role": {"const": "assistant"}, "content": _TEXT, "refusal": {"type": "null"},
            "citations": {"type": "array", "items": {"$ref": "#/components/schemas/Citation"}},
        }
    ),
    "Choice": _object(
        {
            "index": _NUMBER, "message": {"$ref": "#/components/schemas/Message"}, "logprobs": {"type": "null"},
            "finish_reason": {"enum": ["stop", "content_filter"]},
        }
    ),
    "Completion": _object(_COMPLETION),
    "Model": _object({"id": _TEXT, "object": {"const": "model"}, "created": _NUMBER, "owned_by": _TEXT}),
    "Models": _object(
        {"object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}}}
    ),
    "Document": _object(_DOCUMENT),
    "Documents": _object(
        {"documents": {"type": "array", "items": {"$ref": "#/components/schemas/Document"}}, "total": _NUMBER}
    ),
    "DocumentInFull": _object(
        {
            **_DOCUMENT,
            "sections": {"type": "array", "items": _object({"level": _NUMBER, "title": _TEXT})},
            "tables": _NUMBER,
        }
    ),
    "Text": _object({"id": _TEXT, "start": _NUMBER, "end": _NUMBER, "characters": _NUMBER, "text": _TEXT}),
    "Job": _object(
        {
            "number": _NUMBER,
            "work": {"enum": list(get_args(Work))},
            "about": _TEXT,
            "state": {"enum": ["waiting", "running", "done", "failed", "cancelled"]},
            "stage": _TEXT, "done": _NUMBER, "total": _NUMBER, "words": _TEXT,
        }
    ),
    "Jobs": _object({"jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}}),
    "Error": _object({"error": {**_TEXT, "description": "a sentence: what happened, what was expected"}}),
    "OpenAIError": _object(
        {
            "error": _object(
                {
                    "message": _TEXT, "type": _TEXT,
                    "param": {"type": ["string", "null"]}, "code": {"type": ["string", "null"]},
                }
            )
        }
    ),
}  # fmt: skip
_MEANINGS = {
    400: "The request is not what this path takes.",
    401: "A key is missing, unknown or revoked.",
    403: "The key does not reach this far, or the operator allows no changes.",
    404: "There is no such thing.",
    413: "The body is too large.",
    429: "Too many requests; Retry-After says when to try again.",
    500: "Something unexpected happened.",
    502: "The language model failed.",
    503: "Too many questions are waiting, or nothing can answer now.",
}


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    asked: list[tuple[type[Fields], Any]] = [
        (model, "validation") for model in (AskRequest, SearchRequest, ChatRequest, FetchRequest)
    ]
    _, made = models_json_schema(asked, ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "survey-qa",
            "version": _version(),
            "description": "Answers that cite the exact words of their sources, or say that the documents do not say.",
        },
        "paths": _paths(),
        "security": [{}, {"key": []}],
        "components": {
            "schemas": {**made["$defs"], **_SCHEMAS},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`survey-qa keys create`"}},
        },
    }


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("survey-qa")
    except PackageNotFoundError:  # run from its source
        return "0"


def _paths() -> dict[str, Any]:
    key = _parameter("key", "path", _TEXT, "the key of a document, as the list shows it")
    number = _parameter("number", "path", _TEXT, "the number of a job")
    start = _parameter("start", "query", {"type": "integer", "minimum": 0, "maximum": 2**31}, "where to begin, from 0")
    end = _parameter(
        "end", "query", {"type": "integer", "minimum": -1, "maximum": 2**31}, "where to end; -1: as far as it goes"
    )
    limit = _parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": MAX_LISTED}, "how many at most")
    words = _parameter("q", "query", _TEXT, "words that title, id, kind or language must have")
    name = _parameter("name", "query", {"type": "string", "minLength": 1}, "the file's name") | {"required": True}
    return {
        "/v1/chat/completions": {
            "post": _operation(
                "chat", "Answer a conversation", "ChatRequest", "Completion", errors=(400, 404, 502, 503), openai=True,
                also={"text/event-stream": {"schema": _TEXT}},
            )
        },
        "/v1/models": {"get": _operation("models", "List the models", "", "Models", openai=True)},
        "/v1/models/{name}": {
            "parameters": [_parameter("name", "path", _TEXT, "the name of a model")],
            "get": _operation("model", "Describe a model", "", "Model", errors=(404,), openai=True),
        },
        "/api/ask": {"post": _operation("ask", "Answer a question", "AskRequest", "Answer", errors=(400, 404, 502, 503))},
        "/api/search": {
            "post": _operation(
                "search", f"Find the 1 to {MAX_HITS} passages that match best", "SearchRequest", "Passages",
                errors=(400, 404, 503),
            )
        },
        "/api/documents": {
            "get": _operation("documents", "List the documents", "", "Documents", errors=(400,), parameters=[words, start, limit]),
            "post": _operation(
                "add", "Add a page or a paper by its address", "FetchRequest", "Job", errors=(400,), status=202
            ),
        },
        "/api/documents/upload": {"post": _adding(name)},
        "/api/documents/{key}": {
            "parameters": [key],
            "get": _operation("document", "Describe a document", "", "DocumentInFull", errors=(404,)),
            "delete": _operation("remove", "Remove a document", "", "Job", errors=(404,), status=202),
        },
        "/api/documents/{key}/text": {
            "parameters": [key],
            "get": _operation(
                "text", "Read a piece of a document's text", "", "Text", errors=(400, 404), parameters=[start, end]
            ),
        },
        "/api/jobs": {"get": _operation("jobs", "List the jobs", "", "Jobs")},
        "/api/jobs/{number}": {
            "parameters": [number],
            "get": _operation("job", "Tell how far a job is", "", "Job", errors=(404,)),
            "delete": _operation("cancel", "Cancel a job", "", "Job", errors=(404,)),
        },
    }  # fmt: skip


def _operation(
    name: str,
    summary: str,
    takes: str,
    gives: str,
    *,
    errors: tuple[int, ...] = (),
    status: int = 200,
    openai: bool = False,
    parameters: list[dict[str, Any]] | None = None,
    also: dict[str, Any] | None = None,
) -> dict[str, Any]:
    told = {"schema": {"$ref": f"#/components/schemas/{'OpenAIError' if openai else 'Error'}"}}
    failures = {
        str(code): {"description": _MEANINGS[code], "content": {"application/json": told}}
        for code in sorted({*errors, 401, 403, 413, 429, 500})
    }
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{gives}"}}, **(also or {})}
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "responses": {str(status): {"description": "Done.", "content": content}, **failures},
    }
    if takes:
        schema = {"schema": {"$ref": f"#/components/schemas/{takes}"}}
        operation["requestBody"] = {"required": True, "content": {"application/json": schema}}
    if parameters:
        operation["parameters"] = parameters
    return operation


def _adding(name: dict[str, Any]) -> dict[str, Any]:
    """Describe how a file is added: as it is, with its name."""
    operation = _operation("upload", "Add a file", "", "Job", errors=(400,), status=202, parameters=[name])
    file = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
    return operation | {"requestBody": {"required": True, "content": {"application/octet-stream": file}}}


def _parameter(name: str, where: str, schema: dict[str, Any], meaning: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema, "description": meaning}
