"""`index build`, `add` and `papers fetch` with files of many kinds, pages and papers, as a person types them."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from ui.cli import main

CORPUS = Path(__file__).parents[1] / "corpus"
ARTICLE = (
    "<html><body><nav><a href='/'>Home</a></nav><article><h1>Tides</h1><p>The tide at the pier rises four metres in six hours, as "
    "the keeper wrote down every day. It retells <a href='https://arxiv.org/abs/2302.13971'>a paper</a>.</p></article></body></html>"
)
FEED = (
    "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>http://arxiv.org/abs/2302.13971v1</id><title>Of Tides</title>"
    "<updated>2023-02-27T00:00:00Z</updated><published>2023-02-27T00:00:00Z</published><summary>The moon moves the pier of Visby.</summary>"
    "<author><name>Ada Lind</name></author></entry></feed>"
)


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"cli_{name}", CORPUS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site():
    with load("site").serve() as running:
        yield running


@pytest.fixture
def index(tmp_path, capsys, monkeypatch):
    """Build a small index of its own; return its directory."""
    monkeypatch.setenv("SURVEY_QA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SURVEY_QA_ARXIV", raising=False)
    (tmp_path / "first.md").write_text("# Piers\n\nA pier is a road into the water.", "utf-8")
    assert main(["index", "build", str(tmp_path / "first.md"), "--index", str(tmp_path / "index")]) == 0
    capsys.readouterr()
    return str(tmp_path / "index")


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main([*arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_files_of_many_kinds_are_added_and_answer_with_their_page(index, tmp_path, capsys) -> None:
    writers = load("writers")
    files = []
    for name in ("print.pdf", "page.html"):
        files.append(tmp_path / name)
        writers.WRITERS[name](files[-1], writers.SURVEYS["en"])
    (tmp_path / "bad.pdf").write_bytes(b"garbage")
    status, out, _ = run(
        capsys,
        "index",
        "add",
        *map(str, files),
        str(tmp_path / "bad.pdf"),
        "--index",
        index,
        "--workers",
        "2",
        "--json",
    )
    result = json.loads(out)
    assert status == 0
    assert result["added"] == ["print.pdf", "page.html"]
    assert result["skipped"] == [{"path": "bad.pdf", "reason": "it is no PDF: it does not begin with %PDF"}]
    _, out, _ = run(capsys, "ask", "How many days was the Heron model trained?", "--index", index, "--json")
    assert "42" in json.loads(out)["answer"]


def test_a_file_that_is_the_only_one_and_cannot_be_read_is_a_failure(index, tmp_path, capsys) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"garbage")
    status, _, err = run(capsys, "index", "add", str(tmp_path / "bad.pdf"), "--index", index)
    assert status == 1
    assert "bad.pdf: it is no PDF: it does not begin with %PDF." in err


def test_a_page_is_added_from_a_host_that_is_allowed(index, site, capsys) -> None:
    address = site.page("/tides.html", ARTICLE)
    status, out, _ = run(capsys, "index", "add", address, "--index", index, "--allow-host", site.host, "--show-cut")
    assert status == 0
    assert "cut from http://" in out
    assert "Home" in out
    assert "They link 1 papers that the index does not hold; `survey-qa papers fetch` brings their abstracts." in out
    _, out, _ = run(capsys, "ask", "How much does the tide rise at the pier?", "--index", index, "--json")
    assert json.loads(out)["citations"][0]["url"] == address


def test_a_page_of_a_host_that_is_not_public_is_refused(index, site, capsys) -> None:
    status, _, err = run(capsys, "index", "add", site.page("/tides.html", ARTICLE), "--index", index)
    assert status == 1
    assert "127.0.0.1, which is no public address; if you trust it, allow it with --allow-host" in err
    assert site.asked == []


def test_one_address_that_cannot_be_read_stops_nothing(index, site, capsys) -> None:
    addresses = [site.page("/tides.html", ARTICLE), f"{site.url}/nothing.html"]
    status, out, _ = run(capsys, "index", "add", *addresses, "--index", index, "--allow-host", site.host, "--json")
    result = json.loads(out)
    assert status == 0
    assert result["added"] == addresses[:1]
    assert result["skipped"] == [{"path": addresses[1], "reason": "127.0.0.1 answers 404 Not Found"}]
    assert result["linked_papers"] == ["arxiv:2302.13971"]


def test_a_paper_is_added_by_its_id(index, site, capsys) -> None:
    site.page("/api", FEED, kind="application/atom+xml")
    options = ("--index", index, "--allow-host", site.host, "--arxiv", f"{site.url}/api")
    status, _, _ = run(capsys, "index", "add", "arxiv:2302.13971", *options)
    assert status == 0
    _, out, _ = run(capsys, "ask", "What moves the pier of Visby?", "--index", index, "--json")
    assert json.loads(out)["citations"][0]["document"] == "arxiv:2302.13971"


def test_papers_that_documents_link_are_fetched_once(index, site, capsys) -> None:
    site.page("/api", FEED, kind="application/atom+xml")
    allowed = ("--index", index, "--allow-host", site.host)
    run(capsys, "index", "add", site.page("/tides.html", ARTICLE), *allowed)
    _, out, _ = run(capsys, "papers", "fetch", *allowed, "--arxiv", f"{site.url}/api", "--json")
    assert json.loads(out)["added"] == ["arxiv:2302.13971"]
    status, out, _ = run(capsys, "papers", "fetch", *allowed, "--arxiv", f"{site.url}/api")
    assert status == 0
    assert "Added 0, changed 0, unchanged 1, not to be had 0; the index holds 3 documents." in out
    assert sum(path.startswith("/api") for path in site.asked) == 1


def test_without_a_network_fetching_says_so_and_goes_on(index, site, capsys) -> None:
    run(capsys, "index", "add", site.page("/tides.html", ARTICLE), "--index", index, "--allow-host", site.host)
    status, out, err = run(capsys, "papers", "fetch", "--index", index, "--arxiv", "http://nobody.invalid/api")
    assert status == 0
    assert "skipped arxiv:2302.13971: the name nobody.invalid cannot be resolved; is there a network?" in err
    assert "not to be had 1" in out


def test_what_is_no_paper_is_wrong_usage(index, capsys) -> None:
    status, _, err = run(capsys, "papers", "fetch", "notes.md", "--index", index)
    assert status == 2
    assert "notes.md is no paper. Give ids such as arxiv:2302.13971" in err


def test_documents_that_say_the_same_are_told(index, tmp_path, capsys) -> None:
    lines = [f"The keeper of pier number {n} wrote down the height of the tide." for n in range(10)]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.md").write_text("\n\n".join(lines), "utf-8")
    (tmp_path / "more" / "b.md").write_text("\n\n".join(lines), "utf-8")
    (tmp_path / "more" / "v2.md").write_text(
        "\n\n".join([*lines[:9], "And one new line that nobody had written before."]), "utf-8"
    )
    _, out, err = run(capsys, "index", "add", str(tmp_path / "more"), "--index", index)
    assert "skipped b.md: it has the same text as a.md" in err
    assert "note: v2.md shares 90% of the shorter one's lines with a.md" in err
    assert "Added 2 documents" in out


def test_a_file_that_comes_to_equal_another_one_leaves_no_stale_text(index, tmp_path, capsys) -> None:
    folder = tmp_path / "synced"
    folder.mkdir()
    text = "\n\n".join(f"The keeper of pier number {n} wrote down the height of the tide." for n in range(10))
    (folder / "a.md").write_text(text, "utf-8")
    (folder / "b.md").write_text("Herons nest at the quay of Visby in spring.", "utf-8")
    run(capsys, "index", "sync", str(folder), "--index", index)
    (folder / "b.md").write_text(text, "utf-8")
    _, out, _ = run(capsys, "index", "sync", str(folder), "--index", index, "--json")
    assert json.loads(out)["removed"] == ["b.md"]


def test_what_was_cut_is_shown(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("SURVEY_QA_HOME", str(tmp_path / "home"))
    (tmp_path / "a.md").write_text(
        "# Tides\n\nThe tide rises at the pier of the town.\n\n点赞 收藏 分享\n\n版权声明：本文为博主原创文章\n",
        "utf-8",
    )
    _, out, _ = run(
        capsys, "index", "build", str(tmp_path / "a.md"), "--index", str(tmp_path / "i"), "--show-cut", "--json"
    )
    assert json.loads(out)["cut"] == {
        "a.md": [
            {"line": "点赞 收藏 分享", "rule": "frame below the text"},
            {"line": "版权声明：本文为博主原创文章", "rule": "frame below the text"},
        ]
    }


def slow_pdf() -> bytes:
    """Return a PDF that takes seconds to read: its page says the same a million times."""
    content = zlib.compress(b"BT /F1 12 Tf 100 700 Td (hello) Tj ET\n" * 1_000_000)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    return (
        b"%PDF-1.5\n"
        + b"".join(b"%d 0 obj\n%b\nendobj\n" % (n, o) for n, o in enumerate(objects, 1))
        + b"trailer<</Root 1 0 R>>"
    )


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children cannot be listed here")
def test_ctrl_c_while_files_are_read_ends_at_once_and_leaves_the_old_index(index, tmp_path, capsys) -> None:
    (tmp_path / "many").mkdir()
    slow = slow_pdf()
    for number in range(12):
        (tmp_path / "many" / f"{number}.pdf").write_bytes(slow)
    command = [
        sys.executable,
        "-m",
        "ui.cli",
        "index",
        "build",
        str(tmp_path / "many"),
        "--index",
        index,
        "--workers",
        "2",
    ]
    process = subprocess.Popen(command, cwd=CORPUS.parents[1], stderr=subprocess.PIPE)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    started: list[str] = []
    while process.poll() is None and not started:
        started = [pid for task in children.parents[1].iterdir() for pid in (task / "children").read_text().split()]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert not [pid for pid in started if _runs(pid)]
    _, out, _ = run(capsys, "ask", "What is a pier?", "--index", index, "--json")
    assert json.loads(out)["found"]


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True
