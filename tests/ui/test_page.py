"""The page in a real browser; needs an installed Chromium, downloads nothing."""

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser: pip install playwright")
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::ResourceWarning")]


def ask(page, question):
    page.wait_for_selector("#send:visible")
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")


def reload(page):
    """Load the page again, which cuts off the requests that are under way."""
    page.reloading = True
    page.reload()
    page.wait_for_selector(".sq-turn")
    page.reloading = False


def is_in_view(page, selector, frame):
    inner, outer = page.locator(selector).first.bounding_box(), page.locator(frame).bounding_box()
    return outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 1


def test_an_example_is_asked_by_a_click_and_the_answer_streams(visit):
    page = visit(locale="zh-CN")

    page.click("text=要多少显存?")
    page.wait_for_selector("text=量化到 INT4 后")
    partial = page.inner_text("#chat")
    page.wait_for_selector(".sq-answered")

    assert "6 GB" not in partial
    assert "6 GB" in page.inner_text(".sq-answered")


def test_a_mark_opens_the_source_with_the_quoted_words_marked(visit):
    page = visit()
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")

    assert page.inner_text("#source mark") == QUOTE
    assert "supports the statement only in part" in page.inner_text("#source .sq-check")
    assert page.get_attribute("#source a", "href") == "https://example.org/notes"
    assert is_in_view(page, "#source mark", "#source")


def test_a_source_far_down_is_scrolled_into_view(visit):
    page = visit(width=375, height=500)
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")
    page.wait_for_timeout(300)
    title = page.locator("#source header").bounding_box()

    assert is_in_view(page, "#source mark", "#source")
    assert page.locator("#source mark").bounding_box()["y"] >= title["y"] + title["height"]


