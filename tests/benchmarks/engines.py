"""What an index in an engine costs: pushing beside the bare client, searching, and recall against an exact search.

    python tests/benchmarks/engines.py milvus postgres milvus-lite --size 100000 --data ../shared/bench/data

Starts each server on loopback (`pip install 'survey-qa[engines]'`), with the passages and given vectors of ``scale.py``.
``bare`` is the time that the engine's own client takes for the same rows, made beforehand, in the same batches; both
without the index that follows. Questions are asked one after the other, by vectors, by words and vectors, and by both
under a filter of 5 %; ``found`` is the engine's part, ``search`` the whole search with its passages. Prints JSON.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))


def main() -> None:
    """Measure each engine named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="+", choices=["milvus", "milvus-lite", "postgres"])
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "bench" / "data")
    arguments = parser.parse_args()
    scale, servers = load(HERE / "scale.py"), load(ROOT / "tests" / "engines" / "servers.py")
    kinds = {"milvus": servers.Milvus, "milvus-lite": servers.MilvusLite, "postgres": servers.Postgres}
    with tempfile.TemporaryDirectory(prefix="survey-qa-engines-") as folder:
        work = Path(folder)
        scale.prepare(work, arguments.size, arguments)
        index = build(scale, work)
        for name in arguments.engines:
            if reason := servers.missing(kinds[name]):
                print(f"{name}: {reason}", file=sys.stderr)
                continue
            place = work / name
            place.mkdir()
            print(json.dumps({"engine": name, **measure(scale, work, index, kinds[name](place))}), flush=True)


def measure(scale: ModuleType, work: Path, index: Any, server: Any) -> dict[str, Any]:
    """Push, and search what was pushed."""
    server.start()
    try:
        pushed = push(index, server)
        print(json.dumps(pushed), file=sys.stderr, flush=True)
        return {**pushed, **search(scale, work, server)}
    finally:
        server.kill()


def build(scale: ModuleType, work: Path) -> Any:
    """Return the index in this process."""
    from index import Index

    given = scale.Given(work)
    passages = [passage for document in scale.documents(work) for passage in scale.passages_of(document)]
    given.learn(passages)
    return Index.build(passages, embedder=given, vectors="flat")


def push(index: Any, server: Any) -> dict[str, Any]:
    """Time the push of passages, and the bare client's of the same rows."""
    from index.remote.addresses import Address
    from index.remote.engine import open_engine
    from index.remote.writing import _prepared

    bare = open_engine(Address.parse(server.url("bare")))
    bare.create("b0", index.info()["dimensions"], len(index))
    client = bare_client(bare)
    batches = [client.rows(batch) for part in _prepared(index._contents) for batch in part.passages()]
    seconds = sum(timed(client.write, rows) for rows in batches)
    del batches
    bare.drop("b0")
    marks: dict[str, list[float]] = {"pushing": [], "checking": []}
    sizes: list[int] = []

    def tell(stage: str, done: int, total: int) -> None:
        marks[stage].append(time.perf_counter())
        sizes.append(done)

    whole = timed(lambda: index.push(server.url("ours"), tell))
    first, last = marks["pushing"][0], marks["pushing"][-1]
    ours = (len(index) - sizes[0]) / (last - first)
    return {
        "passages": len(index), "bare_per_second": round(len(index) / seconds), "push_per_second": round(ours),
        "ratio": round(ours * seconds / len(index), 2), "whole_push_seconds": round(whole, 1),
    }  # fmt: skip


class bare_client:  # noqa: N801 it stands for a function of the engine's library
    """Writes rows as the engine's own client does, with nothing of ours around it."""

    def __init__(self, engine: Any) -> None:
        self.engine, self.store = engine, engine.open("b0")

    def rows(self, batch: Any) -> Any:
        """Return rows as the client takes them."""
        if self.engine.address.kind == "milvus":
            from index.remote.milvus import _passage_rows

            return _passage_rows(batch, words=self.engine.has_words)
        from index.remote import copying

        return [("{passages}", copying.passages(batch)), ("{postings}", b"".join(copying.postings(batch)))]

    def write(self, rows: Any) -> None:
        """Write them."""
        if self.engine.address.kind == "milvus":
            self.engine._connected().insert(self.store._named("passages"), rows)
            return
        with self.engine._connection() as db, db.transaction():
            for table, data in rows:
                self.store._copy(db, f"COPY {table} FROM STDIN (FORMAT BINARY)", [data])


def search(scale: ModuleType, work: Path, server: Any) -> dict[str, Any]:
    """Time searches and compare the vectors' ten best with the exact ones."""
    import numpy as np

    from index import Filter, Index

    matrix, asked, exact = (np.load(work / f"{name}.npy") for name in ("vectors", "asked", "tenth"))
    index, questions = Index.open(server.url("ours"), embedder=scale.Given(work)), scale.questions_of(work)
    index.load()
    spent: list[float] = []
    store = type(index._contents.store)
    candidates = store.candidates

    def watched(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        found = candidates(*arguments, **options)
        spent.append(1000 * (time.perf_counter() - started))
        return found

    store.candidates = watched
    found: dict[str, Any] = {}
    papers = Filter.of(kinds=["paper"])
    for name, weight, filter, gold in (
        ("vector", 1.0, None, exact[0]),
        ("hybrid", 0.5, None, None),
        ("vector_filtered", 1.0, papers, exact[1]),
        ("hybrid_filtered", 0.5, papers, None),
    ):
        spent.clear()
        times, numbers = [], []
        for question in questions:
            started = time.perf_counter()
            hits = index.search(question, 10, vector_weight=weight, filter=filter)
            times.append(1000 * (time.perf_counter() - started))
            numbers.append([scale.number_of(hit.passage) for hit in hits])
        found[name] = {"found_ms": percentiles(spent), "search_ms": percentiles(times)}
        if gold is not None:
            found[name]["recall_at_10"] = scale.recall(matrix, asked, numbers, gold)
    store.candidates = candidates
    return found


def percentiles(times: list[float]) -> dict[str, float]:
    """Return the median and the 95th percentile."""
    ordered = sorted(times)
    return {"p50": round(ordered[len(ordered) // 2], 1), "p95": round(ordered[int(0.95 * len(ordered))], 1)}


def timed(call: Any, *arguments: Any) -> float:
    """Return how many seconds a call takes."""
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started


def load(path: Path) -> ModuleType:
    """Return a file of the repository as a module."""
    spec = importlib.util.spec_from_file_location(f"loaded_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
