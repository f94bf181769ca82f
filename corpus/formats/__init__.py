"""Formats: what kinds of files are read, which module reads each, and what such a module gives back.

Every module of this package has one function ``extract(data, name)`` that turns the bytes of a file into an ``Extract``
whose text is Markdown as ``corpus.reading`` understands it. Foreign libraries are imported inside these functions; one
that is not installed is a ``ReadError`` which names the command that installs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal, NamedTuple, cast

from corpus.errors import ReadError


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a file as Markdown, what the file says of itself, and where its pages begin.

    ``pages[i]`` is the offset into ``text`` at which page (or slide) i + 1 begins; empty for what has no pages. ``cut``
    holds the lines that were taken for a frame: running lines, navigation.
    """

    text: str = field(repr=False)
    title: str = ""
    url: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[int, ...] = field(default=(), repr=False)
    cut: tuple[str, ...] = field(default=(), repr=False)


class Format(NamedTuple):
    """How a kind of file is read.

    ``kind`` is the kind of document it becomes. ``isolated`` formats are parsed by foreign code and therefore in a
    process of their own, which can be killed.
    """

    kind: str
    module: str
    isolated: bool = False


FORMATS: Mapping[str, Format] = {
    ".md": Format("markdown", "markdown"),
    ".markdown": Format("markdown", "markdown"),
    ".txt": Format("text", "plain"),
    ".rst": Format("text", "restructured", isolated=True),
    ".pdf": Format("pdf", "pdf", isolated=True),
    ".html": Format("page", "html", isolated=True),
    ".htm": Format("page", "html", isolated=True),
    ".xhtml": Format("page", "html", isolated=True),
    ".mhtml": Format("page", "mhtml", isolated=True),
    ".mht": Format("page", "mhtml", isolated=True),
    ".docx": Format("word", "docx", isolated=True),
    ".pptx": Format("slides", "pptx", isolated=True),
    ".xlsx": Format("sheet", "xlsx", isolated=True),
    ".csv": Format("sheet", "delimited"),
    ".tsv": Format("sheet", "delimited"),
    ".ipynb": Format("notebook", "notebook"),
    ".epub": Format("book", "epub", isolated=True),
    ".jsonl": Format("record", "records"),
    ".json": Format("record", "records"),
    ".zip": Format("archive", "archive", isolated=True),
}
"""The formats by file ending, in lower case."""


def format_of(ending: str) -> Format | None:
    """Return how files with that ending (".PDF") are read, or None."""
    return FORMATS.get(ending.lower())


def endings() -> str:
    """Return the file endings that are read, for messages."""
    return ", ".join(FORMATS)


def extract(data: bytes, name: str, form: Format, url: str = "") -> Extract:
    """Return the text of a file of one document; a page's links are resolved against the address that it is from.

    Raises:
        ReadError: It cannot be read; the message is the reason, without the file's name.
    """
    reader = import_module(f"corpus.formats.{form.module}").extract
    return cast(Extract, reader(data, name, url=url) if form.module == "html" else reader(data, name))


Extra = Literal["office"]


def missing(package: str, extra: Extra | None = None) -> ReadError:
    """Return the error for a library that is not installed, with the command that installs it."""
    what = f"survey-qa[{extra}]" if extra else package
    return ReadError(f"reading it needs {package}, which is not installed; type: pip install '{what}'")
