"""A real HTTP server on loopback that speaks a provider's chat protocol, well or badly: the model's name says how."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ECHOED_KEY = "sk-test-1234567890abcdef"


class FakeOpenAI:
    """What was asked of the server, and where it is."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.released = threading.Event()  # what hangs waits for the end of the test, not for a time
        self.closed_early = threading.Event()  # the client went away while the server wrote
        self.answer = "It has 175B parameters [1]."
        self.forbidden = "forbidden"  # the word that its moderation stops
        self.calls: list[
            list[tuple[str, object]]
        ] = []  # the calls of each reply of the model "calling", one after the other
        self.url = ""
        self.stop = lambda: None  # set by ``serve``: from then on nobody answers there

    def asked(self, model: str) -> int:
        return sum(request.get("model") == model for request in self.requests)


@contextmanager
def serve(speaks: str = "openai") -> Iterator[FakeOpenAI]:
    """Run it; ``speaks`` is openai (Azure and DeepSeek speak that too), anthropic or ollama."""
    fake = FakeOpenAI()

    class Handler({"openai": _Handler, "anthropic": _Anthropic, "ollama": _Ollama}[speaks]):
        server_state = fake

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()

    def stop() -> None:
        fake.released.set()
        server.shutdown()
        server.server_close()

    fake.stop = stop
    try:
        yield fake
    finally:
        stop()


