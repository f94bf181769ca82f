"""What a whole answer costs without a model (`Assistant.ask`): p50 and p95, over the shipped library and over many passages.

    python tests/benchmarks/answering.py
    python tests/benchmarks/answering.py --passages 100000 --data ../shared/bench/data

On one thread, in a process of its own. Every question is asked once, after others that warm the process up, so that no
answer is remembered. Milliseconds of the processor, which on a busy machine say more, and by the clock in brackets. ``--index``
takes an index that is there already (for ``--passages`` one of these texts). Prints a table as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
OURS = ("library", "asked", "asked_unseen", "unseen", "hard")
WARMING = 100  # questions that are not measured

Asked = Sequence[tuple[str, Sequence[dict[str, str]]]]


def main() -> None:
    """Open or build the index, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--passages", type=int, help="over so many passages made of reading-comprehension sets, not the library"
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "bench" / "data")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--questions", type=int, default=400, help="measured over many passages")
    arguments = parser.parse_args()
    if arguments.passages and not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}; give the reading-comprehension sets with --data")
    with tempfile.TemporaryDirectory(prefix="survey-qa-answering-") as work:
        folder = arguments.index or Path(work) / "index"
        if not folder.exists():
            build(folder, arguments)
        questions = of_sets(arguments) if arguments.passages else of_the_library()
        print(table(measure(folder, questions)))


def build(folder: Path, arguments: argparse.Namespace) -> None:
    """Build the index that is asked, with the built-in embedder."""
    from corpus import load_library, split
    from index import Index

    if not arguments.passages:
        Index.build(split(load_library())).save(folder)
        return
    import scale

    (folder.parent / "texts.jsonl").write_text(
        "\n".join(map(json.dumps, scale.texts(scale.read_sets(arguments.data)[0], arguments.passages))), "utf-8"
    )
    passages = [passage for document in scale.documents(folder.parent) for passage in scale.passages_of(document)]
    Index.build(passages).save(folder)


def of_the_library() -> Asked:
    """Return our questions over the library, each once, in an order that has nothing to do with what they ask."""
    files = [ROOT / "tests" / "questions" / f"{name}.jsonl" for name in OURS]
    records = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    return shuffled({str((r["question"], r["history"])): (r["question"], r["history"]) for r in records}.values())


def of_sets(arguments: argparse.Namespace) -> Asked:
    """Return questions of the reading-comprehension sets."""
    import scale

    questions = [(question, ()) for question in scale.read_sets(arguments.data)[1]]
    return shuffled(questions)[: WARMING + arguments.questions]


def shuffled(questions: Iterable[tuple[str, Sequence[dict[str, str]]]]) -> list[tuple[str, Sequence[dict[str, str]]]]:
    """Return questions in an order that is always the same."""
    listed = list(questions)
    random.Random(1).shuffle(listed)
    return listed


def measure(folder: Path, questions: Asked) -> dict[str, list[float]]:
    """Return the milliseconds of each answer after the first ones: of the processor, by the clock, and of each stage."""
    from index import Index
    from rag import Assistant

    assistant = Assistant.open(index=Index.open(folder))
    assistant.index.load()
    found: dict[str, list[float]] = {"processor": [], "clock": []}
    for number, (question, history) in enumerate(questions):
        clock, processor = time.perf_counter(), time.process_time()
        answer = assistant.ask(question, history)
        taken = {"processor": (time.process_time() - processor) * 1e3, "clock": (time.perf_counter() - clock) * 1e3}
        if number >= WARMING:
            for stage, milliseconds in (taken | dict(answer.timings_ms)).items():
                found.setdefault(stage, []).append(milliseconds)
    return found


def table(found: dict[str, list[float]]) -> str:
    """Return p50 and p95 of the whole, and the median of each stage."""
    processor, clock = (statistics.quantiles(found.pop(name), n=20) for name in ("processor", "clock"))
    stages = ", ".join(f"{stage} {statistics.median(each):.1f}" for stage, each in found.items())
    return (
        "| ms | p50 | p95 |\n| --- | --- | --- |\n"
        f"| a whole answer | {processor[9]:.1f} ({clock[9]:.1f}) | {processor[18]:.1f} ({clock[18]:.1f}) |\n\n"
        f"Medians by the clock: {stages}."
    )


if __name__ == "__main__":
    main()
