"""A web site on this machine: answers by path with what a test gave it, and notes what was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """What the site answers: path -> (status, headers, body), or a function of the handler; and the paths asked for."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.host = f"127.0.0.1:{server.server_port}"
        self.url = f"http://{self.host}"
        self.answers: dict = {}
        self.asked: list[str] = []

    def page(self, path: str, body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> str:
        """Put a page on the site; return its address."""
        content = body.encode() if isinstance(body, str) else body
        self.answers[path] = (
            200,
            {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}},
            content,
        )
        return self.url + path

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()

    def redirect(self, path: str, target: str) -> str:
        """Let a path lead elsewhere."""
        self.answers[path] = (302, {"Location": target}, b"")
        return self.url + path


@contextmanager
def serve() -> Iterator[Site]:
    """Run a site for a while."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.answers.get(self.path) or site.answers.get(self.path.partition("?")[0]) or (404, {}, b"")
            if callable(answer):
                answer(self)
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
