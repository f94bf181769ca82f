"""What we add to a language model's own time, over HTTP: a server on loopback that answers at once and notes when.

    python tests/benchmarks/model_overhead.py QUESTIONS.jsonl [DOCUMENTS/]   (the library without documents)

Ours is everything between a question and its answer but the time from the server's getting the request to its last byte; the
first token's delay runs from the server's writing it to our showing it. Times of the clock, medians and 95th percentiles.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import statistics
import sys
import time
from pathlib import Path

from rag import Answer, Assistant
from rag.llm.chat import ChatReader
from rag.llm.models import open_model

FAKE = Path(__file__).resolve().parents[1] / "rag" / "fake_openai.py"


def main() -> None:
    questions = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines() if line.strip()]
    questions = [question for question in questions if not question.get("history")]  # one request each
    index = (Assistant.from_folder(sys.argv[2]) if len(sys.argv) > 2 else Assistant.open()).index
    fake = _load()
    with fake.serve() as server:
        times = _timed(fake, server)
        assistant = Assistant(index, ChatReader(open_model("openai:good", base_url=server.url, env={})))
        assistant.ask("Warm up?")
        asyncio.run(assistant.aask("Warm up?"))
        print("synchronous:", _told([_ask(assistant, q["question"], times) for q in questions]))
        print("asynchronous:", _told(asyncio.run(_ask_all(assistant, questions, times))))


def _load():
    spec = importlib.util.spec_from_file_location("fake_openai", FAKE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _timed(fake, server):
    """Have the server note when it got a request, wrote its first token, and was done."""
    times = {}
    act, event, end = fake._Handler.act, fake._Handler.event, fake._Handler.end

    def timed_act(self, model):
        times.clear()
        times["got"] = time.perf_counter()
        act(self, model)

    def timed_event(self, text):
        times.setdefault("first", time.perf_counter())
        return event(self, text)

    def timed_end(self):
        times["done"] = time.perf_counter()
        return end(self)

    fake._Handler.act, fake._Handler.event, fake._Handler.end = timed_act, timed_event, timed_end
    server.answer = "The passages tell it [1]. " * 4
    return times


def _ask(assistant, question, times):
    begun, shown = time.perf_counter(), None
    processor = time.process_time()
    for piece in assistant.stream(question):
        if isinstance(piece, Answer):
            break
        shown = shown or (time.perf_counter() if piece else None)
    return _measured(begun, shown, processor, times)


async def _ask_all(assistant, questions, times):
    return [await _ask_on_loop(assistant, question["question"], times) for question in questions]


async def _ask_on_loop(assistant, question, times):
    begun, shown = time.perf_counter(), None
    processor = time.process_time()
    async for piece in assistant.astream(question):
        if not isinstance(piece, Answer):
            shown = shown or (time.perf_counter() if piece else None)
    return _measured(begun, shown, processor, times)


def _measured(begun, shown, processor, times):
    ended = time.perf_counter()
    ours = (ended - begun) - (times["done"] - times["got"])
    first = shown - times["first"] if shown else None
    return ours * 1_000, first and first * 1_000, (time.process_time() - processor) * 1_000


def _told(measured):
    ours = sorted(each[0] for each in measured)
    first = sorted(each[1] for each in measured if each[1] is not None)
    processor = statistics.median(each[2] for each in measured)
    return (
        f"{len(ours)} questions; ours p50 {statistics.median(ours):.1f} ms, p95 {_late(ours):.1f} ms ({processor:.1f} ms of the "
        f"processor, the server's included); first token after the server's p50 {statistics.median(first):.2f} ms, p95 {_late(first):.2f} ms"
    )


def _late(values):
    return values[int(0.95 * (len(values) - 1))]


if __name__ == "__main__":
    main()
