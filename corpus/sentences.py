"""Where the sentences of a Chinese or English text begin and end.

A newline always ends a sentence, so headings, list items and table rows stand alone. Nothing here knows documents.
"""

from __future__ import annotations

import re

from corpus.patterns import pattern

_AFTER = r"[”’」』】）)》〉\"']*(?:[ ]?\[\^?\d{1,3}(?:[,，-]\d{1,3})*\])*"  # closers and reference marks belong to the sentence
_WIDE = r"\u3400-\u9fff\uff01-\uff5e\u3008-\u3011“‘"
_ENDER = pattern(
    rf"""
      \n
    | [。！？｡]+[。！？｡…!?]*{_AFTER}                    # Chinese enders, also several
    | (?<=[\u3400-\u9fff）)”"])[!?]+{_AFTER}            # half-width ones after Chinese
    | [.!?]+{_AFTER}(?=\s|\Z|[{_WIDE}])                 # Latin ones before a space or Chinese; not 1.4, not a.com
    | ([.!?]{{2,}}+)                                    # a run that ends nothing: passed over as a whole, not sign by sign
    """,
    re.VERBOSE,
)
_ABBREVIATION = pattern(
    r"(?:\b(?:e\.g|i\.e|al|etc|vs|cf|ca|approx|resp|Figs?|Eqs?|Secs?|Refs?|Tabs?|Nos?|Vol|pp|Dr|Mr|Mrs|Ms|Prof|St|Inc|Ltd|Co|Corp|Jr|Sr"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)|(?<![A-Za-z])[A-Za-z])\Z"
)
_GOES_ON = "的了吗呢和与或及等之、，,；;：:"


_MARKUP = " \t\n*_"  # around the number of an item in bold: "**3. Heron**"


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text as half-open offsets, in order, without outer white space.

    >>> text = "It saw 1.4T tokens, cf. Sec. 2. 性能更好。"
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['It saw 1.4T tokens, cf. Sec. 2.', '性能更好。']
    """
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in _ENDER.finditer(text):
        if match.lastindex or (match.group() != "\n" and _goes_on(text, begin, match)):
            continue
        _append(spans, text, begin, match.end())
        begin = match.end()
    _append(spans, text, begin, len(text))
    return spans


def _goes_on(text: str, begin: int, match: re.Match[str]) -> bool:
    """Tell whether a sentence goes on after what may be its end."""
    ender, end = match.group(), match.end()
    after = text[end : end + 1]
    if ender[-1] in "”’」』】）)》〉\"'" and after and after in _GOES_ON:
        return True  # “是什么？”的问题
    if ender[0] != ".":
        return False
    if ender[:2] != ".." and (
        _is_abbreviated(text, begin, match.start())
        or (after and text[match.start() - 1 : match.start()].isdigit() and not after.isspace())
    ):
        return True
    following = text[end : end + 3].lstrip(" \t")[:1]
    return (following.islower() and following.isascii()) or (ender[-1] in "”’\"'" and "\u3400" <= following <= "\u9fff")


def _is_abbreviated(text: str, begin: int, stop: int) -> bool:
    """Tell whether a full stop belongs to an abbreviation, an initial, or the number of a list item."""
    word = text[max(begin, stop - 10) : stop]
    return (
        text[begin:stop].strip(_MARKUP).isdigit() if word.strip(_MARKUP).isdigit() else bool(_ABBREVIATION.search(word))
    )


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Add the stretch without its outer white space, if anything is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))
