"""Conversations on disk: one SQLite file under the home, every conversation with its owner.

What cannot be written now waits in memory, is tried again every few seconds, and is listed as not kept yet. The file holds
some room for what comes while the disk is full.

Turns are kept by value, quotes included, so that they open even after the index has changed. Nobody but the owner reads,
renames or deletes a conversation: every statement names the owner. Knows no Gradio and no markup.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ui.errors import ConversationsBroken, UnknownConversation
from ui.handlers import Turn
from ui.kept_turns import read_turns, written
from ui.reserve import CHECKPOINT_PAGES, SCHEMA, keep_room, make_room

logger = logging.getLogger(__name__)

MAX_TITLE_CHARS = 80
MAX_LISTED = 200  # the newest ones; the search finds the others
MOST_WAITING = 1_000  # conversations in memory that could not be written yet
RESERVE_BYTES = 2 << 20  # some three hundred answers
RETRY_SECONDS = 10.0
_BUSY_SECONDS = 5.0  # how long another process may hold the file

_Row = tuple[str, str, str, str, int, str, str]  # as _SAVE takes it


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """What a list of conversations shows; ``changed`` is ISO 8601, UTC. One that is not ``kept`` ends with the server."""

    id: str
    title: str
    changed: str
    turns: int
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with all its turns."""

    id: str
    title: str
    turns: tuple[Turn, ...]


