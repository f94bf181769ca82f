"""The documents and passages of an index: kept in memory after a build, in SQLite inside a snapshot.

Passages are numbered 0 to n-1: documents in the order they came, each document's passages in text order. Every array
of the index follows these numbers.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol, cast

from corpus.documents import Cell, Document, Link, Passage, PassageKind, Row, Section, Table
from corpus.errors import UsageError
from corpus.years import year_of
from index.errors import UnknownDocument

KEPT_CHARACTERS = 4_000_000  # of document text that a stored catalogue keeps ready


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a list of documents shows: everything but the text. ``characters`` counts the text, ``passages`` its pieces."""

    id: str
    title: str
    url: str | None
    language: str
    kind: str
    content_hash: str
    characters: int
    passages: int
    year: int | None = None  # None: nothing says so, or the snapshot is older than this field

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name, for JSON."""
        return asdict(self)


class Catalogue(Protocol):
    """Where documents and passages come from; numbers are those of the module's first lines."""

    def __len__(self) -> int:
        """Return the number of passages."""

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""

    def passage(self, number: int) -> Passage:
        """Return one passage with its document."""

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""

    def numbers_of(self, document_id: str) -> range:
        """Return the numbers of a document's passages; raises UnknownDocument."""

    def number_of(self, passage: Passage) -> int:
        """Return a passage's number, or where it would stand among its document's passages; raises UnknownDocument."""


def in_order(passages: Iterable[Passage]) -> list[Passage]:
    """Return passages grouped by document (in order of first appearance), each document's in text order.

    Raises:
        UsageError: Two documents have the same id.
    """
    groups: dict[str, list[Passage]] = {}
    for passage in passages:
        group = groups.setdefault(passage.document_id, [passage])
        if group[0].document is not passage.document and group[0].document != passage.document:
            raise UsageError(f"Two documents have the id {passage.document_id!r}. Give each one an id of its own.")
        if group[-1] is not passage:
            group.append(passage)
    return [p for group in groups.values() for p in sorted(group, key=lambda passage: (passage.start, passage.end))]


class MemoryCatalogue:
    """A catalogue of passages that are there anyway."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = list(passages)
        self._ranges: dict[str, range] = {}
        for number, passage in enumerate(self._passages):
            first = self._ranges.get(passage.document_id, range(number, number)).start
            self._ranges[passage.document_id] = range(first, number + 1)

    def __len__(self) -> int:
        return len(self._passages)

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""
        return [describe(self._passages[numbers.start].document, len(numbers)) for numbers in self._ranges.values()]

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""
        return self._passages[self.numbers_of(document_id).start].document

    def passage(self, number: int) -> Passage:
        """Return one passage with its document."""
        return self._passages[number]

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""
        return self._passages[numbers.start : numbers.stop]

    def numbers_of(self, document_id: str) -> range:
        """Return the numbers of a document's passages; raises UnknownDocument."""
        if document_id not in self._ranges:
            raise unknown(document_id, self._ranges)
        return self._ranges[document_id]

    def number_of(self, passage: Passage) -> int:
        """Return a passage's number, or where it would stand among its document's passages; raises UnknownDocument."""
        numbers = self.numbers_of(passage.document_id)
        span = (passage.start, passage.end)
        return bisect_left(
            self._passages, span, numbers.start, numbers.stop, key=lambda other: (other.start, other.end)
        )


class StoredCatalogue:
    """A catalogue in an SQLite file that nobody changes any more; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        uri = path.absolute().as_uri() + "?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Document] = OrderedDict()
        self._kept_characters = 0
        rows = self._connection.execute("SELECT id, first_passage, passages FROM documents ORDER BY number")
        self._ids: dict[str, int] = {}
        self._ranges: list[range] = []
        for number, (id_, first, count) in enumerate(rows):
            self._ids[_text(id_)] = number
            self._ranges.append(range(first, first + count))

    def __len__(self) -> int:
        return self._ranges[-1].stop if self._ranges else 0

    def __del__(self) -> None:
        """Close the file with the last reader."""
        if hasattr(self, "_connection"):
            self._connection.close()

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""
        with self._lock:
            rows = self._connection.execute("SELECT info FROM documents ORDER BY number").fetchall()
        return [DocumentInfo(**json.loads(info)) for (info,) in rows]

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""
        return self._load(self._number(document_id))

    def passage(self, number: int) -> Passage:
        """Return one passage with its document."""
        return self.passages(range(number, number + 1))[0]

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""
        query = "SELECT document, start, stop, kind, words FROM passages WHERE number BETWEEN ? AND ? ORDER BY number"
        with self._lock:
            rows = self._connection.execute(query, (numbers.start, numbers.stop - 1)).fetchall()
        return [self._restored(*row) for row in rows]

    def numbers_of(self, document_id: str) -> range:
        """Return the numbers of a document's passages; raises UnknownDocument."""
        return self._ranges[self._number(document_id)]

    def number_of(self, passage: Passage) -> int:
        """Return a passage's number, or where it would stand among its document's passages; raises UnknownDocument."""
        numbers = self.numbers_of(passage.document_id)
        query = "SELECT COUNT(*) FROM passages WHERE number BETWEEN ? AND ? AND (start, stop) < (?, ?)"
        with self._lock:
            bounds = (numbers.start, numbers.stop - 1, passage.start, passage.end)
            before: int = self._connection.execute(query, bounds).fetchone()[0]
        return numbers.start + before

    def _restored(self, document: int, start: int, stop: int, kind: str, words: str) -> Passage:
        section, context = json.loads(words)
        return Passage(self._load(document), start, stop, section, cast(PassageKind, kind), context)

    def _number(self, document_id: str) -> int:
        if document_id not in self._ids:
            raise unknown(document_id, self._ids)
        return self._ids[document_id]

    def _load(self, number: int) -> Document:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
            query = "SELECT info, structure, text FROM documents WHERE number = ?"
            document = _restored(*self._connection.execute(query, (number,)).fetchone())
            self._kept[number] = document
            self._kept_characters += len(document.text)
            while len(self._kept) > 1 and self._kept_characters > KEPT_CHARACTERS:
                self._kept_characters -= len(self._kept.popitem(last=False)[1].text)
            return document


