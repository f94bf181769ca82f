"""A kept conversation as a file: Markdown to read, JSON for programs, BibTeX of what it cites.

Foreign strings are escaped for the format they go into: no line of a document becomes a heading or an entry of ours.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict

from ui.conversations import Conversation
from ui.handlers import Source
from ui.rendering import clean, safe_url

_ARXIV = re.compile(r"arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5})", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    s: f"\\{s}" for s in "{}$&#%_"
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")


def to_markdown(conversation: Conversation) -> str:
    """Return the questions and answers with their sources below each, quotes included."""
    parts = [f"# {_line(conversation.title)}"]
    for turn in conversation.turns:
        parts.append(f"## {_line(turn.question)}")
        parts.append(clean(turn.error or turn.text).strip())
        parts += [f"> {_line(note)}" for note in turn.notes]
        if turn.sources:
            parts.append("\n".join(_listed(source) for source in turn.sources))
    return "\n\n".join(part for part in parts if part) + "\n"


def to_json(conversation: Conversation) -> str:
    """Return the conversation with everything that was kept of it."""
    return json.dumps(asdict(conversation), ensure_ascii=False, indent=1) + "\n"


def to_bibtex(conversation: Conversation) -> str:
    """Return an entry for each document that is cited, in the order of citation; "" for none."""
    cited = {
        source.document_id: source
        for turn in conversation.turns
        for source in turn.sources
        if turn.outcome != "refused"
    }
    keys: set[str] = set()
    return "\n".join(_entry(source, _key(source, keys)) for source in cited.values())


FORMATS: Mapping[str, tuple[str, Callable[[Conversation], str]]] = {
    "md": ("text/markdown", to_markdown),
    "json": ("application/json", to_json),
    "bib": ("application/x-bibtex", to_bibtex),
}


def _listed(source: Source) -> str:
    where = " · ".join(_line(part) for part in (source.title, source.section) if part)
    url = safe_url(source.url)
    return f"- \\[{source.number}\\] {where}: “{_line(source.quote)}”" + (f" <{url}>" if url else "")


def _line(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(clean(text).split()))


def _entry(source: Source, key: str) -> str:
    fields = "".join(f"  {name} = {{{_tex(value)}}},\n" for name, value in _fields(source))
    return f"@{'article' if _arxiv(source) else 'misc'}{{{key},\n{fields}}}\n"


def _fields(source: Source) -> Iterator[tuple[str, str]]:
    url = safe_url(source.url)
    arxiv = _arxiv(source)
    told = {
        "title": source.title,
        "author": " and ".join(part.strip() for part in source.author.split(",") if part.strip()),
        "year": _year(source),
        "journal": f"arXiv preprint arXiv:{arxiv}" if arxiv else "",
        "eprint": arxiv,
        "url": url or "",
    }
    return ((name, value) for name, value in told.items() if value)


def _key(source: Source, taken: set[str]) -> str:
    """Return a key of ASCII letters and digits that no other entry has: first author, year, first word of the title."""
    author = source.author.partition(",")[0].split()
    words = [author[-1] if author else "", _year(source), *_plain(source.title).split()[:1]]
    base = re.sub(r"[^a-z0-9]", "", _plain("".join(words)).lower()) or "document"
    key, n = base, 1
    while key in taken:
        n += 1
        key = f"{base}-{n}"
    taken.add(key)
    return key


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _year(source: Source) -> str:
    found = _YEAR.search(source.date)
    return found[0] if found else ""


def _arxiv(source: Source) -> str:
    found = _ARXIV.search(source.url or "")
    return found[1] if found else ""


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in " ".join(clean(text).split()))
