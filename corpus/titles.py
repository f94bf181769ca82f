"""The words of headings: how they read without marks, what number they carry, and which of them have a fixed meaning."""

from __future__ import annotations

import re
from typing import NamedTuple

from corpus.patterns import pattern

_LONGEST = 500  # characters; what is longer is no heading, whatever it is marked as, and keeps its marks
_MARKUP = frozenset("[]【】{}*_`\\!")
_MARK = pattern(r"\s*\[\^?\d{1,3}\](?!\()")
_LINKED = pattern(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)")
_IMAGE = pattern(r"!\[[^\[\]]*\]\([^()]*\)")
_ANCHOR = pattern(r"\s*\{#[^{}]*\}\s*$")
_ESCAPE = pattern(r"\\([\\`*_{}\[\]()#+.!&~>|-])")
_EDIT = pattern(r"\s*[\[【](?:编辑|编辑源代码|edit)[\]】]\s*$", re.IGNORECASE)
_EMPHASIS = pattern(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")

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


_CHAPTER = r"第([一二三四五六七八九十百\d]+)[章部编篇](?:分)?(?=\s|[:：、]|$)|(?:chapter|part)\s+(\d+|[ivx]+)\b"
_MEASURES = "个亿万千百种年月日块台层项篇条次位张人家款倍天小分美元"  # "10 亿参数" is an amount, "10 数据" has a number
_ARABIC = rf"(\d{{1,2}})(?:[.．、](?!\d)|(?=\s+[A-Z\u3400-\u9fff])(?!\s+[{_MEASURES}]))"
_NUMBERS = (
    (10, pattern(_CHAPTER, re.IGNORECASE)),
    (15, pattern(r"第([一二三四五六七八九十百\d]+)[节条]")),
    (20, pattern(r"([一二三四五六七八九十]{1,3})\s*[.、．,，:：]")),
    (25, pattern(r"[(（]([一二三四五六七八九十]{1,3})[)）]")),
    (40, pattern(_ARABIC)),
    (41, pattern(r"\d{1,2}[.．](\d{1,2})[.．]?(?=\s|[\u3400-\u9fff])")),
    (42, pattern(r"\d{1,2}(?:[.．]\d{1,2}){1,3}[.．](\d{1,2})[.．]?(?=\s|[\u3400-\u9fff])")),
    (50, pattern(r"(\d{1,2})[)）]")),
    (55, pattern(r"[(（](\d{1,2})[)）]")),
)


def clean_title(text: str) -> str:
    r"""Return a heading's words without reference marks, emphasis, links, anchors and escapes.

    >>> clean_title(r"**BLOOMZ** \& mT0[31]")
    'BLOOMZ & mT0'
    """
    text = " ".join(text.split())
    if len(text) > _LONGEST or _MARKUP.isdisjoint(text):
        return text
    text = _MARK.sub("", _LINKED.sub(r"\1", _IMAGE.sub("", _ANCHOR.sub("", _EDIT.sub("", text)))))
    return " ".join(_ESCAPE.sub(r"\1", _EMPHASIS.sub(r"\2", text)).split())


def without_marks(text: str) -> str:
    """Return a heading's line without reference marks, bold and edit links; the rest stays as it is.

    >>> without_marks("架构[编辑]")
    '架构'
    """
    return _EDIT.sub("", _MARK.sub("", text).strip("*").rstrip())


def is_reference_title(title: str) -> bool:
    """Tell whether a section of that title holds a list of references."""
    return bool(_REFERENCE_TITLE.fullmatch(title))


def is_frame_title(title: str) -> bool:
    """Tell whether a section of that title opens or closes a text (abstract, conclusion, references): it ranks highest."""
    return bool(_OPENING.fullmatch(title) or _CLOSING.fullmatch(title))


def is_opening_title(title: str) -> bool:
    """Tell whether a text begins with a section of that title rather than being called so ("前言", "Introduction")."""
    return bool(_OPENING.fullmatch(title))


class Number(NamedTuple):
    """The number that a heading begins with: the rank of its kind (smaller is higher up), itself, and its length."""

    rank: int
    value: str
    length: int


def number_of(title: str) -> Number | None:
    """Return the number that a heading begins with.

    >>> number_of("三、数据"), number_of("2.1 Scope")
    (Number(rank=20, value='三', length=2), Number(rank=41, value='1', length=3))
    """
    for rank, form in _NUMBERS:
        if match := form.match(title):
            return Number(rank, match[match.lastindex or 0], match.end())
    return None
