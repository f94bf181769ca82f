"""Kills a process that runs one command after another, at random moments, and looks at what is left.

``killed.py ROOT KILLS SEED``: prints how many commands were done between the kills, how many kills left a draft behind, and the
longest that the look at what is left took, in seconds. A look that does not end in ``PATIENCE`` seconds ends the run.
"""

import contextlib
import io
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from index import Index, snapshots
from ui.cli import main

root, kills, draw = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
directory, folder, journal = root / "index", root / "docs", root / "journal"
PATIENCE = 120


def write(number):
    """Change the folder: every file tells the same number, one comes and those of former numbers go."""
    for name in ("north", "south"):
        (folder / f"{name}.md").write_text(f"# Pier\n\nThe {name} pier has number {number}.\n")
    (folder / f"boat{number}.md").write_text(f"# Boat\n\nBoat {number} sails.\n")
    for boat in folder.glob("boat*.md"):  # those too that a killed process left
        if boat.name not in (f"boat{number}.md", f"boat{number - 1}.md"):
            boat.unlink()


def commands(number):
    return [
        ["index", "sync", str(folder)],
        ["index", "add", str(folder / "north.md"), str(folder / "south.md")],
        ["index", "rollback"],
        ["index", "build", str(folder)],
        ["index", "remove", f"boat{number}.md"],
    ]


def work(start):
    """Run commands without end, and note after each which number is there at least."""
    number = start
    while True:
        number += 1
        write(number)
        for command in commands(number):
            if command[1] == "rollback":
                note("0")  # from here on an older number may be there
            status = main([*command, "--index", str(directory)])
            assert status == 0, command
            note("0" if command[1] == "rollback" else str(number))


def note(number):
    with journal.open("a") as notes:
        notes.write(f"{number}\n")


def look():
    """The index is whole, tells one number, and that is no older than what was acknowledged last."""
    index = Index.open(directory)
    assert not index.degraded, index.degraded
    index.verify()
    numbers = {int(index.document(f"{name}.md").text.split()[-1].rstrip(".")) for name in ("north", "south")}
    assert len(numbers) == 1, numbers
    acknowledged = int(journal.read_text().split()[-1]) if journal.exists() else 0
    assert numbers.pop() >= acknowledged
    assert index.search("How many piers?")


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir()
write(1)
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["index", "build", str(folder), "--index", str(directory)]) == 0
begun = time.monotonic()
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["index", "build", str(folder), "--index", str(directory)]) == 0
span = max(0.8, 4 * (time.monotonic() - begun))  # seconds: some commands, however busy the machine is
unfinished, longest = 0, 0.0
for kill in range(kills):
    child = os.fork()
    if not child:
        with contextlib.redirect_stdout(io.StringIO()):
            work(10 * kill + 10)
        os._exit(1)
    time.sleep(draw.uniform(0.01, span))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    unfinished += any((directory / "tmp").iterdir())
    begun = time.monotonic()
    signal.alarm(PATIENCE)  # whose default action ends this process: a reader that waits for ever is a failure
    look()
    signal.alarm(0)
    longest = max(longest, time.monotonic() - begun)
with contextlib.redirect_stdout(io.StringIO()):
    write(10 * kills + 20)
    assert main(["index", "sync", str(folder), "--index", str(directory)]) == 0
assert not any((directory / "tmp").iterdir())
assert len(snapshots.names(directory)) <= snapshots.KEPT
print(len(journal.read_text().split()), unfinished, round(longest, 1))
