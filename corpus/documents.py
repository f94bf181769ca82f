"""The values that reading and splitting produce: Document, its structure, and Passage.

Nothing here knows where a document came from on disk or how it will be found. All offsets count characters
(code points) of ``Document.text`` and are half-open: ``text[start:end]``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpus.patterns import pattern

PassageKind = Literal["text", "table_row", "reference"]

_NUMBERING = pattern(
    r"#|№|no\.?|nr\.?|num(?:ber)?|id|index|rank(?:ing)?|s/?n|序号?|编号|排名|名次|排序|", re.IGNORECASE
)
_DATES = pattern(
    r"年|年份|年月|日期|时间|(?:发布|发射|上市|建成|出版)(?:时间|日期|年份)|year|date|(?:release|launch) (?:year|date)",
    re.IGNORECASE,
)
_HAPPENINGS = pattern(
    r"事|发布|内容|说明|描述|里程碑|变化|event|milestone|happen|descri|note|change|what", re.IGNORECASE
)
_PROPERTIES = pattern(
    r"参数|项目|指标|属性|规格|特性|特征|维度|对比项?|比较项?|性能|方面|features?|propert(?:y|ies)|attributes?|spec(?:ification)?s?|parameters?|items?|metrics?|characteristics?|criteri(?:on|a)|",
    re.IGNORECASE,
)
_NO_DIGIT = pattern(r"[\d.,，\s+~–-]+")
_HAS_UNIT = pattern(r"[(（][^()（）]+[)）]\s*$")
_NO_WORD = pattern(r"[\d\W_年月日号]*")
_LONGEST_NAME = 40  # characters of a cell that names its row
_SAMPLE = 50  # rows that are looked at to learn what a column is


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, up to the next heading of the same or a higher level.

    ``start`` is where the heading's line begins, ``body`` the first character after that line, ``end`` behind the last; ``path``
    has the titles from the outermost section to this one, and level 1 is the highest.
    """

    title: str
    level: int  # 1 is the highest; a document's own title is not a section
    start: int  # of the heading's line
    body: int  # first character after the heading's line
    end: int
    path: tuple[str, ...]  # titles from the outermost section to this one


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, white space at its borders left out: ``document.text[start:end] == text``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its whole line, from ``start`` to ``end`` of the document's text, and its cells."""

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

    naming: int = field(default=0, init=False, repr=False, compare=False)
    """The column whose cells name what the rows are about: the first, unless it only numbers or dates the rows."""
    turned: bool = field(default=False, init=False, repr=False, compare=False)
    """Whether the table is turned: its columns are things, and every row tells one property of all of them."""

    def __post_init__(self) -> None:
        """Learn how the table is to be read."""
        object.__setattr__(self, "naming", _naming(self.header, self.rows))
        object.__setattr__(self, "turned", _is_turned(self.header, self.rows))

    def name_of(self, row: Row) -> str:
        """Return the cell that names a row; empty if it has none."""
        return row.cells[self.naming].text if self.naming < len(row.cells) else ""


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
    edits; ``content_hash`` tells versions apart. ``text`` is the only thing offsets refer to: they count its characters,
    from 0. ``language`` is "zh" or "en", ``kind`` what it was read from or its front matter says (markdown, page, paper), and
    ``metadata`` the rest of what its head says (author, date).
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


def _naming(header: Sequence[Cell], rows: Sequence[Row]) -> int:
    """Return 1 where the first column numbers or dates the rows and the second one has names, else 0."""
    head = header[0].text.strip(" *_`") if len(header) > 1 else "-"
    numbers = _NUMBERING.fullmatch(head) is not None
    if not numbers and (not _DATES.fullmatch(head) or _HAPPENINGS.search(header[1].text)):
        return 0
    if not all(_NO_WORD.fullmatch(row.cells[0].text) for row in rows[:_SAMPLE] if row.cells):
        return 0
    names = [row.cells[1].text for row in rows[:_SAMPLE] if len(row.cells) > 1]
    short = all(0 < len(name) <= _LONGEST_NAME and not _NO_WORD.fullmatch(name) for name in names)
    return int(short and (numbers or len(set(names)) == len(names)))


def _is_turned(header: Sequence[Cell], rows: Sequence[Row]) -> bool:
    """Tell whether amounts are of one kind along the rows and not down the columns of a table that says it lists properties."""
    if len(header) < 3 or len(rows) < 2 or not _PROPERTIES.fullmatch(header[0].text.strip(" *_`")):
        return False
    if any(_NO_WORD.fullmatch(cell.text) for cell in header[1:]):
        return False
    kinds = [
        [_NO_DIGIT.sub("", cell.text) for cell in row.cells[1 : len(header)]]
        for row in rows[:_SAMPLE]
        if len(row.cells) == len(header)
    ]
    along = sum(len(set(kind)) == 1 and kind[0] != "" for kind in kinds)
    down = sum(len(set(kind)) == 1 and kind[0] != "" for kind in zip(*kinds, strict=True))
    units = sum(_HAS_UNIT.search(row.cells[0].text) is not None for row in rows[:_SAMPLE] if row.cells)
    named = sum(_HAS_UNIT.search(cell.text) is not None for cell in header)
    return bool(along + units > down + named)
