"""Shards: the work of a build in pieces, bytes in and bytes out, so that any process on any machine can do one.

A job has a name, what all its shards share, and one shard; the same bytes in give the same bytes out, so a shard may be
done twice, in any order, anywhere. What crosses is JSON, text and plain arrays: nothing in it can run. Nothing here knows
who does the work (``index.pools``) or keeps what came out (``index.resuming``, ``corpus.keeping``).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from corpus.documents import Document, Passage
from corpus.errors import EncodingUnavailable, ReadError, SurveyQAError, UsageError
from corpus.exchange import dump, load
from corpus.readings import Reading
from corpus.workers import Source, Worker
from index.embedders import Embedder, Floats, check_same, open_embedder
from index.errors import EmbedderUnavailable, IndexMismatch, WorkersUnavailable
from index.latent import LatentEmbedder
from index.packs import put_pack, read_pack
from index.pools import Pool, each

TEXTS = 256  # of a shard: what is lost when a worker dies is a few seconds of a small model
QUICK_TEXTS = 2_000  # of a shard for the built-in embedder
CHARACTERS = 1_000_000  # of documents that are split together; a longer document is a shard of its own

_DONE, _REFUSED = b"+", b"-"
_ERRORS = {
    kind.__name__: kind for kind in (EmbedderUnavailable, EncodingUnavailable, IndexMismatch, ReadError, UsageError)
}


def split_by(pool: Pool, documents: Sequence[Document], tell: Callable[[int, int], None]) -> list[Passage]:
    """Return what ``corpus.split`` returns; ``tell`` hears how many documents of how many are done.

    Raises:
        WorkersUnavailable: The pool cannot do its work.
    """
    shards = list(_runs(documents))
    found: dict[int, list[Passage]] = {}
    done = 0
    given = (dump(Reading(tuple(shard))) for shard in shards)
    for number, answer in run(pool, "split", b"", given):
        found[number] = list(_passages(shards[number], json.loads(answer)))
        done += len(shards[number])
        tell(done, len(documents))
    return [passage for number in range(len(shards)) for passage in found[number]]


def embed_by(
    pool: Pool, embedder: Embedder, texts: Sequence[str], rows: Sequence[int]
) -> Iterator[tuple[Sequence[int], Floats]]:
    """Yield runs of rows and the vectors of their texts, in the order in which they come back.

    The embedder is the built-in one, or is opened by its name wherever the pool works.

    Raises:
        EmbedderUnavailable: It cannot be opened there.
        IndexMismatch: It is another one there.
        WorkersUnavailable: The pool cannot do its work.
    """
    size = QUICK_TEXTS if isinstance(embedder, LatentEmbedder) else TEXTS
    shards = [rows[start : start + size] for start in range(0, len(rows), size)]
    given = (_encoded([texts[row] for row in shard]) for shard in shards)
    for number, answer in run(pool, "embed", _described(embedder), given):
        vectors = _vectors(answer, (len(shards[number]), embedder.dimensions))
        yield shards[number], vectors


class ReadersOf:
    """A pool as those who parse files (``corpus.workers.Readers``)."""

    def __init__(self, pool: Pool) -> None:
        self.size = pool.size
        self._pool = pool

    def read(self, source: Source, *, largest: int) -> Future[Reading]:
        """Begin to parse a file; the result is its reading or raises ReadError or WorkersUnavailable."""
        asked = json.dumps(source._asdict() | {"data": "", "largest": largest}).encode("ascii")
        begun, reading = self._pool.submit("read", b"", asked + b"\n" + source.data), Future[Reading]()

        def hand_over(done: Future[bytes]) -> None:
            try:
                reading.set_result(load(unwrapped(done.result())))
            except SurveyQAError as error:
                reading.set_exception(error)

        begun.add_done_callback(hand_over)
        return reading


def run(pool: Pool, job: str, common: bytes, shards: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the result of each shard, as they are finished; errors of a job are raised here."""
    for number, answer in each(pool, job, common, shards):
        yield number, unwrapped(answer)


def unwrapped(answer: bytes) -> bytes:
    """Return the result in an answer of ``work``, or raise the error that it tells of."""
    if answer[:1] == _DONE:
        return answer[1:]
    told = json.loads(answer[1:])
    raise _ERRORS.get(told["kind"], WorkersUnavailable)(told["message"])


