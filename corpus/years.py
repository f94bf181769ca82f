"""The year of a document, from what its metadata and its arXiv number say; its text is not read for it."""

from __future__ import annotations

from collections.abc import Iterator

from corpus.documents import Document
from corpus.patterns import pattern

_FIELDS = ("year", "date", "published", "publication_date", "created", "日期", "年份", "updated", "update_date")
_YEAR = pattern(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ARXIV = pattern(r"(?<![\d.])(?P<year>\d\d)(?:0[1-9]|1[0-2])\.\d{4,5}(?!\d)")  # since April 2007
_OLD_ARXIV = pattern(r"[a-z-]+(?:\.[A-Z]{2})?/(?P<year>\d\d)(?:0[1-9]|1[0-2])\d{3}(?!\d)")


def year_of(document: Document) -> int | None:
    """Return the year in which a document was written, or None if nothing says so.

    >>> year_of(Document("a", "", metadata={"date": "May 5, 2023"}))
    2023
    >>> year_of(Document("arxiv:1706.03762", ""))
    2017
    """
    for field in _FIELDS:
        if found := _YEAR.search(document.metadata.get(field, "")):
            return int(found.group())
    return next(_arxiv_years(document), None)


def _arxiv_years(document: Document) -> Iterator[int]:
    """Yield the years in the arXiv numbers that a document's metadata, URL and id hold."""
    places = [document.metadata.get("arxiv", ""), document.metadata.get("arxiv_id", "")]
    places += [place for place in (document.url or "", document.id) if "arxiv" in place.lower()]
    for place in places:
        if found := _ARXIV.search(place):
            yield 2000 + int(found["year"])
        elif found := _OLD_ARXIV.search(place):
            year = int(found["year"])
            yield year + (1900 if year > 90 else 2000)
