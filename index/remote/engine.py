"""Engine: the few things that a server must do to hold an index, and how an address becomes one.

An index is built into a build of its own, which becomes current in one step; until then nobody sees it. A build has a head
(a few bytes that are replaced in one step), blobs (named bytes that are written once), documents and passages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from index.embedders import Floats
from index.remote.addresses import Address
from index.remote.rows import DocumentRow, Found, Numbers, PassageRows, Where


class Store(Protocol):
    """The data of one build. Every call waits for the engine as long as the address has patience, and may be repeated."""

    def head(self) -> bytes | None:
        """Return the head; None while the build is not complete."""

    def set_head(self, head: bytes, former: bytes | None) -> None:
        """Replace the head in one step.

        Raises:
            IndexLocked: It is no longer the former one, because another writer was faster.
        """

    def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Write blobs, or replace them."""

    def blobs(self, names: Collection[str]) -> dict[str, bytes]:
        """Return those of the blobs that there are."""

    def delete_blobs(self, names: Collection[str]) -> None:
        """Delete blobs."""

    def put_documents(self, rows: Sequence[DocumentRow], *, again: bool) -> None:
        """Write documents; ``again`` says that some may be there."""

    def documents(self, serials: Sequence[int] | range, *, content: bool) -> list[DocumentRow]:
        """Return those of the documents that there are, in the order of their serials; a range is read as one."""

    def documents_of(self, keys: Collection[int], *, certain: bool) -> list[DocumentRow]:
        """Return all versions of documents, without their content; what was written a moment ago only if ``certain``."""

    def put_passages(self, rows: PassageRows, *, again: bool) -> None:
        """Write passages; ``again`` says that some may be there."""

    def digests(self, first: int, end: int) -> tuple[Numbers, Numbers]:
        """Return the numbers of the passages in a range, ascending, and their digests."""

    def vectors(self, first: int, end: int) -> tuple[Numbers, Floats]:
        """Return the numbers of the passages in a range, ascending, and their vectors."""

    def delete(self, documents: Sequence[range], passages: Sequence[range]) -> None:
        """Delete documents by their serials and passages by their numbers; what is not there is passed over."""

    def finish(self, passages: int) -> None:
        """Make the passages searchable, which were all written, and wait until they are."""

    def candidates(self, terms: Mapping[int, float], vector: Floats | None, depth: int, where: Where) -> Found:
        """Return the ``depth`` best by terms and the ``depth`` nearest to the vector (None: none), with both scores of all."""

    def highest(self, terms: Mapping[int, float], where: Where) -> float:
        """Return the score of the passage that is best by terms; 0 if none scores."""

    def holding_all(self, terms: Collection[int], limit: int, where: Where) -> list[tuple[int, int]]:
        """Return number and serial of the first passages that hold all of the terms, ascending by number."""


class Engine(Protocol):
    """A server where indexes can live; safe to use from several threads."""

    @property
    def address(self) -> Address:
        """Where it is."""

    @property
    def has_words(self) -> bool:
        """Whether it finds passages by weighted terms."""

    @property
    def described(self) -> str:
        """What it is, with its version, and what it cannot do."""

    def builds(self) -> list[str]:
        """Return the builds of the index, whether complete or not, in the order of their names."""

    def current(self) -> str | None:
        """Return the build that answers; None if there is none."""

    def create(self, build: str, dimensions: int, passages: int) -> None:
        """Make room for a build of about so many passages; what there is of it stays."""

    def switch(self, build: str) -> None:
        """Let a build answer from now on, in one step."""

    def drop(self, build: str) -> None:
        """Delete a build."""

    def open(self, build: str) -> Store:
        """Return the data of a build."""


def open_engine(address: Address) -> Engine:
    """Connect to the engine at an address.

    Raises:
        EngineUnavailable: The package that speaks to it is not installed.
        EngineUnreachable: It does not answer.
    """
    if address.kind == "milvus":
        from index.remote.milvus import Milvus

        return Milvus(address)
    from index.remote.postgres import Postgres

    return Postgres(address)


def merged(ranges: Iterable[range]) -> list[range]:
    """Return ranges in their order, those put together that touch.

    >>> merged([range(5, 7), range(1, 3), range(3, 5)])
    [range(1, 7)]
    """
    found: list[range] = []
    for one in sorted((one for one in ranges if one), key=lambda one: one.start):
        if found and one.start <= found[-1].stop:
            found[-1] = range(found[-1].start, max(found[-1].stop, one.stop))
        else:
            found.append(one)
    return found


def as_signed(hashes: npt.NDArray[np.uint64]) -> Numbers:
    """Return hashes as engines keep them."""
    return hashes.view(np.int64)
