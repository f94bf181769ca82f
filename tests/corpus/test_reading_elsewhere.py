"""Reading in other processes: what comes back is what reading here gives, and places stay where they are."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import Document, ReadError, UsageError, read_folder
from corpus.cleaning import clean
from corpus.exchange import dump, load
from corpus.files import read_files
from corpus.paging import carry, page_at
from corpus.readings import Cut, Reading, Skipped
from corpus.workers import Source, Worker, Workers

TEXT = "# Models\n\n## T5\n\nT5 is by [Google](https://a.org).\n\n| name | size |\n|---|---|\n| T5 | 11B |\n"


def test_a_reading_comes_back_as_it_was_sent() -> None:
    document = Document.from_text(TEXT, id="a\udcff.md", metadata={"author": "某某"})
    reading = Reading((document,), (Skipped("b", "it is empty"),), (Cut("a", ("menu",), ("frame of the page",)),))
    assert load(dump(reading)) == reading


def test_other_processes_read_what_this_one_reads(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.md").write_text(f"{TEXT}\nNumber {number}.", "utf-8")
    assert read_folder(tmp_path, workers=3) == read_folder(tmp_path, workers=1)


def test_single_files_are_read_in_the_order_in_which_they_are_named(tmp_path: Path) -> None:
    for name in ("b.md", "a.csv"):
        (tmp_path / name).write_text("x,y\n1,2", "utf-8")
    reading = read_files([tmp_path / "b.md", tmp_path / "nothing.md", tmp_path / "a.csv"])
    assert [document.id for document in reading.documents] == ["b.md", "a.csv"]
    assert reading.skipped == (Skipped("nothing.md", "there is no such file"),)


def test_no_process_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x", "utf-8")
    with pytest.raises(UsageError, match=r"0 processes cannot read\. Give 1 or more\."):
        read_folder(tmp_path, workers=0)


def test_a_worker_that_was_closed_starts_no_process_any_more() -> None:
    worker = Worker()
    worker.close()
    with pytest.raises(ReadError, match="reading was ended"):
        worker.read(Source(b"Text.", "a", ".md"))


def test_leaving_the_block_ends_what_is_under_way() -> None:
    with Workers(2) as pool:
        begun = [pool.read(Source(b"Text.", str(number), ".md")) for number in range(50)]
    assert all(future.done() for future in begun)


@given(st.lists(st.text("ab 文。\u00a0\u200b\n", max_size=30), min_size=1, max_size=6))
def test_a_page_begins_after_cleaning_where_it_began_before(pages: list[str]) -> None:
    text, starts = "", []
    for number, page in enumerate(pages):
        starts.append(len(text))
        text += f"Page {number} begins here with words. {page}\n\n"
    cleaned = clean(text)
    places = carry(starts, text, cleaned)
    assert [cleaned[place:].startswith(f"Page {number} begins") for number, place in enumerate(places)] == [True] * len(
        pages
    )


def test_a_field_of_that_name_in_front_matter_is_no_page() -> None:
    assert page_at(Document.from_text("Text.", id="a", metadata={"page_offsets": "12-15"}), 0) is None
