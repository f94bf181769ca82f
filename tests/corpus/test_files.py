import json
import os
from pathlib import Path

import pytest

from corpus import ReadError, Skipped, UsageError, files, read, read_folder


def reasons(skipped: tuple[Skipped, ...]) -> dict[str, str]:
    return {each.path: each.reason for each in skipped}


def write_records(path: Path, *records: object) -> Path:
    path.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in records), "utf-8")
    return path


@pytest.mark.parametrize(("name", "kind"), [("a.md", "markdown"), ("a.MARKDOWN", "markdown"), ("a.txt", "text")])
def test_a_text_file_is_one_document(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_text("# 文\n\n正文。", "utf-8")
    (document,) = read(tmp_path / name)
    assert (document.id, document.kind, document.title, document.text) == (name, kind, "文", "# 文\n\n正文。")


def test_the_id_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("正文。", "utf-8")
    assert read(tmp_path / "a.md", id="mine")[0].id == "mine"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_files_in_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(("模型的参数规模是一百亿,数据来自网页。\n" * 3).encode(encoding))
    assert read(tmp_path / "a.txt")[0].text.startswith("模型的参数规模")


def test_replaced_bytes_are_counted_in_the_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("模型的参数规模。".encode() + b"\xff" + "数据来自网页。".encode())
    assert read(tmp_path / "a.txt")[0].metadata["invalid_bytes"] == "1"


def test_front_matter_becomes_title_url_and_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\r\ntitle: 题目\r\nurl: https://a.org\r\nauthor: 某某\r\n---\r\n\r\n正文。", "utf-8", newline=""
    )
    (document,) = read(tmp_path / "a.md")
    assert (document.text, document.title, document.url, document.metadata) == (
        "正文。",
        "题目",
        "https://a.org",
        {"author": "某某"},
    )


def test_every_record_is_a_document(tmp_path: Path) -> None:
    path = write_records(
        tmp_path / "a.jsonl",
        {"arxiv_id": "2302.13971", "id": "llama", "title": "LLaMA", "abstract": "We introduce LLaMA."},
        {
            "id": "opt",
            "text": "OPT is open.",
            "url": "https://a.org/opt",
            "year": 2022,
            "authors": ["A", "B"],
            "open": None,
        },
        {"content": "No id here."},
    )
    first, second, third = read(path)
    assert (first.id, first.url, first.title, first.kind) == (
        "arxiv:2302.13971",
        "https://arxiv.org/abs/2302.13971",
        "LLaMA",
        "abstract",
    )
    assert (second.id, second.url) == ("a.jsonl#opt", "https://a.org/opt")
    assert second.metadata == {"file": "a.jsonl", "year": "2022", "authors": "A, B"}
    assert third.id == "a.jsonl#3"


def test_records_of_one_id_stay_apart(tmp_path: Path) -> None:
    path = write_records(tmp_path / "a.jsonl", {"id": "x", "text": "One."}, {"id": "x", "text": "Two."})
    assert [document.id for document in read(path)] == ["a.jsonl#x", "a.jsonl#x#2"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{broken", "line 2: it is no JSON"),
        ("[1, 2]", "line 2: it is no JSON object"),
        ("[" * 100_000, "line 2: it is no JSON"),
        ('{"title": "only a title"}', "line 2: it has no text"),
        ('{"text": "  "}', "line 2: it has no text"),
        ('{"text": ["not", "a", "string"]}', "line 2: it has no text"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Good."}\n' + line, "utf-8")
    with pytest.raises(ReadError, match=reason):
        read(tmp_path / "a.jsonl")


def test_in_a_folder_the_good_records_are_read_and_the_others_listed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Good."}\n{broken\n{"text": "Too."}', "utf-8")
    reading = read_folder(tmp_path)
    assert [document.text for document in reading.documents] == ["Good.", "Too."]
    assert list(reasons(reading.skipped)) == ["a.jsonl line 2"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "it is empty"),
        ("a.txt", b" \n\n ", "it is empty"),
        ("a.txt", b"\xef\xbb\xbf", "it is empty"),
        ("a.jsonl", b"\n\n", "it is empty"),
        ("a.md", b"---\ntitle: x\n---\n", "it is empty"),
        ("a.txt", b"\x7fELF\x02", "it is an ELF program, not text"),
        ("a.txt", b"a\0b\0\0c", "it is binary"),
        ("a.odt", b"PK", ".odt is not a kind that is read"),
        ("Makefile", b"all:", "a file without an ending is not a kind that is read"),
    ],
)
def test_what_cannot_be_a_document_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=reason):
        read(tmp_path / name)
    assert reason in reasons(read_folder(tmp_path).skipped)[name]