def store(catalogue: Catalogue, path: Path) -> None:
    """Write a catalogue to a new SQLite file."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?)", _document_rows(catalogue))
        connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", _passage_rows(catalogue))
        connection.execute("COMMIT")
    finally:
        connection.close()


def describe(document: Document, passages: int) -> DocumentInfo:
    """Return what a list shows of a document that has so many passages."""
    return DocumentInfo(
        id=document.id,
        title=document.title,
        url=document.url,
        language=document.language,
        kind=document.kind,
        content_hash=document.content_hash,
        characters=len(document.text),
        passages=passages,
        year=year_of(document),
    )


def unknown(document_id: str, known: Iterable[str]) -> UnknownDocument:
    """Return the exception for an id that no document has; it names the nearest ids."""
    from difflib import get_close_matches

    near = get_close_matches(document_id, list(known), n=3, cutoff=0.5)
    hint = f" Near: {', '.join(near)}." if near else ""
    return UnknownDocument(f"No document {document_id!r} in this index.{hint} `survey-qa index list` shows all ids.")


_SCHEMA = """
CREATE TABLE documents (
    number INTEGER PRIMARY KEY, id BLOB UNIQUE, first_passage INTEGER, passages INTEGER, info TEXT, structure TEXT, text BLOB
);
CREATE TABLE passages (number INTEGER PRIMARY KEY, document INTEGER, start INTEGER, stop INTEGER, kind TEXT, words TEXT);
"""


def _bytes(text: str) -> bytes:
    """Encode a text; names of files may hold lone surrogates, which SQLite's own TEXT refuses."""
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _document_rows(catalogue: Catalogue) -> Iterator[tuple[object, ...]]:
    for number, info in enumerate(catalogue.documents()):
        document = catalogue.document(info.id)
        numbers = catalogue.numbers_of(info.id)
        yield (
            number, _bytes(info.id), numbers.start, len(numbers), json.dumps(info.to_dict()), _structure(document),
            _bytes(document.text),
        )  # fmt: skip


def _passage_rows(catalogue: Catalogue) -> Iterator[tuple[object, ...]]:
    for number, info in enumerate(catalogue.documents()):
        numbers = catalogue.numbers_of(info.id)
        for at, passage in zip(numbers, catalogue.passages(numbers), strict=True):
            yield at, number, passage.start, passage.end, passage.kind, json.dumps((passage.section, passage.context))


def _structure(document: Document) -> str:
    """Return sections, tables, links and metadata as JSON; values become lists in the order of their fields."""
    lists = [[_listed(value) for value in values] for values in (document.sections, document.tables, document.links)]
    return json.dumps([*lists, dict(document.metadata)], separators=(",", ":"))


def _listed(value: object) -> object:
    if isinstance(value, Section | Table | Link | Row | Cell):
        return [_listed(getattr(value, field.name)) for field in fields(value)]
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def _restored(info: str, structure: str, text: bytes) -> Document:
    about = json.loads(info)
    sections, tables, links, metadata = json.loads(structure)
    return Document(
        id=about["id"],
        text=_text(text),
        title=about["title"],
        url=about["url"],
        language=about["language"],
        kind=about["kind"],
        sections=tuple(map(_restored_section, sections)),
        tables=tuple(map(_restored_table, tables)),
        links=tuple(Link(*values) for values in links),
        metadata=metadata,
    )


def _restored_section(values: Sequence[Any]) -> Section:
    title, level, start, body, end, path = values
    return Section(title, level, start, body, end, tuple(path))


def _restored_table(values: Sequence[Any]) -> Table:
    start, end, header, rows, caption, section = values
    return Table(
        start=start,
        end=end,
        header=tuple(Cell(*cell) for cell in header),
        rows=tuple(Row(first, last, tuple(Cell(*cell) for cell in cells)) for first, last, cells in rows),
        caption=caption,
        section=section,
    )
