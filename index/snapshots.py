"""A directory of finished snapshots and one pointer to the newest: what is written is never changed, only replaced.

    CURRENT                   {"format", "snapshot", "manifest_sha256"}
    LOCK                      held by the one writer; the system lets go of it when the writer dies
    snapshots/00000042-9f3c1a20/
        manifest.json         what the snapshot was made of, and size and SHA-256 of every file
        ...
    tmp/                      unfinished builds, emptied by the next writer
    unfinished/               vectors of builds that did not come to their end (``index.resuming``); no part of the index

A reader sees the old snapshot or the new one, whenever a writer is killed or the power fails. Knows nothing about what
the files mean.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import mmap
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from corpus.patterns import pattern
from index.errors import (
    IndexDamaged,
    IndexError_,
    IndexLocked,
    IndexNotFound,
    IndexOutdated,
    IndexWriteFailed,
    UnknownSnapshot,
)

logger = logging.getLogger(__name__)
Loaded = TypeVar("Loaded")
_Seen = set[tuple[int, int, str]]  # device, inode and checksum of files that were compared

FORMAT = 1
KEPT = 3  # snapshots, the current one included
MANIFEST = "manifest.json"
_SNAPSHOT_NAME = pattern(r"\d{8}-[0-9a-f]{8}")
WORTH_LINKING = (
    1 << 20
)  # bytes of a file that snapshots share; of smaller ones each has its own copy, safe from each other's damage
_LARGE = 64 << 20  # bytes of a file whose pages are worth letting go of
_FILE_NAME = pattern(r"[a-z][a-z0-9_]*\.(?:npy|faiss|sqlite|json|pack)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a snapshot that the next one may take over."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot on disk whose manifest was read and verified; its files are verified as they are read."""

    directory: Path
    manifest: Mapping[str, Any] = field(repr=False)
    checksum: str = ""  # SHA-256 of the manifest; empty while it is a draft
    degraded: str = ""  # why this is not the newest snapshot; empty if it is

    @property
    def name(self) -> str:
        """The snapshot's name, such as ``00000042-9f3c1a20``: its generation and the start of its manifest's hash."""
        return self.directory.name

    def path(self, name: str) -> Path:
        """Return where a verified file of the manifest lies.

        Raises:
            IndexDamaged: The manifest does not list it, or its bytes are not those that were written.
        """
        self.read(name)
        return self.directory / name

    def kept(self, name: str) -> Kept:
        """Return where a file of the manifest lies and what it must hold, for the next snapshot; its bytes are not read."""
        entry = self.manifest["files"][name]
        return Kept(self.directory / name, int(entry["size"]), str(entry["sha256"]))

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
        _let_go(data)
        return data


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What a list of snapshots shows. Counts and time are 0 and empty where the manifest cannot be read.

    ``generation`` counts what was published, from 1; ``made`` is ISO 8601 in UTC; ``bytes`` is the size on disk; ``damage`` says
    what is wrong, and is empty if every byte is as it was written.
    """

    name: str
    generation: int  # counts what was published, from 1
    made: str  # ISO 8601, UTC; empty if unknown
    documents: int
    passages: int
    bytes: int  # on disk
    current: bool  # CURRENT names it
    damage: str  # what is wrong with it; empty if every byte is as it was written

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name and whether the snapshot is whole, for JSON."""
        return {**asdict(self), "whole": not self.damage}


def publish(
    root: Path,
    *,
    write: Callable[[Path], Mapping[str, object]],
    check: Callable[[Snapshot], None],
    base: str | None = None,
    carried: Mapping[str, Kept] | None = None,
) -> str:
    """Write a new snapshot, verify it, make it the current one, prune old ones, and return its name.

    ``write`` puts its files into the folder it is given and returns what the manifest says of them; ``check`` opens the
    finished snapshot once and raises if it cannot. ``carried`` names files of older snapshots that the new one takes over:
    large ones are shared and not read. ``base`` names the snapshot that the new one was made from: if
    another one is current by now, nothing is written.

    Raises:
        IndexLocked: Another writer is at work, or has published since ``base``.
        IndexWriteFailed: The disk is full or may not be written; what was current still is.
    """
    with _as_write_failure(root):
        _prepare(root)
        with _locked(root):
            _check_base(root, base)
            return _publish(root, write, check, carried or {})


