"""Fuzzes one target until the time is over: ``one.py TARGET SECONDS FOLDER [--seed N] [--plain]``.

With atheris (libFuzzer, guided by coverage) where it is installed, else by random bytes and mutants of what was tried before. Inputs
that raised, or took longer than ``SLOW`` seconds, are written to FOLDER as ``TARGET-crash-…``, and the process exits 77.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.util
import random
import sys
import time
from pathlib import Path
from types import ModuleType

SLOW = 20  # seconds
LONGEST = 4096  # bytes of an input
MEMORY_MIB = 3_000
WARM = 40  # inputs before the fuzzing


def load_targets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_targets", Path(__file__).with_name("targets.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_targets"] = module
    spec.loader.exec_module(module)
    return module


def guided(name: str, seconds: int, folder: Path, seed: int) -> None:
    """Fuzz with atheris; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["corpus", "index", "rag", "ui"], enable_loader_override=False):
        target, draw = load_targets().prepared(name), random.Random(seed)
        for _ in range(WARM):  # has modules imported, and so watched, that are imported when they are first needed
            target(draw.randbytes(draw.choice((30, 200, 1_000))))
    inputs = folder / f"corpus-{name}"
    inputs.mkdir(parents=True, exist_ok=True)
    for size in (1, 16, 64, 256, 1024):
        (inputs / f"seed{size}").write_bytes(random.Random(size + seed).randbytes(size))
    options = [
        f"-max_total_time={seconds}", f"-timeout={SLOW}", f"-max_len={LONGEST}", f"-rss_limit_mb={MEMORY_MIB}", f"-seed={seed + 1}",
        f"-artifact_prefix={folder}/{name}-", "-print_final_stats=1", "-reload=0", str(inputs),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


def plain(name: str, seconds: float, folder: Path, seed: int) -> None:
    """Fuzz with random bytes, and with what is left of earlier ones."""
    target, draw, tried = load_targets().prepared(name), random.Random(seed), 0
    former = [draw.randbytes(64)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = draw.randbytes(draw.choice((4, 30, 200, 1_000)))
        if draw.random() < 0.5:
            base = draw.choice(former)
            at = draw.randrange(len(base) + 1)
            data = base[:at] + data[:4] + base[at + draw.randrange(8) :]
        data = data[:LONGEST]
        former = [*former[-200:], data]
        faulthandler.dump_traceback_later(SLOW, exit=True)
        try:
            target(data)
        except BaseException:
            (folder / f"{name}-crash-{tried}").write_bytes(data)
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()
        tried += 1
    print(f"Done {tried} in {seconds:.0f} second(s)", file=sys.stderr)


def main() -> None:
    """Read the arguments and fuzz, or run one input again."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("seconds", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="without atheris")
    parser.add_argument("--input", type=Path, help="run this one input, or all in this folder, and nothing else")
    options = parser.parse_args()
    if options.input:
        target = load_targets().prepared(options.target)
        for path in sorted(options.input.iterdir()) if options.input.is_dir() else [options.input]:
            target(path.read_bytes())
    elif options.plain or importlib.util.find_spec("atheris") is None:
        plain(options.target, options.seconds, options.folder, options.seed)
    else:
        guided(options.target, options.seconds, options.folder, options.seed)


if __name__ == "__main__":
    main()
