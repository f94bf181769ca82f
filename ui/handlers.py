"""What the page does when a person asks, stops, clears or opens a source.

Pure functions and one generator over a small frozen state, ``Chat``. Knows no Gradio and no markup; sources are kept by
value, so that they open even after the index has changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Literal, Protocol

from corpus import Document, Passage, SurveyQAError
from corpus.documents import Table
from index.filters import Filter
from rag.answers import Answer, Citation, Message, SupportLabel
from rag.settings import MAX_QUESTION_CHARS
from ui.choices import NO_CHOICE, Choice
from ui.texts import TEXTS, Language

logger = logging.getLogger(__name__)

Outcome = Literal["answering", "answered", "refused", "moderated", "stopped", "failed"]
Verdict = Literal["", "liked", "disliked"]

CONTEXT_CHARS = 700  # of the document shown on either side of a quote: about what fits the panel beside the chat
BYLINE_AUTHORS = 3  # of a paper that are named; the link leads to the others
CONTEXT_ROWS = 4  # of a table, on either side of the quoted row
NEAREST_PASSAGES = 3  # shown under a refusal
MAX_TURNS = 100  # a page that is never cleared must not grow without bound
EVERYTHING = Filter()
STOP_SECONDS = 0.05  # how soon a stop is noticed while a model is silent


Suggest = Callable[[Answer, Sequence[str]], tuple[str, ...]]  # from an answer and what was asked before


class Answerer(Protocol):
    """Whoever answers questions piece by piece; an Assistant does."""

    def stream(
        self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None
    ) -> Iterator[str | Answer]:
        """Yield the text piece by piece, then the Answer, from the documents that the filter lets through."""
        ...


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a quoted table; ``quoted`` is the part of it that the citation quotes."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a document as the panel shows it: the quoted words between what stands before and after them.

    A quote from a table carries the table's ``header`` and the ``rows`` around the quoted one. ``label`` is None where
    nothing was claimed, as for the nearest passages of a refusal. ``byline`` is who wrote the document and when,
    ``remark`` what the document's front matter says of the text itself (that it is a digest, say).
    """

    number: int
    document_id: str
    title: str
    section: str
    quote: str = field(repr=False)
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)
    header: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = field(default=(), repr=False)
    url: str | None = None
    page: int | None = None
    label: SupportLabel | None = None
    byline: str = ""
    remark: str = ""
    author: str = ""  # as the document says it: all names, commas between them
    date: str = ""


@dataclass(frozen=True, slots=True)
class Inside:
    """How an answer came about; lives as long as the page does and is not kept on disk."""

    explanation: Mapping[str, object] = field(repr=False)
    timings_ms: Mapping[str, float]
    reader: str
    index: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what has come back so far. A turn that failed keeps what was written before, and says why in ``error``."""

    question: str
    text: str = ""
    outcome: Outcome = "answering"
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    suggestions: tuple[str, ...] = ()  # questions that lead on
    verdict: Verdict = ""  # what the person thought of the answer
    inside: Inside | None = field(default=None, repr=False, compare=False)

    def source(self, number: int) -> Source | None:
        """Return the source with that number, if there is one."""
        return next((source for source in self.sources if source.number == number), None)


@dataclass(frozen=True, slots=True)
class Chat:
    """Everything that one open page remembers. ``conversation`` is its id on disk; empty before the first question."""

    turns: tuple[Turn, ...] = ()
    language: Language = "en"
    conversation: str = ""
    only: frozenset[str] = frozenset()  # ids of the documents that may answer; empty: all
    within: Filter = EVERYTHING  # kinds, languages and years of the documents that may answer
    choice: Choice = NO_CHOICE

    def filter(self) -> Filter | None:
        """Return what limits the documents that may answer; None for nothing."""
        both = replace(self.within, documents=self.only or None)
        return both if both else None

    def history(self) -> list[Message]:
        """Return the turns that have an answer, as the assistant wants them; what a content check stopped is none."""
        messages: list[Message] = []
        for turn in self.turns:
            if turn.text and turn.outcome != "moderated":
                messages.append({"role": "user", "content": turn.question})
                messages.append({"role": "assistant", "content": turn.text})
        return messages


class Brakes:
    """The stop signals of the pages that are being answered, by the page's name."""

    def __init__(self) -> None:
        self._signals: dict[str, Event] = {}

    @contextmanager
    def armed(self, page: str) -> Iterator[Event]:
        """Give the signal of a page while its answer is being written."""
        signal = self._signals[page] = Event()
        try:
            yield signal
        finally:
            self._signals.pop(page, None)

    def pull(self, page: str) -> None:
        """Stop the answer that is being written for a page, if there is one."""
        signal = self._signals.get(page)
        if signal:
            signal.set()


