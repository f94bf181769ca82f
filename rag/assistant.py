"""Assistant and Conversation: a question goes in, an Answer comes out.

This is the story of an answer told once, stage by stage; each stage lives in its own module. Safe to use from several
threads: an Assistant holds no state that an answer changes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import UsageError
from index import Index
from index.laps import Lap, note
from rag import tracing
from rag.answers import Answer, Message
from rag.errors import AnswerError, BadQuestion, LLMError
from rag.explaining import Explanation, Stages
from rag.grounding.citing import compose
from rag.opening import open_index
from rag.reading import extractive
from rag.reading.packing import pack
from rag.refreshing import Progress
from rag.refusals import refusing
from rag.settings import (
    DEFAULT_HITS,
    EVIDENCE_CHARS,
    MAX_HISTORY_TURNS,
    MAX_QUESTION_CHARS,
    UNDERSTOOD_CHARS,
    UNDERSTOOD_TURN_CHARS,
)
from rag.understanding.following import stand_alone
from rag.understanding.questions import Question, understand

if TYPE_CHECKING:
    from index.filters import Filter
    from index.hits import Hit
    from rag.llm.calls import Deadline
    from rag.llm.chat import ChatReader
    from rag.llm.feeding import Feed
    from rag.llm.moderating import Guard, Moderation
    from rag.llm.tools import Tools

logger = logging.getLogger(__name__)

EXTRACTIVE = "extractive"


class Assistant:
    """Answers questions from one index, with or without a language model."""

    def __init__(
        self,
        index: Index,
        reader: ChatReader | None = None,
        *,
        fallback: ChatReader | None = None,
        guard: Guard | None = None,
        k: int = DEFAULT_HITS,
    ) -> None:
        if k < 1:
            raise UsageError(f"k is {k}; an answer needs at least 1 passage to choose from. Give -k 1 or more.")
        self.index = index
        self._reader = reader
        self._fallback = fallback
        self._guard = guard
        self._k = k

    def __repr__(self) -> str:
        return f"Assistant({self.index!r}, reader {self.reader!r}, k={self._k})"

    @classmethod
    def open(
        cls,
        index: Index | Path | str | None = None,
        *,
        home: Path | str | None = None,
        llm: str = EXTRACTIVE,
        llm_base_url: str | None = None,
        llm_fallback: str = EXTRACTIVE,
        moderation: Moderation | str | None = None,
        embedder: str | None = None,
        k: int = DEFAULT_HITS,
        progress: Progress | None = None,
    ) -> Assistant:
        """Open an assistant over an index: an Index, a directory, or by default the shipped library's.

        The default index is built on its first use (a few seconds; ``progress(stage, done, total)`` tells how far).
        ``k`` is how many passages the search hands on for each question. ``llm_fallback`` answers where ``llm`` fails; the
        extractive reader is always the last. ``moderation`` checks questions and answers (``rag.llm.moderating``).

        Raises:
            IndexNotFound: The directory holds no index.
            IndexMismatch: The index was made with another embedder.
            LLMError: The model cannot be used as named (unknown SPEC, missing package or key).
            UsageError: ``llm_base_url`` or ``llm_fallback`` is given without a model, the moderation's policy is missing
                or cannot be read, or k is below 1.
        """
        reader, fallback = _open_reader(llm, llm_base_url), _open_fallback(llm_fallback, llm)
        guard = _open_guard(moderation)
        if not isinstance(index, Index):
            index = open_index(index, home=home, embedder=embedder, progress=progress)
        return cls(index, reader, fallback=fallback, guard=guard, k=k)

    @classmethod
    def from_folder(
        cls,
        folder: Path | str,
        *,
        home: Path | str | None = None,
        llm: str = EXTRACTIVE,
        llm_base_url: str | None = None,
        llm_fallback: str = EXTRACTIVE,
        moderation: Moderation | str | None = None,
        embedder: str = "builtin",
        k: int = DEFAULT_HITS,
        progress: Progress | None = None,
    ) -> Assistant:
        """Read a folder, index it (kept under the home, used again while nothing changes), and open an assistant over it.

        Raises:
            UsageError: There is no such folder, or nothing in it can be read.
        """
        from rag.build import index_folder

        reader, fallback = _open_reader(llm, llm_base_url), _open_fallback(llm_fallback, llm)
        guard = _open_guard(moderation)
        index = index_folder(folder, home=home, embedder=embedder, progress=progress)
        return cls(index, reader, fallback=fallback, guard=guard, k=k)

    @property
    def reader(self) -> str:
        """The SPEC of the language model, or ``extractive``."""
        return self._reader.spec if self._reader else EXTRACTIVE

    @property
    def chat_reader(self) -> ChatReader | None:
        """Who writes answers with a language model; None where none does."""
        return self._reader

    @property
    def moderated(self) -> bool:
        """Whether somebody checks questions and answers."""
        return self._guard is not None

    def adjusted(self, *, k: int | None = None, reader: ChatReader | str | None = None) -> Assistant:
        """Return an assistant over the same index with another number of passages or another reader.

        ``reader`` may be "extractive" for none; what is not given stays as it is.
        """
        chosen = self._reader if reader is None else None if isinstance(reader, str) else reader
        return self._over(self.index, chosen, self._k if k is None else k)

    def ask(self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None) -> Answer:
        """Answer a question; earlier turns in ``history`` give a follow-up its meaning.

        ``filter`` says which documents may answer: ``Filter.of(kinds=["paper"], years="2021..2023")``.

        Raises:
            BadQuestion: The question is empty, too long, or not text.
            UsageError: The filter names a document, a kind, a language or years that the index does not have.
        """
        *_, answer = self.stream(question, history, filter=filter)
        assert isinstance(answer, Answer)  # noqa: S101 what stream promises
        return answer

    def stream(
        self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None
    ) -> Iterator[str | Answer]:
        """Yield the answer's text piece by piece, then the finished Answer.

        The pieces are what a person may read meanwhile; the Answer's text is checked and has the final marks. The whole
        answer comes from the snapshot that is current when it begins. With moderation the pieces are empty until the whole
        text has passed, and those of what is stopped remain so.
        """
        index = self.index.narrowed(filter) if filter else self.index.pinned()
        assistant = self._over(index, self._reader, self._k)
        events = (assistant._moderated if self._guard else assistant._answered)(question, history)
        yield from tracing.answer(question, events) if tracing.is_on() else events

    def _fed(self, feed: Feed) -> Assistant:
        """Return an assistant whose models' replies come through a feed."""
        reader, fallback = self._reader, self._fallback
        reader, fallback = reader and reader.fed(feed), fallback and fallback.fed(feed)
        return Assistant(self.index, reader, fallback=fallback, guard=self._guard, k=self._k)

    def _over(self, index: Index, reader: ChatReader | None, k: int) -> Assistant:
        """Return an assistant over an index with the same fallback and the same guard."""
        return Assistant(index, reader, fallback=self._fallback, guard=self._guard, k=k)

    def _moderated(self, question: str, history: Sequence[Message]) -> Iterator[str | Answer]:
        """Answer as ``_answered`` does, but show nothing that has not passed, and read nothing that has not."""
        assert self._guard is not None  # noqa: S101 who calls has looked
        from rag.llm.moderating import stopped_answer

        asked, snapshot = _checked(question), self.index.snapshot
        before = self._guard.question(asked, _checked_history(history))
        if before.stopped:
            yield stopped_answer(asked, "question", self._guard, before, index=snapshot)
            return
        answer = None
        for event in self._answered(question, history):
            if isinstance(event, Answer):
                answer = event
            else:
                yield ""  # nothing to read, but a moment at which whoever reads can stop
        assert answer is not None  # noqa: S101 what _answered promises
        after = self._guard.answer(answer)
        if after.stopped:
            yield stopped_answer(asked, "answer", self._guard, after, index=snapshot)
            return
        yield answer.text
        yield replace(answer, notes=(*answer.notes, *filter(None, (before.note, after.note))))

    def _answered(self, question: str, history: Sequence[Message]) -> Iterator[str | Answer]:
        asked = _checked(question)
        turns = _checked_history(history)
        watch = _Stopwatch()
        deadline = self._reader.deadline() if self._reader else None
        alone = yield from self._stand_alone(asked, turns, deadline)
        understood = understand(_gist(alone), self.index)
        watch.lap("understand")
        hits = self.index.search(understood.query.text, self._k)
        watch.lap("search")
        packed = pack(understood, hits, self.index, budget=EVIDENCE_CHARS)
        watch.lap("pack")
        if self._reader is None:
            yield from self._extract(asked, alone, understood, hits, packed, watch)
        else:
            yield from self._chat(self._reader, asked, alone, understood, hits, packed, turns, watch, deadline)

    async def aask(self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None) -> Answer:
        """Answer a question without blocking the event loop."""
        events = [event async for event in self.astream(question, history, filter=filter)]
        assert isinstance(events[-1], Answer)  # noqa: S101 what astream promises
        return events[-1]

    async def astream(
        self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None
    ) -> AsyncIterator[str | Answer]:
        """Yield as ``stream`` does, without blocking the event loop; cancelling or closing this ends the model's request.

        Models are waited for on the loop where their library can do that, otherwise in a thread of their own; so is a content
        check. What we do between a model's pieces runs in the loop's pool of threads.
        """
        if self._guard:
            from rag.llm.calls import run_on_loop

            async with aclosing(run_on_loop(lambda: self.stream(question, history, filter=filter))) as checked:
                async for passed in checked:
                    yield passed
            return
        from asyncio import to_thread

        from rag.llm.feeding import Feed

        feed, end = Feed(), object()
        events = self._fed(feed).stream(question, history, filter=filter)
        try:
            while (event := await to_thread(next, events, end)) is not end:
                assert isinstance(event, str | Answer)  # noqa: S101 only the sentinel is anything else
                if feed.waiting:
                    await feed.fill()
                else:
                    yield event
        finally:
            await feed.aclose()

    def search(self, question: str, k: int = 10, *, filter: Filter | None = None) -> list[Hit]:
        """Return the k passages that match best, best first, of the documents that a filter lets through."""
        return self.index.search(_checked(question), k, filter=filter)

    def conversation(self) -> Conversation:
        """Start a conversation, which keeps its history."""
        return Conversation(self)

    def _stand_alone(
        self, asked: str, turns: Sequence[Message], deadline: Deadline | None
    ) -> Generator[str, None, str]:
        """Fold a follow-up's history into it: by the model where there is one, by rules where there is none or it fails."""
        if self._reader and deadline and turns:
            try:
                return (yield from self._reader.stand_alone(asked, turns, deadline))
            except LLMError as error:
                logger.info("The follow-up is folded by rules: %s", error)
        gists: list[Message] = [{**turn, "content": turn["content"][:UNDERSTOOD_TURN_CHARS]} for turn in turns]
        return asked if len(asked) > UNDERSTOOD_CHARS else stand_alone(asked, gists, self.index)

    def _extract(
        self,
        asked: str,
        alone: str,
        question: Question,
        hits: list[Hit],
        packed: list[Hit],
        watch: _Stopwatch,
        notes: tuple[str, ...] = (),
    ) -> Iterator[str | Answer]:
        draft = extractive.read(question, packed, self.index)
        watch.lap("read")
        decision = refusing.decide(question, packed, draft, self.index)
        refusal = decision.refusal
        text, citations = compose(draft) if refusal is None else (refusing.refusal_text(refusal, question), ())
        watch.lap("cite")
        yield text
        yield Answer(
            question=asked,
            text=text,
            found=refusal is None,
            citations=citations,
            passages=tuple(packed),
            standalone_question=alone,
            reader=EXTRACTIVE,
            index=self.index.snapshot,
            timings_ms=watch.laps,
            explanation=Explanation(Stages(question, hits, packed, EVIDENCE_CHARS, citations, decision)),
            notes=notes + draft.notes + ((refusing.searched(question, self.index),) if refusal else ()),
        )

    def _chat(
        self,
        reader: ChatReader,
        asked: str,
        alone: str,
        question: Question,
        hits: list[Hit],
        packed: list[Hit],
        history: Sequence[Message],
        watch: _Stopwatch,
        deadline: Deadline | None,
    ) -> Iterator[str | Answer]:
        draft, failed = None, []
        tools = _tools((reader, self._fallback), self.index)
        for writing in filter(None, (reader, self._fallback)):
            try:
                until = deadline if writing is reader else None
                for event in writing.stream(alone, packed, history, until, tools):
                    if isinstance(event, str):
                        yield event
                    else:
                        draft, reader = event, writing
                break
            except LLMError as error:
                failed.append(f"Answered without the model: {error}")
        notes = tuple(failed)
        watch.lap("read")
        if draft is None and failed:
            yield from self._extract(asked, alone, question, hits, packed, watch, notes)
            return
        if draft is None:
            raise AnswerError(f"{reader.spec} ended without an answer. Ask again, or ask with --llm extractive.")
        if failed:
            notes = (*(note.replace("without the model", f"by {reader.spec}", 1) for note in failed),)
        text = draft.text
        if draft.refused:
            text = refusing.refusal_text(refusing.nothing_said(question, packed), question)
        yield Answer(
            question=asked,
            text=text,
            found=not draft.refused,
            citations=() if draft.refused else draft.citations,
            passages=draft.used,
            standalone_question=alone,
            reader=reader.spec,
            index=self.index.snapshot,
            timings_ms=watch.laps,
            explanation=Explanation(Stages(question, hits, packed, EVIDENCE_CHARS, draft.citations)),
            notes=notes + draft.notes,
        )


