"""A directory of finished snapshots and one pointer to the newest: what is written is never changed, only replaced.

    CURRENT                   {"format", "snapshot", "manifest_sha256"}
    LOCK                      held by the one writer; the system lets go of it when the writer dies
    snapshots/00000042-9f3c1a20/
        manifest.json         what the snapshot was made of, and size and SHA-256 of every file
        ...
    tmp/                      unfinished builds, emptied by the next writer

A reader sees the old snapshot or the new one, whenever a writer is killed or the power fails. Knows nothing about what
the files mean.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.errors import IndexDamaged, IndexLocked, IndexMismatch, IndexNotFound, IndexWriteFailed

logger = logging.getLogger(__name__)

FORMAT = 1
KEPT = 3  # snapshots, the current one included
MANIFEST = "manifest.json"
_SNAPSHOT_NAME = re.compile(r"\d{8}-[0-9a-f]{8}")
_FILE_NAME = re.compile(r"[a-z][a-z0-9_]*\.(?:npy|faiss|sqlite|json)")
_TRIES = 5  # a snapshot may be pruned between reading the pointer and opening it


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot on disk whose manifest was read and verified; its files are verified as they are read."""

    directory: Path
    manifest: Mapping[str, Any] = field(repr=False)
    degraded: str = ""  # why this is not the newest snapshot; empty if it is

    @property
    def name(self) -> str:
        """The snapshot's name, such as ``00000042-9f3c1a20``."""
        return self.directory.name

    @property
    def size(self) -> int:
        """Bytes of all its files, the manifest left out."""
        return sum(entry["size"] for entry in self.manifest["files"].values())

    def path(self, name: str) -> Path:
        """Return where a verified file of the manifest lies.

        Raises:
            IndexDamaged: The manifest does not list it, or its bytes are not those that were written.
        """
        self.read(name)
        return self.directory / name

    def read(self, name: str) -> memoryview:
        """Return a file's bytes, mapped and not copied, after comparing size and SHA-256 with the manifest.

        Raises:
            IndexDamaged: The manifest does not list it, or its bytes are not those that were written.
        """
        entry = self.manifest["files"].get(name)
        if entry is None or not _FILE_NAME.fullmatch(name):
            raise IndexDamaged(f"{self.directory} lists no file {name!r} in its manifest. {_REBUILD}")
        data = _mapped(self.directory / name)
        if len(data) != entry["size"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise IndexDamaged(f"{self.directory / name} is not what was written. {_REBUILD}")
        return data


def publish(root: Path, write: Callable[[Path], Mapping[str, object]], check: Callable[[Snapshot], None]) -> Snapshot:
    """Write a new snapshot, verify it, make it the current one, and prune old ones.

    ``write`` puts its files into the directory it is given and returns what the manifest says of them; ``check`` opens
    the finished snapshot once and raises if it cannot.

    Raises:
        IndexLocked: Another writer is at work.
        IndexWriteFailed: The disk is full or may not be written; what was current still is.
    """
    try:
        _prepare(root)
        with _locked(root):
            return _publish(root, write, check)
    except OSError as error:
        raise IndexWriteFailed(
            f"The index could not be written to {root}: {error.strerror or error}. "
            "What was there still serves. Free space or choose a directory that can be written (--index DIR)."
        ) from error


def current(root: Path, accept: Callable[[Snapshot], None]) -> Snapshot:
    """Return the current snapshot, or the newest good one with ``degraded`` set if the current one is damaged.

    ``accept`` opens a snapshot for use and raises IndexDamaged or IndexMismatch; only damage makes an older one serve.

    Raises:
        IndexNotFound: There is no index in the directory.
        IndexDamaged: No snapshot is whole.
        IndexMismatch: The snapshot was made for another version or embedder.
    """
    if not (root / "snapshots").is_dir():
        raise IndexNotFound(_not_found(root))
    try:
        return _pointed_at(root, accept)
    except IndexDamaged as damage:
        return _newest_good(root, accept, damage)


def names(root: Path) -> list[str]:
    """Return the names of the finished snapshots, oldest first."""
    folder = root / "snapshots"
    return (
        sorted(entry.name for entry in folder.iterdir() if _SNAPSHOT_NAME.fullmatch(entry.name))
        if folder.is_dir()
        else []
    )


_REBUILD = "Build the index again with `survey-qa index build`, or copy the directory back from a backup."


def _publish(root: Path, write: Callable[[Path], Mapping[str, object]], check: Callable[[Snapshot], None]) -> Snapshot:
    for leftover in (root / "tmp").iterdir():
        shutil.rmtree(leftover, ignore_errors=True)
    generation = max((int(name[:8]) for name in names(root)), default=0) + 1
    draft = root / "tmp" / f"{generation:08d}-{secrets.token_hex(4)}"
    draft.mkdir(mode=0o700)
    try:
        about = write(draft)
        manifest = {"format": FORMAT, "generation": generation, **about, "files": _sealed(draft)}
        encoded = json.dumps(manifest, indent=1, sort_keys=True).encode()
        _write(draft / MANIFEST, encoded)
        _sync_directory(draft)
        checksum = hashlib.sha256(encoded).hexdigest()
        check(_opened(draft, checksum))
        finished = root / "snapshots" / draft.name
        draft.rename(finished)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync_directory(root / "snapshots")
    _point_to(root, finished.name, checksum)
    _prune(root, finished.name)
    return _opened(finished, checksum)


def _prepare(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise IndexWriteFailed(f"{root} is a file. Name a directory for the index (--index DIR).")
    if root.is_dir() and not (root / "snapshots").is_dir() and any(root.iterdir()):
        raise IndexWriteFailed(f"{root} holds other files and no index. Name an empty or new directory (--index DIR).")
    for folder in (root, root / "snapshots", root / "tmp"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_directory(root)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold the writer's lock; a dead writer's is free at once because the system keeps it, not the file."""
    with (root / "LOCK").open("a+b") as file:
        try:
            _lock(file.fileno())
        except OSError as error:
            raise IndexLocked(f"Another process is writing {root}. Wait for it to end, then try again.") from error
        yield


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sealed(draft: Path) -> dict[str, dict[str, object]]:
    """Return size and SHA-256 of every file of a draft, each forced to the disk."""
    entries: dict[str, dict[str, object]] = {}
    for path in sorted(draft.iterdir()):
        with path.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            entries[path.name] = {"size": file.tell(), "sha256": digest}
    return entries


def _point_to(root: Path, name: str, checksum: str) -> None:
    pointer = {"format": FORMAT, "snapshot": name, "manifest_sha256": checksum}
    _write(root / "CURRENT.new", json.dumps(pointer).encode())
    (root / "CURRENT.new").replace(root / "CURRENT")
    _sync_directory(root)


def _prune(root: Path, kept: str) -> None:
    for name in names(root)[:-KEPT]:
        if name != kept:
            grave = root / "tmp" / name
            (root / "snapshots" / name).rename(grave)
            shutil.rmtree(grave, ignore_errors=True)


def _pointed_at(root: Path, accept: Callable[[Snapshot], None]) -> Snapshot:
    missing: OSError | None = None
    for _ in range(_TRIES):
        try:
            pointer = _pointer(root)
            snapshot = _opened(root / "snapshots" / pointer["snapshot"], pointer["manifest_sha256"])
            accept(snapshot)
        except FileNotFoundError as error:
            missing = error
        except OSError as error:
            raise IndexDamaged(f"{root} cannot be read: {error.strerror or error}. {_REBUILD}") from error
        else:
            return snapshot
    raise IndexDamaged(f"A file of the index in {root} is missing: {missing}. {_REBUILD}")


def _newest_good(root: Path, accept: Callable[[Snapshot], None], damage: IndexDamaged) -> Snapshot:
    for name in reversed(names(root)):
        try:
            snapshot = _opened(root / "snapshots" / name, None)
            snapshot = Snapshot(snapshot.directory, snapshot.manifest, f"{damage} Snapshot {name} serves instead.")
            accept(snapshot)
        except (IndexDamaged, OSError):
            continue
        logger.warning("%s", snapshot.degraded)
        return snapshot
    if not names(root) and not (root / "CURRENT").exists():
        raise IndexNotFound(_not_found(root)) from damage
    raise damage


def _pointer(root: Path) -> dict[str, str]:
    data = (root / "CURRENT").read_bytes()
    pointer = _parsed(data, root / "CURRENT")
    name, checksum = pointer.get("snapshot"), pointer.get("manifest_sha256")
    if not isinstance(name, str) or not isinstance(checksum, str) or not _SNAPSHOT_NAME.fullmatch(name):
        raise IndexDamaged(f"{root / 'CURRENT'} names no snapshot. {_REBUILD}")
    _check_format(pointer, root)
    return {"snapshot": name, "manifest_sha256": checksum}


def _opened(directory: Path, checksum: str | None) -> Snapshot:
    data = (directory / MANIFEST).read_bytes()
    if checksum is not None and hashlib.sha256(data).hexdigest() != checksum:
        raise IndexDamaged(f"{directory / MANIFEST} is not what was written. {_REBUILD}")
    manifest = _parsed(data, directory / MANIFEST)
    _check_format(manifest, directory)
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(map(_is_entry, files.values())):
        raise IndexDamaged(f"{directory / MANIFEST} lists no files. {_REBUILD}")
    return Snapshot(directory, manifest)


def _parsed(data: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IndexDamaged(f"{path} is not JSON. {_REBUILD}") from error
    if not isinstance(value, dict):
        raise IndexDamaged(f"{path} is not a JSON object. {_REBUILD}")
    return value


def _check_format(value: Mapping[str, Any], where: Path) -> None:
    if value.get("format") != FORMAT:
        raise IndexMismatch(
            f"{where} has format {value.get('format')!r}; this version of survey-qa reads format {FORMAT}. "
            "Build it again with `survey-qa index build`, or use the version that made it."
        )


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("size"), int) and isinstance(entry.get("sha256"), str)


def _not_found(root: Path) -> str:
    what = "holds no index" if root.is_dir() else "is not a directory" if root.exists() else "does not exist"
    return f"No index: {root} {what}. Make one with `survey-qa index build PATH --index {root}`."


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    if os.name == "nt":  # Windows has no such call
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
