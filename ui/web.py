"""Lays out the page in Gradio and wires its events; decides nothing (``handlers``) and draws nothing (``rendering``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.settings import MAX_QUESTION_CHARS
from ui import handlers
from ui.handlers import Answerer, Brakes, Chat, Source
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
# More than any question that is answered, so that a longer one is told so; less than what the guard refuses.
LONGEST_TYPED = 4 * MAX_QUESTION_CHARS

Examples = dict[Language, Sequence[str]]


class _Page:
    """The components that events read and write, by the ids that tests and scripts rely on."""

    def __init__(self) -> None:
        import gradio as gr

        self.chat = gr.State(Chat())
        self.opened = gr.State(None)
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
                        max_length=LONGEST_TYPED,
                        elem_id="question",
                        container=False,
                        show_label=False,
                        lines=1,
                        max_lines=8,
                        autofocus=True,
                    )
                    self.send = gr.Button(elem_id="send", variant="primary", min_width=0)
                    self.stop = gr.Button(elem_id="stop", variant="stop", min_width=0, visible=False)
                self.fine_print = gr.Markdown(elem_id="fine-print")
            with gr.Column(elem_id="side", min_width=0, visible=False) as self.side:
                self.close = gr.Button(elem_id="close", size="sm", variant="secondary", min_width=0)
                self.source = gr.Markdown(elem_id="source", latex_delimiters=[])
        self.place = gr.Textbox(elem_id="place", container=False, show_label=False)  # page.js writes it, CSS hides it


def build_page(answerer: Answerer, examples: Examples) -> gr.Blocks:
    """Return the page; ``examples`` are the questions that an empty chat offers in each language."""
    import gradio as gr

    page: gr.Blocks = gr.Blocks(title="survey-qa", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600))
    with page:
        _wire(page, _Page(), answerer, examples)
    page.queue(max_size=WAITING_LINE, default_concurrency_limit=CONCURRENT_ANSWERS, api_open=False)
    return page


def page_look() -> dict[str, Any]:
    """Return the arguments of ``gr.mount_gradio_app`` that make the page's look."""
    import gradio as gr

    theme = gr.themes.Base(primary_hue="teal", neutral_hue="slate", font=FONTS, font_mono=CODE_FONTS)
    script = (HERE / "page.js").read_text("utf-8")
    return {"theme": theme, "css_paths": [HERE / "page.css"], "head": f"<script>{script}</script>"}


def _wire(page: gr.Blocks, on: _Page, answerer: Answerer, examples: Examples) -> None:
    """Connect every event; all of them are closed to API clients."""
    import gradio as gr

    closed: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    at_once: dict[str, Any] = {**closed, "queue": False}
    labelled = [
        on.language, on.head, on.clear, on.messages, on.question, on.send, on.stop, on.close, on.fine_print, on.place,
    ]  # fmt: skip
    talking = [on.chat, on.messages, on.question, on.send, on.stop, on.clear, on.language]
    panel = [on.opened, on.side, on.source]
    brakes = Brakes()

    def ask(chat: Chat, question: str, language: Language, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        now = asked = handlers.switch_language(chat, language)
        emptied, buttons = "", _busy(True)
        with brakes.armed(str(request.session_hash)) as stopped:
            for now in handlers.ask(asked, question, answerer, stopped):
                yield (now, render_messages(now), emptied, *buttons)
                emptied, buttons = gr.skip(), (gr.skip(),) * 4
        yield (now, render_messages(now), emptied, *_busy(False))

    def stop(request: gr.Request) -> None:
        brakes.pull(str(request.session_hash))

    def clear(chat: Chat) -> tuple[Any, ...]:
        return (handlers.clear(chat), [], "", *_busy(False), *_panel(None, chat.language))

    def open_source(chat: Chat, place: str, language: Language) -> tuple[Any, ...]:
        return _panel(handlers.find_source(chat, place.partition("#")[0]), language)

    def close_source(language: Language) -> tuple[Any, ...]:
        return _panel(None, language)

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        language = language_of_browser(request.headers.get("accept-language"))
        return tuple(_words(language, examples[language]))

    def switch(chat: Chat, opened: Source | None, language: Language) -> tuple[Any, ...]:
        now = handlers.switch_language(chat, language)
        words = _words(language, examples[language])
        words[labelled.index(on.messages)]["value"] = render_messages(now)
        return (now, *_panel(opened, language), *words)

    for handler in (ask, stop, arrive):  # Gradio hands the request to whoever names its type; here the name is text
        handler.__annotations__["request"] = gr.Request
    page.load(arrive, None, labelled, **at_once)
    gr.on(
        [on.send.click, on.question.submit], ask, [on.chat, on.question, on.language], talking,
        trigger_mode="once", concurrency_limit=CONCURRENT_ANSWERS, **closed,
    )  # fmt: skip
    on.stop.click(stop, None, None, **at_once)
    on.clear.click(clear, [on.chat], [*talking, *panel], **at_once)
    on.place.change(open_source, [on.chat, on.place, on.language], panel, **at_once)
    on.close.click(close_source, [on.language], panel, **at_once)
    on.language.input(switch, [on.chat, on.opened, on.language], [on.chat, *panel, *labelled], **at_once)


def _busy(busy: bool) -> tuple[Any, ...]:
    """Return send, stop, clear and language as they are while an answer is written, or while none is.

    What would change the chat behind the answer's back waits until it is written or stopped.
    """
    import gradio as gr

    free = gr.update(interactive=not busy)
    return gr.update(visible=not busy), gr.update(visible=busy), free, free


def _panel(source: Source | None, language: Language) -> tuple[Any, ...]:
    """Return the panel's state, whether it shows, and what it shows."""
    import gradio as gr

    return source, gr.update(visible=source is not None), render_source(source, language)


def _words(language: Language, examples: Sequence[str]) -> list[Any]:
    """Return every component that shows words of ours, in one language."""
    import gradio as gr

    texts = TEXTS[language]
    return [
        gr.update(value=language, label=texts.language),
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
