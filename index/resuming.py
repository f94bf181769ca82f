"""Vectors that are not computed twice: those of an index that is there, and those of a build that did not come to its end.

While an embedder works, what it has given is put beside the index every few seconds, in files that are whole or not there:

    unfinished/<embedder>/<SHA-256 of the file>.npy      keys of texts and their vectors

The next build with the same embedder takes them over, whatever the documents are called by then, and takes them away
once its index is published. Whether this process, others or a cluster did the work (``index.shards``) makes no difference:
what comes back is kept here, by this process. Nothing here is needed to answer a question.
"""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from index import snapshots
from index.embedders import Embedder, Floats, Progress, is_same

if TYPE_CHECKING:
    from index.contents import Contents
    from index.pools import Pool

logger = logging.getLogger(__name__)

FOLDER = "unfinished"
INTERVAL = 5.0  # seconds of work that a kill may cost
LIMIT = 8 * 1024**3  # bytes of kept vectors of an index; beyond it the oldest of other builds go
SMALLEST_STEP = 64  # texts that an embedder is given at once; more while it is quick
_LARGEST_STEP = 4096

Keys = npt.NDArray[np.uint64]  # (texts, 2): a hash of each text


@dataclass(frozen=True, slots=True)
class Source:
    """Vectors that are there already, by the keys of their texts."""

    keys: Keys
    vectors_of: Callable[[npt.NDArray[np.int64]], Floats]  # of some rows


def sources_of(contents: Contents) -> list[Source]:
    """Return the vectors that an index holds."""
    return [Source(segment.keys, segment.vectors.vectors_of) for segment in contents.segments]


@dataclass(slots=True)
class KeptVectors:
    """Where the vectors of an unfinished build lie; without a directory nothing is kept.

    ``earlier`` is an index that the build replaces: its vectors are taken over if its embedder is the same.
    """

    directory: Path | None = None
    earlier: Contents | None = None
    _used: set[Path] = field(default_factory=set)  # files that the build has read or written
    _writing: bool = True

    def embed(
        self,
        embedder: Embedder,
        texts: Sequence[str],
        keys: Keys,
        *,
        sources: Sequence[Source] = (),
        pool: Pool | None = None,
        progress: Progress | None = None,
    ) -> Floats:
        """Return one vector per text; only what no source and no unfinished build has is computed, each wording once.

        ``pool`` works where there is much to do; without one the embedder works here. ``progress`` hears "resuming" once,
        if an unfinished build or the index that is replaced has some of them.

        Raises:
            IndexWriteFailed: Nothing can be written to the directory.
            WorkersUnavailable: The pool cannot do its work; what it has done is kept.
        """
        wanted = _Wanted(keys, embedder.dimensions)
        for source in sources:
            wanted.take(source.keys, source.vectors_of)
        before, place, tell = wanted.known(), self._place(embedder), progress or _silent
        if self.earlier is not None and is_same(self.earlier.base.embedder, embedder):
            for source in sources_of(self.earlier):
                wanted.take(source.keys, source.vectors_of)
        if place is not None:
            self._take_kept(place, wanted)
        if wanted.known() > before:
            tell("resuming", wanted.known(), len(texts))
        if wanted.missing():
            tell("embedding", wanted.known(), len(texts))
        missing = sorted(wanted.missing(), key=lambda row: -len(texts[row]))  # the longest first: no step waits for one
        self._enter(_computed(embedder, texts, missing, pool), wanted, place, tell)
        return wanted.matrix

    def forget(self) -> None:
        """Take away what an index that is published now has in it; the leavings of other builds stay."""
        folders = dict.fromkeys(folder for path in self._used for folder in path.parents[:2])
        try:
            for path in self._used:
                path.unlink(missing_ok=True)
            for folder in folders:
                for draft in folder.glob("*.part"):  # of a writer that was killed
                    draft.unlink(missing_ok=True)
                folder.rmdir()
        except OSError as error:  # another build has something there, or the disk fails: it costs room and nothing else
            logger.info("Kept vectors stay for now: %s", error)
        self._used.clear()

    def _place(self, embedder: Embedder) -> Path | None:
        """Return the folder for what an embedder gives, after making sure that the index can be written."""
        if self.directory is None:
            return None
        snapshots.prepare(self.directory)
        name = f"{embedder.name}\0{embedder.fingerprint}\0{embedder.dimensions}"
        return self.directory / FOLDER / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _take_kept(self, place: Path, wanted: _Wanted) -> None:
        for path in _files(place) if wanted.missing() else []:
            rows = _read(path, wanted.dimensions)
            if rows is not None and wanted.take(rows["key"], rows["vector"].__getitem__):
                self._used.add(path)

    def _enter(
        self, computed: Iterable[tuple[Sequence[int], Floats]], wanted: _Wanted, place: Path | None, tell: Progress
    ) -> None:
        """Enter vectors as they are computed, and keep them from time to time, also when interrupted."""
        pending: list[int] = []
        kept_at = time.monotonic()
        try:
            for rows, vectors in computed:
                wanted.put(rows, vectors)
                pending += rows
                if time.monotonic() - kept_at >= INTERVAL:
                    self._keep(place, wanted, pending)
                    pending, kept_at = [], time.monotonic()
                tell("embedding", wanted.known(), len(wanted.keys))
        finally:
            if wanted.missing() or time.monotonic() - kept_at >= INTERVAL:
                self._keep(place, wanted, pending)

    def _keep(self, place: Path | None, wanted: _Wanted, rows: Sequence[int]) -> None:
        """Write some vectors beside the index; where that cannot be done the build goes on without."""
        if place is None or not rows or not self._writing:
            return
        table = np.empty(len(rows), _row(wanted.dimensions))
        table["key"], table["vector"] = wanted.keys[rows], wanted.matrix[rows]
        try:
            _make_room(place.parent, table.nbytes, self._used)
            self._used.add(_write(place, table))
        except FileNotFoundError as error:  # another build has just been published and has tidied up
            logger.info("%d vectors are not kept: %s", len(rows), error)
        except OSError as error:
            self._writing = False
            logger.warning(
                "What is embedded from now on is not kept in %s, and an interrupted build would compute it again: %s.",
                place.parent,
                error.strerror or error,
            )


