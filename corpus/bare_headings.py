"""Bare headings: the lines that serve as headings in copies of web pages, where no mark says so.

A bare heading is a short line at the margin, without final punctuation, that stands apart and has something below it.
A line that begins with a space is none: cleaning uses that to keep what a page's own directory says are no headings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from corpus.lines import Line, columns
from corpus.patterns import pattern
from corpus.titles import Number, clean_title, is_frame_title, is_opening_title, number_of, without_marks

_FINAL = "。.！!，,、；;：:…—~～^>》」』\"'`=*|\\/-{}&@"
_BREAKS = pattern(r"[。！!；;]|[，,](?=\s*[\u3400-\u9fff])|(?<=[\u3400-\u9fff])[，,]|\.\s")
_BRACKETED = pattern(r"\s*(?:\([^()]*(?:\)|$)|（[^（）]*(?:）|$))")
_ADDRESS = pattern(r"https?:/|www\.|\w@\w")
_STATEMENT = pattern(
    "是指|是由|是一|是对|是在|指的是|表示|属于|位于|包括|包含|采用|通过|使得|可以|能够|需要|已经|正在|发布了|提出"
)
_LATIN_WORD = pattern(r"[A-Za-z][\w'’.+-]*")
_SMALL_WORDS = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or", "over", "than", "the", "to", "under", "via", "vs", "with"}
)  # fmt: skip
_HAN = pattern(r"[\u3400-\u9fff]")

_FIELD = pattern(
    r"(?:论文|作者|来源|时间|日期|地址|链接|代码|博客|官网|机构|网站|项目|标题|名称|编辑|译者|发布|更新|版本|数据|模型"
    r"|author|by|date|time|code|link|source|project|paper|title|url|github|git|blog|homepage|demo|version|email|tel)"
    r"[^:：]{0,12}[:：]",
    re.IGNORECASE,
)
_AMOUNT = pattern(r"[\W\d_]*[A-Za-z%万亿]?\+?")
_BYLINE = pattern(
    r"(?:posted|published|updated|edited|written by|by|author|发布于|发表于|编辑于|更新于|修改于|已于|于|作者|原创|转载|来源|文\s*[|/])[\s:：]"
    r"|.*\b\d{1,2}:\d{2}\b|[\W\d]*(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}, \d{4}|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)\W*$",
    re.IGNORECASE,
)

_NAMES = 35
"""Rank of names without a number, unless numbered headings hold them; for those of numbers see ``corpus.titles``."""


class Heading(NamedTuple):
    """A heading's line number, level and title."""

    line: int
    level: int
    title: str


def find_bare_headings(lines: Sequence[Line]) -> list[Heading]:
    """Return the bare lines that serve as headings, with levels from their numbers and from how they recur."""
    title = find_title_line(lines)
    numbers = _without_runs([number for number in find_candidates(lines) if number != title], lines)
    titles = [clean_title(lines[number].text).rstrip(":：").rstrip() for number in numbers]
    ranks = _ranks(titles)
    depth = {rank: level for level, rank in enumerate(sorted(set(ranks)), 1)}
    return [
        Heading(number, depth[rank], title) for number, rank, title in zip(numbers, ranks, titles, strict=True) if title
    ]


def find_candidates(lines: Sequence[Line]) -> list[int]:
    """Return the numbers of the lines that read like bare headings and stand like ones."""
    stands = _stands_in_dense_text if is_dense(lines) else _stands_apart
    found = [number for number, line in enumerate(lines) if _reads_like_heading(line) and stands(lines, number)]
    names = {lines[number].text.strip() for number in found}
    again = [
        number
        for number, line in enumerate(lines)
        if line.kind == "text" and line.text[-1] in ":：" and line.text[:-1] in names and stands(lines, number)
    ]
    return sorted([*found, *again])


def find_title_line(lines: Sequence[Line]) -> int | None:
    """Return the number of the line by which a copy without Markdown headings says what it is called."""
    number = next((number for number, line in enumerate(lines) if line.kind != "blank"), None)
    return number if number is not None and _may_be_title(lines, number) else None


def is_dense(lines: Sequence[Line]) -> bool:
    """Tell whether a text has no blank lines between its paragraphs (copies that lost them)."""
    filled = sum(line.kind != "blank" for line in lines)
    return filled >= 4 and 10 * (len(lines) - filled) < filled


