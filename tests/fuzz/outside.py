"""What other programs say and what lies beside an index, fuzzed: model servers, sites of papers, files of the home, links of documents.

Each function makes a target as those of ``targets.py`` are; ``making`` gives it its inputs.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from corpus import Document, split
from corpus.errors import CatalogueError, FetchError, ReadError, SurveyQAError, UsageError
from corpus.models import load_models
from corpus.referring import refer
from corpus.web.fetching import Fetched
from corpus.web.papers import Papers
from index import Index
from index.errors import IndexError_
from rag import Assistant
from rag.errors import LLMError
from rag.exploring import descend, gather_models

making: Any = sys.modules["fuzz_making"]
Target = Callable[[bytes], None]
URL = "http://127.0.0.1:9/v1"  # nobody is asked: the transport is ours

SAID = (
    {"choices": [{"index": 0, "message": {"role": "assistant", "content": "It has 7 billion parameters [1]."}, "finish_reason": "stop"}]},
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "It has 7 billion"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {"content": " parameters [1]."}, "finish_reason": "stop"}], "usage": {"total_tokens": 7}},
    {"error": {"message": "This model's maximum context length is 512 tokens", "type": "invalid_request_error", "code": 400}},
    {"data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2, 0.3]}], "model": "x", "usage": {"prompt_tokens": 1, "total_tokens": 1}},
)  # fmt: skip
CALLS = (
    ("search", {"question": "How large is Walnut-7B?"}), ("look_up", {"name": "Elm", "attribute": "number of parameters"}),
    ("compare", {"names": ["Elm", "Walnut-7B"], "attribute": "parameters"}), ("search", {"query": 7}), ("erase", {}),
)  # fmt: skip
FEED = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:a="http://arxiv.org/schemas/atom"><entry>
<id>http://arxiv.org/abs/2302.13971v2</id><title>On Walnuts</title><summary>We grow them.</summary><published>2023-02-27T17:11:15Z</published>
<updated>2023-03-01T00:00:00Z</updated><author><name>Ann Grove</name></author><category term="cs.CL"/><a:journal_ref>Trees 3</a:journal_ref></entry></feed>"""
NOTES: dict[str, Any] = {
    "notes": [{"id": "YicbFdNTTy", "pdate": 1612137600000, "content": {"title": {"value": "Walnuts"}, "abstract": {"value": "We grow them."}, "authors": {"value": ["A. Grove"]}, "venue": {"value": "ICLR"}}}]
}  # fmt: skip
CATALOGUE = """
[[model]]
name = "Walnut-7B"
aliases = [["Walnut", "trees"]]
organisation = [["Grove", "trees"]]
date = [["2021-03", "trees"]]
parameters = [["7B", "trees"], ["7B to 65B", "trees"]]
weights_open = [["yes", "trees"]]

[[model]]
name = "Hazel"
derived_from = [["Walnut-7B", "trees"]]
"""
SETTINGS = 'timeout_s = 30\n["openai:x"]\ncontext_length = 4096\ntools = "on"\nheaders = { X-Team = "a" }\n'
USERS = (
    "# people\nann:$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$4PFvMQB3wFRxVMH6IWjxnNMdQpGsMxGdMsLjiQ6Hb5w\n"
)


def _changed(values: Any, draw: Any) -> Any:
    """Return a copy of nested lists and objects with some values put elsewhere than they were."""
    made = json.loads(json.dumps(values))
    for _ in range(draw.number(4)):
        at = made
        while isinstance(at, dict | list) and at:
            key = draw.one_of(sorted(at) if isinstance(at, dict) else list(range(len(at))))
            if isinstance(at[key], dict | list) and at[key] and draw.number(4):
                at = at[key]
                continue
            at[key] = draw.one_of((draw.value(), 1 << 70, -1, 1e308, "\ud800", [], {}))
            break
    return made


