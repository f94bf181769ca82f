"""The values that reading and splitting produce: Document, its structure, and Passage.

Nothing here knows where a document came from on disk or how it will be found. All offsets count characters
(code points) of ``Document.text`` and are half-open: ``text[start:end]``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

PassageKind = Literal["text", "table_row", "reference"]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of the same or a higher level."""

    title: str
    level: int  # 1 is the highest; a document's own title is not a section
    start: int  # of the heading's line
    body: int  # first character after the heading's line
    end: int
    path: tuple[str, ...]  # titles from the outermost section to this one


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, white space at its borders left out."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its whole line and its cells."""

    start: int
    end: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header row; ``header[i]`` names column i (rows may be shorter or longer)."""

    start: int
    end: int
    header: tuple[Cell, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the text that points somewhere: a bare URL, ``[text](url)``, or a mark ``[18]`` resolved through the reference list.

    ``label`` is what the link is called there: the link text, the title in the reference list, or the field's name.
    """

    start: int
    end: int
    url: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A source that was read: its cleaned text, what it is called, and how it is built up.

    ``id`` says where it comes from (the path relative to what was read, a URL, an arXiv id) and is stable under
    edits; ``content_hash`` tells versions apart. ``text`` is the only thing offsets refer to.
    """

    id: str
    text: str = field(repr=False)
    title: str = ""
    url: str | None = None
    language: str = ""  # "zh" or "en": the language most of the text is in
    kind: str = "text"  # the kind of source: "markdown", "text", "abstract", ...
    sections: tuple[Section, ...] = field(default=(), repr=False)
    tables: tuple[Table, ...] = field(default=(), repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)  # author, date, source_title, ...

    @property
    def content_hash(self) -> str:
        """SHA-256 over id-independent content, in hexadecimal."""
        import hashlib

        digest = hashlib.sha256()
        for part in (self.title, self.url or "", self.text):
            digest.update(part.encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
        return digest.hexdigest()

    def section_at(self, offset: int) -> Section | None:
        """Return the innermost section that contains the offset, or None before the first heading."""
        position = bisect_right(self.sections, offset, key=lambda section: section.start) - 1
        while position >= 0 and self.sections[position].end <= offset:
            position -= 1
        return self.sections[position] if position >= 0 else None

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        id: str,
        title: str = "",
        url: str | None = None,
        kind: str = "text",
        metadata: Mapping[str, str] | None = None,
    ) -> Document:
        r"""Clean a text and find its title (unless given), sections, tables and links.

        >>> Document.from_text("# Models\n\n## T5\n\nT5 is by Google.", id="a").sections[0].title
        'T5'
        """
        from corpus.reading import parse

        return parse(text, id=id, title=title, url=url, kind=kind, metadata=metadata or {})


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document that is indexed and found as a whole.

    ``context`` is what is indexed with the text but is no part of it: the document's title, the heading path, and for a
    row of a table its header and caption.
    """

    document: Document = field(repr=False)
    start: int
    end: int
    section: str = ""  # heading path, " > " between titles
    kind: PassageKind = "text"
    context: str = field(default="", repr=False)

    @property
    def document_id(self) -> str:
        """Id of the document that the passage belongs to."""
        return self.document.id

    @property
    def text(self) -> str:
        """The passage's own characters: ``document.text[start:end]``."""
        return self.document.text[self.start : self.end]
