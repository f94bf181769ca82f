"""What more workers bring to a build: the same documents by 1, 2 and 4 processes and on a Ray cluster.

    python tests/benchmarks/bulk.py --documents 5000 --workers 1 2 4 --out bulk.json
    python tests/benchmarks/bulk.py --documents 150 --embedder DIR --workers 1 2 4 ray://127.0.0.1:10001

Documents are Markdown of ten paragraphs each, made from a list of words by chance, always the same ones. Every build runs
in a process of its own, into an empty directory with an empty home. Prints a table as Markdown: seconds by the clock in
all and until each stage ended, passages a second, seconds of the processors of this machine (which on a busy machine say
more; a cluster's are not counted), the memory of the largest process, and whether the index is the same,
byte for byte, as that of the first row; where it is not, how far the vectors are apart and how many of 200 questions
get other passages than the first row's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "an", "or")]
QUESTIONS = 200


def main() -> None:
    """Build once for every number of workers, or do one build in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000)
    parser.add_argument("--embedder", default="builtin")
    parser.add_argument("--workers", nargs="+", default=["1", "2", "4"], help="numbers, or ray://HOST:PORT")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(build(arguments.step, arguments.embedder, arguments.workers[0])))
        return
    with tempfile.TemporaryDirectory(prefix="survey-qa-bulk-") as folder:
        work = Path(folder)
        write_documents(work / "documents", arguments.documents)
        report = [measure(work, arguments.embedder, workers) for workers in arguments.workers]
        compare(work, report)
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(table(report))


def write_documents(folder: Path, count: int) -> None:
    """Write documents of ten paragraphs of 90 words; a word's chance falls with its rank, as in real texts."""
    chance = random.Random(0)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4)))) for _ in range(40_000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    folder.mkdir()
    for number in range(count):
        paragraphs = (" ".join(chance.choices(words, weights, k=90)).capitalize() + "." for _ in range(10))
        parts = "\n\n".join(f"## Part {part}\n\n{text}" for part, text in enumerate(paragraphs, 1))
        (folder / f"{number:06}.md").write_text(f"# Note {number}\n\n{parts}\n", "utf-8")


def measure(work: Path, embedder: str, workers: str) -> dict[str, Any]:
    """Run one build in a process and return what it prints."""
    command = [sys.executable, __file__, "--step", str(work), "--embedder", embedder, "--workers", workers]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr[-2000:])
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    print(json.dumps(found), file=sys.stderr, flush=True)
    return found


def build(work: Path, embedder: str, workers: str) -> dict[str, Any]:
    """Build and save, and note when each stage was heard of last."""
    from rag.build import build_index

    began, stages = time.perf_counter(), dict[str, float]()

    def tell(stage: str, done: int, total: int) -> None:
        stages[stage] = round(time.perf_counter() - began, 2)

    built = build_index(
        [work / "documents"],
        directory=index_of(work, workers),
        home=work / f"home-{name_of(workers)}",
        library=False,
        embedder=embedder,
        workers=int(workers) if workers.isdecimal() else workers,
        progress=tell,
    )
    seconds = time.perf_counter() - began
    largest = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "workers": workers,
        "passages": built.passages,
        "seconds": round(seconds, 1),
        "processor": round(sum(os.times()[:4]), 1),  # of this process and of those that it waited for
        "stages": stages,
        "own_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "largest_mb": round(largest / 1024),
        "load": os.getloadavg()[0],
    }


def compare(work: Path, report: list[dict[str, Any]]) -> None:
    """Enter how each index differs from the first."""
    from index import Index

    first = index_of(work, report[0]["workers"])
    sums = checksums(first)
    for row in report:
        other = index_of(work, row["workers"])
        row["same_bytes"] = checksums(other) == sums
        if not row["same_bytes"]:
            one, two = Index.open(first), Index.open(other)
            row["apart"] = apart(one, two)
            row["other_rankings"] = sum(ranked(one, question) != ranked(two, question) for question in questions(one))


def apart(one: Any, other: Any) -> float:
    """Return the largest difference between two numbers at the same place of two indexes' vectors."""
    import numpy as np

    found = []
    for index in (one, other):
        (segment,) = index._contents.segments
        found.append(segment.vectors.vectors_of(np.arange(len(segment))))
    return float(np.abs(found[0] - found[1]).max())


def questions(index: Any) -> list[str]:
    """Return the beginnings of some passages."""
    documents = index.documents()[:: max(1, len(index.documents()) // QUESTIONS)][:QUESTIONS]
    return [" ".join(index.passages_of(document.id)[-1].text.split()[:8]) for document in documents]


def ranked(index: Any, question: str) -> list[tuple[str, int]]:
    """Return the ten best passages of a question."""
    return [(hit.passage.document_id, hit.passage.start) for hit in index.search(question, 10)]


def checksums(directory: Path) -> dict[str, str]:
    """Return the checksums of an index's files."""
    name = json.loads((directory / "CURRENT").read_bytes())["snapshot"]
    manifest = json.loads((directory / "snapshots" / name / "manifest.json").read_bytes())
    return {file: entry["sha256"] for file, entry in manifest["files"].items()}


def index_of(work: Path, workers: str) -> Path:
    """Return where an index is built."""
    return work / f"index-{name_of(workers)}"


def name_of(workers: str) -> str:
    """Return a folder's name for some workers."""
    return workers if workers.isdecimal() else "ray"


def table(report: list[dict[str, Any]]) -> str:
    """Return the report as a table in Markdown."""
    stages = list(dict.fromkeys(stage for row in report for stage in row["stages"]))
    heads = [
        "workers",
        "passages",
        "seconds",
        "passages/s",
        "processor s",
        *(f"until {one}" for one in stages),
        "MB",
        "same index",
    ]
    lines = [heads, ["---"] * len(heads)]
    for row in report:
        same = "yes" if row["same_bytes"] else f"{row['apart']:.1e} apart, {row['other_rankings']} other rankings"
        ended = [str(row["stages"].get(stage, "–")) for stage in stages]
        rate = f"{row['passages'] / row['seconds']:.0f}"
        cells = [
            row["workers"],
            row["passages"],
            row["seconds"],
            rate,
            row["processor"],
            *ended,
            row["largest_mb"],
            same,
        ]
        lines.append([str(cell) for cell in cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