def replies(index: Index, check_answer: Callable[..., None]) -> Target:
    """Anything that a model's server sends: an answer whose quotes stand in their documents, or an error of ours."""
    import httpx2

    import rag.llm.chat_model as chat_model
    from index.openai_embedder import OpenAIEmbedder

    said: list[tuple[int, dict[str, str], list[bytes]]] = []

    class Bytes(httpx2.SyncByteStream):
        def __init__(self, parts: list[bytes]) -> None:
            self._parts = parts

        def __iter__(self) -> Iterator[bytes]:
            yield from self._parts

    class Transport(httpx2.BaseTransport):
        def __init__(self, **_: object) -> None: ...

        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            status, headers, parts = said.pop(0) if len(said) > 1 else said[0]
            return httpx2.Response(status, headers=headers, stream=Bytes(parts), request=request)

    os.environ |= {"OPENAI_API_KEY": "sk-fuzz-0123456789abcdef", "OPENAI_BASE_URL": URL}
    for variable in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        os.environ[variable] = "false"
    own, httpx2.HTTPTransport = httpx2.HTTPTransport, Transport  # type: ignore[misc, assignment]
    try:
        assistants = []
        for tools in ("off", "on"):
            os.environ["SURVEY_QA_LLM_TOOLS"] = tools
            assistants.append(Assistant.open(index, llm="openai:x", llm_base_url=URL))
        said.append((200, {"content-type": "application/json"}, [json.dumps(SAID[-1]).encode()]))
        embedder = OpenAIEmbedder("x")
    finally:
        httpx2.HTTPTransport = own  # type: ignore[misc]
    for assistant in assistants:
        assert assistant.chat_reader is not None
        assistant.chat_reader.model._backoff_s = 0.0
    chat_model.time = SimpleNamespace(sleep=lambda seconds: None, monotonic=time.monotonic)  # type: ignore[attr-defined]  # nobody waits

    def hear(data: bytes) -> None:
        draw = making.Draw(data)
        embeds = draw.number(6) == 5
        said[:] = [_reply(draw, embeds=embeds) for _ in range(1 + draw.number(3))]
        if embeds:
            with contextlib.suppress(IndexError_):
                assert embedder.embed_query("Walnut").shape == (3,)
                assert embedder.embed_passages(["Walnut", "Hazel"]).shape == (2, 3)
            return
        with contextlib.suppress(LLMError):
            answer = draw.one_of(assistants).ask(
                draw.one_of(("How many parameters does Walnut-7B have?", "核桃模型有多少参数?"))
            )
            check_answer(answer, index)
            assert "sk-fuzz" not in json.dumps(answer.to_dict())

    return hear


def _calling(draw: Any) -> dict[str, Any]:
    """Return an event in which a model calls a tool, its arguments well or badly written."""
    name, arguments = draw.one_of(CALLS)
    written = json.dumps(_changed(arguments, draw))
    function = {"name": name, "arguments": written[: draw.number(len(written))] if draw.number(6) == 5 else written}
    call = {"index": draw.number(3), "id": "a", "type": "function", "function": function}
    return {
        "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": draw.one_of(("tool_calls", None))}]
    }


def _reply(draw: Any, *, embeds: bool) -> tuple[int, dict[str, str], list[bytes]]:
    """Return status, headers and body of a model server's reply, valid or nearly so."""
    streams = not embeds and draw.number(8) < 7
    events = (
        [SAID[-1]]
        if embeds
        else [_calling(draw) if draw.number(3) == 2 else draw.one_of(SAID) for _ in range(1 + draw.number(4))]
    )
    written = [json.dumps(_changed(event, draw) if draw.number(2) else event).encode() for event in events]
    body = b"".join(b"data: %b\n\n" % one for one in written) + b"data: [DONE]\n\n" if streams else written[0]
    if draw.number(4) == 3:
        body = making.mutated(body, draw)
    cut = draw.number(len(body) + 1)
    headers = {"content-type": draw.one_of(("text/event-stream" if streams else "application/json", "text/html", "x"))}
    if draw.number(5) == 4:
        headers["retry-after"] = re.sub(r"[^\x20-\x7e]", "", draw.text(2)) or "1"
    status = draw.one_of((*[200] * 12, 201, 204, 302, 400, 401, 404, 413, 429, 500, 503))
    return status, headers, [body[:cut], body[cut:]]


class _Site:
    """A site that sends the same bytes whatever it is asked."""

    content = b""

    def get(self, url: str, *, robots: bool = True) -> Fetched:
        return Fetched(url, self.content, "application/xml", "")


