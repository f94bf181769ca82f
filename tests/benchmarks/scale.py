"""What an index costs as it grows: building, adding, opening, searching, recall and memory, beside LangChain.

    python tests/benchmarks/scale.py --sizes 1000 100000 1000000 --data ../shared/bench/data --peers /venv/bin/python --out scale.json

Passages are sentences of reading-comprehension sets (Chinese and English) put together anew, with names that follow
Zipf's law, so that the vocabulary grows as that of real texts does. Vectors are given to everybody: 384 numbers in
20,000 uneven clusters whose variance falls from direction to direction, as those of sentence embedders do. Every
measurement runs in a process of its own on one thread. The peers are LangChain's FAISS store and its BM25 retriever
with jieba, up to ``--peers-up-to`` passages. Prints a table as Markdown and writes every figure as JSON: seconds and
milliseconds by the clock, and of the processor in brackets, which on a busy machine say more.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402 the threads come first

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
DIMENSIONS = 384
PER_DOCUMENT = 10  # passages
QUESTIONS = 200
ONE_IN = 20  # documents are papers: the filter of 5 %
FILES = ("cmrc2018_dev.json", "xquad_half.zh.json", "xquad_half.en.json")
_SENTENCE = re.compile(r"[^。!?.！？]+[。!?.！？]?\s*")
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "or")]
_SIGNS = "安白川达恩丰高海和江金科兰林马明南宁平青瑞山石天威文西新阳云正中"


def main() -> None:
    """Run everything, or one step of it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "bench" / "data")
    parser.add_argument("--peers", help="a Python with langchain-community, faiss-cpu, rank-bm25 and jieba")
    parser.add_argument("--peers-up-to", type=int, default=100_000)
    parser.add_argument("--vectors", default="auto", help="the kind of our vector index")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        started = time.perf_counter()
        found = STEPS[arguments.step](arguments.work, arguments.sizes[0], arguments)
        found["seconds_in_all"] = time.perf_counter() - started
        print(json.dumps(found | memory()))
        return
    if not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}; give the reading-comprehension sets with --data")
    report = [measure(size, arguments) for size in arguments.sizes]
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(table(report))


