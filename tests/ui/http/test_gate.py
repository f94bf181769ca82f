"""How many answers are under way, how many wait, and who gives up a place."""

import asyncio

import httpx
import pytest

from ui.guard import Guard
from ui.http.answering import Asked
from ui.http.api import Api
from ui.http.failing import Failed
from ui.http.gate import Gate


async def test_who_comes_when_too_many_wait_is_sent_away_with_a_time():
    gate, leave = Gate(1, waiting=1), asyncio.Event()
    first, second = (asyncio.create_task(gate.through(leave.wait)) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(Failed, match="Too many questions are waiting") as failed:
        await gate.through(leave.wait)
    leave.set()

    assert (failed.value.status, failed.value.retry_after) == (503, 1)
    assert [await first, await second] == [True, True]
    assert (gate.running, gate.waiting) == (0, 0)


async def test_nobody_waits_for_ever():
    gate, never = Gate(1, patience=0.01), asyncio.Event()
    first = asyncio.create_task(gate.through(never.wait))
    await asyncio.sleep(0)
    with pytest.raises(Failed, match=r"No answer could begin within 0\.01 seconds"):
        await gate.through(never.wait)
    first.cancel()


async def test_a_place_is_given_back_whatever_happens_in_it():
    gate = Gate(1)

    async def fail():
        raise ValueError("no")

    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            await gate.through(fail)
    assert gate.running == 0


class Slow:
    """Answers never, and notes how many are asked and how many were left."""

    capacity, ready = 1, True

    def __init__(self):
        self.asked = self.left = 0

    async def ask(self, asked: Asked):
        self.asked += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1


async def test_a_caller_who_leaves_gives_up_the_place_and_the_answer():
    slow = Slow()
    api = Api(slow)
    transport = httpx.ASGITransport(Guard(api.application()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        asking = [asyncio.create_task(client.post("/api/ask", json={"question": "q"})) for _ in range(3)]
        while slow.asked < 1 or api.gate.waiting < 2:
            await asyncio.sleep(0)
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        while slow.left < slow.asked:
            await asyncio.sleep(0)

    assert (api.gate.running, api.gate.waiting) == (0, 0)
