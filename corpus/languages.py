"""The language most of a text is in: Chinese or English, which is all that ranking and answering need to know."""

from __future__ import annotations

import re
from typing import Literal

from corpus.patterns import pattern

Language = Literal["zh", "en"]

_HAN = pattern(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = pattern(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_FUNCTION_WORDS = frozenset(
    {"a", "an", "and", "are", "by", "did", "do", "does", "for", "from", "how", "in", "is", "many", "of", "on", "the", "to", "was",
     "were", "what", "when", "which", "who", "why", "with"}
)  # fmt: skip
_ASKS = pattern(
    r"\s*(?:who|whose|what|which|how|when|where|why|is|are|was|were|do|does|did|can|has|have)\b", re.IGNORECASE
)
_CHINESE_SMALL = pattern(r"[的是了吗呢么吧在有和与跟及为哪谁怎几]|多少|这|那|如何|介绍|比较")
_SAMPLE = 20_000  # characters; more does not change the verdict


def language_of(text: str) -> Language:
    """Return "zh" when Chinese characters carry the text, else "en".

    A Chinese sentence about models is full of Latin names, so a Chinese character weighs as much as two Latin words,
    unless some of them are the small words that only English sentences have. A short English question about a thing with
    a Chinese name stays English.

    >>> language_of("LLaMA 是 Meta AI 发布的")
    'zh'
    >>> language_of("ChatGLM, also called 智谱, is a model of the GLM family")
    'en'
    >>> language_of("Who trained 智谱清言?"), language_of("Who is 智谱 是什么意思?")
    ('en', 'zh')
    """
    sample = text[:_SAMPLE]
    if sample.isascii():
        return "en"
    han = len(_HAN.findall(sample))
    if not han:
        return "en"
    words = _LATIN_WORD.findall(sample)
    if len(words) > 1 and _ASKS.match(sample) and not _CHINESE_SMALL.search(sample):
        return "en"
    if han >= len(words):
        return "zh"
    small = sum(word.lower() in _FUNCTION_WORDS for word in words)
    return "zh" if 2 * han >= len(words) and small < 2 else "en"
