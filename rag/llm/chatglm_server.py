"""Runs in the environment of ``rag.llm.environments``: serves a downloaded ChatGLM in the OpenAI protocol on loopback.

It is started by file name, imports nothing of ours, and is the only place beside ``chatglm_convert.py`` where the Python
files that came with the weights are run. On stdout it says once ``{"ready": true, "port": …}`` or ``{"error": …}``; it ends
when stdin does. One reply is written at a time; a client that goes away stops its own.
"""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MAX_BODY_BYTES = 1_000_000
_MOST_TOKENS = 1_024  # of an answer where the client names no number
_LOOK_S = 0.1  # between looks at whether a client that waits for its turn is still there
_HOSTS = ("127.0.0.1", "localhost", "[::1]")


def main() -> None:
    """Serve: directory, port (0 for any), 4, 8 or none, the model's name."""
    source, port, kind, name = sys.argv[1:5]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # what libraries print is no answer
    try:
        server = _Server(("127.0.0.1", int(port)), _Handler, bind_and_activate=False)
        server.server_bind()
    except OSError as error:
        _tell(answers, error=f"port {port} cannot be used ({error.strerror})")
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    socket.socket.connect = _refuse  # type: ignore[method-assign]
    try:
        server.model, server.name = _load(source, kind), name
    except _Unusable as error:
        _tell(answers, error=str(error))
        return
    server.server_activate()
    _tell(answers, ready=True, port=server.server_port)
    server.serve_forever()


class _Unusable(Exception):
    """The model cannot be served; the message is for the operator."""


class _Wrong(Exception):
    """A request that cannot be answered: its status and what the client is told."""

    def __init__(self, status: int, message: str, code: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Gone(Exception):
    """The client went away."""


class _Enough(Exception):
    """A stop word was written."""


def _refuse(*_: object) -> None:
    raise OSError("a model needs no network")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _tell(answers: Any, **event: object) -> None:  # noqa: ANN401 a file
    answers.write(json.dumps(event) + "\n")
    answers.flush()


def _load(source: str, kind: str) -> _Model:
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    gpu = torch.cuda.is_available()
    if kind != "none" and not gpu:
        raise _Unusable(
            f"--quantize {kind} needs an NVIDIA GPU, and torch sees none; --quantize none runs on the processor"
        )
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=True)
        bits = int(getattr(config, "quantization_bit", 0) or 0)
        if bits and not gpu:
            raise _Unusable(
                "the weights came quantised, which needs an NVIDIA GPU; `survey-qa llm convert` makes a file for the processor"
            )
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=True)
        model: Any = AutoModel.from_pretrained(source, trust_remote_code=True, low_cpu_mem_usage=True)
        if kind != "none" and not bits:
            model = model.quantize(int(kind))
        model = model.half().cuda() if gpu else model.float()
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError) as error:
        raise _Unusable(
            f"the model cannot be loaded: {str(error).strip().splitlines()[0][:300] if str(error) else type(error).__name__}"
        ) from error
    return _Model(tokenizer, model.eval(), config)


