"""Sections: from Markdown headings, or the bare lines of copies, to a tree of titles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.bare_headings import Heading, find_bare_headings, find_title_line
from corpus.documents import Section
from corpus.lines import Line
from corpus.patterns import pattern
from corpus.titles import clean_title

# Words up to the signs that may close a heading; each run of spaces is gone through once.
_TITLE = r"(?!#*[ \t]*$)[^ \t\n]++(?:[ \t]++(?!#*[ \t]*$)[^ \t\n]++)*+"
_ATX = pattern(rf" {{0,3}}(#{{1,6}})(?:[ \t]++({_TITLE}))?(?:[ \t]+#+)?[ \t]*$")
_STATED_TITLE = pattern(r"\s*(?:标题|题目|title)\s*[:：]\s*(.{1,200})", re.IGNORECASE)


def find_headings(lines: Sequence[Line]) -> list[Heading]:
    """Return the headings in order: Markdown's where the text has them, else the bare lines that stand apart.

    One Markdown heading alone is the title of a copy whose other headings are bare.
    """
    marked = [number for number, line in enumerate(lines) if line.kind == "heading"]
    headings = [heading for number in marked if (heading := _markdown_heading(lines, number)).title]
    if len(headings) > 1 or (headings and headings[0].level > 1):
        return headings
    return sorted([*headings, *find_bare_headings(lines)])


def to_sections(headings: Sequence[Heading], lines: Sequence[Line], length: int) -> list[Section]:
    """Turn headings into nested sections; each ends where the next one of its level or above begins."""
    ends = [length] * len(headings)
    open_: list[int] = []
    paths: list[tuple[str, ...]] = []
    for position, heading in enumerate(headings):
        while open_ and headings[open_[-1]].level >= heading.level:
            ends[open_.pop()] = lines[heading.line].start
        open_.append(position)
        paths.append(tuple(headings[each].title for each in open_))
    return [
        Section(
            heading.title, heading.level, lines[heading.line].start, min(_body(heading, lines), length), ends[position],
            paths[position],
        )
        for position, heading in enumerate(headings)
    ]  # fmt: skip


def find_own_title(headings: Sequence[Heading], lines: Sequence[Line]) -> tuple[str, list[Heading]]:
    """Return what a text calls itself ("" if it does not say) and the headings that are sections.

    A first Markdown heading of level 1 is the title, and no section unless it is one of several with a text of its own.
    Without Markdown headings the first line is the title if it is long enough for one and not a section's ("前言"), or if it
    says so ("Title: …").
    """
    if headings and lines[headings[0].line].kind == "heading":
        first = headings[0]
        several = sum(each.level == 1 for each in headings) > 1
        if first.level == 1 and not (several and _has_own_text(headings, lines)):
            return first.title, list(headings[1:])
        return next((each.title for each in headings if each.level == 1), ""), list(headings)
    number = find_title_line(lines)
    if number is not None:
        return clean_title(lines[number].text), list(headings)
    stated = _STATED_TITLE.fullmatch(next((line.text for line in lines if line.kind != "blank"), ""))
    return clean_title(stated[1]) if stated else "", list(headings)


def _markdown_heading(lines: Sequence[Line], number: int) -> Heading:
    """Read a heading marked by ``#`` or by the line of dashes under it."""
    match = _ATX.match(lines[number].text)
    if match:
        return Heading(number, len(match[1]), clean_title(match[2] or ""))
    level = 1 if lines[number + 1].text.startswith("=") else 2
    return Heading(number, level, clean_title(lines[number].text))


def _body(heading: Heading, lines: Sequence[Line]) -> int:
    """Return the offset after a heading's line, and after the line of dashes where it has one."""
    number = heading.line
    if lines[number].kind == "heading" and not _ATX.match(lines[number].text):
        number += 1
    return lines[number].end + 1


def _has_own_text(headings: Sequence[Heading], lines: Sequence[Line]) -> bool:
    """Tell whether anything but blank lines stands between the first heading and the second."""
    return any(line.kind not in {"blank", "rule"} for line in lines[headings[0].line + 1 : headings[1].line])
