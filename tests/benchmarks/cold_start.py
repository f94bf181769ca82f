"""Time `survey-qa ask` as a whole process on a built index, side by side with another command.

    python tests/benchmarks/cold_start.py --runs 9 --peer "PYTHON coldstart.py langchain_faiss INDEX QUESTION"

Builds an index over the given documents (or the shipped library) in a temporary home, then runs both commands in turn, so that a
machine whose speed drifts slows both. Prints medians and the median of the pairwise ratios as one JSON document.
"""

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "ChatGLM-6B 量化后最低要多少显存?"


def seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", nargs="*", help="files or folders; default: the shipped library")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--peer", help="the other command, one string")
    parser.add_argument("--question", default=QUESTION)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        ours = [sys.executable, "-m", "ui.cli"]
        environment = {**os.environ, "SURVEY_QA_HOME": home}
        index = str(Path(home) / "measured")
        subprocess.run(
            [*ours, "index", "build", *arguments.documents, "--index", index], env=environment, cwd=ROOT, check=True
        )
        ask = [*ours, "ask", arguments.question, "--index", index]
        peer = shlex.split(arguments.peer) if arguments.peer else None
        seconds(ask, environment)
        if peer:
            seconds(peer, environment)
        pairs = [
            (seconds(ask, environment), seconds(peer, environment) if peer else None) for _ in range(arguments.runs)
        ]
    report = {"runs": arguments.runs, "ask_median_s": statistics.median(a for a, _ in pairs)}
    if peer:
        report["peer_median_s"] = statistics.median(b for _, b in pairs if b is not None)
        report["ratio_median"] = statistics.median(b / a for a, b in pairs if b is not None)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
