"""What goes into an engine and comes out of it: rows of passages and documents, and which of them are meant.

Everything that a condition compares is a number of ours (of passages, documents, kinds, languages; years), so no text of
anyone's ever stands in an expression.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from index.embedders import Floats

Numbers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
NO_YEAR = -1


@dataclass(frozen=True, slots=True)
class Terms:
    """The weighted terms of passages, one passage after the other; numbers of terms rise within a passage."""

    starts: Numbers  # (passages + 1,)
    numbers: Small
    weights: Floats  # BM25 without the idf

    def __getitem__(self, rows: slice) -> Terms:
        starts = self.starts[rows.start : rows.stop + 1]
        among = slice(int(starts[0]), int(starts[-1]))
        return Terms(starts - starts[0], self.numbers[among], self.weights[among])


@dataclass(frozen=True, slots=True)
class PassageRows:
    """Passages whose numbers follow each other; arrays of one length."""

    first: int  # number
    serials: Numbers  # of their documents
    sameness: Numbers
    kinds: Small
    languages: Small
    years: Small  # NO_YEAR: unknown
    vectors: Floats  # (passages, dimensions)
    terms: Terms
    digests: Numbers  # of vector and terms

    def __len__(self) -> int:
        return len(self.serials)

    @property
    def end(self) -> int:
        """The number after the last passage's."""
        return self.first + len(self)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A version of a document: what lists show, where its passages are, and its content (``index.remote.contents``)."""

    serial: int  # numbers versions in the order they came
    key: int  # of its id, see ``key_of``
    place: int  # among the documents
    first: int  # number of its first passage
    passages: int
    info: str  # JSON
    content: bytes = b""  # empty where it was not asked for

    @property
    def end(self) -> int:
        """The number after its last passage's."""
        return self.first + self.passages


@dataclass(frozen=True, slots=True)
class Where:
    """Which passages may be found; None sets no condition."""

    below: int  # numbers that are published
    without: tuple[tuple[int, int], ...] = ()  # first and end of passages that are removed
    documents: tuple[int, ...] | None = None  # serials
    kinds: tuple[int, ...] | None = None
    languages: tuple[int, ...] | None = None
    years: tuple[int | None, int | None] | None = None  # both included

    def both(self, other: Where) -> Where:
        """Return what both mean."""
        return replace(
            self,
            documents=_shared(self.documents, other.documents),
            kinds=_shared(self.kinds, other.kinds),
            languages=_shared(self.languages, other.languages),
            years=_overlap(self.years, other.years),
        )

    @property
    def is_narrow(self) -> bool:
        """Whether passages that are published and not removed may be left out."""
        return (self.documents, self.kinds, self.languages, self.years) != (None, None, None, None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing can meet the conditions."""
        none_left = () in (self.documents, self.kinds, self.languages)
        first, last = self.years or (None, None)
        return none_left or (first is not None and last is not None and first > last)


@dataclass(frozen=True, slots=True)
class Found:
    """What an engine found: numbers of passages, ascending, with what stands beside them; arrays of one length."""

    numbers: Numbers
    serials: Numbers
    sameness: Numbers
    lexical: Floats
    vector: Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, float, float]]) -> Self:
        """Make arrays of rows: number, serial, sameness, both scores."""
        columns = list(zip(*sorted(rows), strict=True)) or [()] * 5
        numbers, serials, sameness = (np.array(column, np.int64) for column in columns[:3])
        lexical, vector = (np.array(column, np.float32) for column in columns[3:])
        return cls(numbers, serials, sameness, lexical, vector)


def key_of(document_id: str) -> int:
    """Return the number that stands for a document's id; two ids share one as often as two hashes of 63 bits are alike."""
    digest = hashlib.blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def digests_of(vectors: Floats, terms: Terms) -> Numbers:
    """Return a hash of each passage's vector and weighted terms."""
    found = np.zeros(len(vectors), np.int64)
    for row, (start, end) in enumerate(zip(terms.starts[:-1].tolist(), terms.starts[1:].tolist(), strict=True)):
        digest = hashlib.blake2b(vectors[row].astype("<f4").tobytes(), digest_size=8)
        digest.update(terms.numbers[start:end].astype("<i4").tobytes())
        digest.update(terms.weights[start:end].astype("<f4").tobytes())
        found[row] = int.from_bytes(digest.digest(), "little", signed=True)
    return found


def _shared(some: tuple[int, ...] | None, others: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if some is None or others is None:
        return others if some is None else some
    return tuple(sorted({*some} & {*others}))


def _overlap(
    one: tuple[int | None, int | None] | None, other: tuple[int | None, int | None] | None
) -> tuple[int | None, int | None] | None:
    if one is None or other is None:
        return other if one is None else one
    firsts = [year for year in (one[0], other[0]) if year is not None]
    lasts = [year for year in (one[1], other[1]) if year is not None]
    return max(firsts, default=None), min(lasts, default=None)
