"""The words of the page by language, the questions that it offers, and which language a browser wants.

Messages of our exceptions are not here: they travel with the exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ui.words import Picture, Texts, View
from ui.words_en import ENGLISH
from ui.words_zh import CHINESE

__all__ = ["EXAMPLES", "LANGUAGES", "TEXTS", "Language", "Picture", "Texts", "View", "language_of_browser"]

Language = Literal["zh", "en"]

TEXTS: Mapping[Language, Texts] = {"zh": CHINESE, "en": ENGLISH}
LANGUAGES: Mapping[Language, str] = {"zh": "中文", "en": "English"}


# Candidates for the questions that an empty chat offers; the page shows those that its index answers.
EXAMPLES: Mapping[Language, tuple[str, ...]] = {
    "zh": (
        "ChatGLM-6B 量化后最低要多少显存？",
        "LLaMA 有哪几种参数规模？",
        "BLOOM 是用多少种语言训练的？",
        "什么是指令微调？",
        "Alpaca 是怎么训练出来的？",
        "GLM-130B 是谁开源的？",
    ),
    "en": (
        "How much GPU memory does quantised ChatGLM-6B need?",
        "What sizes does LLaMA come in?",
        "How many languages was BLOOM trained on?",
        "What is instruction tuning?",
        "How was Alpaca trained?",
        "Who released GLM-130B?",
    ),
}


def language_of_browser(accept_language: str | None) -> Language:
    """Return the page's language for an ``Accept-Language`` header: the first of ours that the browser names.

    >>> language_of_browser("fr-CH, zh-TW;q=0.9, en;q=0.8")
    'zh'
    """
    for choice in _by_preference(accept_language or ""):
        for language in LANGUAGES:
            if choice == language or choice.startswith(f"{language}-"):
                return language
    return "en"


def _by_preference(accept_language: str) -> list[str]:
    """Return the language tags of the header, most wanted first; equal weights keep their order."""
    weighted: list[tuple[float, str]] = []
    for part in accept_language[:500].lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