class _Model:
    """The model, one reply at a time."""

    def __init__(self, tokenizer: Any, model: Any, config: Any) -> None:  # noqa: ANN401 foreign code
        self.window = int(getattr(config, "max_sequence_length", 0) or getattr(config, "seq_length", 0) or 2_048)
        self._tokenizer = tokenizer
        self._model = model
        self._turn = threading.Lock()

    def reply(self, request: dict[str, Any], write: Callable[[str], None], gone: Callable[[], bool]) -> tuple[str, int]:
        """Write a reply piece by piece; return why it ended and how many tokens it has."""
        import torch

        while not self._turn.acquire(timeout=_LOOK_S):
            if gone():
                raise _Gone
        try:
            inputs, ends = self._prompt(request["messages"])
            length = int(inputs["input_ids"].shape[1])
            if length >= self.window:
                message = f"This model's maximum context length is {self.window} tokens. However, you requested {length} tokens."
                raise _Wrong(400, message, "context_length_exceeded")
            most = min(request["most"], self.window - length)
            streamer = _Streamer(self._tokenizer, write, gone, ends, request["stop"])
            warmth = request["temperature"]
            sampling = {"do_sample": True, "temperature": warmth} if warmth > 0 else {"do_sample": False}
            device = next(self._model.parameters()).device
            with torch.no_grad():
                self._model.generate(
                    **{name: values.to(device) for name, values in inputs.items()},
                    max_new_tokens=most, streamer=streamer, eos_token_id=ends, **sampling,
                )  # fmt: skip
            return "length" if len(streamer.tokens) >= most and not streamer.ended else "stop", len(streamer.tokens)
        except _Enough:
            return "stop", len(streamer.tokens)
        finally:
            self._turn.release()

    def _prompt(self, messages: list[dict[str, str]]) -> tuple[dict[str, Any], list[int]]:
        """Return the model's input for a conversation, as its own code would make it, and the tokens that end a reply."""
        tokenizer = self._tokenizer
        end = [int(self._model.config.eos_token_id or tokenizer.eos_token_id)]
        if hasattr(tokenizer, "build_chat_input"):  # ChatGLM3
            *before, last = messages
            inputs = tokenizer.build_chat_input(last["content"], history=before, role="user")
            return dict(inputs), [
                tokenizer.eos_token_id,
                tokenizer.get_command("<|user|>"),
                tokenizer.get_command("<|observation|>"),
            ]
        question, rounds = _rounds(messages)
        if hasattr(tokenizer, "build_prompt"):  # ChatGLM2
            prompt = tokenizer.build_prompt(question, history=rounds)
        elif rounds:
            told = "".join(f"[Round {n}]\n问：{q}\n答：{a}\n" for n, (q, a) in enumerate(rounds))
            prompt = f"{told}[Round {len(rounds)}]\n问：{question}\n答："
        else:
            prompt = question  # ChatGLM-6B's first turn is the bare question
        return dict(tokenizer([prompt], return_tensors="pt")), end


