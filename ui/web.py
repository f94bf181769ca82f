"""Lays out the page in Gradio and wires its events; decides nothing (``handlers``) and draws nothing (``rendering``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui import handlers
from ui.handlers import Answerer, Chat
from ui.rendering import render_fine_print, render_head, render_messages, render_source, render_welcome
from ui.texts import LANGUAGES, TEXTS, Language, language_of_browser

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent
FONTS = ["system-ui", "-apple-system", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"]
CODE_FONTS = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace"]
# One page streams for at most this many people at once; the others wait in line.
CONCURRENT_ANSWERS = 8
WAITING_LINE = 64

Examples = dict[Language, Sequence[str]]


class _Page:
    """The components that events read and write, by the ids that tests and scripts rely on."""

    def __init__(self, gr: Any) -> None:  # noqa: ANN401 the module itself, imported late
        self.chat = gr.State(Chat())
        with gr.Row(elem_id="top"):
            self.head = gr.Markdown(elem_id="head")
            with gr.Row(elem_id="tools"):
                names = [(name, code) for code, name in LANGUAGES.items()]
                self.language = gr.Radio(
                    names, value="en", elem_id="language", container=False, show_label=False, min_width=0
                )
                self.clear = gr.Button(elem_id="clear", size="sm", variant="secondary", min_width=0)
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="talk", min_width=0):
                self.messages = gr.Chatbot(
                    elem_id="chat", show_label=False, layout="panel", buttons=[], latex_delimiters=[], container=False
                )
                with gr.Row(elem_id="composer"):
                    self.question = gr.Textbox(
                        elem_id="question", container=False, show_label=False, lines=1, max_lines=8, autofocus=True
                    )
                    self.send = gr.Button(elem_id="send", variant="primary", min_width=0)
                    self.stop = gr.Button(elem_id="stop", variant="stop", min_width=0, visible=False)
                self.fine_print = gr.Markdown(elem_id="fine-print")
            with gr.Column(elem_id="side", min_width=0, visible=False) as self.side:
                self.close = gr.Button(elem_id="close", size="sm", variant="secondary", min_width=0)
                self.source = gr.Markdown(elem_id="source", latex_delimiters=[])
        self.opened = gr.Textbox(elem_id="opened", container=False, show_label=False)


def build_page(answerer: Answerer, examples: Examples) -> gr.Blocks:
    """Return the page; ``examples`` are the questions that an empty chat offers in each language."""
    import gradio as gr

    page: gr.Blocks = gr.Blocks(title="survey-qa", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600))
    with page:
        _wire(gr, page, _Page(gr), answerer, examples)
    page.queue(max_size=WAITING_LINE, default_concurrency_limit=CONCURRENT_ANSWERS, api_open=False)
    return page


def page_look() -> dict[str, Any]:
    """Return the arguments of ``gr.mount_gradio_app`` that make the page's look."""
    import gradio as gr

    theme = gr.themes.Base(primary_hue="teal", neutral_hue="slate", font=FONTS, font_mono=CODE_FONTS)
    script = (HERE / "page.js").read_text("utf-8")
    return {"theme": theme, "css_paths": [HERE / "page.css"], "head": f"<script>{script}</script>"}


def _wire(gr: Any, page: gr.Blocks, on: _Page, answerer: Answerer, examples: Examples) -> None:  # noqa: ANN401 a module
    """Connect every event; all of them are closed to API clients."""
    closed: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    at_once: dict[str, Any] = {**closed, "queue": False}
    labelled = [on.head, on.clear, on.messages, on.question, on.send, on.stop, on.close, on.fine_print, on.opened]
    talking = [on.chat, on.messages, on.question, on.send, on.stop]
    panel = [on.chat, on.side, on.source]

    def ask(chat: Chat, question: str, language: Language) -> Iterator[tuple[Any, ...]]:
        answering = handlers.ask(handlers.switch_language(chat, language), question, answerer)
        for step, now in enumerate(answering):
            busy = (gr.update(visible=False), gr.update(visible=True)) if step == 0 else (gr.skip(), gr.skip())
            chat = now
            yield (now, render_messages(now), "" if step == 0 else gr.skip(), *busy)
        yield (chat, render_messages(chat), gr.skip(), *_idle(gr))

    def stop(chat: Chat) -> tuple[Any, ...]:
        stopped = handlers.stop(chat)
        return (stopped, render_messages(stopped), gr.skip(), *_idle(gr))

    def clear(chat: Chat) -> tuple[Any, ...]:
        empty = handlers.clear(chat)
        return (empty, [], "", *_idle(gr), gr.update(visible=False), "")

    def open_source(chat: Chat, place: str) -> tuple[Any, ...]:
        return _panel(gr, handlers.open_source(chat, place.partition("#")[0]))

    def close_source(chat: Chat) -> tuple[Any, ...]:
        return _panel(gr, handlers.close_source(chat))

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        language = language_of_browser(request.headers.get("accept-language"))
        return (language, *_words(gr, language, examples[language]))

    def switch(chat: Chat, language: Language) -> tuple[Any, ...]:
        now = handlers.switch_language(chat, language)
        words = _words(gr, language, examples[language])
        words[2]["value"] = render_messages(now)
        return (*_panel(gr, now), *words)

    arrive.__annotations__["request"] = gr.Request  # Gradio hands the request to whoever names its type
    page.load(arrive, None, [on.language, *labelled], **at_once)
    asked = gr.on(
        [on.send.click, on.question.submit], ask, [on.chat, on.question, on.language], talking,
        trigger_mode="once", concurrency_limit=CONCURRENT_ANSWERS, **closed,
    )  # fmt: skip
    on.stop.click(stop, [on.chat], talking, cancels=[asked], **at_once)
    on.clear.click(clear, [on.chat], [*talking, on.side, on.source], cancels=[asked], **at_once)
    on.opened.change(open_source, [on.chat, on.opened], panel, **at_once)
    on.close.click(close_source, [on.chat], panel, **at_once)
    on.language.input(switch, [on.chat, on.language], [*panel, *labelled], **at_once)


def _idle(gr: Any) -> tuple[Any, Any]:  # noqa: ANN401 a module
    """Return the two buttons as they are while nothing is being answered."""
    return gr.update(visible=True), gr.update(visible=False)


def _panel(gr: Any, chat: Chat) -> tuple[Any, ...]:  # noqa: ANN401 a module
    return chat, gr.update(visible=chat.opened is not None), render_source(chat.opened, chat.language)


def _words(gr: Any, language: Language, examples: Sequence[str]) -> list[Any]:  # noqa: ANN401 a module
    """Return every component that shows words of ours, in one language."""
    texts = TEXTS[language]
    return [
        render_head(language),
        gr.update(value=texts.clear),
        gr.update(placeholder=render_welcome(language, examples), label=texts.conversation),
        gr.update(placeholder=texts.question_hint, label=texts.question),
        gr.update(value=texts.send),
        gr.update(value=texts.stop),
        gr.update(value=texts.close),
        render_fine_print(language),
        gr.update(label=texts.open_source),
    ]
