"""Boilerplate: which lines of a page are not its text, judged by their words and by where they stand.

Furniture (see ``corpus.furniture``) goes where it makes up the head or the tail of a page or a block of its own; so do
lines of images and tags, the title when it recurs, and the page's own list of its headings. Running text never goes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from corpus.bare_headings import find_candidates, find_title_line, is_dense
from corpus.directories import find_directory, name_of
from corpus.furniture import Verdict, is_byline, is_counter, judge, may_hold_furniture
from corpus.lines import Line, columns, item_marker, read_lines
from corpus.patterns import pattern
from corpus.titles import clean_title, number_of

_IMAGE = r"!\[[^\]\n]*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"
_TAG = r"</?(?:img|div|p|center|a|br|hr|span|figure|figcaption|picture|source|details|summary|table|tr|td|tbody|h\d)\b[^<>\n]*>"
_MARKUP_ONLY = pattern(rf"\s*(?:[-*>]\s+)?(?:(?:{_IMAGE}|\[\s*{_IMAGE}\s*\]\([^()\n]*\)|{_TAG})[\s|*]*)+")

_PLACEHOLDER = pattern(
    r"(?:\[\[?toc\]?\]|\{:toc\}|在这里插入图片描述|这里写图片描述|图片|\[图片\]|\[image\]|\[?图片?加载失败\]?)\s*",
    re.IGNORECASE,
)

_SITE_LINK = r"\[[^\[\]\n]{1,60}\]\([ ]?/(?!/)[^()\s]*(?:[ ]\"[^\"\n]*\")?[ ]?\)"
_LINKS_ONLY = pattern(rf"{_SITE_LINK}(?:[\s|·•>›»/,，、-]*{_SITE_LINK})*\s*")
_FIND_SITE_LINK = pattern(_SITE_LINK)
_FEWEST_LINKS = 4  # of a menu
_LONGEST_NAME = 24  # columns that the links of a menu have on average at most; the titles of articles are longer


class Removed(NamedTuple):
    """A line that was taken out, and the rule that took it."""

    text: str
    rule: str


def strip_boilerplate(text: str, title: str = "", removed: list[Removed] | None = None) -> str:
    """Return the text without one layer of boilerplate; what that uncovers is for the next call.

    What is taken out is noted in ``removed``.
    """

    def take(numbers: set[int], rule: str) -> list[Line]:
        if removed is not None:
            removed.extend(Removed(lines[number].text, rule) for number in sorted(numbers))
        return _without(lines, numbers)

    lines = read_lines(text)
    lines = take(_markup_lines(lines), "images and tags")
    if "](/" in text or "]( /" in text:
        lines = take(_menus(lines), "menu of links")
    lines = take(_head_furniture(lines), "frame above the text")
    directory = find_directory(lines)
    lines = take(directory.lines, "list of contents")
    lines = take(_repeated_title(lines, title), "title again")
    lines = take(_tail_furniture(lines), "frame below the text")
    if may_hold_furniture(text):
        lines = take(_furniture_blocks(lines), "block of buttons or adverts")
    if directory.names and sum(line.kind == "heading" for line in lines) <= 1:
        lines = _move_off_margin(lines, directory.names)
    return "\n".join(line.text for line in lines)


def _without(lines: list[Line], numbers: set[int]) -> list[Line]:
    """Return the lines but for those numbers, a blank line where they stood unless the text has none between paragraphs."""
    if not numbers:
        return lines
    if is_dense(lines):
        return read_lines("\n".join(line.text for number, line in enumerate(lines) if number not in numbers))
    if all(lines[number].kind not in {"code", "heading", "rule"} for number in numbers):  # which others' kinds hang on
        return [Line(line.start, "", "blank") if number in numbers else line for number, line in enumerate(lines)]
    return read_lines("\n".join("" if number in numbers else line.text for number, line in enumerate(lines)))


def _markup_lines(lines: Sequence[Line]) -> set[int]:
    """Return the lines that hold only images, tags or a rule, and comments that fill their lines."""
    found = _comment_lines(lines)
    for number, line in enumerate(lines):
        if line.kind == "rule":
            underlines = number > 0 and lines[number - 1].kind == "heading"
            found |= set() if underlines else {number}
        elif line.kind != "code" and (_PLACEHOLDER.fullmatch(line.text) or _is_markup(line.text)):
            found.add(number)
    return found


def _menus(lines: Sequence[Line]) -> set[int]:
    """Return runs of lines that are nothing but four or more short links into the same site, whatever their words.

    What a heading or a colon introduces is a list of the text.
    """
    found: set[int] = set()
    run: list[int] = []
    for number, line in enumerate([*lines, Line(0, "-", "text")]):
        if line.kind in {"text", "item", "row"} and _LINKS_ONLY.fullmatch(line.text, item_marker(line.text)):
            run.append(number)
        elif line.kind != "blank":
            found.update(run if run and _is_menu(lines, run) else ())
            run = []
    return found


def _is_menu(lines: Sequence[Line], run: Sequence[int]) -> bool:
    names = [link[1 : link.rindex("](")] for number in run for link in _FIND_SITE_LINK.findall(lines[number].text)]
    above = next((each for each in range(run[0] - 1, -1, -1) if lines[each].kind != "blank"), None)
    if above is not None and (lines[above].kind == "heading" or lines[above].text.rstrip()[-1] in ":："):
        return False
    return len(names) >= _FEWEST_LINKS and sum(map(columns, names)) <= _LONGEST_NAME * len(names)


def _comment_lines(lines: Sequence[Line]) -> set[int]:
    """Return the lines of comments that begin and end with a line."""
    found: set[int] = set()
    closing = [number for number, line in enumerate(lines) if "-->" in line.text] if lines else []
    for number, line in enumerate(lines):
        if line.kind != "code" and line.text.lstrip().startswith("<!--"):
            at = bisect_left(closing, number)
            if at < len(closing) and lines[closing[at]].text.rstrip().endswith("-->"):
                found.update(range(number, closing[at] + 1))
    return found


def _is_markup(content: str) -> bool:
    """Tell whether a line is nothing but images and tags."""
    content = content.lstrip()
    holds = content[:1] in "!<[-*>" and ("![" in content or "<" in content)
    return holds and _MARKUP_ONLY.fullmatch(content) is not None


def _head_furniture(lines: Sequence[Line]) -> set[int]:
    """Return the lines above the first running text that are menus, counters, buttons, or say how old and how often read."""
    zone = _head(lines)
    verdicts = [judge(lines[number].text) for number in zone]
    sure = [
        verdict is Verdict.FURNITURE or (position > 0 and is_byline(lines[number].text))
        for position, (number, verdict) in enumerate(zip(zone, verdicts, strict=True))
    ]
    company = sum(sure) + sum(verdict is Verdict.BUTTON for verdict in verdicts)
    found: set[int] = set()
    for position, (number, verdict) in enumerate(zip(zone, verdicts, strict=True)):
        maybe = verdict is Verdict.BUTTON or is_counter(lines[number].text)
        beside = position > 0 and zone[position - 1] in found
        if sure[position] or (maybe and (beside or company >= 2 + (position == 0))):
            found.add(number)
    return found


def _head(lines: Sequence[Line]) -> list[int]:
    """Return the numbers of the first lines (at most 60) that are neither headings nor running text."""
    zone: list[int] = []
    for number, line in enumerate(lines):
        if line.kind == "blank":
            continue
        content = line.text.rstrip()
        runs = columns(content) > 80 or (columns(content) >= 30 and content[-1] in "。.！!？?：:")
        if (
            len(zone) == 60
            or (zone and (runs and judge(content) < Verdict.BUTTON))
            or line.kind not in {"text", "item"}
        ):
            break
        zone.append(number)
    return zone


def _repeated_title(lines: Sequence[Line], title: str) -> set[int]:
    """Return the later lines that are equal to the first line, or to the title after its first occurrence."""
    first = next((line for line in lines if line.kind != "blank"), None)
    if first is None:
        return set()
    names = {clean_title(first.text.lstrip("# ")), clean_title(title)}
    names = {name for name in names if columns(name) >= 8}
    begins = tuple({name[:2] for name in names})
    found, seen = set(), set()
    for number, line in enumerate(lines):
        if (
            line.kind not in {"text", "heading"}
            or len(line.text) > 300
            or not any(each in line.text for each in begins)
        ):
            continue
        content = clean_title(line.text.lstrip("# "))
        if content in names:
            if content in seen and line.kind == "text":
                found.add(number)
            seen.add(content)
    return found


def _move_off_margin(lines: list[Line], names: frozenset[str]) -> list[Line]:
    """Put a space before the lines that look like headings but that the page's own list of headings does not name."""
    title = find_title_line(lines)
    candidates = {
        number
        for number in find_candidates(lines)
        if number != title and name_of(lines[number].text) not in names and not number_of(lines[number].text)
    }
    return read_lines(
        "\n".join(" " + line.text if number in candidates else line.text for number, line in enumerate(lines))
    )


