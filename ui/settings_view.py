"""Wires the view of the settings: who writes answers, how many passages are looked at, and what the operator has fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus.errors import SurveyQAError
from rag.keys import Key
from ui import handlers
from ui.choices import PASSAGES, Choice, Choices, Reader
from ui.handlers import Chat
from ui.rendering import render_facts, render_hint
from ui.texts import TEXTS, Language, View

if TYPE_CHECKING:
    from ui.web import Page


def wire_settings(on: Page, choices: Choices) -> None:
    """Connect the events of the view; what is chosen holds for this page alone."""
    import gradio as gr

    at_once: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    queued: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}  # a model may take its time

    def show(view: View, chat: Chat, language: Language) -> tuple[Any, ...]:
        if view != "settings":
            return (gr.skip(),) * 7
        texts = TEXTS[language]
        readers = [(texts.readers[reader].format(spec=choices.operator), reader) for reader in choices.readers]
        chosen = chat.choice.reader if chat.choice.reader in choices.readers else choices.readers[0]
        own = gr.update(visible=chosen == "own")
        passages = [(texts.as_set, 0), *((str(number), number) for number in PASSAGES)]
        facts = {texts.facts[name]: value for name, value in choices.facts().items()}
        return (
            gr.update(choices=readers, value=chosen, label=texts.reader),
            own,
            own,
            gr.update(choices=passages, value=chat.choice.passages, label=texts.passages),
            gr.update(value=texts.check),
            "",
            render_facts(texts.fixed, facts),
        )

    def choose(chat: Chat, reader: Reader, passages: int, spec: str | None, key: str | None) -> tuple[Any, ...]:
        secret = (key or "").strip()
        number = passages if passages in PASSAGES else 0
        choice = Choice(reader, number, (spec or "").strip(), Key(secret) if secret else None)
        own = gr.update(visible=reader == "own")
        return handlers.choose(chat, choice), own, own, ""

    def check(chat: Chat, language: Language) -> str:
        texts = TEXTS[language]
        try:
            found = choices.check(chat.choice)
        except SurveyQAError as error:
            return render_hint(texts.check_failed.format(failure=error))
        if found is None:
            return render_hint(texts.no_model)
        if found.failure or not found.reachable:
            return render_hint(texts.check_failed.format(failure=found.failure))
        told = texts.checked.format(first=found.first_piece_s, speed=found.tokens_per_s, context=found.context_length)
        return render_hint(told)

    shown = [on.reader, on.spec, on.key, on.passages, on.check, on.check_note, on.facts]
    on.view.input(show, [on.view, on.chat, on.language], shown, **at_once)
    on.language.input(show, [on.view, on.chat, on.language], shown, **at_once)
    fields = [on.chat, on.reader, on.passages, on.spec, on.key]
    for changed in (on.reader.input, on.passages.input, on.spec.change, on.key.change):
        changed(choose, fields, [on.chat, on.spec, on.key, on.check_note], **at_once)
    on.check.click(check, [on.chat, on.language], [on.check_note], **queued)
