"""ZIP archives: every file in one is read as if it lay in a folder of the archive's name; nothing is written to disk."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from corpus.documents import Document
from corpus.errors import ReadError
from corpus.formats import limits
from corpus.formats.packages import check_unpacked, open_zip, read_entry
from corpus.readings import Reading, Skipped


class Budget:
    """What an archive may still unpack, those in it included."""

    def __init__(self, packed: int) -> None:
        self._packed = packed
        self._entries = 0
        self._bytes = 0

    def spend(self, unpacked: int) -> None:
        """Count one more file; raises ReadError when it is too much."""
        self._entries += 1
        self._bytes += unpacked
        if self._entries > limits.ENTRIES:
            raise ReadError(f"it holds more than the {limits.ENTRIES:,} files that are unpacked")
        check_unpacked(self._bytes, self._packed)


def read_archive(data: bytes, name: str, *, depth: int = 1, budget: Budget | None = None) -> Reading:
    """Return the documents of all files in an archive; what cannot be read is listed.

    Raises:
        ReadError: The archive itself cannot be read, or it unpacks to more than the limits allow.
    """
    if depth > limits.ARCHIVE_DEPTH:
        raise ReadError(f"it lies in more than {limits.ARCHIVE_DEPTH} archives")
    budget = budget or Budget(len(data))
    documents: list[Document] = []
    skipped: list[Skipped] = []
    with open_zip(data) as archive:
        for entry, inner in _members(archive, skipped, name):
            budget.spend(entry.file_size)
            try:
                reading = _read_member(archive, entry, f"{name}/{inner}", depth, budget)
            except ReadError as error:
                skipped.append(Skipped(f"{name}/{inner}", str(error)))
                continue
            documents += reading.documents
            skipped += reading.skipped
    if not documents and not skipped:
        raise ReadError("it is empty")
    return Reading(tuple(documents), tuple(skipped))


def _members(archive: zipfile.ZipFile, skipped: list[Skipped], name: str) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """Yield the files of an archive with their paths in it; what is no plain file goes on the list."""
    seen: set[str] = set()
    for entry in archive.infolist():
        inner = entry.filename.replace("\\", "/")
        parts = inner.split("/")
        if entry.is_dir() or any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts):
            continue
        mode = entry.external_attr >> 16
        if inner.startswith("/") or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
            skipped.append(Skipped(f"{name}/{inner}", "its path leads out of the archive"))
        elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            skipped.append(Skipped(f"{name}/{inner}", "it is not a regular file"))
        elif inner in seen:
            skipped.append(Skipped(f"{name}/{inner}", "the archive holds another file of that name"))
        else:
            seen.add(inner)
            yield entry, inner


def _read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, depth: int, budget: Budget) -> Reading:
    """Return the documents of one file in an archive."""
    from corpus.converting import check_format, convert

    ending = PurePosixPath(name).suffix
    check_format(ending)
    if entry.file_size > limits.FILE_BYTES:
        raise ReadError(f"it is larger than {limits.FILE_BYTES // 1_000_000} MB")
    if entry.flag_bits & 1:
        raise ReadError("it is encrypted; save it without a password")
    data = read_entry(archive, entry)
    if ending.lower() == ".zip":
        return read_archive(data, name, depth=depth + 1, budget=budget)
    return convert(data, name, ending)
