"""Stopping: at any time, at once, for every reader; and one answer that hangs keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from corpus import Document, split
from index import Index
from rag import Answer, Assistant
from rag.llm.calls import current_call
from rag.llm.chat import ChatReader
from rag.llm.models import open_model
from rag.llm.moderating import Guard

QUESTION = "How many dishes does the Arran Array have?"
TEXT = "The Arran Array has 48 dishes. It was built in 2011 by the University of Lorne."
SOON = 2.0  # seconds: 0.2 on an idle machine; what is not stopped goes on for 30


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(TEXT, id="arran.md", title="Arran")]))


@pytest.fixture
def blocked(scripted):
    """A model whose library blocks its thread, before or after some words, until the call is aborted."""

    class Blocked:
        def __init__(self, *words):
            self.waiting, self.released = threading.Event(), threading.Event()
            self.model = scripted(self.pieces(words))
            self.model._request = lambda *_: self.chunks(words)  # any number of requests at once

        def pieces(self, words):
            return list(words)

        def chunks(self, words):
            from langchain_core.messages import AIMessageChunk

            yield from (AIMessageChunk(content=word) for word in words)
            released = threading.Event()
            current_call().on_abort(released.set)
            self.waiting.set()
            released.wait(30)
            self.released.set()

    return Blocked


@pytest.fixture
def local(request):
    """A ``transformers:`` and a ``chatglm:`` model that write for long."""

    def open_local(kind, folder):
        if kind == "transformers":
            write = request.getfixturevalue("write_model")
            return open_model(f"transformers:{write(folder, window=8_192, says=('on ', 'and '), ends=False)}")
        file = request.getfixturevalue("chatglm")(folder / "m.bin", window=2_048, says=("▁on", "▁and"), ends=False)
        return open_model(f"chatglm:{file}")

    return open_local


def took(begun):
    return time.monotonic() - begun


@pytest.mark.parametrize("kind", ["transformers", "chatglm"])
def test_a_local_model_stops_soon_at_any_time(local, tmp_path, kind):
    model = local(kind, tmp_path)
    for pieces_before in (1, 5, 1):
        pieces = model.stream([{"role": "user", "content": "hello " * 20}])
        for _ in range(pieces_before):
            next(pieces)
        begun = time.monotonic()
        pieces.close()
        assert took(begun) < SOON


@pytest.mark.parametrize("kind", ["transformers", "chatglm"])
async def test_cancelling_an_answer_of_a_local_model_takes_no_longer(local, tmp_path, index, kind):
    assistant = Assistant(index, ChatReader(local(kind, tmp_path)))
    for moments in range(
        0, 60, 12
    ):  # from the question on: while it is understood, before the first word, and after it
        task = asyncio.create_task(assistant.aask(QUESTION))
        for _ in range(moments):
            await asyncio.sleep(0.005)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert took(begun) < SOON


@pytest.mark.parametrize("words", [(), ("The Arran ", "Array has ")])
async def test_cancelling_ends_what_a_synchronous_library_is_blocked_in(blocked, index, words):
    hanging = blocked(*words)
    task = asyncio.create_task(Assistant(index, ChatReader(hanging.model)).aask(QUESTION))
    assert await asyncio.to_thread(hanging.waiting.wait, 60)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert took(begun) < SOON
    assert await asyncio.to_thread(hanging.released.wait, 20)


async def test_many_answers_that_hang_in_synchronous_libraries_keep_nobody_waiting(blocked, index, scripted):
    hanging = blocked()
    tasks = [asyncio.create_task(Assistant(index, ChatReader(hanging.model)).aask(QUESTION)) for _ in range(40)]
    assert await asyncio.to_thread(hanging.waiting.wait, 60)
    good = Assistant(index, ChatReader(scripted("The Arran Array has 48 dishes [1].")))
    answer = await asyncio.wait_for(good.aask(QUESTION), 20)
    assert answer.reader == "openai:scripted"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class SlowChecker:
    """A content check that does not come to an end."""

    spec = "slow"

    def flags(self, texts, deadline):
        from rag.llm.calls import run

        def wait():
            released = threading.Event()
            current_call().on_abort(released.set)
            released.wait(30)
            yield None

        return next(run(wait, deadline))


async def test_a_content_check_that_hangs_keeps_nobody_waiting_and_can_be_stopped(index):
    checked = Assistant(index, guard=Guard(SlowChecker()))
    tasks = [asyncio.create_task(checked.aask(QUESTION)) for _ in range(40)]
    answer = await asyncio.wait_for(Assistant(index).aask(QUESTION), 20)
    assert "48" in answer.text
    begun = time.monotonic()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert took(begun) < SOON


async def test_a_cancellation_that_comes_together_with_a_piece_is_not_lost(index, scripted):
    assistant = Assistant(index, ChatReader(scripted(["The Arran Array has 48 dishes. "] * 3_000)))
    for pause in (0.0, 0.005, 0.01, 0.02, 0.03, 0.04):
        task = asyncio.create_task(assistant.aask(QUESTION))
        await asyncio.sleep(pause)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_extractive_reader_is_cancelled_soon_too(index):
    task = asyncio.create_task(Assistant(index).aask(QUESTION))
    await asyncio.sleep(0)
    begun = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert took(begun) < SOON


def test_what_was_said_before_a_stop_is_kept_in_the_conversation(index, scripted):
    conversation = Assistant(index, ChatReader(scripted("The Arran Array has 48 dishes [1]."))).conversation()
    events = conversation.stream(QUESTION)
    said = next(event for event in events if event)
    events.close()
    assert conversation.history[-1] == {"role": "assistant", "content": said}


async def test_with_a_content_check_an_asynchronous_answer_is_the_same(index):
    class Passes:
        spec = "passes"

        def flags(self, texts, deadline):
            return None

    events = [event async for event in Assistant(index, guard=Guard(Passes())).astream(QUESTION)]
    assert isinstance(events[-1], Answer)
    assert "48" in events[-1].text
