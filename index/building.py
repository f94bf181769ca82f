"""Passages to segments: the one place where everything that an index holds is worked out.

Only what writes needs scipy and the search for other names, so nothing that answers questions imports this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from corpus import load_aliases, load_glossary
from corpus.documents import Passage
from corpus.languages import Language
from index.analyzing import ENOUGH_FOR_PROCESSES, analyze_passages, hashed
from index.calibrating import choose_weights
from index.catalogue import MemoryCatalogue, in_order
from index.contents import Base, Contents, Splitting
from index.crossing import Crossing, compiled_dictionary, compiled_glossary
from index.embedders import BUILTIN, Embedder, Floats, Progress, open_embedder
from index.engines import AskedKind
from index.errors import EmptyCorpus
from index.fusing import Weights
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.names import collect
from index.pools import Pool
from index.postings import Averages, Postings
from index.resuming import KeptVectors, Source, sources_of
from index.segments import Held, Segment, merge, to_merge, without
from index.terms import analyze
from index.vectors import Vectors

_TIED = 8  # passages that may share the first place


def build(
    passages: Sequence[Passage],
    embedder: Embedder | str,
    splitting: Splitting,
    progress: Progress | None = None,
    vectors: AskedKind = "auto",
    kept: KeptVectors | None = None,
    pool: Pool | None = None,
) -> Contents:
    """Make contents of passages; ``vectors`` is the kind of vector index.

    ``kept`` keeps what an embedder gives until the index is published. ``pool`` does the embedding where the embedder is
    given as a SPEC and there is much to embed.

    Raises:
        EmptyCorpus: There is no passage.
        EmbedderUnavailable: The embedder cannot be opened.
        WorkersUnavailable: The pool cannot do its work; what it has done is kept.
    """
    ordered = in_order(passages)
    if not ordered:
        raise EmptyCorpus("There is nothing to index: no passage was given. Give documents that have text.")
    tell = progress or _silent
    read = _read(ordered, None, tell, pool.size if pool is not None and pool.here else None)
    if embedder == BUILTIN:
        made: tuple[Embedder, Floats] = _fitted(read.texts, pool, progress)
    else:
        opened = open_embedder(embedder) if isinstance(embedder, str) else embedder
        near = pool if isinstance(embedder, str) else None  # an object cannot go anywhere else
        made = opened, (kept or KeptVectors()).embed(opened, read.texts, read.keys, pool=near, progress=progress)
    tell("connecting languages", 0, 1)
    crossings = compiled_glossary(), compiled_dictionary()
    places = {id_: place for place, id_ in enumerate(dict.fromkeys(passage.document_id for passage in ordered))}
    segment = _segment(ordered, read, Vectors.build(made[1], vectors), places, crossings)
    base = Base(
        embedder=made[0],
        weights=_weights(*made, ordered, segment),
        averages=read.averages,
        fitted=segment.postings.vocabulary.checksums,
        glossary=crossings[0],
        dictionary=crossings[1],
        splitting=splitting,
        vectors=vectors,
    )
    tell("connecting languages", 1, 1)
    return _with_names(Contents(base, (segment,), len(places)))


def changed(
    former: Contents,
    gone: Collection[str],
    passages: Sequence[Passage],
    progress: Progress | None = None,
    kept: KeptVectors | None = None,
) -> Contents:
    """Make contents without some documents and with more passages; what stays is neither read nor embedded again.

    A document that is given and gone is replaced and stays in its place. ``kept`` keeps what the embedder gives until
    the index is published.

    Raises:
        EmptyCorpus: Nothing would be left.
    """
    base, catalogue = former.base, former.catalogue
    segments = [without(segment, gone, base.crossings) for segment in former.segments]
    ordered = in_order(passages)
    next_place = former.next_place
    stated = any(one is not other for one, other in zip(segments, former.segments, strict=True))
    if ordered:
        ids = dict.fromkeys(passage.document_id for passage in ordered)
        old = {id_: catalogue.place(id_) for id_ in ids}
        new = (id_ for id_ in ids if old[id_] is None)
        places = {id_: place for id_, place in old.items() if place is not None}
        places |= {id_: former.next_place + at for at, id_ in enumerate(new)}
        next_place = max(next_place, *(place + 1 for place in places.values()))
        keeping = kept or KeptVectors()
        segments.append(added(base, ordered, places, progress, keeping, sources_of(former)))
        stated = stated or bool(segments[-1].catalogue.names())
    if not any(segment.living for segment in segments):
        raise EmptyCorpus("No document would be left. An index holds at least one; delete its directory instead.")
    contents = replace(former, segments=_tidied(segments), next_place=next_place)
    return _with_names(contents) if stated else contents


def added(
    base: Base,
    passages: Sequence[Passage],
    places: Mapping[str, int],
    progress: Progress | None = None,
    kept: KeptVectors | None = None,
    sources: Sequence[Source] = (),
) -> Segment:
    """Make a segment of passages, grouped by document, for an index that is built already.

    ``places`` gives each document's place by its id; vectors of ``sources`` are taken over.
    """
    read = _read(passages, base.averages, progress or _silent)
    keeping = kept or KeptVectors()
    matrix = keeping.embed(base.embedder, read.texts, read.keys, sources=sources, progress=progress)
    return _segment(passages, read, Vectors.build(matrix, base.vectors), places, base.crossings)


def restored(
    base: Base, passages: Sequence[Passage], matrix: Floats, places: Mapping[str, int], progress: Progress | None = None
) -> Segment:
    """Make a segment of passages, grouped by document, and their vectors, which are there already."""
    read = _read(passages, base.averages, progress or _silent)
    return _segment(passages, read, Vectors.build(matrix, base.vectors), places, base.crossings)


def _fitted(texts: Sequence[str], pool: Pool | None, progress: Progress | None) -> tuple[Embedder, Floats]:
    """Fit the built-in embedder and embed the texts, which come out the same wherever it is done."""
    from index.pools import others
    from index.shards import embed_by

    workers = others(pool)
    if workers is None or len(texts) < ENOUGH_FOR_PROCESSES:
        return LatentEmbedder.fit_and_embed(texts, progress)
    fitted = LatentEmbedder.fit(texts)
    matrix = np.zeros((len(texts), fitted.dimensions), np.float32)
    done = 0
    for rows, vectors in embed_by(workers, fitted, texts, range(len(texts))):
        matrix[rows] = vectors
        done += len(rows)
        (progress or _silent)("embedding", done, len(texts))
    return fitted, matrix


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read off passages, in their order."""

    postings: Postings
    averages: Averages
    texts: Sequence[str]  # what is embedded
    keys: npt.NDArray[np.uint64]  # (passages, 2) its hash
    sameness: npt.NDArray[np.uint64]
    chinese: npt.NDArray[np.bool_]
    aliases: Mapping[str, list[tuple[str, str]]]  # by document


