import asyncio
import json

import pytest

from ui.guard import CONTENT_SECURITY_POLICY, Guard, LoginThrottle


class Behind:
    """An application that notes what reaches it and answers with headers that must not get out."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.bodies: list[bytes] = []

    async def __call__(self, scope, receive, send):
        body, more = b"", scope["type"] == "http"
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        self.bodies.append(body)
        headers = [
            (b"content-type", b"text/plain"),
            (b"Access-Control-Allow-Origin", b"https://evil.example"),
            (b"access-control-allow-credentials", b"true"),
            (b"set-cookie", b"token=1; Path=/; SameSite=none; Secure"),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


def call(guard, method="GET", path="/", headers=None, body=(b"",), kind="http", query=b""):
    """Return status, headers and body of one request whose body arrives in the given pieces."""
    sent = []
    pieces = [{"type": "http.request", "body": piece, "more_body": n < len(body)} for n, piece in enumerate(body, 1)]

    async def receive():
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(event):
        sent.append(event)

    raw = [(k.encode(), v.encode()) for k, v in {"host": "localhost:7860", **(headers or {})}.items()]
    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "headers": raw,
        "client": ("10.0.0.1", 5),
        "query_string": query,
    }
    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[-1]["body"].decode()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "[::1]:7860", "LOCALHOST:1", "papers.example:80"])
def test_named_and_loopback_hosts_are_served(host):
    assert call(Guard(Behind(), hosts=["Papers.example"]), headers={"host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:7860",
        "",
        "0.0.0.0",
        "localhost:80@evil.example",
        "localhost:a",
    ],
)
def test_other_host_names_are_refused_with_a_hint(host):
    behind = Behind()

    status, _, body = call(Guard(behind), headers={"host": host})

    assert (status, behind.bodies) == (421, [])
    assert "--allow-host" in body


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9999"},
        {"origin": "http://localhost:7860.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_writes_from_other_sites_are_refused(headers, method):
    behind = Behind()

    assert call(Guard(behind), method, "/api/ask", headers)[0] == 403
    assert behind.bodies == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost:7860", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},  # a form of our own page
        {"sec-fetch-site": "none"},
    ],
)
def test_writes_from_our_page_and_from_programs_pass(headers):
    assert call(Guard(Behind()), "POST", "/api/ask", headers)[0] == 200


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/gradio_api/call/ask", 404), ("/evil", 200)])
def test_every_response_carries_the_security_headers(path, status):
    got, headers, _ = call(Guard(Behind()), path=path)

    assert got == status
    assert headers[b"content-security-policy"] == CONTENT_SECURITY_POLICY.encode()
    assert headers[b"x-frame-options"] == b"DENY"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"no-referrer"


def test_the_policy_allows_no_eval_no_frames_around_us_and_no_other_host():
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_no_cross_origin_permission_gets_out():
    _, headers, _ = call(Guard(Behind()), headers={"origin": "https://evil.example"})

    assert not [name for name in headers if name.lower().startswith(b"access-control-")]


def test_cookies_are_sent_with_requests_of_our_own_page_only():
    _, headers, _ = call(Guard(Behind()))

    assert headers[b"set-cookie"] == b"token=1; Path=/; Secure; SameSite=Strict"


def test_a_body_reaches_the_application_whole():
    behind = Behind()

    assert call(Guard(behind), "POST", "/api/ask", body=(b"ab", b"cd"))[0] == 200
    assert behind.bodies == [b"abcd"]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-length": "11"}, (b"",), 413),
        ({}, (b"123456", b"123456"), 413),
        ({"content-length": "3"}, (b"123456", b"123456"), 413),
        ({"content-length": "-1"}, (b"",), 400),
        ({"content-length": "ten"}, (b"",), 400),
        ({"content-length": "10"}, (b"1234567890",), 200),
    ],
)
def test_a_body_has_a_bound_whatever_its_header_says(headers, body, status):
    assert call(Guard(Behind(), max_body=10), "POST", "/api/ask", headers, body)[0] == status


def test_a_body_that_is_cut_off_does_not_reach_the_application():
    behind = Behind()

    assert call(Guard(behind), "POST", "/api/ask", body=())[0] == 400
    assert behind.bodies == []


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/run/ask", "/gradio_api/call/ask", "/gradio_api/call/v2/ask", "/gradio_api/api/ask", "/gradio_api/upload",
        "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=http://x", "/gradio_api/info", "/gradio_api/openapi.json",
        "/openapi.json", "/monitoring", "/monitoring/summary", "/gradio_api/run/predict/../ask", "/gradio_api/vibe-edit",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_gradios_programming_interface_is_closed(path, method):
    behind = Behind()

    assert call(Guard(behind), method, path)[0] == 404
    assert behind.bodies == []


@pytest.mark.parametrize("route", ["queue/join", "queue/data", "run/predict", "cancel", "reset", "heartbeat/abc"])
def test_what_the_page_itself_calls_is_open(route):
    assert call(Guard(Behind()), path=f"/gradio_api/{route}")[0] == 200


@pytest.mark.parametrize("query", [b"name=\xa3", "名".encode()])
def test_an_address_that_is_not_ascii_is_refused(query):
    behind = Behind()

    assert call(Guard(behind), "POST", "/metrics", query=query)[0] == 400
    assert behind.bodies == []


@pytest.mark.parametrize("body", [b"\xff", b"{", b"question", b"[" * 100_000])
def test_what_the_page_never_sends_does_not_reach_gradio(body):
    behind = Behind()

    assert call(Guard(behind), "POST", "/gradio_api/queue/join", body=(body,))[0] == 400
    assert behind.bodies == []


@pytest.mark.parametrize("begun", [False, True])
def test_what_an_application_fails_with_is_named_in_the_log_without_its_words(begun, caplog):
    async def failing(scope, receive, send):
        if begun:
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        raise ValueError("the question of somebody")

    status, _, body = call(Guard(failing))

    assert status == (503 if begun else 500)
    assert "ValueError" in caplog.text
    assert "somebody" not in caplog.text + body


def test_websockets_are_refused():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(event):
        sent.append(event)

    asyncio.run(Guard(Behind())({"type": "websocket", "path": "/", "headers": []}, receive, send))

    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_lifespan_reaches_the_application():
    behind, sent = Behind(), []

    async def send(event):
        sent.append(event)

    asyncio.run(Guard(behind)({"type": "lifespan"}, None, send))

    assert len(sent) == 2


def test_guessing_passwords_is_braked_for_a_minute():
    now = [0.0]
    guard = Guard(Behind(status=400), throttle=LoginThrottle(limit=3, clock=lambda: now[0]))

    tries = [call(guard, "POST", "/login")[0] for _ in range(5)]
    now[0] = 61.0

    assert tries == [400, 400, 400, 429, 429]
    assert call(guard, "POST", "/login")[0] == 400


def test_good_logins_are_not_counted():
    guard = Guard(Behind(), throttle=LoginThrottle(limit=1))

    assert [call(guard, "POST", "/login")[0] for _ in range(3)] == [200, 200, 200]


def test_refusals_are_json_with_a_sentence():
    _, headers, body = call(Guard(Behind()), headers={"host": "evil.example"})

    assert headers[b"content-type"] == b"application/json"
    assert json.loads(body)["error"].endswith(".")
