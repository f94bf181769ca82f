"""The view of the settings: who writes answers, how many passages are looked at, and what the operator has fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus.errors import SurveyQAError
from rag.llm.keys import Key
from ui import handlers
from ui.choices import PASSAGES, Choice, Choices, Reader
from ui.handlers import Chat
from ui.rendering import render_facts, render_hint
from ui.texts import TEXTS, Language, View
from ui.wiring import AT_ONCE, QUEUED

if TYPE_CHECKING:
    from ui.web import Page


class Settings:
    """The components of the view."""

    def __init__(self) -> None:
        import gradio as gr

        with gr.Column(elem_id="settings", min_width=0):
            self.reader = gr.Radio([], elem_id="reader")
            self.spec = gr.Textbox(elem_id="spec", visible=False, max_length=200, interactive=True)
            self.key = gr.Textbox(elem_id="key", visible=False, type="password", max_length=4000, interactive=True)
            self.check = gr.Button(elem_id="check", size="sm", variant="secondary", min_width=0)
            self.check_note = gr.Markdown(elem_id="check-note")
            self.passages = gr.Radio([], elem_id="passages")
            self.facts = gr.Markdown(elem_id="facts", latex_delimiters=[])

    def words(self, language: Language) -> dict[Any, Any]:
        """Return what the components show in a language; what depends on choices is shown with the view."""
        import gradio as gr

        texts = TEXTS[language]
        return {
            self.spec: gr.update(label=texts.spec),
            self.key: gr.update(label=texts.key),
            self.check: gr.update(value=texts.check),
        }


def wire_settings(on: Page, choices: Choices) -> None:
    """Connect the events of the view; what is chosen holds for this page alone."""
    view, choosing = on.settings, _Choosing(choices)
    shown = [view.reader, view.spec, view.key, view.passages, view.check_note, view.facts]
    for looked in (on.top.view.input, on.top.language.input):
        looked(choosing.show, [on.top.view, on.chat, on.top.language], shown, **AT_ONCE)
    fields = [on.chat, view.reader, view.passages, view.spec, view.key]
    for changed in (view.reader.input, view.passages.input, view.spec.change, view.key.change):
        changed(choosing.choose, fields, [on.chat, view.spec, view.key, view.check_note], **AT_ONCE)
    view.check.click(
        choosing.check, [on.chat, on.top.language], [view.check_note], **QUEUED
    )  # a model may take its time


class _Choosing:
    """What the events of the view do."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def show(self, view: View, chat: Chat, language: Language) -> Any:  # noqa: ANN401 Gradio's word for leaving all as it is
        """Return what can be chosen, what is, and what is fixed."""
        import gradio as gr

        if view != "settings":
            return gr.skip()
        texts, choices = TEXTS[language], self._choices
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
            "",
            render_facts(texts.fixed, facts),
        )

    def choose(self, chat: Chat, reader: Reader, passages: int, spec: str | None, key: str | None) -> tuple[Any, ...]:
        """Return the chat with what was chosen, and show the fields of an own model where one was."""
        import gradio as gr

        secret = (key or "").strip()
        number = passages if passages in PASSAGES else 0
        choice = Choice(reader, number, (spec or "").strip(), Key(secret) if secret else None)
        own = gr.update(visible=reader == "own")
        return handlers.choose(chat, choice), own, own, ""

    def check(self, chat: Chat, language: Language) -> str:
        """Try what was chosen with one small question and tell what came of it."""
        texts = TEXTS[language]
        try:
            found = self._choices.check(chat.choice)
        except SurveyQAError as error:
            return render_hint(texts.check_failed.format(failure=error))
        if found is None:
            return render_hint(texts.no_model)
        if found.failure or not found.reachable:
            return render_hint(texts.check_failed.format(failure=found.failure))
        told = texts.checked.format(first=found.first_piece_s, speed=found.tokens_per_s, context=found.context_length)
        return render_hint(told)
