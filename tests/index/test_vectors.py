"""The kinds of vector index: which is chosen, that each finds what an exact search finds, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import faiss
import numpy as np
import pytest

from corpus import UsageError
from index import EmbedderUnavailable, Index, IndexDamaged, engines
from index.vectors import Vectors

KINDS = ["flat", "sq8", "hnsw", "ivf"]


def clustered(count, dimensions=32, seed=0):
    """Vectors of length 1 around 50 centres, as texts about 50 subjects have them."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(9).standard_normal((50, dimensions))
    rows = centres[chance.integers(50, size=count)] + 0.5 * chance.standard_normal((count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def recall(vectors, matrix, allowed=None, depth=10):
    """The share of the exact ten nearest that ``nearest`` finds, over 50 questions; equally near ones are as good."""
    numbers = np.arange(len(matrix)) if allowed is None else allowed
    hits = 0.0
    for question in clustered(50, matrix.shape[1], seed=5):
        tenth = np.sort(matrix[numbers] @ question)[-10]
        near = vectors.nearest(question, depth, allowed)
        hits += min((matrix[near] @ question >= tenth - 1e-4).mean(), 1.0)
    return hits / 50


@pytest.fixture(scope="module")
def matrix():
    return clustered(3000)


@pytest.fixture(params=KINDS)
def made(request, matrix):
    return Vectors.build(matrix, request.param)


def written(vectors):
    """The same vectors as they are read from a file."""
    shape = (vectors.count, vectors.dimensions)
    return Vectors.from_arrays(vectors.arrays(), vectors.kind, vectors.asked, shape)


def test_every_kind_finds_what_an_exact_search_finds(made, matrix):
    assert recall(made, matrix) >= 0.98


def test_every_kind_finds_the_same_after_it_was_written(made, matrix):
    question, again = clustered(1, seed=7)[0], written(made)
    assert again.nearest(question, 20).tolist() == made.nearest(question, 20).tolist()
    assert (again.kind, again.asked) == (made.kind, made.asked)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_a_filter_loses_no_recall_in_any_kind(made, matrix, share, monkeypatch):
    monkeypatch.setattr("index.vectors.FEW", 10)
    allowed = np.flatnonzero(np.random.default_rng(3).random(len(matrix)) < share)
    assert recall(made, matrix, allowed) >= 0.98


def test_a_filter_of_few_is_searched_exactly(made, matrix):
    allowed = np.flatnonzero(np.random.default_rng(3).random(len(matrix)) < 0.05)
    assert recall(made, matrix, allowed) == 1.0


def test_nothing_outside_the_filter_is_found(made, monkeypatch):
    monkeypatch.setattr("index.vectors.FEW", 0)
    allowed = np.array([3, 700, 2999])
    assert sorted(made.nearest(clustered(1)[0], 10, allowed).tolist()) == [3, 700, 2999]


def test_the_nearest_come_best_first(made):
    question = clustered(1, seed=4)[0]
    scores = made.score(question, made.nearest(question, 30))
    assert (np.diff(scores) <= 1e-6).all()


def test_vectors_can_be_carried_over_to_another_index(made, matrix):
    numbers = np.array([5, 0, 2999])
    assert np.allclose(made.vectors_of(numbers), matrix[numbers], atol=1e-3)


def test_carrying_vectors_over_again_changes_them_no_further(matrix):
    once = Vectors.build(matrix, "sq8").vectors_of(slice(None))
    assert np.array_equal(Vectors.build(once, "sq8").vectors_of(slice(None)), once)


def test_the_size_chooses_the_kind(matrix, monkeypatch):
    monkeypatch.setattr("index.vectors.ENOUGH_FOR_FAISS", 100)
    monkeypatch.setattr(engines, "ENOUGH_FOR_SQ8", 1000)
    monkeypatch.setattr(engines, "ENOUGH_FOR_IVF", 2000)
    assert [Vectors.build(matrix[:n]).kind for n in (50, 500, 1500, 3000)] == ["flat", "flat", "sq8", "ivf"]


def test_lists_are_not_used_where_most_of_them_would_have_to_be_visited(monkeypatch):
    monkeypatch.setattr("index.vectors.ENOUGH_FOR_FAISS", 100)
    monkeypatch.setattr(engines, "ENOUGH_FOR_SQ8", 500)
    monkeypatch.setattr(engines, "ENOUGH_FOR_IVF", 1000)
    noise = np.random.default_rng(0).standard_normal((2000, 128)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    assert Vectors.build(noise).kind == "sq8"
    assert Vectors.build(noise, "ivf").kind == "ivf"


@pytest.mark.parametrize("kind", KINDS)
def test_one_vector_is_enough_for_every_kind(kind):
    one = written(Vectors.build(clustered(1), kind))
    assert one.nearest(clustered(1)[0], 10).tolist() == [0]


def test_building_twice_gives_the_same_bytes(matrix):
    first, second = (Vectors.build(matrix, "ivf").arrays()["vectors_faiss"] for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
def test_another_number_of_vectors_than_expected_is_damage(matrix, kind):
    vectors = Vectors.build(matrix, kind)
    with pytest.raises(IndexDamaged, match=r"expected|does not hold"):
        Vectors.from_arrays(vectors.arrays(), kind, kind, (len(matrix) + 1, matrix.shape[1]))


def test_an_index_of_another_kind_than_expected_is_damage(matrix):
    arrays = Vectors.build(matrix, "sq8").arrays()
    with pytest.raises(IndexDamaged, match="IndexScalarQuantizer; 3000 of 32 in IndexIVF"):
        Vectors.from_arrays(arrays, "ivf", "ivf", matrix.shape).load_engine()


def test_bytes_that_are_no_index_are_damage(matrix):
    arrays = Vectors.build(matrix, "sq8").arrays() | {"vectors_faiss": np.zeros(1000, np.uint8)}
    with pytest.raises(IndexDamaged, match="no FAISS index"):
        Vectors.from_arrays(arrays, "sq8", "sq8", matrix.shape).load_engine()


def test_a_kind_that_there_is_not_is_refused(matrix):
    with pytest.raises(UsageError, match="'lsh'; there are auto, flat, sq8, hnsw, ivf"):
        Vectors.build(matrix, "lsh")


def test_vectors_that_are_not_numbers_are_refused(matrix):
    broken = matrix.copy()
    broken[7, 3] = np.nan
    with pytest.raises(EmbedderUnavailable, match="no finite numbers"):
        Vectors.build(broken)


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_keeps_the_kind_that_was_asked_for(bilingual, tmp_path, kind, found):
    passages = [passage for info in bilingual.documents() for passage in bilingual.passages_of(info.id)]
    Index.build(passages, vectors=kind).save(tmp_path)
    index = Index.open(tmp_path)
    index.remove(["violin"])
    assert index.info()["vectors"] == kind
    assert found(index, "How far does the glacier retreat?", 1) == ["glacier"]
    assert Index.open(tmp_path).info()["vectors"] == kind


def test_a_search_in_any_thread_uses_one_thread_of_faiss(made):
    def search():
        made.nearest(clustered(1)[0], 10)
        return faiss.omp_get_max_threads()

    made.load_engine()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(faiss.omp_set_num_threads, 3).result()
        assert pool.submit(search).result() == 1
