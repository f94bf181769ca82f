"""Fills a disk to the last byte, keeps conversations there, and is killed; ``full_disk_conversations.py DISK``.

Prints how many of how many are there, opened anew while the disk is still full.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

from ui.conversations import Conversations
from ui.handlers import Source, Turn

SAVED = 60
disk = Path(sys.argv[1])
source = Source(1, "a.md", "Harbour", "Depth", "The harbour is 12 m deep. " * 20)


def keep_and_be_killed() -> None:
    kept = Conversations(disk / "conversations.sqlite")
    with contextlib.suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
        while ballast.write(b"\1" * 4096) == 4096:
            pass
    for number in range(SAVED):
        answering = Turn(f"How deep is harbour {number}?")
        name = kept.save("ann", "", [answering])
        kept.save("ann", name, [Turn(answering.question, "12 m [1].", "answered", (source,) * 5)])
    os.kill(os.getpid(), signal.SIGKILL)


child = os.fork()
if child == 0:
    keep_and_be_killed()
os.waitpid(child, 0)
listed = Conversations(disk / "conversations.sqlite").of("ann")
print(sum(info.kept for info in listed), "of", SAVED)
