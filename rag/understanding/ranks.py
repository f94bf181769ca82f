"""Ranks: the second heaviest, the three oldest, 第二重的, 最重的三个, 前三."""

from __future__ import annotations

import re
from dataclasses import dataclass

from corpus.patterns import pattern

MOST = 20  # places of one question

_EN = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_ZH = "一二三四五六七八九十"
ADJECTIVE_ZH = r"(?:[重轻大小多少高低长短早晚新旧老贵快慢深浅宽窄厚薄强弱热冷亮暗]|便宜|安静)"
_SUPERLATIVE = r"(?:most|least|(?<![a-z])(?!(?:for|inter|requ|gu|hon|mod|har|contr?|prot)est)[a-z]{2,}est|best)\b"
_NTH = pattern(rf"\b(?P<nth>{'|'.join(_ORDINALS[1:])}|\d{{1,2}}(?:st|nd|rd|th))[- ]{_SUPERLATIVE}", re.IGNORECASE)
_TOP = pattern(
    rf"\b(?:top[- ](?P<top>{'|'.join(_EN)}|\d{{1,2}})|(?P<many>{'|'.join(_EN[1:])}|\d{{1,2}}) {_SUPERLATIVE})\b",
    re.IGNORECASE,
)
_NTH_ZH = pattern(
    r"第(?P<nth>[二三四五六七八九十]|\d{1,2})(?P<most>[重轻小多少高低短早晚新旧老贵快慢深浅宽窄厚薄强弱热冷亮暗]|大(?!学)|长(?![江城沙春安征])|便宜|安静)"
    r"(?=的|是|[?？]|$|[\u4e00-\u9fff]{1,6}(?:是|叫))"
)
_TOP_ZH = pattern(
    rf"(?<![以目之从])前(?P<top>[两二三四五六七八九十]|\d{{1,2}})(?:[名位个大款种]|(?=[的是]|[?？]|$))|最{ADJECTIVE_ZH}的(?:前)?(?P<many>[两二三四五六七八九十]|\d{{1,2}})[个款种台座条项篇本艘只颗名位家张部支辆架]"
)
_ADJECTIVE = pattern(rf"{_SUPERLATIVE}|{ADJECTIVE_ZH}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranks:
    """The places of an order that are asked for: ``count`` of them, from the ``first`` on, which counts from 1."""

    first: int = 1
    count: int = 1


def ranks_of(text: str) -> Ranks:
    """Return which places of an order a question asks for: the first one where it says nothing else.

    >>> ranks_of("Which is the second heaviest?"), ranks_of("最重的三个型号是哪些?"), ranks_of("Which is the heaviest?")
    (Ranks(first=2, count=1), Ranks(first=1, count=3), Ranks(first=1, count=1))
    """
    if match := _NTH.search(text) or _NTH_ZH.search(text):
        return Ranks(first=_number(match["nth"]))
    if match := _TOP.search(text) or _TOP_ZH.search(text):
        said = next(filter(None, match.groupdict().values()))
        return Ranks(count=min(MOST, _number(said)))
    return Ranks()


def says_place(text: str, places: Ranks) -> bool:
    """Tell whether a text says a place of an order in words: "the second largest", 排名第二."""
    words = (
        [f"第{_ZH[places.first - 1]}", f"第{places.first}", _ORDINALS[places.first - 1]] if places.first <= 10 else []
    )
    return any(word in text.lower() for word in words)


def says_rank(word: str, text: str) -> bool:
    """Tell whether a word of a question says which places of an order it asks for.

    >>> says_rank("second", "Which is the second heaviest?"), says_rank("second", "How heavy is the second stage?")
    (True, False)
    """
    found = (each.search(text) for each in (_NTH, _NTH_ZH, _TOP, _TOP_ZH))
    return any(match is not None and word.lower() in match[0].lower() for match in found) and not _ADJECTIVE.search(
        word
    )


def as_extreme(text: str) -> str:
    """Return a question for the second or third in Chinese as one for the first, which is written alike in English.

    >>> as_extreme("第二重的型号是哪个?"), as_extreme("第二长江大桥多长?")
    ('最重的型号是哪个?', '第二长江大桥多长?')
    """
    return _NTH_ZH.sub(r"最\g<most>", text) if "第" in text else text


def _number(said: str) -> int:
    digits = re.match(r"\d+", said)
    if digits:
        return max(1, int(digits[0]))
    said = said.lower().replace("两", "二")
    return next(words.index(said) + 1 for words in (_ORDINALS, _EN, _ZH) if said in words)
