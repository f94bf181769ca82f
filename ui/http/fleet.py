"""Fleet: several processes that answer, so that more than one core does; the server keeps the callers and hands out the work.

A process that dies is replaced, and what it was asked is asked of another one, unless pieces of the answer are out already.
A question that no process survives is given up after some tries.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from rag import tracing
from ui.errors import ServeFailed
from ui.http.answering import MODELS_WAITED_FOR, Asked, Reply
from ui.http.failing import Failed
from ui.http.frames import Frame, pack, receive, receive_blocking
from ui.opening import Opening

logger = logging.getLogger(__name__)

OPEN_SECONDS = 120.0  # for a process to open the index
PATIENCE = 30.0  # seconds that a question waits for a process when none is there
TRIES = 3  # of one question, each with another process
PING_SECONDS = 5.0
SILENT_SECONDS = 30.0  # a process that says nothing for so long is stuck
AHEAD = 2  # questions that a process is given at once: it begins the next without waiting for us
COMMAND = (sys.executable, "-m", "ui.http.worker")  # and the number of its end of the socket
_LONGEST_PAUSE = 10.0  # seconds before a process is started again that keeps dying


class _Lost(Exception):
    """The process has gone."""


class Fleet:
    """Answers in ``count`` processes, each of which opens what ``opening`` names.

    Raises:
        ServeFailed: A process cannot be started, or not open the index.
    """

    def __init__(self, opening: Opening, count: int) -> None:
        self._opening = opening
        self._each = MODELS_WAITED_FOR if opening.waits else AHEAD
        self._restarted = 0
        self._ending = False
        self._changed = asyncio.Event()
        started = [_start(opening) for _ in range(count)]
        try:
            self._workers = [_Worker(process, _opened(connection)) for process, connection in started]
        except ServeFailed:
            for process, connection in started:
                _stop(process, connection)
            raise

    @property
    def capacity(self) -> int:
        """How many answers are worth beginning at once."""
        return len(self._workers) * self._each

    @property
    def ready(self) -> bool:
        """Whether there is a process to ask."""
        return self.alive > 0

    @property
    def alive(self) -> int:
        """How many processes there are to ask."""
        return sum(worker.alive for worker in self._workers)

    @property
    def restarted(self) -> int:
        """How many processes have been replaced."""
        return self._restarted

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Keep the processes meanwhile, and end them afterwards."""
        keepers = [asyncio.create_task(self._keep(place)) for place in range(len(self._workers))]
        try:
            yield
        finally:
            self._ending = True
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            for worker in self._workers:
                _stop(worker.process, worker.connection)

    async def ask(self, asked: Asked) -> Reply:
        """Answer a question."""
        reply: Reply = await self._whole("ask", _plain(asked))
        return reply

    async def search(self, question: str, k: int, narrowing: Mapping[str, Any]) -> list[dict[str, object]]:
        """Return the passages that match best."""
        hits: list[dict[str, object]] = await self._whole(
            "search", {"question": question, "k": k, "narrowing": dict(narrowing)}
        )
        return hits

    async def stream(self, asked: Asked) -> AsyncIterator[str | Reply]:
        """Yield the text piece by piece, then the whole reply; closing this ends the answering."""
        said = False
        for _ in range(TRIES):
            worker = await self._least_busy()
            try:
                async with aclosing(worker.work("stream", _plain(asked))) as frames:
                    async for frame in frames:
                        said = True
                        yield frame["piece"] if "piece" in frame else frame["done"]
                return
            except _Lost:
                if said:
                    break
        raise _given_up(said=said)

    async def _whole(self, do: str, fields: Frame) -> Any:  # noqa: ANN401 JSON
        for _ in range(TRIES):
            worker = await self._least_busy()
            with suppress(_Lost):
                async with aclosing(worker.work(do, fields)) as frames:
                    async for frame in frames:
                        return frame["done"]
        raise _given_up(said=False)

    async def _least_busy(self) -> _Worker:
        """Return the process that has least to do; waits for one if there is none."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.alive:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise Failed(
                503, "No process can answer now. Try again in a moment.", code="unavailable", retry_after=5
            ) from error
        return min((worker for worker in self._workers if worker.alive), key=lambda worker: worker.busy)

    async def _keep(self, place: int) -> None:
        """Listen to the process at a place, and put another one there whenever it has gone."""
        pause = 0.0
        while not self._ending:
            worker, since = self._workers[place], time.monotonic()
            await worker.listen(self._changed)
            logger.warning("Process %d, which answers, has ended. Another one is started.", worker.process.pid)
            _stop(worker.process, worker.connection)
            pause = 0.0 if time.monotonic() - since > SILENT_SECONDS else min(_LONGEST_PAUSE, pause * 2 + 0.1)
            await asyncio.sleep(pause if pause > 0.1 else 0)
            self._workers[place] = await self._replacement(worker)
            self._restarted += 1

    async def _replacement(self, former: _Worker) -> _Worker:
        process, connection = await asyncio.to_thread(_start, self._opening)
        try:
            return _Worker(process, await asyncio.to_thread(_opened, connection))
        except ServeFailed as error:
            logger.error("A process that answers could not be started: %s", error)
            _stop(process, connection)
            return former
        except asyncio.CancelledError:
            _stop(process, connection)
            raise


class _Worker:
    """One process, as the event loop sees it."""

    def __init__(self, process: subprocess.Popen[bytes], connection: socket.socket) -> None:
        self.process = process
        self.connection = connection
        self.alive = False
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = itertools.count()
        self._frames: dict[int, asyncio.Queue[Frame | None]] = {}
        self._heard = 0.0

    @property
    def busy(self) -> int:
        """How much it has been asked and not answered."""
        return len(self._frames)

    async def work(self, do: str, fields: Frame) -> AsyncGenerator[Frame]:
        """Yield what comes of a piece of work; closing this cancels it.

        Raises:
            _Lost: The process has gone.
            Failed: The work failed.
        """
        if self._writer is None or not self.alive:
            raise _Lost
        number, frames = next(self._numbers), asyncio.Queue[Frame | None]()
        self._frames[number] = frames
        over = False
        try:
            self._writer.write(pack({"id": number, "do": do, "with": fields, "trace": tracing.carried()}))
            while not over:
                frame = await frames.get()
                if frame is None:
                    raise _Lost
                if "failed" in frame:
                    over = True
                    told = frame["failed"]
                    raise Failed(told["status"], told["message"], code=told["code"], retry_after=told["retry_after"])
                over = "done" in frame
                yield frame
        finally:
            del self._frames[number]
            if not over and self.alive:
                self._writer.write(pack({"cancel": number}))

    async def listen(self, changed: asyncio.Event) -> None:
        """Hand out what the process writes until it has gone."""
        if self.process.poll() is not None:
            return
        reader, self._writer = await asyncio.open_connection(sock=self.connection)
        self.alive, self._heard = True, time.monotonic()
        changed.set()
        pinging = asyncio.create_task(self._ping())
        try:
            while (frame := await receive(reader)) is not None:
                self._heard = time.monotonic()
                if (frames := self._frames.get(frame.get("id", -1))) is not None:
                    frames.put_nowait(frame)
        finally:
            pinging.cancel()
            self.alive = False
            self._writer.close()
            for frames in self._frames.values():
                frames.put_nowait(None)

    async def _ping(self) -> None:
        """Ask now and then whether the process still listens, and end one that does not."""
        assert self._writer is not None  # noqa: S101 who calls has opened it
        while time.monotonic() - self._heard < SILENT_SECONDS:
            self._writer.write(pack({"ping": 0}))
            await asyncio.sleep(PING_SECONDS)
        logger.error("Process %d, which answers, is stuck. It is ended.", self.process.pid)
        self.process.kill()


def _start(opening: Opening) -> tuple[subprocess.Popen[bytes], socket.socket]:
    if os.name != "posix":
        raise ServeFailed("Several processes are for Linux and macOS. Leave --workers out.")
    ours, theirs = socket.socketpair()
    settled = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}  # the processes are our parallelism
    command = [*COMMAND, str(theirs.fileno())]
    root = str(Path(__file__).resolve().parents[2])  # of our packages, also where they are not installed
    settled["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 our own module
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=settled,
                process_group=0,  # Ctrl-C is for the server, which lets what was accepted be answered first
            )
    except OSError as error:
        ours.close()
        raise ServeFailed(f"A process that answers cannot be started ({error.strerror}).") from error
    ours.sendall(pack({"opening": opening.to_dict()}))
    return process, ours


def _opened(connection: socket.socket) -> socket.socket:
    """Return the connection once the process has opened the index."""
    connection.settimeout(OPEN_SECONDS)
    told = receive_blocking(connection)
    if told is None or "failed" in told:
        reason = told["failed"] if told else "it ended, or took too long; its reason stands above"
        raise ServeFailed(f"A process that answers could not begin: {reason}")
    connection.settimeout(None)
    return connection


def _stop(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    connection.close()
    if process.poll() is None:
        process.kill()
    process.wait()


def _plain(asked: Asked) -> Frame:
    return {"question": asked.question, "history": list(asked.history), "narrowing": dict(asked.narrowing)}


def _given_up(*, said: bool) -> Failed:
    if said:
        return Failed(502, "The process that wrote this answer has ended. Ask again.", code="interrupted")
    return Failed(503, f"{TRIES} processes ended over this question. It is not tried again.", code="unavailable")
