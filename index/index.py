"""Index: passages in, ranked hits out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from corpus.documents import Document, Passage
from index import snapshots, storing
from index.catalogue import DocumentInfo, unknown
from index.contents import Contents, Splitting
from index.embedders import BUILTIN, Embedder, LateEmbedder, Progress, is_same
from index.engines import AskedKind
from index.errors import IndexError_, UnknownSnapshot
from index.filters import Filter
from index.folders import FolderNotes, Folders, merge
from index.hits import Hit
from index.latent import LatentEmbedder
from index.names import Names
from index.places import is_engine
from index.queries import Query
from index.resuming import KeptVectors
from index.searching import search
from index.snapshots import Snapshot, SnapshotInfo
from index.states import State

if TYPE_CHECKING:
    from index.remote.writing import Pushed

if TYPE_CHECKING:
    from index.pools import Pool

logger = logging.getLogger(__name__)

_UNKNOWN = (-1, -1, -1)
_RETRY = 30.0  # seconds until a snapshot that could not be opened is tried again


class Index:
    """A searchable set of passages, in memory or in a directory.

    Safe to use from several threads: a search sees the state that was current when it began, whole.
    """

    def __init__(self, contents: State, directory: Path | None = None, embedder: Embedder | str | None = None) -> None:
        self._contents: State = contents
        self._directory = directory
        self._asked_embedder = embedder  # what a snapshot that is opened later must have been made with
        self._mark = _UNKNOWN  # of the pointer that was looked at last
        self._writing = threading.Lock()
        self._kept: KeptVectors | None = None  # what was embedded and is not published yet

    def __repr__(self) -> str:
        return f"Index({len(self)} passages, snapshot {self.snapshot!r})"

    def __len__(self) -> int:
        return len(self._contents)

    @classmethod
    def build(
        cls,
        passages: Iterable[Passage],
        *,
        embedder: Embedder | str = BUILTIN,
        splitting: Splitting | None = None,
        folders: Folders | None = None,
        vectors: AskedKind = "auto",
        resume: Path | str | None = None,
        pool: Pool | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Index passages in memory; ``splitting`` says how documents that are added later are split.

        ``folders`` notes which documents came from which folder: folder, name of the document there, its id.
        ``vectors`` is the kind of vector index, chosen by size unless named (``index.engines`` says what each costs).
        ``resume`` is the directory where the index will be saved: what an embedder gives is kept there until then, and
        vectors of an earlier build, finished or not, with the same embedder are taken over.
        ``pool`` (``index.pools.open_pool``) embeds where there is much to embed: the same index comes out.

        Raises:
            EmptyCorpus: There is no passage.
            EmbedderUnavailable: The embedder cannot be opened.
            IndexWriteFailed: ``resume`` may not be written.
            WorkersUnavailable: The pool cannot do its work; what it has done is kept where ``resume`` says.
        """
        from index.building import build

        kept = _keeping(resume, embedder)
        contents = build(list(passages), embedder, splitting or Splitting(), progress, vectors, kept, pool)
        index = cls(replace(contents, folders=FolderNotes.of(folders or {})))
        index._kept = kept
        return index

    @classmethod
    def open(cls, directory: Path | str, *, embedder: Embedder | str | None = None) -> Index:
        """Open the index in a directory or at an engine's address; its embedder is loaded when the first question needs it.

        Addresses are ``milvus://HOST:PORT/COLLECTION`` and ``postgresql://USER@HOST:PORT/DATABASE?schema=NAME``.

        Raises:
            IndexNotFound: There is no index in the directory.
            IndexDamaged: No snapshot is whole; if an older one is, it serves and ``degraded`` says so.
            IndexMismatch: It was made with another embedder than the one asked for, or by another version.
            EngineFailed: The engine does not answer or does not hold what was written.
        """
        if is_engine(directory):
            from index.remote.addresses import Address
            from index.remote.index import RemoteIndex

            return RemoteIndex.at(Address.parse(str(directory)), embedder)
        root = Path(directory)
        return cls(snapshots.current(root, lambda snapshot: storing.load(snapshot, embedder)), root, embedder)

    def save(self, directory: Path | str) -> None:
        """Publish this state as a new snapshot in a directory; from then on the index lives there.

        Raises:
            IndexLocked: Another writer is at work there.
            IndexWriteFailed: The disk is full or may not be written; what was there still serves.
        """
        with self._writing:
            self._publish(self._own, Path(directory))

    def push(self, address: str, progress: Progress | None = None) -> Pushed:
        """Write this state into the engine at an address, where it answers once all of it is there and was checked.

        Interrupted, the next push of the same state goes on where this one was.

        Raises:
            EngineFailed: The engine does not answer, or does not hold what was written.
        """
        from index.remote.index import push

        pushed = push(self._own, address, progress)
        self._forget_kept()
        return pushed

    def pull(self, directory: Path | str, progress: Progress | None = None) -> Index:
        """Copy an index that lies in an engine into a directory and return the index there; one that lies here is saved there."""
        self.save(directory)
        return self

    def add(self, documents: Iterable[Document], *, progress: Progress | None = None) -> Self:
        """Add documents, or replace those with the same id; an index on disk publishes a new snapshot.

        The embedder stays as it is, and only passages that are new are embedded. The same documents again change
        nothing. Returns this index.
        """
        return self.update(documents, progress=progress)

    def remove(self, ids: Iterable[str]) -> Self:
        """Remove documents; they answer no more. An index on disk publishes a new snapshot. Returns this index.

        Raises:
            UnknownDocument: No document has one of the ids; then nothing is removed.
            EmptyCorpus: Nothing would be left.
        """
        return self.update(remove=ids)

    def update(
        self,
        documents: Iterable[Document] = (),
        *,
        remove: Iterable[str] = (),
        folders: Folders | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Add or replace documents and remove others in one step: readers see all of it or nothing. Returns this index.

        ``folders`` notes where documents came from, beside what was noted before. What changes nothing publishes no
        snapshot.

        Raises:
            UnknownDocument: No document has one of the ids of ``remove``; then nothing happens.
            EmptyCorpus: Nothing would be left.
        """
        with self._writing:
            former, gone = self._contents, set(remove)
            for id_ in gone:
                if former.info(id_) is None:
                    raise unknown(id_, [info.id for info in former.documents()])
            given = {document.id: document for document in documents}
            changed = [document for document in given.values() if not _holds(former, document)]
            known = former.folders.read()
            held = _Held(former, gone - given.keys(), given)
            noted = merge(known, folders or {}, held) if known or folders else {}
            if gone or changed or noted != known:
                self._change(gone, changed, noted, progress)
        return self

    def rebuild(self, *, progress: Progress | None = None) -> Self:
        """Split and index the documents anew, as a build of all of them would; what was there serves until then.

        The built-in embedder is fitted to what the index holds now, deleted passages take no more room, and all segments
        become one. Notes on folders and settings stay. Returns this index.

        Raises:
            EmbedderUnavailable: The embedder cannot be opened.
            IndexLocked: Another writer is at work.
            IndexWriteFailed: The disk is full or may not be written; what was there still serves.
        """
        from corpus import split
        from index.building import build

        with self._writing:
            former = self._own
            base, settings = former.base, former.base.splitting
            documents = [former.catalogue.document(info.id) for info in former.catalogue.documents()]
            passages = split(documents, max_tokens=settings.max_tokens, encoding=settings.encoding)
            fitted = isinstance(base.embedder, LatentEmbedder)
            self._kept = KeptVectors(None if fitted else self._directory, former)
            embedder = BUILTIN if fitted else base.embedder
            contents = build(passages, embedder, settings, progress, base.vectors, self._kept)
            self._put(replace(contents, settings=former.settings), former.folders.read())
        return self

    def folders(self) -> Folders:
        """Return which documents came from which folder: folder, name of the document there, its id."""
        return self._contents.folders.read()

    def settings(self) -> Mapping[str, object]:
        """Return what was kept with this index by ``settle``; plain JSON by name."""
        return self._contents.settings

    def settle(self, settings: Mapping[str, object]) -> Self:
        """Keep settings (plain JSON by name) beside those there are; None takes one away. Returns this index.

        An index on disk publishes a new snapshot; documents that are added or removed later leave them as they are.

        Raises:
            IndexLocked: Another writer is at work.
            IndexWriteFailed: The disk is full or may not be written; what was there still serves.
        """
        with self._writing:
            kept = {name: value for name, value in {**self._contents.settings, **settings}.items() if value is not None}
            contents = replace(self._own, settings=kept)
            if self._directory is None:
                self._contents = contents
            else:
                self._publish(contents, self._directory, base=self._own)
        return self

    def search(
        self,
        question: str,
        k: int = 10,
        *,
        documents: Collection[str] | None = None,
        filter: Filter | None = None,
        vector_weight: float | None = None,
    ) -> list[Hit]:
        """Return the k passages that match best, best first, each wording once.

        ``documents`` restricts the search to documents of these ids, ``filter`` by more than that; both before ranking.
        ``vector_weight`` (0 to 1) replaces the vectors' share that was chosen when the index was built.

        Raises:
            UnknownDocument: ``documents`` or the filter has an id that no document has.
            UsageError: The filter names a kind, a language or years that no document has.
        """
        if documents is not None:
            return self.narrowed(Filter(frozenset(documents))).search(
                question, k, filter=filter, vector_weight=vector_weight
            )
        if filter:
            return self.narrowed(filter).search(question, k, vector_weight=vector_weight)
        return search(self._contents, question, k, vector_weight)

    def query(self, question: str) -> Query:
        """Return what a question asks for, in the terms of this index."""
        return self._contents.query(question)

    def idf(self, term: str) -> float:
        """Return a term's inverse document frequency over passages; 0 if it occurs nowhere."""
        return self._contents.idf_of(term)

    def holds(self, term: str) -> bool:
        """Tell whether any passage, its context included, holds an index term."""
        return self._contents.holds(term)

    def held(self, terms: Sequence[str]) -> list[str]:
        """Return those of many terms that some passage holds, in their order; faster than to ask for each."""
        return self._contents.held(terms)

    def passages_with(self, terms: Collection[str], limit: int = 200) -> list[Passage]:
        """Return the passages that hold all of the index terms, in document order; none for no terms."""
        return self._contents.passages_with(terms, limit)

    def documents_with(self, terms: Collection[str], limit: int = 50) -> list[Document]:
        """Return the documents of which a passage holds all of the index terms, in their order; none for no terms.

        Costs as much for a document of ten thousand such passages as for one of ten.
        """
        return self._contents.documents_with(terms, limit)

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages in text order; raises UnknownDocument."""
        return self._contents.passages_of(document_id)

    def neighbours(self, passage: Passage, before: int = 1, after: int = 1) -> list[Passage]:
        """Return the passages around one in its document, itself left out, in text order."""
        return self._contents.neighbours(passage, before, after)

    def aliases(self) -> Names:
        """Return the other names of each name that has some; keys are normalised (``normalize_name``)."""
        return self._contents.names

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""
        return self._contents.documents()

    def document(self, document_id: str) -> Document:
        """Return one document with its text, to which all offsets refer; raises UnknownDocument."""
        return self._contents.document(document_id)

    @property
    def snapshot(self) -> str:
        """The name of the snapshot on disk, or "memory"."""
        return self._contents.snapshot

    @property
    def degraded(self) -> str:
        """Why an older snapshot than the last one serves; empty if all is well."""
        return self._contents.degraded

    def info(self) -> dict[str, object]:
        """Return what the index is made of, for people and JSON; sizes are bytes on disk, 0 in memory.

        ``unknown_terms`` is the share of terms that came after the built-in embedder was fitted, and ``rebuild`` says
        when ``rebuild`` would pay; it is empty as long as it would not.
        """
        return {
            "snapshot": self.snapshot,
            "directory": self._place(),
            "degraded": self.degraded,
            **self._contents.facts(),
            "bytes": self._bytes(),
        }

    @staticmethod
    def snapshots(directory: Path | str) -> list[SnapshotInfo]:
        """List the snapshots of the index in a directory, oldest first, and say which are whole and which is current.

        Raises:
            IndexNotFound: There is no index in the directory.
        """
        return snapshots.history(_directory_of(directory))

    def rollback(self, snapshot: str | None = None) -> Self:
        """Go back to a snapshot, by default the newest whole one before the current; other readers follow.

        Nothing is deleted: naming the snapshot that was current undoes it. Returns this index.

        Raises:
            UnknownSnapshot: There is no snapshot of that name, or none to go back to.
            IndexDamaged: The named snapshot is damaged.
            IndexLocked: Another writer is at work.
            IndexWriteFailed: The pointer could not be written.
        """
        directory = self._directory
        if directory is None:
            raise UnknownSnapshot("This index is in memory and has no snapshots. Save it to a directory first.")
        with self._writing:
            snapshots.rollback(directory, snapshot, self._load)
            self._contents = snapshots.latest(directory, self._load)
        return self

    @classmethod
    def rolled_back(
        cls, directory: Path | str, snapshot: str | None = None, *, embedder: Embedder | str | None = None
    ) -> Index:
        """Roll the index in a directory back as ``rollback`` does and open it, even if its current snapshot cannot be opened.

        Raises:
            IndexNotFound: There is no index in the directory.
            UnknownSnapshot: There is no snapshot of that name, or none to go back to.
            IndexDamaged: The named snapshot is damaged.
            IndexMismatch: The named snapshot was made with another embedder or by another version.
            IndexLocked: Another writer is at work.
            IndexWriteFailed: The pointer could not be written.
        """
        root = _directory_of(directory)
        snapshots.rollback(root, snapshot, lambda older: storing.load(older, embedder))
        return cls.open(root, embedder=embedder)

    def pinned(self) -> Self:
        """Return this index as it is now, for reading: what is published later does not change it."""
        return type(self)(self._contents, self._directory, self._asked_embedder)

    def narrowed(self, filter: Filter) -> Self:
        """Return this index as it is now, for reading, as if it held only what a filter lets through.

        What words weigh (``idf``) and what they mean (``query``, ``aliases``) stays that of the whole index.

        Raises:
            UnknownDocument: The filter names an id that no document has.
            UsageError: It names a kind, a language or years that no document has.
        """
        return type(self)(self._contents.narrowed(filter), self._directory, self._asked_embedder)

    def refresh(self) -> bool:
        """Open the snapshot that is current by now, if another process published one; tell whether one was taken.

        Searches go on meanwhile; those that began before see the former snapshot to their end. While nothing was
        published this costs one look at the pointer.

        Raises:
            IndexDamaged: The current snapshot is not whole; the former one still serves.
            IndexMismatch: It was made with another embedder or by another version; the former one still serves.
        """
        directory = self._directory
        if directory is None or snapshots.mark(directory) == self._mark:
            return False
        with self._writing:
            mark = snapshots.mark(directory)
            if snapshots.current_name(directory) != self.snapshot:
                contents = _with_embedder_of(snapshots.latest(directory, self._load), self._own)
                _load_engines(contents)
                self._contents, taken = contents, True
            else:
                taken = False
            self._mark = mark
        return taken

    @contextmanager
    def following(self, interval: float = 1.0) -> Iterator[None]:
        """Take over what other processes publish, looking every so many seconds in a thread of its own.

        What cannot be opened is logged and tried again later; the former snapshot serves meanwhile.
        """
        stop = threading.Event()
        thread = threading.Thread(target=self._follow, args=(stop, interval), name="survey-qa index", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def verify(self) -> None:
        """Read every byte of the index on disk again and compare it with what was written.

        Raises:
            IndexDamaged: A byte differs; the message names the file.
        """
        if self._directory is not None:
            snapshots.verify(self._directory)

    def load(self) -> None:
        """Load at once what the first search would load: FAISS, and the embedder's model. For a serving process."""
        _load_engines(self._own)

    @property
    def _own(self) -> Contents:
        """The contents, which lie in this process."""
        assert isinstance(self._contents, Contents)  # noqa: S101 an index elsewhere has methods of its own
        return self._contents

    def _place(self) -> str | None:
        return str(self._directory) if self._directory else None

    def _change(
        self, gone: Collection[str], new: Sequence[Document], folders: Folders, progress: Progress | None
    ) -> None:
        """Take documents out, put new ones in and note the folders, in one step."""
        contents = self._replaced(self._own, gone, new, progress) if gone or new else self._own
        self._put(contents, folders)

    def _replaced(
        self, former: Contents, gone: Collection[str], new: Sequence[Document], progress: Progress | None
    ) -> Contents:
        """Return contents without the gone documents and with the new ones."""
        from corpus import split
        from index.building import changed

        settings = former.base.splitting
        passages = split(new, max_tokens=settings.max_tokens, encoding=settings.encoding)
        self._kept = KeptVectors(None if isinstance(former.base.embedder, LatentEmbedder) else self._directory)
        return changed(former, {*gone, *(document.id for document in new)}, passages, progress, self._kept)

    def _put(self, contents: Contents, folders: Folders) -> None:
        """Put contents with the notes in place of the former ones, on disk too if the index lives there."""
        noted = replace(contents, folders=FolderNotes.of(folders))
        if self._directory is None:
            self._contents = noted
        else:
            self._publish(noted, self._directory, base=self._own)

    def _publish(self, contents: Contents, directory: Path, base: Contents | None = None) -> None:
        snapshot = snapshots.publish(
            directory,
            write=lambda folder: storing.write(contents, folder),
            check=lambda draft: storing.check(draft, contents),
            base=base.snapshot if base and not base.degraded else None,
            carried=storing.carried(contents),
        )
        self._contents = storing.placed(contents, snapshots.opened(directory, snapshot))
        self._directory = directory
        self._forget_kept()

    def _forget_kept(self) -> None:
        if self._kept is not None:
            self._kept.forget()
            self._kept = None

    def _follow(self, stop: threading.Event, interval: float) -> None:
        pause, told = interval, ""
        while not stop.wait(pause):
            try:
                if self.refresh():
                    logger.info("Snapshot %s serves now.", self.snapshot)
                pause, told = interval, ""
            except IndexError_ as error:
                if str(error) != told:  # once, and not at every try
                    logger.warning("Snapshot %s goes on serving: %s", self.snapshot, error)
                pause, told = max(interval, _RETRY), str(error)

    def _load(self, snapshot: Snapshot) -> Contents:
        return storing.load(snapshot, self._asked_embedder, self._own)

    def _bytes(self) -> int:
        return snapshots.size(self._directory, self.snapshot) if self._directory else 0


@dataclass(frozen=True, slots=True)
class _Held:
    """The ids of documents that an index holds after a change, asked for one by one."""

    former: State
    gone: Collection[str]
    given: Collection[str]

    def __contains__(self, id_: object) -> bool:
        return id_ in self.given or (id_ not in self.gone and self.former.info(str(id_)) is not None)


def _holds(contents: State, document: Document) -> bool:
    """Tell whether an index holds a document with the same content."""
    info = contents.info(document.id)
    return info is not None and info.content_hash == document.content_hash


def _directory_of(place: Path | str) -> Path:
    """Return the directory that has snapshots; raises UnknownSnapshot for an engine, which has none."""
    if is_engine(place):
        raise UnknownSnapshot(
            f"{place} is an engine, which keeps no snapshots; directories do. Push an earlier one again."
        )
    return Path(place)


def _keeping(directory: Path | str | None, embedder: Embedder | str) -> KeptVectors | None:
    """Return where a build keeps vectors; the embedder that is fitted at each build has none worth keeping."""
    if directory is None or embedder == BUILTIN:
        return None
    try:
        earlier = Index.open(directory)._own
    except IndexError_:
        earlier = None
    return KeptVectors(Path(directory), earlier)


def _load_engines(contents: Contents) -> None:
    for segment in contents.segments:
        segment.vectors.load_engine()
    if isinstance(contents.base.embedder, LateEmbedder):
        contents.base.embedder.load()


def _with_embedder_of(contents: Contents, former: Contents) -> Contents:
    """Return contents with the former embedder if it is the same one, so that no model is loaded twice."""
    same = is_same(former.base.embedder, contents.base.embedder)
    return replace(contents, base=replace(contents.base, embedder=former.base.embedder)) if same else contents
