"""survey-qa beside what one would pick in its place: the same texts and the same questions, in one run.

    python -m venv peers && peers/bin/pip install torch==2.13.0 -r tests/benchmarks/requirements-peers.txt
    python tests/benchmarks/peers.py --data DIR --peers peers/bin/python

``DIR`` holds CMRC 2018 (dev) and the halves of XQuAD in the SQuAD format. What peers.json holds already is not measured again (``--again``:
of the systems and steps that are named it is), and the page, its pictures and the READMEs' tables are written from it. Systems take
turns; each step of each is a process of its own on one thread, and how busy the machine was is noted beside it.

find: hit@1, hit@5 and the mean reciprocal rank of the context that a question belongs to; shown: a gold answer stands in the first 800
columns (400 Chinese or 800 Latin characters) of what a person without a language model is shown, of a system that only finds its best
passage; cited: whether the citations (of a system that only finds, that passage) are of the context that the question belongs to.
refuse: over the library, the figure by which each system would refuse (ours a probability, the others their best score) should order
answerable questions above unanswerable ones. sizes: building, opening, asking and memory by the number of passages, with a limit of
processor seconds for each process; dense systems embed up to 300 passages and are given the vectors of more. kill: what a fresh process
sees after one that added, or built anew over what was there, was killed with SIGKILL at a random moment.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from systems import SYSTEMS, WORDS_ALONE, System  # noqa: E402 the path comes first

HERE = Path(__file__).resolve().parent
FILES = {"cmrc": "cmrc2018_dev.json", "xquad_zh": "xquad_half.zh.json", "xquad_en": "xquad_half.en.json"}
TASKS = {  # name: (texts, questions); parallel data share question ids
    "Chinese (CMRC)": ("cmrc", "cmrc"),
    "Chinese (XQuAD)": ("xquad_zh", "xquad_zh"),
    "English (XQuAD)": ("xquad_en", "xquad_en"),
    "English on Chinese": ("xquad_zh", "xquad_en"),
    "Chinese on English": ("xquad_en", "xquad_zh"),
}
COLUMNS = 800
SIZES = (300, 3_000, 30_000, 100_000)
EMBEDDED_UP_TO = 300
QUESTIONS = 50
LIMIT_SECONDS, LIMIT_MEGABYTES = 150, 9_000
KILL_SECONDS = 600
Reading = dict[str, tuple[str, int, list[str]]]  # a question's words, its context's number, its answers, by its id


def main() -> None:
    """Run every step of every system and write the report, or run one step in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "bench" / "data")
    parser.add_argument("--peers", default=sys.executable, help="the Python in which the other systems are installed")
    parser.add_argument("--systems", nargs="*", default=list(SYSTEMS), choices=list(SYSTEMS))
    parser.add_argument("--steps", nargs="*", default=["find", "refuse", "sizes", "kill"], help="in this order")
    parser.add_argument("--again", action="store_true", help="measure again what the report holds already")
    parser.add_argument("--questions", type=int, default=500, help="of each task, drawn at random with a fixed seed")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=1, help="so often each size")
    parser.add_argument("--limit", type=int, default=LIMIT_SECONDS, help="processor seconds of each process of a size")
    parser.add_argument("--out", type=Path, default=HERE / "peers.json", help="the figures")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "peers.md", help="with its pictures beside it")
    readmes = [ROOT / "README.md", ROOT / "README.zh-CN.md"]
    parser.add_argument("--readmes", type=Path, nargs="*", default=readmes, help="whose short table is written")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        step, system = arguments.one
        print(json.dumps(STEPS[step](system, arguments)))
        return
    again = itertools.product(arguments.systems, arguments.steps) if arguments.again else ()
    report = Report(arguments.out, again)
    if arguments.steps:
        if not arguments.data.is_dir():
            parser.error(f"there is no folder {arguments.data}; give the reading-comprehension sets with --data")
        with tempfile.TemporaryDirectory(prefix="survey-qa-peers-") as work:
            for step in arguments.steps:
                (sizes if step == "sizes" else kill if step == "kill" else quality)(step, report, Path(work), arguments)
    publish(report.found, arguments.page, arguments.readmes)


