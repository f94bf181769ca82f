"""Processes that parse files for us: what they cannot finish in time or memory is one skipped file, and nothing else.

A process reads many files; one that hangs is killed, one that died is replaced. Nothing but JSON comes back from them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, NamedTuple, Protocol, Self

from corpus.errors import ReadError
from corpus.exchange import load
from corpus.formats import limits
from corpus.readings import Reading

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from corpus.worker import main; main()"
_LARGEST_ANSWER = 1_000_000_000
_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TZ")


class Source(NamedTuple):
    """A file that is to be parsed: its bytes, the id of its document, its ending, where on the web it is from, and whether to tell what was cut."""

    data: bytes
    name: str
    ending: str
    url: str = ""
    show_cut: bool = False


class Worker:
    """One process that parses one file at a time; it starts with the first one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False
        self._closed = False

    def read(
        self, source: Source, *, largest: int = limits.DOCUMENT_CHARACTERS, seconds: float | None = None
    ) -> Reading:
        """Return the documents of a file.

        Raises:
            ReadError: It cannot be read, or takes more time or memory than one file may.
        """
        process = self._running()
        seconds = limits.SECONDS + limits.SECONDS_PER_MEGABYTE * len(source.data) / 1e6 if seconds is None else seconds
        self._late = False
        timer = threading.Timer(seconds, self._expire, (process,))
        timer.daemon = True
        timer.start()
        try:
            mark, content = _exchange(process, source, largest)
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            if self._late:
                raise ReadError(f"reading it takes longer than {seconds:.0f} seconds") from error
            raise ReadError("the process that read it died; it is damaged or needs too much memory") from error
        except BaseException:
            self.stop()
            raise
        finally:
            timer.cancel()
        if mark != b"+":
            raise ReadError(content.decode("utf-8", "replace"))
        return load(content)

    def stop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe and pipe.close()
            process.wait()

    def close(self) -> None:
        """Kill the process and start none any more, whatever another thread is about to do."""
        self._closed = True
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = _start()
        process = self._process
        if self._closed:  # after the process was noted, so that either this or close() ends it
            self.stop()
        if self._closed or process is None:
            raise ReadError("reading was ended")
        return process

    def _expire(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        process.kill()


class Readers(Protocol):
    """Whoever parses files side by side."""

    @property
    def size(self) -> int:
        """How many are parsed at the same time."""

    def read(self, source: Source, *, largest: int) -> Future[Reading]:
        """Begin to parse a file; the result of what comes back is its reading or raises ReadError."""


class Workers:
    """A number of processes that parse side by side; leaving the ``with`` block ends them."""

    def __init__(self, count: int) -> None:
        self.size = count
        self._all = [Worker() for _ in range(count)]
        self._free: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._all:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reading")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.close()
        self._threads.shutdown(wait=True)

    def read(self, source: Source, *, largest: int = limits.DOCUMENT_CHARACTERS) -> Future[Reading]:
        """Begin to parse a file; the result of what comes back is its reading or raises ReadError."""
        return self._threads.submit(self._read, source, largest)

    def _read(self, source: Source, largest: int) -> Reading:
        worker = self._free.get()
        try:
            return worker.read(source, largest=largest)
        finally:
            self._free.put(worker)


def _start() -> subprocess.Popen[bytes]:
    """Start a process that imports what we import, and nothing from the folder that we stand in."""
    ours = str(Path(__file__).resolve().parents[1])
    paths = [ours, *(str(Path(path).absolute()) for path in sys.path if path)]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        return subprocess.Popen(  # noqa: S603 our own interpreter and program
            [sys.executable, "-I", "-c", _START, json.dumps(paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("SURVEY_QA_DEBUG") else subprocess.DEVNULL,
            env=environment | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C is ours to answer
        )
    except OSError as error:
        raise ReadError(f"no process to read it in can be started: {error.strerror}") from error


def _exchange(process: subprocess.Popen[bytes], source: Source, largest: int) -> tuple[bytes, bytes]:
    """Send a file and return the mark and content of the answer."""
    from corpus.worker import LENGTH

    if process.stdin is None or process.stdout is None:
        raise EOFError
    asked = {
        "name": source.name,
        "ending": source.ending,
        "url": source.url,
        "show_cut": source.show_cut,
        "size": len(source.data),
        "largest": largest,
    }
    process.stdin.write(json.dumps(asked).encode("ascii") + b"\n")
    process.stdin.write(source.data)
    process.stdin.flush()
    mark = _exactly(process.stdout, 1)
    (length,) = LENGTH.unpack(_exactly(process.stdout, LENGTH.size))
    if length > _LARGEST_ANSWER:
        raise ValueError(length)
    return mark, _exactly(process.stdout, length)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
