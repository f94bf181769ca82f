"""What is fuzzed: each target takes bytes and raises for anything that must not happen. ``prepared`` gives one by its name.

An error of ours (ReadError, UsageError, IndexError_, ...) is what is expected of bad input; a foreign one is a finding, and so is an
answer that breaks a promise: a quote that does not stand in its document, a tag that was not drawn by us, a status of 500.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

from corpus import Document, split
from corpus.converting import convert
from corpus.errors import ReadError, SurveyQAError, UsageError
from corpus.formats import FORMATS
from corpus.web.addresses import check as check_address
from corpus.web.addresses import is_public
from index import Filter, Index, snapshots
from index.errors import IndexError_
from rag import Assistant
from rag.answers import Answer
from rag.errors import BadQuestion
from rag.grounding.checking import check
from rag.grounding.citing import resolve_marks

Target = Callable[[bytes], None]
HERE = Path(__file__).resolve().parent


def _beside(path: Path) -> ModuleType:
    """Load a module of the tests, which are no package."""
    name = f"fuzz_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


making = _beside(HERE / "making.py")
outside = _beside(HERE / "outside.py")

SURVEY = """# Trees of models

Walnut-7B was released by Grove in March 2021. It has 7 billion parameters and needs 6 GB of memory [1].

## Sizes

Table 1: Sizes of the models

| Model | Parameters | Licence |
|---|---|---|
| Walnut-7B | 7B | open |
| Hazel-3B | 3B | closed |
| Elm | 175B | Apache 2.0 |

## 训练

核桃模型(Walnut)由某大学于2021年发布,共有1750亿参数,用1.4T词元训练。它支持中文和英文。苍鹭模型不开源。

[1] Walnut: https://example.org/walnut
"""
FOREST = """# A forest of models

Table 2: Descent of the models

