"""The tools of ``rag.llm.tools`` over an index, by the very functions that the extractive reader answers with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from corpus.documents import Passage
from corpus.languages import Language, language_of
from index import Index
from index.hits import Hit
from rag.llm.tools import Arguments
from rag.reading import extractive
from rag.reading.drafts import Span
from rag.reading.packing import pack
from rag.refusals import refusing
from rag.settings import DEFAULT_HITS
from rag.understanding.questions import understand

TOOL_CHARS = 3_000  # of passages that one call gives, half of what a question is given
_LOOK_UP: Mapping[Language, str] = {"zh": "{name}的{attribute}是什么?", "en": "What is the {attribute} of {name}?"}
_WHAT_IS: Mapping[Language, str] = {"zh": "{name}是什么?", "en": "What is {name}?"}
_COMPARE: Mapping[Language, str] = {"zh": "比较{names}的{attribute}。", "en": "Compare the {attribute} of {names}."}
_AND: Mapping[Language, str] = {"zh": "和", "en": " and "}


class Toolbox:
    """Runs calls over one index; each gives passages, none where the documents do not say."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def run(self, name: str, arguments: Arguments) -> list[Hit]:
        """Return what a checked call finds, best first."""
        if name == "search":
            return self._found(str(arguments["question"]))
        return self._told(_question(name, arguments))

    def _found(self, asked: str) -> list[Hit]:
        question = understand(asked, self._index)
        return pack(question, self._index.search(question.query.text, DEFAULT_HITS), self._index, budget=TOOL_CHARS)

    def _told(self, asked: str) -> list[Hit]:
        """Return the places that the extractive reader would cite; none where it would refuse."""
        question = understand(asked, self._index)
        hits = self._index.search(question.query.text, DEFAULT_HITS)
        packed = pack(question, hits, self._index)
        draft = extractive.read(question, packed, self._index)
        if refusing.decide(question, packed, draft, self._index).refusal:
            return []
        spans = (span for statement in draft.statements for span in statement.sources)
        return list(_within(spans, packed))


def _question(name: str, arguments: Arguments) -> str:
    """Return a call as the question that it asks."""
    values = {key: value if isinstance(value, str) else "" for key, value in arguments.items()}
    names = arguments.get("names", ())
    language = language_of(" ".join([*values.values(), *names]))
    if name == "compare":
        return _COMPARE[language].format(names=_AND[language].join(names), attribute=values["attribute"])
    return (_LOOK_UP if values.get("attribute") else _WHAT_IS)[language].format(**values)


def _within(spans: Iterator[Span], hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield for each span the passage that holds it, whose context tells what it is about; each once."""
    told: set[tuple[str, int, int]] = set()
    used = 0
    for span in spans:
        holding = (
            hit for hit in hits
            if hit.passage.document_id == span.document.id and hit.passage.start <= span.start and span.end <= hit.passage.end
        )  # fmt: skip
        hit = next(holding, Hit(Passage(span.document, span.start, span.end), 1.0))
        key = (hit.passage.document_id, hit.passage.start, hit.passage.end)
        used += 0 if key in told else hit.passage.end - hit.passage.start
        if key not in told and (used <= TOOL_CHARS or not told):
            told.add(key)
            yield hit
