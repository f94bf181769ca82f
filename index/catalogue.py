"""The documents and passages of a segment: kept in memory after a build, in SQLite inside a snapshot.

Passages are numbered 0 to n-1: documents in the order they came, each document's passages in text order. Every array
of the segment follows these numbers; those of all segments together count on from segment to segment.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from corpus.documents import Cell, Document, Link, Passage, PassageKind, Row, Section, Table
from corpus.errors import UsageError
from corpus.years import year_of
from index.errors import IndexDamaged, UnknownDocument

KEPT_CHARACTERS = 4_000_000  # of document text that a stored catalogue keeps ready
KEPT_PASSAGES = 20_000  # of these documents, that were asked for

Names = Mapping[str, Sequence[tuple[str, str]]]  # pairs of a name and another one, by the document that states them
# What is stored of a document: id, place, first passage, passages, info, structure and text; start, stop, kind and words
# of each passage; pairs of names.
StoredRows = tuple[tuple[Any, ...], list[tuple[Any, ...]], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What a list of documents shows: everything but the text.

    ``characters`` counts the text, ``passages`` its pieces, and ``year`` is None where nothing says when it was written.
    """

    id: str
    title: str
    url: str | None
    language: str
    kind: str
    content_hash: str
    characters: int
    passages: int
    year: int | None = None  # None: nothing says so

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a document stands: its place among all documents that ever came, and its passages in the catalogue."""

    place: int
    passages: range


class Catalogue(Protocol):
    """The documents and passages of one segment; numbers are those of the module's first lines."""

    def __len__(self) -> int:
        """Return the number of passages."""

    def documents(self) -> list[tuple[Placed, DocumentInfo]]:
        """List the documents."""

    def find(self, document_id: str) -> Placed | None:
        """Return where a document stands; None if there is none of that id."""

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""

    def document(self, document_id: str) -> Document:
        """Return one document; raises KeyError if there is none."""

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""

    def before(self, passage: Passage, numbers: range) -> int:
        """Return how many of its document's passages, which are those numbers, stand before a passage."""

    def names(self) -> list[tuple[int, str, str]]:
        """Return the other names that documents state: the number of a document's first passage, a name, another name."""

    def rows(self) -> Iterator[StoredRows]:
        """Yield what is stored of each document: its own row, its passages', the pairs of names that it states."""


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

    def __init__(self, passages: Sequence[Passage], places: Mapping[str, int], names: Names) -> None:
        """``places`` gives each document's place, ``names`` the other names that it states, by its id."""
        self._passages = list(passages)
        self._ranges: dict[str, range] = {}
        for number, passage in enumerate(self._passages):
            first = self._ranges.get(passage.document_id, range(number, number)).start
            self._ranges[passage.document_id] = range(first, number + 1)
        self._places = places
        self._names = names

    def __len__(self) -> int:
        return len(self._passages)

    def documents(self) -> list[tuple[Placed, DocumentInfo]]:
        """List the documents."""
        return [
            (Placed(self._places[id_], numbers), describe(self._passages[numbers.start].document, len(numbers)))
            for id_, numbers in self._ranges.items()
        ]

    def find(self, document_id: str) -> Placed | None:
        """Return where a document stands; None if there is none of that id."""
        numbers = self._ranges.get(document_id)
        return Placed(self._places[document_id], numbers) if numbers else None

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""
        numbers = self._ranges.get(document_id)
        return describe(self._passages[numbers.start].document, len(numbers)) if numbers else None

    def document(self, document_id: str) -> Document:
        """Return one document; raises KeyError if there is none."""
        return self._passages[self._ranges[document_id].start].document

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""
        return self._passages[numbers.start : numbers.stop]

    def before(self, passage: Passage, numbers: range) -> int:
        """Return how many of its document's passages, which are those numbers, stand before a passage."""
        span = (passage.start, passage.end)
        at = bisect_left(self._passages, span, numbers.start, numbers.stop, key=lambda other: (other.start, other.end))
        return at - numbers.start

    def names(self) -> list[tuple[int, str, str]]:
        """Return the other names that documents state: the number of a document's first passage, a name, another name."""
        return [(self._ranges[id_].start, *pair) for id_, pairs in self._names.items() for pair in pairs]

    def rows(self) -> Iterator[StoredRows]:
        """Yield what is stored of each document."""
        for id_, numbers in self._ranges.items():
            passages = self._passages[numbers.start : numbers.stop]
            document = passages[0].document
            info = json.dumps(describe(document, len(numbers)).to_dict())
            yield (
                (_bytes(id_), self._places[id_], numbers.start, len(numbers), info, _structure(document), _bytes(document.text)),
                [(p.start, p.end, p.kind, json.dumps((p.section, p.context))) for p in passages],
                list(self._names.get(id_, ())),
            )  # fmt: skip