class Conversation:
    """A conversation that keeps its history; follow-ups are understood from it."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.history: list[Message] = []

    def __repr__(self) -> str:
        return f"Conversation({self.assistant!r}, {len(self.history)} turns)"

    def ask(self, question: str) -> Answer:
        """Answer, and remember both turns."""
        *_, answer = self.stream(question)
        assert isinstance(answer, Answer)  # noqa: S101 what stream promises
        return answer

    def stream(self, question: str) -> Iterator[str | Answer]:
        """Yield as ``Assistant.stream`` does; what was said before a stop is remembered, what a check stopped is not."""
        said: list[str] = []
        try:
            for event in self.assistant.stream(question, self.history):
                if isinstance(event, Answer):
                    said = [] if event.stopped_by else [event.text]
                else:
                    said.append(event)
                yield event
        finally:
            if any(said):
                self.history.append({"role": "user", "content": question})
                self.history.append({"role": "assistant", "content": "".join(said)})


class _Stopwatch:
    """Milliseconds per stage, in the order of the stages."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()
        self._at = time.time_ns()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.laps[stage] = (now - self._last) * 1_000
        began, self._at = self._at, self._at + int((now - self._last) * 1e9)
        self._last = now
        note(Lap(stage, began, self._at, is_stage=True))


def _open_reader(llm: str, base_url: str | None) -> ChatReader | None:
    if llm == EXTRACTIVE:
        if base_url:
            raise UsageError("--llm-base-url names a server, but no model there. Name it too: --llm openai:MODEL.")
        return None
    from rag.llm.chat import ChatReader
    from rag.llm.models import open_model

    return ChatReader(open_model(llm, base_url=base_url))


