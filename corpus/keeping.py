r"""Readings that are kept, so that a file that has not changed since is not parsed again.

One file per folder of documents, a line per file in it, written as soon as the file is read:

    readings/<hash of the folder's path>.jsonl
        {"folder": …, "readers": …}                                          the folder, and which readers read
        <hash of the rest> [name, size, times, hash of the bytes, …]\t<reading>

A line that is damaged costs a parsing and nothing else. What is no longer in the folder is taken out as soon as the
folder was read to its end; what was kept of a folder that is gone goes with the next one that is read. Nothing but JSON
is read back.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, NamedTuple

from corpus.exchange import dump, load
from corpus.readings import Reading

logger = logging.getLogger(__name__)

LIMIT = 2 * 1024**3  # bytes of all that is kept; the folders that were read longest ago go first
_LIBRARIES = ("charset-normalizer", "docutils", "lxml", "openpyxl", "pypdfium2", "python-docx", "python-pptx", "trafilatura")  # fmt: skip
_DIGEST = 32  # characters of a hash
_UNSETTLED = (
    2_000_000_000  # nanoseconds in which a file may change again without another time: the coarsest clock of a disk
)


class Stamp(NamedTuple):
    """What the system says of a file: its bytes and when they (and what is noted about them) changed last, in nanoseconds."""

    size: int
    modified: int
    changed: int


class _Entry(NamedTuple):
    """A line: whose it is, what the file was like, and where the line stands."""

    stamp: Stamp
    noted: int  # when the file began to be read
    digest: str  # of the file's bytes
    offset: int
    length: int


class KeptReadings:
    """The readings of one folder; leaving the ``with`` block keeps what was noted, also after Ctrl-C.

    Without a place, nothing is kept. Nothing is raised where nothing can be read or written: then everything is parsed.
    """

    def __init__(self, place: Path | None, folder: Path, *, largest: int) -> None:
        self._place = place
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:_DIGEST]
        self._path = (place or Path()) / f"{name}.jsonl"
        self._folder, self._largest = os.path.realpath(folder), largest
        self._head = b""
        self._entries: dict[str, _Entry] = {}
        self._used: set[str] = set()
        self._surplus = False  # lines that hold no more
        self._file: IO[bytes] | None = None
        self._writing = True

    def __enter__(self) -> KeptReadings:
        try:
            if self._place is not None:
                self._open(self._place)
        except OSError as error:
            self._stop(error)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def find(self, name: str, path: Path) -> Reading | None:
        """Return the reading of a file that is as it was by size and times; None if it must be looked at."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        with suppress(OSError):
            stamp = stamp_of(path)
            if stamp == entry.stamp and max(stamp.modified, stamp.changed) + _UNSETTLED < entry.noted:
                return self._load(name, entry)
        return None

    def find_equal(self, name: str, digest: str) -> Reading | None:
        """Return the reading of a file that holds the bytes that it held, whatever its times say."""
        entry = self._entries.get(name)
        return self._load(name, entry) if entry is not None and entry.digest == digest else None

    def exists(self) -> bool:
        """Tell whether anything is kept of the folder."""
        return self._place is not None and os.path.isfile(self._path)  # noqa: PTH113 Path.is_file raises where it may not look

    def held(self) -> Iterator[Reading]:
        """Yield all readings."""
        for name, entry in self._entries.items():
            if (reading := self._load(name, entry)) is not None:
                yield reading

    def find_last(self, name: str) -> Reading | None:
        """Return the last reading of what cannot be looked at now, such as a page on the web."""
        entry = self._entries.get(name)
        return self._load(name, entry) if entry is not None else None

    def note_bytes(self, name: str, data: bytes, reading: Reading) -> None:
        """Keep the reading of bytes that come from no file."""
        self.note(name, Stamp(len(data), 0, 0), now(), digest_of(data), reading)

    def note(self, name: str, stamp: Stamp, noted: int, digest: str, reading: Reading) -> None:
        """Keep the reading of a file that was so, with those bytes, when it began to be read."""
        if not self._writing or self._file is None:
            return
        head = json.dumps([name, *stamp, noted, digest]).encode("ascii")
        try:
            self._append(name, head + b"\t" + dump(reading))
        except OSError as error:
            self._stop(error)

    def forget(self, names: Collection[str]) -> None:
        """Take out what is kept under these names."""
        self._used = set(self._entries) - set(names)
        self.finish()

    def finish(self) -> None:
        """Take out what was neither found nor noted in this round, and former readings. To be called after the last file."""
        gone = [name for name in self._entries if name not in self._used]
        for name in gone:
            del self._entries[name]
        if self._file is None or not (gone or self._surplus):
            return
        try:
            self._rewrite(self._file)
        except OSError as error:
            self._stop(error)

    def _open(self, place: Path) -> None:
        """Open the file of this folder and list its lines; it begins anew where other readers wrote it."""
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        tidy(place, spare=self._path)
        head = {"folder": self._folder, "readers": f"{readers_version()} {self._largest}"}
        self._head = json.dumps(head).encode("ascii")
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(self._path, flags | getattr(os, "O_CLOEXEC", 0), 0o600), "r+b", buffering=0)
        self._file = file
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not a regular file")
        if _read_line(file) != self._head:
            file.truncate(0)
            file.write(self._head + b"\n")
            return
        for name, entry in _entries(file):
            self._surplus |= name in self._entries
            self._entries[name] = entry
        os.utime(self._path)

    def _append(self, name: str, content: bytes) -> None:
        file = self._file
        if file is None:
            return
        line = _hash(content).encode("ascii") + b" " + content + b"\n"
        offset = file.seek(0, os.SEEK_END)
        if offset + len(line) > LIMIT:
            raise OSError("there is no room within the limit")
        if offset and os.pread(file.fileno(), 1, offset - 1) != b"\n":  # a line that was not written to its end
            offset += file.write(b"\n")
        file.write(line)
        self._surplus |= name in self._entries
        self._used.add(name)
        self._entries[name] = _entry(content[: content.index(b"\t")], offset, len(line))[1]

    def _load(self, name: str, entry: _Entry) -> Reading | None:
        """Return the reading of a line that is whole."""
        if self._file is None:
            return None
        try:
            line = os.pread(self._file.fileno(), entry.length, entry.offset)
            digest, content = line[:_DIGEST], line[_DIGEST + 1 :].removesuffix(b"\n")
            if digest.decode("ascii") != _hash(content):
                return None
            reading = load(content[content.index(b"\t") + 1 :])
        except (OSError, ValueError, TypeError):
            return None
        self._used.add(name)
        return reading

    def _rewrite(self, file: IO[bytes]) -> None:
        """Replace the file by one of the lines that hold."""
        draft = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as fresh:
                fresh.write(self._head + b"\n")
                for entry in self._entries.values():
                    fresh.write(os.pread(file.fileno(), entry.length, entry.offset))
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)
        self._entries, self._surplus = {}, False  # they stand elsewhere now

    def _stop(self, error: OSError) -> None:
        """Go on without keeping."""
        self._writing = False
        logger.info("What is read is not kept in %s: %s.", self._path, error.strerror or error)


