"""What a model wrote, made harmless wherever it is shown: no images, no active markup, no address that no passage holds.

A model that obeys a document could otherwise have a reader's program fetch an address with the conversation in it. Citations
have their addresses from documents, never from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.patterns import pattern
from index.hits import Hit

MAX_TAIL = 2_000  # characters of an address or a tag that is still being written
_URL_TEXT = r"(?:(?:https?|ftps?|file|data|javascript|vbscript|blob|mailto):|www\.|//(?=\w[\w-]*\.))[^\s<>\"'`，。；、）】」》]+"
_URL = pattern(_URL_TEXT, re.IGNORECASE)
_AUTOLINK = pattern(rf"<({_URL_TEXT})>", re.IGNORECASE)
_IMAGE = pattern(r"!\[[^\]\n]{0,2000}\](?:\([^)\n]{0,2000}\)?|\[[^\]\n]{0,200}\])?")
_LINK = pattern(r"(?<!!)\[([^\[\]\n]{0,500})\]\(\s*<?([^)\n]{0,2000})\)")
_DEFINITION = pattern(r"^[ ]{0,3}\[[^\]\n]{1,200}\]:[ \t]*\S+[^\n]*\n?", re.MULTILINE)
_ACTIVE = pattern(
    r"</?(?:a|applet|area|audio|base|body|button|embed|form|frame|frameset|head|html|iframe|image|img|input|link|marquee|math|meta"
    r"|noscript|object|picture|portal|script|source|style|svg|template|textarea|title|track|video)\b[^>]{0,2000}>?",
    re.IGNORECASE,
)
_LATEX = pattern(
    r"\\(?:includegraphics|href|url|input|include)\b(?:\[[^\]\n]{0,200}\])?(?:\{[^}\n]{0,2000}\}?)*", re.IGNORECASE
)
_MARK = pattern(r"\^?(?:[^\W\d]{0,9}\s*)?\d{1,3}(?:\s*[,，、;；–-]\s*\d{1,3})*")  # what marks of passages look like
_TARGET = pattern(r"[a-z][a-z0-9+.-]*:|/|#|\?|www\.", re.IGNORECASE)
_PLAIN = pattern(r"https?:|www\.", re.IGNORECASE)
_ENDS = ".,;:!?)]}'\"*_。，"
_OPEN = pattern(
    r"!\[|\]\(|://|www\.|<[a-z/]|\\[a-z]+[\[{]?|(?:data|javascript|mailto|file|blob|vbscript):", re.IGNORECASE
)


class Defuser:
    """Knows the addresses of the passages that a model was given, and lets no others through."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = tuple(hits)
        self._known: frozenset[str] | None = None

    def defuse(self, text: str) -> str:
        """Return a text without images, active tags and unknown addresses; what a link was called stays."""
        if not _OPEN.search(text) and "]:" not in text:
            return text
        text = _DEFINITION.sub("", _LATEX.sub("", _IMAGE.sub("", text)))
        text = _LINK.sub(self._link, text)
        text = _AUTOLINK.sub(lambda found: found[1] if self._is_known(found[1]) else "", text)
        text = _ACTIVE.sub("", text)
        return _URL.sub(lambda found: found[0] if self._is_known(found[0]) else "", text)

    def _link(self, found: re.Match[str]) -> str:
        label, address = found[1], found[2].partition(" ")[0].rstrip(">")
        if not _TARGET.match(address):
            return found[0]  # the brackets of code or arithmetic
        if _MARK.fullmatch(label.strip()):
            return f"[{label}]"
        return f"{label} ({address})" if self._is_known(address) else label

    def _is_known(self, address: str) -> bool:
        if self._known is None:
            self._known = frozenset(_addresses(self._hits))
        return _PLAIN.match(address) is not None and address.rstrip(_ENDS) in self._known


def without_open_end(text: str) -> str:
    """Return a growing text up to an address, link or tag at its end that is not finished."""
    start = max(0, len(text) - MAX_TAIL)
    tail = text[start:]
    for found in _OPEN.finditer(tail):
        begin = tail.rfind("[", 0, found.start()) if found[0] == "](" else found.start()
        rest = tail[found.end() :]
        closing = ")" if found[0] in ("![", "](") else ">" if found[0][0] == "<" else None
        is_open = closing not in rest.partition("\n")[0] if closing else not any(c.isspace() for c in rest)
        if is_open and "\n" not in rest:
            word = max(tail.rfind(" ", 0, begin), tail.rfind("\n", 0, begin)) + 1 if closing is None else max(begin, 0)
            return text[: start + word]
    return text


def _addresses(hits: Sequence[Hit]) -> Iterator[str]:
    """Yield the addresses that passages show, or that lead to their documents."""
    for hit in hits:
        passage = hit.passage
        document = passage.document
        yield from (found[0].rstrip(_ENDS) for found in _URL.finditer(passage.text))
        yield from (link.url.rstrip(_ENDS) for link in document.links if passage.start <= link.start < passage.end)
        if document.url:
            yield document.url.rstrip(_ENDS)
