"""How wide a text is on a page that shows Chinese characters twice as wide as Latin letters."""

from __future__ import annotations

from corpus.patterns import pattern

_WIDE = pattern(
    r"[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd]"
)


def columns(text: str) -> int:
    """Return the width of a text: wide characters take two columns.

    >>> columns("GPT 模型")
    8
    """
    return len(text) if text.isascii() else len(text) + len(_WIDE.findall(text))
