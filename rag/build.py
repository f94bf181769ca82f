"""Making and opening indexes for the doors: what goes into the default index, and into one that was named.

The default index holds the shipped library and the user's own documents; an index in a directory that the user named
holds what it was given and nothing else, or the library when it was given nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import Document, Passage, Reading, Skipped, load_library, read_folder, split
from corpus.readings import Cut
from corpus.referring import may_refer, refer
from index import EmptyCorpus, Index, IndexError_, IndexNotFound, IndexWriteFailed
from index.embedders import BUILTIN
from index.folders import Folders
from index.places import is_engine
from index.pools import LocalPool, Pool, open_pool, others, processors
from index.shards import ReadersOf, split_by
from rag import tracing
from rag.opening import open_index
from rag.refreshing import Progress, note_library
from rag.settings import default_index_directory, home_directory, kept_readings
from rag.sources import PLAINLY, Manner, read_sources, stage, without_doubles

if TYPE_CHECKING:
    from index.engines import AskedKind

logger = logging.getLogger(__name__)

_MOST_PAPERS = 5_000  # of an index that new documents are held against
_MOST_PROCESSES = 8  # unless more are asked for
_MUCH_TEXT = 5_000_000  # characters: less is split in a second or two


@dataclass(frozen=True, slots=True)
class Gathered:
    """The documents that a build is given, how many of them ship with us, and what was left out with the reason."""

    documents: tuple[Document, ...] = field(repr=False)
    shipped: int  # of the documents; these come first
    skipped: tuple[Skipped, ...] = ()
    folders: Folders = field(default_factory=dict, repr=False)  # folder -> name of a document there -> its id
    cut: tuple[Cut, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Built:
    """A finished index and what went into it."""

    index: Index
    documents: int
    passages: int
    skipped: tuple[Skipped, ...] = ()
    cut: tuple[Cut, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Synced:
    """What bringing a folder in has done: ids of documents by what became of them, and files that could not be read."""

    index: Index
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    skipped: tuple[Skipped, ...] = ()


def gather(
    paths: Sequence[Path | str], *, library: bool, manner: Manner = PLAINLY, progress: Progress | None = None
) -> Gathered:
    """Read the library (if wanted) and every folder, file, address and paper (``rag.sources``).

    Two documents of the same id are told apart by their folder's name.

    Raises:
        UsageError: A path does not exist.
        ReadError: The only path names one file or address, and that cannot be read.
    """
    documents = list(load_library()) if library else []
    shipped = len(documents)
    skipped: list[Skipped] = []
    cut: list[Cut] = []
    folders: dict[str, dict[str, str]] = {}
    for source in read_sources(paths, manner, progress):
        found = source.reading.documents
        name = source.home.absolute().name if source.home else "web"
        named = _with_ids_apart(found, taken={d.id for d in documents}, folder=name)
        documents += named
        skipped += source.reading.skipped
        cut += source.reading.cut
        if source.home is not None:
            notes = folders.setdefault(_folder_key(source.home), {})
            for document, own in zip(found, named, strict=True):
                notes.setdefault(document.id, own.id)
    return Gathered(tuple(documents), shipped, tuple(skipped), folders, tuple(cut))


def with_ids_for(gathered: Gathered, index: Index) -> Gathered:
    """Return what was gathered under the ids that it has, or may take, in an index, and with links to the papers there.

    A document that came from the same place before keeps its id and so replaces the former one; where another folder's
    document has its id, it gets its folder's name in front.
    """
    noted, given = index.folders(), {document.id for document in gathered.documents}
    home_of = {id_: folder for folder, names in noted.items() for id_ in names.values()}
    foreign = [
        own
        for folder, names in gathered.folders.items()
        for own in names.values()
        if home_of.get(own, folder) != folder
    ]
    taken = given | {info.id for info in index.documents()} if foreign else given
    ids: dict[str, str] = {}
    for folder, names in gathered.folders.items():
        for name, own in names.items():
            known = noted.get(folder, {}).get(name)
            ids[own] = known or (_free_id(own, taken, Path(folder).name) if own in foreign else own)
            taken.add(ids[own])
    named = [replace(document, id=ids.get(document.id, document.id)) for document in gathered.documents]
    documents = tuple(_referring(named, index))
    folders = {folder: {name: ids[own] for name, own in names.items()} for folder, names in gathered.folders.items()}
    return replace(gathered, documents=documents, folders=folders)


def build_index(
    paths: Sequence[Path | str] = (),
    *,
    directory: Path | str | None = None,
    home: Path | str | None = None,
    library: bool | None = None,
    embedder: str = "builtin",
    vectors: AskedKind = "auto",
    manner: Manner = PLAINLY,
    workers: int | str | None = None,
    progress: Progress | None = None,
) -> Built:
    """Build an index from the paths and publish it in the directory (the default one unless given) or the engine at an address.

    ``library`` says whether the shipped library goes in: by default yes for the default index, and for a named one only
    if no path was given. ``vectors`` is the kind of vector index (``Index.build``), ``manner`` how sources are read.
    ``workers`` says who reads, splits and embeds: so many processes, or the Ray cluster at ``ray://HOST:PORT``. The same
    index comes out (``index.shards``). By default processes do what is quick to hand over, and a model embeds here.
    Whatever stood there before serves until the new snapshot is complete.

    Raises:
        EmptyCorpus: There is nothing to index.
        WorkersUnavailable: The cluster cannot be used, or workers die again and again; what is finished is kept.
    """
    if library is None:
        library = directory is None or not paths
    with tracing.build("build", progress) as progress, _pool(workers, embedder) as pool:
        manner = _read_by(manner, workers, pool)
        gathered = gather(paths, library=library, manner=manner, progress=progress)
        if not gathered.documents or (
            paths and len(gathered.documents) == gathered.shipped
        ):  # the user's part is never replaced by nothing
            raise EmptyCorpus(_nothing_to_index(paths, gathered.skipped))
        passages = _split(refer(gathered.documents), pool, progress)
        target = directory or default_index_directory(home)
        index = Index.build(
            passages, embedder=embedder, folders=gathered.folders, vectors=vectors, resume=_kept_for(target, home),
            pool=pool, progress=progress,
        )  # fmt: skip
    if is_engine(target):
        index.push(str(target), progress)
        index = Index.open(target)
    else:
        index.save(target)
    if directory is None:
        note_library(home_directory(home), [document.id for document in gathered.documents[: gathered.shipped]])
    return Built(index, len(gathered.documents), len(passages), gathered.skipped, gathered.cut)


def _kept_for(target: Path | str, home: Path | str | None) -> Path:
    """Return where a build keeps what an embedder gave until it is published: in the index, for an engine under the home."""
    if not is_engine(target):
        return Path(target)
    return home_directory(home) / "pushed" / hashlib.sha256(str(target).encode()).hexdigest()[:16]


def sync_folder(
    folder: Path | str,
    *,
    directory: Path | str | None = None,
    home: Path | str | None = None,
    embedder: str | None = None,
    opened: Index | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Synced:
    """Bring what was added, changed and removed in a folder since the last time into an index, as one new snapshot.

    Content hashes decide; where nothing changed no snapshot is made. Only documents that came from this folder are
    removed, and none of a file that is there and cannot be read. A named directory without an index gets one.
    ``opened`` is that index if it is open already; ``workers`` processes read side by side.

    Raises:
        UsageError: There is no such folder, or nothing is in it; nothing is removed then, as it may be an empty mount.
        EmptyCorpus: Nothing would be left.
    """
    kept = kept_readings(home)
    reading = read_folder(folder, progress=stage(progress, "reading"), workers=workers, kept=kept)
    try:
        index = opened or open_index(directory, home=home, embedder=embedder, progress=progress)
    except IndexNotFound:
        manner = replace(PLAINLY, workers=workers, kept=kept)
        built = build_index(
            [folder], directory=directory, embedder=embedder or "builtin", manner=manner, progress=progress
        )
        return Synced(built.index, tuple(d.id for d in built.index.documents()), (), (), 0, built.skipped)
    return _bring_in(index, folder, reading, progress)


def bring_in(index: Index, folder: Path | str, *, kept: Path | None = None, progress: Progress | None = None) -> Synced:
    """Bring a folder into an open index, as ``sync_folder`` does; ``kept`` is where readings are kept.

    Raises:
        UsageError: There is no such folder, or nothing is in it.
        EmptyCorpus: Nothing would be left.
    """
    return _bring_in(index, folder, read_folder(folder, progress=stage(progress, "reading"), kept=kept), progress)


def _bring_in(index: Index, folder: Path | str, reading: Reading, progress: Progress | None) -> Synced:
    held = {info.id: info.content_hash for info in index.documents()}
    once = without_doubles(reading.documents)
    ids = _synced_ids(once.documents, Path(folder), index.folders(), held)
    named = [replace(document, id=ids[document.id]) for document in once.documents]
    documents = _referring(named, index)
    added = tuple(document.id for document in documents if document.id not in held)
    changed = tuple(d.id for d in documents if held.get(d.id, d.content_hash) != d.content_hash)
    removed = _gone(index, _folder_key(folder), ids, reading.skipped)
    index.update(documents, remove=removed, folders={_folder_key(folder): ids}, progress=progress)
    unchanged = len(documents) - len(added) - len(changed)
    return Synced(index, added, changed, removed, unchanged, reading.skipped + once.doubles)


def index_folder(
    folder: Path | str,
    *,
    home: Path | str | None = None,
    embedder: str = "builtin",
    progress: Progress | None = None,
) -> Index:
    """Return an index over a folder (or file), kept under the home and used again while nothing in it changes.

    Where the home cannot be written the index stays in memory.

    Raises:
        UsageError: There is no such folder, or nothing in it can be read.
    """
    manner = replace(PLAINLY, kept=kept_readings(home))
    gathered = gather([folder], library=False, manner=manner, progress=progress)
    if not gathered.documents:
        raise EmptyCorpus(_nothing_to_index([folder], gathered.skipped))
    kept = home_directory(home) / "folders" / _fingerprint(gathered.documents, embedder)
    try:
        return Index.open(kept, embedder=embedder)
    except IndexError_:
        passages = split(gathered.documents)
        index = _build_resumed(passages, embedder, kept, progress)
    try:
        index.save(kept)
    except IndexError_ as error:
        logger.warning("The index of %s stays in memory: %s", folder, error)
    return index


def _build_resumed(passages: Sequence[Passage], embedder: str, kept: Path, progress: Progress | None) -> Index:
    """Build an index that is to be kept; where nothing can be written nothing can be resumed either."""
    try:
        return Index.build(passages, embedder=embedder, resume=kept, progress=progress)
    except IndexWriteFailed:
        return Index.build(passages, embedder=embedder, progress=progress)


def _pool(workers: int | str | None, embedder: str) -> Pool | AbstractContextManager[None]:
    """Return who works on a build; nobody else where a model would have to be loaded again and nobody asked for it."""
    if workers is not None:
        return open_pool(workers)
    return LocalPool(min(processors(), _MOST_PROCESSES)) if embedder == BUILTIN else nullcontext()


def _read_by(manner: Manner, workers: int | str | None, pool: Pool | None) -> Manner:
    """Return the manner with those who read: a cluster's, or processes that have fewer rights than those of the pool."""
    if pool is not None and not pool.here:
        return replace(manner, workers=ReadersOf(pool))
    return replace(manner, workers=workers) if isinstance(workers, int) else manner


