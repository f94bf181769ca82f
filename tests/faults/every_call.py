"""Lets every call of a writer that changes a file fail once, or kills the writer there, and looks at what is left.

Run with the library of faults.c preloaded: ``every_call.py ROOT OPERATION ERRORS STEP``. Prints one JSON object: how many
calls the operation makes, how many failed runs there were, and the complaints.
"""

import contextlib
import ctypes
import io
import json
import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np

from corpus import Document, split
from index import Index, IndexError_, IndexNotFound, resuming, snapshots
from ui.cli import main

FAULTS = ctypes.CDLL(None)
FAULTS.fault_seen.restype = ctypes.c_long
ROOT = Path(sys.argv[1])
DIRECTORY = ROOT / "index"
SECOND = "pier.md"  # is there in one state and not in the other


class Slow:
    """An embedder whose vectors are worth keeping."""

    name, fingerprint, dimensions = "fake", "1", 4

    def embed_passages(self, texts, progress=None):
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text):
        vector = np.array([len(text), text.count("e"), text.count(" "), 1], np.float32)
        return vector / np.linalg.norm(vector)


def document(id, text):
    return Document.from_text(text, id=id, title=id)


def built(**options):
    texts = {"tides": "The tide rises.", "kiln": "The kiln burns."}
    return Index.build(split([document(id, text) for id, text in texts.items()]), **options)


def prepare(operation):
    """Make what is there before the operation, and return whether the second document is in it."""
    if operation == "first":
        return None
    index = built(embedder=Slow()) if operation == "resumed" else built()
    index.save(DIRECTORY)
    index.add([document(SECOND, "The pier is long.")])
    if operation == "rollback":
        return True
    index.remove([SECOND])
    if operation == "remove":
        index.add([document(SECOND, "The pier is long.")])
    return operation == "remove"


def cli(*arguments):
    """Run a command; a failure is exit 1 and a clear sentence."""
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        status = main([*arguments, "--index", str(DIRECTORY)])
    if status:
        message = told.getvalue()
        clear = "Traceback" not in message and re.search(r"(could not be|cannot be) \w+", message)
        assert status == 1, (status, message)
        assert clear, message
        raise IndexError_(message)


def resumed():
    passages = split(
        [document("tides", "The tide rises."), document("kiln", "The kiln burns."), document(SECOND, "The pier.")]
    )
    Index.build(passages, embedder=Slow(), resume=DIRECTORY).save(DIRECTORY)


OPERATIONS = {
    "first": lambda: built().save(DIRECTORY),
    "add": lambda: cli("index", "add", str(ROOT / SECOND)),
    "remove": lambda: cli("index", "remove", SECOND),
    "rollback": lambda: cli("index", "rollback"),
    "resumed": resumed,
}


def opened(**options):
    """Open the index; without one nothing can be verified either."""
    try:
        return Index.open(DIRECTORY, **options)
    except IndexNotFound:
        with contextlib.suppress(IndexNotFound):
            snapshots.verify(DIRECTORY)
            raise AssertionError("verified without an index") from None
        return None


def look(before, done):
    """Check that the old state serves or the new one (the new one if the writer said so), and that the next writer goes on."""
    options = {"embedder": Slow()} if operation == "resumed" else {}
    index = opened(**options)
    if index is None:
        assert before is None
        assert not done
    else:
        if (
            before is not None
        ):  # a first build that ends before its pointer is written leaves a whole snapshot that serves
            assert not index.degraded, index.degraded
            index.verify()
        held = any(info.id == SECOND for info in index.documents())
        assert held is (not before and before is not None) or not done, (before, held, done)
        assert index.search("When does the tide rise?")[0].passage.document_id == "tides"
    if before is None:
        built(**options).save(DIRECTORY)
    after = Index.open(DIRECTORY, **options)
    after.add([document("harbour", "The harbour is deep.")])
    after.verify()
    assert not list((DIRECTORY / "tmp").iterdir())
    assert len(snapshots.names(DIRECTORY)) <= snapshots.KEPT


def failing(n):
    """Run the operation with its n-th call failing; return whether it was done and whether that call came."""
    FAULTS.fault_arm(ctypes.c_long(n), error)
    try:
        OPERATIONS[operation]()
        done = True
    except IndexError_:
        done = False
    finally:
        seen = FAULTS.fault_seen()
        FAULTS.fault_arm(ctypes.c_long(0), 0)
    return done, seen >= n


def dying(n):
    """Run the operation in a process that ends at its n-th call; return whether it was done and whether that call came."""
    child = os.fork()
    if not child:
        FAULTS.fault_arm(ctypes.c_long(n), 0)
        try:
            OPERATIONS[operation]()
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    return status == 0, status != 0


resuming.INTERVAL = 0.0
operation, step = sys.argv[2], int(sys.argv[4])
(ROOT / SECOND).write_text("The pier is long.")
before, runs, complaints, calls = prepare(operation), 0, [], 0
pristine = ROOT / "pristine"
if DIRECTORY.exists():
    DIRECTORY.rename(pristine)
for error in map(int, sys.argv[3].split(",")):
    n = 1
    while True:
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        if pristine.exists():
            shutil.copytree(pristine, DIRECTORY)
        done, came = dying(n) if error == 0 else failing(n)
        if not came:
            calls = n - 1
            if not done:
                complaints.append(f"{operation}: failed without a fault")
            break
        try:
            look(before, done)
        except (AssertionError, IndexError_, OSError) as wrong:
            complaints.append(
                f"{operation}, call {n}, {os.strerror(error) if error else 'killed'}: {type(wrong).__name__}: {wrong}"
            )
        runs, n = runs + 1, n + step
print(json.dumps({"calls": calls, "runs": runs, "complaints": complaints}))
