"""Lines that recur at the edges of the documents of one folder: the frame that a site or a template puts around each.

Judged by counting, whatever the words: the outcome hangs on which documents there are, and not on their order or on which of
them was read first. What reads like content is never lost: sentences, and lines that may be headings, stay in the first document
by its path; fields, rows and what stands under a marked heading stay everywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from corpus.documents import Document
from corpus.lines import Line, columns, read_lines
from corpus.paging import FIELD
from corpus.patterns import pattern
from corpus.readings import Cut
from corpus.titles import clean_title

RULE = "recurs in the folder"
"""Why these lines were cut, for ``Cut.rules``."""

_KINDS = frozenset({"markdown", "text", "page", "word"})  # records and sheets repeat their fields
_FEWEST = 4  # documents
_EDGE = 15  # filled lines at either end
_TOGETHER = 3  # lines that recur side by side
_WIDEST = 28  # columns of a name or a button
_SENTENCE_END = ".。!！?？;；…:："
_NAMED = pattern(r"\s*(?:[-*•]\s+)?[^:：|]{1,24}[:：]\s*\S")
_POINTS = pattern(r"©|\(c\)|https?:/|www\.|\w@\w|\]\(", 2)  # IGNORECASE


class Stripped(NamedTuple):
    """Documents without the lines that recur in their folders, and those lines."""

    documents: tuple[Document, ...]
    cut: tuple[Cut, ...]


class _Edge(NamedTuple):
    """A line near one end of a document: its number, and what is the same wherever it recurs."""

    number: int
    key: str


def without_recurring(documents: Sequence[Document], neighbours: Iterable[Document] = ()) -> Stripped:
    """Return documents without what recurs at their edges.

    Args:
        documents: What was read.
        neighbours: Further documents of the same folders, which count and are not returned.
    """
    counted = {document.id: document for document in (*neighbours, *documents)}
    folders: dict[str, list[Document]] = defaultdict(list)
    for document in counted.values():
        if document.kind in _KINDS and FIELD not in document.metadata:
            folders[document.id.rpartition("/")[0]].append(document)
    frames = {name: _Frame(held) for name, held in folders.items() if len(held) >= _FEWEST}
    kept, cut = [], []
    for document in documents:
        frame = frames.get(document.id.rpartition("/")[0])
        lines = frame.found_in(document) if frame else []
        kept.append(_without(document, lines) if lines else document)
        if lines:
            texts = tuple(line.text.strip() for line in lines)
            cut.append(Cut(document.id, texts, (RULE,) * len(texts)))
    return Stripped(tuple(kept), tuple(cut))


class _Frame:
    """What recurs in one folder."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._first: dict[str, str] = {}
        for document in sorted(documents, key=lambda document: document.id):
            lines = read_lines(document.text)
            for counts, edge in zip(self._counts, _edges(document, lines), strict=True):
                keys = {each.key for each in edge}
                counts.update(keys)
                for key in keys:
                    self._first.setdefault(key, document.id)

    def found_in(self, document: Document) -> list[Line]:
        """Return the lines of a document that belong to the frame."""
        if document.kind not in _KINDS or FIELD in document.metadata:
            return []
        lines = read_lines(document.text)
        filled = sum(line.kind != "blank" for line in lines)
        found: list[Line] = []
        for counts, edge in zip(self._counts, _edges(document, lines), strict=True):
            run = list(takewhile(lambda each: counts[each.key] >= _FEWEST, edge))  # noqa: B023 used at once
            if len(run) < _EDGE and 2 * len(run) < filled:  # else they are versions of one text
                found += self._judged(document, [lines[each.number] for each in run], [each.key for each in run])
        return sorted(set(found), key=lambda line: line.start)

    def _judged(self, document: Document, run: Sequence[Line], keys: Sequence[str]) -> list[Line]:
        """Return which lines of a run from one end inwards go."""
        if len(run) < _TOGETHER and not any(_POINTS.search(line.text) for line in run):
            return []
        if any(line.kind == "heading" for line in run):
            return []  # what stands under a heading of its own is content
        headings = {section.start for section in document.sections}
        titled = any(line.start in headings for line in run)  # or may be, in a text that marks no headings
        return [
            line
            for line, key in zip(run, keys, strict=True)
            if not _NAMED.match(line.text)
            and (self._first[key] != document.id or (_reads_like_frame(line.text) and not titled))
        ]


def _edges(document: Document, lines: Sequence[Line]) -> tuple[list[_Edge], list[_Edge]]:
    """Return the lines at the head of a document below its title, and those at its tail from the last one inwards."""
    filled = [
        _Edge(number, "".join(line.text.split()).lower())
        for number, line in enumerate(lines)
        if line.kind != "blank" and clean_title(line.text.lstrip("# ")) != document.title
    ]
    plain = {number for number, line in enumerate(lines) if line.kind not in {"row", "code"}}
    head = list(takewhile(lambda each: each.number in plain, filled[:_EDGE]))
    return head, list(takewhile(lambda each: each.number in plain, filled[: -_EDGE - 1 : -1]))


def _reads_like_frame(text: str) -> bool:
    """Tell whether a line that recurs says nothing by itself: a name, a button, a link, a mark of copyright."""
    words = text.strip()
    return bool(_POINTS.search(words)) or (columns(words) <= _WIDEST and words[-1] not in _SENTENCE_END)


def _without(document: Document, lines: Sequence[Line]) -> Document:
    """Return a document without some of its lines; what they hid at its edges is cleaned."""
    from corpus.reading import parse

    gone = {line.start for line in lines}
    text = "\n".join("" if line.start in gone else line.text for line in read_lines(document.text))
    return parse(
        text, id=document.id, title=document.title, url=document.url, kind=document.kind, metadata=document.metadata
    )
