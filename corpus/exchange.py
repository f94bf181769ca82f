"""Readings as bytes and back, for the pipe between us and the process that parses: JSON, so nothing in it can run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from corpus.documents import Cell, Document, Link, Row, Section, Table
from corpus.readings import Cut, Reading, Skipped


def dump(reading: Reading) -> bytes:
    """Return a reading as JSON; values become lists in the order of their fields."""
    plain = [
        list(map(_listed, reading.documents)),
        list(map(_listed, reading.skipped)),
        list(map(_listed, reading.cut)),
    ]
    return json.dumps(plain, separators=(",", ":")).encode("ascii")


def load(data: bytes) -> Reading:
    """Return the reading that ``dump`` wrote."""
    documents, skipped, cut = json.loads(data)
    return Reading(
        tuple(map(_document, documents)),
        tuple(Skipped(*values) for values in skipped),
        tuple(Cut(of, tuple(lines), tuple(rules)) for of, lines, rules in cut),
    )


def _listed(value: object) -> object:
    if isinstance(value, Document | Section | Table | Link | Row | Cell | Skipped | Cut):
        return [_listed(getattr(value, field.name)) for field in fields(value) if field.init]
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _document(values: Sequence[Any]) -> Document:
    id_, text, title, url, language, kind, sections, tables, links, metadata = values
    return Document(
        id_, text, title, url, language, kind,
        tuple(map(_section, sections)),
        tuple(map(_table, tables)), tuple(Link(*link) for link in links), metadata,
    )  # fmt: skip


def _section(values: Sequence[Any]) -> Section:
    title, level, start, body, end, path = values
    return Section(title, level, start, body, end, tuple(path))


def _table(values: Sequence[Any]) -> Table:
    start, end, header, rows, caption, section = values
    return Table(
        start,
        end,
        _cells(header),
        tuple(Row(first, last, _cells(cells)) for first, last, cells in rows),
        caption,
        section,
    )


def _cells(values: Sequence[Any]) -> tuple[Cell, ...]:
    return tuple(Cell(*cell) for cell in values)