def prepare(root: Path) -> None:
    """Make the directory ready for a writer, who learns now and not after hours whether it can be written.

    Raises:
        IndexWriteFailed: It is a file, holds something else, or may not be written.
    """
    with _as_write_failure(root):
        _prepare(root)
        if not os.access(root / "tmp", os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def put(path: Path, data: bytes) -> None:
    """Write a file that is whole or not there, also after a power cut; its folder is made if need be.

    Raises:
        OSError: It could not be written; nothing is left.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        _write(draft, data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    for folder in list(path.parents)[:3]:
        _sync_directory(folder)


def rollback(root: Path, name: str | None, check: Callable[[Snapshot], object]) -> str:
    """Make an older snapshot the current one and return its name; by default the newest whole one before the current.

    ``check`` opens the snapshot once and raises if it cannot. No snapshot is taken away: a rollback can be undone by
    naming the snapshot that was current.

    Raises:
        IndexNotFound: There is no index in the directory.
        UnknownSnapshot: There is no snapshot of that name, or no whole one to go back to.
        IndexDamaged: The named snapshot is damaged.
        IndexLocked: Another writer is at work.
        IndexWriteFailed: The pointer could not be written; what was current still is.
    """
    if not os.path.isdir(root / "snapshots"):  # noqa: PTH112 Path.is_dir raises for what may not be looked at
        raise IndexNotFound(_not_found(root))
    with _as_write_failure(root), _locked(root):
        chosen = _before_current(root, check) if name is None else _whole(root, name, check)
        _point(root, chosen.name, chosen.checksum)
        return chosen.name


def history(root: Path) -> list[SnapshotInfo]:
    """List the snapshots in a directory, oldest first; every byte of each is compared with what was written.

    Raises:
        IndexNotFound: There is no index in the directory.
    """
    if not os.path.isdir(root / "snapshots"):  # noqa: PTH112 Path.is_dir raises for what may not be looked at
        raise IndexNotFound(_not_found(root))
    now, seen = current_name(root), set[tuple[int, int, str]]()
    return [_described(root, name, now, seen) for name in names(root)]


def opened(root: Path, name: str) -> Snapshot:
    """Return a snapshot by its name, its manifest verified.

    Raises:
        IndexDamaged: The manifest is not what was written.
    """
    with _as_damage(root):
        return _opened(root / "snapshots" / name, name)


def current_name(root: Path) -> str:
    """Return the name of the snapshot that CURRENT names; empty if CURRENT is missing or damaged."""
    try:
        return _pointer(root).snapshot
    except (IndexDamaged, OSError):
        return ""


def mark(root: Path) -> tuple[int, int, int]:
    """Return what tells one pointer from the next without reading it (inode, time, size); zeros if there is none."""
    try:
        status = (root / "CURRENT").stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_size


def current(root: Path, load: Callable[[Snapshot], Loaded]) -> Loaded:
    """Load the current snapshot, or the newest good one with ``degraded`` set if the current one is damaged.

    ``load`` raises IndexDamaged or IndexMismatch; only damage makes an older snapshot serve.

    Raises:
        IndexNotFound: There is no index in the directory.
        IndexDamaged: No snapshot is whole.
        IndexMismatch: The snapshot was made for another version or embedder.
    """
    if not os.path.isdir(root / "snapshots"):  # noqa: PTH112 Path.is_dir raises for what may not be looked at
        raise IndexNotFound(_not_found(root))
    try:
        return latest(root, load)
    except IndexDamaged as damage:
        return _newest_good(root, load, damage)


def latest(root: Path, load: Callable[[Snapshot], Loaded]) -> Loaded:
    """Load the snapshot that CURRENT names and no other; if a writer prunes it meanwhile, the one that is named then.

    Raises:
        IndexDamaged: CURRENT or its snapshot is not whole.
        IndexMismatch: The snapshot was made for another version or embedder.
    """
    damage: IndexDamaged | None = None
    tried: set[str] = set()
    try:
        while True:
            with _as_damage(root):
                pointer = _pointer(root)
            if damage is not None and pointer.snapshot in tried:
                raise damage
            tried.add(pointer.snapshot)
            try:
                with _as_damage(root):
                    return load(_fitting(root, pointer))
            except IndexDamaged as error:
                damage = error
    finally:
        del damage  # held by its own frame, it would keep the files that were being read open and mapped


def verify(root: Path) -> None:
    """Compare every byte of the index, of its older snapshots too, with what was written.

    Raises:
        IndexNotFound: There is no index in the directory.
        IndexDamaged: A byte differs or a file is missing; the message names the file.
    """
    if not os.path.isdir(root / "snapshots"):  # noqa: PTH112 Path.is_dir raises for what may not be looked at
        raise IndexNotFound(_not_found(root))
    if not names(root) and not (root / "CURRENT").exists():  # a first build that did not come to its end
        raise IndexNotFound(_not_found(root))
    with _as_damage(root):
        _fitting(root, _pointer(root))
        seen: _Seen = set()
        for name in names(root):
            _read_all(_opened(root / "snapshots" / name, name), seen)


def names(root: Path) -> list[str]:
    """Return the names of the finished snapshots, oldest first."""
    folder = root / "snapshots"
    found = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    return sorted(name for name in found if _SNAPSHOT_NAME.fullmatch(name))


def size(root: Path, name: str) -> int:
    """Return the bytes of a snapshot's files on disk."""
    return sum(path.stat().st_size for path in (root / "snapshots" / name).iterdir())


@dataclass(frozen=True, slots=True)
class _Pointer:
    snapshot: str
    manifest_sha256: str
    format: object

    def to_bytes(self) -> bytes:
        fields = {"format": self.format, "snapshot": self.snapshot, "manifest_sha256": self.manifest_sha256}
        return json.dumps(fields).encode()


_REBUILD = (
    "Build the index again with `survey-qa index build PATH`, with --index DIR if it is not the default one, "
    "or copy the directory back from a backup."
)


def _publish(
    root: Path,
    write: Callable[[Path], Mapping[str, object]],
    check: Callable[[Snapshot], None],
    carried: Mapping[str, Kept],
) -> str:
    for leftover in (root / "tmp").iterdir():
        _delete(leftover)
    generation = max((int(name[:8]) for name in names(root)), default=0) + 1
    draft = root / "tmp" / f"{generation:08d}-{os.urandom(4).hex()}"
    draft.mkdir(mode=0o700)
    try:
        shared = {name: kept for name, kept in carried.items() if _carry(kept, draft / name, root)}
        about = write(draft)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = {"format": FORMAT, "generation": generation, "made": made, **about, "files": _sealed(draft, shared)}
        encoded = json.dumps(manifest, indent=1, sort_keys=True).encode()
        _write(draft / MANIFEST, encoded)
        _sync_directory(draft)
        check(Snapshot(draft, manifest))
        checksum = hashlib.sha256(encoded).hexdigest()
        name = f"{generation:08d}-{checksum[:8]}"
        draft.rename(root / "snapshots" / name)
    except BaseException:
        _delete(draft)
        raise
    _sync_directory(root / "snapshots")
    _point(root, name, checksum)
    _prune(root)
    return name


def _point(root: Path, name: str, checksum: str) -> None:
    """Replace CURRENT: a reader sees the old pointer or the new one, after a power cut too."""
    _write(root / "CURRENT.new", _Pointer(name, checksum, FORMAT).to_bytes())
    (root / "CURRENT.new").replace(root / "CURRENT")
    _sync_directory(root)


def _before_current(root: Path, check: Callable[[Snapshot], object]) -> Snapshot:
    """Return the newest whole snapshot before the current one; before none if CURRENT is damaged."""
    now = current_name(root)
    for name in reversed([name for name in names(root) if not now or name < now]):
        try:
            return _whole(root, name, check)
        except IndexError_ as error:
            logger.warning("%s Snapshot %s is passed over.", error, name)
    raise UnknownSnapshot(
        f"{root} holds no whole snapshot before {now or 'the current one'}. "
        "`survey-qa index snapshots` lists those that there are."
    )


def _whole(root: Path, name: str, check: Callable[[Snapshot], object]) -> Snapshot:
    """Return a snapshot after comparing every byte with what was written and opening it once."""
    if name not in names(root):
        raise UnknownSnapshot(
            f"{root} holds no snapshot {name!r}, only {', '.join(names(root)) or 'none'}. "
            "`survey-qa index snapshots` says what is in each."
        )
    with _as_damage(root):
        snapshot = _opened(root / "snapshots" / name, name)
        _read_all(snapshot, set())
        check(snapshot)
    return snapshot


def _read_all(snapshot: Snapshot, seen: _Seen) -> None:
    """Read every file that is not among those seen, which snapshots share."""
    for name, entry in snapshot.manifest["files"].items():
        status = (snapshot.directory / name).lstat()
        identity = (status.st_dev, status.st_ino, str(entry["sha256"]))
        if identity not in seen:
            snapshot.read(name)
            seen.add(identity)


def _described(root: Path, name: str, now: str, seen: _Seen) -> SnapshotInfo:
    manifest: Mapping[str, Any] = {}
    damage, on_disk = "", 0
    try:
        with _as_damage(root):
            on_disk = size(root, name)
            snapshot = _opened(root / "snapshots" / name, name)
            manifest = snapshot.manifest
            _read_all(snapshot, seen)
    except IndexError_ as error:
        damage = str(error)
    counts = manifest.get("counts", {})
    return SnapshotInfo(
        name=name,
        generation=int(name[:8]),
        made=str(manifest.get("made", "")),
        documents=counts.get("documents", 0),
        passages=counts.get("passages", 0),
        bytes=on_disk,
        current=name == now,
        damage=damage,
    )


def _check_base(root: Path, base: str | None) -> None:
    if base is None:
        return
    now = _pointer(root).snapshot if (root / "CURRENT").exists() else ""
    if now != base:
        raise IndexLocked(
            f"Another process has changed {root} since it was opened (snapshot {now or 'none'}, opened {base}). "
            "Open it again and repeat what you did."
        )


def _prepare(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise IndexWriteFailed(f"{root} is a file. Name a directory for the index (--index DIR).")
    if root.is_dir() and not (root / "snapshots").is_dir() and any(root.iterdir()):
        raise IndexWriteFailed(f"{root} holds other files and no index. Name an empty or new directory (--index DIR).")
    for folder in (root, root / "snapshots", root / "tmp"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_directory(root)
    _sync_directory(root.absolute().parent)


@contextmanager
def _as_write_failure(root: Path) -> Iterator[None]:
    """Translate what the disk refuses."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise IndexWriteFailed(
            f"The index could not be written to {root}: {getattr(error, 'strerror', None) or error}. "
            "What was there still serves. Free space, or choose a directory that can be written (--index DIR; for the default index --home DIR)."
        ) from error


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold the writer's lock; a dead writer's is free at once because the system keeps it, not the file."""
    with (root / "LOCK").open("a+b") as file:
        try:
            _lock(file.fileno())
        except (BlockingIOError, PermissionError) as error:
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


def _carry(kept: Kept, path: Path, root: Path) -> bool:
    """Take a file over from an older snapshot; tell whether both share it now, which is safe as nobody changes it.

    A snapshot never shares with the one right before it, so that damage to one file on disk leaves one of the two whole:
    it shares with the one before that, and what is carried for the first time is copied. Of another directory's files
    copies are made too: whoever saves an index elsewhere wants two.
    """
    own = kept.path.parents[2] == root and kept.size >= WORTH_LINKING
    try:
        if own and (older := _other_copy(kept, root)) is not None:
            try:
                os.link(older, path)
            except FileNotFoundError:
                raise
            except OSError as error:  # this file system has no links
                logger.info("%s is copied: %s", kept.path, error)
            else:
                return True
        if own and kept.path.stat().st_size == kept.size:
            _copy(kept.path, path)
            return True  # its bytes are compared with what was written whenever it is read, as those of a link are
        data = _mapped(kept.path)
    except FileNotFoundError as error:
        raise IndexLocked(
            f"Another process has replaced {kept.path.parent} since it was opened. Open the index again and repeat what you did."
        ) from error
    if hashlib.sha256(data).hexdigest() != kept.sha256:
        raise IndexDamaged(f"{kept.path} is not what was written. {_REBUILD}")
    path.write_bytes(data)
    return False


def _copy(source: Path, path: Path) -> None:
    """Copy a file, and force the copy to the disk."""
    import shutil  # costs 4 ms, and readers never copy

    shutil.copyfile(source, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _other_copy(kept: Kept, root: Path) -> Path | None:
    """Return a file of an older snapshot that holds the same as this one and is another file on disk; None if none does."""
    inode = kept.path.stat().st_ino
    for name in reversed(names(root)):
        path = root / "snapshots" / name / kept.path.name
        try:
            snapshot = _opened(path.parent, name)
            if path.stat().st_ino != inode and snapshot.kept(path.name).sha256 == kept.sha256:
                return snapshot.path(path.name)
        except (IndexError_, OSError, KeyError):
            continue  # it is damaged, or has no such file
    return None


def _sealed(draft: Path, shared: Mapping[str, Kept]) -> dict[str, dict[str, object]]:
    """Return size and SHA-256 of every file of a draft, each forced to the disk; shared ones are known and there already."""
    entries: dict[str, dict[str, object]] = {}
    for path in sorted(draft.iterdir()):
        if path.name in shared:
            entries[path.name] = {"size": shared[path.name].size, "sha256": shared[path.name].sha256}
            continue
        with path.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
            entries[path.name] = {"size": file.tell(), "sha256": digest}
    return entries


def _prune(root: Path) -> None:
    """Take away all but the newest snapshots; a reader that has one open keeps its files until it lets go of them."""
    for name in names(root)[:-KEPT]:
        grave = root / "tmp" / name
        try:
            (root / "snapshots" / name).rename(grave)
        except OSError as error:  # Windows, while a reader holds it; the next writer tries again
            logger.info("The old snapshot %s stays for now: %s", name, error)
        _delete(grave)


def _delete(folder: Path) -> None:
    """Delete a folder as far as that can be done; what stays is deleted by the next writer."""
    import shutil  # costs 4 ms, and readers never delete

    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _as_damage(root: Path) -> Iterator[None]:
    """Translate a file that is missing or cannot be read."""
    try:
        yield
    except OSError as error:
        where = error.filename or root
        raise IndexDamaged(f"{where} cannot be read: {error.strerror or error}. {_REBUILD}") from error


def _fitting(root: Path, pointer: _Pointer) -> Snapshot:
    """Return the snapshot of a pointer that agrees with it."""
    snapshot = _opened(root / "snapshots" / pointer.snapshot, pointer.snapshot)
    if (snapshot.manifest["format"], snapshot.checksum) != (pointer.format, pointer.manifest_sha256):
        raise IndexDamaged(f"{root / 'CURRENT'} does not fit its snapshot. {_REBUILD}")
    return snapshot


def _newest_good(root: Path, load: Callable[[Snapshot], Loaded], damage: IndexDamaged) -> Loaded:
    for name in reversed(names(root)):
        try:
            snapshot = _opened(root / "snapshots" / name, name)
            degraded = f"{damage} Snapshot {name} serves instead."
            loaded = load(replace(snapshot, degraded=degraded))
        except (IndexDamaged, OSError):
            continue
        logger.warning("%s", degraded)
        return loaded
    try:
        if not names(root) and not (root / "CURRENT").exists():
            raise IndexNotFound(_not_found(root)) from damage
        raise damage
    finally:
        del damage  # as above


def _pointer(root: Path) -> _Pointer:
    data = bytes(_mapped(root / "CURRENT"))
    fields = _parsed(data, root / "CURRENT")
    name, checksum = fields.get("snapshot"), fields.get("manifest_sha256")
    if not isinstance(name, str) or not isinstance(checksum, str) or not _SNAPSHOT_NAME.fullmatch(name):
        raise IndexDamaged(f"{root / 'CURRENT'} names no snapshot. {_REBUILD}")
    pointer = _Pointer(name, checksum, fields.get("format"))
    if pointer.to_bytes() != data:
        raise IndexDamaged(f"{root / 'CURRENT'} is not what was written. {_REBUILD}")
    return pointer


def _opened(directory: Path, name: str) -> Snapshot:
    """Read a snapshot's manifest and compare it with the hash in the snapshot's name."""
    data = bytes(_mapped(directory / MANIFEST))
    checksum = hashlib.sha256(data).hexdigest()
    if not name.endswith(checksum[:8]):
        raise IndexDamaged(f"{directory / MANIFEST} is not what was written. {_REBUILD}")
    manifest = _parsed(data, directory / MANIFEST)
    if manifest.get("format") != FORMAT:
        raise IndexOutdated(
            f"{directory} has format {manifest.get('format')!r}; this version of survey-qa reads format {FORMAT}. "
            "Build it again with `survey-qa index build PATH`, with --index DIR if it is not the default one, "
            "or use the version that made it."
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(map(_is_entry, files.values())):
        raise IndexDamaged(f"{directory / MANIFEST} lists no files. {_REBUILD}")
    return Snapshot(directory, manifest, checksum)


def _parsed(data: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IndexDamaged(f"{path} is not JSON. {_REBUILD}") from error
    if not isinstance(value, dict):
        raise IndexDamaged(f"{path} is not a JSON object. {_REBUILD}")
    return value


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("size"), int) and isinstance(entry.get("sha256"), str)


def _not_found(root: Path) -> str:
    try:
        what = "holds no index" if root.is_dir() else "is not a directory" if root.exists() else "does not exist"
    except OSError as error:
        what = f"cannot be looked at ({error.strerror})"
    return f"No index: {root} {what}. Make one with `survey-qa index build PATH --index {root}`."


def _mapped(path: Path) -> memoryview:
    """Return a file's bytes. Anything but a regular file is refused unopened: opening a pipe would wait for ever."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise IndexDamaged(f"{path} is no regular file. {_REBUILD}")
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _let_go(data: memoryview) -> None:
    """Tell the system that the pages of a large file are not needed now: only those that are used count as memory."""
    if len(data) >= _LARGE and hasattr(mmap, "MADV_DONTNEED") and isinstance(data.obj, mmap.mmap):
        data.obj.madvise(mmap.MADV_DONTNEED)


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
