"""What people do with documents in the page: upload, remove, read again, verify, go back; one job after the other.

Jobs run in one thread of their own, so questions go on being answered, and each ends as one new snapshot or as nothing at
all: one that fails or is cancelled leaves the index as it was. Knows no Gradio and no markup.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from corpus.errors import ReadError, SurveyQAError, UsageError
from index import Index
from index.catalogue import DocumentInfo
from index.snapshots import SnapshotInfo
from rag.build import bring_in, gather, with_ids_for
from rag.sources import PLAINLY, Manner, is_address
from ui.errors import ReadOnly

logger = logging.getLogger(__name__)

Work = Literal["upload", "fetch", "remove", "reread", "verify", "rollback"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]

MAX_NAME_CHARS = 120
MAX_ADDRESS_CHARS = 2_000
MAX_WAITING = 50  # jobs; more than a person would start
KEPT_JOBS = 30  # that are over, for the list
MAX_UPLOADS_BYTES = 2_000_000_000  # of all files together

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


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


class Documents:
    """The documents of a served index, and the jobs that change them.

    Args:
        index: The index that answers; changed in place, snapshot by snapshot.
        uploads: Where uploaded files are kept, so that they can be read again; made when the first one comes.
        directory: Where the index lives; None for one in memory, which has no snapshots.
        writable: False shows everything and changes nothing.
        manner: How pages and papers are fetched, and which hosts may be asked though they are not public.
    """

    def __init__(
        self,
        index: Index,
        uploads: Path,
        *,
        directory: Path | None = None,
        writable: bool = True,
        manner: Manner = PLAINLY,
    ) -> None:
        self._index = index
        self._uploads = uploads
        self._directory = directory
        self.writable = writable
        self._manner = manner
        self._lock = threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._waiting: SimpleQueue[tuple[int, Callable[[Callable[[str, int, int], None]], str]]] = SimpleQueue()
        self._unwanted: set[int] = set()
        self._numbers = 0
        self._worker: threading.Thread | None = None

    def listed(self, wanted: str = "") -> list[DocumentInfo]:
        """List the documents whose title, name, kind or language has every wanted word, the last ones that came first."""
        words = wanted.lower().split()
        return [
            info
            for info in reversed(self._index.documents())
            if all(word in f"{info.title} {info.id} {info.kind} {info.language}".lower() for word in words)
        ]

    def find(self, key: str) -> DocumentInfo | None:
        """Return the document of a key (``key_of``), or None if there is none (any more)."""
        return next((info for info in self._index.documents() if key_of(info.id) == key), None)

    def sections(self, document_id: str) -> list[tuple[int, str]]:
        """Return level and title of each section of a document, and raises UnknownDocument."""
        return [(section.level, section.title) for section in self._index.document(document_id).sections]

    def tables(self, document_id: str) -> int:
        """Return how many tables a document has; raises UnknownDocument."""
        return len(self._index.document(document_id).tables)

    def snapshots(self) -> list[SnapshotInfo]:
        """List the snapshots of the index, newest first; none for an index in memory."""
        return Index.snapshots(self._directory)[::-1] if self._directory else []

    def upload(self, name: str, content: bytes) -> Job:
        """Keep a file under a name of its own and bring it in; one of the same name is replaced.

        Raises:
            ReadOnly: The operator allows no changes, or there is no room for more.
        """
        kept = safe_name(name)
        self._check_writable()
        if _bytes_in(self._uploads) + len(content) > MAX_UPLOADS_BYTES:
            raise ReadOnly("There is no room for more uploads. Remove some documents first.")

        def work(tell: Callable[[str, int, int], None]) -> str:
            former = _read(self._uploads / kept)
            _write(self._uploads / kept, content)
            try:
                return self._brought_in(kept, tell)
            except BaseException:
                _restore(self._uploads / kept, former)
                raise

        return self._start("upload", kept, work)

    def fetch(self, address: str) -> Job:
        """Add a page by its address, or a paper as ``arxiv:ID`` or ``openreview:ID``; a path of this machine is refused.

        Raises:
            UsageError: It is none of these.
            ReadOnly: The operator allows no changes.
        """
        named = address.strip()
        self._check_writable()
        if not is_address(named) or len(named) > MAX_ADDRESS_CHARS:
            raise UsageError("Give the address of a page (https://…), arxiv:ID or openreview:ID.")

        def work(tell: Callable[[str, int, int], None]) -> str:
            gathered = with_ids_for(gather([named], library=False, manner=self._manner, progress=tell), self._index)
            if not gathered.documents:
                raise ReadError("; ".join(f"{left.path}: {left.reason}" for left in gathered.skipped) or named)
            self._index.update(gathered.documents, folders=gathered.folders, progress=tell)
            return ", ".join(document.id for document in gathered.documents)

        return self._start("fetch", named, work)

    def remove(self, ids: Sequence[str]) -> Job:
        """Remove documents; an uploaded one's file goes too. Raises ReadOnly."""

        def work(tell: Callable[[str, int, int], None]) -> str:
            own = {id_: name for name, id_ in self._index.folders().get(self._key(), {}).items()}
            self._index.update(remove=ids, progress=tell)
            for id_ in ids:
                if id_ in own:
                    (self._uploads / own[id_]).unlink(missing_ok=True)
            return ""

        self._check_writable()
        return self._start("remove", ", ".join(ids), work)

    def reread(self) -> Job:
        """Bring in what changed in every folder that documents came from. Raises ReadOnly."""

        def work(tell: Callable[[str, int, int], None]) -> str:
            told = []
            for folder in self._index.folders():
                if os.path.isdir(folder):  # noqa: PTH112 Path.is_dir raises for what may not be looked at
                    synced = bring_in(self._index, folder, progress=tell)
                    told.append(f"+{len(synced.added)} ~{len(synced.changed)} -{len(synced.removed)}")
                    told += [f"{skipped.path}: {skipped.reason}" for skipped in synced.skipped]
            return "; ".join(told)

        self._check_writable()
        return self._start("reread", "", work)

    def verify(self) -> Job:
        """Compare every byte of the index with what was written."""

        def work(tell: Callable[[str, int, int], None]) -> str:
            self._index.verify()
            return self._index.snapshot

        return self._start("verify", self._index.snapshot, work)

    def rollback(self, snapshot: str) -> Job:
        """Make another snapshot the current one. Raises ReadOnly."""

        def work(tell: Callable[[str, int, int], None]) -> str:
            return self._index.rollback(snapshot).snapshot

        self._check_writable()
        return self._start("rollback", snapshot, work)

    def cancel(self, number: int) -> None:
        """End a job; one that is running ends at its next step, and the index stays as it was."""
        with self._lock:
            job = self._jobs.get(number)
            if job and not job.over:
                self._unwanted.add(number)
                if job.state == "waiting":
                    self._jobs[number] = replace(job, state="cancelled")

    def jobs(self) -> list[Job]:
        """List the jobs, newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: -job.number)

    def _key(self) -> str:
        return os.fsencode(os.path.realpath(self._uploads)).decode("utf-8", "backslashreplace")

    def _brought_in(self, name: str, tell: Callable[[str, int, int], None]) -> str:
        """Bring the uploads in and tell what came of one of them, with the reason if it could not be read."""
        synced = bring_in(self._index, self._uploads, progress=tell)
        for skipped in synced.skipped:
            if skipped.path == name or skipped.path.startswith((f"{name}/", f"{name}#", f"{name} ")):
                raise ReadError(skipped.reason)
        return ", ".join((*synced.added, *synced.changed))

    def _check_writable(self) -> None:
        if not self.writable:
            raise ReadOnly("The operator of this server allows no changes to its documents.")

    def _start(self, work: Work, about: str, run: Callable[[Callable[[str, int, int], None]], str]) -> Job:
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

    def _finish(self, number: int, run: Callable[[Callable[[str, int, int], None]], str]) -> None:
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


def key_of(document_id: str) -> str:
    """Return what names a document in the page: a hash of its id, in hexadecimal digits."""
    return hashlib.blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def safe_name(name: str) -> str:
    r"""Return a file name that stays inside a folder and shows what it is: no path, no control or invisible characters.

    >>> safe_name("../../etc/passwd\x00.md")
    'passwd_.md'
    """
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _UNSAFE.sub("_", last).strip(" .")
    stem, dot, ending = cleaned.rpartition(".")
    if not dot:
        stem, ending = cleaned, ""
    while len((stem + dot + ending).encode("utf-8")) > MAX_NAME_CHARS and stem:
        stem = stem[:-1]
    return (stem or "document") + dot + ending[:20]


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    beside.replace(path)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _restore(path: Path, content: bytes | None) -> None:
    """Bring back what stood there before."""
    if content is None:
        path.unlink(missing_ok=True)
    else:
        _write(path, content)


def _bytes_in(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder)) if folder.is_dir() else 0
