"""The page under axe: no serious finding beyond those that an empty page of Gradio has as well."""

import json
from pathlib import Path

import pytest

axe = pytest.importorskip("axe_playwright_python", reason="axe checks the page: pip install axe-playwright-python")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
pytestmark = pytest.mark.long

RULES = json.dumps({"resultTypes": ["violations"]})


def findings(page):
    """Return the rules with serious findings, and an example of each."""
    source = next(Path(axe.__file__).parent.glob("*.min.js")).read_text("utf-8")
    page.evaluate(source)
    result = page.evaluate(f"axe.run(document, {RULES})")
    assert len(result["passes"]) > 10  # it has looked
    found = result["violations"]
    return {rule["id"]: rule["nodes"][0]["html"][:200] for rule in found if rule["impact"] in ("serious", "critical")}


@pytest.fixture(scope="module")
def of_gradio(browser, serve_app):
    """What axe finds in an empty page of Gradio."""
    import gradio as gr
    from fastapi import FastAPI

    with gr.Blocks() as empty:
        gr.Textbox(label="Question")
    with serve_app(gr.mount_gradio_app(FastAPI(), empty, path="/")) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("textarea")
        found = findings(page)
        page.close()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["chat", "explore", "documents", "settings"])
def test_axe_finds_nothing_serious_that_gradio_does_not_bring(visit, of_gradio, view, scheme):
    page = visit(scheme=scheme)
    for question, kind in (
        ("How much?", "answered"),
        ("weather", "refused"),
        ("forbidden", "moderated"),
        ("break", "failed"),
    ):
        page.fill("#question textarea", question)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".sq-{kind}")
        page.wait_for_selector("#send:visible")
    page.click(".sq-answered .sq-mark")
    page.wait_for_selector("#source mark")
    if view != "chat":
        page.click(f"#views label:has(input[value={view}])")
        page.wait_for_selector(
            {"explore": ".sq-tree", "documents": "#documents .sq-row", "settings": "#facts table"}[view]
        )
    page.wait_for_timeout(500)

    ours = findings(page)

    assert {rule: html for rule, html in ours.items() if rule not in of_gradio} == {}


def test_axe_finds_nothing_serious_on_a_phone_with_the_list_of_conversations_and_a_comparison_open(visit, of_gradio):
    page = visit(width=375, height=740)
    page.click("#views label:has(input[value=explore])")
    page.locator("#pictures label").nth(2).click()
    for number in range(2):
        page.locator(".sq-pick").nth(number).click()
        page.wait_for_timeout(300)
    page.wait_for_selector(".sq-compared")
    page.click("#menu")
    page.wait_for_timeout(300)

    ours = findings(page)

    assert {rule: html for rule, html in ours.items() if rule not in of_gradio} == {}


def test_axe_finds_nothing_serious_in_a_box_that_asks(visit, of_gradio):
    page = visit(scheme="dark")
    page.fill("#question textarea", "How much?")
    page.keyboard.press("Enter")
    page.click(".sq-answered .sq-disliked")
    page.wait_for_selector(".sq-dialog")

    ours = findings(page)

    assert {rule: html for rule, html in ours.items() if rule not in of_gradio} == {}
