"""Papers by their ids, from a server on this machine that speaks the Atom interface of arXiv."""

import json
from pathlib import Path

import pytest

from corpus import Document
from corpus.web.fetching import Fetcher
from corpus.web.papers import Papers, linked_papers, paper_of


def entry(number: str, title: str, version: int = 1) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/{number}v{version}</id><title>{title}</title><updated>2023-06-01T00:00:00Z</updated>"
        f"<published>2023-02-27T17:11:15Z</published><summary>  We study the tide\n at the pier.  </summary>"
        "<author><name>Ada Lind</name></author><author><name>Bo Berg</name></author><category term='cs.CL'/>"
        "<arxiv:journal_ref xmlns:arxiv='http://arxiv.org/schemas/atom'>Tides 3 (2024)</arxiv:journal_ref></entry>"
    )


def feed(*entries: str) -> str:
    return f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries)}</feed>"


def asking(site, cache: Path | None = None) -> Papers:
    site.waited = []
    return Papers(
        Fetcher(allowed=[site.host]),
        cache,
        arxiv=f"{site.url}/api",
        openreview=f"{site.url}/notes",
        sleep=site.waited.append,
    )


def test_a_paper_becomes_a_document_with_its_fields(site) -> None:
    site.page("/api", feed(entry("2302.13971", "Of Tides", 3)), kind="application/atom+xml")
    (document,) = asking(site).read(["arxiv:2302.13971"]).documents
    assert (document.id, document.title, document.kind) == ("arxiv:2302.13971", "Of Tides", "abstract")
    assert document.url == "https://arxiv.org/abs/2302.13971"
    assert document.metadata == {"author": "Ada Lind, Bo Berg", "date": "2023-02-27", "version": "3"}
    assert document.text == (
        "# Of Tides\n\n- Authors: Ada Lind, Bo Berg\n- Submitted: 2023-02-27\n- Last version: 2023-06-01 (v3)\n"
        "- Published in: Tides 3 (2024)\n- Subjects: cs.CL\n- Link: https://arxiv.org/abs/2302.13971\n\n"
        "## Abstract\n\nWe study the tide at the pier."
    )


def test_many_papers_are_one_request_and_requests_are_apart(site) -> None:
    numbers = [f"2301.{n:05}" for n in range(60)]
    site.page("/api", feed(*(entry(number, f"Tide {number}") for number in numbers)), kind="application/atom+xml")
    reading = asking(site).read([f"arxiv:{number}" for number in numbers])
    assert len(reading.documents) == 60
    assert len(site.asked) == 2
    assert site.waited == [3.0]


def test_a_paper_is_asked_for_once_and_then_kept(site, tmp_path: Path) -> None:
    site.page("/api", feed(entry("2302.13971", "Of Tides")), kind="application/atom+xml")
    papers = asking(site, tmp_path / "papers")
    first = papers.read(["arxiv:2302.13971"])
    assert papers.read(["arxiv:2302.13971"]) == first
    assert len(site.asked) == 1
    papers.read(["arxiv:2302.13971"], refresh=True)
    assert len(site.asked) == 2


def test_a_server_that_asks_to_wait_is_asked_again(site) -> None:
    def busy(handler) -> None:
        handler.send_response(503)
        handler.send_header("Retry-After", "7")
        handler.end_headers()
        site.page("/api", feed(entry("2302.13971", "Of Tides")), kind="application/atom+xml")

    site.answers["/api"] = busy
    assert asking(site).read(["arxiv:2302.13971"]).documents
    assert site.waited[0] == 7.0


def test_a_server_that_always_refuses_is_given_up(site) -> None:
    site.answers["/api"] = (503, {}, b"")
    (skipped,) = asking(site).read(["arxiv:2302.13971"]).skipped
    assert (skipped.path, skipped.reason) == ("arxiv:2302.13971", "127.0.0.1 answers 503 Service Unavailable")
    assert len(site.asked) == 3


def test_a_paper_that_nobody_knows_is_listed(site) -> None:
    site.page("/api", feed(entry("2302.13971", "Of Tides")), kind="application/atom+xml")
    reading = asking(site).read(["arxiv:2302.13971", "arxiv:9999.99999"])
    assert [document.id for document in reading.documents] == ["arxiv:2302.13971"]
    assert [(each.path, each.reason) for each in reading.skipped] == [("arxiv:9999.99999", "no paper has this id")]


def test_an_answer_that_is_none_is_listed(site) -> None:
    site.page("/api", "<html>busy", kind="text/html")
    assert "it is damaged" in asking(site).read(["arxiv:2302.13971"]).skipped[0].reason


def test_an_answer_that_nests_without_end_is_listed(site) -> None:
    site.page("/notes", "[" * 20_000, kind="application/json")
    assert "no paper" in asking(site).read(["openreview:YicbFdNTTy"]).skipped[0].reason


