"""Which noun a question word belongs to: "how many *dishes*", "什么*减速器*", "*口径*是多少".

An answer that does not speak of this noun answers another question, so the reader and the refusal both look for it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from corpus.languages import Language
from corpus.patterns import pattern
from rag.understanding.grammar import FILLERS_EN, FILLERS_ZH, GENERIC_HEADS, LIST_THEM

MEASURE_WORD = "[个种项层倍次名位台块张篇家条款代步章门座部岁届集面根支颗粒只栋扇道首本艘架辆匹株棵枚幅]"
_AFTER_ZH = (
    pattern(rf"(?:多少|几){MEASURE_WORD}?(?P<noun>[\u4e00-\u9fffA-Za-z -]{{1,12}})"),
    pattern(
        r"(?:什么|哪(?:一|些|种|个|家|几)?[个种家位条款台届艘架辆匹座只颗棵]?)(?:样的)?(?P<noun>[\u4e00-\u9fffA-Za-z-]{1,10})"
    ),
)
_BEFORE_ZH = pattern(
    r"(?:的|^)(?P<noun>[\u4e00-\u9fff A-Za-z-]{2,12}?)(?:设(?:成|为)了?|到底|分别|各)?(?:是|有|为|达到|高达|叫|呢|怎|花了?|要)?"
    r"(?:多[少大长久高重宽深远快厚]|几|什么|啥|谁|哪|如何)"
)
_LISTED_ZH = pattern(
    rf"{LIST_THEM.pattern}(?P<noun>[^,，。;；?？!！]{{2,60}}?)(?:的(?:名字|名称|全称|全名))?[。!！]?\s*$"
)
_LISTED_EN = pattern(
    r"^(?:please |can you |could you )?(?:list|name|enumerate|give(?: me)?|show(?: me)?|tell me)(?: (?:all|every|each|the|some|of|me))* "
    r"(?P<noun>(?:[\w-]+ ){0,4}?[\w-]+?)"
    r"(?= (?:of|for|in|on|to|from|with|at|by|is|was|are|were|has|have|had|can|that|which|who|whose|where|\w+ed|built|made)\b|[?.!]|$)",
    re.IGNORECASE,
)
_ENGLISH = pattern(
    r"\b(?:how many|how much|what|which)(?: (?:is|was|are|were))?(?: the| a| an| (?:kind|type|sort|amount|number)s? of)? "
    r"(?P<noun>(?!(?:did|do|does|has|have|had|can|could|will|would|should|the|a|an)\b)(?:[\w-]+ ){0,3}?[\w-]+?)"
    r"(?= (?:of|for|in|on|to|from|with|at|by|did|does|do|is|was|are|were|has|have|had|can|could|used|needed|that|per)\b|\?|$)",
    re.IGNORECASE,
)


def asked_nouns(text: str, words: Sequence[str], language: Language) -> tuple[str, ...]:
    """Return those of a clause's words (lower case, names left out) that its question word belongs to.

    >>> asked_nouns("这座桥有多少根钢索?", ["钢索", "桥"], "zh"), asked_nouns("What lens coating does it use?", ["lens", "coating"], "en")
    (('钢索',), ('coating',))
    >>> asked_nouns("列出所有能浮的桥", ["浮", "桥梁", "浮的桥"], "zh"), asked_nouns("List all lenses built by Firth", ["lenses"], "en")
    (('浮的桥',), ('lenses',))
    """
    found = _chinese(text.lower(), words) if language == "zh" else _english(text.lower(), words)
    return tuple(dict.fromkeys(found))


def modifiers_of_generic(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return the words before a generic noun that is asked for: "cache" of "what is the cache size".

    >>> modifiers_of_generic("What is the cache size of it?", ["cache", "size"])
    ('cache',)
    """
    for match in _ENGLISH.finditer(text):
        phrase = match["noun"].lower().split()
        if len(phrase) > 1 and phrase[-1] in GENERIC_HEADS:
            return tuple(word for word in words if word in phrase[:-1])
    return ()


def _chinese(text: str, words: Sequence[str]) -> Iterator[str]:
    by_length = sorted(words, key=len, reverse=True)
    after = [word for pattern in _AFTER_ZH for match in pattern.finditer(text) for word in _leading(match, by_length)]
    yield from after
    if any(len(word) > 1 for word in after):
        return  # "X 有多少 N" counts N, whatever stands before
    if listed := _LISTED_ZH.search(text):
        yield from [word for word in by_length if len(word) > 1 and listed["noun"].endswith(word)][:1]
    for match in _BEFORE_ZH.finditer(text):
        noun = _without_tail(match["noun"], by_length)
        yield from (word for word in by_length if noun.endswith(word) and len(word) > 1)


def _leading(match: re.Match[str], by_length: Sequence[str]) -> list[str]:
    """Return the longest of the words that stands right after the question word, if one does."""
    noun = match["noun"].lstrip("的 ")
    return [word for word in by_length if noun.startswith(word)][:1]


def _without_tail(noun: str, words: Sequence[str]) -> str:
    """Cut fillers off a noun's end, unless a word of the question ends there."""
    while noun and not any(noun.endswith(word) for word in words):
        noun = noun[:-1] if FILLERS_ZH.fullmatch(noun[-1]) or noun[-1] == " " else ""
    return noun


def _english(text: str, words: Sequence[str]) -> Iterator[str]:
    for match in itertools.chain(_ENGLISH.finditer(text), _LISTED_EN.finditer(text)):
        phrase = [word for word in match["noun"].split() if word not in FILLERS_EN]
        if phrase:
            yield from (word for word in words if word == phrase[-1] or word + "s" == phrase[-1])