def test_a_missing_file_and_a_folder_given_as_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"nothing\.md: there is no such file"):
        read(tmp_path / "nothing.md")
    with pytest.raises(ReadError, match="it is a folder"):
        read(tmp_path)
    with pytest.raises(ReadError, match="cannot be opened"):
        read(tmp_path / "a\0b.md")


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 2_000_000)
    (tmp_path / "a.txt").write_bytes(b"word " * 400_001)
    with pytest.raises(ReadError, match="larger than 2 MB; split it"):
        read(tmp_path / "a.txt")


def test_a_document_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_DOCUMENT", 10)
    (tmp_path / "a.txt").write_text("十一个字的正文在这里呢。", "utf-8")
    with pytest.raises(ReadError, match="holds 12 characters, more than the 10"):
        read(tmp_path / "a.txt")


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    for name in ("b/2.md", "b/10.md", "a.txt", "c/d/e.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"这是 {name}。", "utf-8")
    assert [document.id for document in read_folder(tmp_path).documents] == ["a.txt", "b/10.md", "b/2.md", "c/d/e.md"]


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in (".git/x.md", ".hidden.md", "a.md"):
        (tmp_path / name).write_text("正文。", "utf-8")
    reading = read_folder(tmp_path)
    assert ([document.id for document in reading.documents], reading.skipped) == (["a.md"], ())


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("秘密。", "utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.md").write_text("正文。", "utf-8")
    (folder / "link.md").symlink_to(outside / "secret.md")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    reading = read_folder(folder)
    assert [document.id for document in reading.documents] == ["a.md"]
    assert reasons(reading.skipped) == dict.fromkeys(
        ["link.md", "loop"], "it is a symbolic link, which is not followed"
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_listed_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert reasons(read_folder(tmp_path).skipped) == {"pipe.md": "it is not a regular file"}
    with pytest.raises(ReadError, match="not a regular file"):
        read(tmp_path / "pipe.md")


def test_what_may_not_be_opened_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.md").write_text("正文。", "utf-8")

    def refuse(path: object, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    scan = os.scandir
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) if Path(path).name == "closed" else scan(path))
    assert reasons(read_folder(tmp_path).skipped) == {
        "a.md": "it cannot be opened: Permission denied", "closed": "the folder cannot be opened: Permission denied",
    }  # fmt: skip


def test_a_file_that_vanishes_while_the_folder_is_read_is_listed(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("正文。", "utf-8")
    reading = read_folder(tmp_path, progress=lambda done, _: (tmp_path / "b.md").unlink(missing_ok=True))
    assert reasons(reading.skipped) == {"b.md": "there is no such file"}


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are not bytes here")
def test_a_name_that_is_no_utf_8_can_be_printed(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text("正文。", "utf-8")
    assert read_folder(tmp_path).documents[0].id == r"\xff.md"


def test_deep_folders_need_no_recursion(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(600):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "a.md").write_text("正文。", "utf-8")
    assert read_folder(tmp_path).documents[0].id == "d/" * 600 + "a.md"


def test_progress_counts_every_file(tmp_path: Path) -> None:
    for name in ("a.md", "b.pdf", "c.txt"):
        (tmp_path / name).write_text("正文。", "utf-8")
    steps: list[tuple[int, int]] = []
    read_folder(tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_missing_folder_a_file_and_an_empty_folder_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("正文。", "utf-8")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no such folder"):
        read_folder(tmp_path / "nothing")
    with pytest.raises(UsageError, match="this is not a folder"):
        read_folder(tmp_path / "a.md")
    with pytest.raises(UsageError, match=r"the folder is empty\. Put \.md, .*\.pdf, .* files into it"):
        read_folder(tmp_path / "empty")