def measure(size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Take every step at one size, each in a fresh process; figures by the step's name."""
    found: dict[str, Any] = {"passages": size}
    with tempfile.TemporaryDirectory(prefix="survey-qa-scale-") as work:
        run_step("prepare", work, size, arguments, sys.executable)
        for step in ("build", "open", "search", "add"):
            found[step] = run_step(step, work, size, arguments, sys.executable)
        if arguments.peers and size <= arguments.peers_up_to:
            for step in ("peer_faiss", "peer_bm25", "peer_open"):
                found[step] = run_step(step, work, size, arguments, arguments.peers)
    return found


def run_step(step: str, work: str, size: int, arguments: argparse.Namespace, python: str) -> Any:
    """Run one step in a process and return what it prints; a step that fails says so and gives {}."""
    command = [python, __file__, "--step", step, "--work", work, "--sizes", str(size)]
    command += ["--data", str(arguments.data.resolve()), "--vectors", arguments.vectors]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        print(f"{step} at {size} failed: {ended.stderr[-600:]}", file=sys.stderr)
        return {}
    found = json.loads(ended.stdout.strip().splitlines()[-1])
    print(f"{step} at {size}: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


def prepare(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Write texts, vectors and questions for everybody."""
    contexts, questions = read_sets(arguments.data)
    with (work / "texts.jsonl").open("w", encoding="utf-8") as file:
        for text in texts(contexts, size):
            file.write(json.dumps(text, ensure_ascii=False) + "\n")
    matrix, asked = vectors(size, seed=0), vectors(QUESTIONS, seed=1)
    papers = np.flatnonzero(np.arange(size) // PER_DOCUMENT % ONE_IN == 0)
    np.save(work / "vectors.npy", matrix)
    np.save(work / "asked.npy", asked)
    np.save(work / "tenth.npy", [tenth_best(matrix, asked, np.arange(size)), tenth_best(matrix, asked, papers)])
    chosen = random.Random(1).sample(questions, QUESTIONS)
    (work / "questions.json").write_text(json.dumps(chosen, ensure_ascii=False), "utf-8")
    return {"megabytes_of_text": (work / "texts.jsonl").stat().st_size / 1e6}


def build(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Build both legs of ours with given vectors and save them."""
    from index import Index

    given = Given(work)
    passages = [passage for document in documents(work) for passage in passages_of(document)]
    given.learn(passages)
    watch = Watch()
    index = Index.build(passages, embedder=given, vectors=arguments.vectors)
    index.save(work / "index")
    taken = watch.read("build_and_save")
    info = index.info()
    return {
        **taken,
        "terms": info["terms"],
        "vectors": info["vectors"],
        "disk_mb": disk(work / "index"),
    }


def open_(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Open ours and answer the first question, imports included."""
    given, question = Given(work), questions_of(work)[0]
    before, watch = memory(), Watch()
    from index import Index

    index = Index.open(work / "index", embedder=given)
    opened = watch.read("open")
    hits = index.search(question, 10, vector_weight=0.5)
    assert len(hits) == 10
    return opened | watch.read("open_and_first") | {"before": before}


def search(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Time hybrid searches of ours and compare the vector leg with an exact search, also under a filter of 5 %."""
    from index import Filter, Index

    matrix, asked = np.load(work / "vectors.npy", mmap_mode="r"), np.load(work / "asked.npy")
    exact = np.load(work / "tenth.npy")
    chosen = Filter.of(kinds=["paper"])
    index = Index.open(work / "index", embedder=Given(work))
    index.load()
    before, questions = memory(), questions_of(work)
    found: dict[str, Any] = {"before": before}
    for name, weight, filter, gold in (
        ("hybrid", 0.5, None, None),
        ("vector", 1.0, None, exact[0]),
        ("lexical", 0.0, None, None),
        ("hybrid_filtered", 0.5, chosen, None),
        ("vector_filtered", 1.0, chosen, exact[1]),
    ):

        def ask(question: str, weight: float = weight, filter: Any = filter) -> list[int]:
            hits = index.search(question, 10, vector_weight=weight, filter=filter)
            return [number_of(hit.passage) for hit in hits]

        numbers, times = timed(ask, questions)
        found[name] = times
        if gold is not None:
            found[name]["recall_at_10"] = recall(matrix, asked, numbers, gold)
    return found


def add(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Add about 1 % of new documents to ours on disk."""
    from corpus import Document, split
    from index import Index

    made = texts(read_sets(arguments.data)[0], max(size // 10, 100), seed=9)
    new: list[Document] = []
    passages = 0
    while passages < size // 100:
        document = Document(
            id=f"new{len(new)}", text="\n\n".join(next(made) for _ in range(PER_DOCUMENT)), language="zh"
        )
        new.append(document)
        passages += len(split([document]))
    index = Index.open(work / "index", embedder=Given(work))
    watch = Watch()
    index.add(new)
    return watch.read("add") | {"passages": passages}


def peer_faiss(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Build LangChain's FAISS store of given vectors, search it and save it."""
    from langchain_community.vectorstores import FAISS

    given, matrix = list(lines(work)), np.load(work / "vectors.npy")
    watch = Watch()
    store = FAISS.from_embeddings(
        zip(given, matrix.tolist(), strict=True), peer_embeddings(work), metadatas=[{"id": n} for n in range(size)]
    )
    store.save_local(str(work / "peer"))
    taken = watch.read("build_and_save")
    asked = np.load(work / "asked.npy")
    _, times = timed(lambda row: store.similarity_search_with_score_by_vector(asked[row].tolist(), k=10), range(50))
    return taken | {"search": times}


def peer_bm25(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Build LangChain's BM25 retriever with jieba, ask it, and pickle it, which is how its users keep it."""
    import pickle

    import jieba
    from langchain_community.retrievers import BM25Retriever

    jieba.initialize()
    given = list(lines(work))
    watch = Watch()
    retriever = BM25Retriever.from_texts(given, preprocess_func=words, k=10)
    (work / "peer").mkdir(exist_ok=True)
    (work / "peer" / "bm25.pkl").write_bytes(pickle.dumps(retriever))
    taken = watch.read("build_and_save")
    _, times = timed(retriever.invoke, questions_of(work)[:20])
    return taken | {"search": times}


def peer_open(work: Path, size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Load both of LangChain's and ask each the first question, imports included."""
    before, watch = memory(), Watch()
    import pickle

    from langchain_community.vectorstores import FAISS

    store = FAISS.load_local(str(work / "peer"), peer_embeddings(work), allow_dangerous_deserialization=True)
    retriever = pickle.loads((work / "peer" / "bm25.pkl").read_bytes())
    opened = watch.read("open")
    assert store.similarity_search("first", k=10)
    assert retriever.invoke(questions_of(work)[0])
    return opened | watch.read("open_and_first") | {"before": before}


STEPS: dict[str, Callable[[Path, int, argparse.Namespace], dict[str, Any]]] = {
    "prepare": prepare, "build": build, "open": open_, "search": search, "add": add, "peer_faiss": peer_faiss,
    "peer_bm25": peer_bm25, "peer_open": peer_open,
}  # fmt: skip


class Given:
    """An embedder whose vectors were worked out before: by text for passages and questions, drawn anew for others."""

    name = "given"
    fingerprint = "1"
    dimensions = DIMENSIONS

    def __init__(self, work: Path) -> None:
        self._matrix = np.load(work / "vectors.npy", mmap_mode="r")
        self._asked = np.load(work / "asked.npy")
        self._others = vectors(1_000, seed=2)
        self._questions = {question: row for row, question in enumerate(questions_of(work))}
        self._rows: dict[int, int] = {}

    def learn(self, passages: Sequence[Any]) -> None:
        """Note which passage has which vector, before any time is taken."""
        self._rows = {hash(passage.text): row for row, passage in enumerate(passages)}

    def embed_passages(self, texts: Sequence[str], progress: object = None) -> Any:
        """Return the given vectors, shape (texts, dimensions)."""
        rows = np.array([self._rows.get(hash(text), -1) for text in texts], np.int64)
        if (rows == np.arange(len(self._matrix))[: len(rows)]).all():
            return np.array(self._matrix[: len(rows)])
        drawn = self._others[np.arange(len(rows)) % len(self._others)]
        return np.where((rows >= 0)[:, None], self._matrix[np.maximum(rows, 0)], drawn).astype(np.float32)

    def embed_query(self, text: str) -> Any:
        """Return a question's given vector."""
        row = self._questions.get(text)
        return self._asked[row] if row is not None else self._others[len(text) % len(self._others)]


def vectors(count: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return vectors of length 1, shape (count, DIMENSIONS); seeds differ in the draws, not in the clusters."""
    world = np.random.default_rng(11)
    falling = (np.arange(1, DIMENSIONS + 1) ** -0.45).astype(np.float32)
    turned = np.linalg.qr(world.standard_normal((DIMENSIONS, DIMENSIONS)))[0].astype(np.float32)
    centres = world.standard_normal((20_000, DIMENSIONS), dtype=np.float32) * falling
    shares = np.cumsum(1 / np.arange(1, len(centres) + 1) ** 0.6)
    chance = np.random.default_rng(seed)
    made = np.empty((count, DIMENSIONS), np.float32)
    for start in range(0, count, 20_000):
        part = made[start : start + 20_000]
        cluster = np.searchsorted(shares, chance.random(len(part)) * shares[-1])
        spread = chance.standard_normal(part.shape, dtype=np.float32) * falling
        part[:] = (centres[np.minimum(cluster, len(centres) - 1)] + 0.6 * spread) @ turned
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def read_sets(data: Path) -> tuple[list[list[str]], list[str]]:
    """Return the sentences of every context, and the questions."""
    contexts, questions = [], []
    for name in FILES:
        for article in json.loads((data / name).read_text("utf-8"))["data"]:
            for paragraph in article["paragraphs"]:
                contexts.append(_SENTENCE.findall(paragraph["context"]))
                questions += [one["question"] for one in paragraph["qas"]]
    return contexts, list(dict.fromkeys(questions))


def texts(contexts: Sequence[Sequence[str]], count: int, seed: int = 0) -> Iterator[str]:
    """Yield passages: sentences of a context in another order, one of another context, and names; no two are the same."""
    chance = random.Random(seed)
    names = np.random.default_rng(seed)
    for number in range(count):
        context, other = chance.choice(contexts), chance.choice(contexts)
        chosen = [*chance.sample(context, min(3, len(context))), chance.choice(other)]
        ranks = np.minimum(names.zipf(1.25, len(chosen)), 10**9)
        parts = [
            part for sentence, rank in zip(chosen, ranks, strict=True) for part in (sentence[:160], name_of(int(rank)))
        ]
        yield " ".join(parts).replace("\n", " ") + f" #{seed}-{number}"


def name_of(rank: int) -> str:
    """Return the name with a rank in the order of frequency, one in Latin letters and one in Chinese."""
    latin = signs = ""
    while rank:
        rank, rest = divmod(rank, len(_SYLLABLES) * len(_SIGNS))
        latin += _SYLLABLES[rest % len(_SYLLABLES)]
        signs += _SIGNS[rest // len(_SYLLABLES)]
    return f"{latin} {signs}"


def lines(work: Path) -> Iterator[str]:
    """Yield the prepared passages."""
    with (work / "texts.jsonl").open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def documents(work: Path) -> Iterator[Any]:
    """Yield documents of ten passages each; one in twenty is a paper."""
    from corpus import Document

    group: list[str] = []
    made = 0
    for text in [*lines(work), None]:
        if text is None or len(group) == PER_DOCUMENT:
            if group:
                kind = "text" if made % ONE_IN else "paper"
                yield Document(id=f"d{made}", text="\n\n".join(group), language="zh", kind=kind)
            group, made = [], made + 1
        if text is not None:
            group.append(text)


def passages_of(document: Any) -> Iterator[Any]:
    """Yield a document's passages, which blank lines separate."""
    from corpus import Passage

    start = 0
    for text in document.text.split("\n\n"):
        yield Passage(document, start, start + len(text))
        start += len(text) + 2


def number_of(passage: Any) -> int:
    """Return which of the prepared passages this is."""
    within = passage.document.text.count("\n\n", 0, passage.start)
    return int(passage.document_id[1:]) * PER_DOCUMENT + int(within)


def questions_of(work: Path) -> list[str]:
    """Return the prepared questions."""
    found: list[str] = json.loads((work / "questions.json").read_text("utf-8"))
    return found


def peer_embeddings(work: Path) -> Any:
    """Return LangChain embeddings that give the first question's vector."""
    from langchain_core.embeddings import Embeddings

    class First(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [self.embed_query(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:
            first: list[float] = np.load(work / "asked.npy")[0].tolist()
            return first

    return First()


def words(text: str) -> list[str]:
    """Return the words that jieba finds; a function of this file, so that a retriever that holds it can be pickled."""
    import jieba

    return list(jieba.lcut(text))


class Watch:
    """Seconds since it was made: by the clock, and of the processor in this process and those that it waited for."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), sum(os.times()[:4])

    def read(self, name: str) -> dict[str, float]:
        """Return both, named after what they are of."""
        return {
            f"{name}_s": time.perf_counter() - self._wall,
            f"{name}_cpu_s": sum(os.times()[:4]) - self._processor,
        }


def timed(ask: Callable[[Any], Any], questions: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return what every question finds, and p50 and p95 in milliseconds after five questions to warm up."""
    for question in questions[:5]:
        ask(question)
    found, times, processor = [], [], []
    for question in questions:
        started, worked = time.perf_counter(), time.thread_time()
        found.append(ask(question))
        times.append((time.perf_counter() - started) * 1000)
        processor.append((time.thread_time() - worked) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    cpu_p50, cpu_p95 = np.percentile(processor, [50, 95])
    return found, {
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "cpu_p50_ms": float(cpu_p50),
        "cpu_p95_ms": float(cpu_p95),
    }


def tenth_best(matrix: Any, asked: Any, numbers: Any) -> Any:
    """Return the exact tenth best cosine of every question among some passages, shape (questions,)."""
    best = np.full((len(asked), 10), -2.0, np.float32)
    for start in range(0, len(numbers), 50_000):
        scores = asked @ matrix[numbers[start : start + 50_000]].T
        best = np.partition(np.hstack([best, scores]), -10, axis=1)[:, -10:]
    return best.min(axis=1)


def recall(matrix: Any, asked: Any, found: Sequence[Sequence[int]], tenth: Any) -> float:
    """Return the share of the ten best that was found; what is as good as the tenth counts."""
    hits = [
        (matrix[sorted(numbers)] @ one >= last - 1e-4).sum()
        for numbers, one, last in zip(found, asked, tenth, strict=True)
    ]
    return float(np.minimum(hits, 10).mean() / 10)


def memory() -> dict[str, float]:
    """Return this process's memory in megabytes: now, of that in mapped files, and at most so far."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    now = {name: int(status[name].split()[0]) / 1024 for name in ("VmRSS", "RssFile")}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"memory_mb": now["VmRSS"], "mapped_mb": now["RssFile"], "peak_mb": peak}


def disk(folder: Path) -> float:
    """Return the megabytes of a folder's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def table(report: Sequence[dict[str, Any]]) -> str:
    """Return the report as a table in Markdown."""
    sizes = [f"{found['passages']:,}" for found in report]
    rows = [["passages", *sizes], ["---"] * (len(sizes) + 1)]
    for name, value in _ROWS:
        rows.append([name, *(_cell(value, found) for found in report)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(value: Callable[[dict[str, Any]], str], found: dict[str, Any]) -> str:
    try:
        return value(found)
    except KeyError:
        return "–"


def _built(found: dict[str, Any], *steps: str) -> float:
    return float(sum(found[step]["build_and_save_s"] for step in steps))


def _both(found: dict[str, Any], name: str, *steps: str) -> str:
    """Return the seconds of some steps together, by the clock and of the processor."""
    wall, processor = (sum(found[step][f"{name}{unit}"] for step in steps) for unit in ("_s", "_cpu_s"))
    return f"{wall * 1000:.0f} ({processor * 1000:.0f}) ms" if wall < 1 else f"{wall:.1f} ({processor:.1f}) s"


def _share(found: dict[str, Any]) -> str:
    return (
        f"{found['add']['add_s'] / _built(found, 'build'):.1%} for {found['add']['passages'] / found['passages']:.1%}"
    )


def _latency(times: dict[str, Any]) -> str:
    return f"{times['p50_ms']:.2f} / {times['p95_ms']:.2f} ({times['cpu_p50_ms']:.2f} / {times['cpu_p95_ms']:.2f}) ms"


_PEERS = ("peer_faiss", "peer_bm25")
_ROWS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("vector index chosen", lambda found: str(found["build"]["vectors"])),
    ("build and save, both legs", lambda found: _both(found, "build_and_save", "build")),
    ("LangChain FAISS + BM25 (jieba): build and save", lambda found: _both(found, "build_and_save", *_PEERS)),
    ("times as fast", lambda found: f"{_built(found, *_PEERS) / _built(found, 'build'):.1f}"),
    ("add new documents", lambda found: _both(found, "add", "add")),
    ("share of a build", _share),
    ("open and answer the first question", lambda found: _both(found, "open_and_first", "open")),
    ("LangChain: load and answer", lambda found: _both(found, "open_and_first", "peer_open")),
    ("hybrid search p50 / p95", lambda found: _latency(found["search"]["hybrid"])),
    ("… under a 5 % filter", lambda found: _latency(found["search"]["hybrid_filtered"])),
    ("by vectors alone", lambda found: _latency(found["search"]["vector"])),
    ("by words alone", lambda found: _latency(found["search"]["lexical"])),
    ("LangChain BM25 p50 / p95", lambda found: _latency(found["peer_bm25"]["search"])),
    ("LangChain FAISS p50 / p95", lambda found: _latency(found["peer_faiss"]["search"])),
    ("vector recall@10", lambda found: f"{found['search']['vector']['recall_at_10']:.3f}"),
    ("… under a 5 % filter", lambda found: f"{found['search']['vector_filtered']['recall_at_10']:.3f}"),
    ("memory after opening (of it mapped files)", lambda found: _megabytes(found["open"])),
    ("memory after 1,000 searches (of it mapped files)", lambda found: _megabytes(found["search"])),
    ("LangChain: memory after loading", lambda found: _megabytes(found["peer_open"])),
    ("memory while building, at most", lambda found: f"{found['build']['peak_mb']:.0f} MB"),
    ("on disk", lambda found: f"{found['build']['disk_mb']:.0f} MB"),
)


def _megabytes(found: dict[str, Any]) -> str:
    return f"{found['memory_mb']:.0f} ({found['mapped_mb']:.0f}) MB"


if __name__ == "__main__":
    main()
