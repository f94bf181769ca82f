"""RemoteContents: one state of an index in an engine, as questions see it (``index.states.State``)."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from corpus.documents import Document, Passage
from corpus.languages import Language
from index.catalogue import DocumentInfo
from index.contents import Base
from index.crossing import Reach
from index.embedders import Embedder, Floats
from index.filters import Filter, check_known
from index.folders import FolderNotes
from index.names import Names, from_json
from index.packs import read_pack
from index.pooling import Candidates
from index.queries import Languages, Query, ask
from index.remote.catalogue import Documents, RemoteCatalogue, info_of
from index.remote.engine import Engine, Store
from index.remote.lexicon import Lexicon, Part
from index.remote.manifests import Manifest, manifest_of, read_blobs, snapshot_of
from index.remote.rows import Where
from index.storing import base_of, check_matches

_REMEMBERED = 64  # questions
MOST_HOLDING = 10_000  # passages that an engine names in one reply


@dataclass(frozen=True)
class RemoteContents:
    """One state of an index in an engine; a state that is narrowed holds a condition that the engine checks."""

    engine: Engine
    store: Store
    build: str
    head: bytes
    manifest: Manifest
    base: Base
    lexicon: Lexicon
    names: Names
    folders: FolderNotes
    catalogue: RemoteCatalogue
    kept: Documents
    where: Where

    degraded = ""

    @classmethod
    def load(
        cls, engine: Engine, build: str, head: bytes, embedder: Embedder | str | None = None, former: Self | None = None
    ) -> Self:
        """Read a state; what ``former``, a state of the same build, has already is taken over.

        Raises:
            EngineFailed: What the engine holds is not what was written.
            IndexMismatch: The index was made with another embedder than the one asked for.
        """
        store = former.store if former else engine.open(build)
        manifest = manifest_of(store, head)
        check_matches(engine.address, manifest.about, embedder)
        base = former.base if former else _base(store, manifest, embedder)
        names, folders, *parts = read_blobs(store, [manifest.names, manifest.folders, *manifest.lexicon])
        kept = former.kept if former else Documents(store)
        return cls(
            engine=engine,
            store=store,
            build=build,
            head=head,
            manifest=manifest,
            base=base,
            lexicon=Lexicon([Part.from_bytes(part, base.crossings) for part in parts], manifest.passages),
            names=from_json(memoryview(names)),
            folders=FolderNotes(folders),
            catalogue=RemoteCatalogue(store, manifest, kept),
            kept=kept,
            where=Where(manifest.next_number, tuple((first, end) for _, first, end in manifest.dead)),
        )

    def __len__(self) -> int:
        return self.manifest.passages

    @property
    def has_words(self) -> bool:
        """Whether passages are found by their words too, and not by vectors alone."""
        return self.engine.has_words

    @property
    def settings(self) -> Mapping[str, object]:
        """Settings of whoever asks; plain JSON by name."""
        return self.manifest.settings

    @property
    def snapshot(self) -> str:
        """What the state is called."""
        return snapshot_of(self.head)

    @cached_property
    def languages(self) -> Languages:
        """What it takes to widen a question."""
        toward = [language for language, count in self._counts().items() if count]
        reaches = {
            name: Reach(crossing, [self.lexicon.held(name, crossing.terms)], toward)
            for name, crossing in zip(("glossary", "dictionary"), self.base.crossings, strict=True)
        }
        return Languages(**reaches, names=self.names)

    @cached_property
    def _asked(self) -> dict[str, Query]:
        return {}

    def query(self, question: str) -> Query:
        """Return a question in the terms of the index; remembered, because who understands it searches for it next."""
        query = self._asked.get(question)
        if query is None:
            query = ask(question, self, self.languages)
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            self._asked[question] = query
        return query

    def idf_of(self, term: str) -> float:
        """Return a term's inverse document frequency over passages; 0 if it occurs nowhere."""
        return self.lexicon.idf_of(term)

    def holds(self, term: str) -> bool:
        """Tell whether any passage, its context included, holds a term."""
        return self.lexicon.holds(term) and (not self.where.is_narrow or bool(self.passages_with([term], 1)))

    def held(self, terms: Sequence[str]) -> list[str]:
        """Return those of many terms that some passage holds, in their order."""
        known = self.lexicon.among(terms)
        return [term for term in terms if term in known and self.holds(term)]

    def occurs(self, term: str) -> bool:
        """Tell whether any passage holds a term, selected or not."""
        return self.lexicon.holds(term)

    def held_in_chinese(self, term: str) -> bool:
        """Tell whether any Chinese passage holds a term."""
        return self.lexicon.held_in_chinese(term)

    def ideal(self, terms: Mapping[str, float]) -> float:
        """Return the score that a passage full of all the weighted terms would have."""
        return self.lexicon.ideal(terms)

    def highest(self, terms: Mapping[str, float], enough: float) -> float:
        """Return the score of the best passage of the whole index; what is enough where the engine cannot tell."""
        if not self.has_words:
            return enough
        factors = self.lexicon.factors(terms)
        return self.store.highest(factors, self._everything) if factors else 0.0

    def candidates(self, query: Query, vector: Floats | None, depth: int) -> Candidates:
        """Return the ``depth`` best passages by words and those nearest to the vector, with both scores of all."""
        if self.where.is_empty:
            return Candidates.none()
        factors = self.lexicon.factors(query.terms) if self.has_words else {}
        found = self.store.candidates(factors, vector, depth, self.where)
        same = found.sameness.view(np.uint64)
        return Candidates(found.numbers, found.lexical, found.vector, same, found.serials)

    def passages_at(self, found: Candidates, at: Sequence[int]) -> list[Passage]:
        """Return the passages of some of the candidates, given by their places among them."""
        return self.catalogue.passages([(int(found.numbers[one]), int(found.documents[one])) for one in at])

    def passages_with(self, terms: Collection[str], limit: int) -> list[Passage]:
        """Return the first passages that hold all of the terms, in document order; none for no terms."""
        return self.catalogue.passages(self._holding_all(terms, limit))

    def documents_with(self, terms: Collection[str], limit: int) -> list[Document]:
        """Return the first documents of which a passage holds all of the terms, in their order; none for no terms."""
        first: dict[int, tuple[int, int]] = {}
        for number, serial in self._holding_all(terms, MOST_HOLDING):
            first.setdefault(serial, (number, serial))
        return [passage.document for passage in self.catalogue.passages(list(first.values())[:limit])]

    def _holding_all(self, terms: Collection[str], limit: int) -> list[tuple[int, int]]:
        """Return number and document of the first passages that hold all of the terms."""
        if not terms or self.where.is_empty or not all(map(self.lexicon.holds, terms)):
            return []
        numbers = {self.lexicon.number_of(term) for term in terms}
        return self.store.holding_all(sorted(numbers), limit, self.where)

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages in text order; raises UnknownDocument."""
        return self.catalogue.passages_of(document_id)

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """Return the passages around one in its document, itself left out."""
        return self.catalogue.neighbours(passage, before, after)

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""
        return [
            info for row, info in self.catalogue.rows() if not self.where.is_narrow or self._admits(row.serial, info)
        ]

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""
        return self.catalogue.found(document_id).document

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""
        row = self.catalogue.find(document_id)
        return info_of(row) if row else None

    def narrowed(self, filter: Filter) -> Self:
        """Return the state as if it held only what a filter lets through.

        Raises:
            UnknownDocument: The filter names an id that no document has.
            UsageError: It names a kind, a language or years that no document has.
        """
        narrowed = self._shared()
        object.__setattr__(narrowed, "where", self.where.both(self._where(filter)))
        return narrowed

    def facts(self) -> dict[str, object]:
        """Return what the index is made of, for people and JSON."""
        manifest, embedder = self.manifest, self.base.embedder
        return {
            "engine": self.engine.described,
            "build": self.build,
            "documents": manifest.documents,
            "passages": manifest.passages,
            "deleted_passages": 0,
            "segments": len(manifest.lexicon),
            "terms": self.lexicon.count(),
            "characters": manifest.characters,
            "embedder": embedder.name,
            "dimensions": embedder.dimensions,
            "vectors": manifest.about["vectors"],
            "vector_weights": dict(self.base.weights),
            "languages": self._counts(),
            "names": len(self.names),
        }

    @cached_property
    def _everything(self) -> Where:
        return Where(self.where.below, self.where.without)

    def _counts(self) -> dict[Language, int]:
        return {"zh": self.manifest.chinese, "en": self.manifest.passages - self.manifest.chinese}

    def _shared(self) -> Self:
        """Return a copy that shares what was worked out, and what is worked out now so that it can."""
        _ = self.languages, self._asked
        return copy.copy(self)

    def _admits(self, serial: int, info: DocumentInfo) -> bool:
        where, manifest = self.where, self.manifest
        first, last = where.years or (None, None)
        return (
            (where.documents is None or serial in where.documents)
            and (where.kinds is None or manifest.kinds.index(info.kind) in where.kinds)
            and (where.languages is None or manifest.languages.index(info.language) in where.languages)
            and (where.years is None or (info.year is not None and (first or 0) <= info.year <= (last or 9999)))
        )

    def _where(self, filter: Filter) -> Where:
        check_known(filter, self.manifest.counters(), self.manifest.documents)
        serials = None
        if filter.documents is not None:
            rows = self.catalogue.find_all(filter.documents)
            for missing in sorted(filter.documents - rows.keys()):
                raise self.catalogue.unknown(missing)
            serials = tuple(sorted(row.serial for row in rows.values()))
        kinds, languages = self.manifest.kinds, self.manifest.languages
        return Where(
            self.where.below,
            self.where.without,
            serials,
            None if filter.kinds is None else tuple(map(kinds.index, sorted(filter.kinds))),
            None if filter.languages is None else tuple(map(languages.index, sorted(filter.languages))),
            filter.years,
        )


def stated_of(data: bytes) -> dict[int, list[tuple[str, str]]]:
    """Return the pairs of names that documents state, by their serials."""
    return {int(serial): [(name, other) for name, other in pairs] for serial, pairs in json.loads(data).items()}


def stated_bytes(stated: Mapping[int, Sequence[tuple[str, str]]]) -> bytes:
    """Return what ``stated_of`` reads."""
    return json.dumps({str(serial): list(pairs) for serial, pairs in stated.items() if pairs}).encode("ascii")


def _base(store: Store, manifest: Manifest, embedder: Embedder | str | None) -> Base:
    return base_of(read_pack(memoryview(read_blobs(store, [manifest.base])[0])), manifest.about, embedder)