def _rounds(messages: list[dict[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """Return the last question and the rounds before it; what the system says stands before the first question."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rounds: list[tuple[str, str]] = []
    asked: list[str] = [system] if system else []
    for message in messages:
        if message["role"] == "user":
            asked.append(message["content"])
        elif message["role"] == "assistant":
            rounds.append(("\n\n".join(asked), message["content"]))
            asked = []
    return "\n\n".join(asked), rounds


class _Streamer:
    """What ``generate`` hands each token to, in its own thread: raising here ends it."""

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401 foreign code
        write: Callable[[str], None],
        gone: Callable[[], bool],
        ends: list[int],
        stop: list[str],
    ) -> None:
        self.tokens: list[int] = []
        self.ended = False
        self._tokenizer = tokenizer
        self._write = write
        self._gone = gone
        self._ends = frozenset(ends)
        self._stop = stop
        self._said = ""
        self._prompt = True

    def put(self, value: Any) -> None:  # noqa: ANN401 a tensor
        if self._prompt:  # it comes first
            self._prompt = False
            return
        if self._gone():
            raise _Gone
        for token in value.reshape(-1).tolist():
            self.ended = token in self._ends
            if not self.ended:
                self.tokens.append(token)
        text = self._tokenizer.decode(self.tokens)
        if not text.endswith("\ufffd"):  # the last character may not be whole
            self._show(text)

    def end(self) -> None:
        self._show(self._tokenizer.decode(self.tokens))

    def _show(self, text: str) -> None:
        cut = min((at for word in self._stop if (at := text.find(word)) >= 0), default=-1)
        shown = text if cut < 0 else text[:cut]
        if shown.startswith(self._said) and len(shown) > len(self._said):
            self._write(shown[len(self._said) :])
            self._said = shown
        if cut >= 0:
            raise _Enough


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: _Model
    name: str

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def log_message(self, *args: object) -> None:
        """Questions are nobody's log lines."""

    def do_GET(self) -> None:
        if not self._is_ours() or self.path != "/v1/models":
            self._fail(_Wrong(404, "there is /v1/models and /v1/chat/completions"))
            return
        model = {"id": self.server.name, "object": "model", "created": 0, "owned_by": "local"}
        self._json(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        self._streaming = False
        try:
            request = self._request()
            (self._stream if request["stream"] else self._whole)(request)
        except _Wrong as wrong:
            self._fail(wrong)
        except (_Gone, OSError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 foreign code may raise anything; the next request is another one
            self._fail(_Wrong(500, f"the model failed ({type(error).__name__}: {str(error)[:200]})", "server_error"))

    def _request(self) -> dict[str, Any]:
        if not self._is_ours() or self.path != "/v1/chat/completions":
            raise _Wrong(404, "there is /v1/models and /v1/chat/completions")
        if self.headers.get_content_type() != "application/json":  # a page elsewhere cannot send this unasked
            raise _Wrong(415, "the body is to be application/json")
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MAX_BODY_BYTES:
            raise _Wrong(413, f"the body is to have a length of at most {_MAX_BODY_BYTES} bytes")
        try:
            return _checked(json.loads(self.rfile.read(int(length))))
        except (ValueError, RecursionError):
            raise _Wrong(400, "the body is no JSON") from None

    def _is_ours(self) -> bool:
        """Tell whether the client names this machine, which a name that was pointed here later does not."""
        host = self.headers.get("Host", "")
        return host.rpartition(":")[0] in _HOSTS or host in _HOSTS

    def _whole(self, request: dict[str, Any]) -> None:
        said: list[str] = []
        reason, tokens = self.server.model.reply(request, said.append, self._gone)
        message = {"role": "assistant", "content": "".join(said)}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        self._json(200, {**self._head("chat.completion"), "choices": [choice], "usage": {"completion_tokens": tokens}})

    def _stream(self, request: dict[str, Any]) -> None:
        def write(text: str) -> None:
            self._begin()
            self._event({"role": "assistant", "content": text}, None)

        reason, _ = self.server.model.reply(request, write, self._gone)
        self._begin()
        self._event({}, reason)
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _begin(self) -> None:
        """Send the head of a stream, once there is something to send."""
        if not self._streaming:
            self._streaming = True
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()

    def _event(self, delta: dict[str, str], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        value = {**self._head("chat.completion.chunk"), "choices": [choice]}
        self._chunk(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n")

    def _chunk(self, part: bytes) -> None:
        self.wfile.write(b"%x\r\n" % len(part) + part + b"\r\n")
        self.wfile.flush()

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": "chatcmpl-0", "object": kind, "created": int(time.time()), "model": self.server.name}

    def _gone(self) -> bool:
        """Tell whether the client closed its connection."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _fail(self, wrong: _Wrong) -> None:
        self.close_connection = True
        error = {"message": str(wrong), "type": wrong.code, "code": wrong.code}
        try:
            if self._was_begun():
                self._chunk(b"data: " + json.dumps({"error": error}).encode() + b"\n\n")
                self.wfile.write(b"0\r\n\r\n")
            else:
                self._json(wrong.status, {"error": error})
        except OSError:
            pass  # it did not wait for the error

    def _was_begun(self) -> bool:
        return getattr(self, "_streaming", False)

    def _json(self, status: int, value: object) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _checked(body: object) -> dict[str, Any]:
    """Return of a request what is used of it."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if (
        not isinstance(body, dict)
        or not isinstance(messages, list)
        or not messages
        or not all(map(_is_message, messages))
    ):
        raise _Wrong(400, 'messages is to be a list of {"role": "system" | "user" | "assistant", "content": TEXT}')
    if messages[-1]["role"] != "user":
        raise _Wrong(400, "the last message is to be the user's")
    most = body.get("max_completion_tokens") or body.get("max_tokens") or _MOST_TOKENS
    warmth = body.get("temperature") or 0
    stop = body.get("stop") or []
    stop = [stop] if isinstance(stop, str) else stop
    if (
        isinstance(most, bool)
        or not isinstance(most, int)
        or most < 1
        or not isinstance(warmth, int | float)
        or not 0 <= warmth <= 2
    ):
        raise _Wrong(400, "max_tokens is to be a positive whole number and temperature a number from 0 to 2")
    if not isinstance(stop, list) or not all(isinstance(word, str) and word for word in stop):
        raise _Wrong(400, "stop is to be a text or a list of texts")
    return {
        "messages": messages,
        "most": most,
        "temperature": float(warmth),
        "stop": stop,
        "stream": body.get("stream") is True,
    }


def _is_message(message: object) -> bool:
    return (
        isinstance(message, dict)
        and message.get("role") in ("system", "user", "assistant")
        and isinstance(message.get("content"), str)
    )


if __name__ == "__main__":
    main()
