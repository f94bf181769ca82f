"""Files and folders of documents: what can be read is read, everything else is listed with the reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from corpus.documents import Document
from corpus.errors import ReadError, UsageError
from corpus.reading import parse

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of a folder."""

    documents: tuple[Document, ...]
    skipped: tuple[Skipped, ...] = ()


def read(path: str | os.PathLike[str], *, id: str | None = None) -> list[Document]:
    """Read one file; a ``.jsonl`` file holds several documents."""
    file = Path(path)
    if not file.exists():
        raise ReadError(f"{file}: there is no such file.")
    text = file.read_text("utf-8", errors="replace")
    name = id or file.name
    if file.suffix == ".jsonl":
        return list(_records(text, name))
    return [parse(text, id=name, kind="markdown" if file.suffix in {".md", ".markdown"} else "text")]


def read_folder(folder: str | os.PathLike[str], *, progress: Progress | None = None) -> Reading:
    """Read every document below a folder; ids are paths relative to it."""
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such folder.")
    documents: list[Document] = []
    skipped: list[Skipped] = []
    files = sorted(each for each in root.rglob("*") if each.is_file())
    for number, file in enumerate(files, 1):
        name = file.relative_to(root).as_posix()
        if file.suffix.lower() in {".md", ".markdown", ".txt", ".jsonl"}:
            documents.extend(read(file, id=name))
        else:
            skipped.append(Skipped(name, "unknown kind of file"))
        if progress:
            progress(number, len(files), name)
    return Reading(tuple(documents), tuple(skipped))


def _records(text: str, name: str) -> Iterator[Document]:
    """Read one document per line of JSON."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        record = json.loads(line)
        body = record.get("text") or record.get("abstract") or record.get("content") or ""
        arxiv = record.get("arxiv_id")
        metadata = {
            key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            for key, value in record.items()
            if key not in {"text", "abstract", "content", "title", "id", "arxiv_id", "url"}
        }
        yield parse(
            body, id=f"arxiv:{arxiv}" if arxiv else f"{name}#{record.get('id', number)}", title=record.get("title", ""),
            url=f"https://arxiv.org/abs/{arxiv}" if arxiv else record.get("url"), kind="abstract", metadata=metadata,
        )  # fmt: skip
