"""Changing an index in an engine: pushing a whole one, adding and removing documents.

Rows and blobs are written first, where nobody sees them: numbers above those that the manifest publishes. Then the head is
replaced in one step. What an interrupted writer left is taken away, or taken over, by the next one. After a change the rows
of removed documents are deleted; whoever still reads the former state misses them, and everybody else never saw them.
"""

from __future__ import annotations

import hashlib
import io
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from corpus import load_aliases
from corpus.documents import Document, Passage
from index.contents import Contents
from index.embedders import Progress
from index.errors import EmptyCorpus, EngineFailed
from index.folders import FolderNotes, Folders
from index.names import collect, to_json
from index.packs import put_pack
from index.remote.catalogue import info_of
from index.remote.contents import RemoteContents, stated_bytes, stated_of
from index.remote.engine import Engine, Store
from index.remote.lexicon import MOST_PARTS, Lexicon, Part, numbered
from index.remote.manifests import Manifest, blob_of, counted, head_of, manifest_of, put_blobs, read_blobs
from index.remote.preparing import Numbering, Prepared, counts_of, prepare, with_names
from index.remote.rows import DocumentRow, PassageRows
from index.segments import Held
from index.storing import about_base, base_arrays
from index.terms import analyze
from index.vocabulary import Vocabulary

_AT_ONCE = 3  # batches that are written at the same time

