import time
from typing import get_args

import pytest

from rag import Assistant
from ui.http.description import description
from ui.jobs import Work

KELP = b"# Kelp-9B\n\nKelp-9B was released by Tidewater in May 2031.\n"


def over_job(client, reply):
    """Wait for the job that a reply started and return it."""
    assert reply.status_code == 202
    for _ in range(12_000):
        job = client.get(reply.headers["location"]).json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.005)
    raise AssertionError(job)


def test_the_documents_are_listed_with_their_keys(client):
    told = client.get("/api/documents").json()

    assert told["total"] == 2
    assert {one["id"] for one in told["documents"]} == {"walnut.md", "pecan.md"}
    assert client.get("/api/documents", params={"q": "walnut"}).json()["total"] == 1
    assert len(client.get("/api/documents", params={"limit": 1, "start": 1}).json()["documents"]) == 1


def test_a_document_is_described_and_its_text_read_in_pieces(client, index):
    key = client.get("/api/documents", params={"q": "walnut"}).json()["documents"][0]["key"]
    text = index.document("walnut.md").text

    assert client.get(f"/api/documents/{key}").json()["sections"][-1]["title"] == "Memory"
    assert client.get(f"/api/documents/{key}/text").json()["text"] == text
    piece = client.get(f"/api/documents/{key}/text", params={"start": 2, "end": 6}).json()
    assert (piece["text"], piece["start"], piece["end"]) == (text[2:6], 2, 6)


def test_a_file_is_added_and_removed_by_jobs(client):
    added = over_job(client, client.post("/api/documents/upload", params={"name": "kelp.md"}, content=KELP))
    (kelp,) = client.get("/api/documents", params={"q": "kelp"}).json()["documents"]
    asked = client.post("/api/ask", json={"question": "Who released Kelp-9B?"}).json()
    removed = over_job(client, client.delete(f"/api/documents/{kelp['key']}"))

    assert (added["state"], added["words"], removed["state"]) == ("done", "kelp.md", "done")
    assert "Tidewater" in asked["answer"]
    assert client.get(f"/api/documents/{kelp['key']}").status_code == 404
    assert [job["work"] for job in client.get("/api/jobs").json()["jobs"]] == ["remove", "upload"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"json": {}}, "The body has no address"),
        ({"json": {"address": "/etc/passwd"}}, "Give the address of a page"),
        ({"json": {"address": 5}}, "address is the address of a page"),
    ],
)
def test_what_cannot_be_added_is_told(client, fields, told):
    reply = client.post("/api/documents", **fields)

    assert reply.status_code == 400
    assert told in reply.json()["error"]


@pytest.mark.parametrize(("name", "content"), [("", b"x"), ("a.md", b"")])
def test_a_file_needs_a_name_and_content(client, name, content):
    reply = client.post("/api/documents/upload", params={"name": name}, content=content)

    assert reply.status_code == 400
    assert "?name=FILE" in reply.json()["error"]


def test_documents_that_may_not_be_changed_are_only_read(over, index, documents):
    client = over(Assistant(index), documents.seen(writable=False))
    key = client.get("/api/documents").json()["documents"][0]["key"]

    assert client.post("/api/documents/upload", params={"name": "kelp.md"}, content=KELP).status_code == 403
    assert "allows no changes" in client.delete(f"/api/documents/{key}").json()["error"]


@pytest.mark.parametrize(
    "query", [{"start": "x"}, {"limit": 0}, {"limit": "1_0"}, {"start": -1}, {"limit": "9" * 5_000}]
)
def test_a_strange_number_is_told(client, query):
    reply = client.get("/api/documents", params=query)

    assert reply.status_code == 400
    assert "is a whole number from" in reply.json()["error"]


@pytest.mark.parametrize("path", ["/api/documents/none", "/api/documents/none/text", "/api/jobs/77", "/api/nothing"])
def test_what_is_not_there_is_told(client, path):
    reply = client.get(path)

    assert reply.status_code == 404
    assert "There is no" in reply.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "takes"), [("GET", "/api/ask", "POST"), ("PUT", "/v1/models", "GET"), ("GET", "/mcp", "POST")]
)
def test_another_method_is_told_with_the_one_that_it_takes(client, method, path, takes):
    reply = client.request(method, path)

    assert reply.status_code == 405
    assert takes in reply.headers["allow"]
    assert f"This path takes {reply.headers['allow']}, not {method}." in reply.text


def test_every_kind_of_work_of_a_job_is_described():
    described = description()["components"]["schemas"]["Job"]["properties"]["work"]["enum"]
    assert {"rebuild", "upload"} <= set(described) == set(get_args(Work))
