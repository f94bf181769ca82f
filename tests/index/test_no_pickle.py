"""Opening an index never runs code that is stored in it."""

import hashlib
import json
import pickle
import re
from pathlib import Path

import pytest

from index import Index, IndexDamaged, snapshots

PACKAGE = Path(__file__).resolve().parents[2] / "index"


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def replace_file(directory, name, data):
    """Put other bytes into a snapshot and make manifest, name and pointer fit, as an attacker could."""
    old = directory / "snapshots" / snapshots.names(directory)[-1]
    (old / name).write_bytes(data)
    manifest = json.loads((old / "manifest.json").read_text())
    manifest["files"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    encoded = json.dumps(manifest).encode()
    (old / "manifest.json").write_bytes(encoded)
    checksum = hashlib.sha256(encoded).hexdigest()
    new = old.rename(old.with_name(old.name[:9] + checksum[:8]))
    pointer = {"format": 1, "snapshot": new.name, "manifest_sha256": checksum}
    (directory / "CURRENT").write_text(json.dumps(pointer))


def test_no_module_of_the_package_can_unpickle():
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text("utf-8")
        assert not re.search(
            r"\bimport (?:pickle|dill|joblib|marshal|shelve)|allow_pickle=True|np\.load\(|read_index\((?!faiss\.ZeroCopyIOReader)",
            source,
        ), path


@pytest.mark.parametrize(
    "name", ["base.pack", "segment0_postings.pack", "segment0_vectors.faiss", "names.json", "segment0_documents.sqlite"]
)
def test_a_planted_pickle_is_refused_and_not_run(make_passages, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Index.build(make_passages({"a": "Tides rise."})).save(tmp_path / "x")
    replace_file(tmp_path / "x", name, pickle.dumps(Bomb()))
    with pytest.raises(IndexDamaged):
        Index.open(tmp_path / "x")
    assert not (tmp_path / "exploded").exists()


def test_a_planted_array_of_objects_is_refused_and_not_run(make_passages, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Index.build(make_passages({"a": "Tides rise."})).save(tmp_path / "x")
    head = json.dumps([["fitted_terms", "|O", [1]]]).encode()
    planted = b"SQAPACK1" + len(head).to_bytes(8, "little") + head + bytes(64 - 16 - len(head)) + pickle.dumps(Bomb())
    replace_file(tmp_path / "x", "base.pack", planted)
    with pytest.raises(IndexDamaged, match="no plain array"):
        Index.open(tmp_path / "x")
    assert not (tmp_path / "exploded").exists()
