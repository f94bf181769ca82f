"""How fast the page is: ready, first words, source pane, and many people at once. Needs an installed Chromium.

    python tests/benchmarks/page.py [--home DIR] [--rounds 20] [--people 20] [--cores 0,1]

Starts `survey-qa serve` over the library without a model and prints a Markdown table. Times of the page are taken inside
Chromium, from the click to the change of the document; those of many people at once by clients that speak Gradio's queue as
the browser does (a browser with as many open pages measures itself: its row is there for comparison). `--cores` keeps the
server to some cores (Linux). Times are those of a shared machine; read them with its load, which the table gives.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUESTIONS = (
    "ChatGLM-6B 量化后最低要多少显存?", "How many languages was BLOOM trained on?", "LLaMA 有哪几种参数规模?",
    "Who released GLM-130B?", "OPT 是谁发布的?", "Which model is Alpaca based on?", "Google 都出过哪些大模型?",
)  # fmt: skip
# Notes when a button was clicked, when there were words in the last turn, and when the source showed its mark.
WATCH = """
addEventListener("click", (event) => {
  if (event.target.closest("#send, .sq-mark")) [window.clicked, window.words, window.source] = [performance.now(), 0, 0];
}, true);
new MutationObserver(() => {
  const turns = document.querySelectorAll(".sq-turn");
  const last = turns[turns.length - 1];
  if (!window.words && turns.length > (window.turns ?? 0) && last.querySelector(".sq-text")) {
    [window.words, window.turns] = [performance.now(), turns.length];
  }
  if (!window.source && document.querySelector("#desk.sq-side-open #source mark")) window.source = performance.now();
}).observe(document, { childList: true, subtree: true });
"""


def in_a_browser(address, rounds, people):
    """Return what is measured in Chromium, by name: milliseconds."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        found = {"page ready": [], "first words": [], "source pane": []}
        for _ in range(5):
            page = arrived(browser, address, found["page ready"])
        for number in range(rounds):
            page.fill("#question textarea", QUESTIONS[number % len(QUESTIONS)])
            page.click("#send")
            page.locator(".sq-turn .sq-text").nth(number).wait_for()
            found["first words"].append(page.evaluate("window.words - window.clicked"))
            page.wait_for_selector("#send:visible")
            page.locator(".sq-mark").last.click()
            page.wait_for_selector("#source mark")
            found["source pane"].append(page.evaluate("window.source - window.clicked"))
            page.click("#close")
            page.wait_for_selector("#source mark", state="detached")
        crowd = [arrived(browser, address, []) for _ in range(people)]
        for at, page in enumerate(crowd):
            page.fill("#question textarea", QUESTIONS[at % len(QUESTIONS)])
        for page in crowd:
            page.evaluate("setTimeout(() => document.querySelector('#send').click(), 500)")
        for page in crowd:
            page.wait_for_selector(".sq-turn .sq-text")
        times = [page.evaluate("window.words - window.clicked") for page in crowd]
        found[f"first words, {people} pages in one Chromium at once"] = times
        browser.close()
    return found


def arrived(browser, address, times):
    """Open the page in a browser that was never here, note how long it took until it could be used, and return it."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    begun = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".sq-example")
    times.append((time.perf_counter() - begun) * 1000)
    return page


class Person:
    """Somebody who asks over Gradio's queue as the page's script does: join, then read the stream of events."""

    def __init__(self, address):
        parts = urlsplit(address)
        self.place = (parts.hostname, parts.port)
        self.session = secrets.token_hex(6)
        opened = self.request("GET", "/", headers={})
        page = opened.read().decode()
        begins = page.index("window.gradio_config = ") + len("window.gradio_config = ")
        config = json.JSONDecoder().raw_decode(page[begins:])[0]
        self.events = {event["api_name"]: event["id"] for event in config["dependencies"]}
        cookie = opened.getheader("set-cookie").partition(";")[0]
        self.headers = {"cookie": cookie, "origin": address.rstrip("/"), "content-type": "application/json"}
        self.does("arrive", [])

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*self.place, timeout=60)
        connection.request(method, path, body, self.headers if headers is None else headers)
        return connection.getresponse()

    def does(self, event, data):
        """Return the milliseconds until the first words and until the end; raises RuntimeError for a failure."""
        begun, first = time.perf_counter(), None
        fields = {"data": data, "fn_index": self.events[event], "session_hash": self.session}
        joined = self.request("POST", "/gradio_api/queue/join", json.dumps(fields))
        if joined.status != 200:
            raise RuntimeError(f"{joined.status} {joined.read()[:200]!r}")
        joined.read()
        for line in self.request("GET", f"/gradio_api/queue/data?session_hash={self.session}"):
            message = json.loads(line[5:]) if line.startswith(b"data:") else {"msg": ""}
            if first is None and b"sq-text" in line:
                first = (time.perf_counter() - begun) * 1000
            if message["msg"] == "unexpected_error" or message.get("success") is False:
                raise RuntimeError(str(message)[:300])
            if message["msg"] == "process_completed":
                break
        return first, (time.perf_counter() - begun) * 1000


def over_the_queue(address, people):
    """Return first words and ends of so many people who ask at the same moment, and what went wrong."""
    crowd = [Person(address) for _ in range(people)]
    together, first, ended, failures = threading.Barrier(people), [], [], []

    def asks(person, question):
        together.wait()
        try:
            words, end = person.does("ask", [None, question, "en", ""])
            first.append(words)
            ended.append(end)
        except (OSError, RuntimeError, ValueError) as error:
            failures.append(str(error))

    threads = [
        threading.Thread(target=asks, args=(person, QUESTIONS[at % len(QUESTIONS)])) for at, person in enumerate(crowd)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        f"first words, {people} people over the queue at once": first,
        f"whole answers, {people} people over the queue at once": ended,
    }, failures


def main() -> None:
    """Serve, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", default=None)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--cores", default="")
    options = parser.parse_args()
    environment = {**os.environ, "SURVEY_QA_HOME": options.home or tempfile.mkdtemp()}
    command = [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--no-open", "--questions-per-minute", "0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        if options.cores:
            cores = {int(core) for core in options.cores.split(",")}
            for thread in Path(f"/proc/{server.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), cores)
        found, failures = over_the_queue(address, options.people)
        again, more = over_the_queue(address, options.people)
        found = {f"{name}, the first time": times for name, times in found.items()} | again
        found |= in_a_browser(address, options.rounds, options.people)
    finally:
        server.terminate()
    show(found, [*failures, *more], options.cores)


def show(found, failures, cores):
    """Print the table."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, server on {cores or 'all'}; failures: {failures}")
    print("\n| milliseconds | n | p50 | p95 |\n|---|---|---|---|")
    for name, times in found.items():
        ordered = sorted(times)
        high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        print(f"| {name} | {len(times)} | {statistics.median(times):.0f} | {high:.0f} |")


if __name__ == "__main__":
    main()