def papers() -> Target:
    """Anything that arXiv or OpenReview sends, now or before: documents that split, or a reason why not."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-papers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    site = _Site()

    def fetch(data: bytes) -> None:
        draw = making.Draw(data)
        shutil.rmtree(folder, ignore_errors=True)
        notes = json.dumps(_changed(NOTES, draw)).encode()
        seed = notes if draw.number(2) else FEED.encode()
        site.content = making.mutated(seed, draw) if draw.number(3) else seed
        wanted = ["arxiv:2302.13971", "openreview:YicbFdNTTy"]
        asked = Papers(site, folder, sleep=lambda seconds: None)  # type: ignore[arg-type]
        with contextlib.suppress(ReadError, FetchError):
            for document in asked.read(wanted).documents:
                list(split([document]))
        for kept in folder.glob("*.json"):
            kept.write_bytes(making.mutated(kept.read_bytes(), draw))
        with contextlib.suppress(ReadError, FetchError):
            for document in asked.read(wanted).documents:
                list(split([document]))

    return fetch


def settings() -> Target:
    """Any settings, users, keys, catalogues and calibrations: taken whole, or refused with a sentence."""
    from rag.llm.model_settings import SETTINGS_FILE, ModelSettings, read_settings
    from rag.refusals.calibration import Calibration, shipped
    from ui.http.keys import KeyRing
    from ui.http.pacing import Pace
    from ui.login import is_user_name, read_users

    folder = Path(tempfile.mkdtemp(prefix="fuzz-settings-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = folder / "file"
    (folder / "keys.json").touch(0o600)
    (folder / "keys.json").unlink()
    KeyRing(folder / "keys.json").create("ann", ["ask"])
    kept = json.loads((folder / "keys.json").read_text())

    def model_file(draw: Any) -> None:
        place.write_bytes(making.mutated(SETTINGS.encode(), draw))
        found = read_settings(
            "openai:x", {SETTINGS_FILE: str(place), "SURVEY_QA_LLM_TIMEOUT_S": draw.text(1).replace("\0", "")}
        )
        assert isinstance(found, ModelSettings)
        assert 1.0 <= found.timeout_s <= 3600.0
        assert all(value.isprintable() for value in found.headers.values())

    def users(draw: Any) -> None:
        place.write_bytes(making.mutated(USERS.encode(), draw))
        assert all(is_user_name(name) and hashed.startswith("$argon2id$") for name, hashed in read_users(place).items())

    def keys(draw: Any) -> None:
        written = json.dumps(_changed(kept, draw)).encode()
        place.write_bytes(making.mutated(written, draw) if draw.number(2) else written)
        place.chmod(0o600)
        ring = KeyRing(place)
        ring.listed()
        assert ring.find(draw.text(3)) is None

    def catalogue(draw: Any) -> None:
        place.write_bytes(making.mutated(CATALOGUE.encode(), draw))
        for model in load_models(place, sources={"trees"}):
            assert model.names
            list(model.facts())

    def calibration(draw: Any) -> None:
        values = _changed(shipped().to_dict(), draw)
        assert set(Calibration.from_dict(values).weights) == set(shipped().weights)

    def rate(draw: Any) -> None:
        Pace(draw.one_of(("60/minute", "1/second", draw.text(2), f"{draw.number(1 << 20)}/{draw.text(1)}")))

    kinds = (model_file, users, keys, catalogue, calibration, rate)

    def read(data: bytes) -> None:
        draw = making.Draw(data)
        with contextlib.suppress(SurveyQAError, UsageError, CatalogueError, IndexError_):
            draw.one_of(kinds)(draw)

    return read


def kept() -> Target:
    """Whatever stands in the file of conversations: turns that can be drawn and exported; what cannot be read costs that turn only."""
    import sqlite3

    from ui.conversations import Conversations
    from ui.exporting import to_bibtex, to_json, to_markdown
    from ui.handlers import Chat, Source, Turn
    from ui.rendering import render_messages

    folder = Path(tempfile.mkdtemp(prefix="fuzz-kept-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = folder / "conversations.sqlite"
    source = Source(1, "trees.md", "Trees", "Sizes", "7 billion", "It has ", ".", label="supported")
    turn = Turn("How many?", "7 billion [1].", "answered", (source,), ("a note",), "", ("And Hazel?",))
    with contextlib.closing(Conversations(place)) as made:
        id_ = made.save("ann", "", [turn, turn])
    with contextlib.closing(sqlite3.connect(place)) as database:
        (written,) = database.execute("SELECT kept FROM conversations").fetchone()
    whole = json.loads(written)
    opened = Conversations(place)

    def open_(data: bytes) -> None:
        draw = making.Draw(data)
        changed: Any = [whole[0], *_changed(whole[1:], draw)] if draw.number(4) else _changed(whole, draw)
        text = json.dumps(changed, ensure_ascii=draw.number(2) == 0)
        value = (
            making.mutated(text.encode("utf-8", "replace"), draw).decode("utf-8", "replace")
            if draw.number(6) == 0
            else text.encode("utf-8", "replace").decode()
        )
        with contextlib.closing(sqlite3.connect(place)) as database, database:
            database.execute(
                "UPDATE conversations SET kept = ?, title = ?",
                (value, draw.text(2).encode("utf-8", "replace").decode()),
            )
        opened.of("ann", draw.text(2))
        found = opened.read("ann", id_)
        if changed and changed[0] == whole[0] and value == text:
            assert found.turns[0] == turn
        for message in render_messages(Chat(found.turns, language="en")):
            assert message["content"]
        json.loads(to_json(found))
        to_markdown(found)
        to_bibtex(found)

    return open_


class _Shelf:
    """As much of an index as those who gather models ask for; building a whole one each time would take all the time."""

    def __init__(self, documents: list[Document]) -> None:
        self._documents = {document.id: document for document in documents}

    def documents(self) -> list[Document]:
        return list(self._documents.values())

    def document(self, id_: str) -> Document:
        return self._documents[id_]


def _size(descent: Any) -> int:
    return 1 + sum(map(_size, descent.children))


def links(check_passages: Callable[..., None]) -> Target:
    """Documents full of references and tables of models: every link lies in its text, none overlaps, and what stands on them holds."""
    pieces = (
        "# On walnuts\n", "\n\n## References\n\n", "\n[1] Ann Grove and B. Hill. On walnuts. 2019. https://a.org/w.pdf\n", "[2] C. Li, et al. Hazels (2021). arXiv:2302.13971v2\n",
        "Grove & Hill (2019)", "(Li et al., 2021)", "（李等，2021）", "[1]", "[1, 2]", "[1–9]", "[^n]", "\n[^n]: see https://b.org\n", "[text][key]", "\n[key]: <https://c.org/x_(y)>\n", "[a [b] c](https://d.org/(e))",
        "www.e.org/x", "f.io/" + "a/" * 30, "![p](q)", "arXiv: 1706.03762", "https:///g.org", "https://h.org/https://i.org", "\n| Model | Base | Year | Parameters |\n|---|---|---|---|\n", "| Walnut-7B | Hazel | 2021 | 7B |\n",
        "| Hazel | Walnut-7B | 2020 | 3B, 7B |\n", "| Walnut | Walnut | x | |\n", "\n1. Grove, A. (2019). On walnuts.\n", "\n- [3] D. Oak: Bark. http://j.org\n", "\n\n", "，", "。", "\n```\n[1] https://k.org\n```\n", "[" * 40, "(" * 40, "](", "\\[", "et al., 2019; ",
    )  # fmt: skip

    def resolve(data: bytes) -> None:
        draw = making.Draw(data)
        texts = [
            "".join(draw.one_of(pieces) if draw.number(5) else draw.text(2) for _ in range(draw.number(60)))
            for _ in range(2)
        ]
        documents = [Document.from_text(text or "x", id=f"{number}.md") for number, text in enumerate(texts)]
        for document in refer(documents):
            reached = 0
            for link in document.links:
                assert reached <= link.start < link.end <= len(document.text), link
                reached = link.start
            check_passages(document, split([document]))
        models = gather_models(_Shelf(documents))  # type: ignore[arg-type]
        descent = descend(models)
        assert sum(map(_size, (one for found in descent.values() for one in found))) <= len(models)
        assert len({card.name for card in models}) == len(models)

    return resolve
