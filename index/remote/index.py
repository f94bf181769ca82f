"""RemoteIndex: an Index whose passages lie in an engine. Asking is Index's own; what differs is how it changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

from corpus.documents import Document
from index.contents import Contents
from index.embedders import Embedder, LateEmbedder, Progress
from index.errors import IndexNotFound, IndexWriteFailed, UnknownSnapshot
from index.folders import Folders
from index.index import Index
from index.remote import writing
from index.remote.addresses import Address
from index.remote.contents import RemoteContents
from index.remote.engine import Engine, open_engine
from index.remote.writing import Pushed


class RemoteIndex(Index):
    """An index in an engine, which many processes read and one at a time changes."""

    _contents: RemoteContents

    @classmethod
    def at(cls, address: Address, embedder: Embedder | str | None = None) -> Self:
        """Open the index at an address.

        Raises:
            IndexNotFound: There is none.
            EngineFailed: The engine does not answer, or holds something else than was written.
            IndexMismatch: It was made with another embedder than the one asked for.
        """
        return cls(_latest(open_engine(address), embedder, None), None, embedder)

    def save(self, directory: Path | str) -> None:
        """Copy this state into a directory, as an index of its own; see ``pull``."""
        self.pull(directory)

    def pull(self, directory: Path | str, progress: Progress | None = None) -> Index:
        """Copy this state into a directory and return the index there; interrupted, the next pull goes on.

        Raises:
            EngineFailed: What the engine holds is not what was written.
            IndexWriteFailed: The directory cannot be written.
        """
        from index.remote.pulling import pull

        return pull(self._contents, Path(directory), progress)

    def push(self, address: str, progress: Progress | None = None) -> Pushed:
        """Indexes are pushed from a directory."""
        raise IndexWriteFailed(
            f"This index lies in an engine already. Pull it into a directory first, then push that to {address}."
        )

    def update(
        self,
        documents: Iterable[Document] = (),
        *,
        remove: Iterable[str] = (),
        folders: Folders | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Add or replace documents and remove others in one step, upon what others published meanwhile."""
        self.refresh()
        return super().update(documents, remove=remove, folders=folders, progress=progress)

    def settle(self, settings: Mapping[str, object]) -> Self:
        """Keep settings (plain JSON by name) beside those there are; None takes one away. Returns this index."""
        self.refresh()
        with self._writing:
            kept = {name: value for name, value in {**self.settings(), **settings}.items() if value is not None}
            self._take(writing.settle(self._contents, kept))
        return self

    def refresh(self) -> bool:
        """Take over what is current by now; tell whether something was."""
        with self._writing:
            latest = _latest(self._contents.engine, self._asked_embedder, self._contents)
            taken = latest is not self._contents
            self._contents = latest
        return taken

    def rollback(self, snapshot: str | None = None) -> Self:
        """Engines keep no snapshots."""
        raise UnknownSnapshot(
            f"{self._contents.engine.address} is an engine, which keeps no snapshots; directories do. Push an earlier one again."
        )

    def rebuild(self, *, progress: Progress | None = None) -> Self:
        """Engines are filled from an index that was built in a directory."""
        raise IndexWriteFailed(
            f"{self._contents.engine.address} is an engine. Rebuild the index that was pushed there, and push it again."
        )

    def verify(self) -> None:
        """Read every document and vector and compare them with what was written; raises EngineFailed if one differs."""
        from index.remote.pulling import verify

        verify(self._contents)

    def load(self) -> None:
        """Load at once what the first search would load: the embedder's model, and what widens questions."""
        embedder = self._contents.base.embedder
        if isinstance(embedder, LateEmbedder):
            embedder.load()
        _ = self._contents.languages

    def _place(self) -> str | None:
        return str(self._contents.engine.address)

    def _change(
        self, gone: Collection[str], new: Sequence[Document], folders: Folders, progress: Progress | None
    ) -> None:
        state = self._contents
        if gone or new:
            self._take(writing.change(state, gone, new, folders, progress))
        else:
            self._take(writing.settle(state, state.settings, folders))

    def _take(self, head: bytes) -> None:
        state = self._contents
        self._contents = RemoteContents.load(state.engine, state.build, head, self._asked_embedder, state)


def push(contents: Contents, address: str, progress: Progress | None = None) -> Pushed:
    """Write an index into the engine at an address and let it answer there; see ``index.remote.writing``."""
    parsed = Address.parse(address)
    return writing.push(contents, open_engine(parsed), progress)


def _latest(engine: Engine, embedder: Embedder | str | None, former: RemoteContents | None) -> RemoteContents:
    """Read the state that is current; ``former`` itself if it is that."""
    build = engine.current()
    head = engine.open(build).head() if build else None
    if build is None or head is None:
        raise IndexNotFound(
            f"There is no index at {engine.address}. Make one with `survey-qa index push {engine.address}`."
        )
    if former and (former.build, former.head) == (build, head):
        return former
    same = former if former and former.build == build else None
    return RemoteContents.load(engine, build, head, embedder, same)
