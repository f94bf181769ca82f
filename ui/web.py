"""Lays out the page in Gradio and wires its events; decides nothing (``handlers``) and draws nothing (``rendering``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from index.filters import Filter
from rag.answers import Answer, Message
from rag.exploring import ModelCard
from rag.settings import MAX_QUESTION_CHARS
from ui import handlers
from ui.choices import NO_CHOICE, PASSAGES, Choice, Choices
from ui.conversations import Conversations
from ui.documents import Documents
from ui.documents_view import wire_documents
from ui.errors import UnknownConversation
from ui.feedback import Feedback
from ui.gallery import render_comparison, render_table, render_timeline, render_tree
from ui.glass import render_inside
from ui.handlers import Answerer, Brakes, Chat, Source, Verdict
from ui.owners import owner_of
from ui.rendering import (
    render_conversations,
    render_fine_print,
    render_head,
    render_hint,
    render_messages,
    render_notice,
    render_source,
    render_warning,
    render_welcome,
)
from ui.settings_view import wire_settings
from ui.shelf import Shelf
from ui.texts import LANGUAGES, TEXTS, Language, Picture, View, language_of_browser

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent
FONTS = ["system-ui", "-apple-system", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"]
CODE_FONTS = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace"]
# One page streams for at most this many people at once; the others wait in line.
CONCURRENT_ANSWERS = 8
WAITING_LINE = 64
# More than any question that is answered, so that a longer one is told so; less than what the guard refuses.
JOBS_SECONDS = 1.0  # how often the page looks at jobs that are under way
LONGEST_TYPED = 4 * MAX_QUESTION_CHARS

_PICTURES: Mapping[Picture, Callable[[Sequence[ModelCard], Language], str]] = {
    "tree": render_tree,
    "timeline": render_timeline,
    "table": render_table,
}

Examples = dict[Language, Sequence[str]]


class Page:
    """The components that events read and write, by the ids that tests and scripts rely on."""

    def __init__(self, *, login: bool) -> None:
        import gradio as gr

        self.chat = gr.State(Chat())
        self.opened = gr.State(None)
        with gr.Row(elem_id="top"):
            self.menu = gr.Button("☰", elem_id="menu", size="sm", variant="secondary", min_width=0)  # page.js answers
            self.head = gr.Markdown(elem_id="head")
            with gr.Row(elem_id="tools"):
                names = [(name, code) for code, name in LANGUAGES.items()]
                self.language = gr.Radio(
                    names, value="en", elem_id="language", container=False, show_label=False, min_width=0
                )
                self.view = gr.Radio(
                    [], value="chat", elem_id="views", container=False, show_label=False, min_width=0, visible=False
                )
                self.clear = gr.Button(elem_id="clear", size="sm", variant="secondary", min_width=0)
                self.leave = gr.Button(elem_id="leave", size="sm", variant="secondary", min_width=0, visible=login)
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="history", min_width=0):
                self.find = gr.Textbox(elem_id="find", container=False, show_label=False, max_length=200)
                self.conversations = gr.Markdown(elem_id="conversations", latex_delimiters=[])
            with gr.Column(elem_id="explore", min_width=0):
                with gr.Row(elem_id="explore-tools"):
                    self.picture = gr.Radio([], value="tree", elem_id="pictures", container=False, show_label=False)
                    self.find_model = gr.Textbox(
                        elem_id="find-model", container=False, show_label=False, interactive=True
                    )
                self.compared = gr.Markdown(elem_id="compared", latex_delimiters=[])
                self.models = gr.Markdown(elem_id="models", latex_delimiters=[])
            with gr.Column(elem_id="shelf", min_width=0):
                with gr.Row(elem_id="shelf-tools"):
                    self.upload = gr.Button(elem_id="upload", variant="primary", min_width=0)  # page.js answers
                    self.reread = gr.Button(elem_id="reread", size="sm", variant="secondary", min_width=0)
                    self.verify = gr.Button(elem_id="verify", size="sm", variant="secondary", min_width=0)
                    self.find_document = gr.Textbox(
                        elem_id="find-document", container=False, show_label=False, max_length=200
                    )
                with gr.Row(elem_id="address-tools"):
                    self.address = gr.Textbox(elem_id="address", container=False, show_label=False, interactive=True)
                    self.add = gr.Button(elem_id="add-address", size="sm", variant="secondary", min_width=0)
                self.hint = gr.Markdown(elem_id="upload-note")
                self.jobs = gr.Markdown(elem_id="jobs", latex_delimiters=[])
                self.documents = gr.Markdown(elem_id="documents", latex_delimiters=[])
                self.history_head = gr.Markdown(elem_id="snapshots-head")
                self.snapshots = gr.Markdown(elem_id="snapshots", latex_delimiters=[])
                self.clock = gr.Timer(JOBS_SECONDS, active=False)
            with gr.Column(elem_id="settings", min_width=0):
                self.reader = gr.Radio([], elem_id="reader")
                self.spec = gr.Textbox(elem_id="spec", visible=False, max_length=200, interactive=True)
                self.key = gr.Textbox(elem_id="key", visible=False, type="password", max_length=4000, interactive=True)
                self.check = gr.Button(elem_id="check", size="sm", variant="secondary", min_width=0)
                self.check_note = gr.Markdown(elem_id="check-note")
                self.passages = gr.Radio([], elem_id="passages")
                self.facts = gr.Markdown(elem_id="facts", latex_delimiters=[])
            with gr.Column(elem_id="talk", min_width=0):
                self.messages = gr.Chatbot(
                    elem_id="chat", show_label=False, layout="panel", buttons=[], latex_delimiters=[], container=False
                )
                self.notice = gr.Markdown(elem_id="notice")  # page.js shows it while a question is edited
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
        # page.js writes these, CSS hides them: a place in the chat to open, a wish, and which question is asked anew
        self.place = gr.Textbox(elem_id="place", container=False, show_label=False)
        self.wish = gr.Textbox(elem_id="wish", container=False, show_label=False)
        self.anew = gr.Textbox(elem_id="anew", container=False, show_label=False)


def build_page(
    answerer: Answerer,
    examples: Examples,
    conversations: Conversations | None = None,
    feedback: Feedback | None = None,
    shelf: Shelf | None = None,
    documents: Documents | None = None,
    choices: Choices | None = None,
    *,
    login: bool = False,
) -> gr.Blocks:
    """Return the page; ``examples`` are the questions that an empty chat offers in each language.

    Without ``conversations`` they last as long as the server; without ``feedback`` verdicts are shown and not kept;
    without a ``shelf`` there is no view of the models, without ``documents`` none of the documents,
    without ``choices`` none of settings. With ``login``
    people can log out.
    """
    import gradio as gr

    page: gr.Blocks = gr.Blocks(title="survey-qa", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600))
    with page:
        on = Page(login=login)
        there: Mapping[View, object] = {"chat": answerer, "explore": shelf, "documents": documents, "settings": choices}
        views = [view for view, what in there.items() if what is not None]
        _wire(
            page, on, answerer, examples, conversations or Conversations(None), feedback or Feedback(None), shelf, views,
            choices,
        )  # fmt: skip
        if documents:
            wire_documents(on, documents)
        if choices:
            wire_settings(on, choices)
    page.queue(max_size=WAITING_LINE, default_concurrency_limit=CONCURRENT_ANSWERS, api_open=False)
    return page


def page_look() -> dict[str, Any]:
    """Return the arguments of ``gr.mount_gradio_app`` that make the page's look."""
    import gradio as gr

    theme = gr.themes.Base(primary_hue="teal", neutral_hue="slate", font=FONTS, font_mono=CODE_FONTS)
    script = (HERE / "page.js").read_text("utf-8")
    return {"theme": theme, "css_paths": [HERE / "page.css"], "head": f"<script>{script}</script>"}


