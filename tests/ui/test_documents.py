import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from corpus import Document, converting, split
from corpus.errors import UsageError
from index import Index
from rag.sources import Manner
from ui.documents import Documents, key_of, safe_name
from ui.errors import ReadOnly

NOTES = "# Kelp-9B\n\nKelp-9B was released by Tidewater in May 2031.\n"


@pytest.fixture
def index(tmp_path):
    made = Index.build(split([Document.from_text("# Old\n\nSomething else.", id="old.md", title="Old")]))
    made.save(tmp_path / "index")
    return made


@pytest.fixture
def documents(index, tmp_path):
    return Documents(index, tmp_path / "uploads", directory=tmp_path / "index")


def finished(documents, job):
    """Wait for a job to be over and return it; the thread that works has no other sign to give."""
    over = threading.Event()
    for _ in range(12_000):
        now = next(one for one in documents.jobs() if one.number == job.number)
        if now.over:
            return now
        over.wait(0.005)
    raise AssertionError(f"{now} is not over")


def names(documents):
    return [info.id for info in documents.listed()]


def test_an_uploaded_file_answers_and_stands_first_in_the_list(documents, index):
    job = finished(documents, documents.upload("kelp.md", NOTES.encode()))

    assert (job.state, job.words) == ("done", "kelp.md")
    assert names(documents) == ["kelp.md", "old.md"]
    assert "Tidewater" in index.search("Who released Kelp-9B?", 1)[0].passage.text


def test_a_file_of_the_same_name_replaces_the_first(documents):
    finished(documents, documents.upload("kelp.md", NOTES.encode()))
    finished(documents, documents.upload("kelp.md", NOTES.replace("2031", "2032").encode()))

    assert names(documents) == ["kelp.md", "old.md"]
    assert "2032" in documents._index.document("kelp.md").text


def test_a_file_that_goes_while_the_room_is_counted_stops_no_upload(documents, tmp_path):
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / ".other.md.part").symlink_to(
        tmp_path / "gone"
    )  # there for a list, not for who asks its size

    assert finished(documents, documents.upload("kelp.md", NOTES.encode())).state == "done"


def test_a_file_that_cannot_be_read_says_why_and_what_it_would_replace_stays(documents, tmp_path):
    finished(documents, documents.upload("kelp.md", NOTES.encode()))
    bad = finished(documents, documents.upload("bad.xyz", b"\0\1"))
    empty = finished(documents, documents.upload("kelp.md", b"   \n"))

    assert (bad.state, empty.state) == ("failed", "failed")
    assert ".xyz is not a kind that is read" in bad.words
    assert "2031" in documents._index.document("kelp.md").text
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["kelp.md"]


def test_a_removed_document_answers_no_more_and_reading_again_does_not_bring_it_back(documents, index):
    finished(documents, documents.upload("kelp.md", NOTES.encode()))
    finished(documents, documents.upload("reef.md", b"# Reef\n\nReef is a place.\n"))
    assert finished(documents, documents.remove(["kelp.md"])).state == "done"
    finished(documents, documents.reread())

    assert names(documents) == ["reef.md", "old.md"]
    assert all("Tidewater" not in hit.passage.text for hit in index.search("Who released Kelp-9B?", 5))


def test_removing_what_is_not_there_fails_with_a_sentence(documents):
    job = finished(documents, documents.remove(["nothing.md"]))

    assert (job.state, names(documents)) == ("failed", ["old.md"])
    assert "nothing.md" in job.words


def test_reading_again_brings_in_what_changed_in_the_folder(documents, tmp_path):
    finished(documents, documents.upload("kelp.md", NOTES.encode()))
    (tmp_path / "uploads" / "kelp.md").write_text(NOTES.replace("2031", "2040"))

    assert finished(documents, documents.reread()).words == "+0 ~1 -0"
    assert "2040" in documents._index.document("kelp.md").text


def test_going_back_to_a_snapshot_undoes_an_upload(documents):
    before = documents.snapshots()[0].name
    finished(documents, documents.upload("kelp.md", NOTES.encode()))

    assert finished(documents, documents.rollback(before)).words == before
    assert names(documents) == ["old.md"]


