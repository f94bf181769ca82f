"""How fast the page is: ready, first words, source pane, and many people at once. Needs an installed Chromium.

    python tests/benchmarks/page.py [--home DIR] [--rounds 20] [--people 20]

Starts `survey-qa serve` over the library without a model, drives it with Chromium and prints a Markdown table. Times are
those of a shared machine; read them with its load, which the table gives.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUESTIONS = (
    "ChatGLM-6B 量化后最低要多少显存?", "How many languages was BLOOM trained on?", "LLaMA 有哪几种参数规模?",
    "Who released GLM-130B?", "OPT 是谁发布的?", "Which model is Alpaca based on?", "Google 都出过哪些大模型?",
)  # fmt: skip


async def ready(browser, address):
    """Return the milliseconds until the page can be used."""
    page = await browser.new_page()
    begun = time.perf_counter()
    await page.goto(address)
    await page.wait_for_selector(".sq-example")
    took = time.perf_counter() - begun
    return page, took * 1000


async def asked(page, question, number):
    """Return the milliseconds from the click on send to the first words of the answer."""
    await page.fill("#question textarea", question)
    begun = time.perf_counter()
    await page.click("#send")
    await page.locator(".sq-turn .sq-text, .sq-refused").nth(number).wait_for()
    took = time.perf_counter() - begun
    await page.locator("#send:visible").wait_for()
    return took * 1000


async def opened(page):
    """Return the milliseconds from the click on a mark to the quoted words in the source pane."""
    begun = time.perf_counter()
    await page.locator(".sq-mark").last.click()
    await page.wait_for_selector("#source mark")
    took = time.perf_counter() - begun
    await page.click("#close")
    await page.locator("#side").wait_for(state="hidden")
    return took * 1000


async def measure(address, rounds, people):
    """Return what is measured, by name: milliseconds."""
    from playwright.async_api import async_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page, first = await ready(browser, address)
        found = {"page ready": [first], "first words": [], "source pane": []}
        for number in range(rounds):
            found["first words"].append(await asked(page, QUESTIONS[number % len(QUESTIONS)], number))
            found["source pane"].append(await opened(page))
        await page.close()
        crowd = await asyncio.gather(*(ready(browser, address) for _ in range(people)))
        begun = [asked(page, QUESTIONS[at % len(QUESTIONS)], 0) for at, (page, _) in enumerate(crowd)]
        found[f"first words, {people} people at once"] = list(await asyncio.gather(*begun))
        await browser.close()
    return found


def main() -> None:
    """Serve, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", default=None)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--people", type=int, default=20)
    options = parser.parse_args()
    environment = {**os.environ, "SURVEY_QA_HOME": options.home or tempfile.mkdtemp()}
    command = [sys.executable, "-m", "ui.cli", "serve", "--port", "0", "--no-open"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        urllib.request.urlopen(f"{address}healthz", timeout=30)
        found = asyncio.run(measure(address, options.rounds, options.people))
    finally:
        server.terminate()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n\n| | n | p50 ms | p95 ms |\n|---|---|---|---|")
    for name, times in found.items():
        ordered = sorted(times)
        print(
            f"| {name} | {len(times)} | {statistics.median(times):.0f} | {ordered[int(0.95 * (len(ordered) - 1))]:.0f} |"
        )


if __name__ == "__main__":
    main()
