"""Papers: what arXiv and OpenReview say of one (title, authors, dates, versions, abstract), as a document.

Asks politely: many papers in one request, seconds between requests, a cache on disk, and again only a few times when
told to wait.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from corpus.documents import Document
from corpus.errors import FetchError, Offline, ReadError
from corpus.formats.writing import heading, join, one_line
from corpus.formats.xml import Element, parse_xml
from corpus.patterns import pattern
from corpus.readings import Reading, Skipped
from corpus.web.fetching import Fetcher, Refusal

logger = logging.getLogger(__name__)

ARXIV = "https://export.arxiv.org/api/query"
OPENREVIEW = "https://api2.openreview.net/notes"
PAUSE = 3.0
"""Seconds between requests, as arXiv asks."""

_TOGETHER = 50  # papers in one request
_ATTEMPTS = 3
_LONGEST_WAIT = 60.0
_ID = r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?P<version>v\d{1,2})?"
_SPEC = pattern(rf"arxiv:\s*{_ID}", 2)  # IGNORECASE
_PATH = pattern(rf"/(?:abs|pdf|html|format)/{_ID}(?:\.pdf)?/?")
_FORUM = pattern(r"[\w-]{6,40}")
_ATOM = "{http://www.w3.org/2005/Atom}"
_OWN = "{http://arxiv.org/schemas/atom}"
_LABELS = {
    "authors": "Authors",
    "published": "Submitted",
    "updated": "Last version",
    "venue": "Published in",
    "subjects": "Subjects",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """What is known of a paper. Dates are written 2023-02-27; ``version`` counts from 1, 0 where there are none."""

    id: str  # "arxiv:2302.13971", "openreview:ABC…"
    title: str
    authors: tuple[str, ...]
    abstract: str
    url: str
    published: str = ""
    updated: str = ""
    version: int = 0
    venue: str = ""
    subjects: str = ""

    def to_document(self) -> Document:
        """Return the paper as a document whose fields stand above its abstract."""
        from corpus.reading import parse

        values = {**asdict(self), "authors": ", ".join(self.authors)}
        if self.version > 1:
            values["updated"] = f"{self.updated} (v{self.version})"
        elif self.updated == self.published:
            values["updated"] = ""
        fields = [f"- {label}: {values[name]}" for name, label in _LABELS.items() if values[name]]
        link = [f"- Link: {self.url}"]
        text = join([heading(1, self.title), "\n".join([*fields, *link]), "## Abstract", self.abstract])
        metadata = {"author": values["authors"], "date": self.published, "version": str(self.version or "")}
        return parse(
            text, id=self.id, title=self.title, url=self.url, kind="abstract",
            metadata={key: value for key, value in metadata.items() if value},
        )  # fmt: skip


def paper_of(text: str) -> str:
    """Return the id of the paper that a text names ("arxiv:2302.13971") or that an address leads to, "" if none.

    >>> paper_of("arXiv:2302.13971v2"), paper_of("https://arxiv.org/abs/cs/0112017"), paper_of("https://openreview.net/forum?id=YicbFdNTTy")
    ('arxiv:2302.13971', 'arxiv:cs/0112017', 'openreview:YicbFdNTTy')
    """
    if match := _SPEC.fullmatch(text.strip()):
        return f"arxiv:{match['id']}"
    if text.startswith("openreview:") and _FORUM.fullmatch(text.removeprefix("openreview:")):
        return text
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("export.")
    except ValueError:
        return ""
    if host == "arxiv.org" and (match := _PATH.fullmatch(parts.path)):
        return f"arxiv:{match['id']}"
    forum = parse_qs(parts.query).get("id", [""])[0]
    if host == "openreview.net" and parts.path in {"/forum", "/pdf"} and _FORUM.fullmatch(forum):
        return f"openreview:{forum}"
    return ""


def linked_papers(documents: Iterable[Document]) -> list[str]:
    """Return the ids of the papers that documents link, each once, in the order of their first link."""
    return list(dict.fromkeys(id_ for document in documents for link in document.links if (id_ := paper_of(link.url))))


class Papers:
    """Asks for papers by their ids."""

    def __init__(
        self,
        fetcher: Fetcher,
        cache: Path | None = None,
        *,
        arxiv: str = ARXIV,
        openreview: str = OPENREVIEW,
        pause: float = PAUSE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._cache = cache
        self._arxiv = arxiv
        self._openreview = openreview
        self._pause = pause
        self._sleep = sleep
        self._asked = False

    def read(
        self, ids: Sequence[str], *, refresh: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Reading:
        """Return the papers as documents, and those that could not be had with the reason.

        Args:
            ids: As ``paper_of`` gives them.
            refresh: Ask also for what the cache holds; where nobody answers, the cache serves.
            progress: Told how many of how many are done.
        """
        papers: dict[str, Paper] = {}
        reasons: dict[str, str] = {}
        wanted = list(dict.fromkeys(ids))
        if not refresh:
            papers = {id_: paper for id_ in wanted if (paper := self._kept(id_))}
        for batch in _batches([id_ for id_ in wanted if id_ not in papers]):
            try:
                found = {paper.id: paper for paper in self._ask(batch)}
            except ReadError as error:
                reasons |= dict.fromkeys(batch, str(error))
                if isinstance(error, Offline):
                    reasons |= {id_: str(error) for id_ in wanted if id_ not in papers}
                    break
                continue
            for paper in found.values():
                self._keep(paper)
            papers |= found
            reasons |= {id_: "no paper has this id" for id_ in batch if id_ not in found}
            if progress:
                progress(len(papers) + len(reasons), len(wanted))
        papers |= {id_: paper for id_ in reasons if (paper := self._kept(id_))}
        missed = tuple(Skipped(id_, reason) for id_, reason in reasons.items() if id_ not in papers)
        return Reading(tuple(papers[id_].to_document() for id_ in wanted if id_ in papers), missed)

    def _ask(self, batch: Sequence[str]) -> list[Paper]:
        """Ask for papers of one site."""
        site, _, first = batch[0].partition(":")
        if site == "openreview":
            content = self._get(f"{self._openreview}?forum={quote(first)}&limit=1000")
            return list(_openreview_papers(content, first))
        numbers = ",".join(id_.partition(":")[2] for id_ in batch)
        return list(
            _arxiv_papers(self._get(f"{self._arxiv}?id_list={quote(numbers, safe=',/.')}&max_results={len(batch)}"))
        )

    def _get(self, url: str) -> bytes:
        """Ask an interface, not too often; again where it asks to wait."""
        for attempt in range(1, _ATTEMPTS + 1):
            if self._asked:
                self._sleep(self._pause)
            self._asked = True
            try:
                return self._fetcher.get(url, robots=False).content
            except Refusal as error:
                wait = error.wait or self._pause * 2**attempt
                if attempt == _ATTEMPTS or error.status not in {429, 500, 502, 503, 504} or wait > _LONGEST_WAIT:
                    raise
                logger.info("%s; asking again in %.0f seconds.", error, wait)
                self._sleep(wait)
        raise FetchError("it does not answer")

    def _kept(self, id_: str) -> Paper | None:
        """Return a paper from the cache."""
        if self._cache is None:
            return None
        try:
            fields = json.loads(self._place(id_).read_text("utf-8"))
            paper = Paper(**{**fields, "authors": tuple(fields["authors"])})
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return paper if _is_whole(paper) and paper.id == id_ else None

    def _keep(self, paper: Paper) -> None:
        """Write a paper into the cache; one that cannot be written is asked for again next time."""
        if self._cache is None:
            return
        place = self._place(paper.id)
        draft = place.with_suffix(f".{os.getpid()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(json.dumps(asdict(paper), ensure_ascii=False).encode("utf-8", "replace"))
            draft.replace(place)
        except OSError as error:
            logger.info("The cache of papers cannot be written: %s", error)

    def _place(self, id_: str) -> Path:
        return (self._cache or Path()) / f"{quote(id_, safe='.-')}.json"


def _is_whole(paper: Paper) -> bool:
    """Tell whether every field is of its type: what lies in a cache may be damaged."""
    values = {**asdict(paper), "authors": "", "version": ""}
    texts = all(isinstance(value, str) for value in (*values.values(), *paper.authors))
    return texts and isinstance(paper.version, int)


def _batches(ids: Sequence[str]) -> Iterator[list[str]]:
    """Yield ids that are asked for together."""
    arxiv = [id_ for id_ in ids if id_.startswith("arxiv:")]
    yield from (arxiv[first : first + _TOGETHER] for first in range(0, len(arxiv), _TOGETHER))
    yield from ([id_] for id_ in ids if not id_.startswith("arxiv:"))


def _arxiv_papers(content: bytes) -> Iterator[Paper]:
    """Yield the papers in an answer of arXiv."""
    for entry in parse_xml(content).iter(f"{_ATOM}entry"):
        match = _PATH.search(_path_of(_words(entry, "id")))
        title, abstract = _words(entry, "title"), _words(entry, "summary")
        if match is None or not abstract:  # "Error"
            continue
        yield Paper(
            id=f"arxiv:{match['id']}",
            title=title,
            authors=tuple(_words(author, "name") for author in entry.iter(f"{_ATOM}author")),
            abstract=abstract,
            url=f"https://arxiv.org/abs/{match['id']}",
            published=_words(entry, "published")[:10],
            updated=_words(entry, "updated")[:10],
            version=int((match["version"] or "v0")[1:]),
            venue=one_line(entry.findtext(f"{_OWN}journal_ref") or ""),
            subjects=", ".join(found.get("term") or "" for found in entry.iter(f"{_ATOM}category")),
        )


def _path_of(address: str) -> str:
    """Return the path of an address, "" for what is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _day(milliseconds: object) -> str:
    """Return the day of a time since 1970, "" for what is none."""
    try:
        return (
            datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat() if isinstance(milliseconds, int) else ""
        )
    except (OverflowError, OSError, ValueError):  # a year that no calendar here has
        return ""


def _words(element: Element, name: str) -> str:
    return one_line(element.findtext(f"{_ATOM}{name}") or "")


def _openreview_papers(content: bytes, forum: str) -> Iterator[Paper]:
    """Yield the paper of a forum in an answer of OpenReview."""
    try:
        notes = json.loads(content)["notes"]
        note = next(note for note in notes if note.get("id") == forum)
        fields = {name: value["value"] if isinstance(value, dict) else value for name, value in note["content"].items()}
        title, abstract = one_line(str(fields["title"])), one_line(str(fields["abstract"]))
    except StopIteration:
        return
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FetchError("what the site sends is no paper") from error
    authors = fields.get("authors")
    made = note.get("pdate") or note.get("cdate")
    yield Paper(
        id=f"openreview:{forum}",
        title=title,
        authors=tuple(map(str, authors)) if isinstance(authors, list) else (),
        abstract=abstract,
        url=f"https://openreview.net/forum?id={forum}",
        published=_day(made),
        venue=one_line(str(fields.get("venue") or "")),
    )
