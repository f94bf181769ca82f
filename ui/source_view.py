"""The panel beside the chat: a source, how an answer came about, the place of a model's value, or what is in a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ui import handlers
from ui.glass import render_inside
from ui.handlers import Chat
from ui.listing import render_contents
from ui.offered import Offered
from ui.rendering import render_hint, render_source
from ui.texts import TEXTS, Language
from ui.wiring import AT_ONCE

if TYPE_CHECKING:
    from ui.web import Page


class Side:
    """The components of the panel; page.js shows it when something is opened, and closes it."""

    def __init__(self) -> None:
        import gradio as gr

        with gr.Column(elem_id="side", min_width=0):
            self.close = gr.Button(elem_id="close", size="sm", variant="secondary", min_width=0)
            self.source = gr.Markdown(elem_id="source", latex_delimiters=[])
            self.place = gr.Textbox(elem_id="place", container=False, show_label=False)  # page.js writes it

    def words(self, language: Language) -> dict[Any, Any]:
        """Return what the components show in a language."""
        import gradio as gr

        texts = TEXTS[language]
        return {self.close: gr.update(value=texts.close), self.place: gr.update(label=texts.open_source)}


def wire_side(on: Page, offered: Offered) -> None:
    """Open what page.js names, ``KIND.WHERE#CLICK``, in the page's language; another language shows it anew."""

    def show(chat: Chat, place: str, language: Language) -> str:
        where = place.partition("#")[0]
        return (_panel(chat, where, language, offered) or render_hint(TEXTS[language].gone)) if where else ""

    for changed in (on.side.place.change, on.top.language.input):
        changed(show, [on.chat, on.side.place, on.top.language], [on.side.source], **AT_ONCE)


def _panel(chat: Chat, place: str, language: Language, offered: Offered) -> str:
    """Return the panel for ``TURN.NUMBER``, ``i.TURN``, ``m.MODEL.FIELD.N`` or ``d.KEY``; empty for what is not there."""
    kind, _, rest = place.partition(".")
    if kind == "i":
        turn = handlers.find_turn(chat, rest)
        return render_inside(turn.inside, int(rest), language) if turn and turn.inside else ""
    if kind == "m" and offered.shelf:
        return render_source(offered.shelf.find_source(offered.shelf.models(), place), language)
    if kind == "d" and offered.documents:
        info = offered.documents.find(rest)
        if info is None:
            return ""
        sections, tables = offered.documents.sections(info.id), offered.documents.tables(info.id)
        return render_contents(info, sections, tables, language)
    return render_source(handlers.find_source(chat, place), language)
