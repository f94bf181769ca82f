"""Sections: Markdown headings, and the bare lines that serve as headings in copies of web pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from corpus.documents import Section
from corpus.lines import Line

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]*(.*?)[ \t]*#*[ \t]*$")
_MARKS = re.compile(r"(?:\[\d{1,3}\])+\s*$")
_FINAL = "。.！!，,、；;：:…—-~～^>》」』”\"'`=*|\\"


class Heading(NamedTuple):
    """A heading's line number, level and title."""

    line: int
    level: int
    title: str


def find_headings(lines: list[Line]) -> list[Heading]:
    """Return the headings in order: Markdown's where there are any, else bare lines that stand apart."""
    marked = [
        Heading(number, len(match[1]), _MARKS.sub("", match[2]).strip())
        for number, line in enumerate(lines)
        if line.kind == "heading" and (match := _ATX.match(line.text))
    ]
    return [heading for heading in marked if heading.title] if marked else _bare_headings(lines)


def to_sections(headings: Iterable[Heading], lines: list[Line], length: int) -> list[Section]:
    """Turn headings into nested sections; each ends where the next one of its level or above begins."""
    headings = list(headings)
    sections: list[Section] = []
    path: list[Heading] = []
    for position, heading in enumerate(headings):
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
        later = (lines[after.line].start for after in headings[position + 1 :] if after.level <= heading.level)
        line = lines[heading.line]
        sections.append(
            Section(
                title=heading.title, level=heading.level, start=line.start, body=min(line.end + 1, length),
                end=next(later, length), path=tuple(each.title for each in path),
            )
        )  # fmt: skip
    return sections


def _bare_headings(lines: list[Line]) -> list[Heading]:
    """Return short lines without final punctuation that stand between blank lines and have something below."""
    found: list[Heading] = []
    for number, line in enumerate(lines):
        content = line.text
        if line.kind != "text" or len(content) > 80 or content[0] == " " or content[-1] in _FINAL or "http" in content:
            continue
        before = number == 0 or lines[number - 1].kind == "blank"
        after = number + 1 < len(lines) and lines[number + 1].kind == "blank"
        if number and before and after and any(each.kind != "blank" for each in lines[number + 1 : number + 4]):
            level = 1 if re.match(r"[一二三四五六七八九十]+[.、．]", content) else 2
            found.append(Heading(number, level, _MARKS.sub("", content).strip()))
    return found
