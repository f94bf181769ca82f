"""A text as lines that know what they are: headings, list items, table rows, code, running text.

Everything that looks for structure (cleaning, headings, tables, references, splitting) reads these lines, so that all
agree on what a line is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from corpus.patterns import pattern

LineKind = Literal["blank", "heading", "item", "row", "rule", "code", "text"]

_HEADING = pattern(r" {0,3}#{1,6}(?:[ \t]+\S|[ \t]*$)")
_UNDERLINE = pattern(r"(?:={3,}|-{3,}) *$")
_RULE = pattern(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})$")
_FENCE = pattern(r" {0,3}(`{3,}|~{3,})")
_FENCES = frozenset({"```", "~~~"})
_ITEM = pattern(
    r"""[ \t]*(?:
        [-*+–] [ \t]+ (?=\S)                       # - item
      | [•·◦▪●○■◆▶►➤✓✔] [ \t]* (?=\S)              # • item
      | \d{1,3} (?: [.．](?!\d) | [)）、] ) [ \t]* (?=\S)   # 1. item, 1) item, 1、item
      | [(（]\d{1,2}[)）] [ \t]* (?=\S)             # (1) item
      | [A-Za-z][)）] [ \t]+ (?=\S)                 # a) item
      | [①-⑳] [ \t]* (?=\S)
    )""",
    re.VERBOSE,
)
_WIDE = pattern(
    "[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\U00020000-\U0003ffff]"
)


class Line(NamedTuple):
    """One line: its text without the line end, where it starts, and its kind."""

    start: int
    text: str
    kind: LineKind

    @property
    def end(self) -> int:
        """Offset after the line's last character, the line end not included."""
        return self.start + len(self.text)

    @property
    def indent(self) -> int:
        """Number of white-space characters before the first other one."""
        return len(self.text) - len(self.text.lstrip())


def read_lines(text: str) -> list[Line]:
    r"""Return the lines of a text in order; only ``\n`` ends a line.

    >>> [line.kind for line in read_lines("# T5\n\nT5 is a model.\n- by Google")]
    ['heading', 'blank', 'text', 'item']
    """
    return list(_lines(text))


@lru_cache(maxsize=2)  # cleaning, finding structure and splitting read the same text one after the other
def _lines(text: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    start, fence = 0, ""
    for content in text.split("\n"):
        kind: LineKind = "code" if fence else _kind_of(content)
        if content.lstrip(" ")[:3] in _FENCES and (mark := _FENCE.match(content)) and mark[1].startswith(fence):
            kind, fence = "code", "" if fence else mark[1]
        elif kind == "rule" and _UNDERLINE.match(content) and _may_be_underlined(lines):
            lines[-1] = lines[-1]._replace(kind="heading")
        lines.append(Line(start, content, kind))
        start += len(content) + 1
    return tuple(lines)


def item_marker(text: str) -> int:
    """Return the length of the bullet or number (with the spaces around it) that a list item begins with, else 0.

    >>> item_marker("  - 作者：Google")
    4
    """
    match = _ITEM.match(text)
    return match.end() if match else 0


def columns(text: str) -> int:
    """Return the width of a text in columns; Chinese characters take two.

    >>> columns("T5 模型")
    7
    """
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))


def _kind_of(content: str) -> LineKind:
    """Classify one line outside code."""
    if not content or content.isspace():
        return "blank"
    first = content.lstrip()[0]
    if first == "#" and _HEADING.match(content):
        return "heading"
    if first in "-*_=" and _RULE.match(content):
        return "rule"
    if "|" in content and content.count("|") >= 2:
        return "row"
    return "item" if _ITEM.match(content) else "text"


def _may_be_underlined(lines: list[Line]) -> bool:
    """Tell whether a line of dashes would make a heading of the line before it."""
    if not lines or lines[-1].kind != "text" or (len(lines) > 1 and lines[-2].kind != "blank"):
        return False
    content = lines[-1].text
    return not content[0].isspace() and columns(content) <= 80 and content[-1] not in "。.！!；;,，：:"
