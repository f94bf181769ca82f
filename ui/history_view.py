"""The list of conversations: search, open, rename, delete; and the verdicts on answers, which are kept with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args

from ui import handlers
from ui.errors import ConversationsBroken, UnknownConversation
from ui.handlers import Chat, Verdict
from ui.offered import Offered
from ui.owners import owner_of
from ui.rendering import render_conversations, render_messages
from ui.texts import TEXTS, Language
from ui.wiring import AT_ONCE, QUEUED, split_wish, warn, with_request

if TYPE_CHECKING:
    import gradio as gr

    from ui.web import Page


class History:
    """The components of the list."""

    def __init__(self) -> None:
        import gradio as gr

        with gr.Column(elem_id="history", min_width=0):
            self.find = gr.Textbox(elem_id="find", container=False, show_label=False, max_length=200)
            self.conversations = gr.Markdown(elem_id="conversations", latex_delimiters=[])

    def words(self, language: Language) -> dict[Any, Any]:
        """Return what the components show in a language."""
        import gradio as gr

        wanted = TEXTS[language].find_conversation
        return {self.find: gr.update(placeholder=wanted, label=wanted)}


def list_conversations(offered: Offered, owner: str, chat: Chat, wanted: str = "") -> str:
    """Return the list of an owner's conversations, the open one marked; ``wanted`` keeps those with these words."""
    return render_conversations(offered.conversations.of(owner, wanted), chat.conversation, chat.language)


def wire_history(on: Page, offered: Offered) -> None:
    """Connect the search, and what page.js wishes: ``open``, ``rename``, ``delete``, ``liked``, ``disliked``."""

    def find(chat: Chat, wanted: str, request: gr.Request) -> str:
        return list_conversations(offered, owner_of(request.cookies, request.headers), chat, wanted)

    def fulfil(chat: Chat, wish: str, language: Language, request: gr.Request) -> tuple[Any, ...]:
        owner = owner_of(request.cookies, request.headers)
        chat = handlers.switch_language(chat, language)
        try:
            chat = _fulfilled(chat, split_wish(wish), owner, offered)
        except (UnknownConversation, ConversationsBroken) as error:
            warn(error, language)
        return chat, render_messages(chat), list_conversations(offered, owner, chat)

    on.history.find.change(with_request(find), [on.chat, on.history.find], [on.history.conversations], **AT_ONCE)
    changed = [on.chat, on.talk.messages, on.history.conversations]
    on.wish.change(with_request(fulfil), [on.chat, on.wish, on.top.language], changed, **QUEUED)


def _fulfilled(chat: Chat, wish: tuple[str, str, str], owner: str, offered: Offered) -> Chat:
    """Return the chat after a wish: open, rename or delete a conversation, or a verdict on a turn."""
    kind, about, words = wish
    conversations = offered.conversations
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
            offered.feedback.note(judged.turns[int(about)], words)
            conversations.save(owner, judged.conversation, judged.turns)
        return judged
    return chat
