"""What a window of 2,048 tokens costs: whether any prompt exceeds it, and whether the gold is still in the evidence.

    python tests/benchmarks/small_window.py QUESTIONS.jsonl DOCUMENTS/

It also prints what we add to a model's time: everything before its first token is asked for, and from its last to the
answer, with a model that answers at once.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import unicodedata
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from rag import Assistant
from rag.answers import Answer
from rag.llm.chat import ChatReader
from rag.llm.chat_model import ChatModel
from rag.llm.failures import Backend
from rag.llm.keys import NO_KEY

WINDOW = 2_048


class Echo(BaseChatModel):
    """Answers at once with the first sentence of the first passage, and keeps what it was told."""

    told: list = []  # noqa: RUF012 pydantic copies it for each model
    at: list = []  # noqa: RUF012

    @property
    def _llm_type(self):
        return "echo"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        raise NotImplementedError

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        if "=== " not in str(messages[-1].content):
            return  # it cannot rewrite a follow-up, so the rules do
        self.told.append([str(message.content) for message in messages])
        self.at.append(time.perf_counter())
        passage = next((part for part in self.told[-1][-1].split("\n") if part and part[0] not in "=["), "It is so.")
        yield ChatGenerationChunk(message=AIMessageChunk(content=f"{passage[:80]} [1]"))
        yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata={"finish_reason": "stop"}))


def main() -> None:
    questions = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines() if line.strip()]
    assistant = Assistant.from_folder(sys.argv[2])
    echo = Echo()
    model = ChatModel(echo, Backend("openai:echo", "the echo", NO_KEY), context_length=WINDOW)
    asker = Assistant(assistant.index, ChatReader(model))
    asker.ask("Warm up?")
    sizes, kept, added, first = [], [], [], []
    for question in questions:
        echo.told.clear(), echo.at.clear()
        begun, seen = time.perf_counter(), None
        for event in asker.stream(question["question"], question["history"]):
            if not isinstance(event, Answer) and seen is None and echo.at:
                seen = time.perf_counter()
        added.append((time.perf_counter() - begun) * 1_000)
        if seen is not None:
            first.append((seen - echo.at[-1]) * 1_000)
        if echo.told:
            sizes.append(sum(map(model.count_tokens, echo.told[-1])))
        if question["evidence"] and question["answerable"]:
            shown = plain(echo.told[-1][-1]) if echo.told else ""
            if not all(any(plain(a) in shown for a in group) for group in question["must_contain"]):
                print("without its gold:", question["id"])
            kept.append(all(any(plain(a) in shown for a in group) for group in question["must_contain"]))
    print(
        f"{len(questions)} questions; largest prompt {max(sizes)} of {WINDOW} tokens; over the window: {sum(s > WINDOW for s in sizes)}"
    )
    print(f"gold in the evidence of the prompt: {sum(kept) / len(kept):.3f} of {len(kept)} answerable questions")
    print(
        f"ours per question: p50 {statistics.median(added):.1f} ms; first piece after the model's: p50 {statistics.median(first):.1f} ms"
    )


def plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


if __name__ == "__main__":
    main()