| Model | Base | Released by | Year | Parameters | Open | Code |
|---|---|---|---|---|---|---|
| Hazel-3B | | Moss | 2019 | 3B | no | |
| Walnut-7B | Hazel-3B | Grove | 2021 | 7B | yes | https://example.org/walnut |
| Elm | Walnut-7B | Moss | 2022 | 175B | partly | [code](https://example.org/elm) |
| Alder | Elm, Hazel-3B | Grove | 2023 | 13B | yes | see [2] |

## Walnut-7B

Organisation: Grove. Paper: [On walnuts](https://example.org/paper). Pruning is the removal of weights that do little.

## Elm

Elm was released by Moss because Walnut-7B was too small. It costs 900 crowns, 核桃 costs 40 crowns.

## Steps of pruning

1. Rank the weights.
2. Remove those that do little (Grove et al., 2021).
3. Train again.

## References

[2] Alder: wood that floats. https://example.org/alder
"""
OTHER = "# Boats\n\nThe Pelican costs 900 crowns. 鹈鹕用了42天。Its licence forbids commercial use, unlike that of Heron-2.\n"


def prepared(name: str) -> Target:
    """Return one target; what it needs is made now."""
    if name in ("splitter", "rendering", "addresses"):
        return {"splitter": splitter, "rendering": rendering, "addresses": addresses}[name]
    if name in ("replies", "links"):
        return outside.replies(small_index(), check_answer) if name == "replies" else outside.links(check_passages)
    made = {
        "reader": reader, "snapshot": snapshot, "http": http, "question": question, "citing": citing,
        "papers": outside.papers, "settings": outside.settings, "kept": outside.kept,
    }  # fmt: skip
    return made[name]()


def small_index() -> Index:
    texts = {"trees.md": SURVEY, "boats.md": OTHER, "forest.md": FOREST}
    documents = [Document.from_text(text, id=name) for name, text in texts.items()]
    return Index.build(split(documents))


def reader() -> Target:
    """Every format: a file that programs write, with a few things wrong."""
    writers = _beside(HERE.parent / "corpus" / "writers.py")
    with tempfile.TemporaryDirectory() as folder:
        files = writers.write_all(Path(folder))
        # The smallest file of each kind: what matters is how it is made, and small ones are read more often.
        seeds = {path.suffix: path.read_bytes() for path in sorted(files, key=lambda path: -path.stat().st_size)}
    endings = sorted(FORMATS)

    def read(data: bytes) -> None:
        draw = making.Draw(data)
        ending = draw.one_of(endings)
        seed = seeds.get(ending) or seeds.get(draw.one_of(sorted(seeds)), b"")
        content = draw.raw(draw.left) if draw.number(8) == 0 else making.mutated(seed, draw)
        try:
            documents = convert(content, "file" + ending, ending).documents
        except ReadError:
            return
        except Exception:
            if FORMATS[ending].isolated:  # the process that parses makes it this file's reason
                return
            raise
        for document in documents:
            check_passages(document, split([document]))

    return read


def splitter(data: bytes) -> None:
    """Any text: parsing it again changes nothing, and its passages hold all of it once."""
    draw = making.Draw(data)
    size = 16 + draw.number(240)
    document = Document.from_text(draw.text(120), id="a")
    again = Document.from_text(document.text, id="a")
    assert (again.text, again.sections, again.tables) == (document.text, document.sections, document.tables)
    check_passages(document, split([document], max_tokens=size))


def check_passages(document: Document, passages: Iterable[Any]) -> None:
    reached = 0
    for passage in passages:
        assert passage.text == document.text[passage.start : passage.end] == passage.text.strip() != ""
        assert passage.start >= reached
        assert not document.text[reached : passage.start].strip()
        reached = passage.end
    assert not document.text[reached:].strip()


def snapshot() -> Target:
    """An index whose files were rewritten, checksums included, is refused by us or harmless."""
    root = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None, prefix="fuzz-snapshot-"))
    made = root / "made"
    index = small_index()
    index.save(made)
    index.add([Document.from_text("The kiln is hot. 火山喷发。Kiln(窑)是一个模型。", id="kiln")])
    index.remove(["boats.md"])
    import atexit

    atexit.register(shutil.rmtree, root, ignore_errors=True)

    def open_(data: bytes) -> None:
        draw = making.Draw(data)
        directory = root / "index"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(made, directory)
        damage(directory, draw)
        with contextlib.suppress(IndexError_):
            use(Index.open(directory))

    return open_


def damage(directory: Path, draw: Any) -> None:
    """Rewrite the pointer, the manifest or a file of the newest snapshot; but for the pointer all checksums are made to fit."""
    if draw.number(12) == 0:
        pointer = directory / "CURRENT"
        pointer.write_bytes(making.mutated(pointer.read_bytes(), draw))
        return
    folder = directory / "snapshots" / snapshots.names(directory)[-1]
    manifest = json.loads((folder / "manifest.json").read_bytes())
    name = draw.one_of(sorted([*manifest["files"], "manifest.json"]))
    if name == "manifest.json":
        change(manifest, draw)
    else:
        path = folder / name
        content = (
            rewritten(path, draw)
            if path.suffix == ".sqlite" and draw.number(4)
            else making.mutated(path.read_bytes(), draw)
        )
        path.unlink()  # snapshots share large files
        path.write_bytes(content)
        manifest["files"][name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    encoded = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(encoded)
    checksum = hashlib.sha256(encoded).hexdigest()
    new = folder.rename(folder.with_name(folder.name[:9] + checksum[:8]))
    for other in (directory / "snapshots").iterdir():
        if other != new:
            shutil.rmtree(other)  # nothing to fall back on
    pointer = {"format": snapshots.FORMAT, "snapshot": new.name, "manifest_sha256": checksum}
    (directory / "CURRENT").write_text(json.dumps(pointer))


def change(values: Any, draw: Any) -> None:
    """Put another value somewhere into nested lists and objects."""
    while True:
        keys = sorted(values) if isinstance(values, dict) else list(range(len(values)))
        if not keys:
            return
        key = draw.one_of(keys)
        if isinstance(values[key], dict | list) and values[key] and draw.number(4):
            values = values[key]
            continue
        values[key] = draw.value()
        return


def rewritten(path: Path, draw: Any) -> bytes:
    """Return a database with a value in a row, a row less, or another object."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(path.read_bytes())
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOTNULL")
        ]
        table = draw.one_of(sorted(tables))
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        column = draw.one_of(columns)
        value = draw.one_of(
            (None, -1, 0, 1 << 62, 0.5, draw.text(6).encode("utf-8", "replace"), json.dumps(draw.value()), "", b"\xff")
        )
        statement = draw.one_of(
            (
                f"UPDATE {table} SET {column} = ?1",
                f"UPDATE {table} SET {column} = ?1 WHERE rowid = (SELECT max(rowid) FROM {table})",
                f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table}) AND ?1 IS ?1",
            )
        )
        with contextlib.suppress(sqlite3.Error):
            connection.execute(statement, (value,))
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def use(index: Index) -> None:
    """Do everything that reads."""
    for text in ("How many parameters does Walnut-7B have?", "核桃模型有多少参数", "kiln"):
        for hit in index.search(text, 5, vector_weight=0.5):
            assert hit.passage.text == hit.passage.document.text[hit.passage.start : hit.passage.end]
        Assistant(index).ask(text)
    for info in index.documents():
        index.document(info.id)
        index.passages_of(info.id)
    index.aliases()
    index.info()
    index.folders()


