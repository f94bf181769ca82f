"""The documents of an index in an engine: found by id, read with their passages, and kept while they are asked for."""

from __future__ import annotations

import json
import threading
import zlib
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.documents import Document, Passage
from index.catalogue import KEPT_CHARACTERS, DocumentInfo, StoredRows, restored, unknown
from index.errors import EngineFailed, UnknownDocument
from index.remote.engine import Store
from index.remote.manifests import Manifest, unpacked
from index.remote.rows import DocumentRow, key_of

LISTED = 2_000  # documents that are listed at once
READ = 100  # documents that are read at once


@dataclass(frozen=True, slots=True)
class Entry:
    """A version of a document with its passages."""

    row: DocumentRow
    document: Document
    passages: tuple[Passage, ...]
    names: tuple[tuple[str, str], ...]  # other names that it states


class Documents:
    """Documents that were read, the last ones kept ready. A version never changes, so every state shares them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[int, Entry] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def entries(self, serials: Collection[int]) -> dict[int, Entry]:
        """Return documents by their serials; raises EngineFailed if one is not there or not as it was written."""
        wanted = set(serials)
        with self._lock:
            found = {serial: self._kept[serial] for serial in wanted & self._kept.keys()}
            for serial in found:
                self._kept.move_to_end(serial)
        missing = sorted(wanted - found.keys())
        for start in range(0, len(missing), READ):
            for row in self._store.documents(missing[start : start + READ], content=True):
                found[row.serial] = self._keep(entry_of(row))
        if len(found) < len(wanted):
            raise EngineFailed("A document that was found is not in the engine any more. Ask again.")
        return found

    def _keep(self, entry: Entry) -> Entry:
        with self._lock:
            self._kept[entry.row.serial] = entry
            self._characters += len(entry.document.text)
            while len(self._kept) > 1 and self._characters > KEPT_CHARACTERS:
                self._characters -= len(self._kept.popitem(last=False)[1].document.text)
        return entry


class RemoteCatalogue:
    """The documents of one state."""

    def __init__(self, store: Store, manifest: Manifest, documents: Documents) -> None:
        self._store = store
        self._manifest = manifest
        self._documents = documents
        self._dead = {serial for serial, _, _ in manifest.dead}
        self._listed: list[tuple[DocumentRow, DocumentInfo]] | None = None

    def rows(self) -> list[tuple[DocumentRow, DocumentInfo]]:
        """Return the documents in their order."""
        if self._listed is None:
            found = [row for rows in self._windows() for row in rows if row.serial not in self._dead]
            found.sort(key=lambda row: row.place)
            self._listed = [(row, info_of(row)) for row in found]
        return self._listed

    def find(self, document_id: str) -> DocumentRow | None:
        """Return the row of a document; None if there is none of that id."""
        return self.find_all([document_id]).get(document_id)

    def find_all(self, ids: Collection[str]) -> dict[str, DocumentRow]:
        """Return the rows of those of the ids that documents have."""
        found = self._find(ids, certain=False)
        missing = [id_ for id_ in ids if id_ not in found]
        return found | self._find(missing, certain=True) if missing else found

    def _find(self, ids: Collection[str], *, certain: bool) -> dict[str, DocumentRow]:
        wanted = {key_of(id_): id_ for id_ in ids}
        found = {}
        for row in self._store.documents_of(list(wanted), certain=certain) if wanted else ():
            living = row.serial < self._manifest.next_serial and row.serial not in self._dead
            if living and info_of(row).id == wanted[row.key]:
                found[wanted[row.key]] = row
        return found

    def found(self, document_id: str) -> Entry:
        """Return a document; raises UnknownDocument."""
        row = self.find(document_id)
        if row is None:
            raise self.unknown(document_id)
        return self._documents.entries([row.serial])[row.serial]

    def unknown(self, document_id: str) -> UnknownDocument:
        """Return the exception for an id that no document has; it names the nearest ids."""
        return unknown(document_id, [info.id for _, info in self.rows()])

    def passages(self, found: Sequence[tuple[int, int]]) -> list[Passage]:
        """Return passages by their numbers and the serials of their documents."""
        entries = self._documents.entries({serial for _, serial in found})
        return [entries[serial].passages[number - entries[serial].row.first] for number, serial in found]

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages in text order; raises UnknownDocument."""
        return list(self.found(document_id).passages)

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """Return the passages around one in its document, itself left out."""
        passages = self.passages_of(passage.document_id)
        span = (passage.start, passage.end)
        here = bisect_left(passages, span, key=lambda other: (other.start, other.end))
        return passages[max(here - before, 0) : here] + passages[here + 1 : here + 1 + after]

    def _windows(self) -> Iterator[list[DocumentRow]]:
        for start in range(0, self._manifest.next_serial, LISTED):
            end = min(start + LISTED, self._manifest.next_serial)
            yield self._store.documents(range(start, end), content=False)


def info_of(row: DocumentRow) -> DocumentInfo:
    """Return what a list shows of a document."""
    return DocumentInfo(**json.loads(row.info))


def content_of(stored: StoredRows) -> bytes:
    """Return the content of a document as an engine keeps it: structure, text, passages, names."""
    (*_, structure, text), passages, names = stored
    plain: list[Any] = [structure, text.decode("utf-8", "surrogatepass"), passages, names]
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode("ascii"), 6)


def entry_of(row: DocumentRow) -> Entry:
    """Take back what ``content_of`` gave; raises EngineFailed if it is something else."""
    try:
        structure, text, passages, names = json.loads(unpacked(row.content))
        document = restored(row.info, structure, text.encode("utf-8", "surrogatepass"))
        spans = [(start, stop, kind, *json.loads(words)) for start, stop, kind, words in passages]
        if len(spans) != row.passages or not all(0 <= start <= stop <= len(document.text) for start, stop, *_ in spans):
            raise ValueError("its passages are others")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EngineFailed(
            f"The engine does not hold document {row.serial} as it was written ({error}). Push the index again."
        ) from error
    made = (Passage(document, start, stop, section, kind, context) for start, stop, kind, section, context in spans)
    return Entry(row, document, tuple(made), tuple((name, other) for name, other in names))