def work(job: str, code: str, common: bytes, shard: bytes) -> bytes:
    """Do one shard; ``code`` is the version of whoever asks. The only thing that workers do.

    What comes back begins with + and holds the result, or with - and tells of one of our errors.
    """
    try:
        if code != code_version():
            raise IndexMismatch(
                "A worker has another version of survey-qa than this machine. Install the same one on every machine of "
                "the cluster (`pip install survey-qa[ray]`), and start the cluster again."
            )
        return _DONE + _JOBS[job](common, shard)
    except SurveyQAError as error:
        kind, message = type(error).__name__, str(error)
    except (RuntimeError, OSError, ValueError, TypeError) as error:  # of a model or its library
        kind, message = "", f"A worker could not {job} its part of the documents ({type(error).__name__}: {error})."
    return _REFUSED + json.dumps({"kind": kind, "message": message}).encode("ascii")


@cache
def code_version() -> str:
    """Return what changes when the code that reads, splits and embeds changes; some milliseconds."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in sorted([*(root / "corpus").rglob("*.py"), *(root / "index").rglob("*.py")]):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def _split(common: bytes, shard: bytes) -> bytes:
    from corpus.splitting import split

    spans = []
    for document in load(shard).documents:
        found = split([document])
        spans.append([(one.start, one.end, one.section, one.kind, one.context) for one in found])
    return json.dumps(spans).encode("ascii")


def _embed(common: bytes, shard: bytes) -> bytes:
    vectors = _opened(common).embed_passages(json.loads(shard))
    return _packed({"vectors": np.asarray(vectors, np.float32)})


def _read(common: bytes, shard: bytes) -> bytes:
    """Read a file in a process of its own, as on one machine: a file that is too much for it harms no worker."""
    head, _, data = shard.partition(b"\n")
    asked = json.loads(head)
    largest = asked.pop("largest")
    return dump(_reader().read(Source(**asked | {"data": data}), largest=largest))


_JOBS: dict[str, Callable[[bytes, bytes], bytes]] = {"split": _split, "embed": _embed, "read": _read}


@cache
def _reader() -> Worker:
    return Worker()


@lru_cache(maxsize=2)
def _opened(common: bytes) -> Embedder:
    """Return the embedder that shards are to be embedded with, opened once in each process."""
    arrays = read_pack(memoryview(common))
    about = json.loads(arrays.pop("about").tobytes())
    if about is None:
        return LatentEmbedder.from_arrays(arrays)
    embedder = open_embedder(about["spec"])
    check_same(embedder, about["fingerprint"], about["dimensions"])
    return embedder


def _described(embedder: Embedder) -> bytes:
    if isinstance(embedder, LatentEmbedder):
        return _packed({"about": np.frombuffer(b"null", np.uint8), **embedder.arrays()})
    about = {"spec": embedder.name, "fingerprint": embedder.fingerprint, "dimensions": embedder.dimensions}
    return _packed({"about": np.frombuffer(json.dumps(about).encode("ascii"), np.uint8)})


def _vectors(answer: bytes, shape: tuple[int, int]) -> Floats:
    """Return the vectors of an answer, which another machine may have written."""
    try:
        vectors = read_pack(memoryview(answer))["vectors"]
    except (ValueError, KeyError, TypeError) as error:
        raise WorkersUnavailable(f"A worker sent something else than vectors: {error}. Build again.") from error
    if vectors.shape != shape or vectors.dtype != np.float32 or not np.isfinite(vectors).all():
        raise WorkersUnavailable(
            f"A worker sent {vectors.dtype} numbers of the shape {vectors.shape}; {shape} finite ones were expected. "
            "Build again, and check the embedder if it happens again."
        )
    return vectors


def _packed(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    put_pack(buffer, arrays)
    return buffer.getvalue()


def _encoded(texts: Sequence[str]) -> bytes:
    return json.dumps(texts).encode("ascii")


def _runs(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Yield documents in runs that are split together, the same ones whoever does it."""
    run: list[Document] = []
    characters = 0
    for document in documents:
        if run and characters + len(document.text) > CHARACTERS:
            yield run
            run, characters = [], 0
        run.append(document)
        characters += len(document.text)
    if run:
        yield run


def _passages(documents: Sequence[Document], spans: Sequence[Sequence[Any]]) -> Iterator[Passage]:
    for document, own in zip(documents, spans, strict=True):
        for start, end, section, kind, context in own:
            yield Passage(document, start, end, section, kind, context)
