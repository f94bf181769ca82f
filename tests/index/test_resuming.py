"""Builds that were interrupted go on where they were: no vector is computed twice."""

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpus import Document, split
from index import Index, IndexNotFound, IndexWriteFailed, resuming, snapshots

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {f"d{number}": f"The lamp number {'x' * number} burns at the pier." for number in range(40)}
BUILD = """
import sys, time
from pathlib import Path
import numpy as np
from corpus import Document, split
from index import Index, resuming
resuming.INTERVAL, resuming.SMALLEST_STEP = 0.0, 4
class Slow:
    name, fingerprint, dimensions = "word-lengths", "1", 12
    def embed_passages(self, texts, progress=None):
        time.sleep(float(sys.argv[3]))
        with open(sys.argv[2], "a") as log:
            log.writelines(text.strip().replace(chr(10), " ") + chr(10) for text in texts)
        print(len(texts), flush=True)
        return np.stack([self.embed_query(text) for text in texts])
    def embed_query(self, text):
        vector = np.zeros(self.dimensions, np.float32)
        for word in text.split():
            vector[min(len(word), self.dimensions) - 1] += 1
        return vector / max(float(np.linalg.norm(vector)), 1e-9)
documents = [Document.from_text(f"The lamp number {'x' * n} burns at the pier.", id=f"d{n}", title="Notes") for n in range(40)]
index = Index.build(split(documents), embedder=Slow(), resume=sys.argv[1])
index.save(sys.argv[1])
"""


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Keep what was embedded after every four texts."""
    monkeypatch.setattr(resuming, "INTERVAL", 0.0)
    monkeypatch.setattr(resuming, "SMALLEST_STEP", 4)


def documents_of(texts):
    return [Document.from_text(text, id=id, title="Notes") for id, text in texts.items()]


def build(texts, embedder, directory, **options):
    return Index.build(split(documents_of(texts)), embedder=embedder, resume=directory, **options)


def kept(directory):
    return sorted((directory / resuming.FOLDER).rglob("*"))


def own(texts):
    """What of the texts is of the documents, and not of the glossary that every build looks at."""
    return [text.removeprefix("Notes").strip() for text in texts if "lamp" in text]


@pytest.fixture
def stopped(word_lengths, tmp_path):
    """A directory in which a build was interrupted after 12 of 40 passages."""
    embed, calls = word_lengths.embed_passages, iter(range(3))

    def interrupted(texts, progress=None):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return embed(texts)

    word_lengths.embed_passages = interrupted
    with pytest.raises(KeyboardInterrupt):
        build(TEXTS, word_lengths, tmp_path)
    del word_lengths.embed_passages
    assert len(word_lengths.embedded) == 12
    return tmp_path


def test_an_interrupted_build_computes_no_vector_twice(stopped, word_lengths):
    told = []
    index = build(TEXTS, word_lengths, stopped, progress=lambda *step: told.append(step))
    index.save(stopped)

    assert sorted(own(word_lengths.embedded)) == sorted(TEXTS.values())
    assert ("resuming", 12, 40) in told
    assert ("embedding", 16, 40) in told
    fresh = Index.build(split(documents_of(TEXTS)), embedder=word_lengths)
    question = "lamp xxxxxx pier"
    assert [hit.score for hit in Index.open(stopped, embedder=word_lengths).search(question)] == pytest.approx(
        [hit.score for hit in fresh.search(question)]
    )


def test_what_is_published_is_kept_twice_no_longer(stopped, word_lengths):
    (kept(stopped)[0] / "123-abc.part").write_bytes(b"of a writer that was killed")
    build(TEXTS, word_lengths, stopped).save(stopped)
    assert not (stopped / resuming.FOLDER).exists()


def test_other_names_of_files_change_nothing(stopped, word_lengths):
    build({f"renamed/{id}": text for id, text in TEXTS.items()}, word_lengths, stopped)
    assert len(own(word_lengths.embedded)) == 40


def test_an_unfinished_first_build_is_no_index_and_no_damage(stopped):
    with pytest.raises(IndexNotFound):
        Index.open(stopped)
    with pytest.raises(IndexNotFound):
        snapshots.verify(stopped)
    assert Index.snapshots(stopped) == []


def test_an_unfinished_rebuild_is_no_damage_and_other_writers_leave_it_alone(stopped, word_lengths, make_passages):
    before = kept(stopped)
    Index.build(make_passages({"tides": "Tides rise.", "pier": "The pier."}), embedder=word_lengths).save(stopped)
    index = Index.open(stopped, embedder=word_lengths)
    index.remove(["tides"])
    index.verify()
    assert not index.degraded
    assert kept(stopped) == before


def test_another_embedder_takes_nothing_over(stopped, word_lengths):
    word_lengths.fingerprint = "2"
    build(TEXTS, word_lengths, stopped)
    assert len(own(word_lengths.embedded)) == 52


def test_a_rebuild_takes_over_the_vectors_of_the_index_that_it_replaces(word_lengths, tmp_path):
    build(TEXTS, word_lengths, tmp_path).save(tmp_path)
    word_lengths.embedded.clear()
    told = []
    changed = TEXTS | {"d3": "The lamp went out.", "new": TEXTS["d4"]}
    index = build(changed, word_lengths, tmp_path, progress=lambda *step: told.append(step))
    index.save(tmp_path)

    assert own(word_lengths.embedded) == ["The lamp went out."]
    assert ("resuming", 40, 41) in told
    assert index.search("lamp went out")[0].passage.document_id == "d3"


def test_an_interrupted_addition_goes_on_too(stopped, word_lengths, make_passages):
    Index.build(make_passages({"tides": "Tides rise."}), embedder=word_lengths).save(stopped)
    index = Index.open(stopped, embedder=word_lengths)
    index.add(documents_of(TEXTS))
    assert len(own(word_lengths.embedded)) == 40
    assert not (stopped / resuming.FOLDER).exists()


def test_the_same_words_are_embedded_once(word_lengths, tmp_path):
    build({"a": "The lamp burns.", "b": "The lamp burns."}, word_lengths, tmp_path)
    assert own(word_lengths.embedded) == ["The lamp burns."]


def flip(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage", [flip, lambda p: p.write_bytes(p.read_bytes()[:-9]), lambda p: p.write_bytes(b""), Path.unlink]
)
def test_damaged_leavings_are_computed_again(stopped, word_lengths, damage, caplog):
    files = [path for path in kept(stopped) if path.is_file()]
    damage(files[0])
    with caplog.at_level(logging.WARNING):
        build(TEXTS, word_lengths, stopped).save(stopped)
    assert len(own(word_lengths.embedded)) == 44
    assert Index.open(stopped, embedder=word_lengths).search("lamp")
    assert damage is Path.unlink or "computed again" in caplog.text


def test_leavings_of_other_builds_have_a_limit_and_those_of_this_one_do_not(stopped, word_lengths, monkeypatch):
    files = [path for path in kept(stopped) if path.is_file()]
    monkeypatch.setattr(resuming, "LIMIT", sum(path.stat().st_size for path in files))
    word_lengths.fingerprint = "2"
    build(TEXTS, word_lengths, stopped)
    assert not set(files) & set(kept(stopped))
    word_lengths.embedded.clear()
    build(TEXTS, word_lengths, stopped)
    assert own(word_lengths.embedded) == []


def test_a_disk_that_is_full_stops_the_keeping_and_not_the_build(word_lengths, tmp_path, monkeypatch, caplog):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(snapshots, "put", full)
    index = build(TEXTS, word_lengths, tmp_path)
    assert index.search("lamp")
    assert caplog.text.count("No space left on device") == 1


def test_leavings_that_cannot_be_taken_away_are_no_failure(stopped, word_lengths, monkeypatch):
    index = build(TEXTS, word_lengths, stopped)
    unlink = Path.unlink

    def failing(path, missing_ok=False):
        if path.suffix == ".npy":
            raise OSError(errno.EIO, "Input/output error")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", failing)
    index.save(stopped)
    Index.open(stopped, embedder=word_lengths).verify()


def test_a_directory_that_cannot_be_written_is_told_before_anything_is_embedded(word_lengths, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexWriteFailed, match="is a file"):
        build(TEXTS, word_lengths, tmp_path / "file")
    assert not word_lengths.embedded


def test_a_quick_change_leaves_and_writes_nothing_beside_the_index(word_lengths, tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "INTERVAL", 5.0)
    build(TEXTS, word_lengths, tmp_path).save(tmp_path)
    Index.open(tmp_path, embedder=word_lengths).add([Document.from_text("More.", id="more")])
    assert {path.name for path in tmp_path.iterdir()} == {"CURRENT", "LOCK", "snapshots", "tmp"}


def test_a_build_in_a_process_that_is_killed_again_and_again_computes_no_vector_twice(tmp_path):
    log, directory = tmp_path / "log", tmp_path / "index"
    for _ in range(3):
        command = [sys.executable, "-c", BUILD, directory, log, "0.05"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ) as process:
            for _ in range(3):
                assert process.stdout.readline()
            process.kill()
    subprocess.run([sys.executable, "-c", BUILD, directory, log, "0"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    embedded = own(log.read_text().splitlines())

    assert set(embedded) == set(TEXTS.values())
    # What was in work when it was killed, or given and not yet kept, is computed once more: four texts of each killed build.
    assert len(embedded) <= 40 + 3 * 4
    assert len(Index.open(directory).documents()) == 40
    assert not (directory / resuming.FOLDER).exists()