def http() -> Target:
    """Any request whose head a server lets through: never a status of 500, and always JSON from our own routes."""
    from ui.documents import Documents
    from ui.server import create_app

    index = small_index()
    home = Path(tempfile.mkdtemp(prefix="fuzz-http-"))
    documents = Documents(index, home / "uploads", writable=False)
    app = create_app(Assistant(index), home=home, documents=documents)
    loop = asyncio.new_event_loop()
    begin(app, loop)
    paths = sorted(PATHS)

    def request(data: bytes) -> None:
        draw = making.Draw(data)
        path = (
            draw.one_of(("/api/ask", "/api/search", "/v1/chat/completions", "/mcp"))
            if draw.number(2)
            else draw.one_of(paths)
        )
        body = body_of(draw, path)
        head = [
            (b"host", b"localhost"),
            (b"accept", b"application/json, text/event-stream"),
            (
                b"content-type",
                draw.one_of((*[b"application/json"] * 6, b"text/plain", b"multipart/form-data; boundary=x")),
            ),
        ]
        if draw.number(6) == 5:
            head.append(
                (draw.one_of((b"cookie", b"authorization", b"accept-language", b"content-length")), draw.raw(40))
            )
        query = draw.raw(draw.number(30)) if draw.number(6) == 5 else b""
        method = "POST" if draw.number(8) < 7 else draw.one_of(("GET", "PUT", "DELETE", "HEAD", "OPTIONS"))
        status, reply = loop.run_until_complete(_called(app, method, path, query, head, body))
        assert status != 500 or path.startswith("/gradio_api/"), reply[
            :300
        ]  # Gradio's own answer to what its page never sends
        if path.startswith(("/api/", "/v1/")) and method == "POST" and status >= 400:
            assert json.loads(reply)["error"]

    return request