def publish(report: Any, page: Path, readmes: Sequence[Path]) -> None:
    """Write the page, its two pictures, and the tables between the marks of the READMEs."""
    from peers_page import CURVES, DRAWN, short, write
    from peers_plot import bars, curves

    report = {system: report[system] for system in SYSTEMS if system in report}
    page.write_text(write(report), "utf-8")
    page.with_suffix(".svg").write_text(bars(report, DRAWN), "utf-8")
    page.with_name("peers-sizes.svg").write_text(curves(report, CURVES), "utf-8")
    for readme in readmes:
        before, _, rest = readme.read_text("utf-8").partition("<!-- peers -->\n")
        _, _, after = rest.partition("<!-- /peers -->")
        if after:
            table = short(report, chinese="zh" in readme.name)
            readme.write_text(f"{before}<!-- peers -->\n{table}<!-- /peers -->{after}", "utf-8")


class Report:
    """The figures in a file, by system and step, written after each."""

    def __init__(self, file: Path, again: Iterable[tuple[str, str]]) -> None:
        self._file, self._again = file, set(again)
        self.found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}

    def held(self, system: str, step: str) -> Any:
        """Return what was found of a step, {} where it is to be measured."""
        return {} if (system, step) in self._again else self.found.get(system, {}).get(step, {})

    def note(self, system: str, step: str, found: Any) -> None:
        """Write what was found."""
        self._again.discard((system, step))
        self.found.setdefault(system, {})[step] = found
        print(f"{step} of {system}: {json.dumps(found)}", file=sys.stderr, flush=True)
        self._file.write_text(json.dumps(self.found, indent=1) + "\n", "utf-8")


def quality(step: str, report: Report, work: Path, arguments: argparse.Namespace) -> None:
    """Measure one step of each system that the report does not hold."""
    for system in arguments.systems:
        if not report.held(system, step):
            options = ["--data", str(arguments.data.resolve()), "--questions", str(arguments.questions)]
            found = run([__file__, "--one", step, system, *options], system, arguments)
            if "failed" not in found:
                report.note(system, step, found | busy())


def sizes(step: str, report: Report, work: Path, arguments: argparse.Namespace) -> None:
    """Measure each size of each system, the systems in turn, and leave out what would pass the limit by far."""
    prepare(work, arguments)
    for size in arguments.sizes:
        for round_ in range(arguments.rounds):
            for system in arguments.systems:
                held = report.held(system, step)
                rounds = held.setdefault(str(size), [])
                if len(rounds) <= round_:
                    rounds.append(measure(system, size, held, work, arguments) | busy())
                    report.note(system, step, held)


