"""Where the sentences of a Chinese or English text begin and end.

A newline always ends a sentence, so headings, list items and table rows stand alone. Nothing here knows documents.
"""

from __future__ import annotations

import re

from corpus.patterns import pattern

# What may follow the ender and still belongs to its sentence.
_CLOSERS = "”’」』】）)》〉\"'"
_ENDER = pattern(
    rf"""
      \n                                            # a new line
    | [。！？｡…]+[。！？｡…!?]*[{_CLOSERS}]*         # Chinese enders, also several
    | (?<=[\u3400-\u9fff）)”"])[!?]+[{_CLOSERS}]*    # half-width enders after Chinese
    | [.!?]+[{_CLOSERS}]*(?:\[\d{{1,3}}\])*(?=[ \t]+|\n|\Z|(?=[\u3400-\u9fff]))  # Latin enders before a space or Chinese
    | [；;](?=\s|[\u3400-\u9fff])                    # a semicolon between clauses that stand alone
    """,
    re.VERBOSE,
)
_ABBREVIATION = pattern(
    r"(?:\b(?:e\.g|i\.e|et al|etc|vs|cf|approx|resp|Fig|Figs|Eq|Eqs|Sec|Ref|Refs|No|Nos|Vol|pp|Dr|Mr|Mrs|Ms|Prof|St|Inc|Ltd|Co|Corp|Jr|Sr|[A-Z])"
    r"|\b[A-Za-z]\.[A-Za-z]|^\s*\d{1,3}|\b[a-zA-Z])\Z"
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text as half-open offsets, in order, without outer white space.

    >>> [text for start, end in split_sentences("It has 1.4T tokens. 性能更好。") for text in ["It has 1.4T tokens. 性能更好。"[start:end]]]
    ['It has 1.4T tokens.', '性能更好。']
    """
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in _ENDER.finditer(text):
        if _is_inside(text, begin, match):
            continue
        _append(spans, text, begin, match.end())
        begin = match.end()
    _append(spans, text, begin, len(text))
    return spans


def _is_inside(text: str, begin: int, match: re.Match[str]) -> bool:
    """Tell whether a full stop belongs to an abbreviation, an initial or a number at the start of a line."""
    if match.group()[0] != ".":
        return False
    return bool(_ABBREVIATION.search(text, max(begin, match.start() - 12), match.start()))


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Add the stretch without its outer white space, if anything is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))
