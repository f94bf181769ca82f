"""A process of its own that runs a ChatGLM model through chatglm-cpp: JSON lines in on stdin, JSON lines out on stdout.

It is started by file name and imports nothing of ours. A process of its own because chatglm-cpp holds Python's global
lock while it computes (a whole prompt can take a minute, in which no other thread would run), and because its reader of
model files is not memory-safe: what crashes here takes nobody else along.

Requests: ``{"do": "count", "text"}``, ``{"do": "chat", "messages", "room", "most"}``; any line while it writes stops it.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO

_EVERYTHING = 1 << 30  # chatglm-cpp drops the front of what is longer than its bound without a word; this is no bound


def main() -> None:
    """Load the model that the first argument names, with a window of the second, and serve requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # what the library prints must not mix with the answers
    try:
        import chatglm_cpp

        pipeline = chatglm_cpp.Pipeline(sys.argv[1], max_length=int(sys.argv[2]))
    except ImportError:
        return _tell(answers, error="chatglm-cpp is not installed")
    except (RuntimeError, OSError, ValueError) as error:
        return _tell(answers, error=str(error))
    _tell(answers, ready=True)
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    while True:
        request = requests.get()
        if request["do"] == "count":
            _tell(answers, tokens=_count(pipeline, request["text"]))
        elif request["do"] == "chat":
            for event in _write(chatglm_cpp, pipeline, request, requests):
                _tell(answers, **event)


def _listen(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        requests.put(json.loads(line))
    os._exit(0)  # whoever asked is gone


def _tell(answers: TextIO, **event: object) -> None:
    answers.write(json.dumps(event) + "\n")
    answers.flush()


def _count(pipeline: Any, text: str) -> int:  # noqa: ANN401 the library has no types
    bare = len(pipeline.tokenizer.encode("", _EVERYTHING))
    return len(pipeline.tokenizer.encode(text, _EVERYTHING)) - bare


def _write(
    library: Any,  # noqa: ANN401
    pipeline: Any,  # noqa: ANN401
    request: dict[str, Any],
    requests: queue.SimpleQueue[dict[str, Any]],
) -> Iterator[dict[str, object]]:
    """Yield pieces of text and how it ended, greedily."""
    messages = [library.ChatMessage(role=m["role"], content=m["content"]) for m in request["messages"]]
    try:
        tokens = pipeline.tokenizer.apply_chat_template(messages, _EVERYTHING)
    except RuntimeError as error:
        yield {"error": str(error)}
        return
    window, length = int(request["room"]), len(tokens)
    if length >= window:
        yield {"too_long": length}
        return
    most = min(int(request["most"]), window - length)
    settings = library._C.GenerationConfig(max_length=window, max_context_length=window, do_sample=False)
    config = pipeline.model.config
    ends = {config.eos_token_id, *config.extra_eos_token_ids}
    text, past = "", 0
    fresh: list[int] = []
    for _ in range(most):
        if not requests.empty():
            requests.get()
            yield {"end": "stopped"}
            return
        token = pipeline.model.generate_next_token(tokens, None, settings, past, length)
        if token in ends:
            yield from _rest(pipeline, fresh, text)
            yield {"end": "stop"}
            return
        past = pipeline.model.count_tokens(tokens, None)
        tokens.append(token)
        fresh.append(token)
        said = _decoded(pipeline, fresh)
        if said is not None and said.startswith(text) and not said.endswith((",", "!", ":", ";", "?", "\ufffd")):
            if piece := said[len(text) :]:  # punctuation may still change with what follows it
                yield {"piece": piece}
            text = said
            if said.endswith("\n"):
                text, fresh = "", []
    yield from _rest(pipeline, fresh, text)
    yield {"end": "length"}


def _rest(pipeline: Any, tokens: list[int], text: str) -> Iterator[dict[str, object]]:  # noqa: ANN401
    said = _decoded(pipeline, tokens)
    if said and said.startswith(text) and (piece := said[len(text) :]):
        yield {"piece": piece}


def _decoded(pipeline: Any, tokens: list[int]) -> str | None:  # noqa: ANN401
    """Return the text of tokens, or None while the last of them is part of a character."""
    try:
        return str(pipeline.tokenizer.decode(tokens))
    except UnicodeDecodeError:
        return None


if __name__ == "__main__":
    main()
