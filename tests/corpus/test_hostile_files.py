"""Files made to do harm, and files that are merely broken: each is one reason, in bounded time, and stops nothing."""

import io
import os
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import ReadError, files, read, read_folder
from corpus.formats import limits
from corpus.workers import Source, Worker


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


def text_of(worker: Worker, data: bytes, ending: str) -> str:
    """Return the text that is read, or the reason why none is."""
    try:
        return "\n".join(document.text for document in worker.read(Source(data, "file", ending)).documents)
    except ReadError as error:
        return f"refused: {error}"


def pdf(*objects: bytes) -> bytes:
    """Return a PDF whose first object is its root."""
    out, places = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def pdf_page(content: bytes, *, packings: int = 1, extra: bytes = b"") -> bytes:
    """Return a PDF of one page with that content, packed so many times."""
    for _ in range(packings):
        content = zlib.compress(content, 9)
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R%b>>" % extra, b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>/Contents 4 0 R>>",
        b"<</Filter[%b]/Length %d>>stream\n%b\nendstream" % (b"/FlateDecode" * packings, len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>/Length 4>>stream\n/X Do\nendstream",
    )  # fmt: skip


HELLO = b"BT /F1 12 Tf 100 700 Td (The pier stands.) Tj ET\n"


def zipped(entries: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


def a_docx(document: bytes) -> bytes:
    """Return a Word document whose main part holds what is given."""
    import docx

    made = io.BytesIO()
    docx.Document().save(made)
    with zipfile.ZipFile(made) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return zipped({**parts, "word/document.xml": document})


# PDF


@pytest.mark.long
@pytest.mark.parametrize(("size", "packings"), [(460_000_000, 1), (400_000_000, 2)])
def test_a_pdf_that_unpacks_to_hundreds_of_megabytes_is_refused(worker: Worker, size: int, packings: int) -> None:
    assert text_of(worker, pdf_page(b" " * size, packings=packings), ".pdf").startswith("refused: ")


@pytest.mark.long
def test_a_pdf_of_millions_of_operators_ends(worker: Worker) -> None:
    assert "The pier stands." in text_of(worker, pdf_page(HELLO * 1_200_000), ".pdf")


@pytest.mark.parametrize(("data", "reason"), [
    (pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>"), "no text layer"),
    (pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>",
         b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"), "no text layer|pages, more than"),
    (pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[" + b"3 0 R " * 100_000 + b"]/Count 100000>>",
         b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"), "it has 100,000 pages, more than the 5,000 that are read"),
    (pdf_page(HELLO)[:300], "it is damaged"), (b"%PDF-1.4\n", "it is damaged"), (b"garbage" * 50, "it is no PDF"),
    (b"MZ" + b"\0" * 500, "it is no PDF"), (b"\x7fELF" + b"\0" * 500, "it is no PDF"),
], ids=["page loop", "false count", "100,000 pages", "cut short", "head only", "garbage", "exe", "elf"])  # fmt: skip
def test_a_pdf_that_is_none_or_has_no_end_is_refused(worker: Worker, data: bytes, reason: str) -> None:
    import re

    assert re.match(f"refused: .*(?:{reason})", text_of(worker, data, ".pdf"))


def test_scripts_and_objects_that_hold_themselves_do_nothing(worker: Worker) -> None:
    action = b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
    assert text_of(worker, pdf_page(HELLO + b"/X Do", extra=action), ".pdf") == "The pier stands."


def test_invisible_text_of_a_pdf_is_read_as_text(worker: Worker) -> None:
    assert text_of(worker, pdf_page(b"3 Tr " + HELLO), ".pdf") == "The pier stands."


# Containers


@pytest.mark.parametrize(("entries", "reason"), [
    ({"a.txt": b"0" * 600_000_000}, "it unpacks to 600 MB, more than the limit of 500 MB"),
    ({"a.txt": b"0" * 40_000_000}, "times its size, more than the limit of 100"),
    ({f"{n}.txt": b"x" for n in range(10_001)}, "it holds 10,001 files, more than the 10,000"),
], ids=["bytes", "ratio", "entries"])  # fmt: skip
def test_an_archive_that_unpacks_to_too_much_is_refused(worker: Worker, entries: dict[str, bytes], reason: str) -> None:
    assert reason in text_of(worker, zipped(entries), ".zip")


def test_archives_in_archives_end_at_a_depth_and_share_one_budget(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corpus.converting import convert

    inner = zipped({"a.txt": b"text"})
    for _ in range(4):
        inner = zipped({"next.zip": inner})
    (skipped,) = convert(inner, "a.zip", ".zip").skipped
    assert (skipped.path, skipped.reason) == ("a.zip/next.zip/next.zip/next.zip", "it lies in more than 3 archives")
    monkeypatch.setattr(limits, "ENTRIES", 3)
    with pytest.raises(ReadError, match="it holds more than the 3 files"):
        convert(zipped({f"{n}.zip": zipped({"a.txt": b"t", "b.txt": b"u"}) for n in range(2)}), "a.zip", ".zip")


def test_paths_that_lead_out_of_an_archive_links_and_doubles_are_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("../../out.md", "/etc/out.md", "C:\\out.md", "in.md"):
            archive.writestr(name, "Text.")
        link = zipfile.ZipInfo("link.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("in.md", "Again.")
    reading = read_folder(tmp_path)
    assert [document.id for document in reading.documents] == ["a.zip/in.md"]
    assert sorted(each.reason for each in reading.skipped) == [
        "it is not a regular file", *["its path leads out of the archive"] * 3, "the archive holds another file of that name",
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


@pytest.mark.parametrize("document", [
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
    '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'.encode("utf-16"),
], ids=["external", "billion laughs", "in utf-16"])  # fmt: skip
def test_entities_in_office_files_are_refused(worker: Worker, document: bytes) -> None:
    assert "it declares entities" in text_of(worker, a_docx(document), ".docx")


def test_entities_in_the_lists_of_a_book_are_not_looked_up(worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret", "utf-8")
    container = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]><container><rootfiles><rootfile full-path="&e;"/></rootfiles></container>'
    assert text_of(worker, zipped({"META-INF/container.xml": container.encode()}), ".epub").startswith("refused: ")


@pytest.mark.parametrize(("ending", "data", "reason"), [
    (".docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "it is encrypted or in the format before 2007"),
    (".docx", b"PK\x03\x04 broken", "it is damaged or no such file"),
    (".docx", zipped({"a.txt": b"x"}), "it is no .docx: it has no word/document.xml"),
    (".docx", a_docx(b"<broken"), "it is damaged"), (".xlsx", zipped({"xl/workbook.xml": b"<x/>"}), "it is damaged"),
    (".pptx", zipped({"ppt/presentation.xml": b"<x/>"}), "it is damaged"), (".epub", zipped({"a.txt": b"x"}), "it lacks its part META-INF"),
    (".mhtml", b"Content-Type: text/plain\n\nx", "no part of it is HTML"), (".html", b"   ", "it is empty"),
], ids=["old", "cut", "other zip", "bad xml", "bad sheet", "bad slides", "bad book", "no page", "blank page"])  # fmt: skip
def test_a_broken_office_file_or_page_is_refused_with_the_reason(
    worker: Worker, ending: str, data: bytes, reason: str
) -> None:
    assert reason in text_of(worker, data, ending)


def test_an_encrypted_entry_is_listed() -> None:
    from corpus.converting import convert

    data = bytearray(zipped({"a.txt": b"text"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    assert convert(bytes(data), "a.zip", ".zip").skipped[0].reason == "it is encrypted; save it without a password"


# Pages and text


def test_a_page_nested_without_end_ends(worker: Worker) -> None:
    assert "Deep down." in text_of(worker, b"<html><body>" + b"<div>" * 1_500 + b"<p>Deep down.</p>", ".html")
    assert text_of(worker, b"<html><body>" + b"<div>" * 100_000 + b"<p>Deep down.</p>", ".html").startswith("refused: ")
    assert text_of(worker, b"<p>The pier stands.</p>", ".html") == "The pier stands."


def test_a_table_that_claims_a_million_columns_is_bounded(worker: Worker) -> None:
    page = b"<table>" + b"<tr><td colspan=999999999 rowspan=999999999>a</td><td>b</td></tr>" * 20 + b"</table>"
    assert len(text_of(worker, page, ".html")) < 200_000


@pytest.mark.parametrize(("data", "reason"), [
    (b",".join([b"x"] * 1_000_000), "row 1 has 1,000,000 columns, more than 500"),
    (b'a,b\n"never closed' + b" and on" * 200_000, "is a quotation mark missing"),
])  # fmt: skip
def test_tables_in_text_are_bounded(worker: Worker, data: bytes, reason: str) -> None:
    assert reason in text_of(worker, data, ".csv")


def test_json_nested_without_end_is_refused(worker: Worker) -> None:
    for ending in (".json", ".ipynb"):
        assert "it is no JSON" in text_of(worker, b"[" * 200_000, ending)


def test_one_line_of_megabytes_is_read_and_split(tmp_path: Path) -> None:
    from corpus import split

    (tmp_path / "a.txt").write_text("字a" * 100_000, "utf-8")
    passages = split(read(tmp_path / "a.txt"))
    assert sum(len(passage.text) for passage in passages) == 200_000


def test_regular_expressions_of_ours_do_not_hang_on_lines_made_for_it(worker: Worker) -> None:
    for line in (
        b"[" * 50_000,
        b"](" * 50_000,
        b"![" * 50_000,
        b"|" * 100_000,
        b"* " * 50_000,
        b"http://" * 20_000,
        b"\\|" * 50_000,
    ):
        worker.read(Source(line + b"\ntext", "a", ".txt"), seconds=20)


# Processes


def test_a_file_that_does_not_end_is_given_up_and_the_next_one_read(worker: Worker) -> None:
    with pytest.raises(ReadError, match="reading it takes longer than 0 seconds"):
        worker.read(Source(pdf_page(HELLO * 200_000), "a", ".pdf"), seconds=0.05)
    assert text_of(worker, pdf_page(HELLO), ".pdf") == "The pier stands."


@pytest.mark.skipif(sys.platform != "linux", reason="memory is not bounded here")
def test_a_file_that_needs_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from corpus import worker as child

    monkeypatch.setattr("corpus.workers._START", "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
                        "from corpus.formats import limits; limits.MEMORY_BYTES = 150_000_000; from corpus.worker import main; main()")  # fmt: skip
    assert child.DONE == b"+"
    small = Worker()
    try:
        with pytest.raises(ReadError, match="memory"):
            small.read(Source(b"|a|b|\n|-|-|\n" + b"|a|b|\n" * 400_000, "a", ".md"))
        assert small.read(Source(b"Text.", "a", ".md")).documents[0].text == "Text."
    finally:
        small.stop()


def test_a_process_that_dies_is_one_skipped_file(worker: Worker) -> None:
    worker.read(Source(b"Text.", "a", ".md"))
    os.kill(worker._process.pid, 9)
    worker._process.wait()
    assert worker.read(Source(b"Text.", "a", ".md")).documents[0].text == "Text."


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_process_that_parses_can_write_no_file_and_knows_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "__init__.py").write_text("raise SystemExit", "utf-8")
    monkeypatch.chdir(tmp_path)
    spy = Worker()
    try:
        spy.read(Source(b"Text.", "a", ".md"))
        process = Path(f"/proc/{spy._process.pid}")
        if not process.exists():
            pytest.skip("no /proc here")
        assert b"sk-secret" not in (process / "environ").read_bytes()
        assert any(
            line.startswith("Max file size") and line.split()[3] == "0"
            for line in (process / "limits").read_text().splitlines()
        )
    finally:
        spy.stop()


def test_bad_files_among_good_ones_stop_nothing(tmp_path: Path, written: Path) -> None:
    import shutil

    shutil.copytree(written, tmp_path / "all")
    bad = {
        "1.pdf": b"garbage",
        "2.docx": b"PK",
        "3.zip": b"x",
        "4.html": b"",
        "5.xlsx": zipped({"a": b"b"}),
        "6.epub": b"\0",
        "7.txt": b"\x7fELF",
    }
    for name, content in bad.items():
        (tmp_path / "all" / name).write_bytes(content)
    reading = read_folder(tmp_path / "all", workers=3)
    assert sorted(each.path for each in reading.skipped) == sorted(bad)
    assert len(reading.documents) == len(read_folder(written).documents)


# Names and files that change


@pytest.mark.skipif(os.name == "nt", reason="names cannot hold these here")
def test_names_with_newlines_and_of_255_bytes_are_read(tmp_path: Path) -> None:
    names = ["a\nb.md", "字" * 84 + ".md", "x" * 252 + ".md", "quote'\".md"]
    for name in names:
        (tmp_path / name).write_text("Text.", "utf-8")
    assert sorted(document.id for document in read_folder(tmp_path).documents) == sorted(names)


def test_a_file_that_is_written_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    path.write_text("Half", "utf-8")
    real, calls = os.fstat, []

    def stat_and_write(number: int) -> os.stat_result:
        result = real(number)
        calls.append(number)
        if len(calls) == 1:
            path.write_text("Whole text.", "utf-8")
        return result

    monkeypatch.setattr(files.os, "fstat", stat_and_write)
    assert read(path)[0].text == "Whole text."


def test_a_file_that_never_stays_the_same_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.md"
    path.write_text("x", "utf-8")
    real = os.fstat

    def stat_and_grow(number: int) -> os.stat_result:
        result = real(number)
        with path.open("a") as file:
            file.write("x")
        return result

    monkeypatch.setattr(files.os, "fstat", stat_and_grow)
    with pytest.raises(ReadError, match="it changes while it is read"):
        read(path)


def test_a_link_that_leads_out_is_not_followed_for_any_kind(tmp_path: Path, written: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "out.pdf").symlink_to(written / "en-print.pdf")
    (tmp_path / "docs" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert [each.reason for each in read_folder(tmp_path / "docs").skipped] == [
        "it is a symbolic link, which is not followed"
    ] * 2


def test_a_device_is_not_opened() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("no devices here")
    with pytest.raises(ReadError, match=r"not a kind that is read|not a regular file"):
        read("/dev/zero")


@pytest.mark.parametrize(
    "part",
    [
        "登录注册",
        "1,000",
        "1,000,0001",
        "x",
        "点赞",
        "赞",
        "3 赞 ",
        "评论数 5 ",
        "分享到",
        "0 ",
        "1.2k ",
        "views 3 ",
        "share|",
        "5 min read ",
        "点赞 3 人赞 ",
    ],
)
@pytest.mark.parametrize("end", ["# 模型", "z", "点", "。", ""])
def test_a_line_of_buttons_and_numbers_is_judged_at_once(part: str, end: str) -> None:
    from corpus.furniture import judge

    for start in ("", "x" * 19, "赞 "):
        line = start + part * (280 // len(part) // 2) + end
        begun = time.monotonic()
        judge(line)
        assert time.monotonic() - begun < 5