class StoredCatalogue:
    """A catalogue in an SQLite file that nobody changes any more; safe to use from several threads."""

    def __init__(self, path: Path, passages: int) -> None:
        """Open a file of so many passages.

        Raises:
            ValueError: It holds something else than our tables, or other numbers of passages.
        """
        self._connection = _opened(path)
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Document] = OrderedDict()
        self._kept_characters = 0
        self._kept_passages: dict[int, Passage] = {}  # of kept documents only
        self._kept_numbers: dict[int, list[int]] = {}  # document -> numbers of these passages
        self._count = passages
        self._connection.execute("PRAGMA trusted_schema = OFF")
        if set(self._connection.execute("SELECT type, tbl_name, sql FROM sqlite_master")) != _master():
            raise ValueError(f"{path.name} holds other tables than ours")
        last = self._connection.execute("SELECT number FROM passages ORDER BY number DESC LIMIT 1").fetchone()
        if last != (passages - 1,):
            raise ValueError(f"{path.name} does not hold {passages} passages")

    def __len__(self) -> int:
        return self._count

    def __del__(self) -> None:
        """Close the file with the last reader."""
        if hasattr(self, "_connection"):
            self._connection.close()

    def documents(self) -> list[tuple[Placed, DocumentInfo]]:
        """List the documents."""
        with _as_damage():
            rows = self._rows("SELECT place, first_passage, passages, info FROM documents ORDER BY number")
            return [(self._placed(*row), DocumentInfo(**json.loads(info))) for *row, info in rows]

    def find(self, document_id: str) -> Placed | None:
        """Return where a document stands; None if there is none of that id."""
        with _as_damage():
            rows = self._rows("SELECT place, first_passage, passages FROM documents WHERE id = ?", _bytes(document_id))
            return self._placed(*rows[0]) if rows else None

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""
        with _as_damage():
            rows = self._rows("SELECT info FROM documents WHERE id = ?", _bytes(document_id))
            return DocumentInfo(**json.loads(rows[0][0])) if rows else None

    def document(self, document_id: str) -> Document:
        """Return one document; raises KeyError if there is none."""
        with _as_damage():
            rows = self._rows("SELECT number FROM documents WHERE id = ?", _bytes(document_id))
        if not rows:
            raise KeyError(document_id)
        return self._load(rows[0][0])

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""
        kept = self._kept_passages
        known = [kept.get(number) for number in numbers]
        if all(known):  # "None in" would compare every passage, field by field
            return cast(list[Passage], known)
        query = "SELECT document, start, stop, kind, words FROM passages WHERE number BETWEEN ? AND ? ORDER BY number"
        with _as_damage():
            rows = self._rows(query, numbers.start, numbers.stop - 1)
            if len(rows) != len(numbers):
                raise ValueError(f"passages {numbers} are not there")
            found = [self._restored(*row) for row in rows]
        self._keep(numbers, [row[0] for row in rows], found)
        return found

    def before(self, passage: Passage, numbers: range) -> int:
        """Return how many of its document's passages, which are those numbers, stand before a passage."""
        query = "SELECT COUNT(*) FROM passages WHERE number BETWEEN ? AND ? AND (start, stop) < (?, ?)"
        with _as_damage():
            return int(self._rows(query, numbers.start, numbers.stop - 1, passage.start, passage.end)[0][0])

    def names(self) -> list[tuple[int, str, str]]:
        """Return the other names that documents state: the number of a document's first passage, a name, another name."""
        query = "SELECT first_passage, name, other FROM names JOIN documents ON number = document ORDER BY names.rowid"
        with _as_damage():
            return [(int(first), _text(name), _text(other)) for first, name, other in self._rows(query)]

    def rows(self) -> Iterator[StoredRows]:
        """Yield what is stored of each document."""
        names: dict[int, list[tuple[str, str]]] = {}
        for first, name, other in self.names():
            names.setdefault(first, []).append((name, other))
        query = "SELECT id, place, first_passage, passages, info, structure, text FROM documents WHERE number = ?"
        spans = "SELECT start, stop, kind, words FROM passages WHERE number BETWEEN ? AND ? ORDER BY number"
        for (number,) in self._rows("SELECT number FROM documents ORDER BY number"):
            document = self._rows(query, number)[0]
            first, count = document[2:4]
            yield document, self._rows(spans, first, first + count - 1), names.get(first, [])

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _placed(self, place: int, first: int, count: int) -> Placed:
        if not (0 <= first < first + count <= self._count):
            raise ValueError(f"a document has the passages {first} to {first + count}")
        return Placed(int(place), range(first, first + count))

    def _restored(self, document: int, start: int, stop: int, kind: str, words: str) -> Passage:
        section, context = _words(words)
        return Passage(self._load(document), int(start), int(stop), section, cast(PassageKind, kind), context)

    def _load(self, number: int) -> Document:
        with self._lock, _as_damage():
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
            query = "SELECT info, structure, text FROM documents WHERE number = ?"
            document = restored(*self._connection.execute(query, (number,)).fetchone())
            self._kept[number] = document
            self._kept_characters += len(document.text)
            while len(self._kept) > 1 and self._kept_characters > KEPT_CHARACTERS:
                oldest, dropped = self._kept.popitem(last=False)
                self._kept_characters -= len(dropped.text)
                for passage in self._kept_numbers.pop(oldest, ()):
                    self._kept_passages.pop(passage, None)
            return document

    def _keep(self, numbers: range, documents: list[int], passages: list[Passage]) -> None:
        """Keep passages for the next question, as long as their documents are kept."""
        with self._lock:
            if len(self._kept_passages) + len(numbers) > KEPT_PASSAGES:
                self._kept_passages.clear()
                self._kept_numbers.clear()
            for number, document, passage in zip(numbers, documents, passages, strict=True):
                if self._kept.get(document) is passage.document:
                    self._kept_passages[number] = passage
                    self._kept_numbers.setdefault(document, []).append(number)


