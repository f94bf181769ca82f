"""Everything that one state of an index holds.

Nothing here changes after it was made: adding and removing documents makes new contents, and whoever searches the old
ones may go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from corpus.languages import Language
from index.catalogue import JoinedCatalogue
from index.crossing import Crossing, Reach
from index.embedders import Embedder
from index.engines import AskedKind
from index.folders import FolderNotes
from index.fusing import Weights
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.names import Names
from index.postings import Averages
from index.queries import Languages, Query, ask
from index.segments import Segment
from index.snapshots import Kept

MEMORY = "memory"
_REMEMBERED = 64  # questions


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
            chinese=[segment.chinese for segment in self.segments],
        )

    @cached_property
    def _asked(self) -> dict[str, Query]:
        return {}

    def query(self, question: str) -> Query:
        """Return a question in the terms of the index; remembered, because who understands it searches for it next."""
        query = self._asked.get(question)
        if query is None:
            query = ask(question, self.lexical, self.languages)
            if len(self._asked) >= _REMEMBERED:
                self._asked.clear()
            self._asked[question] = query
        return query

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
