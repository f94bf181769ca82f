"""The papers that the documents of an index link: which of them it lacks, and bringing in their abstracts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus import Document, Skipped
from index import Index
from rag.refreshing import Progress
from rag.sources import Manner, papers_through, stage


@dataclass(frozen=True, slots=True)
class FetchedPapers:
    """What fetching has done: ids of papers by what became of them, and those that could not be had."""

    index: Index
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...] = ()


def missing_papers(documents: Iterable[Document], index: Index) -> list[str]:
    """Return the ids of the papers that documents link and that an index does not hold."""
    from corpus.web.papers import linked_papers, paper_of

    infos = index.documents()
    held = {name for info in infos for name in (paper_of(info.id), paper_of(info.url or "")) if name}
    return [id_ for id_ in linked_papers(documents) if id_ not in held]


def fetch_papers(
    index: Index, manner: Manner, *, only: Sequence[str] = (), refresh: bool = False, progress: Progress | None = None
) -> FetchedPapers:
    """Bring the abstracts of papers into an index, as one new snapshot; where nothing changed none is made.

    Args:
        index: What the papers go into.
        manner: How they are asked for.
        only: Ids of papers; by default all that the index's documents link.
        refresh: Ask also for those that were asked for before.
        progress: Told of the stages.
    """
    from corpus.web.papers import linked_papers

    held = {info.id: info.content_hash for info in index.documents()}
    wanted = only or linked_papers(index.document(id_) for id_ in held)
    reading = papers_through(manner).read(wanted, refresh=refresh, progress=stage(progress, "fetching"))
    added = tuple(paper.id for paper in reading.documents if paper.id not in held)
    changed = tuple(p.id for p in reading.documents if held.get(p.id, p.content_hash) != p.content_hash)
    if added or changed:
        new = {*added, *changed}
        index.update([paper for paper in reading.documents if paper.id in new], progress=progress)
    return FetchedPapers(index, added, changed, len(reading.documents) - len(added) - len(changed), reading.skipped)
