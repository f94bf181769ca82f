"""The process that parses: reads files from a pipe, writes their documents to another, and may be killed at any time.

It is started by ``corpus.workers`` with little memory and time, without our environment, and cannot write files.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from corpus.converting import convert
from corpus.errors import ReadError
from corpus.exchange import dump

LENGTH = struct.Struct(">Q")
DONE, REFUSED = b"+", b"-"


def main() -> None:
    """Answer requests until the pipe ends: a line of JSON and the bytes of a file, each way with its length."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
    requests = sys.stdin.buffer
    _restrict()
    while line := requests.readline():
        asked = json.loads(line)
        size = asked.pop("size")
        _answer(answers, *_read(requests.read(size), **asked))


def _read(data: bytes, name: str, ending: str, url: str, show_cut: bool, largest: int) -> tuple[bytes, bytes]:
    """Return how reading ended and what came out."""
    try:
        return DONE, dump(convert(data, name, ending, url=url, show_cut=show_cut, largest=largest))
    except ReadError as error:
        return REFUSED, str(error).encode("utf-8", "replace")
    except MemoryError:
        return REFUSED, b"it needs more memory than one file may take"
    except Exception as error:  # noqa: BLE001 a parser's own failure is this file's reason and nobody else's trouble
        what = " ".join(str(error).split())[:120]
        return REFUSED, f"it is damaged or not what its name says ({type(error).__name__}: {what})".encode(
            "utf-8", "replace"
        )


def _answer(answers: BinaryIO, mark: bytes, content: bytes) -> None:
    answers.write(mark + LENGTH.pack(len(content)))
    answers.write(content)
    answers.flush()


def _restrict() -> None:
    """Give up what parsing does not need: memory without end, files on disk, dumps of memory."""
    sys.setrecursionlimit(10_000)
    with suppress(ImportError):  # Windows has no such limits
        import resource

        from corpus.formats.limits import MEMORY_BYTES

        for limit, value in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(OSError, ValueError):  # macOS refuses some of them
                resource.setrlimit(limit, (value, value))
