"""Passages to contents: the one place where everything that an index holds is worked out.

Only a build needs the dictionary, scipy and the search for other names, so nothing that answers questions imports this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from corpus import load_aliases, load_glossary
from corpus.documents import Passage
from corpus.languages import Language, language_of
from corpus.names import find_aliases
from index.calibrating import choose_weights
from index.catalogue import MemoryCatalogue, in_order
from index.contents import Contents, Splitting
from index.crossing import Crossing
from index.dictionary import Dictionary, read_dictionary
from index.embedders import BUILTIN, Embedder, Floats, Progress, open_embedder
from index.engines import AskedKind
from index.errors import EmptyCorpus
from index.fusing import Weights
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.names import collect
from index.queries import Languages
from index.terms import analyze
from index.vectors import Vectors


def build(
    passages: Sequence[Passage],
    embedder: Embedder | str,
    splitting: Splitting,
    progress: Progress | None = None,
    former: Contents | None = None,
    vectors: AskedKind = "auto",
) -> Contents:
    """Make contents of passages; with ``former`` its embedder, its weights and the vectors of unchanged passages stay.

    Raises:
        EmptyCorpus: There is no passage.
        EmbedderUnavailable: The embedder cannot be opened.
    """
    ordered = in_order(passages)
    if not ordered:
        raise EmptyCorpus("There is nothing to index: no passage was given. Give documents that have text.")
    tell = progress or _silent
    tell("indexing words", 0, len(ordered))
    terms = [analyze(passage.text) for passage in ordered]
    lexical = Lexical.build(terms, [analyze(passage.context) for passage in ordered])
    tell("indexing words", len(ordered), len(ordered))
    spoken = [language_of(passage.text) for passage in ordered]
    texts = [f"{passage.context}\n{passage.text}" if passage.context else passage.text for passage in ordered]
    keys = np.array([_hash(text) for text in texts], np.uint64)
    made, matrix = _embedded(embedder, texts, keys, former, progress)
    tell("connecting languages", 0, 1)
    languages = _languages(ordered, lexical, spoken)
    tell("connecting languages", 1, 1)
    own = [passage.text for passage in ordered]
    return Contents(
        catalogue=MemoryCatalogue(ordered),
        lexical=lexical,
        vectors=Vectors.build(matrix, former.vectors.asked if former else vectors),
        embedder=made,
        languages=languages,
        weights=former.weights if former else _weights(made, matrix, own, spoken, lexical),
        keys=keys,
        sameness=np.array([_hash(" ".join(found))[0] for found in terms], np.uint64),
        fitted=former.fitted if former else np.sort(lexical.vocabulary.checksums),
        splitting=splitting,
    )


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _embedded(
    embedder: Embedder | str,
    texts: Sequence[str],
    keys: npt.NDArray[np.uint64],
    former: Contents | None,
    progress: Progress | None,
) -> tuple[Embedder, Floats]:
    """Return the embedder, opened or fitted, and one vector per text."""
    if former:
        return former.embedder, _embed_new(former, texts, keys, progress)
    if embedder == BUILTIN:
        return LatentEmbedder.fit_and_embed(texts, progress)
    opened = open_embedder(embedder) if isinstance(embedder, str) else embedder
    return opened, opened.embed_passages(texts, progress)


def _hash(text: str) -> tuple[int, int]:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _embed_new(
    former: Contents, texts: Sequence[str], keys: npt.NDArray[np.uint64], progress: Progress | None
) -> Floats:
    """Return one vector per text: those that ``former`` has are taken over, the others computed."""
    known = {key: row for row, key in enumerate(map(tuple, former.keys.tolist()))}
    places = np.array([known.get(key, -1) for key in map(tuple, keys.tolist())])
    matrix = np.zeros((len(texts), former.embedder.dimensions), np.float32)
    matrix[places >= 0] = former.vectors.vectors_of(places[places >= 0])
    new = np.flatnonzero(places < 0)
    if len(new):
        matrix[new] = former.embedder.embed_passages([texts[row] for row in new.tolist()], progress)
    return matrix


def _languages(passages: Sequence[Passage], lexical: Lexical, spoken: Sequence[Language]) -> Languages:
    documents = {passage.document_id: passage.document for passage in passages}.values()
    stated = [pair for document in documents for pair in find_aliases(document)]
    numbers, toward = lexical.vocabulary.numbers(), set(spoken)
    return Languages(
        glossary=Crossing.compile(Dictionary.of_pairs(load_glossary()), numbers, toward=toward, inside=False),
        dictionary=Crossing.compile(read_dictionary(), numbers, toward=toward, inside=True),
        names=collect([*load_aliases(), *stated]),
        chinese=np.array([language == "zh" for language in spoken]),
    )


def _weights(
    embedder: Embedder, matrix: Floats, texts: Sequence[str], spoken: Sequence[Language], lexical: Lexical
) -> Weights:
    def score(question: str) -> Floats:
        return lexical.score(dict.fromkeys(analyze(question), 1.0))

    return choose_weights(embedder, matrix, texts, spoken, score, load_glossary())
