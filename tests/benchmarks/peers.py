"""survey-qa beside what one would pick in its place: the same texts and the same questions, in one run.

    python -m venv peers && peers/bin/pip install torch==2.13.0 -r tests/benchmarks/requirements-peers.txt
    python tests/benchmarks/peers.py --data DIR --peers peers/bin/python --out peers.json --page docs/peers.md

``DIR`` holds CMRC 2018 (dev) and the halves of XQuAD in the SQuAD format. Each step of each system runs in a process of its own on
one thread. Finding: hit@1, hit@5 and the mean reciprocal rank of the context that a question belongs to. Shown: a gold answer stands in the
first 800 columns (400 Chinese or 800 Latin characters) of what a person without a language model is shown; of a system that only finds,
that is its best passage. Refusing: over the library, the figure by which each system would refuse (ours a probability, the others their
best score) should order answerable questions above unanswerable ones. Killed: a system saves over an earlier save again and again and is
killed with SIGKILL at a random moment; what is left is unusable if it cannot be loaded, or finds what neither save would find.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from systems import SYSTEMS, System  # noqa: E402 the path comes first

FILES = {"cmrc": "cmrc2018_dev.json", "xquad_zh": "xquad_half.zh.json", "xquad_en": "xquad_half.en.json"}
TASKS = {  # name: (texts, questions); parallel data share question ids
    "Chinese (CMRC)": ("cmrc", "cmrc"),
    "Chinese (XQuAD)": ("xquad_zh", "xquad_zh"),
    "English (XQuAD)": ("xquad_en", "xquad_en"),
    "English on Chinese": ("xquad_zh", "xquad_en"),
    "Chinese on English": ("xquad_en", "xquad_zh"),
}
COLUMNS = 800
COST_TEXTS = 300
KILLS = 40
Reading = dict[str, tuple[str, int, list[str]]]  # a question's words, its context's number, its answers, by its id


def main() -> None:
    """Run every step of every system and write the report, or run one step in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "bench" / "data")
    parser.add_argument("--peers", default=sys.executable, help="the Python in which the other systems are installed")
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--steps", nargs="*", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--questions", type=int, default=500, help="of each task, drawn at random with a fixed seed")
    parser.add_argument("--out", type=Path, help="the figures as JSON; what it holds already is not measured again")
    parser.add_argument("--page", type=Path, help="the tables as Markdown, with a picture beside them")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}; give the reading-comprehension sets with --data")
    if arguments.one:
        step, system = arguments.one
        print(json.dumps(STEPS[step](system, arguments)))
        return
    known = arguments.out and arguments.out.is_file()
    report: dict[str, Any] = json.loads(arguments.out.read_text("utf-8")) if known else {}
    for system in arguments.systems:
        for step in arguments.steps:
            if step not in report.setdefault(system, {}):
                report[system][step] = run(step, system, arguments)
                if arguments.out:
                    arguments.out.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    from peers_page import draw, write

    if arguments.page:
        arguments.page.write_text(write(report, arguments.page.with_suffix(".svg").name), "utf-8")
        arguments.page.with_suffix(".svg").write_text(draw(report), "utf-8")
    else:
        print(write(report, None))


