"""Lays out the page in Gradio: the views side by side, and what concerns all of them; the views wire their own events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui import handlers
from ui.documents_view import Library, wire_documents
from ui.errors import ConversationsBroken, UnknownConversation
from ui.explore_view import Explore, wire_explore
from ui.handlers import Chat
from ui.history_view import History, list_conversations, wire_history
from ui.offered import Offered
from ui.owners import owner_of
from ui.settings_view import Settings, wire_settings
from ui.source_view import Side, wire_side
from ui.talk_view import CONCURRENT_ANSWERS, Talk, wire_talk
from ui.texts import Language, language_of_browser
from ui.top_view import Top
from ui.wiring import AT_ONCE, QUEUED, warn, with_request

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent
FONTS = ["system-ui", "-apple-system", "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", "sans-serif"]
CODE_FONTS = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Noto Sans Mono CJK SC", "monospace"]
WAITING_LINE = 64  # people who wait for an answer while others are being written
OPEN_PAGES = 2_000  # that are remembered, about 0.13 MB each with one answer; the one opened first is forgotten first


class Page:
    """The components that events read and write; ids are those that tests and scripts rely on.

    All views are there all the time, and CSS shows the chosen one. page.js writes the fields ``wish`` (what to do with a
    conversation), ``anew`` (which question is asked again) and those of the views; CSS hides them.
    """

    def __init__(self, offered: Offered) -> None:
        import gradio as gr

        self.chat = gr.State(Chat())
        self.top = Top(login=offered.login)
        with gr.Row(elem_id="desk"):
            self.history = History()
            self.explore = Explore()
            self.documents = Library(writable=bool(offered.documents and offered.documents.writable))
            self.settings = Settings()
            self.talk = Talk()
            self.side = Side()
        self.busy = gr.Markdown(elem_id="busy")
        self.wish = gr.Textbox(elem_id="wish", container=False, show_label=False)
        self.anew = gr.Textbox(elem_id="anew", container=False, show_label=False)

    def words(self, chat: Chat, offered: Offered) -> dict[Any, Any]:
        """Return what every component shows in the chat's language."""
        views = (self.history, self.explore, self.documents, self.settings, self.side)
        words = {**self.top.words(chat.language, offered.views), **self.talk.words(chat, offered)}
        for view in views:
            words |= view.words(chat.language)
        return words


def build_page(offered: Offered) -> gr.Blocks:
    """Return the page for what the operator offers."""
    import gradio as gr

    page: gr.Blocks = gr.Blocks(title="survey-qa", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600))
    with page:
        on = Page(offered)
        _wire_arrival(page, on, offered)
        wire_talk(on, offered)
        wire_history(on, offered)
        wire_side(on, offered)
        if offered.shelf:
            wire_explore(on, offered.shelf)
        if offered.documents:
            wire_documents(on, offered.documents, offered)
        if offered.choices:
            wire_settings(on, offered.choices)
    page.queue(max_size=WAITING_LINE, default_concurrency_limit=CONCURRENT_ANSWERS, api_open=False)
    page.state_session_capacity = OPEN_PAGES
    return page


def page_look() -> dict[str, Any]:
    """Return the arguments of ``gr.mount_gradio_app`` that make the page's look."""
    import gradio as gr

    theme = gr.themes.Base(primary_hue="teal", neutral_hue="slate", font=FONTS, font_mono=CODE_FONTS)
    script = (HERE / "page.js").read_text("utf-8")
    return {"theme": theme, "css_paths": [HERE / "page.css"], "head": f"<script>{script}</script>"}


def _wire_arrival(page: gr.Blocks, on: Page, offered: Offered) -> None:
    """Connect the opening of the page, which may name a conversation, and the change of its language."""

    def arrive(request: gr.Request) -> dict[Any, Any]:
        chat = Chat(language=language_of_browser(request.headers.get("accept-language")))
        owner, wanted = owner_of(request.cookies, request.headers), request.query_params.get("c", "")
        if wanted:
            try:
                chat = handlers.reopen(chat, wanted, offered.conversations.read(owner, wanted).turns)
            except (UnknownConversation, ConversationsBroken) as error:
                warn(error, chat.language)
        return shown(chat, owner)

    def switch(chat: Chat, language: Language, request: gr.Request) -> dict[Any, Any]:
        return shown(handlers.switch_language(chat, language), owner_of(request.cookies, request.headers))

    def shown(chat: Chat, owner: str) -> dict[Any, Any]:
        listed = list_conversations(offered, owner, chat)
        return {on.chat: chat, on.history.conversations: listed, **on.words(chat, offered)}

    outputs = [on.chat, on.history.conversations, *on.words(Chat(), offered)]
    page.load(with_request(arrive), None, outputs, **QUEUED)  # warnings travel by the queue
    on.top.language.input(with_request(switch), [on.chat, on.top.language], outputs, **AT_ONCE)
