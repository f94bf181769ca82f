"""What a person names as documents: folders, files, addresses on the web, papers; read in the order in which they are named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from corpus import Document, ReadError, Skipped, read_folder
from corpus.errors import UsageError
from corpus.readings import Cut, Reading
from rag.refreshing import Progress

if TYPE_CHECKING:
    from corpus.keeping import KeptReadings
    from corpus.web.papers import Papers
    from corpus.workers import Readers

_SHORTEST_DOUBLE = 200  # characters; shorter texts are equal by chance


@dataclass(frozen=True, slots=True)
class Manner:
    """How sources are read.

    ``workers`` processes, or who else reads, read side by side (None: as many processes as suit), ``allowed`` hosts may be asked though they are not
    public, ``arxiv`` is the interface that is asked for papers (None: arXiv's own), ``cache`` the folder that keeps them,
    ``show_cut`` asks for the lines that cleaning cut, ``kept`` is where readings of folders and pages are kept (None: nowhere).
    """

    workers: int | Readers | None = None
    allowed: tuple[str, ...] = ()
    arxiv: str | None = None
    cache: Path | None = None
    show_cut: bool = False
    kept: Path | None = None


PLAINLY = Manner()


@dataclass(frozen=True, slots=True)
class Source:
    """What was read of one thing that was named; ``home`` is its folder, None on the web."""

    reading: Reading
    home: Path | None


def read_sources(named: Sequence[Path | str], manner: Manner, progress: Progress | None = None) -> Iterator[Source]:
    """Yield what is read of everything that was named: a folder at a time, files of one folder and addresses together.

    What cannot be read is listed, unless it is the only thing that was named.

    Raises:
        UsageError: There is no such file or folder.
        ReadError: The one file or address that was named cannot be read.
    """
    addresses = [str(each) for each in named if is_address(each)]
    paths = _apart([each for each in named if not is_address(each)])
    alone = len(named) == 1
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 Path.exists raises for names that are too long or may not be looked at
            raise UsageError(f"There is no file or folder {path}. Give the path of your documents.")
    for group in _groups(paths):
        yield _read_group(group, manner, progress, alone)
    if addresses:
        reading = _read_addresses(addresses, manner, progress)
        if alone and not reading.documents:
            raise ReadError(f"{reading.skipped[0].path}: {reading.skipped[0].reason}.")
        yield Source(reading, None)


def is_address(named: Path | str) -> bool:
    """Tell whether something that was named is on the web; a file of that name comes first."""
    from corpus.web.papers import paper_of

    if not isinstance(named, str) or os.path.lexists(named):
        return False
    return named.lower().startswith(("http://", "https://")) or bool(paper_of(named))


class Once(NamedTuple):
    """Documents, each text once, and the others with the reason."""

    documents: tuple[Document, ...]
    doubles: tuple[Skipped, ...]


def without_doubles(documents: Sequence[Document]) -> Once:
    """Return documents with each text once: what stands under several names is left out from the second one on."""
    from corpus.duplicates import same_text_key

    first_of: dict[str, str] = {}
    kept, doubles = [], []
    for document in documents:
        first = document.id
        if len(document.text) >= _SHORTEST_DOUBLE:
            first = first_of.setdefault(same_text_key(document), document.id)
        if first == document.id:
            kept.append(document)
        else:
            doubles.append(Skipped(document.id, f"it has the same text as {first}"))
    return Once(tuple(kept), tuple(doubles))


def _once(reading: Reading) -> Reading:
    once = without_doubles(reading.documents)
    return replace(reading, documents=once.documents, skipped=reading.skipped + once.doubles)


def _apart(paths: Sequence[Path | str]) -> list[Path]:
    """Return the paths without those that are given twice or lie inside another one, which would be read twice."""
    if any("\0" in str(path) for path in paths):
        raise UsageError("A path holds a NUL character. Give the path of your documents.")
    places = {Path(os.path.realpath(path)): Path(path) for path in paths}
    return [path for place, path in places.items() if not any(parent in places for parent in place.parents)]


def _groups(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield folders one by one, and files that follow each other and lie in the same folder together."""
    group: list[Path] = []
    for path in paths:
        is_folder = os.path.isdir(path)  # noqa: PTH112 Path.is_dir raises where it may not look
        if group and (is_folder or path.absolute().parent != group[0].absolute().parent):
            yield group
            group = []
        if is_folder:
            yield [path]
        else:
            group.append(path)
    if group:
        yield group


def _read_group(group: list[Path], manner: Manner, progress: Progress | None, alone: bool) -> Source:
    """Read a folder, or files of one folder."""
    from corpus.files import read_files

    first = group[0]
    tell = stage(progress, "reading")
    if os.path.isdir(first):  # noqa: PTH112 as above
        found = read_folder(first, progress=tell, workers=manner.workers, show_cut=manner.show_cut, kept=manner.kept)
        return Source(_once(found), first)
    reading = read_files(group, progress=tell, workers=manner.workers, show_cut=manner.show_cut, kept=manner.kept)
    if alone and not reading.documents:
        reasons = [
            each.reason if each.path == first.name else f"{each.path}: {each.reason}" for each in reading.skipped
        ]
        raise ReadError(f"{first}: {'; '.join(reasons[:3])}.")
    return Source(_once(reading), first.absolute().parent)


def _read_addresses(addresses: Sequence[str], manner: Manner, progress: Progress | None) -> Reading:
    """Read pages one by one and papers together."""
    from corpus.web.fetching import Fetcher
    from corpus.web.pages import read_page
    from corpus.web.papers import paper_of

    fetcher = Fetcher(allowed=manner.allowed)
    papers = [id_ for address in addresses if (id_ := paper_of(address)) and not _is_file(address)]
    pages = [address for address in addresses if not paper_of(address) or _is_file(address)]
    found = papers_through(manner).read(papers) if papers else Reading(())
    documents, skipped, cut = list(found.documents), list(found.skipped), list[Cut]()
    with _kept_pages(None if manner.show_cut else manner.kept) as kept:
        for number, address in enumerate(pages, 1):
            try:
                page = read_page(address, fetcher, show_cut=manner.show_cut, kept=kept)
            except ReadError as error:
                skipped.append(Skipped(address, str(error).removeprefix(f"{address}: ").rstrip(".")))
            else:
                documents += page.documents
                skipped += page.skipped
                cut += page.cut
            if progress:
                progress("fetching", number, len(pages))
    return Reading(tuple(documents), tuple(skipped), tuple(cut))


def forget_pages(ids: Iterable[str], kept: Path | None) -> None:
    """Delete what is kept of pages that were removed from an index."""
    pages = {id_.partition("#")[0] for id_ in ids if is_address(id_)}
    if pages and kept is not None and kept.is_dir():
        with _kept_pages(kept) as readings:
            readings.forget(pages)


def _kept_pages(kept: Path | None) -> KeptReadings:
    """Return the readings of pages, which are kept beside those of folders as if they were files of that folder."""
    from corpus.files import LARGEST_DOCUMENT
    from corpus.keeping import KeptReadings

    return KeptReadings(kept, kept or Path(), largest=LARGEST_DOCUMENT)


def papers_through(manner: Manner) -> Papers:
    """Return what asks for papers, with the cache and the interface that the manner names."""
    from corpus.web.fetching import Fetcher
    from corpus.web.papers import ARXIV, Papers

    return Papers(Fetcher(allowed=manner.allowed), manner.cache, arxiv=manner.arxiv or ARXIV)


def _is_file(address: str) -> bool:
    """Tell whether the address of a paper leads to the paper itself and not to the page about it."""
    return "/pdf" in address or "/html/" in address


def stage(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    """Return what tells the progress of one stage, None if nobody listens."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)
