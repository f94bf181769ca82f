"""What recurs at the edges of a folder's documents is their frame, whatever its words; nothing that reads like content is lost."""

import itertools
from pathlib import Path

import pytest

from corpus import Document, read_folder
from corpus.files import read_files
from corpus.recurring import RULE, without_recurring

HEAD = "Harbour Weekly\nPiers\nRopes\nLanterns"
TAIL = "The crew of nine writes for Harbour Weekly.\n\nBring a friend aboard\nOur lanterns\nImprint of the harbour"
FACTS = [
    "Visby has 3 piers.",
    "Kalmar has 4 cranes.",
    "Ystad has 5 ferries.",
    "Lund has no harbour.",
    "Malmo has 7 locks.",
]


def article(number: int, head: str = HEAD, tail: str = TAIL) -> Document:
    body = f"{FACTS[number]} The keeper of the place wrote it down in the book of the town in the year {1800 + number}."
    more = f"Nobody else has counted them since, but for the {number + 2} pilots who live there."
    text = f"{head}\n\n{body}\n\n{more}\n\nThey say so in letter {number}.\n\nAnd in {number + 9} others.\n\nSo be it, {number}.\n\n{tail}"
    return Document.from_text(text, id=f"{number}.txt", title=f"Of {FACTS[number].split()[0]}")


def texts(documents) -> list[str]:
    return [document.text for document in documents]


def test_names_and_buttons_that_recur_at_both_ends_go_from_every_document() -> None:
    found = without_recurring([article(n) for n in range(5)])
    for number, document in enumerate(found.documents):
        assert document.text.startswith(FACTS[number])
        assert not any(words in document.text for words in ("Ropes", "Lanterns", "Bring a friend", "Imprint"))


def test_a_sentence_that_recurs_stays_in_the_first_document_only() -> None:
    found = without_recurring([article(n) for n in range(5)])
    assert ["crew of nine" in text for text in texts(found.documents)] == [True, False, False, False, False]


def test_what_was_cut_is_told_with_its_rule() -> None:
    found = without_recurring([article(n) for n in range(4)])
    assert [cut.document for cut in found.cut] == ["0.txt", "1.txt", "2.txt", "3.txt"]
    assert "Imprint of the harbour" in found.cut[0].lines
    assert {rule for cut in found.cut for rule in cut.rules} == {RULE}


def test_the_order_in_which_documents_come_changes_nothing() -> None:
    documents = [article(n) for n in range(5)]
    expected = sorted(texts(without_recurring(documents).documents))
    for order in itertools.islice(itertools.permutations(documents), 0, 120, 17):
        assert sorted(texts(without_recurring(order).documents)) == expected


@pytest.mark.parametrize("tail", [
    "Licence\n\nApache 2.0", "## Licence\n\nApache 2.0", "Author: Ada\nYear: 2021\nLicence: Apache 2.0", "| a | b |\n| - | - |\n| 1 | 2 |",
    "Ada Lind", "Licence: free\nAuthor: Ada\nPlace: Visby\nYear: 2021", "The weights are free for everybody.",
])  # fmt: skip
def test_facts_that_documents_share_stay_in_each(tail: str) -> None:
    documents = [article(n, head="", tail=tail) for n in range(5)]
    assert texts(without_recurring(documents).documents) == texts(documents)


def test_lines_that_may_be_headings_stay_in_the_first_document() -> None:
    tail = "Licence\n\nApache 2.0\n\nPlace\n\nVisby\n\nKeepers\n\nAda Lind"
    found = without_recurring([article(n, tail=tail) for n in range(5)])
    assert "Apache 2.0" in found.documents[0].text


def test_three_documents_are_too_few_to_tell() -> None:
    documents = [article(n) for n in range(3)]
    assert without_recurring(documents).cut == ()


def test_versions_of_one_text_keep_what_they_share() -> None:
    versions = [Document.from_text("\n\n".join([f"Version {n}.", *FACTS]), id=f"v{n}.md") for n in range(5)]
    assert texts(without_recurring(versions).documents) == texts(versions)


def test_each_folder_has_a_frame_of_its_own() -> None:
    documents = [Document.from_text(article(n).text, id=f"{n % 2}/{n}.txt") for n in range(5)]
    assert without_recurring(documents).cut == ()


def write(folder: Path, *numbers: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.txt").write_text(article(number).text, "utf-8")


def test_a_folder_of_files_is_read_without_its_frame_and_tells_it(tmp_path: Path) -> None:
    write(tmp_path / "docs", *range(5))
    reading = read_folder(tmp_path / "docs", show_cut=True)
    assert not any("Ropes" in text for text in texts(reading.documents))
    assert RULE in reading.cut[0].rules


def test_a_file_that_is_added_later_is_read_as_with_the_whole_folder(tmp_path: Path) -> None:
    folder, kept = tmp_path / "docs", tmp_path / "readings"
    write(folder, *range(4))
    read_folder(folder, kept=kept)
    write(folder, 4)
    (added,) = read_files([folder / "4.txt"], kept=kept).documents
    assert added.text == read_folder(folder, kept=kept).documents[4].text
    assert "Ropes" not in added.text