class _Wanted:
    """The vectors that a build needs, as far as they are known; texts with the same key share one."""

    def __init__(self, keys: Keys, dimensions: int) -> None:
        self.keys = keys
        self.dimensions = dimensions
        self.matrix: Floats = np.zeros((len(keys), dimensions), np.float32)
        self._rows: dict[tuple[int, int], list[int]] = {}  # of what is missing
        for row, key in enumerate(_tuples(keys)):
            self._rows.setdefault(key, []).append(row)

    def known(self) -> int:
        """Return how many texts have their vector."""
        return len(self.keys) - sum(map(len, self._rows.values()))

    def missing(self) -> list[int]:
        """Return a row of each text whose vector is not known."""
        return [rows[0] for rows in self._rows.values()]

    def take(self, keys: Keys, vectors_of: Callable[[npt.NDArray[np.int64]], Floats]) -> bool:
        """Take over what is missing and there; tell whether there was any."""
        near = np.flatnonzero(np.isin(keys[:, 0], np.array([first for first, _ in self._rows], np.uint64)))
        found = {key: row for row, key in zip(near.tolist(), _tuples(keys[near]), strict=True) if key in self._rows}
        if not found:
            return False
        for key, vector in zip(found, vectors_of(np.array(list(found.values()))), strict=True):
            self.matrix[self._rows.pop(key)] = vector
        return True

    def put(self, rows: Sequence[int], vectors: Floats) -> None:
        """Enter vectors that were computed."""
        for key, vector in zip(_tuples(self.keys[rows]), vectors, strict=True):
            self.matrix[self._rows.pop(key)] = vector


def _computed(
    embedder: Embedder, texts: Sequence[str], missing: Sequence[int], pool: Pool | None
) -> Iterator[tuple[Sequence[int], Floats]]:
    """Yield rows and their vectors, from the pool if there is enough to do for it."""
    if pool is not None:
        from index.pools import others
        from index.shards import TEXTS, embed_by

        if (workers := others(pool)) is not None and len(missing) > TEXTS:
            return embed_by(workers, embedder, texts, missing)
    return _embed_here(embedder, texts, missing)


def _embed_here(
    embedder: Embedder, texts: Sequence[str], missing: Sequence[int]
) -> Iterator[tuple[Sequence[int], Floats]]:
    """Yield rows and their vectors as this process computes them, in steps that grow while they are quick."""
    start, step = 0, SMALLEST_STEP
    while start < len(missing):
        rows = missing[start : start + step]
        began = time.monotonic()
        vectors = embedder.embed_passages([texts[row] for row in rows])
        if time.monotonic() - began < INTERVAL / 4:
            step = min(2 * step, _LARGEST_STEP)
        yield rows, vectors
        start += len(rows)


def _tuples(keys: Keys) -> Iterator[tuple[int, int]]:
    return zip(keys[:, 0].tolist(), keys[:, 1].tolist(), strict=True)


def _silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def _row(dimensions: int) -> np.dtype[np.void]:
    return np.dtype([("key", "<u8", (2,)), ("vector", "<f4", (dimensions,))])


def _files(folder: Path) -> list[Path]:
    """Return the finished files of a folder, oldest first; none if it cannot be looked into."""
    try:
        found = [(path.stat().st_mtime_ns, path) for path in folder.rglob("*.npy")]
    except OSError:
        return []
    return [path for _, path in sorted(found)]


def _read(path: Path, dimensions: int) -> npt.NDArray[np.void] | None:
    """Return the rows of a file, or None if it is not whole: then its texts are computed again."""
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != path.stem:
            raise ValueError("its bytes are not what was written")
        table = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        if table.dtype != _row(dimensions) or table.ndim != 1 or not np.isfinite(table["vector"]).all():
            raise ValueError("it holds something else")
    except (OSError, ValueError) as error:
        logger.warning("Kept vectors are computed again: %s cannot be used (%s).", path, error)
        return None
    return table


def _write(folder: Path, table: npt.NDArray[np.void]) -> Path:
    """Write rows as a file that is named after its bytes."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, table, allow_pickle=False)
    data = buffer.getvalue()
    path = folder / f"{hashlib.sha256(data).hexdigest()}.npy"
    snapshots.put(path, data)
    return path


def _make_room(folder: Path, size: int, spare: Collection[Path]) -> None:
    """Delete the oldest files until there is room for so many bytes within the limit; those of this build are spared."""
    held = [(path, path.stat().st_size) for path in _files(folder)]
    total = sum(bytes_ for _, bytes_ in held) + size
    for path, bytes_ in held:
        if total <= LIMIT:
            return
        if path not in spare:
            path.unlink(missing_ok=True)
            total -= bytes_
