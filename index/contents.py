"""Everything that one state of an index holds.

Nothing here changes after it was made: adding and removing documents makes new contents, and whoever searches the old
ones may go on.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Self

import numpy as np
import numpy.typing as npt

from corpus.documents import Document, Passage
from corpus.languages import Language
from index.catalogue import DocumentInfo, JoinedCatalogue
from index.crossing import Crossing, Reach
from index.embedders import Embedder, Floats
from index.engines import AskedKind
from index.filters import Filter, Selection, Selections
from index.folders import FolderNotes
from index.fusing import Weights
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.names import Names
from index.pooling import Candidates, pool
from index.postings import Averages
from index.queries import Languages, Query, ask
from index.segments import Segment
from index.snapshots import Kept

MEMORY = "memory"
_REMEMBERED = 64  # questions
_STALE = 0.25  # share of unknown terms from which a rebuild pays


@dataclass(frozen=True, slots=True)
class Splitting:
    """How documents are split when they are added; sizes are tokens of the encoding."""

    max_tokens: int = 256
    encoding: str = "survey-8k-v1"


@dataclass(frozen=True, slots=True)
class Base:
    """What stays as it was when the index was built, whatever is added and removed."""

    embedder: Embedder
    weights: Weights  # the vectors' share of a score, by the question's language
    averages: Averages  # terms of a passage's text and of its context, against which passages are long or short
    fitted: npt.NDArray[np.uint32]  # checksums of the terms there were when the embedder was fitted, ascending
    glossary: Crossing
    dictionary: Crossing
    splitting: Splitting = field(default_factory=Splitting)
    vectors: AskedKind = "auto"  # the kind of vector index that was asked for
    files: dict[str, Kept] = field(default_factory=dict, repr=False)  # where it lies on disk

    @property
    def crossings(self) -> tuple[Crossing, Crossing]:
        """The glossary and the dictionary."""
        return self.glossary, self.dictionary


@dataclass(frozen=True)
class Contents:
    """One state of an index. Passages of all segments are numbered through, dead ones included."""

    base: Base
    segments: tuple[Segment, ...]
    next_place: int  # of the next document that is new
    names: Names = field(default_factory=dict, repr=False)  # the other names of each name
    folders: FolderNotes = field(default_factory=FolderNotes, repr=False)
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)  # of whoever asks; plain JSON by name
    snapshot: str = MEMORY
    degraded: str = ""
    selected: Selection | None = field(default=None, repr=False)  # None: everything

    has_words = True

    def __len__(self) -> int:
        return sum(segment.living for segment in self.segments)

    @cached_property
    def firsts(self) -> Sequence[int]:
        """The number of each segment's first passage, and the number after the last one."""
        return [0, *accumulate(map(len, self.segments))]

    @cached_property
    def catalogue(self) -> JoinedCatalogue:
        """The documents and passages of all segments."""
        return JoinedCatalogue([(segment.catalogue, segment.gone.tolist()) for segment in self.segments])

    @cached_property
    def lexical(self) -> Lexical:
        """The postings of all segments."""
        return Lexical(tuple(segment.part(first) for segment, first in zip(self.segments, self.firsts, strict=False)))

    @cached_property
    def languages(self) -> Languages:
        """What it takes to widen a question."""
        counts = self.counts()
        toward = [language for language, count in counts.items() if count]
        held = [segment.held for segment in self.segments]
        return Languages(
            glossary=Reach(self.base.glossary, [one.glossary for one in held], toward),
            dictionary=Reach(self.base.dictionary, [one.dictionary for one in held], toward),
            names=self.names,
        )

    @cached_property
    def _asked(self) -> dict[str, Query]:
        return {}

    @cached_property
    def _selections(self) -> Selections:
        return Selections(self.catalogue)

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
        return self.lexical.idf_of(term)

    def holds(self, term: str) -> bool:
        """Tell whether any passage, its context included, holds a term."""
        if self.selected is None:
            return self.lexical.holds(term)
        return len(self.selected.only(self.lexical.holding(term))) > 0

    def held(self, terms: Sequence[str]) -> list[str]:
        """Return those of many terms that some passage holds, in their order."""
        held = self.lexical.held(terms)
        return held if self.selected is None else list(filter(self.holds, held))

    def occurs(self, term: str) -> bool:
        """Tell whether any passage holds a term, selected or not: what words mean does not hang on a filter."""
        return self.lexical.holds(term)

    def held_in_chinese(self, term: str) -> bool:
        """Tell whether any Chinese passage holds a term."""
        return self.lexical.held_among(term, [segment.chinese for segment in self.segments])

    def ideal(self, terms: Mapping[str, float]) -> float:
        """Return the score that a passage full of all the weighted terms would have."""
        return self.lexical.ideal(terms)

    def highest(self, terms: Mapping[str, float], enough: float) -> float:
        """Return the score of the best passage, or of one that reaches what is enough; 0 if none scores."""
        return self.lexical.scorer(terms).highest(enough)

    def candidates(self, query: Query, vector: Floats | None, depth: int) -> Candidates:
        """Return the ``depth`` best passages by words and those nearest to the vector, with both scores of all."""
        allowed = None if self.selected is None else self.selected.numbers
        if allowed is not None and not len(allowed):
            return Candidates.none()
        return pool(self.segments, self.firsts, self.lexical, query.terms, vector, depth, allowed)

    def passages_at(self, found: Candidates, at: Sequence[int]) -> list[Passage]:
        """Return the passages of some of the candidates, given by their places among them."""
        return [self.catalogue.passage(int(found.numbers[one])) for one in at]

    def passages_with(self, terms: Collection[str], limit: int) -> list[Passage]:
        """Return the first passages that hold all of the terms, in document order; none for no terms."""
        return [self.catalogue.passage(int(number)) for number in self._holding_all(terms)[:limit]]

    def documents_with(self, terms: Collection[str], limit: int) -> list[Document]:
        """Return the first documents of which a passage holds all of the terms, in their order; none for no terms."""
        found, documents = self._holding_all(terms), list[Document]()
        while len(found) and len(documents) < limit:
            document = self.catalogue.passage(int(found[0])).document
            documents.append(document)
            found = found[np.searchsorted(found, self.catalogue.numbers_of(document.id).stop) :]
        return documents

    def _holding_all(self, terms: Collection[str]) -> npt.NDArray[np.int64]:
        found = self.lexical.holding_all(terms)
        return found if self.selected is None else self.selected.only(found)

    def passages_of(self, document_id: str) -> list[Passage]:
        """Return a document's passages in text order; raises UnknownDocument."""
        return self.catalogue.passages(self.catalogue.numbers_of(document_id))

    def neighbours(self, passage: Passage, before: int, after: int) -> list[Passage]:
        """Return the passages around one in its document, itself left out."""
        catalogue = self.catalogue
        numbers = catalogue.numbers_of(passage.document_id)
        here = catalogue.number_of(passage)
        first, last = max(here - before, numbers.start), min(here + 1 + after, numbers.stop)
        return catalogue.passages(range(first, here)) + catalogue.passages(range(here + 1, last))

    def documents(self) -> list[DocumentInfo]:
        """List the documents in their order."""
        infos, selected = self.catalogue.documents(), self.selected
        return infos if selected is None else [info for info in infos if info.id in selected.documents]

    def document(self, document_id: str) -> Document:
        """Return one document; raises UnknownDocument."""
        return self.catalogue.document(document_id)

    def info(self, document_id: str) -> DocumentInfo | None:
        """Return what a list shows of a document; None if there is none of that id."""
        return self.catalogue.info(document_id)

    def narrowed(self, filter: Filter) -> Self:
        """Return the contents as if they held only what a filter lets through; raises what ``Selections.of`` does."""
        chosen = self._selections.of(filter)
        narrowed = self._shared()
        object.__setattr__(narrowed, "selected", chosen if self.selected is None else chosen.within(self.selected))
        return narrowed

    def _shared(self) -> Self:
        """Return a copy that shares what was worked out, and what is worked out now so that it can."""
        _ = self.catalogue, self.lexical, self.languages, self._asked, self._selections
        return copy.copy(self)

    def facts(self) -> dict[str, object]:
        """Return what the index is made of, for people and JSON."""
        documents, base = self.catalogue.documents(), self.base
        unknown = self.share_unknown()
        return {
            "documents": len(documents),
            "passages": len(self),
            "deleted_passages": sum(len(segment.gone) for segment in self.segments),
            "segments": len(self.segments),
            "terms": len(self.terms()),
            "characters": sum(document.characters for document in documents),
            "embedder": base.embedder.name,
            "dimensions": base.embedder.dimensions,
            "vectors": ", ".join(dict.fromkeys(segment.vectors.kind for segment in self.segments)),
            "vector_weights": dict(base.weights),
            "languages": self.counts(),
            "unknown_terms": round(unknown, 4),
            "rebuild": _why_rebuild(unknown),
            "names": len(self.names),
        }

    def counts(self) -> dict[Language, int]:
        """Return the number of passages in each language."""
        chinese = sum(int(one.chinese.sum()) - int(one.chinese[one.gone].sum()) for one in self.segments)
        return {"zh": chinese, "en": len(self) - chinese}

    def terms(self) -> npt.NDArray[np.uint32]:
        """Return the checksums of the terms that passages hold, each once."""
        found = []
        for segment in self.segments:
            sums, dead = segment.postings.vocabulary.checksums, segment.dead
            if dead:
                held = np.diff(segment.postings.starts)[dead.terms]
                sums = np.delete(sums, dead.terms[dead.counts >= held])
            found.append(sums)
        return np.unique(np.concatenate(found)) if len(found) > 1 else found[0]

    def share_unknown(self) -> float:
        """Return the share of terms that came after the embedder was fitted; 0 for one that is not fitted here."""
        if not isinstance(self.base.embedder, LatentEmbedder):
            return 0.0
        return 1.0 - float(np.isin(self.terms(), self.base.fitted).mean())


def _why_rebuild(unknown: float) -> str:
    """Return why building the index anew would pay; empty where it would not (deleted passages go by themselves).

    >>> _why_rebuild(0.3)
    'would pay: 30 % of the terms came after the embedder was fitted'
    """
    return (
        f"would pay: {unknown * 100:.0f} % of the terms came after the embedder was fitted" if unknown >= _STALE else ""
    )
