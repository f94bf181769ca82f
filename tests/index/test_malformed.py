"""A snapshot that someone rewrote, checksums included, is refused as damage: no foreign error, no endless loop, no code."""

import gc
import io
import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from corpus import Document, split
from index import Index, IndexDamaged, snapshots
from index.packs import read_pack, write_pack

QUESTIONS = ["大潮什么时候出现", "violin strings", "火山", "kiln"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A directory with an index of two segments, one of which has a dead document."""
    directory = tmp_path_factory.mktemp("malformed")
    texts = {f"d{n}": f"The pier {n} is long. 潮汐由月球引起 {n}。 A violin has strings." for n in range(12)}
    index = Index.build(split([Document.from_text(text, id=id) for id, text in texts.items()]))
    index.save(directory)
    index.add([Document.from_text("The kiln is hot. 火山喷发。", id="kiln")])
    index.remove(["d3"])
    return directory


@pytest.fixture
def directory(made, tmp_path):
    return shutil.copytree(made, tmp_path / "index")


def newest(directory):
    return directory / "snapshots" / snapshots.names(directory)[-1]


def manifest_of(directory):
    return json.loads((newest(directory) / "manifest.json").read_text())


def use(directory):
    """Do everything that reads; our own errors are what is expected of a malformed index."""
    index = Index(snapshots.latest(directory, Index.open(directory)._load), directory)
    for question in QUESTIONS:
        index.search(question, 5, vector_weight=0.5)
    for info in index.documents():
        index.document(info.id)
        index.passages_of(info.id)
    index.aliases()
    index.info()
    index.folders()
    index.add([Document.from_text("Heron(苍鹭)是一台望远镜。", id="new")])  # states a name


def packed(path, arrays):
    write_pack(path, arrays)
    return path.read_bytes()


def changes_of(array):
    """Yield arrays of the same name that an attacker might put in its place."""
    yield array[:-1]
    yield np.append(array, array[-1:])
    yield array[::-1].copy()
    yield array.astype(np.float64 if array.dtype != np.float64 else np.float32)
    yield array.reshape(1, *array.shape)
    yield np.zeros(0, array.dtype)
    if array.dtype.kind in "iu":
        yield np.full_like(array, np.iinfo(array.dtype).max)
    if array.dtype.kind == "i":
        yield np.full_like(array, -1)


@pytest.mark.parametrize(
    "pack", ["base.pack", "segment0_postings.pack", "segment1_postings.pack", "segment0_dead.pack"]
)
def test_arrays_of_another_type_length_or_order_are_refused_or_harmless(directory, tmp_path, reseal, pack):
    whole = read_pack(memoryview((newest(directory) / pack).read_bytes()))
    refused = 0
    some = {name: array for name, array in whole.items() if not name.startswith("dictionary_")}  # as the glossary
    for name, array in some.items():
        for change in changes_of(array):
            data = packed(tmp_path / "draft.pack", {**whole, name: change})
            reseal(directory, manifest_of(directory), **{pack: data})
            try:
                use(directory)
            except IndexDamaged:
                refused += 1
        reseal(directory, manifest_of(directory), **{pack: packed(tmp_path / "draft.pack", {**whole})})
    assert refused >= 4 * len(some)
    use(directory)


@pytest.mark.parametrize("name", ["fitted_terms", "glossary_shares", "dictionary_terms_starts"])
def test_a_pack_without_one_of_its_arrays_is_refused(directory, tmp_path, reseal, name):
    arrays = read_pack(memoryview((newest(directory) / "base.pack").read_bytes()))
    del arrays[name]
    reseal(directory, manifest_of(directory), **{"base.pack": packed(tmp_path / "draft.pack", arrays)})
    with pytest.raises(IndexDamaged, match=rf"incomplete \(KeyError: '{name}"):
        use(directory)


@pytest.mark.parametrize(
    "data",
    [b"", b"SQAPACK1", b"SQAPACK1" + b"\xff" * 8, b"SQAPACK1" + bytes(8), b"SQAPACK1\x02" + bytes(7) + b"{}",
     b"SQAPACK1\x10" + bytes(7) + b'[["a","<i8",[9]]', b"[" * 100_000],
)  # fmt: skip
def test_a_file_that_is_no_pack_is_refused(directory, reseal, data):
    reseal(directory, manifest_of(directory), **{"segment0_postings.pack": data})
    with pytest.raises(IndexDamaged):
        use(directory)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW extra AS SELECT 1",
        "CREATE TRIGGER extra AFTER INSERT ON passages BEGIN SELECT 1; END",
        "CREATE TABLE extra (a)",
        "CREATE INDEX extra ON passages (start)",
        "ALTER TABLE passages RENAME COLUMN start TO begin",
        "DROP TABLE names",
        "DELETE FROM passages WHERE number = 11",
    ],
)
def test_a_catalogue_with_other_tables_than_ours_is_refused(directory, reseal, statement):
    rewritten(directory, reseal, statement)
    with pytest.raises(IndexDamaged, match="incomplete"):
        use(directory)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents SET info = '[['",
        "UPDATE documents SET info = '{\"id\": 1}'",
        "UPDATE documents SET structure = '{}'",
        "UPDATE documents SET text = NULL",
        "UPDATE documents SET text = X'ff'",
        "UPDATE documents SET first_passage = -1",
        "UPDATE documents SET passages = 1000000000000",
        "UPDATE documents SET place = 'x'",
        "UPDATE passages SET document = 99",
        "UPDATE passages SET words = '[1]'",
        "UPDATE passages SET start = 'x'",
        "DELETE FROM passages WHERE number = 5",
        "INSERT INTO names VALUES (0, NULL, 3)",
    ],
)
def test_rows_that_are_malformed_are_damage_when_they_are_read(directory, reseal, statement):
    rewritten(directory, reseal, statement)
    with pytest.raises(IndexDamaged):
        use(directory)


@pytest.mark.parametrize("notes", [b"", b"[]", b"{", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_notes_on_folders_that_are_malformed_are_damage(directory, reseal, notes):
    reseal(directory, manifest_of(directory), **{"folders.json": notes})
    with pytest.raises(IndexDamaged, match="folders"):
        Index.open(directory).folders()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="this system does not tell what is mapped")
def test_a_malformed_index_that_is_refused_stays_neither_open_nor_mapped(directory, reseal):
    reseal(directory, manifest_of(directory), **{"segment1_postings.pack": b"no pack"})
    for older in snapshots.names(directory)[:-1]:
        shutil.rmtree(directory / "snapshots" / older)
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(IndexDamaged):
            Index.open(directory)
        assert str(directory) not in Path("/proc/self/maps").read_text()
    finally:
        gc.enable()


def rewritten(directory, reseal, statement):
    path = newest(directory) / "segment0_documents.sqlite"
    connection = sqlite3.connect(":memory:")
    connection.deserialize(path.read_bytes())
    connection.execute(statement)
    connection.commit()
    reseal(directory, manifest_of(directory), **{path.name: io.BytesIO(connection.serialize()).getvalue()})


@pytest.mark.parametrize(
    "change",
    [
        {"segments": []}, {"segments": [{}]}, {"segments": 7}, {"segments": [[]]}, {"averages": [1]}, {"averages": "x"},
        {"weights": {}}, {"weights": {"zh": "x", "en": 0}}, {"next_place": None}, {"embedder": {}}, {"splitting": {"a": 1}},
        {"counts": None}, {"vectors": "cube"}, {"layout": None}, {"analyzer": []}, {"averages": [1e999, 1]},
    ],
)  # fmt: skip
def test_a_manifest_that_is_malformed_is_refused_or_harmless(directory, reseal, change):
    reseal(directory, {**manifest_of(directory), **change})
    try:
        use(directory)
    except snapshots.IndexError_:
        pass
    else:
        assert change == {"counts": None}
