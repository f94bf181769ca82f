"""Fuzzes all targets side by side: ``python tests/fuzz/run.py --minutes 10 [--jobs 4] [--only reader,http] [--out DIR]``.

Each target has a process of its own and the same time. One that ends with a finding is started again with another seed as long
as there is time, up to ``MOST_FINDINGS`` times. Prints one line a target (executions, findings) and exits 1 if there was any finding;
its input and its traceback lie in DIR. The inputs that libFuzzer found worth keeping are thrown away unless DIR is given.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = (
    "reader",
    "splitter",
    "snapshot",
    "http",
    "question",
    "rendering",
    "citing",
    "addresses",
    "replies",
    "papers",
    "settings",
    "kept",
    "links",
)
MOST_FINDINGS = 5
GRACE = 180  # seconds beyond its time after which a process is ended: it starts slowly on a busy machine


@dataclass
class Outcome:
    """What came of a target."""

    name: str
    executions: int = 0
    seconds: float = 0.0
    findings: int = 0
    words: str = ""


def fuzz(name: str, seconds: float, folder: Path, seed: int, plain: bool) -> Outcome:
    outcome, begun = Outcome(name), time.monotonic()
    while (left := seconds - (time.monotonic() - begun)) > 1 and outcome.findings < MOST_FINDINGS:
        command = [
            sys.executable,
            HERE / "one.py",
            name,
            str(int(left)),
            folder,
            "--seed",
            str(seed + outcome.findings),
        ]
        environment = os.environ | {"PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"}
        try:
            done = subprocess.run(
                [*command, *(["--plain"] if plain else [])], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=left + GRACE, check=False,
            )  # fmt: skip
            told, status = done.stdout.decode("utf-8", "replace"), done.returncode
        except subprocess.TimeoutExpired as error:
            told, status = (error.stdout or b"").decode("utf-8", "replace") + "\nit did not end", 1
        runs = re.findall(r"(?:number_of_executed_units: |Done )(\d+)", told) or re.findall(
            r"^#(\d+)", told, re.MULTILINE
        )
        outcome.executions += int(runs[-1]) if runs else 0
        if status:
            outcome.findings += 1
            (folder / f"{name}-finding-{seed}-{outcome.findings}.txt").write_text(told[-20_000:], "utf-8")
            outcome.words = _reason(told)
    outcome.seconds = time.monotonic() - begun
    return outcome


def _reason(told: str) -> str:
    """Return the line that says what went wrong."""
    lines = [
        line.strip()
        for line in told.splitlines()
        if re.match(r"\s*(\w+\.)*\w*(Error|Exception|Exit)\b|.*(ERROR: libFuzzer|did not end)", line)
    ]
    return lines[0][:160] if lines else told.strip()[-160:]


def main() -> int:
    """Fuzz and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="of each target")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at a time")
    parser.add_argument("--only", default=",".join(NAMES), help="names of targets, commas between them")
    parser.add_argument("--out", type=Path, help="keep findings and inputs here")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="without atheris, by random bytes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(options.jobs) as people:
            wanted = [name for name in options.only.split(",") if name]
            done = list(
                people.map(lambda name: fuzz(name, 60 * options.minutes, folder, options.seed, options.plain), wanted)
            )
        for outcome in done:
            print(
                f"{outcome.name:10} {outcome.executions:>10,} runs {outcome.seconds:6.0f} s {outcome.findings} findings {outcome.words}"
            )
        if not options.out:
            for told in sorted(folder.glob("*-finding-*.txt")):
                print(f"\n== {told.name}\n{told.read_text('utf-8')[-3_000:]}")
    return 1 if any(outcome.findings or not outcome.executions for outcome in done) else 0


if __name__ == "__main__":
    sys.exit(main())
