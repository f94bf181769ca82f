"""Files and folders of documents: what can be read is read, everything else is listed with the reason.

Folders are taken as they are: links in them are not followed, nothing but regular files is opened, names that begin
with a dot are passed over.
"""

from __future__ import annotations

import logging
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from textwrap import shorten
from typing import NamedTuple

from corpus.documents import Document
from corpus.errors import ReadError, UsageError
from corpus.formats import FORMATS, endings, format_of, limits
from corpus.keeping import KeptReadings, Stamp, digest_of, now, stamp_of
from corpus.readings import Cut, Reading, Skipped
from corpus.workers import Readers, Source, Workers

__all__ = [
    "KINDS",
    "LARGEST_DOCUMENT",
    "LARGEST_FILE",
    "Outcome",
    "Reading",
    "Skipped",
    "read",
    "read_each",
    "read_files",
    "read_folder",
]

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # files done, files in all

KINDS: Mapping[str, str] = {ending: form.kind for ending, form in FORMATS.items()}
"""What is read, by file ending, and the kind of document that it becomes."""

LARGEST_FILE = limits.FILE_BYTES
"""Bytes; a longer file is more likely a mistake than a document."""

LARGEST_DOCUMENT = limits.DOCUMENT_CHARACTERS
"""Characters of one document."""

_MANY_FILES = 200  # of plain text; fewer are read faster than further processes start
_MOST_WORKERS = 8  # unless more are asked for
_ATTEMPTS = 3  # to read a file that somebody writes


class Outcome(NamedTuple):
    """What became of one file: its path from the folder, and its documents or why there are none."""

    name: str
    reading: Reading


def read(path: str | os.PathLike[str], *, id: str | None = None) -> list[Document]:
    """Read one file: most kinds hold one document; ``.jsonl``, ``.json`` and ``.zip`` hold several.

    Args:
        path: A file of one of ``KINDS``.
        id: The document's id (where a file holds several: what their ids begin with); by default the file's name.

    Raises:
        ReadError: There is no such file, or it cannot become a document; the message names the file and the reason.
    """
    file = Path(path)
    name = id or file.name
    try:
        if "\0" in str(file):
            raise ReadError("it cannot be opened: no path holds the character NUL")
        if os.path.isdir(file):  # noqa: PTH112 Path.is_dir raises where it may not look
            raise ReadError("it is a folder; read_folder reads the files in it")
        reading = _read_one(Path(os.path.realpath(file)), name, file.suffix)
        _warn(reading)
        if reading.skipped:
            raise ReadError("; ".join(_told(each, name) for each in reading.skipped[:3]))
    except ReadError as error:
        raise ReadError(f"{file}: {error}.") from error
    return list(reading.documents)


def read_folder(
    folder: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    workers: int | Readers | None = None,
    show_cut: bool = False,
    kept: Path | None = None,
) -> Reading:
    """Read every document in a folder and the folders in it; an id is the path from the folder, with ``/`` between names.

    Args:
        folder: Where the documents are.
        progress: Told after every file how many of how many are done.
        workers: Processes that read side by side, or who else does; by default as many processes as the machine and the
            number of files suggest.
        show_cut: Also return the lines that cleaning cut; everything is read anew then.
        kept: Where what was read is kept, so that a file that has not changed since is not parsed again.

    Raises:
        UsageError: There is no such folder, it is a file, or there is no file in it.
    """
    outcomes = read_each(folder, progress=progress, workers=workers, show_cut=show_cut, kept=kept)
    return _together(outcomes, show_cut=show_cut)


def read_files(
    paths: Sequence[str | os.PathLike[str]],
    *,
    progress: Progress | None = None,
    workers: int | Readers | None = None,
    show_cut: bool = False,
    kept: Path | None = None,
) -> Reading:
    """Read single files of one folder, each named by its own name; what cannot be read is listed by its path.

    The arguments are those of ``read_folder``; what is kept of the files beside them tells which lines recur there.
    """
    nothing = KeptReadings(None, Path(), largest=LARGEST_DOCUMENT)
    items = [(Path(os.path.realpath(path)), Path(path).name) for path in paths]
    outcomes = []
    with _readers([name for _, name in items], workers) as pool:
        for number, outcome in enumerate(_read_all(items, pool, show_cut, nothing), 1):
            outcomes.append(outcome)
            if progress:
                progress(number, len(items))
    folder = Path(paths[0]).absolute().parent if paths else Path()
    return _together(outcomes, show_cut=show_cut, neighbours=_beside(folder, kept))


def _beside(folder: Path, kept: Path | None) -> Iterator[Document]:
    """Yield what is kept of the files in a folder itself, if it was read before."""
    if kept is None or not KeptReadings(kept, folder, largest=LARGEST_DOCUMENT).exists():
        return
    with KeptReadings(kept, folder, largest=LARGEST_DOCUMENT) as readings:
        for reading in readings.held():
            yield from (document for document in reading.documents if "/" not in document.id)


