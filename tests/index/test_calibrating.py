"""The vectors' share: found by measurement, so that a weak leg cannot ruin a strong one."""

import numpy as np
import pytest

from index import Index
from index.calibrating import HIGHEST, HIGHEST_BUILTIN, make_samples
from index.fusing import by_maximum, fuse

SUBJECTS = [
    "lighthouse",
    "glacier",
    "orchard",
    "viaduct",
    "cathedral",
    "windmill",
    "reservoir",
    "monastery",
    "quarry",
    "aqueduct",
]
VERBS = ["overlooks", "borders", "predates", "resembles", "outlived"]


@pytest.fixture(scope="module")
def texts():
    return {
        f"{s}{n}": f"The {s} near village {n} {VERBS[n % 5]} the old market of parish {n * 7} and its {SUBJECTS[(i + n) % 10]}."
        for i, s in enumerate(SUBJECTS)
        for n in range(5)
    }


class Noise:
    """An embedder that knows nothing: a text's vector is random."""

    name, fingerprint, dimensions = "noise", "0", 16

    def embed_passages(self, texts, progress=None):
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text):
        vector = np.random.default_rng(len(text)).standard_normal(16).astype(np.float32)
        return vector / np.linalg.norm(vector)


class Words(Noise):
    """An embedder that finds what it is asked for: a vector of hashed words."""

    name, dimensions = "words", 2048

    def embed_query(self, text):
        vector = np.zeros(2048, np.float32)
        for word in text.lower().replace(".", "").split():
            vector[sum(map(ord, word)) * 31 % 2048] += 1
        return vector / max(float(np.linalg.norm(vector)), 1e-9)


def test_an_embedder_that_knows_nothing_gets_no_share(make_passages, texts, found):
    noisy = Index.build(make_passages(texts), embedder=Noise())
    assert noisy.info()["vector_weights"]["en"] < 0.01
    question = "What does the windmill near village 3 border?"
    assert found(noisy, question, 5) == found(noisy, question, 5, vector_weight=0.0)


def test_an_embedder_that_finds_passages_gets_a_share(make_passages, texts):
    index = Index.build(make_passages(texts), embedder=Words())
    assert 0.1 < index.info()["vector_weights"]["en"] <= HIGHEST


def test_the_built_in_embedder_never_gets_more_than_its_bound(make_passages, texts):
    index = Index.build(make_passages(texts))
    assert 0 < index.info()["vector_weights"]["en"] <= HIGHEST_BUILTIN


def test_an_embedder_that_cannot_cross_languages_gets_no_share_for_the_other_one(make_passages, texts):
    assert Index.build(make_passages(texts), embedder=Words()).info()["vector_weights"]["zh"] < 0.01


def test_shares_survive_saving_and_adding(make_passages, texts, tmp_path):
    index = Index.build(make_passages(texts), embedder=Words())
    before = index.info()["vector_weights"]
    index.save(tmp_path)
    opened = Index.open(tmp_path, embedder=Words())
    opened.remove(["windmill3"])
    assert opened.info()["vector_weights"] == before


def test_pseudo_questions_are_words_of_their_passage_and_always_the_same():
    texts = ["潮汐由月球和太阳的引力引起,每天两次。", "The bridge was finished in 1932 by two hundred workers."]
    samples = make_samples(texts, [0, 1])
    assert samples == make_samples(texts, [0, 1])
    for sample in samples:
        assert all(word in texts[sample.passage] for word in sample.question.split())
        assert len(sample.question) < len(texts[sample.passage])


def test_fused_scores_are_weighted_sums_of_normalised_ones():
    lexical = by_maximum(np.array([4.0, 2.0], np.float32), 4.0)
    vector = by_maximum(np.array([-0.1, 0.5], np.float32), 0.5)
    assert fuse(lexical, vector, 0.25) == pytest.approx([0.75, 0.625])
