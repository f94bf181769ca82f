"""Cleaning: characters that carry no text go, and so does what a web page puts around an article.

Inside a line that is kept, only white space changes and only invisible characters go, so that a quotation of the
original is found again. Cleaning a cleaned text changes nothing.
"""

from __future__ import annotations

import re

from corpus.boilerplate import Removed, strip_boilerplate
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
_PRINTABLE_MARKS = (
    "\u034f\u115f\u1160\u180b\u180c\u180d\ufffc"  # of the invisible ones, those that Python takes for printable
)
_ASCII_CONTROL = pattern("[\x00-\x08\x0b-\x1f\x7f]")  # what of ASCII is no text, but for tabs and line ends
_BLANK_LINES = pattern(r"\n{3,}")

_ENTRY = r"\[\d{1,3}\](?=[^\[\]\n]{0,300}?https?:/{2,3})"
_GLUED = pattern(rf"(?<=[\w/=&%#~+-])[ \t]*(?={_ENTRY})")
_STARTS_WITH_ENTRY = pattern(rf"\s*{_ENTRY}")

_ROUNDS = 20  # each round removes something, and two or three do; more are only for texts made to need them
_ROUND_CHARACTERS = 4_000_000  # that rounds may read in all, beyond the first three


def clean(text: str, title: str = "", removed: list[Removed] | None = None) -> str:
    """Return the text without invisible characters and boilerplate; a text that is nothing else is kept.

    ``title`` is the name under which the text is known; a line that repeats it, or the text's own first line, goes. The lines
    that are taken out are noted in ``removed``.
    """
    text = _tidy(clean_characters(text))
    for _ in range(max(3, min(_ROUNDS, _ROUND_CHARACTERS // (len(text) + 1)))):
        layer: list[Removed] = []
        cleaned = _tidy(strip_boilerplate(text, title, layer))
        if cleaned in {text, ""}:
            break
        text = cleaned
        if removed is not None:
            removed += layer
    return text


def clean_characters(text: str) -> str:
    r"""Return the text with ``\n`` line ends and plain spaces, without control, invisible and direction characters.

    >>> clean_characters("GPT\u200b-3\u00a0是\x1b[31m模型\x1b[0m\r\n")
    'GPT-3 是模型\n'
    """
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if text.isascii() and not _ASCII_CONTROL.search(text):
        return text
    if text.replace("\n", "").replace("\t", "").isprintable() and not any(mark in text for mark in _PRINTABLE_MARKS):
        return text
    text = _INVISIBLE.sub("", _LINE_END.sub("\n", text))
    return _SPACE.sub(" ", _INDENT.sub("", text))


def _tidy(text: str) -> str:
    """Take out trailing spaces, a common margin, surplus blank lines, and what glues entries of a reference list."""
    text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    if text.startswith((" ", "\t", "\n")):
        text = _without_margin(text.strip("\n"))
    if "://" in text and "[" in text:
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
        _GLUED.sub("\n", line) if "[" in line and "][" not in line and _STARTS_WITH_ENTRY.match(line) else line
        for line in text.split("\n")
    )
