"""Room inside a SQLite file for what comes while the disk is full.

The room is free pages of the file, and a write-ahead log as long: both were written once, so that the system has given them
their place on the disk, and no other program can take it, as it could the place of a file that is deleted for it. (On a file
system that never writes twice to the same place, such as btrfs, the reserve may be of no use.)
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

CHECKPOINT_PAGES = 64  # of the log, after which its pages go to the file: it never grows beyond the reserve

SCHEMA = "CREATE TABLE IF NOT EXISTS reserve (filler BLOB);"


def make_room(database: sqlite3.Connection, size: int) -> None:
    """Hold ``size`` bytes, as far as there is room on the disk; costs some 20 ms for 2 MiB."""
    with suppress(sqlite3.Error):  # the disk is full, or another process writes; what is damaged tells whoever reads it
        try:
            database.execute("INSERT INTO reserve VALUES (randomblob(?))", (size,))
            with closing(database.execute("PRAGMA wal_checkpoint")) as checkpoint:
                checkpoint.fetchall()
        finally:
            database.execute("DELETE FROM reserve")  # also what a killed process has left there


def keep_room(database: sqlite3.Connection, size: int) -> None:
    """Make room again where less than half of ``size`` bytes is left."""
    with suppress(sqlite3.Error):
        (pages,), (page_size,) = (
            database.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_size")
        )
        if pages * page_size < size // 2:
            make_room(database, size)