def _tools(readers: Sequence[ChatReader | None], index: Index) -> Tools | None:
    if not any(reader and reader.model.calls_tools for reader in readers):
        return None
    from rag.reading.looking import Toolbox

    return Toolbox(index)


def _open_fallback(spec: str, llm: str) -> ChatReader | None:
    if spec != EXTRACTIVE and llm == EXTRACTIVE:
        raise UsageError("--llm-fallback answers where --llm fails, and none is named. Name one: --llm openai:MODEL.")
    return _open_reader(spec, None)


def _open_guard(moderation: Moderation | str | None) -> Guard | None:
    if not moderation:
        return None
    from rag.llm.moderating import open_guard

    return open_guard(moderation)


def _checked(question: object) -> str:
    """Return the question without control characters and outer white space, or say why it cannot be asked."""
    if not isinstance(question, str):
        raise BadQuestion(f"A question is text, not {type(question).__name__}.")
    text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in question).strip()
    if not text:
        raise BadQuestion("The question is empty. Type a question, for example: ChatGLM-6B 有多少参数?")
    if len(text) > MAX_QUESTION_CHARS:
        raise BadQuestion(
            f"The question has {len(text):,} characters; {MAX_QUESTION_CHARS:,} are the most. "
            "Shorten it, or index the long text with `survey-qa index build PATH` and ask about it."
        )
    return text


def _gist(question: str) -> str:
    """Return a question, or the first and last half of what can be analysed of a very long one."""
    half = UNDERSTOOD_CHARS // 2
    return question if len(question) <= UNDERSTOOD_CHARS else f"{question[:half]} {question[-half:]}"


def _checked_history(history: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Return the last turns of a history, or say what is wrong with it."""
    turns: list[Message] = []
    if isinstance(history, str | bytes | Mapping) or not isinstance(history, Sequence):
        raise BadQuestion('A history is a list of {"role": "user" | "assistant", "content": TEXT}.')
    for number, turn in enumerate(history, 1):
        role = turn.get("role") if isinstance(turn, Mapping) else None
        content = turn.get("content") if isinstance(turn, Mapping) else None
        if role not in ("user", "assistant") or not isinstance(content, str):
            raise BadQuestion(f'Turn {number} of the history is not {{"role": "user" | "assistant", "content": TEXT}}.')
        turns.append({"role": role, "content": content[:MAX_QUESTION_CHARS]})
    return turns[-MAX_HISTORY_TURNS:]
