"""How well and how fast the index finds passages, on reading-comprehension sets in Chinese and English.

    python tests/benchmarks/retrieval.py [--embedder SPEC] [--tasks cmrc_dev xquad_zh ...] [--data DIR]

One passage per context and its questions' gold, as in the comparison with other libraries; nothing here was used to
tune a rule to a question. Prints hit@1 and hit@5 of each leg and of both, then build, open and query times.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from corpus.documents import Document, Passage  # noqa: E402 the path comes first
from index import Index  # noqa: E402

FILES = {"cmrc_dev": "cmrc2018_dev.json", "xquad_zh": "xquad_half.zh.json", "xquad_en": "xquad_half.en.json"}
TASKS = {  # name: (passages, questions); parallel data share question ids
    "cmrc_dev": ("cmrc_dev", "cmrc_dev"),
    "xquad_zh": ("xquad_zh", "xquad_zh"),
    "xquad_en": ("xquad_en", "xquad_en"),
    "en_question_zh_text": ("xquad_zh", "xquad_en"),
    "zh_question_en_text": ("xquad_en", "xquad_zh"),
}
LEGS = {"lexical": 0.0, "vector": 1.0, "hybrid": None}


def read(data: Path, name: str) -> tuple[list[str], dict[str, tuple[str, int]]]:
    """Return the contexts, and the questions with their context's number by id."""
    contexts: list[str] = []
    questions: dict[str, tuple[str, int]] = {}
    for article in json.loads((data / FILES[name]).read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                questions[str(question["id"])] = (question["question"], len(contexts))
            contexts.append(paragraph["context"])
    return contexts, questions


def passages(contexts: Sequence[str], name: str) -> list[Passage]:
    """Make each context a document of one passage; its id ends in its number."""
    documents = [Document(id=f"{name}-{number}", text=text) for number, text in enumerate(contexts)]
    return [Passage(document, 0, len(document.text)) for document in documents]


def hits(index: Index, questions: Sequence[tuple[str, int]], weight: float | None) -> tuple[float, float, float]:
    """Return hit@1, hit@5 and the median milliseconds of a search."""
    first = fifth = 0
    times = []
    for question, gold in questions:
        started = time.perf_counter()
        found = index.search(question, 5, vector_weight=weight)
        times.append(time.perf_counter() - started)
        numbers = [int(hit.passage.document_id.rsplit("-", 1)[1]) for hit in found]
        first += numbers[:1] == [gold]
        fifth += gold in numbers
    return first / len(questions), fifth / len(questions), statistics.median(times) * 1000


def quality(data: Path, tasks: Sequence[str], embedder: str) -> None:
    """Print hit rates of every task and leg."""
    built: dict[str, Index] = {}
    print(f"{'task':22}{'leg':10}{'hit@1':>8}{'hit@5':>8}{'p50 ms':>8}")
    for task in tasks:
        texts, asked = TASKS[task]
        contexts, questions = read(data, texts)
        if texts not in built:
            built[texts] = Index.build(passages(contexts, texts), embedder=embedder)
        wording = read(data, asked)[1]
        pairs = [(wording[id_][0], gold) for id_, (_, gold) in questions.items()]
        for leg, weight in LEGS.items():
            first, fifth, median = hits(built[texts], pairs, weight)
            print(f"{task:22}{leg:10}{first:8.3f}{fifth:8.3f}{median:8.2f}", flush=True)


def cost(data: Path, embedder: str, sizes: Sequence[int]) -> None:
    """Print the seconds to build, the milliseconds to save and open, and the size on disk, for so many contexts."""
    texts = [context for name in FILES for context in read(data, name)[0]]
    questions = list(read(data, "cmrc_dev")[1].values())[:200]
    print(f"{'contexts':22}{'build s':>10}{'save ms':>9}{'open ms':>9}{'p50 ms':>8}{'disk MB':>9}")
    for size in sizes:
        some = [
            f"{text}\n{number // len(texts)}" for number, text in zip(range(size), itertools.cycle(texts), strict=False)
        ]
        started = time.perf_counter()
        index = Index.build(passages(some, "some"), embedder=embedder)
        building = time.perf_counter() - started
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            index.save(folder)
            saving = time.perf_counter() - started
            started = time.perf_counter()
            opened = Index.open(folder, embedder=embedder)
            opening = time.perf_counter() - started
            disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
            median = hits(opened, questions, None)[2]
        print(
            f"{size:<22}{building:10.2f}{saving * 1000:9.0f}{opening * 1000:9.1f}{median:8.2f}{disk:9.1f}", flush=True
        )


def main() -> None:
    """Read the arguments and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "bench" / "data")
    parser.add_argument("--embedder", default="builtin")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--sizes", nargs="*", type=int, default=[300, 3200])
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        sys.exit(f"{arguments.data} is not there; name the folder with the sets with --data.")
    quality(arguments.data, arguments.tasks, arguments.embedder)
    cost(arguments.data, arguments.embedder, arguments.sizes)


if __name__ == "__main__":
    main()