Batch = TypeVar("Batch")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push has done."""

    build: str
    documents: int
    passages: int
    found: int  # passages that an earlier, interrupted push had written


def push(contents: Contents, engine: Engine, progress: Progress | None = None) -> Pushed:
    """Write an index into a new build of an engine, check it, and let it answer.

    Interrupted, the next push of the same index goes on where this one was. The same index again does nothing.

    Raises:
        EngineFailed: What the engine holds afterwards is not what was written.
    """
    source = fingerprint(contents)
    complete = _complete(engine)
    current = engine.current()
    if current in complete and complete[current] == (source, 1):
        return Pushed(current, len(contents.documents()), len(contents), len(contents))
    build = _name(source, complete)
    resuming = build in engine.builds()
    engine.create(build, contents.base.embedder.dimensions, len(contents))
    store = engine.open(build)
    pushing = _Pushing(store, _prepared(contents), progress or _silent)
    found = pushing.write(resuming=resuming)
    store.finish(len(contents))
    pushing.check()
    _publish(store, _first_manifest(store, contents, pushing.parts, source), None)
    engine.switch(build)
    _clear(engine, keep=(build, current))
    return Pushed(build, len(contents.documents()), len(contents), found)


def fingerprint(contents: Contents) -> str:
    """Return what tells an index from one with other documents, another embedder or another analyzer."""
    digest = hashlib.sha256(repr(sorted(about_base(contents.base).items())).encode())
    for info in contents.documents():
        digest.update(f"{info.id}\0{info.content_hash}\0{info.passages}\0".encode("utf-8", "surrogatepass"))
    for segment in contents.segments:
        digest.update(segment.sameness.tobytes())
    return digest.hexdigest()


def change(
    state: RemoteContents, gone: Collection[str], new: Sequence[Document], folders: Folders, progress: Progress | None
) -> bytes:
    """Remove documents and add or replace others in one step; return the head that is published.

    Raises:
        EmptyCorpus: Nothing would be left.
        IndexLocked: Another writer was faster.
    """
    manifest, store = state.manifest, state.store
    leaving = state.catalogue.find_all({*gone, *(document.id for document in new)})
    passages = _split(state, new)
    if manifest.documents == len(leaving) and not passages:
        raise EmptyCorpus("No document would be left. An index holds at least one; build another one instead.")
    _sweep(state)
    prepared = _analysed(state, leaving, new, passages, progress) if passages else None
    for documents in prepared.documents() if prepared else ():
        store.put_documents(documents, again=True)
    for rows in prepared.passages() if prepared else ():
        store.put_passages(rows, again=True)
    head = _publish(store, _next_manifest(state, leaving, prepared, folders), state.head)
    dead = [(row.serial, row.first, row.end) for row in leaving.values()]
    store.delete([range(serial, serial + 1) for serial, *_ in dead], [range(first, end) for _, first, end in dead])
    return head


def settle(state: RemoteContents, settings: Mapping[str, object], folders: Folders | None = None) -> bytes:
    """Publish the same documents with other settings, or other notes on folders; return the head."""
    manifest = replace(state.manifest, revision=state.manifest.revision + 1, settings=dict(settings))
    if folders is not None:
        manifest = replace(manifest, folders=put_blobs(state.store, {"folders": FolderNotes.of(folders).to_bytes()})[0])
    return _publish(state.store, manifest, state.head)


class _Pushing:
    """Writes what was prepared, batch by batch, and compares it with what the engine holds."""

    def __init__(self, store: Store, parts: Sequence[Prepared], tell: Progress) -> None:
        self.parts = parts
        self._store = store
        self._tell = tell
        self._total = sum(len(part.living) for part in parts)

    def write(self, *, resuming: bool) -> int:
        """Write everything or, ``resuming``, what is not there yet; return how many passages were there."""
        found = 0
        for part in self.parts:
            for documents in part.documents():
                self._write_documents(documents, resuming=resuming)
            for end, there in _side_by_side(part.passages(), lambda rows: self._put(rows, resuming=resuming)):
                found += there
                self._tell("pushing", end, self._total)
        return found

    def check(self) -> None:
        """Compare the digest of every row; what differs is written once more.

        Raises:
            EngineFailed: It differs still.
        """
        for part in self.parts:
            for rows in part.passages():
                if self._differs(rows.first, rows.end, rows.digests.tolist()):
                    self._store.put_passages(rows, again=True)
                    if self._differs(rows.first, rows.end, rows.digests.tolist()):
                        raise EngineFailed(
                            f"The engine does not hold passages {rows.first} to {rows.end} as they were written. Push again."
                        )
                self._tell("checking", rows.end, self._total)

    def _put(self, rows: PassageRows, *, resuming: bool) -> tuple[int, int]:
        """Write passages unless they are there; return the number after the last one, and how many were there."""
        there = len(self._store.digests(rows.first, rows.end)[0]) if resuming else 0
        if there < len(rows):
            self._store.put_passages(rows, again=there > 0)
            return rows.end, 0
        return rows.end, there

    def _write_documents(self, rows: Sequence[DocumentRow], *, resuming: bool) -> None:
        wanted = range(rows[0].serial, rows[-1].serial + 1)
        there = {row.serial for row in self._store.documents(wanted, content=False)} if resuming else set()
        missing = [row for row in rows if row.serial not in there]
        if missing:
            self._store.put_documents(missing, again=False)

    def _differs(self, first: int, end: int, digests: Sequence[int]) -> bool:
        numbers, there = self._store.digests(first, end)
        return bool(numbers.tolist() != list(range(first, end)) or there.tolist() != list(digests))


def _side_by_side(batches: Iterable[Batch], work: Callable[[Batch], Result]) -> Iterator[Result]:
    """Yield what work gives of each batch, in their order; the next ones are prepared while some are at work."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting: deque[Future[Result]] = deque()
        for batch in batches:
            waiting.append(pool.submit(work, batch))
            if len(waiting) > _AT_ONCE:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _prepared(contents: Contents) -> list[Prepared]:
    """Return the segments of an index, numbered through; terms are numbered as in the union of their vocabularies."""
    infos = contents.documents()
    kinds = with_names((), sorted({info.kind for info in infos}))
    languages = with_names((), sorted({info.language for info in infos}))
    numbers = Vocabulary.union([segment.postings.vocabulary for segment in contents.segments])[1]
    serial = number = 0
    parts = []
    for segment, terms in zip(contents.segments, numbers, strict=True):
        if not segment.living:
            continue
        parts.append(prepare(segment, Numbering(serial, number, kinds, languages), terms.astype(np.int32)))
        serial, number = serial + len(parts[-1].infos), parts[-1].end
    return parts


def _first_manifest(store: Store, contents: Contents, parts: Sequence[Prepared], source: str) -> Manifest:
    vocabulary = Vocabulary.union([segment.postings.vocabulary for segment in contents.segments])[0]
    counts = [counts_of(part, len(vocabulary)) for part in parts]
    holding, chinese = np.sum(np.array(counts), axis=0, dtype=np.int32).reshape(2, -1)
    held = [segment.held for segment in contents.segments]
    lexicon = Part(
        vocabulary,
        np.arange(len(vocabulary), dtype=np.int32),
        holding,
        chinese,
        Held(*(np.unique(np.concatenate([getattr(one, name) for one in held])) for name in ("glossary", "dictionary"))),
    )
    stated = {serial: pairs for part in parts for serial, pairs in part.stated().items()}
    blobs = put_blobs(
        store,
        {
            "base": _packed(contents),
            "names": to_json(contents.names),
            "stated": stated_bytes(stated),
            "folders": contents.folders.to_bytes(),
            "lexicon": lexicon.to_bytes(),
        },
    )
    infos = [info for part in parts for info in part.infos]
    return Manifest(
        source=source,
        revision=1,
        about=about_base(contents.base),
        settings=dict(contents.settings),
        kinds=parts[0].numbering.kinds,
        languages=parts[0].numbering.languages,
        tally=counted({}, (), infos),
        documents=len(infos),
        passages=len(contents),
        chinese=contents.counts()["zh"],
        characters=sum(info.characters for info in infos),
        next_serial=len(infos),
        next_number=len(contents),
        next_place=contents.next_place,
        next_term=len(vocabulary),
        base=blobs[0],
        names=blobs[1],
        stated=blobs[2],
        folders=blobs[3],
        lexicon=(blobs[4],),
    )


