"""Who is let in to the interface, how often, and from which sites."""

import pytest
from starlette.testclient import TestClient

from corpus.errors import UsageError
from rag import Assistant
from ui.http.answering import Here
from ui.http.api import Api
from ui.http.keys import KeyRing
from ui.http.terms import Terms
from ui.login import hash_password
from ui.server import create_api

QUESTION = {"question": "How much GPU memory does Walnut-7B need?"}
CHAT = {"model": "survey-qa", "messages": [{"role": "user", "content": QUESTION["question"]}]}


@pytest.fixture
def ring(tmp_path):
    return KeyRing(tmp_path / "keys.json")


@pytest.fixture
def opened(index, documents, ring):
    """Return a function that opens the interface on terms and gives a client."""

    def opening(users=None, **terms):
        app = create_api(Api(Here(Assistant(index)), documents), users=users, terms=Terms(ring, **terms))
        return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)

    return opening


def bearer(secret):
    return {"authorization": f"Bearer {secret}"}


def test_without_keys_this_machine_needs_none_and_takes_any(opened):
    assert opened().post("/api/ask", json=QUESTION).status_code == 200
    assert opened().post("/api/ask", json=QUESTION, headers=bearer("EMPTY")).status_code == 200


def test_off_this_machine_a_key_is_needed_although_there_is_none(opened):
    reply = opened(must_show=True).post("/api/ask", json=QUESTION)

    assert reply.status_code == 401
    assert "survey-qa keys create" in reply.json()["error"]
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_once_there_is_a_key_everybody_shows_one(opened, ring):
    client, secret = opened(), ring.create("bot", ["ask"])

    assert client.post("/api/ask", json=QUESTION).status_code == 401
    assert client.post("/api/ask", json=QUESTION, headers=bearer(secret)).status_code == 200


def test_a_wrong_key_is_told_in_openais_shape(opened, ring):
    ring.create("bot", ["ask"])
    reply = opened().post("/v1/chat/completions", json=CHAT, headers=bearer("sq-0-wrong"))

    assert reply.status_code == 401
    assert reply.json()["error"]["type"] == "authentication_error"
    assert reply.json()["error"]["code"] == "invalid_api_key"


def test_many_wrong_keys_have_to_wait_and_right_ones_from_the_same_address_do_not(opened, ring):
    secret, client = ring.create("bot", ["ask"]), opened()
    statuses = [client.get("/v1/models", headers=bearer(f"sq-0-{n}")).status_code for n in range(12)]

    assert statuses == [401] * 10 + [429] * 2
    assert client.get("/v1/models", headers=bearer(secret)).status_code == 200


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("ask", "POST", "/api/ask", 200),
        ("ask", "GET", "/api/documents", 200),
        ("ask", "DELETE", "/api/documents/none", 403),
        ("ask", "POST", "/api/documents/upload", 403),
        ("ask", "GET", "/metrics", 403),
        ("documents", "POST", "/api/ask", 403),
        ("documents", "GET", "/api/documents", 200),
        ("documents", "DELETE", "/api/documents/none", 404),
        ("admin", "GET", "/metrics", 200),
        ("admin", "POST", "/api/ask", 200),
        ("admin", "DELETE", "/api/documents/none", 404),
    ],
)
def test_a_key_reaches_as_far_as_its_scope(opened, ring, scope, method, path, status):
    secret = ring.create("bot", [scope])
    reply = opened().request(method, path, json=QUESTION if method == "POST" else None, headers=bearer(secret))

    assert reply.status_code == status


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/openapi.json"])
def test_health_and_description_are_open(opened, path):
    assert opened(must_show=True).get(path).status_code == 200


def test_a_password_serves_where_people_log_in_and_so_does_a_key(opened, ring):
    client, secret = opened(users={"ada": hash_password("x y z")}, must_show=True), ring.create("bot", ["ask"])

    assert client.post("/v1/chat/completions", json=CHAT).json()["error"]["code"] == "missing_login"
    assert client.post("/api/ask", json=QUESTION, auth=("ada", "x y z")).status_code == 200
    assert client.post("/api/ask", json=QUESTION, headers=bearer(secret)).status_code == 200
    assert client.get("/metrics", auth=("ada", "x y z")).status_code == 401


def test_who_comes_too_often_is_told_when_to_come_back(opened, ring):
    client = opened(rate="2/minute")
    mine, other = (bearer(ring.create(name, ["ask"])) for name in ("mine", "other"))
    replies = [client.get("/v1/models", headers=mine) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 60
    assert replies[-1].json()["error"]["type"] == "rate_limit_error"
    assert client.get("/v1/models", headers=other).status_code == 200


@pytest.mark.parametrize("rate", ["often", "0/minute", "5/fortnight"])
def test_a_rate_that_is_none_is_wrong_usage(opened, rate):
    with pytest.raises(UsageError, match="Write 10/second"):
        opened(rate=rate)


def test_a_site_that_was_named_may_ask_without_cookies(opened):
    client, site = opened(origins=("https://chat.example.org",)), {"origin": "https://chat.example.org"}
    preflight = client.options("/v1/chat/completions", headers={**site, "access-control-request-method": "POST"})
    reply = client.post("/v1/chat/completions", json=CHAT, headers={**site, "sec-fetch-site": "cross-site"})

    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == "https://chat.example.org"
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://chat.example.org.evil.example"])
def test_other_sites_may_not(opened, origin):
    client, site = opened(origins=("https://chat.example.org",)), {"origin": origin}

    assert client.post("/v1/chat/completions", json=CHAT, headers=site).status_code == 403
    assert client.options("/v1/chat/completions", headers=site).status_code == 403
    assert "access-control-allow-origin" not in client.get("/v1/models", headers=site).headers
