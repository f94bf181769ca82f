"""Bringing a folder in again: what was added, changed and removed there, and nothing else."""

import json
import shutil

import pytest

from corpus import Document, UsageError
from index import EmptyCorpus, Index, snapshots
from rag.build import build_index, gather, sync_folder

OBAN = "# Tides\n\nThe tide at Oban rises 4 metres.\n"
TIREE = "# Winds\n\nThe wind at Tiree blows at 20 knots.\n"
SKYE = "# Rain\n\nOn Skye 1,700 millimetres of rain fall.\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "oban.md").write_text(OBAN, "utf-8")
    (folder / "tiree.md").write_text(TIREE, "utf-8")
    return folder


@pytest.fixture
def directory(folder, tmp_path):
    """An index of the folder."""
    build_index([folder], directory=tmp_path / "index")
    return tmp_path / "index"


def held(directory):
    return {info.id for info in Index.open(directory).documents()}


def test_added_changed_and_removed_files_come_in_as_one_snapshot(folder, directory):
    (folder / "skye.md").write_text(SKYE, "utf-8")
    (folder / "oban.md").write_text(OBAN.replace("4", "5"), "utf-8")
    (folder / "tiree.md").unlink()
    synced = sync_folder(folder, directory=directory)

    assert (synced.added, synced.changed, synced.removed) == (("skye.md",), ("oban.md",), ("tiree.md",))
    assert (synced.unchanged, synced.skipped) == (0, ())
    assert held(directory) == {"skye.md", "oban.md"}
    assert "rises 5 metres" in Index.open(directory).document("oban.md").text
    assert len(snapshots.names(directory)) == 2


def test_a_folder_in_which_nothing_changed_makes_no_snapshot(folder, directory):
    synced = sync_folder(folder, directory=directory)

    assert (synced.added, synced.changed, synced.removed, synced.unchanged) == ((), (), (), 2)
    assert len(snapshots.names(directory)) == 1


def test_a_removed_file_answers_no_more(folder, directory):
    (folder / "tiree.md").unlink()
    sync_folder(folder, directory=directory)

    assert all(hit.passage.document_id == "oban.md" for hit in Index.open(directory).search("wind at Tiree"))


def test_documents_from_elsewhere_stay(folder, directory, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "skye.md").write_text(SKYE, "utf-8")
    sync_folder(other, directory=directory)
    Index.open(directory).add([Document.from_text("By hand.", id="hand")])
    (folder / "tiree.md").unlink()
    sync_folder(folder, directory=directory)

    assert held(directory) == {"oban.md", "skye.md", "hand"}


def test_the_same_name_in_two_folders_is_two_documents_that_keep_their_ids(folder, directory, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "oban.md").write_text(SKYE, "utf-8")

    assert sync_folder(other, directory=directory).added == ("other/oban.md",)
    assert sync_folder(other, directory=directory).unchanged == 1
    (other / "oban.md").write_text(SKYE.replace("1,700", "1,800"), "utf-8")
    assert sync_folder(other, directory=directory).changed == ("other/oban.md",)
    assert sync_folder(folder, directory=directory).unchanged == 2


