"""A small document and an assistant that replays a script, for the tests of the doors."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from corpus import Document, Passage
from index import Filter
from index.hits import Hit
from rag.answers import Answer, Citation, Message

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
