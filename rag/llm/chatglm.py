"""ChatGLM-6B and its successors from one file in chatglm-cpp's GGML format, as a LangChain chat model.

The model runs in a process of its own (``rag/llm/chatglm_worker.py`` says why), which is ended and started again where a stop
would otherwise have to wait. This file is imported on demand only, because it needs LangChain at its top.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from rag.errors import LLMError
from rag.llm.calls import current_call
from rag.llm.local_chat import MAX_WINDOW, LocalChat, Turn, too_long, without_system

GRACE_S = 1.0  # how long a stopped model may go on computing before its process is ended
_FAMILIES = {1: "ChatGLM-6B", 2: "ChatGLM2-6B", 3: "ChatGLM3-6B", 4: "GLM-4-9B"}
_WITHOUT_SYSTEM = frozenset({1, 2})  # their templates drop system turns without a word
_TURNS = ("问：", "答：")  # how those templates write turns, in plain text
_MAX_LENGTH_AT = {1: 6, 2: 10}  # which number of the configuration the window is, by the version of the file
_HEADER_BYTES = 12 + 4 * 11
_WORKER = Path(__file__).with_name("chatglm_worker.py")
_INSTALL = "CMAKE_POLICY_VERSION_MINIMUM=3.5 pip install 'survey-qa[chatglm]'"


class ChatGLM(LocalChat):
    """Writes with a ChatGLM model in GGML (``file``), greedily, one answer at a time; 0 means the file's own window."""

    file: str
    context_length: int = 0

    _family: int = PrivateAttr()
    _writer: _Worker = PrivateAttr()
    _counter: _Worker = (
        PrivateAttr()
    )  # the writer is busy while it writes; both map one file, so the weights are there once

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401 pydantic's signature
        """Start the model's process.

        Raises:
            LLMError: The file holds no such model (kind ``not_found``), or chatglm-cpp is not installed
                (kind ``missing_package``).
        """
        super().model_post_init(context)
        file = Path(self.file)
        self._family, window = read_header(file)
        self.context_length = min(self.context_length or window, window, MAX_WINDOW)
        self._writer = _Worker(file.absolute(), self.context_length)
        self._counter = _Worker(file.absolute(), 1)
        self._writer.start()

    @property
    def special_tokens(self) -> tuple[str, ...]:
        """What structures a conversation for this model; text from elsewhere must not hold it."""
        return _TURNS if self._family in _WITHOUT_SYSTEM else ()

    def count_tokens(self, text: str) -> int:
        """Return how many of the model's tokens a text has."""
        (event,) = self._counter.ask({"do": "count", "text": text})
        return int(event["tokens"])

    @property
    def _llm_type(self) -> str:
        return "survey-qa-chatglm"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"file": self.file, "context_length": self.context_length, "max_new_tokens": self.max_new_tokens}

    def _write(self, turns: list[Turn]) -> Generator[str, None, str]:
        if self._family in _WITHOUT_SYSTEM:
            turns = without_system(turns)
        request = {"do": "chat", "messages": turns, "room": self.context_length, "most": self.max_new_tokens}
        for event in self._writer.ask(request):
            if "piece" in event:
                yield str(event["piece"])
            elif "too_long" in event:
                raise too_long(event["too_long"], self.context_length)
            elif "error" in event:
                raise LLMError(f"chatglm-cpp failed: {event['error']}", kind="server")
            elif "end" in event:
                return str(event["end"])
        return "stop"  # it was aborted before it began