def test_the_same_file_in_two_folders_is_removed_with_its_own_folder_only(folder, directory, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    assert sync_folder(other, directory=directory).added == ("other/oban.md", "other/tiree.md")
    (other / "tiree.md").unlink()

    assert sync_folder(other, directory=directory).removed == ("other/tiree.md",)
    assert "tiree.md" in held(directory)


def test_a_renamed_file_is_one_more_and_one_less(folder, directory):
    (folder / "tiree.md").rename(folder / "wind.md")
    synced = sync_folder(folder, directory=directory)

    assert (synced.added, synced.removed, synced.unchanged) == (("wind.md",), ("tiree.md",), 1)


def test_a_file_that_can_no_longer_be_read_keeps_its_document_and_is_told(folder, directory):
    (folder / "tiree.md").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    synced = sync_folder(folder, directory=directory)

    assert (synced.removed, [skipped.path for skipped in synced.skipped]) == ((), ["tiree.md"])
    assert "tiree.md" in held(directory)


def test_a_broken_line_keeps_the_records_of_its_file(folder, tmp_path):
    lines = [json.dumps({"id": str(n), "text": f"Record {n} tells of the pier."}) for n in range(3)]
    (folder / "records.jsonl").write_text("\n".join(lines), "utf-8")
    sync_folder(folder, directory=tmp_path / "new")
    (folder / "records.jsonl").write_text("\n".join([lines[0], lines[1][:9], lines[2]]), "utf-8")
    synced = sync_folder(folder, directory=tmp_path / "new")

    assert synced.skipped
    assert (synced.removed, synced.unchanged) == ((), 4)
    (folder / "records.jsonl").write_text("\n".join([lines[0], lines[2]]), "utf-8")
    assert sync_folder(folder, directory=tmp_path / "new").removed == ("records.jsonl#1",)


def test_a_document_that_was_removed_by_hand_comes_back_while_its_file_is_there(folder, directory):
    Index.open(directory).remove(["tiree.md"])

    assert sync_folder(folder, directory=directory).added == ("tiree.md",)


def test_what_was_added_from_a_folder_belongs_to_it(folder, directory, tmp_path):
    (folder / "skye.md").write_text(SKYE, "utf-8")
    gathered = gather([folder / "skye.md"], library=False)
    Index.open(directory).update(gathered.documents, folders=gathered.folders)
    assert sync_folder(folder, directory=directory).unchanged == 3
    (folder / "skye.md").unlink()

    assert sync_folder(folder, directory=directory).removed == ("skye.md",)


def test_documents_that_nobody_noted_are_recognised_by_name_and_content(folder, directory):
    notes = Index.open(directory)
    plain = Index.build([p for info in notes.documents() for p in notes.passages_of(info.id)])
    plain.save(directory)
    assert sync_folder(folder, directory=directory).unchanged == 2
    (folder / "tiree.md").unlink()

    assert sync_folder(folder, directory=directory).removed == ("tiree.md",)


def test_going_back_takes_the_notes_along(folder, directory):
    (folder / "tiree.md").unlink()
    sync_folder(folder, directory=directory)
    Index.open(directory).rollback()

    assert sync_folder(folder, directory=directory).removed == ("tiree.md",)


def test_a_directory_without_an_index_gets_one(folder, tmp_path):
    synced = sync_folder(folder, directory=tmp_path / "new")

    assert synced.added == ("oban.md", "tiree.md")
    assert sync_folder(folder, directory=tmp_path / "new").unchanged == 2


def test_the_default_index_keeps_the_library(folder, tmp_path):
    synced = sync_folder(folder, home=tmp_path / "home")
    (folder / "tiree.md").unlink()
    again = sync_folder(folder, home=tmp_path / "home")

    assert synced.added == ("oban.md", "tiree.md")
    assert again.removed == ("tiree.md",)
    assert any(info.id.startswith("library/") for info in again.index.documents())


def test_an_empty_or_missing_folder_removes_nothing(folder, directory, tmp_path):
    shutil.rmtree(folder)
    with pytest.raises(UsageError, match="no such folder"):
        sync_folder(folder, directory=directory)
    folder.mkdir()
    with pytest.raises(UsageError, match="the folder is empty"):
        sync_folder(folder, directory=directory)

    assert held(directory) == {"oban.md", "tiree.md"}


def test_a_folder_of_which_nothing_would_be_left_is_refused(folder, directory):
    for path in list(folder.iterdir()):
        path.unlink()
    (folder / "photo.bin").write_bytes(bytes(range(256)))
    with pytest.raises(EmptyCorpus, match="No document would be left"):
        sync_folder(folder, directory=directory)

    assert held(directory) == {"oban.md", "tiree.md"}


def test_another_path_to_the_same_folder_is_the_same_folder(folder, directory, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)

    assert sync_folder(tmp_path / "link", directory=directory).unchanged == 2
    assert sync_folder("docs/../docs", directory=directory).unchanged == 2


def test_progress_is_told(folder, directory):
    (folder / "skye.md").write_text(SKYE, "utf-8")
    told = []
    sync_folder(folder, directory=directory, progress=lambda *step: told.append(step))

    assert ("reading", 3, 3) in told
    assert any(stage == "indexing words" for stage, _, _ in told)


def test_a_folder_that_is_synced_again_is_not_parsed_again(folder, directory, tmp_path, monkeypatch):
    home = tmp_path / "home"
    first = sync_folder(folder, directory=directory, home=home)
    monkeypatch.setattr("corpus.converting.convert", lambda *_, **__: pytest.fail("parsed again"))
    again = sync_folder(folder, directory=directory, home=home)

    assert again.unchanged == first.unchanged == 2


def test_what_is_kept_of_a_deleted_file_goes_with_the_next_sync(folder, directory, tmp_path):
    sync_folder(folder, directory=directory, home=tmp_path / "home")
    (folder / "tiree.md").unlink()
    sync_folder(folder, directory=directory, home=tmp_path / "home")

    [kept] = (tmp_path / "home" / "readings").iterdir()
    assert b"Oban" in kept.read_bytes()
    assert b"Tiree" not in kept.read_bytes()


def test_a_survey_that_comes_later_links_the_papers_that_are_there(folder, directory):
    paper = "---\ntitle: Letters for Pelicans\nauthor: Tom Brown, Bea Mann\ndate: 2020\nurl: https://arxiv.org/abs/2005.99999\n---\nIt reads letters.\n"
    (folder / "brown.md").write_text(paper, "utf-8")
    (folder / "first.md").write_text("# First\n\nPelican (Brown et al., 2020) came first.\n", "utf-8")
    index = sync_folder(folder, directory=directory).index
    assert [link.url for link in index.document("first.md").links] == ["https://arxiv.org/abs/2005.99999"]
    (folder / "survey.md").write_text("# Survey\n\nPelican (Brown et al., 2020) reads letters.\n", "utf-8")
    index = sync_folder(folder, directory=directory).index
    assert [link.url for link in index.document("survey.md").links] == ["https://arxiv.org/abs/2005.99999"]
