"""From an engine into a directory: documents and vectors are fetched, what follows from them is worked out again.

What is fetched is kept beside the index until it is published, batch by batch, in files that are whole or not there:

    unfinished/pulled-<state>/<first number>.pack       vectors of passages
    unfinished/pulled-<state>/<first serial>.json       documents

so an interrupted pull goes on. Every row is compared with the digest that was written with it.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from index.contents import Contents
from index.embedders import Floats, Progress
from index.errors import EngineFailed, IndexWriteFailed
from index.index import Index
from index.packs import put_pack, read_pack
from index.remote.catalogue import READ, Entry, entry_of
from index.remote.contents import RemoteContents
from index.remote.preparing import BATCH, Numbering, prepare
from index.remote.rows import DocumentRow, Numbers
from index.resuming import FOLDER
from index.segments import Segment
from index.snapshots import prepare as prepare_directory
from index.snapshots import put


def pull(state: RemoteContents, directory: Path, progress: Progress | None = None) -> Index:
    """Copy a state into a directory and return the index there.

    Raises:
        EngineFailed: What the engine holds is not what was written.
        IndexWriteFailed: The directory cannot be written.
    """
    prepare_directory(directory)
    tell = progress or _silent
    kept = _Kept(directory / FOLDER / f"pulled-{state.snapshot}")
    entries = list(_entries(state, kept, tell))
    segment = _segment(state, entries, _vectors(state, entries, kept, tell), progress)
    _check(state, entries, segment)
    contents = Contents(
        base=state.base,
        segments=(segment,),
        next_place=state.manifest.next_place,
        names=state.names,
        folders=state.folders,
        settings=state.settings,
    )
    index = Index(contents)
    index.save(directory)
    kept.forget()
    return index


def verify(state: RemoteContents) -> None:
    """Read every document and vector of a state and compare them with what was written.

    Raises:
        EngineFailed: One differs.
    """
    kept = _Kept(None)
    entries = list(_entries(state, kept, _silent))
    _check(state, entries, _segment(state, entries, _vectors(state, entries, kept, _silent), None))


class _Kept:
    """Batches that were fetched already; nothing is kept without a folder."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        """Return a batch; None if it was not fetched."""
        if self._folder is None:
            return None
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Keep a batch."""
        if self._folder is None:
            return
        try:
            put(self._folder / name, data)
        except OSError as error:
            raise IndexWriteFailed(
                f"{self._folder} cannot be written ({error.strerror}). Free space, then pull again."
            ) from error

    def forget(self) -> None:
        """Delete what was kept."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _entries(state: RemoteContents, kept: _Kept, tell: Progress) -> Iterator[Entry]:
    """Yield the documents, in the order of their passages."""
    dead = {serial for serial, _, _ in state.manifest.dead}
    last = state.manifest.next_serial
    for start in range(0, last, READ):
        name = f"{start}.json"
        data = kept.read(name)
        rows = _rows_of(data) if data else state.store.documents(range(start, min(start + READ, last)), content=True)
        if not data:
            kept.write(name, _rows_bytes(rows))
        yield from (entry_of(row) for row in rows if row.serial not in dead)
        tell("pulling documents", min(start + READ, last), last)


def _vectors(state: RemoteContents, entries: Sequence[Entry], kept: _Kept, tell: Progress) -> Floats:
    """Return the vectors of the documents' passages."""
    last, numbers, found = state.manifest.next_number, [], []
    for start in range(0, last, BATCH):
        data = kept.read(f"{start}.pack")
        if data:
            arrays = read_pack(memoryview(data))
            there, vectors = arrays["numbers"], arrays["vectors"]
        else:
            there, vectors = state.store.vectors(start, min(start + BATCH, last))
            kept.write(f"{start}.pack", _pack(there, vectors))
        numbers.append(there)
        found.append(vectors)
        tell("pulling vectors", min(start + BATCH, last), last)
    held, matrix = np.concatenate(numbers), np.concatenate([one for one in found if len(one)])
    wanted = _numbers(entries)
    at = np.searchsorted(held, wanted)
    if len(held) < len(wanted) or not np.array_equal(held[np.minimum(at, len(held) - 1)], wanted):
        raise EngineFailed(f"The engine holds {len(held)} of {len(wanted)} passages. Push the index again.")
    return np.ascontiguousarray(matrix[at])


def _segment(state: RemoteContents, entries: Sequence[Entry], matrix: Floats, progress: Progress | None) -> Segment:
    """Work out what follows from documents and vectors, as it was worked out when they were pushed."""
    from index.building import restored

    passages = [passage for entry in entries for passage in entry.passages]
    places = {entry.document.id: entry.row.place for entry in entries}
    return restored(state.base, passages, matrix, places, progress)


def _check(state: RemoteContents, entries: Sequence[Entry], segment: Segment) -> None:
    """Compare every passage with the digest that was written; raises EngineFailed if one differs."""
    manifest = state.manifest
    terms = [state.lexicon.number_of(term) for term in segment.postings.vocabulary]
    numbering = Numbering(0, 0, manifest.kinds, manifest.languages)
    prepared = prepare(segment, numbering, np.array(terms, np.int32))
    numbers, digests = _numbers(entries), np.concatenate([rows.digests for rows in prepared.passages()])
    if (len(entries), len(numbers)) != (manifest.documents, manifest.passages):
        raise EngineFailed(
            f"The engine holds {len(entries)} of {manifest.documents} documents and {len(numbers)} of {manifest.passages} "
            "passages. Push the index again."
        )
    for start in range(0, manifest.next_number, BATCH):
        there, written = state.store.digests(start, min(start + BATCH, manifest.next_number))
        here = (numbers >= start) & (numbers < start + BATCH)
        alike = np.isin(there, numbers[here])
        if not (np.array_equal(there[alike], numbers[here]) and np.array_equal(written[alike], digests[here])):
            raise EngineFailed(f"Passages {start} to {start + BATCH} are not what was written. Push the index again.")


def _numbers(entries: Sequence[Entry]) -> Numbers:
    """Return the numbers of the documents' passages."""
    return np.concatenate([np.arange(entry.row.first, entry.row.end) for entry in entries])


def _pack(numbers: Numbers, vectors: Floats) -> bytes:
    file = io.BytesIO()
    put_pack(file, {"numbers": numbers, "vectors": vectors})
    return file.getvalue()


def _rows_bytes(rows: Sequence[DocumentRow]) -> bytes:
    plain = [{**asdict(row), "content": base64.b64encode(row.content).decode("ascii")} for row in rows]
    return json.dumps(plain).encode("ascii")


def _rows_of(data: bytes) -> list[DocumentRow]:
    return [DocumentRow(**{**row, "content": base64.b64decode(row["content"])}) for row in json.loads(data)]


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
