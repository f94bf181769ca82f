"""From a text to a Document: cleaned, titled, with its sections, tables and links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from corpus.cleaning import clean
from corpus.documents import Document
from corpus.headings import Heading, find_headings, to_sections
from corpus.languages import language_of
from corpus.lines import Line, read_lines
from corpus.links import find_links
from corpus.tables import find_tables


def parse(
    text: str,
    *,
    id: str,
    title: str = "",
    url: str | None = None,
    kind: str = "text",
    metadata: Mapping[str, str] | None = None,
) -> Document:
    """Clean a text and find its title (unless given), sections, tables and links."""
    cleaned = clean(text)
    lines = read_lines(cleaned)
    headings = find_headings(lines)
    own_title, headings = _take_title(headings, lines)
    sections = to_sections(headings, lines, len(cleaned))
    document = Document(
        id=id, text=cleaned, title=title or own_title or PurePosixPath(id).stem, url=url,
        language=language_of(cleaned), kind=kind, sections=tuple(sections), links=tuple(find_links(cleaned, lines)),
        metadata=dict(metadata or {}),
    )  # fmt: skip
    tables = []
    for table in find_tables(lines):
        section = document.section_at(table.start)
        tables.append(replace(table, section=" > ".join(section.path) if section else ""))
    return replace(document, tables=tuple(tables))


def _take_title(headings: list[Heading], lines: list[Line]) -> tuple[str, list[Heading]]:
    """Return the document's own title and the headings that are left."""
    tops = [heading for heading in headings if heading.level == 1 and lines[heading.line].kind == "heading"]
    if len(tops) == 1 and headings[0] is tops[0]:
        return tops[0].title, headings[1:]
    if headings and lines[headings[0].line].kind == "heading":
        return headings[0].title, headings
    first = next((line.text.strip() for line in lines if line.kind != "blank"), "")
    return (first if len(first) <= 80 else ""), headings