def _next_manifest(
    state: RemoteContents, leaving: Mapping[str, DocumentRow], prepared: Prepared | None, folders: Folders
) -> Manifest:
    former, store = state.manifest, state.store
    went, came = [info_of(row) for row in leaving.values()], list(prepared.infos if prepared else ())
    delta, following = _lexicon_delta(state, leaving, prepared)
    names, stated = _names(state, leaving, prepared)
    written = put_blobs(
        store,
        {"names": names, "stated": stated, "folders": FolderNotes.of(folders).to_bytes(), "lexicon": delta.to_bytes()},
    )
    chinese = int(prepared.segment.chinese[prepared.living].sum()) if prepared else 0
    manifest = replace(
        former,
        revision=former.revision + 1,
        kinds=prepared.numbering.kinds if prepared else former.kinds,
        languages=prepared.numbering.languages if prepared else former.languages,
        tally=counted(former.tally, went, came),
        documents=former.documents + len(came) - len(went),
        passages=former.passages + sum(info.passages for info in came) - sum(info.passages for info in went),
        chinese=former.chinese + chinese - _chinese_of(state, leaving),
        characters=former.characters + sum(i.characters for i in came) - sum(i.characters for i in went),
        next_serial=former.next_serial + len(came),
        next_number=prepared.end if prepared else former.next_number,
        next_place=former.next_place + len(came) - sum(info.id in leaving for info in came),
        next_term=following,
        names=written[0],
        stated=written[1],
        folders=written[2],
        lexicon=(*former.lexicon, written[3]),
        dead=tuple((row.serial, row.first, row.end) for row in leaving.values()),
    )
    return _compacted(state, manifest, delta) if len(manifest.lexicon) > MOST_PARTS else manifest


def _split(state: RemoteContents, new: Sequence[Document]) -> list[Passage]:
    """Return the passages of new documents, split as those that are there."""
    from corpus import split
    from index.catalogue import in_order

    splitting = state.base.splitting
    return in_order(split(new, max_tokens=splitting.max_tokens, encoding=splitting.encoding))


def _analysed(
    state: RemoteContents,
    leaving: Mapping[str, DocumentRow],
    new: Sequence[Document],
    passages: Sequence[Passage],
    progress: Progress | None,
) -> Prepared:
    """Analyse and embed new documents as the index was built, and prepare them to be written."""
    from index.building import added

    manifest = state.manifest
    fresh = [document.id for document in new if document.id not in leaving]
    places = {id_: row.place for id_, row in leaving.items()}
    places |= {id_: manifest.next_place + at for at, id_ in enumerate(fresh)}
    segment = added(state.base, passages, places, progress)
    infos = [info for _, info in segment.catalogue.documents()]
    numbering = Numbering(
        manifest.next_serial,
        manifest.next_number,
        with_names(manifest.kinds, [info.kind for info in infos]),
        with_names(manifest.languages, [info.language for info in infos]),
    )
    numbers, _ = numbered(list(segment.postings.vocabulary), state.lexicon, manifest.next_term)
    return prepare(segment, numbering, np.array(numbers, np.int32))


def _lexicon_delta(
    state: RemoteContents, leaving: Mapping[str, DocumentRow], prepared: Prepared | None
) -> tuple[Part, int]:
    """Return what a change does to how many passages hold each term, and the number of the next term that is new."""
    counts: dict[str, list[int]] = {}
    if prepared:
        postings = prepared.segment.postings
        for number, term in enumerate(postings.vocabulary):
            chinese = prepared.segment.chinese[postings.holding(number)]
            counts[term] = [len(chinese), int(chinese.sum())]
    for term, (holding, in_chinese) in _terms_leaving(state, leaving).items():
        former = counts.setdefault(term, [0, 0])
        counts[term] = [former[0] - holding, former[1] - in_chinese]
    if prepared:  # numbered as the rows are: the new documents' terms in their order
        terms = list(prepared.segment.postings.vocabulary)
        numbers, following = numbered(terms, state.lexicon, state.manifest.next_term)
    else:
        terms, numbers, following = [], [], state.manifest.next_term
    number_of = dict(zip(terms, numbers, strict=True))
    vocabulary, _ = Vocabulary.ranked(list(counts))
    ordered = list(vocabulary)
    columns = np.array([[number_of.get(t, state.lexicon.number_of(t)), *counts[t]] for t in ordered], np.int32)
    columns = columns.reshape(-1, 3)
    held = Held(*(crossing.terms.shared(vocabulary) for crossing in state.base.crossings))
    own, holding_, chinese_ = columns.T.copy()
    return Part(vocabulary, own, holding_, chinese_, held), following


