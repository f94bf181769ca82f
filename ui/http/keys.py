"""API keys: a file of names, scopes and hashes; the key itself is shown once and never kept.

A key is 256 random bits, so a plain SHA-256 of it is as good as a slow hash of a password.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from corpus.errors import SurveyQAError, UsageError

Scope = Literal["ask", "documents", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
MAX_NAME_CHARS = 64
KEYS_FILE = "keys.json"  # under the home

_PREFIX = "sq"


class KeysUnreadable(SurveyQAError):
    """The file of keys is damaged, or others may read it; the message says what to type."""


@dataclass(frozen=True, slots=True)
class Key:
    """Who may do what. ``digest`` is the SHA-256 of the key, in hexadecimal digits; ``id`` stands in the key itself."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created: str
    digest: str = field(repr=False)

    def allows(self, *scopes: Scope) -> bool:
        """Tell whether the key reaches one of the scopes; admin reaches all."""
        return "admin" in self.scopes or any(scope in self.scopes for scope in scopes)


class KeyRing:
    """The keys in a file; a change of the file counts from the next look on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, Key] = {}

    def __len__(self) -> int:
        self._refresh()
        return len(self._keys)

    def listed(self) -> list[Key]:
        """List the keys, oldest first."""
        self._refresh()
        return list(self._keys.values())

    def find(self, secret: str) -> Key | None:
        """Return the key that a caller has shown, or None for one that does not exist (any more)."""
        self._refresh()
        key = self._keys.get(secret.split("-")[1] if secret.count("-") > 1 else "")
        shown = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
        return key if hmac.compare_digest(shown, key.digest if key else "0" * 64) else None

    def create(self, name: str, scopes: Collection[Scope]) -> str:
        """Make a key, keep its hash, and return the key itself.

        Raises:
            UsageError: The name is no name or taken, or there is no scope.
            KeysUnreadable: The file is damaged.
        """
        if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
            raise UsageError(f"A key's name has 1 to {MAX_NAME_CHARS} characters that can be shown, not {name!r:.80}.")
        if not scopes:
            raise UsageError("A key needs a scope: --scope ask, documents or admin.")
        with self._changing() as keys:
            if any(key.name == name for key in keys):
                raise UsageError(f"There is a key {name!r} already. Revoke it first: survey-qa keys revoke {name!r}")
            id_ = secrets.token_hex(4)
            secret = f"{_PREFIX}-{id_}-{secrets.token_urlsafe(32)}"
            digest = hashlib.sha256(secret.encode()).hexdigest()
            created = datetime.now(UTC).isoformat(timespec="seconds")
            keys.append(Key(id_, name, tuple(scope for scope in SCOPES if scope in scopes), created, digest))
        return secret

    def revoke(self, name: str) -> Key:
        """Take a key away, by its name or id.

        Raises:
            UsageError: There is none of that name.
        """
        with self._changing() as keys:
            for key in keys:
                if name in (key.name, key.id):
                    keys.remove(key)
                    return key
        raise UsageError(f"There is no key {name!r:.80}. `survey-qa keys list` shows which there are.")

    def _refresh(self) -> None:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, {}
            return
        except OSError as error:
            raise KeysUnreadable(f"{self._path} cannot be read ({error.strerror}).") from error
        mark = (now.st_mtime_ns, now.st_size, now.st_ino)
        if mark != self._seen:
            self._keys = {key.id: key for key in _read(self._path, now)}
            self._seen = mark

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """Give the keys to be changed, alone, and write them whole."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "wb"):
                _lock(descriptor)
                self._seen = None
                keys = self.listed()
                yield keys
                _write(self._path, keys)
        except OSError as error:
            raise KeysUnreadable(f"{self._path} cannot be written ({error.strerror}).") from error


def _read(path: Path, status: os.stat_result) -> list[Key]:
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise KeysUnreadable(f"{path} can be read by others. Take that away: chmod 600 {path}")
    try:
        kept = json.loads(path.read_text("utf-8"))
        return [_key(fields) for fields in kept["keys"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeysUnreadable(
            f"{path} is no file of keys. Move it away and make new ones: survey-qa keys create NAME"
        ) from error


def _key(fields: Any) -> Key:  # noqa: ANN401 JSON
    key = Key(**{**fields, "scopes": tuple(fields["scopes"])})
    if not all(isinstance(value, str) for value in (key.id, key.name, key.created, key.digest)):
        raise TypeError("not texts")
    if not set(key.scopes) <= set(SCOPES):
        raise ValueError("an unknown scope")
    return replace(key, digest=key.digest.lower())


def _write(path: Path, keys: Sequence[Key]) -> None:
    beside = path.with_name(f".{path.name}.part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": [asdict(key) for key in keys]}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: whoever makes keys there makes one at a time
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