def _read(
    passages: Sequence[Passage], averages: Averages | None, tell: Progress, processes: int | None = None
) -> _Read:
    """Analyse passages; without averages they give their own."""
    found = analyze_passages(passages, lambda done: tell("indexing words", done, len(passages)), processes)
    averages = averages or found.counter.averages()
    postings = found.counter.postings(averages)
    tell("indexing words", len(passages), len(passages))
    texts = [f"{passage.context}\n{passage.text}" if passage.context else passage.text for passage in passages]
    keys = np.array([hashed(text) for text in texts], np.uint64)
    return _Read(postings, averages, texts, keys, found.sameness, found.chinese, found.aliases)


def _segment(
    passages: Sequence[Passage],
    read: _Read,
    vectors: Vectors,
    places: Mapping[str, int],
    crossings: tuple[Crossing, Crossing],
) -> Segment:
    return Segment(
        catalogue=MemoryCatalogue(passages, places, read.aliases),
        postings=read.postings,
        vectors=vectors,
        keys=read.keys,
        sameness=read.sameness,
        chinese=read.chinese,
        held=Held.of(read.postings, crossings),
        documents=len(read.aliases),
    )


def _weights(embedder: Embedder, matrix: Floats, passages: Sequence[Passage], segment: Segment) -> Weights:
    texts = [passage.text for passage in passages]
    languages: list[Language] = ["zh" if chinese else "en" for chinese in segment.chinese.tolist()]
    first = _First(Lexical((segment.part(0),)))
    return choose_weights(embedder, matrix, texts, languages, first, load_glossary())


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _tidied(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return segments with the empty ones left out, and those put together that ``to_merge`` names."""
    kept = [segment for segment in segments if segment.living]
    while chosen := to_merge(kept):
        joined = merge([kept[at] for at in chosen])
        kept = [segment for at, segment in enumerate(kept) if at not in chosen] + [joined]
        kept.sort(key=lambda segment: -len(segment))
    return tuple(kept)


def _with_names(contents: Contents) -> Contents:
    """Return contents with the names that their documents state and the list that ships."""
    return replace(contents, names=collect([*load_aliases(), *contents.catalogue.names()]))


@dataclass(frozen=True, slots=True)
class _First:
    """Finds the passage that the lexical leg puts first; of several the lowest number."""

    lexical: Lexical

    def __call__(self, question: str) -> int:
        scorer = self.lexical.scorer(dict.fromkeys(analyze(question), 1.0))
        found = np.sort(scorer.best(_TIED))
        return int(found[np.argmax(scorer.of(found))]) if len(found) else 0
