"""The OpenAPI description is true: schemathesis asks whatever it allows and forbids, and looks at every response."""

import threading
import time

import pytest
from hypothesis import HealthCheck, settings

from corpus import Document, split
from index import Index
from rag import Assistant
from ui.documents import Documents
from ui.guard import Guard
from ui.http.answering import Here
from ui.http.api import Api
from ui.http.description import description
from ui.server import ADDED, listen

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis asks: pip install schemathesis")
schema = schemathesis.openapi.from_dict(description())

# A question of blanks, an unknown kind of document, a last message that is not the user's: no schema can forbid these.
BEYOND_A_SCHEMA = [schemathesis.checks.positive_data_acceptance]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Serve a small index, whose documents can be changed but not fetched from the network."""
    import uvicorn

    texts = (f"# Nuts {n}\n\nWalnut-{n}B needs {n} GB of GPU memory.\n" for n in range(1, 30))
    index = Index.build(split([Document.from_text(text, id=f"{n}.md") for n, text in enumerate(texts)]))
    documents = Documents(index, tmp_path_factory.mktemp("uploads"))
    documents.fetch = lambda address: documents.verify()
    app = Guard(Api(Here(Assistant(index)), documents).application(), larger={ADDED: 1_000_000})
    listener = listen("127.0.0.1", 0)
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    thread.join(10)


@schema.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_response_is_as_described(case, address):
    case.call_and_validate(base_url=address, excluded_checks=BEYOND_A_SCHEMA if case.method == "POST" else [])