def read_each(
    folder: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    workers: int | Readers | None = None,
    show_cut: bool = False,
    kept: Path | None = None,
) -> Iterator[Outcome]:
    """Yield what becomes of every file below a folder, in the order of their paths; what cannot be opened comes first.

    Holds no more than a few files at a time. The arguments and errors are those of ``read_folder``.
    """
    root = Path(folder)
    if not os.path.isdir(root):  # noqa: PTH112 Path.is_dir raises where it may not look
        _forget(root, kept)
        problem = "this is not a folder" if os.path.lexists(root) else "there is no such folder"
        raise UsageError(f"{root}: {problem}. Give a folder with {endings()} files.")
    passed_over: list[Skipped] = []
    names = _walk(root, passed_over)
    if not names and not passed_over:
        _forget(root, kept)
        raise UsageError(f"{root}: the folder is empty. Put {endings()} files into it, or give another one.")
    for each in passed_over:
        yield Outcome(each.path, Reading((), (each,)))
    items = [(root / name, name) for name in names]
    place = None if show_cut else kept
    with KeptReadings(place, root, largest=LARGEST_DOCUMENT) as readings, _readers(names, workers) as pool:
        for number, outcome in enumerate(_read_all(items, pool, show_cut, readings), 1):
            yield outcome
            if progress:
                progress(number, len(names))
        readings.finish()


def _forget(root: Path, kept: Path | None) -> None:
    """Delete what is kept of a folder in which nothing is any more."""
    if kept is not None and os.path.isdir(kept):  # noqa: PTH112 as above
        with KeptReadings(kept, root, largest=LARGEST_DOCUMENT) as readings:
            readings.finish()


def _together(outcomes: Iterable[Outcome], *, show_cut: bool, neighbours: Iterable[Document] = ()) -> Reading:
    """Return the readings of files as one, without the lines that recur in their folders; ``neighbours`` count as well."""
    from corpus.recurring import without_recurring

    documents: list[Document] = []
    skipped: list[Skipped] = []
    cut: list[Cut] = []
    for outcome in outcomes:
        documents += outcome.reading.documents
        skipped += outcome.reading.skipped
        cut += outcome.reading.cut
    stripped = without_recurring(documents, neighbours)
    told = _joined([*cut, *stripped.cut]) if show_cut else ()
    return Reading(stripped.documents, tuple(sorted(skipped, key=lambda each: each.path)), told)


def _joined(cut: Sequence[Cut]) -> tuple[Cut, ...]:
    """Return what was cut with each document once."""
    found: dict[str, Cut] = {}
    for each in cut:
        before = found.get(each.document, Cut(each.document, ()))
        found[each.document] = Cut(each.document, before.lines + each.lines, before.rules + each.rules)
    return tuple(found.values())


@contextmanager
def _readers(names: Sequence[str], wanted: int | Readers | None) -> Iterator[Readers]:
    """Give those who read: the ones that are given, or processes that end with the block."""
    if wanted is not None and not isinstance(wanted, int):
        yield wanted
        return
    with Workers(_count_workers(names, wanted)) as pool:
        yield pool


def _count_workers(names: Sequence[str], wanted: int | None) -> int:
    """Return how many processes read; 1 means that plain text is read here."""
    if wanted is not None:
        if wanted < 1:
            raise UsageError(f"{wanted} processes cannot read. Give 1 or more.")
        return wanted
    isolated = sum(_is_isolated(name) for name in names)
    needed = len(names) if len(names) >= _MANY_FILES else isolated
    return max(1, min(needed, os.cpu_count() or 1, _MOST_WORKERS))


class _Seen(NamedTuple):
    """What a file was like when it was read."""

    stamp: Stamp
    noted: int
    digest: str


class _Begun(NamedTuple):
    """A file whose reading is there or under way; ``seen`` is given where it is worth keeping."""

    name: str
    reading: Reading | Future[Reading]
    seen: _Seen | None = None


def _read_all(
    items: Sequence[tuple[Path, str]], pool: Readers, show_cut: bool, kept: KeptReadings
) -> Iterator[Outcome]:
    """Yield the outcomes of files, given with their names, in their order; a few of them are under way ahead of it."""
    waiting: deque[_Begun] = deque()
    for path, name in items:
        waiting.append(_begin(path, name, pool, kept, elsewhere=pool.size > 1, show_cut=show_cut))
        while waiting and (isinstance(waiting[0].reading, Reading) or len(waiting) > 2 * pool.size):
            yield _finish(waiting.popleft(), kept)
    while waiting:
        yield _finish(waiting.popleft(), kept)


