"""The table of bad files: for each kind the tests that hold it, and the cases that no other module has.

The numbers are those of our list of bad inputs (files and parsing: 1 to 24; 27 is a file whose name lies about its content).
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from corpus import ReadError, read_folder
from corpus.workers import Source, Worker

HERE = Path(__file__).parent

TESTS = {
    1: ["test_files.test_what_cannot_be_a_document_is_refused_with_the_reason", "test_decoding.test_no_bytes_are_an_empty_text"],
    2: ["test_hostile_files.test_a_pdf_that_unpacks_to_hundreds_of_megabytes_is_refused"],
    3: ["test_hostile_files.test_a_pdf_of_millions_of_operators_ends",
        "test_hostile_files.test_a_file_that_does_not_end_is_given_up_and_the_next_one_read"],
    4: ["test_hostile_files.test_a_pdf_that_is_none_or_has_no_end_is_refused"],
    5: ["test_hostile_files.test_a_pdf_that_is_none_or_has_no_end_is_refused", "test_hostile_files.test_bad_files_among_good_ones_stop_nothing"],
    6: ["test_formats.test_a_scan_is_refused_with_the_reason"],
    7: ["test_hostile_files.test_invisible_text_of_a_pdf_is_read_as_text"],
    8: ["test_hostile_files.test_scripts_and_objects_that_hold_themselves_do_nothing"],
    9: ["test_formats.test_an_encrypted_pdf_is_refused_with_the_reason", "test_hostile_files.test_an_encrypted_entry_is_listed"],
    10: ["test_hostile_files.test_an_archive_that_unpacks_to_too_much_is_refused",
         "test_hostile_files.test_archives_in_archives_end_at_a_depth_and_share_one_budget",
         "test_bad_inputs.test_an_office_file_or_book_that_unpacks_to_too_much_is_refused",
         "test_bad_inputs.test_a_container_that_lies_about_the_size_of_a_part_is_refused"],
    11: ["test_hostile_files.test_paths_that_lead_out_of_an_archive_links_and_doubles_are_listed",
         "test_bad_inputs.test_device_names_and_names_that_differ_in_case_are_read_and_never_written"],
    12: ["test_hostile_files.test_entities_in_office_files_are_refused", "test_bad_inputs.test_entities_in_sheets_and_slides_are_refused",
         "test_hostile_files.test_entities_in_the_lists_of_a_book_are_not_looked_up"],
    13: ["test_files.test_a_file_over_the_limit_is_refused", "test_hostile_files.test_one_line_of_megabytes_is_read_and_split",
         "test_bad_inputs.test_one_line_of_fifty_megabytes_takes_bounded_memory"],
    14: ["test_files.test_deep_folders_need_no_recursion", "test_hostile_files.test_names_with_newlines_and_of_255_bytes_are_read",
         "test_bad_inputs.test_a_hundred_thousand_files_are_read_in_bounded_memory"],
    15: ["test_decoding.test_text_is_decoded", "test_decoding.test_utf_16_without_a_mark_is_decoded",
         "test_decoding.test_very_short_gbk_is_chinese", "test_decoding.test_other_old_encodings_are_detected_in_longer_texts"],
    16: ["test_decoding.test_broken_bytes_in_utf_8_are_replaced_and_counted", "test_files.test_replaced_bytes_are_counted_in_the_metadata"],
    17: ["test_decoding.test_nuls_and_controls_mean_binary", "test_decoding.test_one_stray_nul_in_a_long_text_is_forgiven",
         "test_cleaning.test_characters_without_text_go_and_odd_spaces_become_spaces"],
    18: ["test_cleaning.test_characters_without_text_go_and_odd_spaces_become_spaces"],
    19: ["test_splitting.test_a_letter_is_never_cut", "test_properties.test_passages_hold_all_text_once_and_in_order"],
    20: ["test_files.test_links_are_not_followed", "test_files.test_a_pipe_is_listed_and_not_waited_for",
         "test_hostile_files.test_a_device_is_not_opened", "test_files.test_what_may_not_be_opened_is_listed",
         "test_bad_inputs.test_a_socket_is_listed_and_not_opened"],
    21: ["test_hostile_files.test_a_file_that_is_written_while_it_is_read_is_read_again",
         "test_hostile_files.test_a_file_that_never_stays_the_same_is_refused",
         "test_files.test_a_file_that_vanishes_while_the_folder_is_read_is_listed"],
    22: ["../rag/test_syncing.test_a_renamed_file_is_one_more_and_one_less", "test_duplicates.test_the_same_text_under_two_names_is_recognised",
         "../ui/test_cli_sources.test_a_file_that_comes_to_equal_another_one_leaves_no_stale_text"],
    23: ["test_formats.test_what_a_person_does_not_see_is_not_read", "test_formats.test_scripts_in_markdown_are_not_read_but_code_is"],
    24: ["test_formats.test_formulas_in_tables_are_text", "test_hostile_files.test_tables_in_text_are_bounded"],
    27: ["test_decoding.test_known_binary_kinds_are_refused_by_name", "test_formats.test_a_page_named_txt_is_read_as_a_page"],
}  # fmt: skip


@pytest.mark.parametrize("row", TESTS)
def test_the_tests_of_a_row_are_there(row: int) -> None:
    for place in TESTS[row]:
        module, _, name = place.rpartition(".")
        assert re.search(rf"^def {name}\(", (HERE / f"{module}.py").read_text("utf-8"), re.MULTILINE), place


@pytest.fixture(scope="module")
def worker():
    worker = Worker()
    yield worker
    worker.stop()


def with_part(path: Path, part: str, content: bytes) -> bytes:
    """Return a container with one of its parts replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(path) as held, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in held.namelist():
            if name != part:
                archive.writestr(name, held.read(name))
        archive.writestr(part, content)
    return made.getvalue()