def ask(
    chat: Chat, question: str, answerer: Answerer, stopped: Event | None = None, suggest: Suggest | None = None
) -> Iterator[Chat]:
    """Yield the chat as the answer grows; the last one holds the finished turn. A blank question changes nothing.

    Setting ``stopped`` ends the turn at once and keeps what was written; so does closing the generator (a closed tab),
    and either ends the answering behind it.
    """
    asked = question.strip()
    if not asked:
        yield chat
        return
    history = chat.history()
    begun = Turn(asked[:MAX_QUESTION_CHARS])
    chat = replace(chat, turns=(*chat.turns, begun)[-MAX_TURNS:])
    yield chat
    asked_before = [turn.question for turn in chat.turns]
    suggesting = (lambda answer: suggest(answer, asked_before)) if suggest else (lambda answer: ())
    limits = chat.filter()
    chosen = {"filter": limits} if limits else {}
    for turn in _answer(
        begun, answerer.stream(asked, history, **chosen), stopped or Event(), chat.language, suggesting
    ):
        yield replace(chat, turns=(*chat.turns[:-1], turn))


def clear(chat: Chat) -> Chat:
    """Return an empty chat in the same language, limited to the same documents, with the same choices."""
    return Chat(language=chat.language, only=chat.only, within=chat.within, choice=chat.choice)


def choose(chat: Chat, choice: Choice) -> Chat:
    """Return the chat with another choice of who answers and from how many passages."""
    return replace(chat, choice=choice)


def limit(chat: Chat, document_id: str) -> Chat:
    """Return the chat limited to one document more, or to one less if it was among them."""
    return replace(chat, only=chat.only ^ {document_id})


def narrow(chat: Chat, within: Filter) -> Chat:
    """Return the chat limited to documents of some kinds, languages and years."""
    return replace(chat, within=replace(within, documents=None))


def widen(chat: Chat) -> Chat:
    """Return the chat without any limit: all documents may answer."""
    return replace(chat, only=frozenset(), within=EVERYTHING)


def reopen(chat: Chat, conversation_id: str, turns: Sequence[Turn]) -> Chat:
    """Return the chat with a kept conversation in the place of the one that was open."""
    return replace(chat, turns=tuple(turns)[-MAX_TURNS:], conversation=conversation_id)


def cut(chat: Chat, place: str) -> Chat:
    """Return the chat without turn ``place`` and all after it, to ask that turn's question again or another one."""
    return replace(chat, turns=chat.turns[: int(place)]) if _is_turn(chat, place) else chat


def judge(chat: Chat, place: str, verdict: Verdict) -> Chat:
    """Return the chat with the verdict on a turn; the same verdict again takes it back."""
    if not _is_turn(chat, place):
        return chat
    at = int(place)
    turn = chat.turns[at]
    judged = replace(turn, verdict="" if turn.verdict == verdict else verdict)
    return replace(chat, turns=(*chat.turns[:at], judged, *chat.turns[at + 1 :]))


def find_turn(chat: Chat, place: str) -> Turn | None:
    """Return the turn at a place, or None for one that does not exist."""
    return chat.turns[int(place)] if _is_turn(chat, place) else None


def find_source(chat: Chat, place: str) -> Source | None:
    """Return the source at ``TURN.NUMBER``, or None for a place that does not exist."""
    turn, _, number = place.partition(".")
    if not (_is_turn(chat, turn) and _is_number(number)):
        return None
    return chat.turns[int(turn)].source(int(number))


def switch_language(chat: Chat, language: Language) -> Chat:
    """Return the chat with the page's own words in another language."""
    return replace(chat, language=language)


def choose_examples(candidates: Sequence[str], answerer: Answerer, *, most: int = 4) -> list[str]:
    """Return the first candidates that the documents answer, so that no example leads into a refusal."""
    chosen: list[str] = []
    for question in candidates:
        if len(chosen) == most:
            break
        try:
            *_, answer = answerer.stream(question)
        except SurveyQAError as error:
            logger.info("No example questions: %s", error)
            return chosen
        if isinstance(answer, Answer) and answer.found:
            chosen.append(question)
    return chosen


def locate(document: Document, start: int, end: int, *, number: int, label: SupportLabel | None = None) -> Source:
    """Return the place ``start`` to ``end`` of a document with what stands around it, within its section or table."""
    section = document.section_at(start)
    low, high = (section.body, section.end) if section and section.body <= start else (0, len(document.text))
    before = document.text[max(low, start - CONTEXT_CHARS) : start]
    after = document.text[end : max(end, min(high, end + CONTEXT_CHARS))]
    table = next((t for t in document.tables if t.start <= start and end <= t.end), None)
    return Source(
        number=number,
        document_id=document.id,
        title=document.title or document.id,
        section=" > ".join(section.path) if section else "",
        quote=document.text[start:end],
        before=_from_line_start(before) if start - CONTEXT_CHARS > low else before.lstrip("\n"),
        after=_to_line_end(after) if end + CONTEXT_CHARS < high else after.rstrip(),
        header=tuple(cell.text for cell in table.header) if table else (),
        rows=_rows_around(table, start, end) if table else (),
        byline=_byline(document),
        author=document.metadata.get("author", ""),
        date=document.metadata.get("date", ""),
        remark=document.metadata.get("note", ""),
        url=document.url,
        label=label,
    )