def _furniture_blocks(lines: Sequence[Line]) -> set[int]:
    """Return blocks in the middle of a text that are furniture: phrases on their own, and rows of buttons."""
    found: set[int] = set()
    for block in _blocks(lines):
        if any(lines[number].kind not in {"text", "item"} for number in block) or _is_led(lines, block[0]):
            continue
        verdicts = [judge(lines[number].text) for number in block]
        strong = [verdict >= Verdict.BUTTON for verdict in verdicts]
        if (all(strong) and max(verdicts) is Verdict.FURNITURE) or (
            sum(strong) >= 3 and 10 * sum(strong) >= 7 * len(block)
        ):
            found.update(block)
    return found


def _tail_furniture(lines: Sequence[Line]) -> set[int]:
    """Return the longest end of a text that begins with furniture, holds no content, and is mostly furniture."""
    tail: list[int] = []
    strong = phrases = length = 0
    for number, verdict in _verdicts_from_end(lines):
        if verdict is Verdict.CONTENT:
            break
        tail.append(number)
        strong += verdict >= Verdict.BUTTON
        phrases += verdict is Verdict.FURNITURE
        begins = verdict >= Verdict.BUTTON or (length == len(tail) - 1 and is_counter(lines[number].text))
        if begins and 2 * strong >= len(tail) and (phrases or strong >= 2):
            length = len(tail)
    return set(tail[:length])


