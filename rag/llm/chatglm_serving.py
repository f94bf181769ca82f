"""A downloaded ChatGLM behind a server of its own on this machine, which ``openai:`` models are asked through."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from corpus.errors import UsageError
from rag.errors import LLMError
from rag.llm.converting import check_source
from rag.llm.environments import SERVING, closed_off, make_environment

QUANTISATIONS = ("4", "8", "none")
_SCRIPT = Path(__file__).with_name("chatglm_server.py")
_KEPT_LINES = 5  # of what the process wrote last, for the message when it ends


@dataclass(frozen=True, slots=True)
class Served:
    """A model that answers at ``base_url`` under ``name`` until the context ends or its process does."""

    base_url: str
    name: str
    _process: subprocess.Popen[bytes] = field(repr=False)

    def wait(self) -> int:
        """Wait until the process ends by itself, and return its status."""
        return self._process.wait()


@contextmanager
def serve_chatglm(
    source: Path, *, port: int, quantize: str, run_remote_code: bool, environment: Path
) -> Iterator[Served]:
    """Serve the directory of a downloaded ChatGLM in the OpenAI protocol on 127.0.0.1, in an environment of its own.

    Args:
        source: A directory with config.json, weights and the Python files that came with them.
        port: Where it listens; 0 takes any that is free.
        quantize: ``4`` or ``8`` bits on a GPU, or ``none``: 16 bits there, 32 on the processor.
        run_remote_code: The operator's word that those Python files may run.
        environment: The directory that keeps the environment, made when it is not there (some minutes, PyPI).

    Raises:
        UsageError: The quantisation is unknown, or the operator did not allow the code to run.
        LLMError: The port is taken, there is no GPU to quantise for, or the model cannot be loaded.
    """
    if quantize not in QUANTISATIONS:
        raise UsageError(f"{quantize!r} is no quantisation. Give one of {', '.join(QUANTISATIONS)}.")
    check_source(source, run_remote_code=run_remote_code)
    _check_port(port)
    _check_gpu(quantize)
    python = make_environment(environment, SERVING)
    name = source.resolve().name
    with tempfile.TemporaryDirectory(prefix="survey-qa-") as home:
        process = subprocess.Popen(  # noqa: S603 our own file in an environment that was made for it
            [str(python), "-I", str(_SCRIPT), str(source.absolute()), str(port), quantize, name],
            env=closed_off(Path(home)), cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield Served(f"http://127.0.0.1:{_ready(process, source)}/v1", name, process)
        finally:
            _end(process)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise LLMError(
                f"Port {port} cannot be used ({error.strerror}). Give another one with --port, or 0 for any.",
                kind="connection",
            ) from None


def _check_gpu(quantize: str) -> None:
    """Say at once what the process would find out after minutes of installing, where it is sure."""
    if quantize == "none" or not sys.platform.startswith("linux"):
        return
    if not shutil.which("nvidia-smi") and not Path("/dev/nvidiactl").exists():
        raise LLMError(
            f"--quantize {quantize} needs an NVIDIA GPU, and this machine has no driver for one. --quantize none runs on the "
            "processor (32 GB for ChatGLM-6B); `survey-qa llm convert` makes a file for it that takes 4 GB.",
            kind="not_found",
        )


def _ready(process: subprocess.Popen[bytes], source: Path) -> int:
    """Return the port once the model answers; what the process writes meanwhile is kept for the case that it does not."""
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 they are pipes
    last: list[bytes] = []
    errors = process.stderr

    def listen() -> None:
        with errors:
            for line in errors:
                last.append(line)
                del last[:-_KEPT_LINES]

    threading.Thread(target=listen, name="survey-qa-chatglm-log", daemon=True).start()
    line = process.stdout.readline()
    told = json.loads(line) if line.endswith(b"\n") else {}
    if "port" in told:
        return int(told["port"])
    process.wait()
    said = told.get("error") or next((text for text in reversed(last) if text.strip()), b"").decode("utf-8", "replace")
    reason = str(said).strip()[:300] or "it gave no reason"
    raise LLMError(f"{source} cannot be served: {reason}.", kind="server")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # what it did not read any more
            if pipe:
                pipe.close()