def measure(system: str, size: int, held: dict[str, Any], work: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Build so many passages in one process, and open and ask in another."""
    smaller = [(int(known), rounds[0]) for known, rounds in held.items() if int(known) < size and rounds]
    last, before = max(smaller, default=(0, {}), key=lambda pair: pair[0])
    if "over" in before or before.get("build_cpu_s", 0) * size / max(last, 1) > 4 * arguments.limit:
        return {"over": f"{arguments.limit} s", "tried": False}
    files = ["--texts", str(work / "texts.jsonl"), "--questions", str(work / "questions.json"), "--count", str(size)]
    if size > EMBEDDED_UP_TO:
        files += ["--vectors", str(work / "vectors.f32")]
    found: dict[str, Any] = {"embedded": size <= EMBEDDED_UP_TO and system not in WORDS_ALONE}
    with tempfile.TemporaryDirectory(dir=work) as folder:
        for cost in ("build", "open"):
            command = [str(HERE / "peers_costs.py"), cost, system, *files, "--folder", folder]
            found |= run(command, system, arguments, limit=arguments.limit)
            if "over" in found or "failed" in found:
                break
    return found


def prepare(work: Path, arguments: argparse.Namespace) -> None:
    """Write passages, vectors and questions for everybody."""
    from scale import read_sets, texts, vectors

    contexts, questions = read_sets(arguments.data)
    most = max([*arguments.sizes, 1_000])
    with (work / "texts.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts(contexts, most))
    vectors(most, seed=0).tofile(work / "vectors.f32")
    (work / "questions.json").write_text(json.dumps(random.Random(1).sample(questions, QUESTIONS)), "utf-8")


def kill(step: str, report: Report, work: Path, arguments: argparse.Namespace) -> None:
    """Have each system's processes killed, where the report does not hold it."""
    few = argparse.Namespace(data=arguments.data, sizes=[1_000])
    (work / "kill").mkdir()
    prepare(work / "kill", few)
    for system in arguments.systems:
        if report.held(system, step):
            continue
        with tempfile.TemporaryDirectory(dir=work) as folder:
            files = ["--texts", str(work / "kill" / "texts.jsonl"), "--vectors", str(work / "kill" / "vectors.f32")]
            command = [str(HERE / "peers_costs.py"), "kill", system, *files, "--folder", folder]
            report.note(system, step, run(command, system, arguments, wall=KILL_SECONDS) | busy())


def busy() -> dict[str, Any]:
    """Return the time and how busy the machine is."""
    return {"at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()), "load": round(os.getloadavg()[0], 1)}


def run(
    command: Sequence[str],
    system: str,
    arguments: argparse.Namespace,
    *,
    limit: int | None = None,
    wall: float | None = None,
) -> dict[str, Any]:
    """Run a step in a process and return what it prints, {"over": …} where it passes a limit, or {"failed": …}."""
    python = sys.executable if system == "survey-qa" else arguments.peers
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "SURVEY_QA_HOME": home, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        with (Path(home) / "out").open("w+b") as out, (Path(home) / "errors").open("w+b") as errors:
            process = subprocess.Popen([python, *command], cwd=ROOT, env=environment, stdout=out, stderr=errors)
            over, most = watch(process, limit, wall)
            out.seek(0), errors.seek(0)
            told, said = out.read().decode(), errors.read().decode()
    if over:
        return {"over": over, "most_mb": most}
    if process.returncode:
        print(f"{' '.join(command[:4])} failed: {said[-1500:]}", file=sys.stderr)
        return {"failed": said.strip().splitlines()[-1][:200] if said.strip() else str(process.returncode)}
    found: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    return found


def watch(process: subprocess.Popen[bytes], limit: int | None, wall: float | None) -> tuple[str, float]:
    """Wait for a process and kill it at its limit; return the limit that it passed, "" for none, and its most memory in MB."""
    most, over, until = 0.0, "", time.perf_counter() + (wall or 1e9)
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if "VmHWM:" in status:
            most = int(status.split("VmHWM:")[1].split()[0]) / 1024
        fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        if limit and used > limit:
            over = f"{limit} s"
        elif limit and most > LIMIT_MEGABYTES:
            over = f"{LIMIT_MEGABYTES // 1000} GB"
        elif time.perf_counter() > until:
            over = f"{wall:.0f} s"
        if over:
            process.kill()
            process.wait()
        else:
            time.sleep(0.1)
    return over, most


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
    """Return how often the gold stands in what a person is shown first, its mean length, and what its sources are worth."""
    from rag.evaluating import clip_columns, satisfied

    shown = [system.answer(question) for question, _, _ in asking]
    cut = [clip_columns(one.text, COLUMNS) for one in shown]
    own = [[number == gold for number, _ in one.sources] for one, (_, gold, _) in zip(shown, asking, strict=True)]
    quoted = [
        satisfied("\n".join(words for _, words in one.sources), [golds])
        for one, (_, _, golds) in zip(shown, asking, strict=True)
    ]
    return {
        "shown": share(satisfied(text, [golds]) for text, (_, _, golds) in zip(cut, asking, strict=True)),
        "characters": statistics.mean(map(len, cut)),
        "cited_precision": statistics.mean(share(one) for one in own if one),
        "cited_recall": share(any(one) for one in own),
        "quoted": share(quoted),
    }


def refuse(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure how well the system's own figure tells questions that the library answers from others."""
    from corpus.shipped import load_library
    from rag.evaluating import clip_columns, load_questions, satisfied

    system = SYSTEMS[name]()
    system.build([document.text for document in load_library()])
    told, untold, right, quoted = [], [], [], []
    refused = {True: [], False: []}
    for gold in load_questions(ROOT / "tests" / "questions" / "unseen.jsonl"):
        if gold.history:
            continue
        shown = system.answer(gold.question)
        (told if gold.answerable else untold).append(shown.figure)
        refused[gold.answerable].append(shown.refuses)
        if gold.answerable:
            right.append(satisfied(clip_columns(shown.text, COLUMNS), gold.must_contain))
            quotes = "\n".join(words for _, words in shown.sources)
            quoted.append(satisfied(quotes, gold.must_contain))
    allowed = sorted(told)[int(len(told) * 0.05)]
    return {
        "answerable": len(told),
        "unanswerable": len(untold),
        "right": share(right),
        "quoted": share(quoted),
        "refused_unanswerable": share(refused[False]),
        "refused_answerable": share(refused[True]),
        "auc": statistics.mean((a > b) + (a == b) / 2 for a in told for b in untold),
        "refused_at_5_percent": share(figure < allowed for figure in untold),
    }


STEPS: dict[str, Callable[[str, argparse.Namespace], dict[str, Any]]] = {
    "find": find, "refuse": refuse,
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


if __name__ == "__main__":
    main()