def test_verifying_tells_of_damage(documents, tmp_path):
    assert finished(documents, documents.verify()).state == "done"
    damaged = max((tmp_path / "index" / "snapshots").rglob("*.sqlite"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")

    assert finished(documents, documents.verify()).state == "failed"


def test_a_job_that_is_cancelled_before_its_turn_changes_nothing(documents, index):
    held = threading.Event()
    first = documents._jobs.start("verify", "", lambda tell: str(held.wait(60)))
    second = documents.upload("kelp.md", NOTES.encode())
    documents.cancel(second.number)
    held.set()
    finished(documents, first)

    assert finished(documents, second).state == "cancelled"
    assert names(documents) == ["old.md"]


def test_a_job_that_is_cancelled_while_it_runs_leaves_the_index_as_it_was(documents, index):
    begun, held = threading.Event(), threading.Event()

    def work(tell):
        begun.set()
        held.wait(60)
        tell("reading", 1, 2)
        return "not reached"

    job = documents._jobs.start("upload", "kelp.md", work)
    assert begun.wait(60)
    documents.cancel(job.number)
    held.set()

    assert finished(documents, job).state == "cancelled"
    assert index.snapshot == documents.snapshots()[0].name


@pytest.mark.parametrize(
    "act",
    [lambda d: d.upload("a.md", b"x"), lambda d: d.remove(["old.md"]), lambda d: d.reread(), lambda d: d.rebuild()],
)
def test_a_server_that_is_read_only_takes_no_change(index, tmp_path, act):
    documents = Documents(index, tmp_path / "uploads", writable=False)

    with pytest.raises(ReadOnly, match="allows no changes"):
        act(documents)
    assert not (tmp_path / "uploads").exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\docs\\a.pdf", "a.pdf"), ("..", "document"), (".env", "env"), ("a\nb\u202e.md", "a_b_.md"),
        ("x" * 300 + ".md", "x" * 117 + ".md"), ("报告 1.md", "报告 1.md"), ("\ud800.md", "_.md"), ("", "document"),
    ],
)  # fmt: skip
def test_a_name_from_outside_stays_inside_the_folder(given, kept):
    assert safe_name(given) == kept


def test_the_list_is_filtered_by_words_and_documents_are_found_by_their_key(documents):
    finished(documents, documents.upload("kelp.md", NOTES.encode()))

    assert [info.id for info in documents.listed("KELP markdown")] == ["kelp.md"]
    assert documents.find(key_of("old.md")).title == "Old"
    assert documents.find("0" * 24) is None


@pytest.mark.parametrize(
    "address", ["/etc/passwd", "file:///etc/passwd", "notes.md", "", "https://" + "x" * 3_000, "../a.md"]
)
def test_a_path_of_this_machine_is_no_address(documents, address):
    with pytest.raises(UsageError, match="address of a page"):
        documents.fetch(address)


def test_an_address_inside_the_network_is_refused_with_a_reason(documents):
    job = finished(documents, documents.fetch("http://127.0.0.1:9/secret"))

    assert job.state == "failed"
    assert "127.0.0.1" in job.words
    assert names(documents) == ["old.md"]


def test_a_page_of_an_allowed_host_answers(index, tmp_path):
    (tmp_path / "page").mkdir()
    body = "<html><title>Kelp</title><body><article>" + "<p>Kelp-9B was released by Tidewater in May 2031.</p>" * 5
    (tmp_path / "page" / "kelp.html").write_text(body + "</article></body></html>")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "page")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    documents = Documents(index, tmp_path / "uploads", manner=Manner(allowed=("127.0.0.1",)))

    job = finished(documents, documents.fetch(f"http://127.0.0.1:{server.server_port}/kelp.html"))
    server.shutdown()
    server.server_close()

    assert job.state == "done", job.words
    assert "Tidewater" in index.search("Who released Kelp-9B?", 1)[0].passage.text


def test_uploads_that_have_not_changed_are_not_parsed_again(index, tmp_path, monkeypatch):
    documents = Documents(index, tmp_path / "uploads", manner=Manner(kept=tmp_path / "readings"))
    finished(documents, documents.upload("kelp.md", NOTES.encode()))
    parsed = []
    convert = converting.convert
    monkeypatch.setattr(
        converting, "convert", lambda data, *rest, **more: parsed.append(rest[0]) or convert(data, *rest, **more)
    )
    finished(documents, documents.upload("reef.md", b"# Reef\n\nReef is a place.\n"))

    assert parsed == ["reef.md"]
    assert names(documents) == ["reef.md", "kelp.md", "old.md"]


def test_a_rebuild_makes_a_new_snapshot_of_the_same_documents_and_answers_meanwhile(documents, index):
    finished(documents, documents.upload("kelp.md", NOTES.encode()))
    finished(documents, documents.remove(["old.md"]))
    before, answers = index.info(), []
    watched = documents._index.rebuild

    def rebuild(progress):
        return watched(
            progress=lambda *told: (progress(*told), answers.append(index.search("Who released Kelp-9B?", 1)))
        )

    documents._index.rebuild = rebuild
    job = finished(documents, documents.rebuild())

    assert (job.state, job.words) == ("done", index.snapshot)
    assert index.snapshot != before["snapshot"]
    assert names(documents) == ["kelp.md"]
    assert answers
    assert all("Tidewater" in hits[0].passage.text for hits in answers)


def test_a_rebuild_that_is_cancelled_leaves_the_index_as_it_was(documents, index):
    before, watched = index.snapshot, documents._index.rebuild

    def rebuild(progress):
        documents.cancel(1)
        return watched(progress=progress)

    documents._index.rebuild = rebuild
    job = finished(documents, documents.rebuild())

    assert job.state == "cancelled"
    assert index.snapshot == before
