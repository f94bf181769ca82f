"""Segments to rows: what an engine is given of documents and passages that were analysed and embedded already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.catalogue import DocumentInfo
from index.embedders import Floats
from index.remote.catalogue import content_of
from index.remote.engine import as_signed
from index.remote.manifests import year_number
from index.remote.rows import DocumentRow, Numbers, PassageRows, Small, Terms, digests_of, key_of
from index.segments import Segment

BATCH = 2_000  # passages that are written at once
PIECE = 200  # documents
_BYTES = 8_000_000  # of documents


@dataclass(frozen=True, slots=True)
class Numbering:
    """Where the rows of a segment begin, and the numbers that stand for kinds and languages."""

    serial: int
    number: int
    kinds: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A segment without what is dead, ready to be written. Its passages are numbered on from ``numbering.number``."""

    segment: Segment
    numbering: Numbering
    infos: tuple[DocumentInfo, ...]
    living: Numbers  # numbers of the passages in the segment, ascending
    serials: Numbers  # of each living passage's document
    columns: npt.NDArray[np.int32]  # (3, living) kind, language, year
    terms: Terms  # of the living passages; numbers are those of the index

    @property
    def end(self) -> int:
        """The number after the last passage's."""
        return self.numbering.number + len(self.living)

    def passages(self) -> Iterator[PassageRows]:
        """Yield the passages, at most ``BATCH`` at once."""
        for start in range(0, len(self.living), BATCH):
            yield self._batch(slice(start, min(start + BATCH, len(self.living))))

    def documents(self) -> Iterator[list[DocumentRow]]:
        """Yield the documents, so many at once as a request may hold."""
        batch: list[DocumentRow] = []
        for row in self._documents():
            batch.append(row)
            if len(batch) >= PIECE or sum(len(one.content) for one in batch) > _BYTES:
                yield batch
                batch = []
        if batch:
            yield batch

    def stated(self) -> dict[int, list[tuple[str, str]]]:
        """Return the pairs of names that the documents state, by their serials."""
        serials = {int(first): int(serial) for first, serial in zip(self.living, self.serials, strict=True)}
        found: dict[int, list[tuple[str, str]]] = {}
        for first, name, other in self.segment.catalogue.names():
            if first in serials:
                found.setdefault(serials[first], []).append((name, other))
        return found

    def _batch(self, rows: slice) -> PassageRows:
        vectors: Floats = self.segment.vectors.vectors_of(self.living[rows])
        terms = self.terms[rows]
        kinds, languages, years = self.columns[:, rows]
        return PassageRows(
            first=self.numbering.number + rows.start,
            serials=self.serials[rows],
            sameness=as_signed(self.segment.sameness[self.living[rows]]),
            kinds=kinds,
            languages=languages,
            years=years,
            vectors=vectors,
            terms=terms,
            digests=digests_of(vectors, terms),
        )

    def _documents(self) -> Iterator[DocumentRow]:
        serial, number = self.numbering.serial, self.numbering.number
        dead = set(self.segment.gone.tolist())
        for stored in self.segment.catalogue.rows():
            id_, place, first, count, info, *_ = stored[0]
            if first in dead:
                continue
            key = key_of(id_.decode("utf-8", "surrogatepass"))
            yield DocumentRow(serial, key, int(place), number, int(count), info, content_of(stored))
            serial, number = serial + 1, number + int(count)


def prepare(segment: Segment, numbering: Numbering, numbers: Small) -> Prepared:
    """Prepare a segment; ``numbers`` are those that the index gives the segment's terms."""
    dead = set(segment.gone.tolist())
    documents = [
        (placed.passages, info) for placed, info in segment.catalogue.documents() if placed.passages.start not in dead
    ]
    documents.sort(key=lambda document: document[0].start)
    counts = [len(passages) for passages, _ in documents]
    infos = tuple(info for _, info in documents)
    kinds, languages = ({name: at for at, name in enumerate(names)} for names in (numbering.kinds, numbering.languages))
    columns = np.array([[kinds[i.kind], languages[i.language], year_number(i)] for i in infos], np.int32).reshape(-1, 3)
    living = np.setdiff1d(np.arange(len(segment)), segment.gone, assume_unique=True)
    return Prepared(
        segment=segment,
        numbering=numbering,
        infos=infos,
        living=living,
        serials=np.repeat(np.arange(numbering.serial, numbering.serial + len(infos)), counts),
        columns=np.repeat(columns, counts, axis=0).T,
        terms=_terms(segment, living, numbers),
    )


def with_names(former: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return names with new ones behind those that there are.

    >>> with_names(["paper"], ["survey", "paper"])
    ('paper', 'survey')
    """
    return tuple(dict.fromkeys([*former, *names]))


def counts_of(prepared: Prepared, terms: int) -> tuple[Small, Small]:
    """Return for each number of a term below ``terms`` how many passages hold it, and how many Chinese ones."""
    chinese = np.repeat(prepared.segment.chinese[prepared.living], np.diff(prepared.terms.starts))
    numbers = prepared.terms.numbers
    found = (np.bincount(some, minlength=terms).astype(np.int32) for some in (numbers, numbers[chinese]))
    holding, held_in_chinese = found
    return holding, held_in_chinese


def _terms(segment: Segment, living: Numbers, numbers: Small) -> Terms:
    """Return the weighted terms of the living passages, those of each passage ascending."""
    from scipy import sparse

    postings = segment.postings
    shape = (len(postings.vocabulary), len(segment))
    by_term = sparse.csr_matrix((postings.weights, postings.passages, postings.starts), shape=shape)
    by_passage = by_term.tocsc()[:, living]
    renumbered = sparse.csc_matrix(
        (by_passage.data, numbers[by_passage.indices], by_passage.indptr),
        shape=(int(numbers.max(initial=0)) + 1, len(living)),
    )
    renumbered.sort_indices()
    return Terms(
        renumbered.indptr.astype(np.int64), renumbered.indices.astype(np.int32), renumbered.data.astype(np.float32)
    )
