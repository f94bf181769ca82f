"""From a downloaded ChatGLM to the one file that ``chatglm:FILE`` runs."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import UsageError
from rag.errors import LLMError
from rag.llm.environments import CONVERTING, closed_off, make_environment

TYPES = ("f32", "f16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1")
_EXACT = frozenset({"f32", "f16"})
_SCRIPT = Path(__file__).with_name("chatglm_convert.py")


@dataclass(frozen=True, slots=True)
class Conversion:
    """A file that was made, and how many of the first tokens are those of the model's own code.

    ``compared`` is 0 where the weights came quantised, whose own code is not run.
    """

    file: Path
    bytes: int
    agreed: int
    compared: int


def convert(
    source: Path, file: Path, *, kind: str, run_remote_code: bool, environment: Path | None = None
) -> Conversion:
    """Convert the directory of a downloaded ChatGLM, in an environment of its own, and check what came out.

    Args:
        source: A directory with config.json, weights and the Python files that came with them.
        file: Where to write; it appears when it is whole and was checked.
        kind: How numbers are stored, one of ``TYPES``.
        run_remote_code: The operator's word that those Python files may run.
        environment: A directory to keep the environment in; by default it is thrown away.

    Raises:
        UsageError: The type is unknown, or the operator did not allow the code to run.
        LLMError: The directory holds no ChatGLM, the conversion failed, or the file says other things than the model.
    """
    if kind not in TYPES:
        raise UsageError(f"{kind!r} is no type of numbers. Give one of {', '.join(TYPES)}.")
    check_source(source, run_remote_code=run_remote_code)
    with tempfile.TemporaryDirectory(prefix="survey-qa-") as temporary:
        python = make_environment(environment or Path(temporary) / "environment", CONVERTING)
        unfinished = file.with_name(file.name + ".unfinished")
        try:
            report = _run(python, source, unfinished, kind, Path(temporary))
            conversion = _judged(report, unfinished, file, kind)
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    return conversion


def check_source(source: Path, *, run_remote_code: bool) -> None:
    """Refuse a directory that is no ChatGLM, or whose code the operator did not allow.

    Raises:
        LLMError: It is no downloaded ChatGLM (kind ``not_found``).
        UsageError: Its Python files may not run.
    """
    try:
        config = json.loads((source / "config.json").read_text("utf-8"))
        found = isinstance(config, dict) and config.get("model_type") == "chatglm"
    except (OSError, ValueError):
        found = False
    if not found:
        raise LLMError(
            f"{source} is no downloaded ChatGLM: a config.json with model_type chatglm was expected there. Get one with "
            "`git clone https://huggingface.co/THUDM/chatglm-6b` (git-lfs fetches the weights).",
            kind="not_found",
        )
    if not run_remote_code:
        files = ", ".join(sorted(path.name for path in source.glob("*.py"))) or "none yet"
        raise UsageError(
            f"The weights in {source} are read by Python files that came with them ({files}). They would run in an "
            "environment of their own, without your keys. If you trust who wrote them, add --run-remote-code."
        )


def _run(python: Path, source: Path, file: Path, kind: str, home: Path) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 our own file in an environment that was made for it
        [str(python), "-I", str(_SCRIPT), str(source.absolute()), str(file.absolute()), kind],
        env=closed_off(home), cwd=home, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise LLMError(f"{source} could not be converted: {last[0][:300]}", kind="server")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _judged(report: dict[str, Any], made: Path, file: Path, kind: str) -> Conversion:
    reference, converted = report["reference"], report["converted"]
    if reference is None:
        return Conversion(file, made.stat().st_size, 0, 0)
    agreed = next((n for n, (a, b) in enumerate(zip(reference, converted, strict=False)) if a != b), len(reference))
    if agreed == 0 or (kind in _EXACT and agreed < len(reference)):
        raise LLMError(
            f"The converted model says something else than its own code from token {agreed + 1} on, so the file was not "
            "kept. Check that the download is whole, or convert with --type f16.",
            kind="bad_response",
        )
    return Conversion(file, made.stat().st_size, agreed, len(reference))
