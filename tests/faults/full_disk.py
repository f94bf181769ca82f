"""Fills a disk but for a little and changes an index there, with a little more room each time, until the change fits.

``full_disk.py INDEX DISK``: prints how often the change was refused, and the last refusal.
"""

import os
import shutil
import sys
from pathlib import Path

from corpus import Document
from index import Index, IndexWriteFailed

PAGE = 4096
disk = Path(sys.argv[2])
directory = Path(shutil.copytree(sys.argv[1], disk / "index"))
document = Document.from_text("The harbour is deep. " * 20, id="harbour")
refused, message, room = 0, "", 0
while "harbour" not in {info.id for info in Index.open(directory).documents()}:
    free = os.statvfs(disk).f_bavail * PAGE
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(max(free - room, 0)))
    try:
        Index.open(directory).add([document])
    except IndexWriteFailed as error:
        refused, message = refused + 1, str(error)
    index = Index.open(directory)
    index.verify()
    assert not index.degraded
    assert not list((directory / "tmp").iterdir())
    ballast.unlink()
    room += PAGE
assert index.search("harbour")[0].passage.document_id == "harbour"
print(refused, message)
