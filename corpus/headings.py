"""Sections: Markdown headings, and the bare lines that serve as headings in copies of web pages.

A bare heading is a short line at the margin, without final punctuation, that stands apart and has something below it.
A line that begins with a space is none: cleaning uses that to keep what a page's own directory says are no headings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from corpus.documents import Section
from corpus.lines import Line, columns
from corpus.patterns import pattern

_ATX = pattern(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_MARK = pattern(r"\s*\[\^?\d{1,3}\](?!\()")
_LINKED = pattern(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
_IMAGE = pattern(r"!\[[^\[\]]*\]\([^()]*\)")
_ANCHOR = pattern(r"\s*\{#[^{}]*\}\s*$")
_ESCAPE = pattern(r"\\([\\`*_{}\[\]()#+.!&~>|-])")
_EDIT = pattern(r"\s*[\[【](?:编辑|编辑源代码|edit)[\]】]\s*$", re.IGNORECASE)
_EMPHASIS = pattern(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")

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
_OPENING = pattern(
    r"(?:前言|引言|序言?|导言|导读|导语|简介|介绍|概述|概要|综述|摘要|背景|正文|目录|内容|abstract|introduction|overview|preface"
    r"|foreword|summary|contents|background|tl;?dr)[:：]?",
    re.IGNORECASE,
)
_CLOSING = pattern(
    r"(?:[一二三四五六七八九十\d]+[.、．]\s*)?(?:(?:本文|相关)?(?:参考|引用)(?:资料|文献|链接|文章)?|引文|致谢|附录|总结|结论|结语|结束语|小结|写在最后"
    r"|references?|bibliography|acknowledge?ments?|appendix|conclusions?|summary|notes)[:：]?",
    re.IGNORECASE,
)
_REFERENCE_TITLE = pattern(
    r"(?:[一二三四五六七八九十\d]+[.、．]?\s*)?(?:(?:本文|相关|主要)?(?:参考|引用)(?:资料|文献|链接|文章|来源)?|引文|参考与引用"
    r"|references?|bibliography|citations?|works cited|literature)(?:\s*[(（].*)?[:：]?",
    re.IGNORECASE,
)

# Numbered headings, outermost first, with their rank. Names without a number rank 35, or below the numbers that hold them.
_NUMBERED = (
    (
        10,
        pattern(
            r"第([一二三四五六七八九十百\d]+)[章部编篇](?:分)?(?=\s|[:：、]|$)|(?:chapter|part)\s+(\d+|[ivx]+)\b",
            re.IGNORECASE,
        ),
    ),
    (15, pattern(r"第([一二三四五六七八九十百\d]+)[节条]")),
    (20, pattern(r"([一二三四五六七八九十]{1,3})\s*[.、．,，:：]")),
    (25, pattern(r"[(（]([一二三四五六七八九十]{1,3})[)）]")),
    (
        40,
        pattern(
            r"(\d{1,2})(?:[.．、](?!\d)|(?=\s+[A-Z\u3400-\u9fff])(?!\s+[个亿万千百种年月日块台层项篇条次位张人家款倍天小分美元]))"
        ),
    ),
    (41, pattern(r"\d{1,2}[.．](\d{1,2})[.．]?(?=\s|[\u3400-\u9fff])")),
    (42, pattern(r"\d{1,2}(?:[.．]\d{1,2}){1,3}[.．](\d{1,2})[.．]?(?=\s|[\u3400-\u9fff])")),
    (50, pattern(r"(\d{1,2})[)）]")),
    (55, pattern(r"[(（](\d{1,2})[)）]")),
)
_PLAIN = 35


class Heading(NamedTuple):
    """A heading's line number, level and title."""

    line: int
    level: int
    title: str