class ChainedCatalogue:
    """Catalogues that were put together into one segment, without what was dead, numbered anew."""

    def __init__(self, parts: Sequence[tuple[Catalogue, npt.NDArray[np.int64]]]) -> None:
        """Each catalogue comes with the new numbers of its passages, ascending, -1 for those that are dead."""
        self._parts = parts
        self._old = [np.flatnonzero(rows >= 0) for _, rows in parts]
        self._firsts = [0, *accumulate(map(len, self._old))]

    def __len__(self) -> int:
        return self._firsts[-1]

    def documents(self) -> list[tuple[Placed, DocumentInfo]]:
        """List the documents."""
        return [
            (moved, info)
            for catalogue, rows in self._parts
            for placed, info in catalogue.documents()
            if (moved := _moved(placed, rows))
        ]

    def find(self, document_id: str) -> Placed | None:
        """Return where a document stands; None if there is none of that id."""
        found = self._find(document_id)
        return found[1] if found else None

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""
        found = self._find(document_id)
        return found[0].info(document_id) if found else None

    def document(self, document_id: str) -> Document:
        """Return one document; raises KeyError if there is none."""
        found = self._find(document_id)
        if not found:
            raise KeyError(document_id)
        return found[0].document(document_id)

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other."""
        found: list[Passage] = []
        for number in numbers:
            part = bisect_right(self._firsts, number) - 1
            old = int(self._old[part][number - self._firsts[part]])
            found += self._parts[part][0].passages(range(old, old + 1))
        return found

    def before(self, passage: Passage, numbers: range) -> int:
        """Return how many of its document's passages, which are those numbers, stand before a passage."""
        part = bisect_right(self._firsts, numbers.start) - 1
        old = int(self._old[part][numbers.start - self._firsts[part]])
        return self._parts[part][0].before(passage, range(old, old + len(numbers)))

    def names(self) -> list[tuple[int, str, str]]:
        """Return the other names that documents state: the number of a document's first passage, a name, another name."""
        return [
            (int(rows[first]), name, other)
            for catalogue, rows in self._parts
            for first, name, other in catalogue.names()
            if rows[first] >= 0
        ]

    def rows(self) -> Iterator[StoredRows]:
        """Yield what is stored of each document: its own row, its passages', the pairs of names that it states."""
        for catalogue, rows in self._parts:
            for (id_, place, first, *rest), passages, names in catalogue.rows():
                if rows[first] >= 0:
                    yield (id_, place, int(rows[first]), *rest), passages, names

    def _find(self, document_id: str) -> tuple[Catalogue, Placed] | None:
        for catalogue, rows in self._parts:
            placed = catalogue.find(document_id)
            if placed and (moved := _moved(placed, rows)):
                return catalogue, moved
        return None