def test_everything_works_from_the_keyboard(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.focus(".sq-mark")
    page.keyboard.press("Enter")
    page.wait_for_selector("#source mark")
    page.keyboard.press("Escape")
    page.wait_for_selector("#source", state="hidden")

    assert page.evaluate("document.activeElement.className").startswith("sq-mark")


def test_every_button_and_field_has_a_name(visit):
    page = visit()
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")

    nameless = page.evaluate(
        """[...document.querySelectorAll("button, textarea, input, a")].filter((e) => e.offsetParent
           && !(e.innerText || e.ariaLabel || e.title || e.labels?.[0]?.innerText || e.placeholder || "").trim())
           .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert "开源模型笔记" in page.get_attribute(".sq-mark", "aria-label")


def test_a_stop_keeps_what_was_written(visit):
    page = visit()
    ask(page, "slow please")
    page.wait_for_selector("text=word9")
    page.click("#stop")
    page.wait_for_selector(".sq-stopped")
    kept = page.inner_text(".sq-stopped .sq-text")
    page.wait_for_timeout(500)

    assert kept.startswith("word0 word1")
    assert page.inner_text(".sq-stopped .sq-text") == kept
    sync_api.expect(page.locator("#send")).to_be_visible()
    assert page.is_hidden("#stop")


def test_a_long_answer_is_read_from_its_beginning_and_whoever_scrolls_is_left_alone(visit):
    page = visit(height=500)
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    ask(page, "slow please")
    page.wait_for_selector("text=word300", timeout=60_000)
    question, chat = page.locator(".sq-question").last.bounding_box(), page.locator("#chat").bounding_box()
    assert chat["y"] <= question["y"] <= chat["y"] + 40

    page.mouse.move(600, 200)
    page.mouse.wheel(0, -2_000)
    page.wait_for_selector("text=word360", timeout=60_000)
    assert page.locator(".sq-question").first.bounding_box()["y"] >= chat["y"]
    page.click("#stop")


def test_one_may_ask_on_after_a_stop(visit):
    page = visit()
    ask(page, "slow please")
    page.click("#stop")
    page.wait_for_selector(".sq-stopped")
    ask(page, "How much?")

    page.wait_for_selector(".sq-answered")
    assert page.locator(".sq-turn").count() == 2


def test_closing_the_tab_ends_the_answering(visit, talker):
    talker.ended.clear()
    page = visit()
    ask(page, "slow please")
    page.wait_for_selector("text=word3")
    page.close()

    assert talker.ended.wait(60)


def test_a_new_chat_ends_the_answer_that_is_being_written_and_keeps_it(visit, talker):
    talker.ended.clear()
    page = visit()
    ask(page, "slow please")
    page.wait_for_selector("text=word3")
    page.click("#clear")

    page.wait_for_selector(".sq-example")
    assert talker.ended.wait(60)
    page.click(".sq-conversation")
    page.wait_for_selector(".sq-stopped")
    assert "word0 word1" in page.inner_text(".sq-stopped")


def test_what_is_typed_while_an_answer_is_written_stays(visit):
    page = visit()
    ask(page, "slow please")
    page.wait_for_selector("text=word3")
    page.fill("#question textarea", "my next one")
    page.keyboard.press("Enter")
    page.click("#stop")
    page.wait_for_selector(".sq-stopped")

    assert page.input_value("#question textarea") == "my next one"
    assert page.locator(".sq-turn").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_content_check_stopped_looks_neither_like_a_refusal_nor_like_an_error(visit, scheme):
    page = visit(scheme=scheme)
    for question, kind in (("forbidden", "moderated"), ("weather?", "refused"), ("break it", "failed")):
        ask(page, question)
        page.wait_for_selector(f".sq-{kind}")
        page.wait_for_selector("#send:visible")
        sync_api.expect(page.locator("#question textarea")).to_have_value("")
    looks = [page.evaluate(LOOK, box) for box in (".sq-moderated", ".sq-refused", ".sq-alert")]

    assert page.inner_text(".sq-moderated .sq-flag") == "Stopped by the content check"
    assert page.locator(".sq-moderated .sq-source, .sq-moderated .sq-copy").count() == 0
    assert len(set(looks)) == 3
    assert page.evaluate(CONTRAST, ".sq-moderated .sq-flag") >= 4.5
    assert page.evaluate(CONTRAST, ".sq-moderated .sq-text p") >= 4.5


def test_a_question_that_is_too_long_is_told_so(visit):
    page = visit()
    ask(page, "long " * 50_000)
    page.wait_for_selector(".sq-failed")

    assert "8,000 are the most" in page.inner_text(".sq-alert")


def test_a_refusal_and_an_error_look_different_from_an_answer(visit):
    page = visit()
    ask(page, "weather?")
    page.wait_for_selector(".sq-refused")
    ask(page, "break it")
    page.wait_for_selector(".sq-failed")

    assert "Not in the documents" in page.inner_text(".sq-refused")
    assert "RuntimeError" in page.inner_text(".sq-alert")
    assert "secret" not in page.inner_text("body")
    page.click(".sq-refused .sq-source")
    page.wait_for_selector("#source mark")


def test_a_hostile_document_stays_text_and_asks_nobody(visit):
    page = visit()
    ask(page, "evil")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")
    page.wait_for_timeout(500)

    assert (
        page.locator(
            "#chat .md :is(img, script, svg, iframe, form, .katex, h1), #source :is(img, script, svg, h1)"
        ).count()
        == 0
    )
    links = page.evaluate("[...document.querySelectorAll('#chat .md a, #source a')].map((link) => link.href)")
    assert [link for link in links if not link.startswith("https://evil.example/")] == []
    assert "<script>alert(2)</script>" in page.inner_text("#source mark")
    assert "<script>alert(2)</script>" in page.inner_text(".sq-answered")


def test_the_language_follows_the_browser_and_switches_live(visit):
    page = visit(locale="zh-CN")
    ask(page, "要多少?")
    page.click(".sq-mark")
    page.wait_for_selector("text=引文只部分支持")
    page.click("#language label:has-text('English')")

    page.wait_for_selector("text=supports the statement only in part")
    assert page.inner_text("#send") == "Send"
    assert "Copy answer" in page.inner_text(".sq-answered")


def test_clearing_brings_the_examples_back(visit):
    page = visit()
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")
    page.click("#clear")

    page.wait_for_selector(".sq-example")
    assert page.is_hidden("#source")
    assert page.locator(".sq-turn").count() == 0


def test_copying_gives_plain_text_with_the_marks(visit):
    page = visit()
    ask(page, "How much?")
    page.click(".sq-copy")
    page.wait_for_selector("text=Copied")

    assert page.evaluate("navigator.clipboard.readText()") == "量化到 INT4 后,Walnut-7B 只要 6 GB 显存 [1]。"


@pytest.mark.parametrize("width", [360, 375, 768, 1440])
def test_nothing_sticks_out_at_any_width(visit, width):
    page = visit(width=width, height=740)
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in ("#source", "#close", "#clear", "#language", "#views", "#menu"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width + 1


def test_in_a_narrow_window_the_source_takes_the_place_of_the_field_and_the_mark_stays_in_view(visit):
    page = visit(width=375, height=740)
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")
    page.wait_for_timeout(200)
    talk, side = page.locator("#talk").bounding_box(), page.locator("#side").bounding_box()

    assert side["y"] >= talk["y"] + talk["height"] - 1
    assert page.is_hidden("#composer")
    assert is_in_view(page, ".sq-mark", "#talk")
    page.click("#close")
    assert is_in_view(page, "#send", "#talk")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(visit, scheme):
    page = visit(scheme=scheme)
    ask(page, "How much?")
    page.click(".sq-mark")
    page.wait_for_selector("#source mark")

    for selector in (
        ".sq-question", ".sq-text p", ".sq-word", ".sq-at", ".sq-copy", ".sq-label", "#source mark", "#source .sq-context",
        "#source .sq-check", "#source a", "#send", "#clear", ".sq-fine", ".sq-head p", ".sq-source",
    ):  # fmt: skip
        assert page.evaluate(CONTRAST, selector) >= 4.5, selector


def test_two_people_who_ask_at_once_do_not_see_each_other(visit):
    one, other = visit(), visit()
    ask(one, "slow one")
    one.wait_for_selector("text=word3")
    ask(other, "How much?")
    other.wait_for_selector(".sq-answered")

    assert one.locator(".sq-question").all_inner_texts() == ["slow one"]
    assert one.is_visible("#stop")
    assert other.is_hidden("#stop")
    assert other.locator(".sq-conversation").all_inner_texts() == ["How much?"]
    one.click("#stop")
    one.wait_for_selector(".sq-stopped")
    assert one.locator(".sq-conversation").all_inner_texts() == ["slow one"]


QUOTE = "量化到 INT4 后,Walnut-7B 只要 6 GB 显存就能运行"
LOOK = """(selector) => { const style = getComputedStyle(document.querySelector(selector));
  return [style.borderLeft, style.backgroundColor].join(); }"""
# The contrast ratio of WCAG 2 between an element's text and the first background that is not transparent.
CONTRAST = """(selector) => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const element = document.querySelector(selector);
  let behind = element;
  const seen = (e) => { const c = parts(getComputedStyle(e).backgroundColor); return c.length === 3 || c[3] > 0; };
  while (behind.parentElement && !seen(behind)) behind = behind.parentElement;
  const [a, b] = [light(parts(getComputedStyle(element).color)), light(parts(getComputedStyle(behind).backgroundColor))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


def test_a_refresh_finds_the_conversation_and_its_sources_open(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.wait_for_url("**/?c=*")
    reload(page)

    page.click(".sq-answered .sq-mark")
    page.wait_for_selector("#source mark")

    assert page.inner_text("#source mark") == QUOTE
    assert page.inner_text(".sq-here .sq-conversation") == "How much?"


def test_conversations_are_listed_searched_and_opened(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.click("#clear")
    page.wait_for_selector(".sq-example")
    ask(page, "And the weather?")
    page.wait_for_selector(".sq-refused")
    assert page.locator(".sq-conversation").all_inner_texts() == ["And the weather?", "How much?"]

    page.fill("#find textarea, #find input", "much")
    sync_api.expect(page.locator(".sq-conversation")).to_have_count(1)
    page.click(".sq-conversation")

    page.wait_for_selector(".sq-answered")
    assert page.locator(".sq-question").all_inner_texts() == ["How much?"]


def test_an_earlier_question_is_edited_and_what_followed_is_replaced(visit):
    page = visit()
    for question in ("How much?", "And the weather?"):
        ask(page, question)
        page.wait_for_selector("text=" + question)
        page.wait_for_selector("#send:visible")
    page.wait_for_selector(".sq-refused")

    page.locator(".sq-asked").first.hover()
    page.locator(".sq-edit").first.click()
    assert page.is_visible("#notice")
    ask(page, "How much exactly?")
    page.wait_for_selector("text=How much exactly?")
    page.wait_for_selector(".sq-answered")

    assert page.locator(".sq-question").all_inner_texts() == ["How much exactly?"]
    assert page.is_hidden("#notice")


def test_an_answer_is_written_again_and_a_draft_stays(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.fill("#question textarea", "a draft")

    page.click(".sq-again")
    page.wait_for_selector("#stop:visible")
    page.wait_for_selector(".sq-answered")

    assert page.locator(".sq-question").all_inner_texts() == ["How much?"]
    assert page.input_value("#question textarea") == "a draft"


def test_a_verdict_stays_and_is_taken_back_by_a_second_click(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")

    page.click(".sq-liked")
    page.wait_for_selector(".sq-liked.sq-chosen")
    reload(page)
    page.click(".sq-liked.sq-chosen")

    sync_api.expect(page.locator(".sq-liked.sq-chosen")).to_have_count(0)
    assert page.locator(".sq-liked").count() == 1


def test_a_conversation_is_renamed(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.hover(".sq-entry")
    page.click(".sq-rename")
    assert page.input_value(".sq-dialog input") == "How much?"
    page.fill(".sq-dialog input", "显存")
    page.keyboard.press("Enter")

    page.wait_for_selector(".sq-conversation:text('显存')")
    assert page.locator(".sq-conversation").all_inner_texts() == ["显存"]


def test_a_conversation_is_deleted_only_after_a_yes(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    for refuse in (lambda: page.click(".sq-dialog .sq-no"), lambda: page.keyboard.press("Escape")):
        page.hover(".sq-entry")
        page.click(".sq-delete")
        page.wait_for_selector(".sq-dialog :text('cannot be brought back')")
        refuse()
        page.wait_for_selector(".sq-dialog", state="detached")
    page.wait_for_timeout(300)
    assert page.locator(".sq-conversation").count() == 1

    page.hover(".sq-entry")
    page.click(".sq-delete")
    page.click(".sq-dialog .sq-yes")

    page.wait_for_selector(".sq-example")
    sync_api.expect(page.locator(".sq-conversation")).to_have_count(0)
    assert "?" not in page.url


def test_a_dislike_asks_why(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.click(".sq-disliked")
    page.fill(".sq-dialog input", "Wrong number")
    page.click(".sq-dialog .sq-yes")

    sync_api.expect(page.locator(".sq-disliked.sq-chosen")).to_have_count(1)


def test_the_link_of_somebody_elses_conversation_opens_nothing(visit):
    mine = visit()
    ask(mine, "How much?")
    mine.wait_for_url("**/?c=*")

    yours = visit()
    yours.goto(mine.url)
    yours.wait_for_selector("text=may have been deleted")

    assert yours.locator(".sq-turn").count() == 0
    assert yours.locator(".sq-conversation").count() == 0


def look_at_models(page, picture):
    page.locator("#views label").nth(1).click()
    page.locator("#pictures label").nth(["tree", "timeline", "table"].index(picture)).click()
    page.wait_for_selector({"tree": ".sq-tree", "timeline": ".sq-timeline", "table": ".sq-models"}[picture])


@pytest.mark.parametrize("picture", ["tree", "timeline", "table"])
def test_a_click_on_a_model_asks_about_it(visit, picture):
    page = visit()
    look_at_models(page, picture)

    page.click("#models .sq-model:text('Walnut-7B')")
    page.wait_for_selector(".sq-answered")

    assert page.locator(".sq-question").all_inner_texts() == ["Tell me about Walnut-7B"]


def test_two_models_are_compared_with_a_source_for_every_value(visit):
    page = visit()
    look_at_models(page, "table")
    for name in ("Walnut-7B", "Hazel-3B"):
        page.click(f".sq-row:has-text('{name}') .sq-pick")
    page.wait_for_selector(".sq-compared")

    page.click(".sq-compared tr:has-text('Parameters') .sq-dot >> nth=1")
    page.wait_for_selector("#source mark")

    assert page.inner_text("#source mark") == "3B"
    page.click("#close")
    page.click(".sq-pick-none")
    page.wait_for_selector(".sq-compared", state="detached")
    assert page.locator(".sq-pick.sq-chosen").count() == 0


def test_models_are_sorted_by_size_and_filtered_by_words(visit):
    page = visit()
    look_at_models(page, "table")

    page.click(".sq-sort:text('Parameters')")
    names = page.locator(".sq-row .sq-model").all_inner_texts()
    page.fill("#find-model textarea, #find-model input", "northlab")

    assert names == ["Acorn-350M", "Hazel-3B", "Walnut-7B"]
    assert page.locator(".sq-row:visible .sq-model").all_inner_texts() == ["Hazel-3B"]


def test_how_an_answer_came_about_can_be_looked_at_and_asked_again_with_one_change(visit):
    page = visit()
    ask(page, "How much?")
    page.wait_for_selector(".sq-answered")
    page.click(".sq-inside")
    page.click(".sq-inside-panel .sq-knob >> nth=1")
    page.wait_for_selector(".sq-refused")  # by the documents of this test, which the scripted answer is not from

    assert page.locator(".sq-question").all_inner_texts() == ["How much?"]


def test_settings_show_what_can_be_chosen_and_what_is_fixed(visit):
    page = visit()
    page.click("#views label:has(input[value=settings])")
    page.click("#reader label:has(input[value=own])")
    page.fill("#spec textarea, #spec input", "openai:gpt-x")
    page.click("#check")
    page.wait_for_selector("#check-note:has-text('Enter yours')")

    assert "builtin" in page.inner_text("#facts")
