"""What belongs to one person: conversations, answers as they are written, uploads, passwords."""

import json
import re

import pytest

QUESTION = "How much memory does Walnut-7B need?"


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/api/ask", "/api/search", "/documents/upload?name=a.md", "/gradio_api/queue/join", "/gradio_api/queue/data?session_hash=x", "/gradio_api/run/predict",
     "/gradio_api/startup-events", "/conversations/x.md", "/metrics", "/v1/models", "/v1/chat/completions", "/mcp", "/theme.css", "/favicon.ico"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_but_the_health_check_answers_without_a_login(users_server, method, path):
    from_nobody = type(users_server.person("ada"))(users_server)

    assert from_nobody.send(method, path, b"{}" if method == "POST" else None)[0] == 401
    assert from_nobody.get("/healthz")[0] == 200


def test_a_forged_header_or_cookie_makes_nobody_a_user(users_server):
    nobody = type(users_server.person("ada"))(users_server)

    assert nobody.get("/config", x_survey_qa_user=b"ada".hex())[0] == 401
    assert nobody.get("/config", cookie="survey_qa_session=ada; survey_qa_browser=" + "a" * 40)[0] == 401
    assert nobody.get("/config", authorization="Basic YWRhOg==")[0] == 401
    assert nobody.get("/config", authorization="Bearer ada")[0] == 401


def test_a_conversation_is_found_by_its_owner_and_nobody_else(users_server):
    ada, bob = users_server.person("ada"), users_server.person("bob")
    told = ada.call("ask", None, QUESTION, "en", "")
    (name,) = set(re.findall(r"value=\\+\"([\w-]{22})\\+\"", told))
    for ending in ("md", "json", "bib"):
        assert ada.get(f"/conversations/{name}.{ending}")[0] == 200
        assert bob.get(f"/conversations/{name}.{ending}")[0] == 404
    for wish in ("open", "delete", "rename"):
        words = ":PWNED" if wish == "rename" else ":"
        bob.call("fulfil", None, f"{wish}:{name}{words}#1", "en")
    status, _, kept = ada.get(f"/conversations/{name}.json")
    assert status == 200
    assert json.loads(kept)["title"] == QUESTION


def test_an_answer_is_read_and_stopped_by_nobody_else_while_it_is_written(users_server):
    ada, eve = users_server.person("ada"), users_server.person("eve")
    assert ada.join("ask", None, QUESTION, "en", "")[0] == 200

    assert eve.events(page=ada.page)[0] == 403
    assert eve.join("stop", page=ada.page)[0] == 403
    assert eve.post("/gradio_api/reset", {"event_id": "x", "session_hash": ada.page})[0] == 403
    assert eve.post("/gradio_api/cancel", {"event_id": "x", "fn_index": 1, "session_hash": ada.page})[0] == 403
    assert eve.get(f"/gradio_api/heartbeat/{ada.page}")[0] == 403
    assert "6 GB" in ada.events()[1]


def test_of_two_browsers_without_login_none_reads_the_others_open_page(open_server):
    one, other = open_server.person(), open_server.person()
    assert one.join("ask", None, QUESTION, "en", "")[0] == 200

    assert other.events(page=one.page)[0] == 403
    assert "6 GB" in one.events()[1]


def test_guessing_passwords_ends_after_a_few_and_says_the_same_for_every_name(users_server):
    guesser = type(users_server.person("ada"))(users_server)
    tries = [guesser.log_in(("ada", "nobody")[n % 2], f"guess {n}") for n in range(30)]

    assert set(tries) == {401, 429}
    assert tries.count(401) <= 10
    assert guesser.log_in("ada") == 429  # the right one too, for a minute
    basic = guesser.get("/config", authorization="Basic YWRhOmd1ZXNz")[0]
    assert basic == 401
    assert guesser.post("/login", b"user=ada&password=" + b"a" * 2_000_000)[0] == 413
