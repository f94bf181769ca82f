"""Making and opening indexes: the default one, a named one, and what is refused."""

import pytest

from corpus import Document, UsageError
from index import EmptyCorpus, IndexNotFound, IndexOutdated
from rag import Assistant
from rag.build import build_index, gather, with_ids_for
from rag.opening import open_index
from rag.settings import default_index_directory, home_directory


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("# Tides\n\nThe tide at Oban rises 4 metres.\n", "utf-8")
    return folder


def test_a_named_index_holds_what_it_was_given_and_nothing_else(folder, tmp_path):
    built = build_index([folder], directory=tmp_path / "named")
    assert [document.id for document in built.index.documents()] == ["a.md"]


def test_the_default_index_holds_the_library_and_the_users_documents(folder, tmp_path):
    built = build_index([folder], home=tmp_path / "home")
    ids = {document.id for document in built.index.documents()}
    assert "a.md" in ids
    assert any(id_.startswith("library/") for id_ in ids)


def test_the_library_can_be_left_out(folder, tmp_path):
    built = build_index([folder], home=tmp_path / "home", library=False)
    assert built.documents == 1


def test_the_default_index_is_built_on_first_use_and_opened_afterwards(tmp_path):
    first = open_index(home=tmp_path)
    assert first.snapshot == open_index(home=tmp_path).snapshot
    assert default_index_directory(tmp_path).is_dir()


def test_a_named_directory_without_an_index_is_refused(tmp_path):
    with pytest.raises(IndexNotFound, match="index build"):
        open_index(tmp_path / "nothing")


def test_a_failed_build_leaves_the_previous_index(folder, tmp_path):
    directory = tmp_path / "named"
    before = build_index([folder], directory=directory).index.snapshot
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises((EmptyCorpus, UsageError)):
        build_index([empty], directory=directory)
    assert open_index(directory).snapshot == before


def test_a_folder_of_which_nothing_can_be_read_never_replaces_the_users_documents(folder, tmp_path):
    before = build_index([folder], home=tmp_path / "home").index.snapshot
    unreadable = tmp_path / "unreadable"
    unreadable.mkdir()
    (unreadable / "a.txt").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    with pytest.raises(EmptyCorpus, match=r"Skipped 1: a\.txt"):
        build_index([unreadable], home=tmp_path / "home")
    assert open_index(home=tmp_path / "home").snapshot == before


def test_the_same_name_in_two_folders_is_two_documents(folder, tmp_path):
    other = tmp_path / "more"
    other.mkdir()
    (other / "a.md").write_text("# Winds\n\nThe wind at Tiree blows at 20 knots.\n", "utf-8")
    gathered = gather([folder, other], library=False)
    assert [document.id for document in gathered.documents] == ["a.md", "more/a.md"]


def test_what_was_skipped_is_told_with_the_reason(folder):
    (folder / "b.txt").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    gathered = gather([folder], library=False)
    assert [skipped.path for skipped in gathered.skipped] == ["b.txt"]
    assert gathered.skipped[0].reason


def test_a_path_that_no_file_can_have_is_refused():
    with pytest.raises(UsageError, match="NUL character"):
        gather(["a\0b"], library=False)


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="missing"):
        gather([tmp_path / "missing"], library=False)


def test_the_home_is_the_argument_or_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SURVEY_QA_HOME", str(tmp_path / "environment"))
    assert home_directory() == tmp_path / "environment"
    assert home_directory(tmp_path) == tmp_path


def test_an_index_of_the_users_documents_answers(folder, tmp_path):
    built = build_index([folder], directory=tmp_path / "named")
    assert "4 metres" in Assistant.open(index=built.index).ask("How far does the tide at Oban rise?").text


def test_a_path_given_twice_or_inside_another_is_read_once(folder):
    gathered = gather([folder, folder / "a.md", f"{folder}/"], library=False)
    assert [document.id for document in gathered.documents] == ["a.md"]


def test_a_default_index_of_an_older_layout_with_only_the_library_is_built_again(tmp_path, monkeypatch):
    first = open_index(home=tmp_path).snapshot
    monkeypatch.setattr("index.storing.LAYOUT", 99)
    assert open_index(home=tmp_path).snapshot != first


def test_a_default_index_of_an_older_layout_with_documents_of_the_user_is_refused_and_kept(
    folder, tmp_path, monkeypatch
):
    first = build_index([folder], home=tmp_path / "home").index.snapshot
    with monkeypatch.context() as patch:
        patch.setattr("index.storing.LAYOUT", 99)
        with pytest.raises(IndexOutdated, match="index build"):
            open_index(home=tmp_path / "home")
    assert open_index(home=tmp_path / "home").snapshot == first


def added(index, *paths):
    """Add what lies in the paths as the command does, and return the ids that the index holds then."""
    gathered = with_ids_for(gather(paths, library=False), index)
    index.update(gathered.documents, folders=gathered.folders)
    return [document.id for document in index.documents()]


def test_the_same_name_in_a_folder_that_is_added_later_is_another_document(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("# Piers\n\nThe pier is long.\n", "utf-8")
    index = build_index([folder], directory=tmp_path / "named").index
    assert added(index, other) == ["a.md", "other/a.md"]
    assert added(index, other) == ["a.md", "other/a.md"]
    (other / "a.md").write_text("# Piers\n\nThe pier is short.\n", "utf-8")
    assert added(index, other / "a.md") == ["a.md", "other/a.md"]
    assert "short" in index.document("other/a.md").text
    assert "Oban" in index.document("a.md").text


def test_a_document_of_no_folder_is_replaced_by_a_file_of_its_name(folder, tmp_path):
    index = build_index([folder], directory=tmp_path / "named").index
    (tmp_path / "loose.md").write_text("Loose.", "utf-8")
    index.add([Document.from_text("Tight.", id="loose.md")])
    assert added(index, tmp_path / "loose.md") == ["a.md", "loose.md"]
