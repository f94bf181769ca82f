"""Definitions: what a question wants defined, and how surely a sentence defines it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.patterns import pattern
from rag.understanding.mentions import name_pattern

SAYS_WHAT_IT_IS, SAYS_SOMEWHERE, BEGINS_WITH_IT, SPEAKS_OF_IT = 1.0, 0.85, 0.6, 0.3

_ASKED = tuple(
    pattern(asking, re.IGNORECASE)
    for asking in (
        r"^(?:请问|请)?(?:什么|啥)(?:是|叫做?)\s*(?P<term>.+?)$",
        r"^(?:请问|请)?(?:何谓|何为|解释一下|介绍一下|解释|介绍)\s*(?P<term>.+?)$",
        r"^(?:请问|请)?(?P<term>.+?)\s*(?:到底|究竟)?(?:是(?:个|一种|一个)?|指的?是?|代表|叫)(?:什么|啥)(?:意思|东西|玩意|概念|现象|做法|方法|技术|问题|任务|机制)?$",
        r"^(?:请问|请)?(?P<term>.+?)的?(?:定义|含义|意思|简介)(?:是(?:什么|啥))?$",
        r"^what (?:is|are|was|were)(?: an?| the)? (?P<term>.+?)$",
        r"^what (?:is|does)(?: an?| the)? (?P<term>.+?) (?:mean|stand for|refer to|denote)$",
        r"^what is meant by (?P<term>.+?)$",
        r"^(?:please )?(?:define|explain|tell me about)(?: an?| the)? (?P<term>.+?)$",
    )
)
_AROUND = "“”\"'‘’「」《》 \t?？。.!！,，:："
_QUOTED = pattern(r"[“\"「‘'](?P<term>[^“”\"「」‘’']{2,40})[”\"」’']")
_LONGEST = 40  # characters of a term; more is a description
_ONLY_MARKUP = pattern(r"(?:\W|所谓|\b(?:the|an?)\b)*", re.IGNORECASE)
_ASIDE = r"\W{0,3}(?:\[\d{1,3}\])?\s?(?:[(（][^()（）]{1,60}[)）]|[,，][^,，。.]{1,30}[,，])?\W{0,2}?"
_EXPLICIT = pattern(
    _ASIDE + r"\s*(?:是指|指的?是|指|即是?|也就是|意思是|定义为|全称|[:：](?!\s*https?:)"
    r"|\b(?:refers? to|means?|denotes?|stands? for|is defined as|are defined as)\b)",
    re.IGNORECASE,
)
_COPULA = pattern(
    _ASIDE
    + r"\s*(?:的(?:做法|意思|办法|方法|含义|定义|核心|本质|全名|全称)[，,]?)?(?:本质上|其实|就|便|也|主要|一般|通常|实际上)*(?:是(?!否|不|为了|因|由于|在|从)|乃|为一|属于|\b(?:is|are|was|were) (?:an?|the|one|any|all|what|when)\b)",
    re.IGNORECASE,
)
_LOOSE = pattern(_ASIDE + r"\s*(?:为|\b(?:is|are|was|were)\b)", re.IGNORECASE)
_CALLED = pattern(r"(?:称为|称作|称之为|叫做?|被称|called|known as|named|termed)\W{0,3}$", re.IGNORECASE)


def term_to_define(question: str) -> str:
    """Return what a question wants defined, or "".

    >>> term_to_define("什么是快照隔离?"), term_to_define("What does WAL stand for?"), term_to_define("Who wrote it?")
    ('快照隔离', 'WAL', '')
    >>> term_to_define("文中说的“热备份”是什么意思?")
    '热备份'
    """
    plain = question.strip(_AROUND)
    for asking in _ASKED:
        match = asking.match(plain)
        if match:
            quoted = _QUOTED.search(question)
            term = (quoted["term"] if quoted else match["term"]).strip(_AROUND)
            if len(term) <= _LONGEST:
                return term
    return ""


def defines(text: str, names: Sequence[str]) -> float:
    """Return how surely a text says what one of the names is: 1 when it begins by that, 0.3 when it only may.

    >>> defines("A flow battery is a battery with two tanks.", ["flow battery"])
    1.0
    >>> defines("The first flow battery was built in 1884.", ["flow battery"])
    0.3
    """
    return max((_defines(text, name) for name in names), default=SPEAKS_OF_IT)


def _defines(text: str, name: str) -> float:
    best = SPEAKS_OF_IT
    for match in name_pattern(name).finditer(text):
        first = _ONLY_MARKUP.fullmatch(text, 0, match.start()) is not None
        if first and (_EXPLICIT.match(text, match.end()) or _COPULA.match(text, match.end())):
            return SAYS_WHAT_IT_IS
        if _EXPLICIT.match(text, match.end()) or _CALLED.search(text, 0, match.start()):
            best = SAYS_SOMEWHERE
        elif first:
            best = max(best, BEGINS_WITH_IT + (0.1 if _LOOSE.match(text, match.end()) else 0.0))
    return best
