"""Cleaning: characters that carry no text go, and so does what a web page puts around an article."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
_REMOVED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def clean_characters(text: str) -> str:
    """Return the text with plain line ends and spaces, without control, invisible and direction characters."""
    text = _LINE_END.sub("\n", _ANSI.sub("", text))
    text = _SPACE.sub(" ", _REMOVED.sub("", text))
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def clean(text: str) -> str:
    """Return the text without boilerplate."""
    text = re.sub(
        r"(?<=\S)[ \t]*(?=\[\d{1,3}\][^\[\n]*?https?:/{2,3}[^\n\[\]]*\n)", "\n", clean_characters(text) + "\n"
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