@pytest.mark.parametrize(("name", "part"), [
    ("en-word.docx", "word/media/image1.png"), ("en-sheet.xlsx", "xl/media/x.bin"), ("en-slides.pptx", "ppt/media/x.bin"),
    ("en-book.epub", "OEBPS/x.bin"),
])  # fmt: skip
def test_an_office_file_or_book_that_unpacks_to_too_much_is_refused(
    worker: Worker, written: Path, name: str, part: str
) -> None:
    data = with_part(written / name, part, bytes(40_000_000))
    with pytest.raises(ReadError, match="times its size, more than the limit of 100"):
        worker.read(Source(data, name, Path(name).suffix))


def test_a_container_that_lies_about_the_size_of_a_part_is_refused(worker: Worker, written: Path) -> None:
    data = bytearray(with_part(written / "en-word.docx", "word/document.xml", b"<x>" + b" " * 90_000_000 + b"</x>"))
    at = data.rindex(b"word/document.xml") - 46  # its entry in the list at the end
    data[at + 24 : at + 28] = (1_000).to_bytes(4, "little")
    with pytest.raises(ReadError, match=r"it is damaged|it unpacks to"):
        worker.read(Source(bytes(data), "a.docx", ".docx"))


@pytest.mark.parametrize(
    ("name", "part"), [("en-sheet.xlsx", "xl/workbook.xml"), ("en-slides.pptx", "ppt/presentation.xml")]
)
def test_entities_in_sheets_and_slides_are_refused(worker: Worker, written: Path, name: str, part: str) -> None:
    content = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(ReadError, match="it declares entities"):
        worker.read(Source(with_part(written / name, part, content), name, Path(name).suffix))


def test_device_names_and_names_that_differ_in_case_are_read_and_never_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("CON.md", "nul.txt", "Notes.md", "NOTES.md"):
            archive.writestr(name, f"This is {name}.")
    reading = read_folder(tmp_path)
    assert sorted(document.id for document in reading.documents) == [
        "a.zip/CON.md",
        "a.zip/NOTES.md",
        "a.zip/Notes.md",
        "a.zip/nul.txt",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets with names here")
def test_a_socket_is_listed_and_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.md")
        assert [(each.path, each.reason) for each in read_folder(tmp_path).skipped] == [
            ("a.md", "it is not a regular file")
        ]


def measured(code: str, *arguments: str) -> dict:
    """Return what a program prints as JSON, with the most megabytes that it and its children held."""
    program = f"import json, resource, sys\n{code}\n"
    # Not ru_maxrss of the program itself: it begins with what the process that started it held.
    program += "own = next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
    program += "used = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1e3\n"
    program += "print(json.dumps({**told, 'MB': used}))"
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    ran = subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    return json.loads(ran.stdout)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="sizes are counted otherwise here")
def test_one_line_of_fifty_megabytes_takes_bounded_memory(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("字a" * 12_400_000, "utf-8")
    (tmp_path / "b.txt").write_text("字a" * 2_000_000, "utf-8")
    code = "from corpus import read_folder, split\nr = read_folder(sys.argv[1])\np = split(r.documents)\n"
    told = measured(
        code + "told = {'skipped': [s.reason for s in r.skipped], 'held': sum(len(x.text) for x in p)}", str(tmp_path)
    )
    assert told["skipped"] == [
        "it holds 24,800,000 characters, more than the 20,000,000 of one document; split it into smaller files"
    ]
    assert told["held"] == 4_000_000
    assert told["MB"] < 1_000


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="sizes are counted otherwise here")
def test_a_hundred_thousand_files_are_read_in_bounded_memory(tmp_path: Path) -> None:
    for number in range(100_000):
        if number % 1000 == 0:
            folder = tmp_path / f"{number // 1000}"
            folder.mkdir()
        (folder / f"{number}.txt").write_text(f"Pier {number} stands.", "utf-8")
    code = "from corpus.files import read_each\ncount = sum(len(o.reading.documents) for o in read_each(sys.argv[1]))\n"
    told = measured(code + "told = {'count': count}", str(tmp_path))
    assert told["count"] == 100_000
    assert told["MB"] < 500