def _may_be_title(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the first line of a copy can be what the whole is called."""
    line = lines[number]
    content = line.text.strip()
    if line.kind != "text" or line.indent or not 8 <= columns(content) <= 120 or content[-1] in "。.，,；;：:、":
        return False
    if _ADDRESS.search(content) or _FIELD.match(content) or is_opening_title(content) or number_of(content):
        return False
    apart = number + 1 >= len(lines) or lines[number + 1].kind == "blank"
    return apart or not ("。" in content or ". " in content)


def _reads_like_heading(line: Line) -> bool:
    """Tell whether a line has the words of a heading: few, no sentence, no address, no field of a list."""
    content = line.text
    if (
        line.kind not in {"text", "item"}
        or len(content) > 100
        or content[0].isspace()
        or "|" in content
        or "\t" in content
    ):
        return False
    content = without_marks(content)
    if not content or content[-1] in _FINAL or _ADDRESS.search(content):
        return False
    number = number_of(content)
    if line.kind == "item" and not number:
        return False
    words = content[number.length :].strip() if number else content
    if _AMOUNT.fullmatch(words) or (not number and (_FIELD.match(words) or _BYLINE.match(words))):
        return False
    return _is_question(words) or _is_name(_BRACKETED.sub("", words) or words, numbered=number is not None)


def _is_question(words: str) -> bool:
    """Tell whether the words are a question of at most 80 columns."""
    return words[-1] in "?？" and columns(words) <= 80 and not re.search(r"[。！!；;]", words)


def _is_name(core: str, *, numbered: bool) -> bool:
    """Tell whether the words, brackets left out, name something rather than state it."""
    if "?" in core or "？" in core or (_BREAKS.search(core) and not (numbered and columns(core) <= 40)):
        return False
    if _HAN.search(core):
        width = columns(core)
        return width <= 28 or (width <= 52 and not _STATEMENT.search(core))
    words = _LATIN_WORD.findall(core)
    large = [word for word in words if word.lower() not in _SMALL_WORDS]
    capital = sum(not word[0].islower() for word in large)
    return 0 < len(words) <= 14 and (len(words) <= 5 or 2 * capital > len(large))


def _stands_apart(lines: Sequence[Line], number: int) -> bool:
    """Tell whether a line stands between blank lines and has something below it that it can be the heading of."""
    if (number and lines[number - 1].kind != "blank") or number + 1 >= len(lines) or _is_introduced(lines, number):
        return False
    below = _next_filled(lines, number)
    if below is None:
        return False
    if lines[number].kind == "item":
        return _is_part_of(lines[number].text, lines[below].text) or _may_hold(lines[below])
    return lines[number + 1].kind == "blank" or lines[number + 1].kind in {"row", "item"}


def _is_introduced(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the line before ends with a colon, so that this one is what it introduces."""
    above = next((lines[before] for before in range(number - 1, -1, -1) if lines[before].kind != "blank"), None)
    return above is not None and above.kind in {"text", "item"} and above.text[-1] in ":："


def _stands_in_dense_text(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the line before has ended and the line after has enough to say to be under a heading."""
    line, below = lines[number], _next_filled(lines, number)
    if below is None or columns(line.text) > 40 or ":" in line.text or "：" in line.text:
        return False
    before = lines[number - 1] if number else None
    if line.kind == "item":
        listed = before is not None and before.kind == "item"
        return not listed and lines[below].kind == "text" and _says_something(lines[below])
    outermost = number_of(line.text)
    return _says_something(lines[below]) and (
        before is None
        or before.kind != "text"
        or before.text[-1] in '。.！!？?…”"）)'
        or number - 1 == find_title_line(lines)
        or (outermost is not None and outermost.rank <= 20)
    )


def _is_part_of(number: str, other: str) -> bool:
    """Tell whether a line numbered 2.1 stands below one numbered 2."""
    match = re.match(r"\d+", number)
    return match is not None and re.match(rf"{match.group()}[.．]\d", other) is not None


def _may_hold(line: Line) -> bool:
    """Tell whether a line may stand below a numbered heading: it says something and is no numbered line itself."""
    return _says_something(line) and not (line.kind == "item" and number_of(line.text.lstrip()))


def _says_something(line: Line) -> bool:
    """Tell whether a line is running text, an item or a row rather than another short line."""
    return line.kind in {"row", "code", "item"} or line.text[-1] in "。.！!？?；;：:" or columns(line.text) >= 40


def _next_filled(lines: Sequence[Line], number: int) -> int | None:
    """Return the number of the next line that is not blank."""
    return next((after for after in range(number + 1, len(lines)) if lines[after].kind not in {"blank", "rule"}), None)


def _without_runs(numbers: list[int], lines: Sequence[Line]) -> list[int]:
    """Leave out lists of short lines: of more than four candidates in a row only the last one heads something."""
    kept: list[int] = []
    run: list[int] = []
    for number in numbers:
        if run and _next_filled(lines, run[-1]) != number:
            kept += run if len(run) <= 4 else run[-1:]
            run = []
        run.append(number)
    return kept + (run if len(run) <= 4 else run[-1:])


def _ranks(titles: Sequence[str]) -> list[int]:
    """Return a rank for each heading, smaller is higher up.

    Numbers rank by their kind. Names rank above Arabic numbers unless names stand between consecutive numbers, which then
    hold them. A title that recurs is a part of whatever stands before it. An abstract, a conclusion or a list of
    references ranks with the highest.
    """
    numbers = [number_of(title) for title in titles]
    names = _rank_of_names(numbers)
    counts = Counter(titles)
    frame = [counts[title] == 1 and is_frame_title(title) for title in titles]
    ranks = [
        number.rank if number else names + (1 < counts[title] < len(titles))
        for title, number in zip(titles, numbers, strict=True)
    ]
    top = min((rank for rank, alone in zip(ranks, frame, strict=True) if not alone), default=names)
    return [top if alone else rank for rank, alone in zip(ranks, frame, strict=True)]


def _rank_of_names(numbers: Sequence[Number | None]) -> int:
    """Return the rank of headings without a number: below the Arabic numbers that hold them, if any do."""
    rank = _NAMES
    for each in (40, 50, 55):
        places = [place for place, number in enumerate(numbers) if number and number.rank == each]
        if any(_holds_names(numbers, first, second) for first, second in pairwise(places)):
            rank = each + 4
    return rank


def _holds_names(numbers: Sequence[Number | None], first: int, second: int) -> bool:
    """Tell whether headings without a number stand between two numbers that follow each other (3 and 4)."""
    left, right = numbers[first], numbers[second]
    if left is None or right is None or not (left.value.isdigit() and right.value.isdigit()):
        return False
    return int(right.value) == int(left.value) + 1 and None in numbers[first + 1 : second]
