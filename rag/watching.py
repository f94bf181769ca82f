"""Following a folder: what changes in it comes into an index soon after, until somebody ends it.

The system tells what changes (through watchfiles); several changes in a row become one snapshot. What goes wrong in one
round is told and tried again: it never ends the watch.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.errors import SurveyQAError, UsageError
from index import Index, IndexMismatch
from rag.build import Synced, sync_folder
from rag.errors import WatchFailed
from rag.refreshing import Progress

logger = logging.getLogger(__name__)

DEBOUNCE = 1.0  # seconds in which changes are gathered at most
AGAIN = 5.0  # seconds until a round that failed is tried again, changed or not
_LOOK = 0.5  # seconds between looks at whether it is time to end


def watch_folder(
    folder: Path | str,
    *,
    directory: Path | str | None = None,
    home: Path | str | None = None,
    embedder: str | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Synced | SurveyQAError]:
    """Bring a folder in, and again whenever something changes in it; yield what each round has done or why it failed.

    A failure is yielded once, however often the round is tried again. A folder that vanishes is waited for, and nothing
    of it is removed. Ends when ``stop`` is set, or with the KeyboardInterrupt of Ctrl-C; what was published stays.

    Raises:
        UsageError: There is no such folder.
        IndexMismatch: The index was made with another embedder.
        WatchFailed: The system cannot watch the folder.
    """
    place = Path(folder)
    if _identity(place) is None:
        raise UsageError(f"{folder}: there is no such folder to watch. Give the path of your documents.")
    ended = stop or threading.Event()
    rounds = _Rounds(place, directory, home, embedder, progress)
    while not ended.is_set():
        watched = _identity(place)
        for changes in _changes(place, directory, ended):
            yield from rounds.take(changed=bool(changes))
            if _identity(place) != watched:  # a watch on what is gone hears nothing of what comes in its place
                break
        rounds.due = True
        while _identity(place) is None and not ended.wait(_LOOK):
            yield from rounds.take(changed=False)


class _Rounds:
    """Runs a round when it is due; keeps the index open, so that an embedder's model is loaded once."""

    def __init__(
        self,
        folder: Path,
        directory: Path | str | None,
        home: Path | str | None,
        embedder: str | None,
        progress: Progress | None,
    ) -> None:
        self.due = True
        self._folder = folder
        self._where = {"directory": directory, "home": home, "embedder": embedder}
        self._progress = progress
        self._index: Index | None = None
        self._failed_at = float("-inf")
        self._told = ""

    def take(self, *, changed: bool) -> Iterator[Synced | SurveyQAError]:
        """Run a round if something changed or one is due; yield what it did unless that was told before."""
        self.due = self.due or changed
        if not self.due or (not changed and time.monotonic() - self._failed_at < AGAIN):
            return
        try:
            synced = self._sync()
        except (SurveyQAError, OSError) as error:
            self._failed_at = time.monotonic()
            yield from self._failure(error)
        else:
            self.due, self._failed_at, self._told, self._index = False, float("-inf"), "", synced.index
            yield synced

    def _sync(self) -> Synced:
        if self._index is not None:
            self._index.refresh()
        where: dict[str, Any] = self._where
        return sync_folder(self._folder, **where, opened=self._index, progress=self._progress)

    def _failure(self, error: SurveyQAError | OSError) -> Iterator[SurveyQAError]:
        if isinstance(error, IndexMismatch):
            raise error
        self._index = None  # opened again, as it may have been replaced
        if str(error) != self._told:
            self._told = str(error)
            yield error if isinstance(error, SurveyQAError) else WatchFailed(f"The folder could not be read: {error}.")


def _identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another one in its place; None if there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _changes(folder: Path, directory: Path | str | None, stop: threading.Event) -> Iterator[set[Any]]:
    """Yield what changed in a folder, or an empty set if nothing did for a moment; the watch has begun by the first one."""
    import watchfiles

    own = os.path.realpath(directory) if directory else None

    def counts(_: object, path: str) -> bool:
        """Tell whether a path is one that is read: names that begin with a dot and the index itself are not."""
        below = Path(os.path.relpath(path, root)).parts
        inside = own is not None and (path == own or path.startswith(own + os.sep))
        return not inside and not any(part.startswith(".") for part in below)

    root = os.path.realpath(folder)
    try:
        yield from watchfiles.watch(
            root,
            watch_filter=counts,
            debounce=int(DEBOUNCE * 1000),
            step=100,
            rust_timeout=int(_LOOK * 1000),
            yield_on_timeout=True,
            stop_event=stop,
            ignore_permission_denied=True,
        )
    except (OSError, RuntimeError) as error:  # the library's own error is a RuntimeError
        if _identity(folder) is None:
            return
        raise WatchFailed(
            f"{folder} cannot be watched: {error}. Too many folders for the system? Raise fs.inotify.max_user_watches, set "
            "WATCHFILES_FORCE_POLLING=1, or call `survey-qa index sync` from time to time."
        ) from error
