import pytest
from starlette.testclient import TestClient

from corpus import Document, split
from index import Index
from rag import Assistant
from ui.documents import Documents
from ui.offered import Offered
from ui.quotas import Quota
from ui.server import MAX_UPLOAD_BYTES, UPLOADS, create_app
from ui.web import build_page


@pytest.fixture
def send(tmp_path):
    index = Index.build(split([Document.from_text("# Old\n\nSomething.", id="old.md", title="Old")]))

    def sending(content=b"# A\n\nText.", *, name="a.md", writable=True, **headers):
        documents = Documents(index, tmp_path / "uploads", writable=writable)
        client = TestClient(create_app(None, home=tmp_path, documents=documents), base_url="http://localhost")
        return client.post(UPLOADS, params={"name": name}, content=content, headers=headers)

    return sending


def test_an_upload_becomes_a_job(send):
    answer = send()

    assert answer.status_code == 202
    assert answer.json() == {"job": 1}


@pytest.mark.parametrize(("content", "name"), [(b"", "a.md"), (b"x", "")])
def test_an_upload_needs_a_name_and_a_content(send, content, name):
    answer = send(content, name=name)

    assert answer.status_code == 400
    assert "?name=FILE" in answer.json()["error"]


def test_a_read_only_server_takes_no_upload(send):
    assert send(writable=False).status_code == 403


def test_another_site_uploads_nothing(send):
    assert send(origin="https://evil.example").status_code == 403


def test_a_file_may_be_larger_than_a_question_but_not_without_bound(send):
    assert send(b"# A\n\n" + b"word " * 300_000).status_code == 202
    assert send(b"x", **{"content-length": str(MAX_UPLOAD_BYTES + 1)}).status_code == 413


def test_without_documents_there_is_no_place_for_uploads(tmp_path):
    client = TestClient(create_app(None, home=tmp_path), base_url="http://localhost")

    assert client.post(UPLOADS, params={"name": "a.md"}, content=b"x").status_code in (404, 405)


def test_more_uploads_than_allowed_are_told_so_in_the_pages_language(tmp_path):
    index = Index.build(split([Document.from_text("# Old\n\nSomething.", id="old.md", title="Old")]))
    app = create_app(
        None, home=tmp_path, documents=Documents(index, tmp_path / "uploads"), quota=Quota(uploads_per_hour=1)
    )
    client = TestClient(app, base_url="http://localhost")
    client.get("/")  # names the browser
    answers = [
        client.post(UPLOADS, params={"name": "a.md", "language": language}, content=b"# A\n\nText.")
        for language in ("en", "en", "zh")
    ]

    assert [answer.status_code for answer in answers] == [202, 429, 429]
    assert "1 uploads and 500 MB an hour" in answers[1].json()["error"]
    assert "60 分钟" in answers[2].json()["error"]


@pytest.mark.parametrize("writable", [True, False])
def test_a_read_only_page_shows_nothing_that_changes_the_documents(tmp_path, writable):
    index = Index.build(split([Document.from_text("# Old\n\nSomething.", id="old.md", title="Old")]))
    page = build_page(
        Offered(Assistant(index), {"zh": (), "en": ()}, documents=Documents(index, tmp_path, writable=writable))
    )
    shown = {c["props"].get("elem_id"): c["props"].get("visible") for c in page.config["components"]}

    assert {shown[name] for name in ("upload", "address", "add-address", "reread", "rebuild")} == {writable}
    assert shown["verify"]
