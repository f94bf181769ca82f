"""Markdown: front matter becomes facts; scripts, styles and comments that it holds as HTML are not its text."""

from __future__ import annotations

from corpus.decoding import decode
from corpus.formats import Extract
from corpus.formats.plain import encoding_facts, unified
from corpus.front_matter import take_front_matter
from corpus.lines import read_lines
from corpus.patterns import pattern

_OPENS = pattern(r"\s*<(script|style|noscript|template)\b", 2)  # IGNORECASE


def extract(data: bytes, name: str) -> Extract:
    """Return the text below the front matter, with the fields of the front matter."""
    decoded = decode(data)
    fields, text = take_front_matter(unified(decoded))
    facts = {key: value for key, value in fields.items() if key not in {"title", "url"}}
    return Extract(
        without_scripts(text), fields.get("title", ""), fields.get("url", ""), facts | encoding_facts(decoded)
    )


def without_scripts(text: str) -> str:
    r"""Return Markdown without the scripts and styles that begin a line of it, those in code aside.

    >>> without_scripts("a\n<script>\nb()\n</script>\nc")
    'a\nc'
    """
    if "<" not in text:
        return text
    kept: list[str] = []
    closing = ""
    for line in read_lines(text):
        if not closing and line.kind != "code" and (opened := _OPENS.match(line.text)):
            closing = f"</{opened[1].lower()}"
        if not closing:
            kept.append(line.text)
        elif closing in line.text.lower():
            closing = ""
    return text if closing else "\n".join(kept)
