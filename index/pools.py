"""Pools: who does the shards of a build. Here processes of this machine; ``index.ray_pool`` has those of a cluster.

A pool knows nothing of what it does: a job's name and bytes go in, bytes come out. A process that dies is replaced and
its shard done again; leaving the ``with`` block ends everything that is under way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Protocol, Self

from index.errors import WorkersUnavailable
from index.shard_worker import HEAD, LENGTH

ATTEMPTS = 3  # at one shard, each in another process
CLUSTER = "ray://"
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from index.shard_worker import main; main()"
_LARGEST_ANSWER = 4 * 1024**3
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Pool(Protocol):
    """Workers that do shards side by side."""

    @property
    def size(self) -> int:
        """How many shards are done at the same time."""

    @property
    def here(self) -> bool:
        """Whether they work on this machine."""

    def submit(self, job: str, common: bytes, shard: bytes) -> Future[bytes]:
        """Begin a shard; the result is the answer of ``index.shards.work``, or raises WorkersUnavailable."""

    def __enter__(self) -> Self:
        """Return this pool."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is under way."""


def open_pool(workers: int | str) -> Pool:
    """Return the pool of so many processes here, or of the cluster at ``ray://HOST:PORT``.

    Raises:
        UsageError: The address is none.
        WorkersUnavailable: The cluster cannot be used.
    """
    if isinstance(workers, str):
        from index.ray_pool import RayPool

        return RayPool(workers)
    return LocalPool(workers)


def each(pool: Pool, job: str, common: bytes, shards: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the answer of each shard as they come; no more are made than are soon begun."""
    numbered = enumerate(shards)
    waiting: dict[Future[bytes], int] = {}
    while True:
        for number, shard in islice(numbered, 2 * pool.size - len(waiting)):
            waiting[pool.submit(job, common, shard)] = number
        if not waiting:
            return
        done, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            yield waiting.pop(future), future.result()


def others(pool: Pool | None) -> Pool | None:
    """Return the pool if it is more than one process here, which would do nothing that this one cannot."""
    return None if pool is None or (pool.here and pool.size < 2) else pool


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalPool:
    """Processes of this machine, which share its processors; each starts with its first shard."""

    here = True

    def __init__(self, count: int) -> None:
        self.size = count
        self._all = [_Process(max(1, processors() // count)) for _ in range(count)]
        self._free: SimpleQueue[_Process] = SimpleQueue()
        for process in self._all:
            self._free.put(process)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="shards")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._all:
            process.close()
        self._threads.shutdown(wait=True)

    def submit(self, job: str, common: bytes, shard: bytes) -> Future[bytes]:
        """Begin a shard."""
        return self._threads.submit(self._do, job, common, shard)

    def _do(self, job: str, common: bytes, shard: bytes) -> bytes:
        process = self._free.get()
        try:
            for _ in range(ATTEMPTS):
                with suppress(OSError, EOFError, ValueError):  # it died: another one tries
                    return process.do(job, common, shard)
        finally:
            self._free.put(process)
        raise WorkersUnavailable(
            f"A process that was to {job} a part of the documents died {ATTEMPTS} times; it probably needs more memory "
            f"than there is. What is finished is kept: build again with fewer than {self.size} processes (--workers N). "
            "SURVEY_QA_DEBUG=1 shows what it said."
        )


class _Process:
    """One process of ours that does one shard at a time."""

    def __init__(self, threads: int) -> None:
        self._threads = str(threads)
        self._process: subprocess.Popen[bytes] | None = None
        self._common: bytes | None = None  # what the process was given last
        self._closed = False

    def do(self, job: str, common: bytes, shard: bytes) -> bytes:
        """Return the answer to a shard; raises OSError, EOFError or ValueError if the process dies."""
        from index.shards import code_version

        process = self._running()
        try:
            new = common if common != self._common else b""
            asked = {"job": job, "code": code_version(), "new": bool(new), "sizes": [len(new), len(shard)]}
            answer = _exchange(process, json.dumps(asked).encode("ascii"), new + shard)
        except BaseException:
            self._stop()
            raise
        self._common = common
        return answer

    def close(self) -> None:
        """Kill the process and start none any more, whatever another thread is about to do."""
        self._closed = True
        self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = self._start()
        process = self._process
        if self._closed:  # after the process was noted, so that either this or close() ends it
            self._stop()
            raise WorkersUnavailable("The build was ended.")
        return process

    def _start(self) -> subprocess.Popen[bytes]:
        """Start a process that imports what we import, and nothing from the folder that we stand in."""
        ours = str(Path(__file__).resolve().parents[1])
        paths = [ours, *(str(Path(path).absolute()) for path in sys.path if path)]
        try:
            return subprocess.Popen(  # noqa: S603 our own interpreter and program
                [sys.executable, "-I", "-c", _START, json.dumps(paths)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if os.environ.get("SURVEY_QA_DEBUG") else subprocess.DEVNULL,
                env=dict.fromkeys(_THREADS, self._threads) | {"TOKENIZERS_PARALLELISM": "false"} | os.environ,
                start_new_session=True,  # Ctrl-C is ours to answer
            )
        except OSError as error:
            raise WorkersUnavailable(
                f"No process to work in can be started: {error.strerror}. Build without --workers."
            ) from error

    def _stop(self) -> None:
        process, self._process, self._common = self._process, None, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe and pipe.close()
            process.wait()


def _exchange(process: subprocess.Popen[bytes], head: bytes, content: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(HEAD.pack(len(head)) + head)
    process.stdin.write(content)
    process.stdin.flush()
    (length,) = LENGTH.unpack(_exactly(process.stdout, LENGTH.size))
    if length > _LARGEST_ANSWER:
        raise ValueError(length)
    return _exactly(process.stdout, length)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content
