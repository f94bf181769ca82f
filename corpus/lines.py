"""A text as lines that know what they are: headings, list items, table rows, code, running text.

Everything that looks for structure (headings, tables, references, splitting) reads these lines, so that all agree.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

LineKind = Literal["blank", "heading", "item", "row", "code", "text"]

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+\S|[ \t]*$)")
_ITEM = re.compile(r"\s*(?:[-*+•·◦▪●○■–]\s+\S|\d{1,3}[.)、．]\s*(?=\S)|[(（]\d{1,3}[)）]\s*\S)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")


class Line(NamedTuple):
    """One line: its text without the line end, where it starts, and its kind."""

    start: int
    text: str
    kind: LineKind

    @property
    def end(self) -> int:
        """Offset after the line's last character, the line end not included."""
        return self.start + len(self.text)


def read_lines(text: str) -> list[Line]:
    r"""Return the lines of a text in order; only ``\n`` ends a line.

    >>> [line.kind for line in read_lines("# T5\n\nT5 is a model.\n- by Google")]
    ['heading', 'blank', 'text', 'item']
    """
    lines: list[Line] = []
    start, fence = 0, ""
    for content in text.split("\n"):
        kind = "code" if fence else _kind_of(content)
        mark = _FENCE.match(content)
        if mark and (not fence or mark[1].startswith(fence)):
            kind, fence = "code", "" if fence else mark[1][:3]
        lines.append(Line(start, content, kind))
        start += len(content) + 1
    return lines


def _kind_of(content: str) -> LineKind:
    """Classify one line outside code."""
    if not content or content.isspace():
        return "blank"
    if _HEADING.match(content):
        return "heading"
    if content.count("|") >= 2:
        return "row"
    if _ITEM.match(content):
        return "item"
    return "text"
