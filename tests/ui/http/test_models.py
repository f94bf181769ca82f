"""A chat model behind the interface: its words stream through to the caller, and stop when the caller leaves."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import openai
import pytest

QUESTION = {"role": "user", "content": "How much GPU memory does Walnut-7B need?"}
PIECES = ["Walnut-7B ", "needs ", "6 GB of GPU memory ", "when it is quantised to INT4 [1]."]


class Model:
    """A server that streams an answer piece by piece; with ``endless`` it never stops."""

    def __init__(self):
        self.endless = False
        self.left = threading.Event()
        told = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                try:
                    told.stream(self.wfile)
                except OSError:
                    told.left.set()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def stream(self, out):
        def send(delta, reason=None):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            out.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            out.flush()

        while self.endless:
            send({"content": "more and "})
            self.left.wait(0.05)
        for piece in PIECES:
            send({"content": piece})
        send({}, "stop")
        out.write(b"data: [DONE]\n\n")


@pytest.fixture
def model():
    made = Model()
    yield made
    made.endless = False
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=["0", "2"], ids=["one process", "two processes"])
def address(request, serve, model):
    options = ["--llm", "openai:m", "--llm-base-url", model.address, "--workers", request.param]
    return serve(*options, environment={"OPENAI_API_KEY": "none"})


@pytest.mark.long
def test_the_words_of_a_model_stream_through_with_checked_citations(address):
    client = openai.OpenAI(base_url=f"{address}v1", api_key="none", max_retries=0)
    chunks = [
        chunk.choices[0]
        for chunk in client.chat.completions.create(model="survey-qa", messages=[QUESTION], stream=True)
    ]
    pieces = [choice.delta.content for choice in chunks if choice.delta.content]

    assert len(pieces) > 1
    assert "6 GB" in "".join(pieces)
    assert "6 GB" in chunks[-1].delta.citations[0]["quote"]


@pytest.mark.long
def test_a_caller_who_leaves_ends_the_models_request(address, model):
    model.endless = True
    body = {"model": "survey-qa", "messages": [QUESTION], "stream": True}
    with httpx.stream("POST", f"{address}v1/chat/completions", json=body, timeout=120) as reply:
        text = reply.iter_text()
        while "more and" not in next(text):
            pass

    assert model.left.wait(120)
