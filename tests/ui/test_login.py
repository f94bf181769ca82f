import base64

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from corpus.errors import UsageError
from ui.cli import main
from ui.guard import Guard
from ui.login import SESSION_SECONDS, Login, hash_password, read_users
from ui.owners import owner_of

HASH = hash_password("s3cret 密码")


async def page(request):
    return PlainTextResponse(owner_of(request.cookies, request.headers))


async def healthy(request):
    return JSONResponse({"status": "ok"})


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def client(now):
    routes = [
        Route("/", page, methods=["GET", "POST"]),
        Route("/api/ask", page, methods=["POST"]),
        Route("/healthz", healthy),
    ]
    app = Guard(Login(Starlette(routes=routes), {"ada": HASH}, clock=lambda: now[0]))
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def log_in(client, password="s3cret 密码", user="ada", back="/"):
    return client.post("/login", data={"user": user, "password": password, "back": back})


def basic(password, user="ada"):
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_a_person_is_led_to_the_login_and_back_to_the_conversation(client):
    answer = client.get("/?c=abc-1", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?back=/%3Fc%3Dabc-1")
    assert 'value="/?c=abc-1"' in client.get(answer.headers["location"]).text

    answer = log_in(client, back="/?c=abc-1")

    assert (answer.status_code, answer.headers["location"]) == (303, "/?c=abc-1")
    assert client.get("/").text == f"user:{b'ada'.hex()}"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "/login", '/"><script>']
)
def test_nobody_is_led_anywhere_else(client, back):
    assert log_in(client, back=back).headers["location"] == "/"
    assert "evil" not in client.get("/login", params={"back": back}).text
    assert "<script>" not in client.get("/login", params={"back": back}).text


@pytest.mark.parametrize(
    ("user", "password"), [("ada", "wrong"), ("bob", "s3cret 密码"), ("", ""), ("ada", "x" * 5_000)]
)
def test_a_wrong_name_or_password_opens_nothing(client, user, password):
    answer = log_in(client, password, user)

    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "wrong" in answer.text
    assert client.get("/").status_code == 401


def test_the_session_cookie_is_read_by_no_script_and_sent_by_no_other_site(client):
    cookie = log_in(client).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_a_session_ends_after_its_time_and_at_the_logout(client, now):
    log_in(client)
    client.post("/logout")
    assert client.get("/").status_code == 401

    log_in(client)
    now[0] = SESSION_SECONDS + 1
    assert client.get("/").status_code == 401


def test_a_logout_ends_the_session_on_the_server_too(client):
    log_in(client)
    kept = dict(client.cookies)
    client.post("/logout")

    assert client.get("/", cookies=kept).status_code == 401


def test_a_program_sends_its_password_each_time(client):
    assert client.post("/api/ask", headers=basic("s3cret 密码")).text == f"user:{b'ada'.hex()}"
    assert client.post("/api/ask", headers=basic("wrong")).status_code == 401
    assert client.post("/api/ask").headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Bearer abc", "Basic " + base64.b64encode(b"\xff\xfe").decode()]
)
def test_a_malformed_authorization_opens_nothing(client, header):
    assert client.post("/api/ask", headers={"authorization": header}).status_code == 401


def test_guessing_is_slowed_down_at_both_doors(client):
    assert [log_in(client, "wrong").status_code for _ in range(11)][-1] == 429
    for _ in range(10):
        client.post("/api/ask", headers=basic("wrong"))

    assert client.post("/api/ask", headers=basic("s3cret 密码")).status_code == 401


def test_nobody_claims_to_be_a_user_by_a_header(client):
    assert client.get("/", headers={"x-survey-qa-user": b"ada".hex()}).status_code == 401
    open_to_all = TestClient(Guard(Starlette(routes=[Route("/", page)])), base_url="http://localhost")

    assert open_to_all.get("/", headers={"X-Survey-QA-User": b"ada".hex()}).text.startswith("browser:")


def test_the_health_check_is_open(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_the_login_page_speaks_the_browsers_language(client):
    assert "用户名" in client.get("/login", headers={"accept-language": "zh-CN"}).text
    assert "Password" in client.get("/login", headers={"accept-language": "en"}).text


def test_the_file_of_users_is_what_the_command_prints(tmp_path, capsys, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("pass word\n"))
    assert main(["password", "bob"]) == 0
    line = capsys.readouterr().out
    (tmp_path / "users").write_text(f"# us\n\n{line}")

    assert read_users(tmp_path / "users").keys() == {"bob"}
    assert "pass word" not in line


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "names no user"), ("ada", "Line 1 of"), ("ada:plain", "Line 1 of"), ("a b:$argon2id$x", "Line 1 of")],
)
def test_a_bad_file_of_users_is_wrong_usage(tmp_path, content, message):
    (tmp_path / "users").write_text(content)

    with pytest.raises(UsageError, match=message) as caught:
        read_users(tmp_path / "users")
    assert "survey-qa password NAME" in str(caught.value)


def test_a_name_with_a_colon_is_wrong_usage(capsys):
    assert main(["password", "a:b"]) == 2
    assert "no name" in capsys.readouterr().err
