"""From a text to a Document: cleaned, titled, with its sections, tables and links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from corpus.cleaning import clean
from corpus.documents import Document, Link, Table
from corpus.headings import find_headings, find_own_title, to_sections
from corpus.languages import language_of
from corpus.lines import read_lines
from corpus.links import find_links, find_references
from corpus.patterns import pattern
from corpus.tables import find_tables

_SIGNS = ("|", "\t", "   ")  # without one of which there is no table
_ORIGINAL = frozenset(
    {"原文链接", "原文地址", "原文", "本文链接", "本文地址", "URL Source", "Source URL", "Original article"}
)
_STEM = pattern(r"([^/#]+?)(?:\.\w{1,8})?(?:#.*)?$")


def parse(
    text: str,
    *,
    id: str,
    title: str = "",
    url: str | None = None,
    kind: str = "text",
    metadata: Mapping[str, str] | None = None,
) -> Document:
    """Clean a text and find its title (unless given), sections, tables and links.

    Parsing the text of what comes back gives the same text and the same structure.

    Args:
        text: Markdown or plain text, also copied from a web page; never refused, whatever characters it holds.
        id: Says where the text comes from.
        title: What the document is called; by default what it calls itself, else the last part of its id.
        url: Where the original stands; by default the address that the text calls its own ("原文链接：…").
        kind: The kind of source.
        metadata: Further facts about the document; ``language`` ("zh" or "en") overrides what is detected.
    """
    return structure(clean(text, title), id=id, title=title, url=url, kind=kind, metadata=metadata)


def structure(
    text: str,
    *,
    id: str,
    title: str = "",
    url: str | None = None,
    kind: str = "text",
    metadata: Mapping[str, str] | None = None,
) -> Document:
    """Build the Document of a text that is clean already: the second half of ``parse``, with the same arguments."""
    lines = read_lines(text)
    own_title, headings = find_own_title(find_headings(lines), lines)
    sections = to_sections(headings, lines, len(text))
    references = find_references(text, lines, sections)
    metadata = dict(metadata or {})
    language = metadata.get("language", "")
    document = Document(
        id=id, text=text, title=title or own_title or _stem(id), url=url, kind=kind, sections=tuple(sections),
        language=language if language in {"zh", "en"} else language_of(text), metadata=metadata,
    )  # fmt: skip
    tables = _place(find_tables(lines) if any(sign in text for sign in _SIGNS) else [], document)
    links = _name_by_column(find_links(text, lines, references), tables)
    own_url = next((link.url for link in links if link.label in _ORIGINAL), None)
    return replace(document, tables=tuple(tables), links=tuple(links), url=url or own_url)


def _stem(id: str) -> str:
    """Return the last part of an id without its file ending."""
    match = _STEM.search(id)
    return match[1] if match else id


def _place(tables: Sequence[Table], document: Document) -> list[Table]:
    """Return the tables with the heading paths of the sections that they stand in."""
    placed = []
    for table in tables:
        section = document.section_at(table.start)
        placed.append(replace(table, section=" > ".join(section.path) if section else ""))
    return placed


def _name_by_column(links: list[Link], tables: Sequence[Table]) -> list[Link]:
    """Call bare links in the cells of tables by the name of their column."""
    if not links or not tables:
        return links
    cells = [(cell.start, cell.end, table.header[column].text) for table in tables for row in table.rows
             for column, cell in enumerate(row.cells[: len(table.header)]) if "://" in cell.text]  # fmt: skip
    return [
        replace(link, label=next((name for start, end, name in cells if start <= link.start < end), ""))
        if not link.label
        else link
        for link in links
    ]
