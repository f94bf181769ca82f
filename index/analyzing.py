"""Passages to terms: read here one after the other or, where there are many, by several processes side by side.

The processes are started as ``python -m index.analyzing`` and speak through files, so that they work from a notebook, a
script without a main guard and a server with threads alike. What they find is the same as what this process
would find; if one dies, this process reads its share.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from corpus.documents import Document, Passage
from corpus.names import find_aliases
from index.counting import Counter
from index.packs import put_pack, read_pack
from index.reading import Reader, Terms, chinese_of

logger = logging.getLogger(__name__)

ENOUGH_FOR_PROCESSES = 10_000  # passages; fewer are read in 2 to 3 seconds
MOST_PROCESSES = 8
_AT_ONCE, _CHARACTERS = 5_000, 1_000_000  # passages, and characters, that are read at once: what a processor keeps near

Tell = Callable[[int], None]
Aliases = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was read off passages, in their order."""

    counter: Counter
    sameness: npt.NDArray[np.uint64]  # (passages,) hash of the terms in their order
    chinese: npt.NDArray[np.bool_]  # (passages,) whether most of a passage is Chinese
    aliases: dict[str, Aliases]  # by document id: other names that it states


@dataclass(frozen=True, slots=True)
class _Text:
    """A document's id and text, and start, end and context of its passages."""

    id: str
    text: str
    spans: Sequence[tuple[int, int, str]]


def analyze_passages(passages: Sequence[Passage], tell: Tell, processes: int | None = None) -> Analysis:
    """Analyse passages, each document's in one run; ``tell`` hears how many are done.

    ``processes`` is how many work side by side: by default one per processor, and only this one for few passages.
    """
    texts = list(_texts(passages))
    wanted = _suitable(len(passages)) if processes is None else processes
    shares = list(_shares(texts, wanted, len(passages)))
    if len(shares) < 2:
        return _analyze(texts, tell)
    return _joined(_by_processes(shares, tell))


