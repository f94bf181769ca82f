"""One system, one cost, in a process of its own: build, open and ask, or be killed; prints a line of JSON for peers.py.

    python tests/benchmarks/peers_costs.py build|open|kill SYSTEM --texts FILE --questions FILE [--vectors FILE] --folder DIR --count N

Memory is the most that the process held at one time (VmHWM). Seconds of opening begin with the process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from systems import MODULES, SYSTEMS, WORDS_ALONE, System, minilm  # noqa: E402 the path comes first

QUERY_SECONDS = 30.0
BASE, BATCH, OTHER = 50, 10, 60  # texts in what is added to, in what is added at once, and in what is built over it
KILLS = 25  # of each kind


def main() -> None:
    """Take one cost and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cost", choices=COSTS)
    parser.add_argument("system", choices=list(SYSTEMS))
    for name in ("texts", "questions", "vectors", "folder"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--count", type=int, default=BASE)
    arguments = parser.parse_args()
    print(json.dumps(COSTS[arguments.cost](arguments)))


def build(arguments: argparse.Namespace) -> dict[str, Any]:
    """Build from so many texts and save, imports included."""
    with arguments.texts.open(encoding="utf-8") as file:
        texts = [json.loads(line) for line, _ in zip(file, range(arguments.count), strict=False)]
    started, worked = time.perf_counter(), time.process_time()
    settle(arguments)
    system = SYSTEMS[arguments.system]()
    system.build(texts)
    system.save(arguments.folder)
    taken = {"build_s": time.perf_counter() - started, "build_cpu_s": time.process_time() - worked}
    disk = sum(path.stat().st_size for path in arguments.folder.rglob("*") if path.is_file())
    return taken | {"build_mb": peak(), "disk_mb": disk / 1e6}


def open_(arguments: argparse.Namespace) -> dict[str, Any]:
    """Open what was saved, answer the first question, then search and answer the others."""
    questions = json.loads(arguments.questions.read_text("utf-8"))
    system = SYSTEMS[arguments.system]()
    system.load(arguments.folder)
    opened = lived()
    system.answer(questions[0])
    found = {"open_s": opened, "first_s": lived(), "first_cpu_s": sum(os.times()[:2]), "first_mb": peak()}
    return found | _times("search", lambda one: system.search(one, 10), questions) | {"answering_mb": peak()}


def _times(name: str, ask: Callable[[str], object], questions: Sequence[str]) -> dict[str, Any]:
    """Return the medians in milliseconds after two questions to warm up, and how many there was time for."""
    times, processor = [], []
    until = time.perf_counter() + QUERY_SECONDS
    for question in questions:
        started, worked = time.perf_counter(), time.process_time()
        ask(question)
        times.append((time.perf_counter() - started) * 1000)
        processor.append((time.process_time() - worked) * 1000)
        if time.perf_counter() > until:
            break
    counted = slice(2, None) if len(times) > 4 else slice(None)
    middle = [sorted(values[counted])[len(values[counted]) // 2] for values in (times, processor)]
    return {f"{name}_ms": middle[0], f"{name}_cpu_ms": middle[1], f"{name}_n": len(times)}


def kill(arguments: argparse.Namespace) -> dict[str, Any]:
    """Kill processes that add, or build anew over what is there, at random moments, and say what fresh ones then see."""
    import importlib
    import random

    for module in MODULES[arguments.system]:
        importlib.import_module(module)
    if "jieba" in MODULES[arguments.system]:
        importlib.import_module("jieba").initialize()
    if arguments.system == "survey-qa":
        importlib.import_module("index.crossing").compiled_dictionary()
    settle(arguments)
    texts = [json.loads(line) for line in arguments.texts.open(encoding="utf-8")]
    name, work = arguments.system, arguments.folder
    base = work / "base"
    base.mkdir()
    if _outcome(lambda: _built(name, texts[:BASE], base)) != "built":
        raise SystemExit(f"{name} could not be built in a forked process")
    chance = random.Random(0)
    return {
        kind: _kills(kind, doing, name, texts, work, chance)
        for kind, doing in (("add", _adding), ("rebuild", _rebuilding))
    }


def _kills(kind: str, doing: Doing, name: str, texts: Sequence[str], work: Path, chance: Any) -> dict[str, Any]:
    """Return what was seen after each kill, how often, and how long a step takes that nobody kills."""
    import shutil

    control = shutil.copytree(work / "base", work / f"{kind}-control")
    done, step = _run(doing, name, texts, control, None)
    seen = _outcome(lambda: _see(kind, name, texts, control, done))
    if seen not in ("whole", "new", "old"):
        raise SystemExit(f"without a kill, {kind} of {name} left: {seen}")
    counts: dict[str, int] = {}
    for number in range(KILLS):
        folder = shutil.copytree(work / "base", work / f"{kind}-{number}")
        done, _ = _run(doing, name, texts, folder, chance.random() * 2.5 * step)
        seen = _outcome(lambda folder=folder, done=done: _see(kind, name, texts, folder, done))
        counts[seen] = counts.get(seen, 0) + 1
        shutil.rmtree(folder, ignore_errors=True)
    return {"kills": KILLS, "step_s": step, "seen": counts}


def _run(doing: Doing, name: str, texts: Sequence[str], folder: Path, seconds: float | None) -> tuple[int, float]:
    """Fork a process that goes on step by step; kill it after so many seconds, or after three steps; return steps told, and the longest's seconds."""
    import signal

    ready, tell = os.pipe()
    worker = os.fork()
    if not worker:
        os.close(ready)
        try:
            for _ in doing(name, texts, folder):
                os.write(tell, b".")
        except BaseException as error:  # noqa: BLE001 a fork must not go on as its parent
            os.write(2, f"{type(error).__name__}: {error}\n".encode()[:2000])
        os._exit(1)
    os.close(tell)
    _seconds_of_step(ready, name)
    told, longest = 0, 0.0
    if seconds is None:
        told, longest = 3, max(_seconds_of_step(ready, name) for _ in range(3))
    else:
        time.sleep(seconds)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    told += len(os.read(ready, 10_000))
    os.close(ready)
    return told, longest


def _seconds_of_step(ready: int, name: str) -> float:
    """Wait for a step to be told of, and return how long that took."""
    started = time.perf_counter()
    if not os.read(ready, 1):
        raise SystemExit(f"{name} failed before it was killed")
    return time.perf_counter() - started


def _adding(name: str, texts: Sequence[str], folder: Path) -> Iterator[None]:
    """Open, then add one batch after the other; yields once it is open and after each batch."""
    system = SYSTEMS[name]()
    system.load(folder)
    yield
    for first in range(BASE, len(texts) - BATCH, BATCH):
        system.add(texts[first : first + BATCH], first, folder)
        yield


def _rebuilding(name: str, texts: Sequence[str], folder: Path) -> Iterator[None]:
    """Build other texts over what is there, and again others, in turn."""
    system = SYSTEMS[name]()
    yield
    while True:
        for chosen in (texts[-OTHER:], texts[-2 * OTHER : -OTHER]):
            system.rebuild(chosen, folder)
            yield


def _see(kind: str, name: str, texts: Sequence[str], folder: Path, done: int) -> str:
    """Return what a fresh process finds: its own word where it is as it should be, else what is wrong."""
    system = SYSTEMS[name]()
    system.load(folder)
    if kind == "rebuild":
        held = [_held(system, part) for part in (texts[:BASE:6], texts[-OTHER::6], texts[-2 * OTHER : -OTHER : 6])]
        whole = sorted(held) == [0, 0, 1]
        return "old" if whole and held[0] else "new" if whole else "something lost or half there"
    if _held(system, texts[:BASE:6]) < 1:
        return "something lost or half there"
    batches = [_held(system, texts[first : first + BATCH]) for first in range(BASE, BASE + BATCH * (done + 2), BATCH)]
    if any(share < 1 for share in batches[:done]):
        return "something lost or half there"
    return "half an addition" if any(0 < share < 1 for share in batches) else "whole"


def _held(system: System, texts: Sequence[str]) -> float:
    """Return the share of texts that are found by their own words."""
    found = [any(text.split()[-1] in passage.split() for _, passage, _ in system.search(text, 5)) for text in texts]
    return sum(found) / len(found)


def _built(name: str, texts: Sequence[str], folder: Path) -> str:
    system = SYSTEMS[name]()
    system.build(texts)
    system.save(folder)
    return "built"


def _outcome(see: Callable[[], str]) -> str:
    """Return what a forked process returns, "does not open: " and the error's name, or that the process itself died."""
    hear, tell = os.pipe()
    child = os.fork()
    if not child:
        try:
            told = see()
        except BaseException as error:  # noqa: BLE001 whatever a library does with half an index is the finding
            os.write(2, f"{type(error).__name__}: {error}\n".encode()[:2000])
            told = f"does not open: {type(error).__name__}"
        os.write(tell, told.encode())
        os._exit(0)
    os.close(tell)
    told = os.read(hear, 1000).decode()
    os.close(hear)
    os.waitpid(child, 0)
    return told or "the process dies"


def settle(arguments: argparse.Namespace) -> None:
    """Have the system take vectors from the file that was given, where it would embed."""
    if arguments.vectors and arguments.system not in WORDS_ALONE:
        from given import REALLY, give, load_once

        give(arguments.vectors.resolve(), really=0 if arguments.cost == "kill" else REALLY)
        if arguments.cost == "kill":
            load_once(minilm())


def lived() -> float:
    """Return the seconds since this process began."""
    began = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began


def peak() -> float:
    """Return the most memory that this process has held so far, in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


Doing = Callable[[str, Sequence[str], Path], Iterator[None]]
COSTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {"build": build, "open": open_, "kill": kill}

if __name__ == "__main__":
    main()
