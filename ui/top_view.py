"""The bar on top: name, views, language, a new chat, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ui.rendering import render_head
from ui.texts import LANGUAGES, TEXTS, Language, View


class Top:
    """The components of the bar; ``leave`` shows where people log in."""

    def __init__(self, *, login: bool) -> None:
        import gradio as gr

        bare: dict[str, Any] = {"container": False, "show_label": False, "min_width": 0}
        quiet: dict[str, Any] = {"size": "sm", "variant": "secondary", "min_width": 0}
        with gr.Row(elem_id="top"):
            self.menu = gr.Button("", elem_id="menu", **quiet)  # page.js answers
            self.head = gr.Markdown(elem_id="head")
            self.view = gr.Radio([], value="chat", elem_id="views", visible=False, **bare)
            with gr.Row(elem_id="tools"):
                names = [(name, code) for code, name in LANGUAGES.items()]
                self.language = gr.Radio(names, value="en", elem_id="language", **bare)
                self.clear = gr.Button(elem_id="clear", **quiet)
                self.leave = gr.Button(elem_id="leave", visible=login, **quiet)

    def words(self, language: Language, views: Sequence[View]) -> dict[Any, Any]:
        """Return what the components show in a language."""
        import gradio as gr

        texts = TEXTS[language]
        return {
            self.language: gr.update(value=language, label=texts.language),
            self.menu: gr.update(value=texts.menu),
            self.head: render_head(language),
            self.view: gr.update(choices=[(texts.views[view], view) for view in views], visible=len(views) > 1),
            self.clear: gr.update(value=texts.clear),
            self.leave: gr.update(value=texts.log_out),
        }
