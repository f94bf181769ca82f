"""The documents in a real browser, over an index that answers: uploads, limits, snapshots. Needs an installed Chromium."""

import re

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from ui.quotas import Quota

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::ResourceWarning")]

UNLIMITED = Quota(0, 0, 0)
ENDED = re.compile("sq-(answered|refused|failed|stopped|moderated)")
KELP = "# Kelp-9B\n\nKelp-9B was released by Tidewater in May 2031 and has 9 billion parameters.\n"
ROOT = "# Walnut-7B\n\nWalnut-7B was released by Grove in February 2030 and has 7 billion parameters.\n"
EVIL = (
    "# Rogue-5B\n\nRogue-5B was released by <script>fetch('https://evil.example/?a')</script>Mallory"
    "<img src=https://evil.example/b.png onerror=alert(1)> in 2031. ![Rogue-5B](https://evil.example/c.png)\n\n"
    "| Model | Organisation | Parameters | Date | Architecture | Based on |\n|---|---|---|---|---|---|\n"
    "| Rogue-5B <svg onload=alert(2)> | Mallory ![x](https://evil.example/d.png) | 5B | 2031 | decoder-only | |\n"
)


@pytest.fixture
def index():
    given = [("walnut.md", "survey", "2030", ROOT), ("oak.md", "paper", "2029", ROOT.replace("Walnut", "Oak"))]
    return Index.build(
        split(
            [
                Document.from_text(text, id=id_, title=id_, kind=kind, metadata={"date": year})
                for id_, kind, year, text in given
            ]
        )
    )


@pytest.fixture
def open_page(serve, visit, index):
    """Return a function that opens the page over the index."""

    def opening(quota=UNLIMITED):
        return visit(at=serve(Assistant(index), index, quota))

    return opening


def ask(page, question):
    """Ask and return the outcome's element."""
    turns = page.locator(".sq-turn").count()
    page.click("#views label:has(input[value=chat])")
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    turn = page.locator(".sq-turn").nth(turns)
    sync_api.expect(turn).to_have_class(ENDED, timeout=30_000)
    page.wait_for_selector("#send:visible")
    return turn


def look_at_documents(page):
    page.click("#views label:has(input[value=documents])")
    page.wait_for_selector("#documents .sq-row")


def upload(page, path, text):
    path.write_text(text, encoding="utf-8")
    look_at_documents(page)
    with page.expect_file_chooser() as chooser:
        page.click("#upload")
    chooser.value.set_files([path])
    row = page.locator("#documents .sq-row", has_text=path.name)
    row.wait_for()
    return row


def outcome(turn):
    return next(name for name in ("answered", "refused", "failed") if f"sq-{name}" in turn.get_attribute("class"))


def test_an_upload_answers_is_looked_into_and_refuses_once_it_is_removed(open_page, tmp_path):
    page = open_page()
    row = upload(page, tmp_path / "kelp.md", KELP)
    row.locator(".sq-document").click()
    page.wait_for_selector("#source h2:text('Kelp-9B')")
    page.click("#close")

    answered = ask(page, "Who released Kelp-9B?")
    assert "Tidewater" in answered.inner_text()
    answered.locator(".sq-mark").first.click()
    page.wait_for_selector("#source mark:has-text('Tidewater')")

    look_at_documents(page)
    row.locator(".sq-remove").click()
    page.click(".sq-dialog:has-text('a snapshot brings it back') .sq-yes")
    sync_api.expect(row).to_have_count(0)
    assert outcome(ask(page, "Who released Kelp-9B?")) == "refused"


def test_a_file_that_cannot_be_read_says_so_in_its_job(open_page, tmp_path):
    page = open_page()
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.4 broken")
    look_at_documents(page)
    with page.expect_file_chooser() as chooser:
        page.click("#upload")
    chooser.value.set_files([tmp_path / "x.pdf"])

    page.wait_for_selector("#jobs .sq-failed:has-text('x.pdf')")
    assert outcome(ask(page, "Who released Walnut-7B?")) == "answered"


