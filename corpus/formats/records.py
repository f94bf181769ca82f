"""Records: JSON Lines with an object a line, or JSON with one object or a list of them; each is a document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from corpus.decoding import decode
from corpus.documents import Document
from corpus.errors import ReadError
from corpus.readings import Reading, Skipped

_TEXT_FIELDS = ("text", "abstract", "content")
_EXAMPLE = 'JSON object such as {"title": "…", "text": "…"}'


def read_records(data: bytes, name: str, *, lines: bool, largest: int) -> Reading:
    """Return a document per record; what is none is listed by its line, or by its number in the list.

    Args:
        data: The file.
        name: What ids of records without one of their own begin with.
        lines: Whether each line is JSON, or the whole file.
        largest: Characters that one document may have.
    """
    text = decode(data).text.lstrip("\ufeff")
    documents: dict[str, Document] = {}
    skipped: list[Skipped] = []
    for number, record in _parsed_lines(text) if lines else _listed(text):
        place = f"{name} {'line' if lines else 'record'} {number}"
        try:
            document = _document(record, name, number, largest)
        except ReadError as error:
            skipped.append(Skipped(place, str(error)))
            continue
        if document.id in documents:
            document = replace(document, id=f"{document.id}#{number}")
        documents[document.id] = document
    if not documents and not skipped:
        raise ReadError("it is empty")
    return Reading(tuple(documents.values()), tuple(skipped))


def _parsed_lines(text: str) -> Iterator[tuple[int, object]]:
    """Yield the numbers and values of the lines that are not blank; only newlines end a line of JSON."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, ReadError(f"it is no JSON ({str(error)[:80]})")


def _listed(text: str) -> Iterable[tuple[int, object]]:
    """Return the records of a JSON file, counted from 1: the list that it is or the one that it holds, else itself."""
    if not text.strip():
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"it is no JSON ({str(error)[:80]})") from error
    if isinstance(value, dict) and not any(_is_filled(value.get(field)) for field in _TEXT_FIELDS):
        lists = [
            inner for inner in value.values() if isinstance(inner, list) and any(isinstance(i, dict) for i in inner)
        ]
        value = lists[0] if len(lists) == 1 else value
    return enumerate(value if isinstance(value, list) else [value], 1)


def _document(record: object, name: str, number: int, largest: int) -> Document:
    """Return the document of one record."""
    from corpus.reading import parse

    if isinstance(record, ReadError):
        raise record
    if not isinstance(record, dict):
        raise ReadError(f"it is no {_EXAMPLE}")
    field, text = next(((key, record[key]) for key in _TEXT_FIELDS if _is_filled(record.get(key))), ("", ""))
    if not field:
        raise ReadError("it has no text: the fields text, abstract and content are missing or empty")
    if len(text) > largest:
        raise ReadError(f"it holds {len(text):,} characters, more than the {largest:,} of one document")
    arxiv, own, url = (_string(record.get(key)) for key in ("arxiv_id", "id", "url"))
    used = {*_TEXT_FIELDS, "title", *(("arxiv_id",) if arxiv else ("id", "url"))}
    return parse(
        text,
        id=f"arxiv:{arxiv}" if arxiv else f"{name}#{own or number}",
        title=_string(record.get("title")),
        url=f"https://arxiv.org/abs/{arxiv}" if arxiv else url or None,
        kind="abstract" if field == "abstract" else "record",
        metadata={"file": name, **_metadata({key: value for key, value in record.items() if key not in used})},
    )


def _is_filled(value: object) -> bool:
    """Tell whether a field holds a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def _string(value: object) -> str:
    """Return a string or number as a string, anything else as ""."""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _metadata(fields: Mapping[str, object]) -> dict[str, str]:
    """Return the fields that are strings, numbers or lists of those; lists are joined by ", "."""
    texts = {
        key: ", ".join(filter(None, map(_string, value))) if isinstance(value, list) else _string(value)
        for key, value in fields.items()
    }
    return {key: text for key, text in texts.items() if text}