def _moved(placed: Placed, rows: npt.NDArray[np.int64]) -> Placed | None:
    """Return where a document stands by the new numbers; None if it is dead."""
    first = int(rows[placed.passages.start])
    return Placed(placed.place, range(first, first + len(placed.passages))) if first >= 0 else None


class JoinedCatalogue:
    """The catalogues of all segments as one, without the documents that are removed."""

    def __init__(self, parts: Sequence[tuple[Catalogue, Collection[int]]]) -> None:
        """Each catalogue comes with the numbers of its removed passages, which are whole documents."""
        self._parts = [catalogue for catalogue, _ in parts]
        self._gone = [frozenset(gone) for _, gone in parts]
        self._firsts = [0, *accumulate(map(len, self._parts))]

    def __len__(self) -> int:
        return self._firsts[-1] - sum(map(len, self._gone))

    @property
    def end(self) -> int:
        """The number after the last passage's; removed passages have numbers too."""
        return self._firsts[-1]

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order: a document that was replaced stays in its place."""
        found = [
            (placed.place, info)
            for catalogue, gone in zip(self._parts, self._gone, strict=True)
            for placed, info in catalogue.documents()
            if placed.passages.start not in gone
        ]
        return [info for _, info in sorted(found, key=lambda item: item[0])]

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""
        at = self._find(document_id)
        return None if at is None else self._parts[at[0]].info(document_id)

    def place(self, document_id: str) -> int | None:
        """Return a document's place; None if there is none of that id."""
        at = self._find(document_id)
        return None if at is None else at[1].place

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""
        return self._parts[self._found(document_id)[0]].document(document_id)

    def passage(self, number: int) -> Passage:
        """Return one passage with its document."""
        return self.passages(range(number, number + 1))[0]

    def passages(self, numbers: range) -> list[Passage]:
        """Return passages that follow each other in one segment."""
        if not numbers:
            return []
        part = bisect_right(self._firsts, numbers.start) - 1
        first = self._firsts[part]
        return self._parts[part].passages(range(numbers.start - first, numbers.stop - first))

    def numbers_of(self, document_id: str) -> range:
        """Return the numbers of a document's passages; raises UnknownDocument."""
        part, placed = self._found(document_id)
        first = self._firsts[part]
        return range(placed.passages.start + first, placed.passages.stop + first)

    def number_of(self, passage: Passage) -> int:
        """Return a passage's number, or where it would stand among its document's passages; raises UnknownDocument."""
        part, placed = self._found(passage.document_id)
        before = self._parts[part].before(passage, placed.passages)
        return self._firsts[part] + placed.passages.start + before

    def names(self) -> list[tuple[str, str]]:
        """Return the pairs of a name and another one that the documents state."""
        return [
            (name, other)
            for catalogue, gone in zip(self._parts, self._gone, strict=True)
            for first, name, other in catalogue.names()
            if first not in gone
        ]

    def _found(self, document_id: str) -> tuple[int, Placed]:
        at = self._find(document_id)
        if at is None:
            raise unknown(document_id, [info.id for info in self.documents()])
        return at

    def _find(self, document_id: str) -> tuple[int, Placed] | None:
        """Return the segment that holds a document, and where it stands there."""
        for at, (catalogue, gone) in enumerate(zip(self._parts, self._gone, strict=True)):
            placed = catalogue.find(document_id)
            if placed is not None and placed.passages.start not in gone:
                return at, placed
        return None


