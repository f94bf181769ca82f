"""After an upgrade the default index answers from the library that ships now, and keeps the user's documents."""

import json

import pytest

from corpus import Document
from rag import refreshing
from rag.build import build_index
from rag.opening import open_index


@pytest.fixture
def shipped(monkeypatch):
    """Ship two small documents in place of the library; returns how to ship others."""

    def ship(fingerprint, **texts):
        documents = [Document.from_text(f"# {id_}\n\n{text}", id=f"library/{id_}.md") for id_, text in texts.items()]
        monkeypatch.setattr("rag.build.load_library", lambda: list(documents))
        monkeypatch.setattr(refreshing, "load_library", lambda: list(documents))
        monkeypatch.setattr(refreshing, "library_fingerprint", lambda: fingerprint)

    ship("first", tides="The tide at Oban rises 4 metres.", winds="The wind at Tiree blows at 20 knots.")
    return ship


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own" / "library"
    folder.mkdir(parents=True)
    (folder / "mine.md").write_text("# Mine\n\nThe pier at Lamlash is 90 metres long.\n", "utf-8")
    return folder.parent


def ids(index):
    return {info.id for info in index.documents()}


def test_a_new_library_takes_the_place_of_the_old_one(shipped, own, tmp_path):
    build_index([own], home=tmp_path)
    shipped("second", tides="The tide at Oban rises 5 metres.", rain="It rains on 250 days.")
    index = open_index(home=tmp_path)
    assert ids(index) == {"library/tides.md", "library/rain.md", "library/mine.md"}
    assert "5 metres" in index.document("library/tides.md").text


def test_the_same_library_makes_no_new_snapshot(shipped, tmp_path):
    before = build_index(home=tmp_path).index.snapshot
    assert open_index(home=tmp_path).snapshot == before


def test_an_index_without_the_library_is_left_alone(shipped, own, tmp_path):
    build_index([own], home=tmp_path, library=False)
    shipped("second", rain="It rains on 250 days.")
    assert ids(open_index(home=tmp_path)) == {"library/mine.md"}


@pytest.mark.parametrize("note", ["", "[]", json.dumps({"fingerprint": "x"}), "\x00"])
def test_a_damaged_note_is_no_failure(shipped, tmp_path, note):
    before = build_index(home=tmp_path).index.snapshot
    (tmp_path / "library.json").write_text(note, "utf-8")
    assert open_index(home=tmp_path).snapshot == before


def test_the_library_is_counted(tmp_path, own):
    counts = refreshing.count_library(build_index(home=tmp_path).index)
    assert counts["surveys"] >= 5
    assert counts["papers"] >= 115
    assert counts["models"] >= 60
    assert refreshing.count_library(build_index([own], directory=tmp_path / "named").index) == {}
