"""The chat: its components, and what happens when a person asks, stops or begins anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from rag.settings import MAX_QUESTION_CHARS
from ui import handlers
from ui.admitting import check_question
from ui.choices import PASSAGES
from ui.errors import TooMuch
from ui.handlers import Brakes, Chat
from ui.history_view import list_conversations
from ui.offered import Offered
from ui.owners import owner_of
from ui.quotas import Person
from ui.rendering import (
    render_fine_print,
    render_limit,
    render_messages,
    render_notice,
    render_progress,
    render_welcome,
)
from ui.texts import TEXTS, Language
from ui.wiring import AT_ONCE, QUEUED, warn, with_request

if TYPE_CHECKING:
    import gradio as gr

    from ui.web import Page

# One page streams for at most this many people at once; the others wait in line.
CONCURRENT_ANSWERS = 8
# More than any question that is answered, so that a longer one is told so; less than what the guard refuses.
LONGEST_TYPED = 4 * MAX_QUESTION_CHARS


class Talk:
    """The components of the chat."""

    def __init__(self) -> None:
        import gradio as gr

        with gr.Column(elem_id="talk", min_width=0):
            self.messages = gr.Chatbot(
                elem_id="chat",
                show_label=False,
                layout="panel",
                buttons=[],
                latex_delimiters=[],
                container=False,
                autoscroll=False,  # page.js keeps the question in view
            )
            self.notice = gr.Markdown(elem_id="notice")  # page.js shows it while a question is edited
            self.limit = gr.Markdown(elem_id="limit", latex_delimiters=[])
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
                self.stop = gr.Button(elem_id="stop", variant="stop", min_width=0)  # shows while busy
            self.fine_print = gr.Markdown(elem_id="fine-print")

    def words(self, chat: Chat, offered: Offered) -> dict[Any, Any]:
        """Return what the components show in the chat's language."""
        import gradio as gr

        texts = TEXTS[chat.language]
        welcome = render_welcome(chat.language, offered.examples[chat.language])
        return {
            self.messages: gr.update(value=render_messages(chat), placeholder=welcome, label=texts.conversation),
            self.notice: render_notice(chat.language),
            self.limit: render_limit(chat),
            self.question: gr.update(placeholder=texts.question_hint, label=texts.question),
            self.send: gr.update(value=texts.send),
            self.stop: gr.update(value=texts.stop),
            self.fine_print: render_fine_print(chat.language),
        }


def wire_talk(on: Page, offered: Offered) -> None:
    """Connect asking, stopping and beginning anew."""
    import gradio as gr

    asking = _Asking(offered)
    gr.on(
        [on.talk.send.click, on.talk.question.submit],
        with_request(asking.ask),
        [on.chat, on.talk.question, on.top.language, on.anew],
        [on.chat, on.talk.messages, on.history.conversations, on.busy],
        trigger_mode="once", concurrency_limit=CONCURRENT_ANSWERS, **QUEUED,
    )  # fmt: skip
    on.talk.stop.click(with_request(asking.stop), None, None, **AT_ONCE)
    on.top.clear.click(
        with_request(asking.clear), [on.chat], [on.chat, on.talk.messages, on.history.conversations], **AT_ONCE
    )


class _Asking:
    """Asks for the page that an event comes from."""

    def __init__(self, offered: Offered) -> None:
        self._offered = offered
        self._brakes = Brakes()
        self._numbers = count(1)

    def ask(
        self, chat: Chat, question: str, language: Language, anew: str, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """Yield chat, messages, list of conversations and whether it goes on, as the answer grows."""
        person, keep = self._offered.person(request), self._offered.conversations
        before = handlers.switch_language(chat, language)
        listed = list_conversations(self._offered, person.name, before)
        chat, question, passages = _asked(before, question, anew)
        if not question.strip() or not self._may_ask(person, language):
            yield before, render_messages(before), listed, ""
            return
        now, number = chat, next(self._numbers)
        kept = chat.conversation or keep.new_id()
        choice = replace(chat.choice, passages=passages) if passages else chat.choice
        answerer = self._offered.answerer_for(choice)
        try:
            with self._brakes.armed(str(request.session_hash)) as stopped:
                for step, now in enumerate(handlers.ask(chat, question, answerer, stopped, self._offered.suggest)):
                    now = replace(now, conversation=kept)
                    if step == 1:  # before the answer is there, so that a refresh finds the question
                        keep.save(person.name, kept, now.turns)
                        listed = list_conversations(self._offered, person.name, now)
                    yield now, render_messages(now), listed, render_progress(number, busy=True)
        finally:
            if now is not chat:
                keep.save(person.name, kept, now.turns)
        yield (
            now,
            render_messages(now),
            list_conversations(self._offered, person.name, now),
            render_progress(number, busy=False),
        )

    def stop(self, request: gr.Request) -> None:
        """Stop the answer that is being written for this page."""
        self._brakes.pull(str(request.session_hash))

    def clear(self, chat: Chat, request: gr.Request) -> tuple[Any, ...]:
        """Begin a new conversation."""
        fresh = handlers.clear(chat)
        return fresh, [], list_conversations(self._offered, owner_of(request.cookies, request.headers), fresh)

    def _may_ask(self, person: Person, language: Language) -> bool:
        try:
            check_question(self._offered.quotas, person, language)
        except TooMuch as error:
            warn(error, language)
            return False
        return True


def _asked(chat: Chat, question: str, anew: str) -> tuple[Chat, str, int]:
    """Return the chat, the question to ask, and another number of passages or 0.

    ``edit:N`` replaces question N and all after it with what was typed; ``again:N`` asks it as it was, ``again:N.K`` with K
    passages.
    """
    kind, _, rest = anew.partition("#")[0].partition(":")
    place, _, passages = rest.partition(".")
    shorter = handlers.cut(chat, place) if kind in ("edit", "again") else chat
    if shorter is chat or (kind == "edit" and not question.strip()):
        return chat, question, 0
    if kind == "edit":
        return shorter, question, 0
    wanted = next((number for number in PASSAGES if str(number) == passages), 0)
    return shorter, chat.turns[len(shorter.turns)].question, wanted
