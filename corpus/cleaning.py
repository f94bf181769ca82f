"""Cleaning: characters that carry no text go, and so does what a web page puts around an article.

Inside a line that is kept, only white space changes and only invisible characters go, so that a quotation of the
original is found again. Cleaning a cleaned text changes nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from corpus.furniture import Verdict, is_byline, is_counter, judge, may_hold_furniture
from corpus.headings import clean_title, find_candidates, find_title_line, is_dense, is_numbered
from corpus.lines import Line, columns, item_marker, read_lines
from corpus.patterns import pattern

_ANSI = pattern(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_LINE_END = pattern("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INDENT = pattern("^[ \t\u00a0]*\u3000[ \t\u00a0\u3000]*", re.MULTILINE)
_SPACE = pattern("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
    "|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"  # joins emoji, and nothing else that we keep
)
_BLANK_LINES = pattern(r"\n{3,}")

_IMAGE = r"!\[[^\]\n]*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"
_TAG = r"</?(?:img|div|p|center|a|br|hr|span|figure|figcaption|picture|source|details|summary|table|tr|td|tbody|h\d)\b[^<>\n]*>"
_MARKUP_ONLY = pattern(rf"\s*(?:[-*>]\s+)?(?:(?:{_IMAGE}|\[\s*{_IMAGE}\s*\]\([^()\n]*\)|{_TAG})[\s|*]*)+")

_PLACEHOLDER = pattern(
    r"(?:\[\[?toc\]?\]|\{:toc\}|在这里插入图片描述|这里写图片描述|图片|\[图片\]|\[image\]|\[?图片?加载失败\]?)\s*",
    re.IGNORECASE,
)

_DIRECTORY = pattern(
    r"[\s#*【\[「]*(?:(?:本文|文章|内容)?目\s*录|\[?toc\]?|(?:table\s+of\s+)?contents|on this page)[\s*】\]」:：]*(?:\[?[+-]\]?)?",
    re.IGNORECASE,
)
_IN_PAGE_LINK = pattern(r"\[[^\]\n]*\]\(#[^()\n]*\)\s*$")
_PAGE_NUMBER = pattern(r"[\s.·…]*(?:\.{2,}|…+|\s)\s*\d{1,4}\s*$")
_NUMBER = pattern(r"^\W*(?:第?[一二三四五六七八九十\d]{1,3}(?:[.．]\d{1,2})*[章节部篇]?[.、．)）\s]+)?")
_NOT_WORD = pattern(r"\W+")

_ENTRY = r"\[\d{1,3}\](?=[^\[\]\n]{0,300}?https?:/{2,3})"
_GLUED = pattern(rf"(?<=[\w/=&%#~+-])[ \t]*(?={_ENTRY})")
_STARTS_WITH_ENTRY = pattern(rf"\s*{_ENTRY}")

_ROUNDS = 20  # each round removes something, and two or three do; more are only for texts made to need them
_ROUND_CHARACTERS = 4_000_000  # that rounds may read in all, beyond the first three


def clean(text: str, title: str = "") -> str:
    """Return the text without invisible characters and boilerplate; a text that is nothing else is kept.

    ``title`` is the name under which the text is known; a line that repeats it, or the text's own first line, goes.
    """
    text = _tidy(clean_characters(text))
    for _ in range(max(3, min(_ROUNDS, _ROUND_CHARACTERS // (len(text) + 1)))):
        cleaned = _tidy(_strip(text, title))
        if cleaned in {text, ""}:
            break
        text = cleaned
    return text


def clean_characters(text: str) -> str:
    r"""Return the text with ``\n`` line ends and plain spaces, without control, invisible and direction characters.

    >>> clean_characters("GPT\u200b-3\u00a0是\x1b[31m模型\x1b[0m\r\n")
    'GPT-3 是模型\n'
    """
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    text = _INVISIBLE.sub("", _LINE_END.sub("\n", text))
    return _SPACE.sub(" ", _INDENT.sub("", text))


def _tidy(text: str) -> str:
    """Take out trailing spaces, a common margin, surplus blank lines, and what glues entries of a reference list."""
    text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    if text.startswith((" ", "\t", "\n")):
        text = _without_margin(text.strip("\n"))
    if "][" not in text and "[" in text:
        text = _unglue(text)
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _without_margin(text: str) -> str:
    """Take out the white space that all lines begin with."""
    indents = {line[: len(line) - len(line.lstrip(" \t"))] for line in text.split("\n") if line}
    margin = min(indents, key=len, default="")
    if not margin or not all(indent.startswith(margin) for indent in indents):
        return text
    return re.sub(f"^{margin}", "", text, flags=re.MULTILINE)


def _unglue(text: str) -> str:
    """Put each entry of a list of references on a line of its own."""
    return "\n".join(
        _GLUED.sub("\n", line) if "][" not in line and _STARTS_WITH_ENTRY.match(line) else line
        for line in text.split("\n")
    )


def _strip(text: str, title: str) -> str:
    """Take out one layer of boilerplate."""
    lines = read_lines(text)
    lines = _without(lines, _markup_lines(lines))
    lines = _without(lines, _head_furniture(lines))
    entries, names = _directory(lines)
    lines = _without(lines, entries)
    lines = _without(lines, _repeated_title(lines, title))
    lines = _without(lines, _tail_furniture(lines))
    if may_hold_furniture(text):
        lines = _without(lines, _furniture_blocks(lines))
    return _join(_move_off_margin(lines, names) if names else lines)


def _join(lines: Sequence[Line]) -> str:
    """Return the text of lines."""
    return "\n".join(line.text for line in lines)


def _without(lines: list[Line], numbers: set[int]) -> list[Line]:
    """Return the lines but for those numbers, a blank line where they stood unless the text has none between paragraphs."""
    if not numbers:
        return lines
    if is_dense(lines):
        return read_lines("\n".join(line.text for number, line in enumerate(lines) if number not in numbers))
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
    found, seen = set(), set()
    for number, line in enumerate(lines):
        if line.kind not in {"text", "heading"} or len(line.text) > 300:
            continue
        content = clean_title(line.text.lstrip("# "))
        if content in names:
            if content in seen and line.kind == "text":
                found.add(number)
            seen.add(content)
    return found


def _directory(lines: Sequence[Line]) -> tuple[set[int], set[str]]:
    """Return the lines of the page's own list of headings, and the names in it."""
    titles = [
        number
        for number, line in enumerate(lines)
        if line.kind in {"text", "heading", "item"} and len(line.text) <= 40 and _DIRECTORY.fullmatch(line.text)
    ]
    if titles:
        names = [(number, _name(line.text)) for number, line in enumerate(lines) if line.kind != "blank"]
        for title in titles[:3]:
            below = [(number, name) for number, name in names if number > title]
            if length := _count_entries(lines, below):
                return {title, *(number for number, _ in below[:length])}, {name for _, name in below[:length]}
    return _linked_entries(lines), set()


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


def _name(line: str) -> str:
    """Return the letters and digits of a heading or of its entry in a list of headings."""
    text = _PAGE_NUMBER.sub("", clean_title(line[item_marker(line) :].lstrip("# ")))
    return _NOT_WORD.sub("", _NUMBER.sub("", text, count=1) or text).lower()


def _move_off_margin(lines: list[Line], names: set[str]) -> list[Line]:
    """Put a space before the lines that look like headings but that the page's own list of headings does not name."""
    title = find_title_line(lines)
    candidates = {
        number
        for number in find_candidates(lines)
        if number != title and _name(lines[number].text) not in names and not is_numbered(lines[number].text)
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