def _split(documents: Sequence[Document], pool: Pool | None, progress: Progress | None) -> list[Passage]:
    """Split documents, by others where there is much to split."""
    workers = others(pool)
    if workers is None or sum(len(document.text) for document in documents) < _MUCH_TEXT:
        return split(documents)
    tell = stage(progress, "splitting") or (lambda done, total: None)
    return split_by(workers, documents, tell)


def _with_ids_apart(documents: Iterable[Document], *, taken: set[str], folder: str) -> list[Document]:
    """Give documents whose id is taken the folder's name in front, and a number if that is taken too."""
    apart = []
    for document in documents:
        name = _free_id(document.id, taken, folder)
        taken.add(name)
        apart.append(document if name == document.id else replace(document, id=name))
    return apart


def _free_id(id_: str, taken: Container[str], folder: str) -> str:
    name, number = id_, 1
    while name in taken:
        name = f"{folder}/{id_}" if number == 1 else f"{folder}-{number}/{id_}"
        number += 1
    return name


def _synced_ids(
    documents: Iterable[Document], folder: Path, folders: Folders, held: Mapping[str, str]
) -> dict[str, str]:
    """Return each document's id in the index by its name in the folder: the noted one, or a free one.

    A document that nobody noted and that is held with the same name and content is taken for the same.
    """
    noted = folders.get(_folder_key(folder), {})
    foreign = {id_ for key, names in folders.items() if key != _folder_key(folder) for id_ in names.values()}
    taken, ids = set(held), dict[str, str]()
    for document in documents:
        name = document.id
        same = held.get(name) == document.content_hash and name not in foreign
        ids[name] = noted.get(name) or (name if same else _free_id(name, taken, folder.absolute().name))
        taken.add(ids[name])
    return ids