def _wire(
    page: gr.Blocks,
    on: Page,
    answerer: Answerer,
    examples: Examples,
    conversations: Conversations,
    feedback: Feedback,
    shelf: Shelf | None,
    views: Sequence[View],
    choices: Choices | None,
) -> None:
    """Connect every event; all of them are closed to API clients."""
    import gradio as gr

    closed: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    at_once: dict[str, Any] = {**closed, "queue": False}
    labelled = [
        on.language, on.head, on.clear, on.messages, on.question, on.send, on.stop, on.close, on.fine_print, on.place,
        on.find, on.notice, on.view, on.picture, on.find_model,
        on.leave, on.upload, on.reread, on.verify, on.find_document, on.hint, on.history_head,
        on.address, on.add, on.spec, on.key,
    ]  # fmt: skip
    talking = [on.chat, on.messages, on.question, on.send, on.stop, on.clear, on.language, on.conversations, on.anew]
    panel = [on.opened, on.side, on.source]
    brakes = Brakes()

    def listed(owner: str, chat: Chat, wanted: str = "") -> str:
        return render_conversations(conversations.of(owner, wanted), chat.conversation, chat.language)

    def ask(chat: Chat, question: str, language: Language, anew: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        owner = owner_of(request.cookies, request.headers)
        chat, question, emptied, passages = _asked(handlers.switch_language(chat, language), question, anew)
        choice = replace(chat.choice, passages=passages) if passages else chat.choice
        who = _Chosen(choices, choice) if choices and choice != NO_CHOICE else answerer
        now, kept = chat, ""
        side: list[Any] = [*_busy(True), gr.skip(), ""]
        try:
            with brakes.armed(str(request.session_hash)) as stopped:
                for now in handlers.ask(chat, question, who, stopped, shelf.suggest if shelf else None):
                    begins = not kept and now is not chat
                    if begins:
                        kept = chat.conversation or conversations.new_id()
                    now = replace(now, conversation=kept)
                    yield (now, render_messages(now), emptied, *side)
                    emptied, side = gr.skip(), [gr.skip()] * len(side)
                    if begins:  # before the answer is there, so that a refresh finds the question
                        conversations.save(owner, kept, now.turns)
                        side[4] = listed(owner, now)
        finally:
            if kept:
                conversations.save(owner, kept, now.turns)
        yield (now, render_messages(now), emptied, *_busy(False), listed(owner, now), "")

    def stop(request: gr.Request) -> None:
        brakes.pull(str(request.session_hash))

    def clear(chat: Chat, request: gr.Request) -> tuple[Any, ...]:
        fresh = handlers.clear(chat)
        return (
            fresh,
            [],
            "",
            *_busy(False),
            listed(owner_of(request.cookies, request.headers), fresh),
            "",
            *_panel(None, chat.language),
        )

    def open_source(chat: Chat, place: str, language: Language) -> tuple[Any, ...]:
        where = place.partition("#")[0]
        if where.startswith("d."):
            return (gr.skip(),) * 3  # the documents' own handler answers
        turn = handlers.find_turn(chat, where.removeprefix("i.")) if where.startswith("i.") else None
        if turn and turn.inside:
            return None, gr.update(visible=True), render_inside(turn.inside, int(where[2:]), language)
        told = shelf.find_source(shelf.models(), where) if shelf and where.startswith("m.") else None
        return _panel(told or handlers.find_source(chat, where), language)

    def look(view: View, picture: Picture, language: Language) -> str:
        if shelf is None or view != "explore":
            return gr.skip()  # type: ignore[no-any-return]  # Gradio's word for leaving a component as it is
        return _PICTURES[picture](shelf.models(), language)

    def compare(wish: str, language: Language) -> str:
        kind, _, chosen = wish.partition("#")[0].partition(":")
        if kind != "compare" or shelf is None:
            return gr.skip()  # type: ignore[no-any-return]  # as above
        numbers = [int(part) for part in chosen.split(".")[:100] if part.isascii() and part.isdigit() and len(part) < 7]
        return render_comparison(shelf.models(), numbers, language)

    def close_source(language: Language) -> tuple[Any, ...]:
        return _panel(None, language)

    def fulfil(chat: Chat, wish: str, language: Language, request: gr.Request) -> tuple[Any, ...]:
        owner = owner_of(request.cookies, request.headers)
        chat = handlers.switch_language(chat, language)
        kind, _, rest = wish.rpartition("#")[0].partition(":")
        about, _, words = rest.partition(":")
        if kind not in ("open", "rename", "delete", *get_args(Verdict)):
            return (gr.skip(),) * 3  # somebody else's
        try:
            chat = _fulfilled(chat, kind, about, words, owner, conversations, feedback)
        except UnknownConversation as error:
            gr.Warning(render_warning(str(error)))
        return (chat, render_messages(chat), listed(owner, chat))

    def find(chat: Chat, wanted: str, request: gr.Request) -> str:
        return listed(owner_of(request.cookies, request.headers), chat, wanted)

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        language = language_of_browser(request.headers.get("accept-language"))
        owner, chat = owner_of(request.cookies, request.headers), Chat(language=language)
        wanted = request.query_params.get("c", "")
        if wanted:
            try:
                chat = handlers.reopen(chat, wanted, conversations.read(owner, wanted).turns)
            except UnknownConversation as error:
                gr.Warning(render_warning(str(error)))
        words = _words(language, examples[language], views)
        words[labelled.index(on.messages)]["value"] = render_messages(chat)
        return (chat, listed(owner, chat), *words)

    def switch(chat: Chat, opened: Source | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        now = handlers.switch_language(chat, language)
        words = _words(language, examples[language], views)
        words[labelled.index(on.messages)]["value"] = render_messages(now)
        return (now, listed(owner_of(request.cookies, request.headers), now), *_panel(opened, language), *words)

    for handler in (
        ask,
        stop,
        clear,
        fulfil,
        find,
        arrive,
        switch,
    ):  # Gradio hands the request to whoever names its type;
        handler.__annotations__["request"] = gr.Request  # here the name is text
    for change in (on.view.input, on.picture.input):
        change(look, [on.view, on.picture, on.language], [on.models], **at_once)
    on.language.input(look, [on.view, on.picture, on.language], [on.models], **at_once)
    on.wish.change(compare, [on.wish, on.language], [on.compared], **at_once)
    page.load(arrive, None, [on.chat, on.conversations, *labelled], **closed)  # warnings travel by the queue
    gr.on(
        [on.send.click, on.question.submit], ask, [on.chat, on.question, on.language, on.anew], talking,
        trigger_mode="once", concurrency_limit=CONCURRENT_ANSWERS, **closed,
    )  # fmt: skip
    on.stop.click(stop, None, None, **at_once)
    on.clear.click(clear, [on.chat], [*talking, *panel], **at_once)
    on.place.change(open_source, [on.chat, on.place, on.language], panel, **at_once)
    on.close.click(close_source, [on.language], panel, **at_once)
    on.wish.change(fulfil, [on.chat, on.wish, on.language], [on.chat, on.messages, on.conversations], **closed)
    on.find.change(find, [on.chat, on.find], [on.conversations], **at_once)
    on.language.input(
        switch, [on.chat, on.opened, on.language], [on.chat, on.conversations, *panel, *labelled], **at_once
    )


class _Chosen:
    """Answers by a person's choice; what is wrong with the choice is told as the answer's failure."""

    def __init__(self, choices: Choices, choice: Choice) -> None:
        self._choices = choices
        self._choice = choice

    def stream(
        self, question: str, history: Sequence[Message] = (), *, filter: Filter | None = None
    ) -> Iterator[str | Answer]:
        yield from self._choices.assistant(self._choice).stream(question, history, filter=filter)


def _asked(chat: Chat, question: str, anew: str) -> tuple[Chat, str, Any, int]:
    """Return the chat, the question to ask, what becomes of the field, and another number of passages or 0.

    ``edit:N`` replaces question N and all after it with what was typed; ``again:N`` asks it as it was and keeps what was
    typed, ``again:N.K`` with K passages.
    """
    import gradio as gr

    kind, _, rest = anew.partition("#")[0].partition(":")
    place, _, passages = rest.partition(".")
    shorter = handlers.cut(chat, place) if kind in ("edit", "again") else chat
    if shorter is chat or (kind == "edit" and not question.strip()):
        return chat, question, "", 0
    if kind == "edit":
        return shorter, question, "", 0
    wanted = next((number for number in PASSAGES if str(number) == passages), 0)
    return shorter, chat.turns[len(shorter.turns)].question, gr.skip(), wanted


def _fulfilled(
    chat: Chat, kind: str, about: str, words: str, owner: str, conversations: Conversations, feedback: Feedback
) -> Chat:
    """Return the chat after a wish: open, rename or delete a conversation, or a verdict on a turn."""
    if kind == "open":
        return handlers.reopen(chat, about, conversations.read(owner, about).turns)
    if kind == "rename":
        conversations.rename(owner, about, words)
    elif kind == "delete":
        conversations.delete(owner, about)
        return handlers.clear(chat) if about == chat.conversation else chat
    elif kind in get_args(Verdict):
        judged = handlers.judge(chat, about, cast(Verdict, kind))
        if judged is not chat:
            feedback.note(judged.turns[int(about)], words)
            conversations.save(owner, judged.conversation, judged.turns)
        return judged
    return chat


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


def _words(language: Language, examples: Sequence[str], views: Sequence[View]) -> list[Any]:
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
        gr.update(placeholder=texts.find_conversation, label=texts.find_conversation),
        render_notice(language),
        gr.update(choices=[(texts.views[view], view) for view in views], visible=len(views) > 1),
        gr.update(choices=[(words, picture) for picture, words in texts.pictures.items()]),
        gr.update(placeholder=texts.find_model, label=texts.find_model),
        gr.update(value=texts.log_out),
        gr.update(value=texts.upload),
        gr.update(value=texts.reread),
        gr.update(value=texts.verify),
        gr.update(placeholder=texts.find_document, label=texts.find_document),
        render_hint(texts.upload_hint),
        render_hint(texts.snapshots),
        gr.update(placeholder=texts.address, label=texts.address),
        gr.update(value=texts.add),
        gr.update(label=texts.spec),
        gr.update(label=texts.key),
    ]