def read_header(file: Path) -> tuple[int, int]:
    """Return which family of ChatGLM a file holds (1 to 4) and its window in tokens.

    Raises:
        LLMError: There is no such file, or it is another kind of file (kind ``not_found``).
    """
    try:
        with file.open("rb") as opened:
            header = opened.read(_HEADER_BYTES)
    except OSError as error:
        raise LLMError(
            f"{file} cannot be read ({error.strerror}). chatglm:FILE names a model on this machine in chatglm-cpp's format; "
            "`survey-qa llm convert` makes one of a downloaded THUDM/chatglm-6b.",
            kind="not_found",
        ) from error
    if header[:4] == b"GGUF":
        raise LLMError(
            f"{file} is a GGUF file, which llama.cpp runs: start `llama-server -m {file}` and ask with --llm openai:MODEL "
            "--llm-base-url http://127.0.0.1:8080/v1.",
            kind="not_found",
        )
    numbers = struct.unpack("<2i11i", header[4:]) if header[:4] == b"ggml" and len(header) == _HEADER_BYTES else ()
    if not numbers or numbers[0] not in _FAMILIES or numbers[1] not in _MAX_LENGTH_AT:
        raise LLMError(
            f"{file} is no model in chatglm-cpp's format. `survey-qa llm convert` makes one of a downloaded THUDM/chatglm-6b.",
            kind="not_found",
        )
    window = numbers[2 + _MAX_LENGTH_AT[numbers[1]]]
    if window < 1:
        raise LLMError(f"{file} names a window of {window} tokens; it is damaged. Convert it again.", kind="not_found")
    return numbers[0], window


class _Worker:
    """A process that holds the model, one request at a time; started when needed, again after it ended."""

    def __init__(self, file: Path, window: int) -> None:
        self._file = file
        self._window = window
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def start(self) -> None:
        """Start the process unless it runs.

        Raises:
            LLMError: It cannot load the model.
        """
        with self._turn:
            self._running()

    def ask(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the events that answer a request, the last one included; leaving early stops the model."""
        with self._turn:
            process, ended, call = self._running(), threading.Event(), current_call()
            if call and call.aborted.is_set():
                return
            if call:
                call.on_abort(lambda: self._stop(process, ended))
            _send(process, request)
            try:
                while not ended.is_set():
                    event = self._event(process)
                    if "piece" not in event:
                        ended.set()
                    yield event
            finally:
                if not ended.is_set():
                    self._stop(process, ended)
                    self._drain(process)
                    ended.set()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        if self._process:
            _dispose(self._process)
            self._process = None
        process = subprocess.Popen(  # noqa: S603 our own file, run by our own interpreter
            [sys.executable, "-I", str(_WORKER), str(self._file), str(self._window)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        weakref.finalize(self, _dispose, process)
        event = self._event(process)
        if "ready" not in event:
            raise _unusable(self._file, str(event.get("error", "")))
        self._process = process
        return process

    def _event(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert process.stdout is not None  # noqa: S101 it is a pipe
        line = process.stdout.readline()
        if not line.endswith(b"\n"):
            status = process.wait()
            raise LLMError(
                f"The process that runs {self._file.name} ended (status {status}). If this happens again, the file is damaged "
                "or memory is short: convert it again, or take a smaller quantisation.",
                kind="server",
            )
        event: dict[str, Any] = json.loads(line)
        return event

    def _stop(self, process: subprocess.Popen[bytes], ended: threading.Event) -> None:
        """Ask the model to stop, unless it did; what still computes after a moment is ended."""
        if ended.is_set():
            return
        with suppress(LLMError):  # it ended by itself
            _send(process, {"do": "stop"})
        killer = threading.Timer(GRACE_S, _end_unless, [ended, process])
        killer.daemon = True
        killer.start()

    def _drain(self, process: subprocess.Popen[bytes]) -> None:
        """Read what a stopped request still says, so that the next one reads its own."""
        with suppress(LLMError):  # it was ended; the next request starts it anew
            while "piece" in self._event(process):
                pass


def _send(process: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101 it is a pipe
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    except (OSError, ValueError) as error:
        raise LLMError(
            "The process that runs the model ended. Ask again; it is started anew.", kind="server"
        ) from error


def _end_unless(ended: threading.Event, process: subprocess.Popen[bytes]) -> None:
    if not ended.is_set():
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _dispose(process: subprocess.Popen[bytes]) -> None:
    _end(process)
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # what it did not read any more
            if pipe:
                pipe.close()


def _unusable(file: Path, reason: str) -> LLMError:
    if "not installed" in reason:
        return LLMError(
            f"chatglm:FILE needs the package chatglm-cpp, which is built from source (a C++ compiler and some minutes): {_INSTALL}",
            kind="missing_package",
        )
    return LLMError(f"chatglm-cpp cannot load {file}: {reason.strip()[:200] or 'it gave no reason'}", kind="not_found")