def hashed(text: str) -> tuple[int, int]:
    """Return a hash of a text as two numbers of 64 bits."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _suitable(count: int) -> int:
    if count < ENOUGH_FOR_PROCESSES or not sys.executable:
        return 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_PROCESSES)


def _texts(passages: Sequence[Passage]) -> Iterator[_Text]:
    document: Document | None = None
    spans: list[tuple[int, int, str]] = []
    for passage in passages:
        if document is not None and passage.document_id != document.id:
            yield _Text(document.id, document.text, spans)
            spans = []
        document = passage.document
        spans.append((passage.start, passage.end, passage.context))
    if document is not None:
        yield _Text(document.id, document.text, spans)


def _shares(texts: Sequence[_Text], count: int, passages: int) -> Iterator[list[_Text]]:
    """Yield the documents in at most so many runs of about as many passages."""
    share: list[_Text] = []
    held = 0
    for text in texts:
        share.append(text)
        held += len(text.spans)
        if held * count >= passages:
            yield share
            share, held = [], 0
    if share:
        yield share


def _analyze(texts: Iterable[_Text], tell: Tell) -> Analysis:
    reader, counter = Reader(), Counter()
    sameness: list[npt.NDArray[np.uint64]] = []
    chinese: list[npt.NDArray[np.bool_]] = []
    aliases: dict[str, Aliases] = {}
    done = 0
    for chunk in _chunks(texts):
        tell(done)
        for text in chunk:
            aliases[text.id] = find_aliases(Document(id=text.id, text=text.text))
        own = [text.text[start:end] for text in chunk for start, end, _ in text.spans]
        terms = reader.read(own)
        counter.add(terms, _contexts([context for text in chunk for *_, context in text.spans], reader), len(own))
        sameness.append(terms.sameness)
        chinese.append(chinese_of(own))
        done += len(own)
    counter.finish(reader.latin)
    return Analysis(counter, np.concatenate(sameness), np.concatenate(chinese), aliases)


def _chunks(texts: Iterable[_Text]) -> Iterator[list[_Text]]:
    """Yield documents in runs that are read at once."""
    chunk: list[_Text] = []
    passages = characters = 0
    for text in texts:
        chunk.append(text)
        passages += len(text.spans)
        characters += len(text.text)
        if passages >= _AT_ONCE or characters >= _CHARACTERS:
            yield chunk
            chunk, passages, characters = [], 0, 0
    if chunk:
        yield chunk


def _contexts(contexts: Sequence[str], reader: Reader) -> Terms | None:
    """Return the terms of each passage's context, reading each once; None if no passage has one."""
    numbers: dict[str, int] = {}
    of = np.fromiter((numbers.setdefault(context, len(numbers)) for context in contexts), np.int64, len(contexts))
    if not any(numbers):
        return None
    terms = reader.read(list(numbers))
    held = np.bincount(terms.texts, minlength=len(numbers))
    codes, firsts, sizes = terms.codes[np.argsort(terms.texts)], (np.cumsum(held) - held)[of], held[of]
    at = np.repeat(firsts - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    return Terms(codes[at], np.repeat(np.arange(len(of)), sizes), terms.sameness)


def _by_processes(shares: Sequence[list[_Text]], tell: Tell) -> Iterator[Analysis]:
    """Yield what processes find in each share, in the order of the shares."""
    with ExitStack() as stack:
        started = [_start(share, stack) for share in shares]
        done = 0
        for share, (process, answer) in zip(shares, started, strict=True):
            if process.wait() == 0:
                yield _read(answer, [text.id for text in share])
            else:
                logger.info(
                    "A process that analyses passages ended with %s; its work is done here.", process.returncode
                )
                yield _analyze(share, _silent)
            done += sum(len(text.spans) for text in share)
            tell(done)


def _start(share: Sequence[_Text], stack: ExitStack) -> tuple[subprocess.Popen[bytes], BinaryIO]:
    """Start a process over a share; its answer comes in a file without a name, which nobody's death leaves behind."""
    files = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 the stack closes them
    given, answer = map(stack.enter_context, files)
    given.write(
        json.dumps([(text.id, text.text, text.spans) for text in share], ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    )
    given.seek(0)
    root = str(Path(__file__).resolve().parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-m", "index.analyzing"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=given,
        stdout=answer,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process, answer


def _work(given: BinaryIO, answer: BinaryIO) -> None:
    """Do what one process is started for."""
    texts = [_Text(id_, text, spans) for id_, text, spans in json.loads(given.read().decode("utf-8", "surrogatepass"))]
    found = _analyze(texts, _silent)
    aliases = json.dumps([found.aliases[text.id] for text in texts]).encode("ascii")
    arrays = {"sameness": found.sameness, "chinese": found.chinese, "aliases": np.frombuffer(aliases, np.uint8)}
    put_pack(answer, arrays | found.counter.arrays())


def _read(answer: BinaryIO, ids: Sequence[str]) -> Analysis:
    arrays = read_pack(memoryview(mmap.mmap(answer.fileno(), 0, access=mmap.ACCESS_READ)))
    aliases = json.loads(arrays["aliases"].tobytes())
    return Analysis(
        counter=Counter.from_arrays(arrays),
        sameness=arrays["sameness"],
        chinese=arrays["chinese"],
        aliases={id_: [(name, alias) for name, alias in found] for id_, found in zip(ids, aliases, strict=True)},
    )


def _joined(parts: Iterable[Analysis]) -> Analysis:
    counter = Counter()
    sameness, chinese = [], []
    aliases: dict[str, Aliases] = {}
    for part in parts:
        counter.join(part.counter)
        sameness.append(part.sameness)
        chinese.append(part.chinese)
        aliases |= part.aliases
    return Analysis(counter, np.concatenate(sameness), np.concatenate(chinese), aliases)


def _silent(done: int) -> None:
    """Tell nobody."""


if __name__ == "__main__":
    _work(sys.stdin.buffer, sys.stdout.buffer)
