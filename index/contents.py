"""Everything that one state of an index holds, and how it is made of passages.

Nothing here changes after it was made: adding and removing documents makes new contents, and whoever searches the old
ones may go on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from corpus import load_aliases, load_glossary
from corpus.documents import Passage
from corpus.languages import Language, language_of
from corpus.names import find_aliases
from index.catalogue import Catalogue, MemoryCatalogue, in_order
from index.crossing import Crossing
from index.dictionary import entries_of, read_dictionary
from index.embedders import BUILTIN, Embedder, Floats, Progress, open_embedder
from index.errors import EmptyCorpus
from index.fusing import Weights, choose_weights
from index.latent import LatentEmbedder
from index.lexical import Lexical
from index.names import collect
from index.queries import Languages
from index.terms import analyze, normalize
from index.vectors import Vectors

MEMORY = "memory"
PLENTY = 0.05  # share of passages from which a language of an index counts as its own
ABROAD = 0.5  # what a translation counts where the index has plenty in the question's own language


@dataclass(frozen=True, slots=True)
class Splitting:
    """How documents are split when they are added; sizes are tokens of the encoding."""

    max_tokens: int = 256
    encoding: str = "survey-8k-v1"


@dataclass(frozen=True, slots=True)
class Contents:
    """One state of an index. Arrays count passages from 0 as ``catalogue`` does."""

    catalogue: Catalogue
    lexical: Lexical
    vectors: Vectors
    embedder: Embedder
    languages: Languages
    weights: Weights  # the vectors' share of a score, by the question's language
    keys: npt.NDArray[np.uint64]  # (passages, 2) hash of what was embedded
    sameness: npt.NDArray[np.uint64]  # (passages,) equal for passages with the same letters and digits
    fitted: npt.NDArray[np.uint32]  # checksums of the terms there were when the embedder was fitted, ascending
    splitting: Splitting = field(default_factory=Splitting)
    snapshot: str = MEMORY
    degraded: str = ""


def build(
    passages: Sequence[Passage],
    embedder: Embedder | str,
    splitting: Splitting,
    progress: Progress | None = None,
    former: Contents | None = None,
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
    lexical = Lexical.build([analyze(p.text) for p in ordered], [analyze(p.context) for p in ordered])
    tell("indexing words", len(ordered), len(ordered))
    spoken = [language_of(passage.text) for passage in ordered]
    texts = [f"{passage.context}\n{passage.text}" if passage.context else passage.text for passage in ordered]
    keys = np.array([_key(text) for text in texts], np.uint64)
    made = former.embedder if former else _opened(embedder, texts)
    matrix = _embed(made, texts, keys, former, progress)
    tell("connecting languages", 0, 1)
    languages = _languages(ordered, lexical, spoken)
    tell("connecting languages", 1, 1)
    own = [passage.text for passage in ordered]
    return Contents(
        catalogue=MemoryCatalogue(ordered),
        lexical=lexical,
        vectors=Vectors(matrix),
        embedder=made,
        languages=languages,
        weights=former.weights if former else _weights(made, matrix, own, spoken, lexical),
        keys=keys,
        sameness=np.array([_sameness(text) for text in own], np.uint64),
        fitted=former.fitted if former else np.sort(lexical.vocabulary.checksums),
        splitting=splitting,
    )


def share_unknown(contents: Contents) -> float:
    """Return the share of terms that came after the embedder was fitted; 0 for an embedder that is not fitted here."""
    if not isinstance(contents.embedder, LatentEmbedder):
        return 0.0
    return 1.0 - float(np.isin(contents.lexical.vocabulary.checksums, contents.fitted).mean())


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _opened(embedder: Embedder | str, texts: Sequence[str]) -> Embedder:
    if not isinstance(embedder, str):
        return embedder
    return LatentEmbedder.fit(texts) if embedder == BUILTIN else open_embedder(embedder)


def _key(text: str) -> tuple[int, int]:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _sameness(text: str) -> int:
    letters = "".join(character for character in normalize(text) if character.isalnum())
    return int.from_bytes(hashlib.blake2b(letters.encode(), digest_size=8).digest(), "little")


def _embed(
    embedder: Embedder,
    texts: Sequence[str],
    keys: npt.NDArray[np.uint64],
    former: Contents | None,
    progress: Progress | None,
) -> Floats:
    """Return one vector per text; those that ``former`` has are taken over."""
    known = {key: row for row, key in enumerate(map(tuple, former.keys.tolist()))} if former else {}
    places = [known.get(key, -1) for key in map(tuple, keys.tolist())]
    new = [row for row, place in enumerate(places) if place < 0]
    matrix = np.zeros((len(texts), embedder.dimensions), np.float32)
    if former:
        old = [row for row, place in enumerate(places) if place >= 0]
        matrix[old] = former.vectors.matrix[[places[row] for row in old]]
    if new:
        matrix[new] = embedder.embed_passages([texts[row] for row in new], progress)
    return matrix


def _languages(passages: Sequence[Passage], lexical: Lexical, spoken: Sequence[Language]) -> Languages:
    chinese = np.array([language == "zh" for language in spoken])
    share = float(chinese.mean())
    toward: list[Language] = [language for language, part in (("zh", share), ("en", 1 - share)) if part > 0]  # type: ignore[misc]
    documents = {passage.document_id: passage.document for passage in passages}.values()
    stated = [pair for document in documents for pair in find_aliases(document)]
    vocabulary = lexical.vocabulary
    return Languages(
        glossary=Crossing.compile(entries_of(load_glossary()), vocabulary, toward=toward, inside=False),
        dictionary=Crossing.compile(read_dictionary(), vocabulary, toward=toward, inside=True),
        names=collect([*load_aliases(), *stated]),
        factors=_factors(share),
        chinese=chinese,
    )


def _factors(chinese: float) -> Mapping[Language, float]:
    """Return how much translations count toward each language, from the share of Chinese passages."""
    english = 1 - chinese
    return {
        "zh": 0.0 if not chinese else ABROAD if english >= PLENTY else 1.0,
        "en": 0.0 if not english else ABROAD if chinese >= PLENTY else 1.0,
    }


def _weights(
    embedder: Embedder, matrix: Floats, texts: Sequence[str], spoken: Sequence[Language], lexical: Lexical
) -> Weights:
    def score(question: str) -> Floats:
        return lexical.score(dict.fromkeys(analyze(question), 1.0))

    return choose_weights(embedder, matrix, texts, spoken, score, load_glossary())
