"""The view of the models: evolution tree, timeline, table, and a comparison of those that were ticked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.exploring import ModelCard
from ui.gallery import render_comparison, render_table, render_timeline, render_tree
from ui.shelf import Shelf
from ui.texts import TEXTS, Language, Picture, View
from ui.wiring import AT_ONCE, split_wish

if TYPE_CHECKING:
    from ui.web import Page

_PICTURES: Mapping[Picture, Callable[[Sequence[ModelCard], Language], str]] = {
    "tree": render_tree,
    "timeline": render_timeline,
    "table": render_table,
}


class Explore:
    """The components of the view; ``picked`` is written by page.js: the numbers of the models to compare."""

    def __init__(self) -> None:
        import gradio as gr

        bare: dict[str, Any] = {"container": False, "show_label": False}
        with gr.Column(elem_id="explore", min_width=0):
            with gr.Row(elem_id="explore-tools"):
                self.picture = gr.Radio([], value="tree", elem_id="pictures", **bare)
                self.find = gr.Textbox(elem_id="find-model", interactive=True, **bare)  # page.js filters
            self.models = gr.Markdown(elem_id="models", latex_delimiters=[])
            self.compared = gr.Markdown(elem_id="compared", latex_delimiters=[])
            self.picked = gr.Textbox(elem_id="picked", **bare)

    def words(self, language: Language) -> dict[Any, Any]:
        """Return what the components show in a language."""
        import gradio as gr

        texts = TEXTS[language]
        return {
            self.picture: gr.update(choices=[(words, picture) for picture, words in texts.pictures.items()]),
            self.find: gr.update(placeholder=texts.find_model, label=texts.find_model),
        }


def wire_explore(on: Page, shelf: Shelf) -> None:
    """Connect the pictures and the comparison."""
    import gradio as gr

    view = on.explore

    def look(shown: View, picture: Picture, language: Language) -> Any:  # noqa: ANN401 Gradio's word for leaving a component as it is
        return _PICTURES[picture](shelf.models(), language) if shown == "explore" else gr.skip()

    def compare(picked: str, language: Language) -> str:
        _, chosen, _ = split_wish(picked)
        numbers = [int(part) for part in chosen.split(".")[:100] if part.isascii() and part.isdigit() and len(part) < 7]
        return render_comparison(shelf.models(), numbers, language)

    for changed in (on.top.view.input, view.picture.input, on.top.language.input):
        changed(look, [on.top.view, view.picture, on.top.language], [view.models], **AT_ONCE)
    view.picked.change(compare, [view.picked, on.top.language], [view.compared], **AT_ONCE)
    on.top.language.input(compare, [view.picked, on.top.language], [view.compared], **AT_ONCE)
