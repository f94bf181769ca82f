"""Environments of their own for code that must not run in ours: the Python files that come with ChatGLM's weights.

They run with the transformers that still runs them (4.27 to 4.33), without our keys, and without a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rag.errors import LLMError

# The versions with which ChatGLM-6B's own code was seen to run.
SERVING = (
    "torch==2.13.0", "transformers==4.33.3", "accelerate==0.24.1", "sentencepiece>=0.1.99,<1", "protobuf<5", "numpy<2",
    "cpm-kernels==1.0.11",
)  # fmt: skip
CONVERTING = (*SERVING, "tabulate<1", "chatglm-cpp==0.4.2")
_PASSED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
_PYTHON = (3, 11)  # the newest for which the tokenizers of that transformers are published


def make_environment(directory: Path, packages: Sequence[str]) -> Path:
    """Make the environment for ChatGLM's own code, or take one that stands there and has the packages; return its Python.

    This is the one step that needs a network (PyPI), some minutes and about 1 GB.

    Raises:
        LLMError: There is no Python that fits, or the packages cannot be installed (kind ``missing_package``).
    """
    python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = directory / "complete"
    if done.is_file() and set(packages) <= set(done.read_text("utf-8").splitlines()):
        return python
    _run([_find_python(), "-m", "venv", "--clear", str(directory)])
    _run(
        [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages],
        CMAKE_POLICY_VERSION_MINIMUM="3.5",  # chatglm-cpp asks for less than today's CMake takes
    )
    done.write_text("\n".join(packages), "utf-8")
    return python


def closed_off(home: Path) -> dict[str, str]:
    """Return the variables for foreign code: no keys, no hub, nobody's home directory."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return {**kept, **offline, "HOME": str(home), "HF_HOME": str(home / "hf"), "PYTHONIOENCODING": "utf-8"}


def _find_python() -> str:
    if sys.version_info[:2] <= _PYTHON:
        return sys.executable
    found = shutil.which("python3.11") or shutil.which("python3.10")
    if not found:
        raise LLMError(
            "ChatGLM's own code needs a transformers of 2023, which runs on Python 3.11 or older; none is on the PATH. "
            "Install Python 3.11.",
            kind="missing_package",
        )
    return found


def _run(command: list[str], **variables: str) -> None:
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)  # noqa: S603 fixed words and paths
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it gave no reason"]
        raise LLMError(
            f"The environment for ChatGLM cannot be made ({last[0][:200]}). It needs PyPI, a C++ compiler and about 1 GB.",
            kind="missing_package",
        )
