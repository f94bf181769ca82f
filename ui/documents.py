"""What people do with documents in the page: upload, remove, read again, verify, go back; one job after the other.

Jobs run in one thread of their own, so questions go on being answered, and each ends as one new snapshot or as nothing at
all: one that fails or is cancelled leaves the index as it was. Knows no Gradio and no markup.
"""

from __future__ import annotations

import copy
import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from corpus.errors import ReadError, UsageError
from index import Index
from index.catalogue import DocumentInfo
from index.snapshots import SnapshotInfo
from rag.build import bring_in, gather, with_ids_for
from rag.sources import PLAINLY, Manner, forget_pages, is_address
from ui.errors import ReadOnly
from ui.jobs import Job, Jobs, Tell

MAX_NAME_CHARS = 120
MAX_ADDRESS_CHARS = 2_000
MAX_UPLOADS_BYTES = 2_000_000_000  # of all files together

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


class Documents:
    """The documents of a served index, and the jobs that change them.

    Args:
        index: The index that answers; changed in place, snapshot by snapshot.
        uploads: Where uploaded files are kept, so that they can be read again; made when the first one comes.
        directory: Where the index lives; None for one in memory, which has no snapshots.
        writable: False shows everything and changes nothing.
        manner: How pages and papers are fetched, which hosts may be asked though they are not public, and where what was read
            is kept.
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
        self._jobs = Jobs()

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

    def text(self, document_id: str) -> str:
        """Return the text that a document's offsets count characters of; raises UnknownDocument."""
        return self._index.document(document_id).text

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

        def work(tell: Tell) -> str:
            former = _read(self._uploads / kept)
            _write(self._uploads / kept, content)
            try:
                return self._brought_in(kept, tell)
            except BaseException:
                _restore(self._uploads / kept, former)
                raise

        return self._jobs.start("upload", kept, work)

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

        def work(tell: Tell) -> str:
            gathered = with_ids_for(gather([named], library=False, manner=self._manner, progress=tell), self._index)
            if not gathered.documents:
                raise ReadError("; ".join(f"{left.path}: {left.reason}" for left in gathered.skipped) or named)
            self._index.update(gathered.documents, folders=gathered.folders, progress=tell)
            return ", ".join(document.id for document in gathered.documents)

        return self._jobs.start("fetch", named, work)

    def remove(self, ids: Sequence[str]) -> Job:
        """Remove documents; an uploaded one's file goes too. Raises ReadOnly."""

        def work(tell: Tell) -> str:
            own = {id_: name for name, id_ in self._index.folders().get(self._key(), {}).items()}
            self._index.update(remove=ids, progress=tell)
            forget_pages(ids, self._manner.kept)
            for id_ in ids:
                if id_ in own:
                    (self._uploads / own[id_]).unlink(missing_ok=True)
            return ""

        self._check_writable()
        return self._jobs.start("remove", ", ".join(ids), work)

    def reread(self) -> Job:
        """Bring in what changed in every folder that documents came from. Raises ReadOnly."""

        def work(tell: Tell) -> str:
            told = []
            for folder in self._index.folders():
                if os.path.isdir(folder):  # noqa: PTH112 Path.is_dir raises for what may not be looked at
                    synced = bring_in(self._index, folder, kept=self._manner.kept, progress=tell)
                    told.append(f"+{len(synced.added)} ~{len(synced.changed)} -{len(synced.removed)}")
                    told += [f"{skipped.path}: {skipped.reason}" for skipped in synced.skipped]
            return "; ".join(told)

        self._check_writable()
        return self._jobs.start("reread", "", work)

    def rebuild(self) -> Job:
        """Split and index all documents anew; the index as it was answers until that is done. Raises ReadOnly."""

        def work(tell: Tell) -> str:
            return self._index.rebuild(progress=tell).snapshot

        self._check_writable()
        return self._jobs.start("rebuild", "", work)

    def verify(self) -> Job:
        """Compare every byte of the index with what was written."""

        def work(tell: Tell) -> str:
            self._index.verify()
            return self._index.snapshot

        return self._jobs.start("verify", self._index.snapshot, work)

    def rollback(self, snapshot: str) -> Job:
        """Make another snapshot the current one. Raises ReadOnly."""

        def work(tell: Tell) -> str:
            return self._index.rollback(snapshot).snapshot

        self._check_writable()
        return self._jobs.start("rollback", snapshot, work)

    def cancel(self, number: int) -> None:
        """End a job; one that is running ends at its next step, and the index stays as it was."""
        self._jobs.cancel(number)

    def jobs(self) -> list[Job]:
        """List the jobs, newest first."""
        return self._jobs.listed()

    def seen(self, *, writable: bool) -> Documents:
        """Return the same documents with the same jobs for people who may, or may not, change them."""
        other = copy.copy(self)
        other.writable = writable
        return other

    def _key(self) -> str:
        return os.fsencode(os.path.realpath(self._uploads)).decode("utf-8", "backslashreplace")

    def _brought_in(self, name: str, tell: Tell) -> str:
        """Bring the uploads in and tell what came of one of them, with the reason if it could not be read."""
        synced = bring_in(self._index, self._uploads, kept=self._manner.kept, progress=tell)
        for skipped in synced.skipped:
            if skipped.path == name or skipped.path.startswith((f"{name}/", f"{name}#", f"{name} ")):
                raise ReadError(skipped.reason)
        return ", ".join((*synced.added, *synced.changed))

    def _check_writable(self) -> None:
        if not self.writable:
            raise ReadOnly("The operator of this server allows no changes to its documents.")


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
    """Return the bytes of the files in a folder, without those that another upload renames or removes meanwhile."""
    total = 0
    if folder.is_dir():
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):
                total += entry.stat().st_size
    return total
