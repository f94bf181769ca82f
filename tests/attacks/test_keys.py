"""Keys of the HTTP interface: guessed, too narrow, shown in the wrong place, revoked, and kept where nobody reads them."""

import json
import stat

import pytest

QUESTION = "How much memory does Walnut-7B need?"
CHAT = {"model": "survey-qa", "messages": [{"role": "user", "content": QUESTION}]}


@pytest.fixture(scope="module")
def guarded(serve_also):
    """A server that wants keys, and two of them: one may ask, one may do anything."""
    with serve_also() as server:
        server.keys = {}
        for scope in ("ask", "admin"):
            done = server.run("keys", "create", f"{scope}-program", "--scope", scope)
            assert done.returncode == 0, done.stderr
            server.keys[scope] = next(word for word in done.stdout.split() if word.startswith("sq-"))
        yield server


@pytest.fixture
def stranger(guarded):
    person = guarded.person()
    person.cookies = {}
    return person


def bearer(server, scope):
    return {"authorization": f"Bearer {server.keys[scope]}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/ask"), ("POST", "/api/search"), ("POST", "/v1/chat/completions"), ("GET", "/v1/models"), ("GET", "/api/documents"), ("POST", "/api/documents/upload?name=a.md"),
     ("GET", "/api/jobs"), ("GET", "/metrics"), ("POST", "/mcp"), ("GET", "/mcp"), ("POST", "/mcp/"), ("GET", "/api/nowhere")],
)  # fmt: skip
def test_without_a_key_nothing_of_the_interface_answers(stranger, method, path):
    status, _, body = stranger.send(
        method, path, json.dumps(CHAT | {"question": QUESTION}).encode() if method == "POST" else None
    )

    assert status == 401
    assert b"6 GB" not in body


@pytest.mark.parametrize("shown", ["", "sq-", "sq--", "x" * 10_000, "sq-00000000-" + "a" * 43, "' OR 1=1", "字"])
def test_what_is_no_key_opens_nothing(serve_also, stranger, shown):
    status, _, body = stranger.post("/api/ask", {"question": QUESTION}, authorization=f"Bearer {shown}".encode())

    assert status in (401, 429)
    assert b"6 GB" not in body


def test_a_key_is_taken_from_its_header_and_from_nowhere_else(guarded, stranger):
    key = guarded.keys["admin"]
    assert stranger.post(f"/api/ask?key={key}&api_key={key}", {"question": QUESTION, "api_key": key})[0] in (401, 429)
    assert stranger.post("/api/ask", {"question": QUESTION}, cookie=f"key={key}; authorization={key}")[0] in (401, 429)
    assert stranger.post("/api/ask", {"question": QUESTION}, x_api_key=key, x_survey_qa_user="61")[0] in (401, 429)


def test_a_key_that_may_ask_changes_and_measures_nothing(guarded, stranger):
    shown = bearer(guarded, "ask")
    listed = guarded.run("index", "list", "--json", "--index", str(guarded.index)).stdout

    assert (
        "6 GB"
        in json.loads(stranger.post("/v1/chat/completions", CHAT, **shown)[2])["choices"][0]["message"]["content"]
    )
    assert stranger.post("/api/documents/upload?name=a.md", b"# A\n\nPWNED", **shown)[0] == 403
    assert stranger.post("/api/documents", {"address": "http://127.0.0.1/"}, **shown)[0] == 403
    assert stranger.send("DELETE", "/api/jobs/1", None, **shown)[0] == 403
    assert stranger.get("/metrics", **shown)[0] == 403
    assert guarded.run("index", "list", "--json", "--index", str(guarded.index)).stdout == listed


def test_a_key_does_not_open_the_page_of_another_site(guarded, stranger):
    status, headers, _ = stranger.post(
        "/v1/chat/completions", CHAT, origin="https://evil.example", **bearer(guarded, "admin")
    )

    assert status == 403
    assert not [name for name, _ in headers if name.lower().startswith("access-control-")]


def test_keys_are_kept_as_hashes_where_only_the_operator_reads(guarded, stranger):
    stranger.post("/api/ask", {"question": QUESTION}, **bearer(guarded, "admin"))
    kept = [path for path in guarded.home.rglob("*") if path.is_file() and "keys" in path.name]

    assert kept
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in kept} == {0}
    shown = guarded.log.read_bytes() + b"".join(
        path.read_bytes() for path in guarded.folder.rglob("*") if path.is_file()
    )
    shown += (
        guarded.run("keys", "list", "--json").stdout.encode() + stranger.get("/metrics", **bearer(guarded, "admin"))[2]
    )
    assert not [key for key in guarded.keys.values() if key.encode() in shown]


def test_a_key_that_is_revoked_opens_nothing_from_then_on(guarded, stranger):
    done = guarded.run("keys", "create", "short-lived", "--scope", "ask")
    key = next(word for word in done.stdout.split() if word.startswith("sq-"))
    assert stranger.get("/v1/models", authorization=f"Bearer {key}")[0] == 200
    assert guarded.run("keys", "revoke", "short-lived").returncode == 0

    assert stranger.get("/v1/models", authorization=f"Bearer {key}")[0] in (401, 429)


def test_guessing_keys_ends_after_a_few_whatever_address_is_claimed(guarded, stranger):
    tries = [
        stranger.get("/v1/models", authorization=f"Bearer sq-{n:08x}-guess", x_forwarded_for=f"10.0.0.{n}")[0]
        for n in range(25)
    ]

    assert set(tries[-10:]) == {429}
    assert stranger.get("/healthz")[0] == 200