def _answer(
    turn: Turn,
    events: Iterator[str | Answer],
    stopped: Event,
    language: Language,
    suggest: Callable[[Answer], tuple[str, ...]],
) -> Iterator[Turn]:
    """Yield the turn after each event; a stop and every failure end as a turn that says so."""
    try:
        for event in _until(stopped, events):
            if isinstance(event, Answer):
                turn = _finished(turn, event)
                yield turn
                turn = replace(turn, suggestions=() if event.stopped_by else suggest(event))
                if turn.suggestions:
                    yield turn
            else:
                turn = replace(turn, text=turn.text + event)
                yield turn
        if turn.outcome == "answering":
            yield replace(turn, outcome="stopped")
    except SurveyQAError as error:
        yield replace(turn, outcome="failed", error=str(error))
    except Exception as error:  # the page's outermost frame: the person gets a sentence, the log the rest
        logger.error("Answering failed with %s", type(error).__name__, exc_info=logger.isEnabledFor(logging.DEBUG))
        message = TEXTS[language].failed_unexpectedly.format(kind=type(error).__name__)
        yield replace(turn, outcome="failed", error=message)


def _until(stopped: Event, events: Iterator[str | Answer]) -> Iterator[str | Answer]:
    """Yield the events until stopped. They come from a thread, so that a stop need not wait for a silent model, whose request it ends."""
    from rag.llm.calls import Call, Cancelled

    call = Call()
    arrived: SimpleQueue[str | Answer | Exception | None] = SimpleQueue()
    left = Event()

    def collect() -> None:
        call.adopt()
        try:
            for event in events:
                if left.is_set():
                    break
                arrived.put(event)
            arrived.put(None)
        except Cancelled:
            pass  # nobody reads any more
        except Exception as error:  # noqa: BLE001 it is raised again where the events are read
            arrived.put(error)
        finally:
            close = getattr(events, "close", None)
            if close:
                close()

    Thread(target=collect, daemon=True).start()
    try:
        while not stopped.is_set():
            try:
                event = arrived.get(timeout=STOP_SECONDS)
            except Empty:
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        left.set()
        call.abort()


def _byline(document: Document) -> str:
    """Return who wrote a document, the first of many only, and when."""
    authors = document.metadata.get("author", "").split(", ")
    named = ", ".join(authors[:BYLINE_AUTHORS]) + (" …" if len(authors) > BYLINE_AUTHORS else "")
    return " · ".join(filter(None, [named, document.metadata.get("date", "")]))


def _finished(turn: Turn, answer: Answer) -> Turn:
    sources = tuple(_cited(c, answer) for c in answer.citations) if answer.found else _nearest(answer)
    outcome: Outcome = "answered" if answer.found else "moderated" if answer.stopped_by else "refused"
    inside = Inside(answer.explanation, answer.timings_ms, answer.reader, answer.index)
    return replace(turn, text=answer.text, outcome=outcome, sources=sources, notes=answer.notes, inside=inside)


def _cited(citation: Citation, answer: Answer) -> Source:
    documents = (hit.passage.document for hit in answer.passages)
    document = next((d for d in documents if d.id == citation.document_id), None)
    if document is None or document.text[citation.start : citation.end] != citation.quote:
        place = Source(citation.number, citation.document_id, citation.title, citation.section, citation.quote)
    else:
        place = locate(document, citation.start, citation.end, number=citation.number)
    return replace(
        place,
        title=citation.title or citation.document_id,
        section=citation.section,
        url=citation.url,
        page=citation.page,
        label=citation.label,
    )


def _nearest(answer: Answer) -> tuple[Source, ...]:
    passages: list[Passage] = [hit.passage for hit in answer.passages[:NEAREST_PASSAGES]]
    return tuple(locate(p.document, p.start, p.end, number=n) for n, p in enumerate(passages, 1))


def _rows_around(table: Table, start: int, end: int) -> tuple[tuple[Cell, ...], ...]:
    """Return the quoted rows and those around them; a cell is quoted if it shares characters with the quote."""
    quoted = [n for n, row in enumerate(table.rows) if row.start < end and start < row.end]
    if not quoted:
        return ()
    shown = table.rows[max(0, quoted[0] - CONTEXT_ROWS) : quoted[-1] + CONTEXT_ROWS + 1]
    return tuple(tuple(Cell(cell.text, cell.start < end and start < cell.end) for cell in row.cells) for row in shown)


def _from_line_start(text: str) -> str:
    """Drop the line that was cut at its beginning, unless nothing would be left."""
    _, newline, rest = text.partition("\n")
    return "…" + (rest if newline and rest.strip() else text)


def _to_line_end(text: str) -> str:
    """Drop the line that was cut at its end, unless nothing would be left."""
    kept, newline, _ = text.rpartition("\n")
    return (kept if newline and kept.strip() else text) + "…"


def _is_turn(chat: Chat, place: str) -> bool:
    return _is_number(place) and int(place) < len(chat.turns)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7
