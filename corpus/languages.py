"""The language most of a text is in: Chinese or English, which is all that ranking and answering need to know."""

from __future__ import annotations

from typing import Literal

from corpus.patterns import pattern

Language = Literal["zh", "en"]

_HAN = pattern(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN_WORD = pattern(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_SAMPLE = 20_000  # characters; more does not change the verdict


def language_of(text: str) -> Language:
    """Return "zh" when Chinese characters carry the text, else "en".

    A Chinese sentence about models is full of Latin names, so one Chinese character weighs as much as
    half a Latin word.

    >>> language_of("LLaMA 是 Meta AI 发布的")
    'zh'
    >>> language_of("ChatGLM, also called 智谱, is a dialogue model")
    'en'
    """
    sample = text[:_SAMPLE]
    han = len(_HAN.findall(sample))
    return "zh" if han and han >= 0.5 * len(_LATIN_WORD.findall(sample)) else "en"