def stamp_of(path: Path) -> Stamp:
    """Return what the system says of a file.

    Raises:
        OSError: It cannot be looked at, or is no regular file.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a regular file")
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def now() -> int:
    """Return the time of the clock that files are stamped with, in nanoseconds."""
    return time.time_ns()


def digest_of(data: bytes) -> str:
    """Return what tells a file's bytes from others."""
    return _hash(data)


@cache
def readers_version() -> str:
    """Return a text that changes when what we or the libraries read out of files may change; some milliseconds."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode("ascii"))
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):
            digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()[:_DIGEST]


def tidy(place: Path, *, spare: Path | None = None) -> None:
    """Delete what is kept of folders that are gone, and the oldest of the rest until it is within the limit.

    ``spare`` is kept in any case.
    """
    kept: list[tuple[int, int, Path]] = []
    for path in place.glob("*.jsonl"):
        with suppress(OSError):
            status = path.lstat()
            if path != spare and not _has_folder(path):
                path.unlink()
            elif path != spare:
                kept.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in kept)
    for _, size, path in sorted(kept):
        if total <= LIMIT:
            break
        with suppress(OSError):
            path.unlink()
        total -= size


def _has_folder(path: Path) -> bool:
    """Tell whether the folder that a file of readings is of is there still."""
    with path.open("rb") as file:
        head = file.readline(100_000)
    try:
        return os.path.isdir(json.loads(head)["folder"])  # noqa: PTH112 Path.is_dir raises where it may not look
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _entries(file: IO[bytes]) -> Iterator[tuple[str, _Entry]]:
    """Yield what each line after the first is of; a line that says nothing sensible is passed over."""
    offset = 0
    with os.fdopen(os.dup(file.fileno()), "rb") as lines:
        lines.seek(0)
        for number, line in enumerate(lines):
            if number and line.endswith(b"\n"):
                with suppress(ValueError, TypeError):
                    yield _entry(line[_DIGEST + 1 : line.index(b"\t")], offset, len(line))
            offset += len(line)


def _entry(head: bytes, offset: int, length: int) -> tuple[str, _Entry]:
    name, size, modified, changed, noted, digest = json.loads(head)
    return str(name), _Entry(Stamp(int(size), int(modified), int(changed)), int(noted), str(digest), offset, length)


def _read_line(file: IO[bytes]) -> bytes:
    """Return the first line of a file."""
    first = os.pread(file.fileno(), 100_000, 0)
    return first.partition(b"\n")[0]


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_DIGEST // 2).hexdigest()
