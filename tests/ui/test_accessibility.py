"""The page under axe: no serious finding beyond those that an empty page of Gradio has as well."""

import json
import threading
import time
from pathlib import Path

import pytest

axe = pytest.importorskip("axe_playwright_python", reason="axe checks the page: pip install axe-playwright-python")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
pytestmark = pytest.mark.long

RULES = json.dumps({"resultTypes": ["violations"]})


def serve(app):
    """Serve an ASGI application in a thread and return its address and what ends it."""
    import uvicorn

    from ui.server import listen

    listener = listen("127.0.0.1", 0)
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True).start()
    while not running.started:
        time.sleep(0.05)
    return f"http://127.0.0.1:{listener.getsockname()[1]}/", lambda: setattr(running, "should_exit", True)


def findings(page):
    """Return the rules with serious findings, and an example of each."""
    source = next(Path(axe.__file__).parent.glob("*.min.js")).read_text("utf-8")
    page.evaluate(source)
    result = page.evaluate(f"axe.run(document, {RULES})")
    assert len(result["passes"]) > 10  # it has looked
    found = result["violations"]
    return {rule["id"]: rule["nodes"][0]["html"][:200] for rule in found if rule["impact"] in ("serious", "critical")}


@pytest.fixture(scope="module")
def of_gradio(browser):
    """What axe finds in an empty page of Gradio."""
    import gradio as gr
    from fastapi import FastAPI

    with gr.Blocks() as empty:
        gr.Textbox(label="Question")
    address, end = serve(gr.mount_gradio_app(FastAPI(), empty, path="/"))
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("textarea")
    found = findings(page)
    page.close()
    end()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["chat", "explore", "documents"])
def test_axe_finds_nothing_serious_that_gradio_does_not_bring(visit, of_gradio, view, scheme):
    page = visit(scheme=scheme)
    page.fill("#question textarea", "How much?")
    page.keyboard.press("Enter")
    page.click(".sq-answered .sq-mark")
    page.wait_for_selector("#source mark")
    if view != "chat":
        page.click(f"#views label:has(input[value={view}])")
        page.wait_for_selector({"explore": ".sq-tree", "documents": "#documents .sq-row"}[view])
    page.wait_for_timeout(500)

    ours = findings(page)

    assert {rule: html for rule, html in ours.items() if rule not in of_gradio} == {}
