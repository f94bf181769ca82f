import json

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.guard import Guard
from ui.owners import COOKIE
from ui.sessions import OwnPages

ANN, BEN = ({"cookie": f"{COOKIE}={letter * 40}"} for letter in "ab")
JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data?session_hash=page"


async def echo(request):
    return JSONResponse({"body": (await request.body()).decode()})


@pytest.fixture
def serve():
    def serving(**options):
        routes = [Route("/{path:path}", echo, methods=["GET", "POST"])]
        return TestClient(Guard(OwnPages(Starlette(routes=routes), **options)), base_url="http://localhost")

    return serving


def test_the_first_who_names_a_page_owns_it(serve):
    client = serve()

    assert client.post(JOIN, json={"session_hash": "page"}, headers=ANN).status_code == 200
    assert client.get(DATA, headers=ANN).status_code == 200
    assert client.get(DATA, headers=BEN).status_code == 403
    assert client.get("/gradio_api/heartbeat/page", headers=BEN).status_code == 403
    assert client.post(JOIN, json={"session_hash": "page"}, headers=BEN).json()["error"].startswith("This page belongs")
    assert client.get(DATA).status_code == 403


def test_a_page_of_ones_own_is_not_opened_by_naming_anothers_beside_it(serve):
    client = serve()
    client.get(DATA, headers=ANN)

    assert client.get(f"{DATA}&session_hash=other", headers=BEN).status_code == 403
    assert (
        client.get(f"/gradio_api/queue/data?session_hash=other&{DATA.partition('?')[2]}", headers=BEN).status_code
        == 403
    )


def test_a_body_goes_through_whole(serve):
    body = {"session_hash": "page", "data": ["字" * 1_000]}

    assert json.loads(serve().post(JOIN, json=body, headers=ANN).json()["body"]) == body


@pytest.mark.parametrize("body", [b"[]", b'{"session_hash": 7}', b"7", b""])
def test_a_body_that_names_no_page_is_somebody_elses_matter(serve, body):
    assert serve().post(JOIN, content=body).status_code == 200


def test_the_page_that_was_longest_silent_is_forgotten_first(serve):
    client = serve(most=2)
    for name in ("page", "second", "page", "third"):
        client.get(f"/gradio_api/heartbeat/{name}", headers=ANN)

    assert client.get("/gradio_api/heartbeat/page", headers=BEN).status_code == 403
    assert client.get("/gradio_api/heartbeat/second", headers=BEN).status_code == 200


@pytest.mark.filterwarnings("ignore:unclosed event loop:ResourceWarning")  # Gradio opens one
def test_pages_that_were_opened_and_left_are_forgotten(scripted, answer):
    from gradio.state_holder import StateHolder

    from ui.offered import Offered
    from ui.web import OPEN_PAGES, build_page

    held = StateHolder()
    held.set_blocks(build_page(Offered(scripted(answer), {"zh": (), "en": ()})))
    for number in range(OPEN_PAGES + 10):
        held[f"page{number}"]

    assert len(held.session_data) == OPEN_PAGES
    assert "page0" not in held.session_data