def run(step: str, system: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Run one step in a process and return what it prints; a step that fails says why and gives {}."""
    python = sys.executable if system == "survey-qa" else arguments.peers
    command = [python, __file__, "--one", step, system, "--data", str(arguments.data.resolve())]
    command += ["--questions", str(arguments.questions)]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "SURVEY_QA_HOME": home, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        print(f"{step} of {system} failed: {ended.stderr[-600:]}", file=sys.stderr)
        return {}
    found: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    print(f"{step} of {system}: {json.dumps(found)}", file=sys.stderr, flush=True)
    return found


def find(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure finding and showing, task by task."""
    built: dict[str, System] = {}
    found: dict[str, Any] = {}
    for task, (texts, asked) in TASKS.items():
        contexts, questions = read(arguments.data, texts)
        if texts not in built:
            built[texts] = SYSTEMS[name]()
            built[texts].build(contexts)
        wording = read(arguments.data, asked)[1]
        chosen = random.Random(0).sample(sorted(questions), min(arguments.questions, len(questions)))
        asking = [(wording[id_][0], questions[id_][1], questions[id_][2]) for id_ in chosen]
        found[task] = finding(built[texts], asking) | (showing(built[texts], asking) if texts == asked else {})
    return found


def finding(system: System, asking: Sequence[tuple[str, int, list[str]]]) -> dict[str, float]:
    """Return hit rates, the mean reciprocal rank, and the median milliseconds of a search."""
    ranks, times = [], []
    for question, gold, _ in asking:
        started = time.perf_counter()
        numbers = [number for number, _, _ in system.search(question, 10)]
        times.append((time.perf_counter() - started) * 1000)
        ranks.append(numbers.index(gold) + 1 if gold in numbers else 0)
    return {
        "n": len(ranks),
        "hit@1": share(rank == 1 for rank in ranks),
        "hit@5": share(0 < rank <= 5 for rank in ranks),
        "mrr@10": statistics.mean(1 / rank if rank else 0 for rank in ranks),
        "p50_ms": statistics.median(times),
    }


def showing(system: System, asking: Sequence[tuple[str, int, list[str]]]) -> dict[str, float]:
    """Return the share of questions whose gold stands in what a person is shown first, and its mean length."""
    from rag.evaluating import clip_columns, satisfied

    shown = [clip_columns(system.answer(question)[0], COLUMNS) for question, _, _ in asking]
    right = share(satisfied(text, [golds]) for text, (_, _, golds) in zip(shown, asking, strict=True))
    return {"shown": right, "characters": statistics.mean(map(len, shown))}


def refuse(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure how well the system's own figure tells questions that the library answers from others."""
    from corpus.shipped import load_library
    from rag.evaluating import clip_columns, load_questions, satisfied

    system = SYSTEMS[name]()
    system.build([document.text for document in load_library()])
    told, untold, right = [], [], []
    refused = {True: [], False: []}
    for gold in load_questions(ROOT / "tests" / "questions" / "unseen.jsonl"):
        if gold.history:
            continue
        text, figure, refuses = system.answer(gold.question)
        (told if gold.answerable else untold).append(figure)
        refused[gold.answerable].append(refuses)
        if gold.answerable:
            right.append(satisfied(clip_columns(text, COLUMNS), gold.must_contain))
    allowed = sorted(told)[int(len(told) * 0.05)]
    return {
        "answerable": len(told),
        "unanswerable": len(untold),
        "right": share(right),
        "refused_unanswerable": share(refused[False]),
        "refused_answerable": share(refused[True]),
        "auc": statistics.mean((a > b) + (a == b) / 2 for a in told for b in untold),
        "refused_at_5_percent": share(figure < allowed for figure in untold),
    }


def cost(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure what building 300 contexts, searching them, and a first answer of a fresh process take."""
    contexts, questions = read(arguments.data, "cmrc")
    started, worked = time.perf_counter(), time.process_time()
    system = SYSTEMS[name]()
    system.build(contexts[:COST_TEXTS])
    found: dict[str, Any] = {"build_s": time.perf_counter() - started, "build_cpu_s": time.process_time() - worked}
    asking = [question for question, number, _ in questions.values() if number < COST_TEXTS][:200]
    times, processor = [], []
    for question in asking:
        started, worked = time.perf_counter(), time.process_time()
        system.search(question, 10)
        times.append((time.perf_counter() - started) * 1000)
        processor.append((time.process_time() - worked) * 1000)
    with tempfile.TemporaryDirectory() as folder:
        system.save(Path(folder))
        found["disk_mb"] = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
        cold = [first_answer(name, folder, asking[0]) for _ in range(3)]
    return found | {
        "p50_ms": statistics.median(times),
        "cpu_p50_ms": statistics.median(processor),
        "cold_s": statistics.median(one["seconds"] for one in cold),
        "cold_cpu_s": statistics.median(one["cpu"] for one in cold),
    }


def first_answer(name: str, folder: str, question: str) -> dict[str, float]:
    """Load a saved index in a fresh process, ask it once, and return its seconds, by the clock and of the processor."""
    code = (
        f"import sys; sys.path[:0] = {sys.path[:2]!r}; from pathlib import Path; from systems import SYSTEMS; "
        f"system = SYSTEMS[{name!r}](); system.load(Path({folder!r})); assert system.search({question!r}, 10)"
    )
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(errors.decode()[-600:])
    after = os.times()
    return {
        "seconds": time.perf_counter() - started,
        "cpu": after.children_user + after.children_system - before.children_user - before.children_system,
    }


def kill(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Kill saves at random moments and count what is unusable afterwards."""
    contexts, questions = read(arguments.data, "cmrc")
    asking = [question for question, number, _ in questions.values() if number < 40][:5]
    first, second = SYSTEMS[name](), SYSTEMS[name]()
    first.build(contexts[:50])
    second.build(contexts[:60])
    good = [
        sorted(number for number, _, _ in one.search(question, 3)) for question in asking for one in (first, second)
    ]
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as work:
        started = time.perf_counter()
        first.save(made(Path(work) / "timed"))
        second.save(Path(work) / "timed")
        taken = time.perf_counter() - started
        folders = [made(Path(work) / str(number)) for number in range(KILLS)]
        for folder in folders:
            saver = start_saving(first, second, folder)
            time.sleep(chance.random() * 2 * taken)
            os.kill(saver, signal.SIGKILL)
            os.waitpid(saver, 0)
        unusable = [why for folder in folders if (why := check(name, folder, asking, good))]
    return {"kills": KILLS, "unusable": len(unusable), "why": sorted(set(unusable))[:3]}


def start_saving(one: System, other: System, folder: Path) -> int:
    """Return a process that has saved one whole and goes on to save the other and the one in turn until it is killed."""
    ready, tell = os.pipe()
    saver = os.fork()
    if not saver:
        try:
            one.save(folder)
            os.write(tell, b".")
            while True:
                other.save(folder)
                one.save(folder)
        finally:
            os._exit(1)
    os.close(tell)
    saved = os.read(ready, 1)
    os.close(ready)
    if not saved:
        raise SystemExit(f"the first save into {folder} failed")
    return saver


def check(name: str, folder: Path, asking: Sequence[str], good: Sequence[list[int]]) -> str:
    """Return why what is in the folder is unusable, "" where it can be loaded and finds what one of the two saves finds."""
    system = SYSTEMS[name]()
    try:
        system.load(folder)
        found = [sorted(number for number, _, _ in system.search(question, 3)) for question in asking]
    except Exception as error:  # noqa: BLE001 whatever a library does with half a save is the finding
        return type(error).__name__
    return "" if all(numbers in good for numbers in found) else "finds something else"


STEPS: dict[str, Callable[[str, argparse.Namespace], dict[str, Any]]] = {
    "find": find, "refuse": refuse, "cost": cost, "kill": kill,
}  # fmt: skip


def read(data: Path, name: str) -> tuple[list[str], Reading]:
    """Return the contexts, and the questions with their context's number and answers."""
    contexts: list[str] = []
    questions: Reading = {}
    for article in json.loads((data / FILES[name]).read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for one in paragraph["qas"]:
                golds = [answer["text"] for answer in one["answers"]]
                questions[str(one["id"])] = (one["question"], len(contexts), golds)
            contexts.append(paragraph["context"])
    return contexts, questions


def share(values: Any) -> float:
    """Return the share of what is true."""
    return statistics.mean(map(float, values))


def made(folder: Path) -> Path:
    """Return a folder after making it."""
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