def _begin(path: Path, name: str, pool: Readers, kept: KeptReadings, *, elsewhere: bool, show_cut: bool) -> _Begun:
    """Take what is kept of a file, read it, or hand it to another process."""
    from corpus.converting import check_format, convert

    ending, printable = PurePosixPath(path.name).suffix, _printable(name)
    try:
        isolated = check_format(ending).isolated
        if (known := kept.find(name, path)) is not None:
            return _Begun(name, known)
        noted, stamp = now(), _stamp(path)
        data = _read_bytes(path)
        seen = _Seen(stamp, noted, digest_of(data))
        if (known := kept.find_equal(name, seen.digest)) is not None:
            return _Begun(name, known, seen)
        if data and (isolated or elsewhere):
            source = Source(data, printable, ending, show_cut=show_cut)
            return _Begun(name, pool.read(source, largest=LARGEST_DOCUMENT), seen)
        return _Begun(name, convert(data, printable, ending, largest=LARGEST_DOCUMENT, show_cut=show_cut), seen)
    except ReadError as error:
        return _Begun(name, Reading((), (Skipped(printable, str(error)),)))


def _finish(begun: _Begun, kept: KeptReadings) -> Outcome:
    """Wait for a file's reading, and keep it."""
    printable = _printable(begun.name)
    try:
        reading = begun.reading if isinstance(begun.reading, Reading) else begun.reading.result()
    except ReadError as error:
        return Outcome(printable, Reading((), (Skipped(printable, str(error)),)))
    if begun.seen is not None:
        kept.note(begun.name, *begun.seen, reading)
    _warn(reading)
    return Outcome(printable, reading)


def _warn(reading: Reading) -> None:
    """Tell what of the documents that were read could not be."""
    for document in reading.documents:
        facts = document.metadata
        if "invalid_bytes" in facts:
            where = facts.get("encoding", "utf-8")
            logger.warning(
                "%s: %s places that are no valid %s were replaced.", document.id, facts["invalid_bytes"], where
            )
        if "pages_without_text" in facts:
            logger.warning("%s: no text layer on page %s.", document.id, shorten(facts["pages_without_text"], 80))


def _read_one(path: Path, name: str, ending: str) -> Reading:
    """Read one file; a ReadError's message is the reason without the file's name."""
    from corpus.converting import check_format, convert

    if format_of(ending) is None and not os.path.lexists(path):
        raise ReadError("there is no such file")
    isolated = check_format(ending).isolated
    data = _read_bytes(path)
    if not data or not isolated:
        return convert(data, name, ending, largest=LARGEST_DOCUMENT)
    with Workers(1) as pool:
        return pool.read(Source(data, name, ending), largest=LARGEST_DOCUMENT).result()


def _is_isolated(name: str) -> bool:
    form = format_of(PurePosixPath(name).suffix)
    return form is not None and form.isolated


def _told(skipped: Skipped, name: str) -> str:
    """Return a reason with the part of the file that it is about."""
    return f"{skipped.path.removeprefix(name).strip()}: {skipped.reason}".lstrip(": ")


def _printable(name: str) -> str:
    r"""Return a path that can be printed and stored: bytes that are no UTF-8 become ``\xNN``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _walk(root: Path, skipped: list[Skipped]) -> list[str]:
    """Return the paths of all regular files below a folder, sorted; what cannot be opened goes on the list."""
    files: list[str] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError as error:
            skipped.append(Skipped(_printable(folder or "."), f"the folder cannot be opened: {error.strerror}"))
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_symlink():
                skipped.append(Skipped(_printable(name), "it is a symbolic link, which is not followed"))
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False):
                files.append(name)
            else:
                skipped.append(Skipped(_printable(name), "it is not a regular file"))
    return sorted(files, key=lambda name: name.split("/"))


def _stamp(path: Path) -> Stamp:
    try:
        return stamp_of(path)
    except FileNotFoundError:
        raise ReadError("there is no such file") from None
    except OSError as error:
        raise ReadError(f"it cannot be opened: {error.strerror}") from error


def _read_bytes(path: Path) -> bytes:
    """Read a regular file of bounded size as it is at one time, without following a link and without waiting on a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ReadError("it is not a regular file")
        for _ in range(_ATTEMPTS):
            with open(os.open(path, flags | getattr(os, "O_CLOEXEC", 0)), "rb") as file:  # noqa: PTH123 flags need os.open
                before = os.fstat(file.fileno())
                if not stat.S_ISREG(before.st_mode):
                    raise ReadError("it is not a regular file")
                data = file.read(LARGEST_FILE + 1)
                after = os.fstat(file.fileno())
            if len(data) > LARGEST_FILE:
                raise ReadError(f"it is larger than {LARGEST_FILE // 1_000_000} MB; split it into smaller files")
            if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and len(
                data
            ) == after.st_size:
                return data
    except FileNotFoundError:
        raise ReadError("there is no such file") from None
    except OSError as error:
        raise ReadError(f"it cannot be opened: {error.strerror}") from error
    raise ReadError("it changes while it is read; read it again when it is complete")