def event(text: str | None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return sse({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def sse(value: object) -> bytes:
    data = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return b"data: " + data + b"\n\n"


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; without this its traceback would be printed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: FakeOpenAI

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server_state.paths.append(self.path)
        self.reply(200, b"{}")

    def do_POST(self) -> None:
        state = self.server_state
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = json.loads(body) if body else {}
        state.paths.append(self.path)
        state.headers.append({name.lower(): value for name, value in self.headers.items()})
        state.requests.append(request)
        try:
            self.act(str(request.get("model", "")))
        except (BrokenPipeError, ConnectionResetError):
            state.closed_early.set()
            self.close_connection = True

    def act(self, model: str) -> None:
        if model == "omni-moderation-latest":
            self.moderate()
        elif model.startswith("moderation-"):
            self.act(model.removeprefix("moderation-"))
        elif model.isdigit():
            self.fail(int(model))
        elif model in _REPLIES:
            self.reply(*_REPLIES[model])
        elif model == "busy-once" and self.server_state.asked(model) == 1:
            self.fail(429, "0.02")
        elif model == "slow" and self.server_state.asked(model) < 9:
            self.server_state.released.wait(0.15)  # the first byte is late
            self.stream(model)
        elif model == "no-tools" and self.server_state.requests[-1].get("tools"):
            self.reply(400, json.dumps(self.error("no-tools does not support tools")).encode())
        elif model == "calling" and self.server_state.requests[-1].get("tools") and self.server_state.calls:
            calls = self.server_state.calls
            self.stream(model, calls.pop(0) if len(calls) > 1 else calls[0])
        elif model == "busy-long":
            self.fail(429, "3600")
        elif model == "small-window" and len(json.dumps(self.server_state.requests[-1])) > 9_000:
            self.fail(400)
        elif model == "redirect":
            self.send_response(307)
            self.send_header("Location", self.server_state.url.replace("/v1", "/elsewhere"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif model == "hang":
            self.server_state.released.wait()
        elif model == "closed":
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.stream(model)

    def moderate(self) -> None:
        flagged = [self.server_state.forbidden in text for text in self.server_state.requests[-1]["input"]]
        results = [{"flagged": flag, "categories": {"violence": flag, "hate": False}} for flag in flagged]
        self.reply(200, json.dumps({"id": "1", "model": "m", "results": results}).encode())

    def fail(self, status: int, wait: str | None = None) -> None:
        message = _MESSAGES.get(status, "boom")
        body = json.dumps(self.error(message)).encode()
        self.reply(status, body, **({"Retry-After": wait} if wait else {}))

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, model: str, calls: Sequence[tuple[str, object]] = ()) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.write(*self.begin())
        if calls:
            self.write(*self.calling(calls))
        elif model in _STREAMS:
            for part in _STREAMS[model]:
                self.write(part)
        elif model == "cut":
            self.write(self.event("It has "))
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        elif model in ("drip", "drip-bytes"):
            self.drip(self.event("x") if model == "drip" else b"x")
            return
        elif model == "endless":
            while not self.server_state.released.is_set():
                self.write(self.event("word " * 200))
        else:
            for word in self.server_state.answer.split(" "):
                self.write(self.event(word + " "))
            if model != "no-end":
                self.write(*self.end())
        self.wfile.write(b"0\r\n\r\n")

    def drip(self, part: bytes) -> None:
        while not self.server_state.released.wait(0.02):
            self.write(part)

    def write(self, *parts: bytes) -> None:
        for part in parts:
            self.wfile.write(b"%x\r\n" % len(part) + part + b"\r\n")
            self.wfile.flush()

    kind = "text/event-stream"

    def error(self, message: str) -> object:
        return {"error": {"message": message, "type": "t", "code": "c"}}

    def begin(self) -> tuple[bytes, ...]:
        return ()

    def event(self, text: str) -> bytes:
        return event(text)

    def end(self) -> tuple[bytes, ...]:
        return event(None, "stop"), sse(b"[DONE]")

    def calling(self, calls: Sequence[tuple[str, object]]) -> Iterator[bytes]:
        for number, (name, arguments) in enumerate(calls):
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            for part in ({"name": name, "arguments": text[:5]}, {"arguments": text[5:]}):
                call = {"index": number, "id": f"c{number}", "type": "function", "function": part}
                choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}
                yield sse(
                    {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
                )
        yield event(None, "tool_calls")
        yield sse(b"[DONE]")


class _Anthropic(_Handler):
    def error(self, message: str) -> object:
        return {"type": "error", "error": {"type": "t", "message": message}}

    def begin(self) -> tuple[bytes, ...]:
        message = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
                   "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}  # fmt: skip
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return _named({"type": "message_start", "message": message}), _named(block)

    def event(self, text: str) -> bytes:
        return _named({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})

    def end(self) -> tuple[bytes, ...]:
        done = {"stop_reason": "end_turn", "stop_sequence": None}
        return (
            _named({"type": "content_block_stop", "index": 0}),
            _named({"type": "message_delta", "delta": done, "usage": {"output_tokens": 5}}),
            _named({"type": "message_stop"}),
        )

    def calling(self, calls: Sequence[tuple[str, object]]) -> Iterator[bytes]:
        for number, (name, arguments) in enumerate(calls, 1):
            block = {"type": "tool_use", "id": f"c{number}", "name": name, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
            yield _named({"type": "content_block_start", "index": number, "content_block": block})
            yield _named({"type": "content_block_delta", "index": number, "delta": delta})
            yield _named({"type": "content_block_stop", "index": number})
        done = {"stop_reason": "tool_use", "stop_sequence": None}
        yield _named({"type": "message_delta", "delta": done, "usage": {"output_tokens": 5}})
        yield _named({"type": "message_stop"})


class _Ollama(_Handler):
    kind = "application/x-ndjson"

    def error(self, message: str) -> object:
        return {"error": message}

    def event(self, text: str) -> bytes:
        return _line(message={"role": "assistant", "content": text}, done=False)

    def end(self) -> tuple[bytes, ...]:
        return (_line(message={"role": "assistant", "content": ""}, done=True, done_reason="stop"),)

    def calling(self, calls: Sequence[tuple[str, object]]) -> Iterator[bytes]:
        told = [{"function": {"name": name, "arguments": arguments}} for name, arguments in calls]
        yield _line(message={"role": "assistant", "content": "", "tool_calls": told}, done=False)
        yield from self.end()


def _named(value: dict[str, Any]) -> bytes:
    return b"event: " + value["type"].encode() + b"\n" + sse(value)


def _line(**value: object) -> bytes:
    return json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00Z", **value}).encode() + b"\n"


_MESSAGES = {
    400: "This model's maximum context length is 2048 tokens. However, you requested 12022 tokens.",
    401: f"Incorrect API key provided: {ECHOED_KEY}",
    404: "The model `x` does not exist",
}
_HTML = b"<html><body>Sign in to the network</body></html>"
_REPLIES: dict[str, tuple[int, bytes] | tuple[int, bytes, str]] = {
    "html": (200, _HTML, "text/html"),
    "html-503": (503, _HTML, "text/html"),
    "cut-json": (200, b'{"choices": [{"mess'),
    "empty-body": (200, b""),
    "no-choices": (200, b'{"error": {"message": "quota"}}'),
    "no-verdict": (200, b'{"id": "1", "model": "m", "results": [{"categories": {}}]}'),
    "too-few": (200, b'{"id": "1", "model": "m", "results": []}'),
    "huge": (200, b"data: " + b"A" * 3_000_000, "text/event-stream"),
}
_SPLIT = event("héllo 你好")
_STREAMS: dict[str, tuple[bytes, ...]] = {
    "no-finish": (event("It has "), sse(b"[DONE]")),
    "no-done": (event("It has "),),
    "length": (event("It has "), event(None, "length"), sse(b"[DONE]")),
    "filtered": (event("It has "), event(None, "content_filter"), sse(b"[DONE]")),
    "null": (event(None), event(None, "stop"), sse(b"[DONE]")),
    "empty-choices": (
        sse({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}),
        event("fine"), event(None, "stop"), sse(b"[DONE]"),
    ),
    "null-choices": (sse({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": None}),),
    "bad-event": (event("It has "), b"data: {bad json\n\n", sse(b"[DONE]")),
    "error-event": (event("It has "), sse({"error": {"message": "overloaded", "type": "server_error"}}), sse(b"[DONE]")),
    "split": (*(_SPLIT[at : at + 3] for at in range(0, len(_SPLIT), 3)), event(None, "stop"), sse(b"[DONE]")),
}  # fmt: skip
