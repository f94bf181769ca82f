import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.guard import Guard
from ui.owners import COOKIE, NamedBrowsers, owner_of


async def page(request):
    return PlainTextResponse(owner_of(request.cookies, request.headers))


@pytest.fixture
def client():
    inside = Starlette(routes=[Route("/", page), Route("/other", page)])
    return TestClient(Guard(NamedBrowsers(inside)), base_url="http://localhost")


def test_a_browser_gets_a_name_once_that_no_script_and_no_other_site_can_read(client):
    cookie = client.get("/").headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "set-cookie" not in client.get("/").headers
    assert client.get("/").text == f"browser:{client.cookies[COOKIE]}"


def test_two_browsers_have_two_names(client):
    first = client.get("/").headers["set-cookie"]
    client.cookies.clear()

    assert client.get("/").headers["set-cookie"] != first


def test_only_the_page_gives_names(client):
    assert "set-cookie" not in client.get("/other").headers


@pytest.mark.parametrize(
    "forged", ["", "short", "a" * 65, "../../etc/passwd-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "é" * 40]
)
def test_a_forged_name_owns_nothing(forged):
    assert owner_of({COOKIE: forged}, {}) != owner_of({COOKIE: forged}, {})


def test_a_name_is_marked_secure_where_the_page_comes_over_https():
    client = TestClient(Guard(NamedBrowsers(Starlette(routes=[Route("/", page)]))), base_url="https://localhost")

    assert "Secure" in client.get("/").headers["set-cookie"]