def _opened(path: Path) -> sqlite3.Connection:
    """Open a file for reading; where its path is too long for SQLite it is read into memory."""
    if not _is_long(path):
        uri = path.absolute().as_uri() + "?mode=ro&immutable=1"
        return sqlite3.connect(uri, uri=True, check_same_thread=False)
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.deserialize(path.read_bytes())
    return connection


def _is_long(path: Path) -> bool:
    return len(os.fsencode(os.path.realpath(path))) > _LONGEST_PATH


def store(catalogue: Catalogue, path: Path) -> None:
    """Write a catalogue to a new SQLite file."""
    connection = sqlite3.connect(":memory:" if _is_long(path) else path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")  # the snapshot forces it to the disk as a whole
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("BEGIN")
        for number, (document, passages, names) in enumerate(catalogue.rows()):
            first = document[2]
            rows = ((first + at, number, *passage) for at, passage in enumerate(passages))
            pairs = ((number, _bytes(name), _bytes(other)) for name, other in names)
            connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (number, *document))
            connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.executemany("INSERT INTO names VALUES (?, ?, ?)", pairs)
        connection.execute("COMMIT")
        if _is_long(path):
            path.write_bytes(connection.serialize())
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


_LONGEST_PATH = 480  # bytes; SQLite opens none of more than 512, and puts something behind some
_SCHEMA = (
    "CREATE TABLE documents (number INTEGER PRIMARY KEY, id BLOB UNIQUE, place INTEGER, first_passage INTEGER, "
    "passages INTEGER, info TEXT, structure TEXT, text BLOB)",
    "CREATE TABLE passages (number INTEGER PRIMARY KEY, document INTEGER, start INTEGER, stop INTEGER, kind TEXT, words TEXT)",
    "CREATE TABLE names (document INTEGER, name BLOB, other BLOB)",
)


def _master() -> set[tuple[str, str, str | None]]:
    """Return what the list of tables of a file of ours holds: no view, no trigger, no index but that of the ids."""
    tables = {("table", statement.split()[2], statement) for statement in _SCHEMA}
    return {*tables, ("index", "documents", None)}


@contextmanager
def _as_damage() -> Iterator[None]:
    """Translate what a file raises that was rewritten by someone else, checksums included."""
    try:
        yield
    except (sqlite3.Error, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise IndexDamaged(
            f"The catalogue of the index is malformed ({type(error).__name__}: {error}). Build the index again with "
            "`survey-qa index build PATH`, with --index DIR if it is not the default one."
        ) from error


def _bytes(text: str) -> bytes:
    """Encode a text; names of files may hold lone surrogates, which SQLite's own TEXT refuses."""
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=4096)
def _words(words: str) -> tuple[str, str]:
    """Return a passage's section and context, which many passages share."""
    section, context = json.loads(words)
    return section, context


def _structure(document: Document) -> str:
    """Return sections, tables, links and metadata as JSON; values become lists in the order of their fields."""
    lists = [[_listed(value) for value in values] for values in (document.sections, document.tables, document.links)]
    return json.dumps([*lists, dict(document.metadata)], separators=(",", ":"))


def _listed(value: object) -> object:
    if isinstance(value, Section | Table | Link | Row | Cell):
        return [_listed(getattr(value, field.name)) for field in fields(value) if field.init]
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


def restored(info: str, structure: str, text: bytes) -> Document:
    """Return a document from its info, structure and text as ``StoredRows`` has them."""
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
