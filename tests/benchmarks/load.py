"""Load on a server over the shipped library: 500 distinct questions again and again, asked by wrk (apt-get install wrk).

    python tests/benchmarks/load.py --seconds 60 --workers 2 --cores 0,1

Starts `survey-qa serve --no-page` on some cores, asks over /api/ask first by --connections, then by 200 at once, and prints answers
per second, latencies, errors, processor time per answer, and memory at the beginning and the end as one JSON document. Nothing
that answers keeps answers. wrk runs on the other cores where there are any.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETS = ("library", "unseen", "hard")
TICKS = os.sysconf("SC_CLK_TCK")
SCRIPT = """
local bodies = { %s }
local headers = { ["content-type"] = "application/json" }
local n = 0
request = function()
  n = n %% #bodies + 1
  return wrk.format("POST", "/api/ask", headers, bodies[n])
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"answers": %%d, "seconds": %%.2f, "p50_ms": %%.1f, "p90_ms": %%.1f, "p99_ms": %%.1f, "max_ms": %%.1f, "errors": %%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency.max / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def questions(count: int) -> list[str]:
    """Return distinct questions of our own sets."""
    lines = [line for name in SETS for line in (ROOT / f"tests/questions/{name}.jsonl").read_text("utf-8").splitlines()]
    return list(dict.fromkeys(json.loads(line)["question"] for line in lines))[:count]


@contextmanager
def served(home: str, workers: int, cores: set[int]):
    """Serve the library on some cores; give the process and the address."""
    command = [sys.executable, "-m", "ui.cli", "serve", "--no-page", "--no-open", "--port", "0", "--home", home]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [*command, "--workers", str(workers)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
    )  # fmt: skip
    try:
        yield server, re.search(r"http://\S+/", server.stdout.readline()).group()
    finally:
        server.terminate()
        server.wait(30)


def family(server: subprocess.Popen) -> list[int]:
    """Return the server's process and those that answer for it."""
    listed = Path(f"/proc/{server.pid}/task").glob("*/children")
    return [server.pid, *(int(child) for path in listed for child in path.read_text().split())]


def cpu_seconds(server: subprocess.Popen) -> float:
    """Return the processor time of all processes of a server."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in family(server)]
    return sum(int(one[11]) + int(one[12]) for one in fields) / TICKS


def megabytes(server: subprocess.Popen) -> float:
    """Return the memory of all processes of a server, shared pages divided among those that share them."""
    texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in family(server)]
    return round(sum(int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE).group(1)) for text in texts) / 1024, 1)


def ask(address: str, script: Path, *, connections: int, seconds: float, cores: set[int]) -> dict:
    """Have wrk ask for some seconds; return what it measured."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s", "-s", str(script), address]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )
    return json.loads(told.stdout.splitlines()[-1])


def measure(server: subprocess.Popen, address: str, script: Path, **how) -> dict:
    """Ask, and return beside wrk's figures what it cost the server."""
    before, memory, load = cpu_seconds(server), megabytes(server), os.getloadavg()[0]
    found = ask(address, script, **how)
    spent = cpu_seconds(server) - before
    return {
        "connections": how["connections"],
        **found,
        "answers_per_s": round(found["answers"] / found["seconds"], 1),
        "cpu_ms_per_answer": round(spent / max(1, found["answers"]) * 1_000, 2),
        "cores_used": round(spent / found["seconds"], 2),
        "memory_mb": [memory, megabytes(server)],
        "load_before": round(load, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--warm", type=float, default=20.0, help="seconds beforehand, in which memory comes to rest")
    parser.add_argument("--cores", default="0,1", help="of the server")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not here. Install it: apt-get install wrk")
    cores = {int(one) for one in arguments.cores.split(",")}
    others = (os.sched_getaffinity(0) - cores) or cores
    asked = questions(500)
    with tempfile.TemporaryDirectory() as home, served(home, arguments.workers, cores) as (server, address):
        script = Path(home) / "ask.lua"
        # a JSON body as a Lua string: all of it is ASCII, and its backslashes are doubled
        bodies = (json.dumps(json.dumps({"question": one})).replace("\\\\u", "\\\\u") for one in asked)
        script.write_text(SCRIPT % ", ".join(bodies))
        ask(address, script, connections=8, seconds=arguments.warm, cores=others)
        report = {"questions": len(asked), "workers": arguments.workers, "cores": sorted(cores)}
        report["sustained"] = measure(
            server, address, script, connections=arguments.connections, seconds=arguments.seconds, cores=others
        )
        report["at_once"] = measure(
            server, address, script, connections=200, seconds=min(20.0, arguments.seconds), cores=others
        )
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