def test_a_document_full_of_scripts_and_pictures_stays_text_everywhere(open_page, tmp_path):
    page = open_page()
    row = upload(page, tmp_path / "rogue.md", EVIL)
    row.locator(".sq-document").click()
    page.wait_for_selector("#source h2:text('Rogue-5B')")
    turn = ask(page, "Who released Rogue-5B?")
    turn.locator(".sq-mark, .sq-source").first.click()
    page.wait_for_selector("#source mark")
    page.click("#views label:has(input[value=explore])")
    page.wait_for_selector("#models .sq-model:has-text('Rogue-5B')")
    page.wait_for_timeout(500)

    assert "Mallory" in turn.inner_text()
    inside = "#chat .md :is(img, script, svg), #source :is(img, script, svg), #models :is(img, script, svg)"
    assert page.locator(inside).count() == 0  # `visit` looks at the requests


def test_ticked_documents_alone_answer_until_the_limit_is_lifted(open_page):
    page = open_page()
    look_at_documents(page)
    page.locator("#documents .sq-row", has_text="oak.md").locator(".sq-only").click()
    page.wait_for_selector("#limit :text('1 ticked')", state="attached")

    assert outcome(ask(page, "Who released Walnut-7B?")) == "refused"
    page.click("#limit .sq-everything")
    page.wait_for_selector("#limit .sq-limit", state="detached")
    assert outcome(ask(page, "Who released Walnut-7B?")) == "answered"


def test_a_filter_of_the_list_becomes_the_limit_of_the_chat(open_page):
    page = open_page()
    look_at_documents(page)
    page.click("#facets .sq-facet:has-text('paper')")
    sync_api.expect(page.locator("#documents .sq-row")).to_have_count(1)
    page.click("#facets .sq-these")
    page.wait_for_selector("#limit :text('paper')", state="attached")

    assert outcome(ask(page, "Who released Walnut-7B?")) == "refused"
    assert outcome(ask(page, "Who released Oak-7B?")) == "answered"


def test_a_rebuild_and_a_check_end_well_and_a_rollback_brings_back_what_was_removed(open_page):
    page = open_page()
    look_at_documents(page)
    first = page.locator("#snapshots .sq-code").first.inner_text()
    page.click("#rebuild")
    page.wait_for_selector("#jobs .sq-done:has-text('Rebuild')")
    sync_api.expect(page.locator("#snapshots .sq-job")).to_have_count(2)
    page.click("#verify")
    page.wait_for_selector("#jobs .sq-done:has-text('Verify')")

    page.locator("#documents .sq-row", has_text="walnut.md").locator(".sq-remove").click()
    page.click(".sq-dialog .sq-yes")
    sync_api.expect(page.locator("#documents .sq-row")).to_have_count(1)
    page.locator("#snapshots .sq-job", has_text=first).locator(".sq-rollback").click()
    page.click(".sq-dialog:has-text('so you can return to it') .sq-yes")

    sync_api.expect(page.locator("#documents .sq-row")).to_have_count(2)
    assert first in page.locator("#snapshots .sq-job:has(.sq-badge)").inner_text()
    assert outcome(ask(page, "Who released Walnut-7B?")) == "answered"


def test_who_asks_too_fast_is_told_when_to_come_back_and_keeps_what_was_typed(open_page):
    page = open_page(Quota(questions_per_minute=1))
    ask(page, "Who released Walnut-7B?")
    page.fill("#question textarea", "And Oak-7B?")
    page.keyboard.press("Enter")

    page.wait_for_selector("text=1 questions a minute are the most")
    assert page.input_value("#question textarea") == "And Oak-7B?"
    assert page.locator(".sq-turn").count() == 1


def test_the_documents_speak_the_other_language_at_once(open_page):
    page = open_page()
    look_at_documents(page)
    page.click("#language label:has-text('中文')")

    page.wait_for_selector("#documents th:text('资料')")
    assert page.inner_text("#rebuild") == "重建索引"
    assert "论文" in page.inner_text("#facets")
