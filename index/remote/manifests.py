"""Manifest: one state of an index in an engine, as a few kilobytes of JSON; its blobs and rows are named by it.

The head of a build names the manifest that counts. Blobs are written once under a name of their own and carry a SHA-256,
so whoever read the head reads one state, whole, whatever is published meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from index.catalogue import DocumentInfo
from index.errors import EngineFailed
from index.remote.engine import Store
from index.remote.rows import NO_YEAR

LAYOUT = 1  # of what an engine holds of ours; changes whenever an older version could not read it
_BIGGEST = 1 << 32  # bytes that a blob may have unpacked


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob's name and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of an index in an engine. Numbers of kinds and languages are their places in the tuples."""

    source: str  # fingerprint of what was pushed
    revision: int  # counts changes
    about: Mapping[str, Any]  # ``storing.about_base``
    settings: Mapping[str, object]
    kinds: tuple[str, ...]
    languages: tuple[str, ...]
    tally: Mapping[str, Mapping[str, int]]  # documents by kind, language and year
    documents: int
    passages: int
    chinese: int  # passages
    characters: int
    next_serial: int
    next_number: int
    next_place: int
    next_term: int
    base: Blob
    names: Blob
    stated: Blob  # pairs of names by the serial of the document that states them
    folders: Blob
    lexicon: tuple[Blob, ...]
    dead: tuple[tuple[int, int, int], ...] = ()  # serial, first number and end of removed documents that may be there
    outdated: tuple[str, ...] = ()  # blobs that only the state before needs
    layout: int = LAYOUT

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Take back what ``to_bytes`` gave; raises EngineFailed if another version wrote it."""
        found = json.loads(data)
        if found.get("layout") != LAYOUT:
            raise EngineFailed(
                f"Another version of survey-qa wrote this index (layout {found.get('layout')!r}, {LAYOUT} expected). "
                "Push it again with this one."
            )
        taken: dict[str, Any] = {one.name: found[one.name] for one in fields(cls)}
        taken |= {name: Blob(**found[name]) for name in ("base", "names", "stated", "folders")}
        taken |= {name: tuple(found[name]) for name in ("kinds", "languages", "outdated")}
        taken["lexicon"] = tuple(Blob(**blob) for blob in found["lexicon"])
        taken["dead"] = tuple((serial, first, end) for serial, first, end in found["dead"])
        return cls(**taken)

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON."""
        return json.dumps(asdict(self), sort_keys=True).encode("ascii")

    def counters(self) -> dict[str, Counter[str]]:
        """Return how many documents there are by kind, language and year."""
        return {name: Counter(self.tally.get(name, {})) for name in ("kinds", "languages", "years")}

    def blobs(self) -> list[str]:
        """Return the names of the blobs that this state needs."""
        return [blob.name for blob in (self.base, self.names, self.stated, self.folders, *self.lexicon)]


def counted(
    former: Mapping[str, Mapping[str, int]], gone: Sequence[DocumentInfo], new: Sequence[DocumentInfo]
) -> dict[str, dict[str, int]]:
    """Return how many documents there are by kind, language and year after some went and some came."""
    found = {}
    for name, value in (("kinds", _kind), ("languages", _language), ("years", _year)):
        count = Counter(former.get(name, {}))
        count.update(map(value, new))
        count.subtract(map(value, gone))
        found[name] = {key: amount for key, amount in sorted(count.items()) if amount > 0}
    return found


def put_blobs(store: Store, blobs: Mapping[str, bytes]) -> list[Blob]:
    """Write blobs under names that tell their content, and return them in the order given."""
    written, packed = [], {}
    for kind, data in blobs.items():
        digest = hashlib.sha256(data).hexdigest()
        written.append(Blob(f"{kind}-{digest[:16]}", digest))
        packed[written[-1].name] = zlib.compress(data, 6)
    store.put_blobs(packed)
    return written


def read_blobs(store: Store, blobs: Sequence[Blob]) -> list[bytes]:
    """Return the bytes of blobs.

    Raises:
        EngineFailed: One is missing or holds other bytes than were written.
    """
    there = store.blobs([blob.name for blob in blobs])
    found = []
    for blob in blobs:
        data = unpacked(there.get(blob.name, b""))
        if hashlib.sha256(data).hexdigest() != blob.sha256:
            raise EngineFailed(f"The engine does not hold {blob.name} as it was written. Push the index again.")
        found.append(data)
    return found


def unpacked(data: bytes) -> bytes:
    """Return bytes that were compressed; nothing for what cannot be unpacked."""
    unpacking = zlib.decompressobj()
    try:
        return unpacking.decompress(data, _BIGGEST)
    except zlib.error:
        return b""


def head_of(manifest: Blob, revision: int) -> bytes:
    """Return the head that lets a manifest count."""
    return json.dumps({"manifest": manifest.name, "sha256": manifest.sha256, "revision": revision}).encode("ascii")


def manifest_of(store: Store, head: bytes) -> Manifest:
    """Return the manifest that a head names; raises EngineFailed if it is not there as it was written."""
    return Manifest.from_bytes(read_blobs(store, [blob_of(head)])[0])


def blob_of(head: bytes) -> Blob:
    """Return the blob that holds the manifest which a head names; raises EngineFailed if it is no head of ours."""
    try:
        found = json.loads(head)
        return Blob(str(found["manifest"]), str(found["sha256"]))
    except (ValueError, KeyError, TypeError) as error:
        raise EngineFailed("The engine holds no head of an index of ours. Push the index again.") from error


def snapshot_of(head: bytes) -> str:
    """Return what a state is called."""
    found = json.loads(head)
    return f"{found['revision']:08d}-{found['sha256'][:8]}"


def year_number(info: DocumentInfo) -> int:
    """Return a document's year as rows have it."""
    return NO_YEAR if info.year is None else info.year


def _kind(info: DocumentInfo) -> str:
    return info.kind


def _language(info: DocumentInfo) -> str:
    return info.language


def _year(info: DocumentInfo) -> str:
    return str(year_number(info))