def _verdicts_from_end(lines: Sequence[Line]) -> list[tuple[int, Verdict]]:
    """Return the last lines with their verdicts, the last one first, up to one that is content."""
    found: list[tuple[int, Verdict]] = []
    for block in reversed(_blocks(lines)):
        led = _is_led(lines, block[0])
        for number in reversed(block):
            line = lines[number]
            content = line.text.lstrip("# ") if line.kind == "heading" else line.text
            verdict = Verdict.CONTENT if led or line.kind in {"row", "code"} else judge(content)
            if line.kind == "heading" and verdict < Verdict.BUTTON:
                verdict = Verdict.CONTENT
            found.append((number, verdict))
            if verdict is Verdict.CONTENT:
                return found
    return found


def _blocks(lines: Sequence[Line]) -> list[list[int]]:
    """Return the runs of lines between blank lines."""
    blocks: list[list[int]] = []
    for number, line in enumerate(lines):
        if line.kind == "blank" or line.kind == "rule":
            continue
        if number and blocks and blocks[-1][-1] == number - 1:
            blocks[-1].append(number)
        else:
            blocks.append([number])
    return blocks


def _is_led(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the filled line before introduces what follows: it ends with a colon and is no furniture."""
    before = next((each for each in range(number - 1, -1, -1) if lines[each].kind not in {"blank", "rule"}), None)
    if before is None:
        return False
    content = lines[before].text
    return content[-1] in ":：" and judge(content) < Verdict.PAYMENT