def find_headings(lines: Sequence[Line]) -> list[Heading]:
    """Return the headings in order: Markdown's where the text has them, else the bare lines that stand apart.

    One Markdown heading alone is the title of a copy whose other headings are bare.
    """
    marked = [number for number, line in enumerate(lines) if line.kind == "heading"]
    headings = [heading for number in marked if (heading := _markdown_heading(lines, number)).title]
    if len(headings) > 1 or (headings and headings[0].level > 1):
        return headings
    return sorted([*headings, *_bare_headings(lines)])


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
    Without Markdown headings the first line is the title if it is long enough for one and not a section's ("前言").
    """
    if headings and lines[headings[0].line].kind == "heading":
        first = headings[0]
        several = sum(each.level == 1 for each in headings) > 1
        if first.level == 1 and not (several and _has_own_text(headings, lines)):
            return first.title, list(headings[1:])
        return next((each.title for each in headings if each.level == 1), ""), list(headings)
    number = find_title_line(lines)
    return clean_title(lines[number].text) if number is not None else "", list(headings)


def find_title_line(lines: Sequence[Line]) -> int | None:
    """Return the number of the line by which a copy without Markdown headings says what it is called."""
    number = next((number for number, line in enumerate(lines) if line.kind != "blank"), None)
    return number if number is not None and _may_be_title(lines, number) else None


def clean_title(text: str) -> str:
    r"""Return a heading's words without reference marks, emphasis, links, anchors and escapes.

    >>> clean_title(r"**BLOOMZ** \& mT0[31]")
    'BLOOMZ & mT0'
    """
    text = text.strip()
    if text.isalnum():
        return text
    text = _MARK.sub("", _LINKED.sub(r"\1", _IMAGE.sub("", _ANCHOR.sub("", _EDIT.sub("", text)))))
    return " ".join(_ESCAPE.sub(r"\1", _EMPHASIS.sub(r"\2", text)).split())


def is_reference_title(title: str) -> bool:
    """Tell whether a section of that title holds a list of references."""
    return bool(_REFERENCE_TITLE.fullmatch(title))


def is_numbered(text: str) -> bool:
    """Tell whether a bare heading begins with a number of a kind that headings have."""
    return any(form.match(text) for _, form in _NUMBERED)


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


def _may_be_title(lines: Sequence[Line], number: int) -> bool:
    """Tell whether the first line of a copy can be what the whole is called."""
    line = lines[number]
    content = line.text.strip()
    if line.kind != "text" or line.indent or not 8 <= columns(content) <= 120 or content[-1] in "。.，,；;：:、":
        return False
    if _ADDRESS.search(content) or _FIELD.match(content) or _OPENING.fullmatch(content) or is_numbered(content):
        return False
    apart = number + 1 >= len(lines) or lines[number + 1].kind == "blank"
    return apart or not ("。" in content or ". " in content)


def _bare_headings(lines: Sequence[Line]) -> list[Heading]:
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


def _reads_like_heading(line: Line) -> bool:
    """Tell whether a line has the words of a heading: few, no sentence, no address, no field of a list."""
    content = line.text
    if line.kind not in {"text", "item"} or len(content) > 100 or content[0].isspace():
        return False
    content = _EDIT.sub("", _MARK.sub("", content).strip("*").rstrip())
    if not content or content[-1] in _FINAL or _ADDRESS.search(content):
        return False
    number = next((match for _, form in _NUMBERED if (match := form.match(content))), None)
    if line.kind == "item" and number is None:
        return False
    words = content[number.end() :].strip() if number else content
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


def is_dense(lines: Sequence[Line]) -> bool:
    """Tell whether a text has no blank lines between its paragraphs (copies that lost them)."""
    filled = sum(line.kind != "blank" for line in lines)
    return filled >= 4 and 10 * (len(lines) - filled) < filled


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
    before = lines[number - 1] if number else None
    if below is None or columns(line.text) > 40 or ":" in line.text or "：" in line.text:
        return False
    if line.kind == "item":
        return (
            (before is None or before.kind != "item") and lines[below].kind == "text" and _says_something(lines[below])
        )
    ended = (
        before is None
        or number - 1 == find_title_line(lines)
        or before.kind != "text"
        or before.text[-1] in '。.！!？?…”"）)'
    )
    return (ended or _kind_and_number(line.text)[0] in {10, 15, 20}) and _says_something(lines[below])


def _is_part_of(number: str, other: str) -> bool:
    """Tell whether a line numbered 2.1 stands below one numbered 2."""
    match = re.match(r"\d+", number)
    return match is not None and re.match(rf"{match.group()}[.．]\d", other) is not None


def _may_hold(line: Line) -> bool:
    """Tell whether a line may stand below a numbered heading: it says something and is no numbered line itself."""
    return _says_something(line) and not (line.kind == "item" and is_numbered(line.text.lstrip()))


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
    kinds = [_kind_and_number(title) for title in titles]
    plain = _PLAIN
    for rank in (40, 50, 55):
        if any(_holds_names(kinds, first, second) for first, second in pairwise(_positions(kinds, rank))):
            plain = rank + 4
    counts = Counter(titles)
    apart = [counts[title] == 1 and bool(_CLOSING.fullmatch(title) or _OPENING.fullmatch(title)) for title in titles]
    ranks = [
        rank or (plain + 1 if 1 < counts[title] < len(titles) else plain)
        for title, (rank, _) in zip(titles, kinds, strict=True)
    ]
    top = min([rank for rank, alone in zip(ranks, apart, strict=True) if not alone], default=plain)
    return [top if alone else rank for rank, alone in zip(ranks, apart, strict=True)]


def _kind_and_number(title: str) -> tuple[int, str]:
    """Return the rank of a heading's number and the number itself, or 0 and "" for a plain name."""
    for rank, form in _NUMBERED:
        if match := form.match(title):
            return rank, match[match.lastindex or 0]
    return 0, ""


def _positions(kinds: Sequence[tuple[int, str]], rank: int) -> list[int]:
    """Return where the headings of one kind of number stand."""
    return [position for position, (each, _) in enumerate(kinds) if each == rank]


def _holds_names(kinds: Sequence[tuple[int, str]], first: int, second: int) -> bool:
    """Tell whether plain names stand between two numbers that follow each other (3 and 4)."""
    between = any(not rank for rank, _ in kinds[first + 1 : second])
    left, right = kinds[first][1], kinds[second][1]
    return between and left.isdigit() and right.isdigit() and int(right) == int(left) + 1
