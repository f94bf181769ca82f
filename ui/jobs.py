"""Jobs: pieces of work that run one after the other in a thread of their own, and how far each is.

Knows nothing about what the work is; it is told how far it got, and ends where the person does not want it any more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Literal

from corpus.errors import SurveyQAError
from ui.errors import ReadOnly

logger = logging.getLogger(__name__)

Work = Literal["upload", "fetch", "remove", "reread", "rebuild", "verify", "rollback"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]
Tell = Callable[[str, int, int], None]  # stage, done, total

MAX_WAITING = 50  # jobs; more than a person would start
KEPT_JOBS = 30  # that are over, for the list


class _Cancelled(Exception):
    """The person does not want the job any more."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work and how far it is. ``words`` is what came of it; of a failure, the reason."""

    number: int
    work: Work
    about: str
    state: State = "waiting"
    stage: str = ""
    done: int = 0
    total: int = 0
    words: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")


class Jobs:
    """The jobs of one server, one after the other; the thread starts with the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._waiting: SimpleQueue[tuple[int, Callable[[Tell], str]]] = SimpleQueue()
        self._unwanted: set[int] = set()
        self._numbers = 0
        self._worker: threading.Thread | None = None

    def cancel(self, number: int) -> None:
        """End a job; one that is running ends at its next step, and the index stays as it was."""
        with self._lock:
            job = self._jobs.get(number)
            if job and not job.over:
                self._unwanted.add(number)
                if job.state == "waiting":
                    self._jobs[number] = replace(job, state="cancelled")

    def listed(self) -> list[Job]:
        """List the jobs, newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: -job.number)

    def start(self, work: Work, about: str, run: Callable[[Tell], str]) -> Job:
        """Have a piece of work done after those that wait; it returns what came of it.

        Raises:
            ReadOnly: Too many wait.
        """
        with self._lock:
            if sum(not job.over for job in self._jobs.values()) >= MAX_WAITING:
                raise ReadOnly("Too many jobs are waiting. Try again when some are done.")
            self._numbers += 1
            job = self._jobs[self._numbers] = Job(self._numbers, work, about)
            for number in [n for n, old in self._jobs.items() if old.over][:-KEPT_JOBS]:
                del self._jobs[number]
            self._waiting.put((job.number, run))
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="survey-qa documents", daemon=True)
                self._worker.start()
        return job

    def _work(self) -> None:
        while True:
            number, run = self._waiting.get()
            if self._change(number, state="running"):
                self._finish(number, run)

    def _finish(self, number: int, run: Callable[[Tell], str]) -> None:
        """Run a job to its end, whatever that is."""

        def tell(stage: str, done: int, total: int) -> None:
            if number in self._unwanted:
                raise _Cancelled
            self._change(number, stage=stage, done=done, total=total)

        try:
            self._change(number, state="done", words=run(tell))
        except _Cancelled:
            self._change(number, state="cancelled")
        except (SurveyQAError, OSError) as error:
            self._change(number, state="failed", words=str(error))
        except Exception as error:  # a job's outermost frame: the person gets a sentence, the log the rest
            logger.error("A job failed with %s", type(error).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
            self._change(number, state="failed", words=type(error).__name__)

    def _change(self, number: int, **fields: object) -> bool:
        """Note how far a job is; tell whether it is still wanted."""
        with self._lock:
            job = self._jobs.get(number)
            if job is None or job.over:
                return False
            self._jobs[number] = replace(job, **fields)  # type: ignore[arg-type]  # fields of Job, by name
            return True
