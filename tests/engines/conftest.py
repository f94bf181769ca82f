"""One index, and the engines that it is held in: this process, PostgreSQL with pgvector, milvus-lite, and Milvus 2.3.5."""

import importlib.util
import itertools
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from corpus import Document, load_library, split
from index import Index


def load(name):
    spec = importlib.util.spec_from_file_location(f"engines_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


servers = load("servers")
KINDS = {"postgres": servers.Postgres, "milvus-lite": servers.MilvusLite, "milvus": servers.Milvus}
ON_EVERY_ENGINE = {
    "test_after_adding_changing_and_removing_it_finds_what_an_index_of_this_process_finds",
    "test_pushing_the_same_again_does_nothing_and_another_index_replaces_it_in_one_step",
}
_names = itertools.count()


@pytest.fixture(scope="session")
def documents():
    """Papers in English, surveys in Chinese, and one document of years long past."""
    library = list(load_library())
    chosen = [d for d in library if d.kind != "paper"][:2] + [d for d in library if d.kind == "paper"][:20]
    tides = Document.from_text(
        "# Tides\n\nThe tide rises twice a day because of the moon. The almanac of the pier tells when.",
        id='tides" or number >= 0 or "', metadata={"date": "1903-05-01"},
    )  # fmt: skip
    return [*chosen, tides]


@pytest.fixture(scope="session")
def embedded(documents):
    """The index in this process."""
    return Index.build(split(documents), folders={"/papers": {d.id: d.id for d in documents[:2]}})


@pytest.fixture(scope="session")
def start():
    """Return a function that starts a server of a kind, or skips; all are killed at the end.

    Their folders are not pytest's, which other users, such as that of PostgreSQL, cannot reach.
    """
    started = []

    def start(kind):
        if reason := servers.missing(KINDS[kind]):
            pytest.skip(reason)
        server = KINDS[kind](Path(tempfile.mkdtemp(prefix="survey-qa-")))
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        if server.process:
            server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def running(start):
    """Return a function that gives the one server of a kind that all tests share."""
    there = {}

    def running(kind):
        if kind not in there:
            there[kind] = start(kind)
        return there[kind]

    return running


def pytest_generate_tests(metafunc):
    """Tests that change an index run on Milvus 2.3.5 only where they are of its own doing: there each push takes long."""
    if "server" in metafunc.fixturenames:
        slow = "url" in metafunc.fixturenames and metafunc.function.__name__ not in ON_EVERY_ENGINE
        kinds = [kind for kind in KINDS if not (slow and kind == "milvus")]
        metafunc.parametrize("server", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request, running):
    return running(request.param)


@pytest.fixture
def url(server):
    """The address of an index that is not there yet."""
    return server.url(f"index{next(_names)}")


@pytest.fixture
def pushed(embedded, url):
    """The index in an engine, opened."""
    embedded.push(url)
    return Index.open(url)


@pytest.fixture(scope="session")
def pushed_once(embedded):
    """Return a function that gives the address of an index of a name, which is pushed when it is first asked for."""
    there = {}

    def pushed(server, name):
        url = server.url(name)
        if url not in there:
            there[url] = embedded.push(url)
        return url

    return pushed


@pytest.fixture
def opened(server, pushed_once):
    """An index in an engine that nobody changes, opened."""
    return Index.open(pushed_once(server, "shared"))


@pytest.fixture
def changing(server, pushed_once):
    """An index in an engine that several tests change, opened."""
    return Index.open(pushed_once(server, "changing"))


@pytest.fixture
def found(server):
    """Return a function that tells what an index finds, as far as the engine can: places and scores."""

    def found(index, question, **options):
        if not server.has_words:
            options |= {"vector_weight": 1.0}
        hits = index.search(question, 10, **options)
        return [(round(hit.score, 4), hit.passage.document_id, hit.passage.start) for hit in hits]

    return found