def test_without_a_network_the_cache_serves_and_the_rest_is_listed(site, tmp_path: Path) -> None:
    site.page("/api", feed(entry("2302.13971", "Of Tides")), kind="application/atom+xml")
    asking(site, tmp_path).read(["arxiv:2302.13971"])
    offline = Papers(Fetcher(), tmp_path, arxiv="http://nobody.invalid/api", sleep=lambda seconds: None)
    reading = offline.read(["arxiv:2302.13971", "arxiv:2303.00001"], refresh=True)
    assert [document.title for document in reading.documents] == ["Of Tides"]
    assert "is there a network?" in reading.skipped[0].reason


def test_a_paper_of_openreview_becomes_a_document(site) -> None:
    content = {
        "title": {"value": "Of Piers"},
        "abstract": {"value": "Piers stand."},
        "authors": {"value": ["Ada Lind"]},
        "venue": {"value": "ICLR 2024"},
    }
    notes = [{"id": "review00", "content": {}}, {"id": "YicbFdNTTy", "cdate": 1_700_000_000_000, "content": content}]
    site.page("/notes", json.dumps({"notes": notes}), kind="application/json")
    (document,) = asking(site).read(["openreview:YicbFdNTTy"]).documents
    assert (document.id, document.title, document.metadata["date"]) == (
        "openreview:YicbFdNTTy",
        "Of Piers",
        "2023-11-14",
    )
    assert "- Published in: ICLR 2024" in document.text


def test_a_paper_whose_address_is_none_is_listed_and_the_others_are_read(site) -> None:
    broken = entry("2302.13971", "Of Tides").replace("http://arxiv.org/abs", "http://[::1/abs")
    site.page("/api", feed(broken, entry("2301.00001", "Of Piers")), kind="application/atom+xml")
    reading = asking(site).read(["arxiv:2302.13971", "arxiv:2301.00001"])
    assert [document.title for document in reading.documents] == ["Of Piers"]
    assert [skipped.reason for skipped in reading.skipped] == ["no paper has this id"]


@pytest.mark.parametrize(
    "damage", ['"title": 7', '"authors": [null]', '"version": "two"', '"id": "arxiv:2303.00001"', '"url": null', "]"]
)
def test_a_paper_whose_kept_copy_is_damaged_is_asked_for_again(site, tmp_path: Path, damage: str) -> None:
    site.page("/api", feed(entry("2302.13971", "Of Tides")), kind="application/atom+xml")
    asking(site, tmp_path).read(["arxiv:2302.13971"])
    (kept,) = tmp_path.glob("*.json")
    kept.write_text(f"{kept.read_text('utf-8')[:-1]}, {damage}}}", "utf-8")
    (document,) = asking(site, tmp_path).read(["arxiv:2302.13971"]).documents
    assert document.title == "Of Tides"
    assert len(site.asked) == 2


def test_a_paper_with_half_a_character_is_read_and_kept(site, tmp_path: Path) -> None:
    content = {"title": {"value": "Of Tides \ud800"}, "abstract": {"value": "We study the tide."}}
    site.page("/notes", json.dumps({"notes": [{"id": "YicbFdNTTy", "content": content}]}))
    for _ in range(2):
        (document,) = asking(site, tmp_path).read(["openreview:YicbFdNTTy"]).documents
        assert document.text.startswith("# Of Tides")
    assert len(site.asked) == 1


@pytest.mark.parametrize("day", [1 << 70, -(1 << 62), 10**17])
def test_a_paper_of_a_day_that_no_calendar_has_is_read_without_it(site, day: int) -> None:
    content = {"title": {"value": "Of Tides"}, "abstract": {"value": "We study the tide."}}
    site.page("/notes", json.dumps({"notes": [{"id": "YicbFdNTTy", "pdate": day, "content": content}]}))
    (document,) = asking(site).read(["openreview:YicbFdNTTy"]).documents
    assert "Submitted" not in document.text


@pytest.mark.parametrize(("text", "id_"), [
    ("arxiv:2302.13971", "arxiv:2302.13971"), ("arXiv: 2302.13971v2", "arxiv:2302.13971"),
    ("https://arxiv.org/abs/2302.13971v1", "arxiv:2302.13971"), ("http://www.arxiv.org/pdf/2302.13971.pdf", "arxiv:2302.13971"),
    ("https://arxiv.org/abs/cs.CL/0112017", "arxiv:cs.CL/0112017"), ("https://openreview.net/pdf?id=YicbFdNTTy", "openreview:YicbFdNTTy"),
    ("https://arxiv.org/list/cs.CL", ""), ("https://example.org/abs/2302.13971", ""), ("notes.md", ""), ("http://[", ""),
])  # fmt: skip
def test_a_paper_is_known_by_its_id_and_by_its_addresses(text: str, id_: str) -> None:
    assert paper_of(text) == id_


def test_the_papers_that_documents_link_are_found_once_each() -> None:
    text = "See [LLaMA](https://arxiv.org/abs/2302.13971), https://arxiv.org/pdf/2302.13971v2 and arXiv:2303.08774."
    assert linked_papers([Document.from_text(text, id="a")]) == ["arxiv:2302.13971", "arxiv:2303.08774"]
