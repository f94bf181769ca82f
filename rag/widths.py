"""How wide a text is on a page that shows Chinese characters twice as wide as Latin letters."""

from __future__ import annotations

import unicodedata


def columns(text: str) -> int:
    """Return the width of a text: wide characters take two columns.

    >>> columns("GPT 模型")
    8
    """
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