def _referring(documents: Sequence[Document], index: Index) -> list[Document]:
    """Return new documents with links to the papers that they refer to among themselves and in an index."""
    held = {info.id: info for info in index.documents()}
    new = [
        document
        for document in documents
        if may_refer(document) and (document.id not in held or held[document.id].content_hash != document.content_hash)
    ]
    if not new:
        return list(documents)
    papers = [info.id for info in held.values() if info.year and info.url][:_MOST_PAPERS]
    shelf = chain((index.document(id_) for id_ in papers), documents)
    linked = {document.id: document for document in refer(new, held=shelf)}
    return [linked.get(document.id, document) for document in documents]


def _gone(index: Index, folder: str, ids: Mapping[str, str], skipped: Iterable[Skipped]) -> tuple[str, ...]:
    """Return the ids of documents that came from the folder and are there no more, files that cannot be read aside."""
    noted, there = index.folders().get(folder, {}), set(ids.values())
    unread = tuple(re.sub(r" line \d+$", "", source.path) for source in skipped)
    missing = [(name, index.document(id_)) for name, id_ in noted.items() if id_ not in there]
    return tuple(document.id for name, document in missing if not _is_of(document, name, unread))


def _is_of(document: Document, name: str, paths: Iterable[str]) -> bool:
    """Tell whether the document of that name comes from one of the files, or from a file below one of the folders."""
    file = str(document.metadata.get("file", name))
    return any(file == path or file.startswith((f"{path}/", f"{path}#")) for path in paths)


def _folder_key(folder: Path | str) -> str:
    r"""Return what a folder is noted by: its path without links; bytes that are no UTF-8 become ``\xNN``."""
    return os.fsencode(os.path.realpath(folder)).decode("utf-8", "backslashreplace")


def _nothing_to_index(paths: Sequence[Path | str], skipped: Sequence[Skipped]) -> str:
    where = ", ".join(map(str, paths)) or "the library"
    reasons = "; ".join(f"{s.path}: {s.reason}" for s in skipped[:3])
    why = f" Skipped {len(skipped)}: {reasons}." if skipped else ""
    return f"There is no document to index in {where}.{why} `survey-qa index add --help` lists the kinds of files that are read."


def _fingerprint(documents: Sequence[Document], embedder: str) -> str:
    digest = hashlib.sha256(embedder.encode())
    for document in documents:
        digest.update(f"\0{document.id}\0{document.content_hash}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:24]
