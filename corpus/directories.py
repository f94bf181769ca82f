"""Directories: the list of its own headings that a page puts above its text ("目录", "Contents")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from corpus.lines import Line, columns, item_marker
from corpus.patterns import pattern
from corpus.titles import clean_title

_DIRECTORY = pattern(
    r"[\s#*【\[「]*(?:(?:本文|文章|内容)?目\s*录|\[?toc\]?|(?:table\s+of\s+)?contents|on this page)[\s*】\]」:：]*(?:\[?[+-]\]?)?",
    re.IGNORECASE,
)
_IN_PAGE_LINK = pattern(r"\[[^\]\n]*\]\(#[^()\n]*\)\s*$")
_PAGE_NUMBER = pattern(r"(?<![\s.·…])[\s.·…]++(?:(?<=\.\.)|(?<=[\s…]))\d{1,4}\s*+$")
_NUMBER = pattern(r"^\W*(?:第?[一二三四五六七八九十\d]{1,3}(?:[.．]\d{1,2})*[章节部篇]?[.、．)）\s]+)?")
_NOT_WORD = pattern(r"\W+")


class Directory(NamedTuple):
    """The numbers of the lines of a directory, and the names of the headings in it (see ``name_of``)."""

    lines: set[int]
    names: frozenset[str]


def find_directory(lines: Sequence[Line]) -> Directory:
    """Return the page's own list of headings; without names where it is a list of links, whose page has real headings."""
    titles = [
        number
        for number, line in enumerate(lines)
        if line.kind in {"text", "heading", "item"} and len(line.text) <= 40 and _DIRECTORY.fullmatch(line.text)
    ]
    if titles:
        names = [(number, name_of(line.text)) for number, line in enumerate(lines) if line.kind != "blank"]
        for title in titles[:3]:
            below = [(number, name) for number, name in names if number > title]
            if length := _count_entries(lines, below):
                return Directory(
                    {title, *(each for each, _ in below[:length])}, frozenset(name for _, name in below[:length])
                )
    return Directory(_linked_entries(lines), frozenset())


def _count_entries(lines: Sequence[Line], below: Sequence[tuple[int, str]]) -> int:
    """Return how many of the lines under "目录" belong to it.

    They go up to where one of their first names comes again as a heading; most of them must come again below.
    """
    for position, (_, name) in enumerate(below[:3]):
        again = next((after for after in range(position + 1, len(below)) if below[after][1] == name), 0)
        if name and again - position >= 3:
            later = {name for _, name in below[again:]}
            named = sum(name in later for _, name in below[:again])
            short = all(columns(lines[number].text) <= 120 for number, _ in below[:again])
            return again if short and 10 * named >= 7 * again else 0
    return 0


def _linked_entries(lines: Sequence[Line]) -> set[int]:
    """Return lists of three or more items that are nothing but links into the page, and a heading for them."""
    found: set[int] = set()
    run: list[int] = []
    for number, line in enumerate([*lines, Line(0, "-", "text")]):
        if line.kind == "item" and _IN_PAGE_LINK.match(line.text[item_marker(line.text) :]):
            run.append(number)
        elif line.kind != "blank":
            if len(run) >= 3:
                found.update(run)
                above = next((before for before in range(run[0] - 1, -1, -1) if lines[before].kind != "blank"), None)
                if above is not None and _DIRECTORY.fullmatch(lines[above].text):
                    found.add(above)
            run = []
    return found


def name_of(line: str) -> str:
    """Return the letters and digits of a heading or of its entry in a list of headings."""
    text = _PAGE_NUMBER.sub("", clean_title(line[item_marker(line) :].lstrip("# ")))
    return _NOT_WORD.sub("", _NUMBER.sub("", text, count=1) or text).lower()