def _terms_leaving(state: RemoteContents, leaving: Mapping[str, DocumentRow]) -> dict[str, tuple[int, int]]:
    """Return how many of the passages that go hold each term, and how many Chinese ones."""
    from index.reading import chinese_of

    counts: dict[str, tuple[int, int]] = {}
    for entry in state.kept.entries([row.serial for row in leaving.values()]).values():
        chinese = chinese_of([passage.text for passage in entry.passages])
        for passage, is_chinese in zip(entry.passages, chinese.tolist(), strict=True):
            for term in {*analyze(passage.text), *analyze(passage.context)}:
                holding, in_chinese = counts.get(term, (0, 0))
                counts[term] = holding + 1, in_chinese + int(is_chinese)
    return counts


def _chinese_of(state: RemoteContents, leaving: Mapping[str, DocumentRow]) -> int:
    from index.reading import chinese_of

    entries = state.kept.entries([row.serial for row in leaving.values()]).values()
    return sum(int(chinese_of([passage.text for passage in entry.passages]).sum()) for entry in entries)


def _names(state: RemoteContents, leaving: Mapping[str, DocumentRow], prepared: Prepared | None) -> tuple[bytes, bytes]:
    """Return the other names of each name, and the pairs that documents state, after a change."""
    stated = stated_of(read_blobs(state.store, [state.manifest.stated])[0])
    for row in leaving.values():
        stated.pop(row.serial, None)
    stated |= prepared.stated() if prepared else {}
    pairs = [pair for _, found in sorted(stated.items()) for pair in found]
    return to_json(collect([*load_aliases(), *pairs])), stated_bytes(stated)


def _compacted(state: RemoteContents, manifest: Manifest, delta: Part) -> Manifest:
    """Return the manifest with the parts of its lexicon put together."""
    crossings = state.base.crossings
    whole = Lexicon([*state.lexicon.parts, delta], manifest.passages)
    joined = whole.joined(lambda terms: Held(*(crossing.terms.shared(terms) for crossing in crossings)))
    return replace(manifest, lexicon=tuple(put_blobs(state.store, {"lexicon": joined.to_bytes()})))


def _sweep(state: RemoteContents) -> None:
    """Delete what the last change removed and may not have deleted, and what an interrupted one left behind."""
    manifest, store = state.manifest, state.store
    beyond = 1 << 62
    store.delete(
        [*(range(serial, serial + 1) for serial, *_ in manifest.dead), range(manifest.next_serial, beyond)],
        [*(range(first, end) for _, first, end in manifest.dead), range(manifest.next_number, beyond)],
    )
    store.delete_blobs(manifest.outdated)


def _publish(store: Store, manifest: Manifest, former: bytes | None) -> bytes:
    """Let a manifest count and return the head; who reads the former state finds its blobs until the next change."""
    if former is not None:
        before = set(manifest_of(store, former).blobs()) | {blob_of(former).name}
        manifest = replace(manifest, outdated=tuple(sorted(before - set(manifest.blobs()))))
    head = head_of(put_blobs(store, {"manifest": manifest.to_bytes()})[0], manifest.revision)
    store.set_head(head, former)
    return head


def _packed(contents: Contents) -> bytes:
    """Return what stays as it was built."""
    file = io.BytesIO()
    put_pack(file, base_arrays(contents.base))
    return file.getvalue()


def _complete(engine: Engine) -> dict[str, tuple[str, int]]:
    """Return of each complete build what was pushed, and how often it was changed since."""
    found = {}
    for build in engine.builds():
        head = (store := engine.open(build)).head()
        if head is not None:
            manifest = manifest_of(store, head)
            found[build] = (manifest.source, manifest.revision)
    return found


def _name(source: str, complete: Collection[str]) -> str:
    """Return the name of the build for what is pushed, which may be there unfinished."""
    names = (f"b{source[:12]}_{number}" for number in range(len(complete) + 1))
    return next(name for name in names if name not in complete)


def _clear(engine: Engine, keep: Collection[str | None]) -> None:
    """Delete all builds but those to keep."""
    for build in engine.builds():
        if build not in keep:
            engine.drop(build)


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""
