"""Files and folders of documents: what can be read is read, everything else is listed with the reason.

Folders are taken as they are: links in them are not followed, nothing but regular files is opened, names that begin
with a dot are passed over.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from corpus.documents import Document
from corpus.errors import ReadError, UsageError

if TYPE_CHECKING:
    from corpus.decoding import Decoded

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # files done, files in all

KINDS: Mapping[str, str] = {".md": "markdown", ".markdown": "markdown", ".txt": "text", ".jsonl": "record"}
"""What is read, by file ending, and the kind of document that it becomes."""

LARGEST_FILE = 50_000_000
"""Bytes; a longer file is more likely a mistake than a document."""

LARGEST_DOCUMENT = 20_000_000
"""Characters of one document."""

_TEXT_FIELDS = ("text", "abstract", "content")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file (or a line of one) that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of a folder: its documents in the order of their paths, and what was left out."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()


def read(path: str | os.PathLike[str], *, id: str | None = None) -> list[Document]:
    """Read one file; a ``.jsonl`` file holds a document per line, every other kind holds one.

    Args:
        path: A ``.md``, ``.markdown``, ``.txt`` or ``.jsonl`` file.
        id: The document's id (for ``.jsonl``: what the ids of records begin with); by default the file's name.

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
        reading = _read_file(Path(os.path.realpath(file)), name, kind_of=file.suffix)
        if reading.skipped:
            raise ReadError(
                "; ".join(
                    f"{each.path.removeprefix(name).strip()}: {each.reason}".lstrip(": ")
                    for each in reading.skipped[:3]
                )
            )
    except ReadError as error:
        raise ReadError(f"{file}: {error}.") from error
    return list(reading.documents)


def read_folder(folder: str | os.PathLike[str], *, progress: Progress | None = None) -> Reading:
    """Read every document in a folder and the folders in it; an id is the path from the folder, with ``/`` between names.

    Raises:
        UsageError: There is no such folder, it is a file, or there is no file in it.
    """
    root = Path(folder)
    if not os.path.isdir(root):  # noqa: PTH112 Path.is_dir raises where it may not look
        problem = "this is not a folder" if os.path.lexists(root) else "there is no such folder"
        raise UsageError(f"{root}: {problem}. Give a folder with {_kinds()} files.")
    documents: list[Document] = []
    skipped: list[Skipped] = []
    files = _walk(root, skipped)
    if not files and not skipped:
        raise UsageError(f"{root}: the folder is empty. Put {_kinds()} files into it, or give another one.")
    for number, name in enumerate(files, 1):
        try:
            reading = _read_file(root / name, _printable(name), kind_of=PurePosixPath(name).suffix)
            documents += reading.documents
            skipped += reading.skipped
        except ReadError as error:
            skipped.append(Skipped(_printable(name), str(error)))
        if progress:
            progress(number, len(files))
    return Reading(tuple(documents), tuple(sorted(skipped, key=lambda each: each.path)))


def _kinds() -> str:
    """Return the file endings that are read, for messages."""
    return ", ".join(KINDS)


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


def _read_file(path: Path, name: str, *, kind_of: str) -> Reading:
    """Read the documents of one file; a ReadError's message is the reason without the file's name."""
    from corpus.decoding import decode
    from corpus.front_matter import take_front_matter

    kind = KINDS.get(kind_of.lower())
    if kind is None:
        _check_exists(path)
        raise ReadError(f"{kind_of or 'a file without an ending'} is not a kind that is read; these are: {_kinds()}")
    decoded = decode(_read_bytes(path))
    if kind == "record":
        return _read_records(decoded.text, name)
    fields, text = take_front_matter(decoded.text.lstrip("\ufeff").replace("\r\n", "\n"))
    document = _document(text, name, kind, fields, decoded)
    return Reading((document,))


def _check_exists(path: Path) -> None:
    """Raise if there is nothing at a path."""
    if not os.path.lexists(path):
        raise ReadError("there is no such file")


def _read_bytes(path: Path) -> bytes:
    """Read a regular file of bounded size, without following a link and without waiting on a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ReadError("it is not a regular file")
        with open(os.open(path, flags | getattr(os, "O_CLOEXEC", 0)), "rb") as file:  # noqa: PTH123 flags need os.open
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ReadError("it is not a regular file")
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise ReadError("there is no such file") from None
    except OSError as error:
        raise ReadError(f"it cannot be opened: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        raise ReadError(f"it is larger than {LARGEST_FILE // 1_000_000} MB; split it into smaller files")
    return data


def _document(text: str, name: str, kind: str, fields: Mapping[str, str], decoded: Decoded) -> Document:
    """Parse the text of a file whose front matter was taken out."""
    from corpus.reading import parse

    metadata = dict(fields)
    title, url, kind = metadata.pop("title", ""), metadata.pop("url", ""), metadata.pop("kind", "") or kind
    if decoded.encoding not in {"utf-8", "utf-8-sig"}:
        metadata["encoding"] = decoded.encoding
    if decoded.invalid:
        metadata["invalid_bytes"] = str(decoded.invalid)
        logger.warning("%s: %d places that are no valid %s were replaced.", name, decoded.invalid, decoded.encoding)
    _check_length(text)
    document = parse(text, id=name, title=title, url=url or None, kind=kind, metadata=metadata)
    if not document.text:
        raise ReadError("it is empty")
    return document


def _check_length(text: str) -> None:
    """Raise if a text is too long for one document."""
    if len(text) > LARGEST_DOCUMENT:
        raise ReadError(
            f"it holds {len(text):,} characters, more than the {LARGEST_DOCUMENT:,} of one document; split it into smaller files"
        )


def _read_records(text: str, name: str) -> Reading:
    """Read one document per line of JSON; lines that are none are listed."""
    documents: dict[str, Document] = {}
    skipped: list[Skipped] = []
    for number, line in _filled_lines(text):
        try:
            document = _record(line, name, number)
        except ReadError as error:
            skipped.append(Skipped(f"{name} line {number}", str(error)))
            continue
        if document.id in documents:
            document = replace(document, id=f"{document.id}#{number}")
        documents[document.id] = document
    if not documents and not skipped:
        raise ReadError("it is empty")
    return Reading(tuple(documents.values()), tuple(skipped))


def _filled_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbers and texts of the lines that are not blank; only newlines end a line of JSON."""
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        if line.strip():
            yield number, line


def _record(line: str, name: str, number: int) -> Document:
    """Read the document in one line of JSON."""
    from corpus.reading import parse

    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"it is no JSON ({str(error)[:80]})") from error
    if not isinstance(record, dict):
        raise ReadError('it is no JSON object such as {"title": "…", "text": "…"}')
    field, text = next(((key, record[key]) for key in _TEXT_FIELDS if _is_filled(record.get(key))), ("", ""))
    if not field:
        raise ReadError("it has no text: the fields text, abstract and content are missing or empty")
    _check_length(text)
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
