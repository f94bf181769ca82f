"""Links: bare URLs, ``[text](url)``, and marks such as ``[18]`` resolved through the list of references."""

from __future__ import annotations

import re

from corpus.documents import Link
from corpus.lines import Line

_URL = re.compile(r"https?:/{2,3}[!-~]+")
_MARKDOWN = re.compile(r"\[([^\[\]\n]*)\]\((https?:/{2,3}[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)\)")
_ENTRY = re.compile(r"\s*\[(\d{1,3})\]\s*(.*?)[:：]?\s*(https?:/{2,3}[!-~]+)\s*$")
_MARK = re.compile(r"\[(\d{1,3})\]")


def find_links(text: str, lines: list[Line]) -> list[Link]:
    """Return all links in order of their start."""
    links: list[Link] = []
    targets = {}
    for line in lines:
        if (entry := _ENTRY.match(line.text)) is not None:
            targets.setdefault(entry[1], (entry[3], entry[2]))
    taken: set[int] = set()
    for match in _MARKDOWN.finditer(text):
        links.append(Link(match.start(), match.end(), _repair(match[2]), match[1]))
        taken.update(range(match.start(), match.end()))
    for match in _URL.finditer(text):
        if match.start() not in taken:
            url = match.group().rstrip(".,;:!?)]}'\"`")
            links.append(Link(match.start(), match.start() + len(url), _repair(url)))
    for match in _MARK.finditer(text):
        if match[1] in targets and match.start() not in taken:
            url, label = targets[match[1]]
            links.append(Link(match.start(), match.end(), _repair(url), label))
    return sorted(links, key=lambda link: link.start)


def find_references(lines: list[Line]) -> list[int]:
    """Return the line numbers of the entries of reference lists."""
    return [number for number, line in enumerate(lines) if _ENTRY.match(line.text)]


def _repair(url: str) -> str:
    """Take the third slash out of ``https:///host``."""
    return re.sub(r"^(https?:)/{3,}", r"\1//", url)