class Conversations:
    """The conversations of everybody who uses this server. Safe to use from several threads and processes.

    Args:
        path: The SQLite file; it is made when it is not there. None keeps conversations in memory, until the end.
    """

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._unkept: dict[tuple[str, str], _Row] = {}  # by owner and id: what could not be written yet
        self._retry: threading.Timer | None = None
        self._lasting = True
        self._database = sqlite3.connect(
            path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        if path:
            path.chmod(0o600)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")  # what is kept survives a power cut
            self._database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        self._database.execute("PRAGMA trusted_schema = OFF")
        self._database.executescript(_SCHEMA + SCHEMA)
        self._reserve = RESERVE_BYTES if path else 0
        if path:
            make_room(self._database, self._reserve)

    @classmethod
    def under(cls, home: Path | None) -> Conversations:
        """Open the conversations of a home directory; one that cannot be written is said in the log, and nothing is kept."""
        if home is not None:
            try:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                return cls(home / "conversations.sqlite")
            except (OSError, sqlite3.Error) as error:
                logger.warning("Conversations cannot be kept in %s (%s); they last until the server ends.", home, error)
        fleeting = cls(None)
        fleeting._lasting = home is None
        return fleeting

    def close(self) -> None:
        """Write what waits, and close the file."""
        self.settle()
        self._database.close()

    def settle(self) -> None:
        """Write what waits, as the server is about to end; what cannot be written is lost, and the log says so."""
        with self._lock:
            self._write()
            if self._retry:
                self._retry.cancel()
                self._retry = None
            if self._unkept:
                logger.error("Conversations that could not be written and end with the server: %d.", len(self._unkept))

    @staticmethod
    def new_id() -> str:
        """Return the id of a conversation that is about to begin: nobody guesses it."""
        return secrets.token_urlsafe(16)

    def save(self, owner: str, conversation_id: str, turns: Sequence[Turn]) -> str:
        """Keep the turns of a conversation and return its id; a new one is made for ``""``.

        A conversation that its owner has deleted meanwhile is made anew. The first question gives the title. One that cannot be
        written (the disk is full, say) waits in memory, and is tried again.
        """
        kept = f"[{','.join(map(written, turns))}]"
        text = "\n".join(part for turn in turns for part in (turn.question, turn.text))
        id_ = _clean(conversation_id) or self.new_id()
        title = _title(turns[0].question if turns else "")
        row = (id_, _clean(owner), title, _now(), len(turns), _clean(text), _clean(kept))
        with self._lock:
            self._unkept[row[1], id_] = row
            if reason := self._write():
                logger.warning(
                    "A conversation cannot be kept now (%s); it stays in memory, and is tried again.", reason
                )
        return id_

    def of(self, owner: str, wanted: str = "") -> list[ConversationInfo]:
        """List an owner's conversations, last changed first; ``wanted`` keeps those with these words anywhere."""
        pattern = "%" + "".join(f"\\{letter}" if letter in "%_\\" else letter for letter in wanted.strip()) + "%"
        query = (
            "SELECT id, title, changed, turns FROM conversations WHERE owner = ? "
            "AND (title LIKE ? ESCAPE '\\' OR words LIKE ? ESCAPE '\\') ORDER BY changed DESC, id LIMIT ?"
        )
        try:
            rows = self._rows(query, owner, pattern, pattern, MAX_LISTED)
        except ConversationsBroken as error:
            logger.warning("%s", error)
            rows = []
        known, words = {row[0] for row in rows}, wanted.strip().lower()
        waiting = {row[0]: row for row in self._waiting(owner)}
        new = [
            ConversationInfo(id_, title, changed, turns, kept=False)
            for id_, _, title, changed, turns, text, _ in waiting.values()
            if id_ not in known and words in f"{title}\n{text}".lower()
        ]
        return new[::-1] + [
            ConversationInfo(id_, title, changed, turns, self._lasting and id_ not in waiting)
            for id_, title, changed, turns in rows
        ]

    def read(self, owner: str, conversation_id: str) -> Conversation:
        """Return a conversation.

        Raises:
            UnknownConversation: This owner has none with that id.
            ConversationsBroken: The file cannot be read.
        """
        waiting = [(row[2], row[6]) for row in self._waiting(owner) if row[0] == conversation_id]
        query = "SELECT title, kept FROM conversations WHERE owner = ? AND id = ?"
        rows = waiting or self._rows(query, owner, conversation_id)
        if not rows:
            raise UnknownConversation(f"There is no conversation {conversation_id!r:.60}. It may have been deleted.")
        title, kept = rows[0]
        return Conversation(conversation_id, title, read_turns(kept))

    def rename(self, owner: str, conversation_id: str, title: str) -> None:
        """Give a conversation another title, one line; a blank one changes nothing.

        Raises:
            UnknownConversation: This owner has none with that id.
            ConversationsBroken: The file cannot be written.
        """
        if _title(title):
            self._change(
                "UPDATE conversations SET title = ?, titled = 1 WHERE owner = ? AND id = ?",
                _title(title), owner, conversation_id,
            )  # fmt: skip

    def delete(self, owner: str, conversation_id: str) -> None:
        """Delete a conversation for good.

        Raises:
            UnknownConversation: This owner has none with that id.
            ConversationsBroken: The file cannot be written.
        """
        try:
            self._change("DELETE FROM conversations WHERE owner = ? AND id = ?", owner, conversation_id)
        except UnknownConversation:
            if conversation_id not in {row[0] for row in self._waiting(owner)}:
                raise
        with self._lock:
            self._unkept.pop((owner, conversation_id), None)

    def _waiting(self, owner: str) -> list[_Row]:
        """Return what could not be written yet of an owner's conversations, last changed last."""
        with self._lock:
            return [row for (whose, _), row in self._unkept.items() if whose == owner]

    def _write(self) -> sqlite3.Error | None:
        """Write what waits, as far as it can be written now; return why some of it cannot."""
        reason = None
        for key, row in list(self._unkept.items()):
            try:
                self._database.execute(_SAVE, row)
            except sqlite3.Error as error:  # one that cannot be written keeps none of the others from it
                reason = error
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _HELD:
                    break
            else:
                del self._unkept[key]
        if reason is None:
            keep_room(self._database, self._reserve)
            return None
        if lost := list(self._unkept)[:-MOST_WAITING]:
            for key in lost:
                del self._unkept[key]
            logger.error("Conversations lost because more than %d waited to be written: %d.", MOST_WAITING, len(lost))
        self._retry_later()
        return reason

    def _retry_later(self) -> None:
        if self._retry is None:
            self._retry = threading.Timer(RETRY_SECONDS, self._try_again)
            self._retry.daemon = True
            self._retry.start()

    def _try_again(self) -> None:
        with self._lock:
            if self._retry is not None:  # not settled meanwhile
                self._retry = None
                self._write()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        cleaned = [_clean(value) if isinstance(value, str) else value for value in values]
        try:
            with self._lock, closing(self._database.execute(query, cleaned)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise _broken(error) from error

    def _change(self, statement: str, *values: str) -> None:
        try:
            with self._lock, closing(self._database.execute(statement, list(map(_clean, values)))) as cursor:
                changed = cursor.rowcount
        except sqlite3.Error as error:
            raise _broken(error) from error
        if not changed:
            raise UnknownConversation(f"There is no conversation {values[-1]!r:.60}. It may have been deleted.")


_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, titled INTEGER NOT NULL DEFAULT 0,
    changed TEXT NOT NULL, turns INTEGER NOT NULL, words TEXT NOT NULL, kept TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS conversations_of_owner ON conversations (owner, changed);
"""
# A guessed id of somebody else changes nothing: the update holds for the owner's own row only.
_SAVE = """
INSERT INTO conversations (id, owner, title, changed, turns, words, kept) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    title = CASE WHEN titled THEN title ELSE excluded.title END,
    changed = excluded.changed, turns = excluded.turns, words = excluded.words, kept = excluded.kept
WHERE owner = excluded.owner
"""


_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # by another process: it would be waited for at every row


def _broken(error: sqlite3.Error) -> ConversationsBroken:
    return ConversationsBroken(f"The conversations cannot be read or changed now ({error}). Try again in a moment.")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _clean(text: str) -> str:
    """Return text that SQLite's TEXT takes: lone surrogates become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _title(text: str) -> str:
    line = " ".join(_clean(text).split())
    return line if len(line) <= MAX_TITLE_CHARS else line[: MAX_TITLE_CHARS - 1] + "…"