def begin(app: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Have an application open what is open while it serves, as a server does."""
    told = asyncio.Queue[str]()

    async def receive() -> dict[str, str]:
        if told.empty():
            return {"type": "lifespan.startup"}
        await asyncio.Event().wait()  # until the process ends
        return {"type": "lifespan.shutdown"}

    async def send(event: Any) -> None:
        told.put_nowait(event["type"])

    async def started() -> str:
        begin.task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send))  # type: ignore[attr-defined]
        while told.empty():
            await asyncio.sleep(0.01)
        return await told.get()

    assert loop.run_until_complete(started()) == "lifespan.startup.complete"


PATHS = (
    "/api/ask", "/api/search", "/api/documents", "/api/documents/upload", "/api/jobs", "/api/jobs/1", "/api/documents/x/text", "/v1/chat/completions", "/v1/models", "/v1/models/x", "/mcp",
    "/documents/upload", "/login", "/gradio_api/queue/join", "/gradio_api/run/predict", "/conversations/x.md", "/metrics",
)  # fmt: skip


def body_of(draw: Any, path: str) -> bytes:
    """Return a body: fields that are known, with values of any kind, or bytes."""
    if draw.number(6) == 5:
        return draw.raw(draw.left)
    if path == "/mcp" and draw.number(4) < 3:
        return call_of(draw)
    roles = ("user", "assistant", "system", "tool", "")
    fields: dict[str, object] = {}
    names = (
        "question",
        "history",
        "k",
        "documents",
        "kinds",
        "languages",
        "years",
        "model",
        "messages",
        "stream",
        "temperature",
        "max_tokens",
        "user",
        "password",
        "stream_options",
        "n",
        "tools",
    )
    for _ in range(max(draw.number(8) - 3, 0)):
        name = draw.one_of(names)
        fields[name] = draw.text(30) if draw.number(2) else draw.value()
        if name in ("history", "messages") and draw.number(3):
            fields[name] = [
                {"role": draw.one_of(roles), "content": draw.text(10) if draw.number(4) else draw.value()}
                for _ in range(draw.number(5))
            ]
    if draw.number(3):
        fields |= {
            "question": draw.question(),
            "messages": [{"role": "user", "content": draw.question()}],
            "model": "survey-qa",
        }
        fields["stream"] = draw.number(3) == 2
    body = json.dumps(fields).encode()
    return making.mutated(body, draw) if draw.number(6) == 5 else body


def call_of(draw: Any) -> bytes:
    """Return a message to the tools for models, with a value of it exchanged now and then."""
    arguments = {"question": draw.question(), "k": draw.number(30)}
    method = draw.one_of(
        ("tools/call", "tools/call", "tools/list", "initialize", "ping", "notifications/initialized", draw.text(1))
    )
    params: Any = {"name": draw.one_of(("ask", "search", draw.text(1))), "arguments": arguments}
    if method == "initialize":
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "1"}}
    message: Any = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    if draw.number(2):
        change(message, draw)
    return json.dumps(message if draw.number(8) else [message, message]).encode()


async def _called(
    app: Any, method: str, path: str, query: bytes, head: list[tuple[bytes, bytes]], body: bytes
) -> tuple[int, bytes]:
    sent: list[Any] = []
    events = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, object]:
        if events:
            return events.pop()
        await asyncio.sleep(60)  # a client that waits for its answer, longer than the fuzzer does
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query, "headers": head,
        "client": ("127.0.0.1", 1), "server": ("localhost", 80), "scheme": "http", "root_path": "", "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent[1:])


def question() -> Target:
    """Any question with any history: an answer whose quotes stand in their documents, or a sentence why not."""
    index = small_index()
    assistant = Assistant(index)

    def ask(data: bytes) -> None:
        draw = making.Draw(data)
        history: Any = [
            {"role": ("user", "assistant")[n % 2], "content": draw.question() if draw.number(2) else draw.text(8)}
            for n in range(2 * draw.number(3))
        ]
        fields = {
            name: draw.one_of((["md"], "2021..", draw.value(1))) for name in ("kinds", "years") if draw.number(10) == 9
        }
        try:
            asked = draw.question() if draw.number(4) else draw.text(40)
            answer = assistant.ask(asked, history, filter=Filter.of_fields(fields))
        except (BadQuestion, UsageError):
            return
        check_answer(answer, index)

    return ask


def check_answer(answer: Answer, index: Index) -> None:
    assert answer.text.strip()
    json.dumps(answer.to_dict())
    for citation in answer.citations:
        assert index.document(citation.document_id).text[citation.start : citation.end] == citation.quote
        assert f"[{citation.number}]" in answer.text


def citing() -> Target:
    """What a model writes: its marks become citations of exact words, or go; a check ends and gives a share."""
    index = small_index()
    hits = index.search("Walnut-7B parameters 训练", 6)

    def cite(data: bytes) -> None:
        draw = making.Draw(data)
        text, citations, _ = resolve_marks(draw.text(40), hits)
        numbers = {citation.number for citation in citations}
        for citation in citations:
            assert index.document(citation.document_id).text[citation.start : citation.end] == citation.quote
        assert all(f"[{number}]" in text for number in numbers)
        found = check(draw.text(12), draw.one_of((hits[0].passage.text, draw.text(30))))
        assert 0.0 <= found.support <= 1.0

    return cite


class _Tags(HTMLParser):
    """The tags that a browser would see."""

    known = frozenset(
        {
            "a", "br", "button", "code", "div", "em", "footer", "h1", "h2", "header", "i", "li", "mark", "ol", "p", "pre", "section",
            "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul", "details", "summary",
        }
    )  # fmt: skip

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in self.known, tag
        for name, value in attrs:
            assert name in ("class", "href", "target", "rel", "type", "value", "title", "role", "aria-label"), (
                tag,
                name,
            )
            if name == "href":
                assert re.match(r"https?://[^\s/@]+(/|\?|#|$)", value), value
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def rendering(data: bytes) -> None:
    """Any words of a document or a model: what is drawn has no tag, attribute or address of theirs."""
    from ui.conversations import Conversation
    from ui.exporting import to_bibtex, to_json, to_markdown
    from ui.handlers import Cell, Chat, Source, Turn
    from ui.rendering import render_messages, render_source

    draw = making.Draw(data)
    source = Source(
        number=1, document_id=draw.text(3), title=draw.text(5), section=draw.text(4), quote=draw.text(12), before=draw.text(8),
        after=draw.text(8), header=(draw.text(2), "b"), rows=((Cell(draw.text(3), quoted=True), Cell(draw.text(2))),) * draw.number(2),
        url=draw.one_of((None, draw.text(4), "https://" + draw.text(4))), label="supported", byline=draw.text(3), remark=draw.text(3),
        author=draw.text(3), date=draw.text(2),
    )  # fmt: skip
    turn = Turn(draw.text(12), draw.text(60), draw.one_of(("answered", "refused", "failed", "stopped")), (source,), (draw.text(5),), draw.text(6), (draw.text(4),))  # fmt: skip
    for message in render_messages(Chat((turn,), language=draw.one_of(("zh", "en")))):
        _Tags(message["content"])
    _Tags(render_source(source, "en"))
    conversation = Conversation("id", draw.text(4), (turn,))
    json.loads(to_json(conversation))
    to_markdown(conversation)
    bib = to_bibtex(conversation)
    assert bib.replace("\\{", "").replace("\\}", "").count("{") == bib.replace("\\{", "").replace("\\}", "").count("}")


def addresses(data: bytes) -> None:
    """Any address: it is refused with a reason, or every place that would be asked is public."""
    draw = making.Draw(data)
    parts = (
        "http://", "https://", "HTTP://", "//", "\\\\", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[::127.0.0.1]", "0", "localhost", "169.254.169.254",
        "example.org", "@", ":", ":80", "/", "?", "#", "%00", "%2e", "。", "①②⑦.⓪.0.1", "a:b@", "\t", "\n", " ", ".", "xn--", "file://", "..", "[fe80::1%25eth0]", "10.0.0.1", "[2002:7f00:1::]",
    )  # fmt: skip
    url = "".join(draw.one_of(parts) if draw.number(3) else draw.text(1) for _ in range(1 + draw.number(8)))
    place = draw.one_of(
        (
            "93.184.216.34",
            "127.0.0.1",
            "10.1.2.3",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "fe80::1",
            "2001:db8::1",
            draw.text(1),
        )
    )
    try:
        target = check_address(url, resolve=lambda host, port: [place])
    except SurveyQAError:
        return
    assert target.scheme in ("http", "https")
    assert target.host
    assert all(is_public(one) for one in target.places)
    assert not re.search(r"[\x00-\x20\x7f/\\@?#]", target.host)
    assert not re.search(r"[\x00-\x20]", target.path)
