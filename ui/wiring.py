"""What the events of all views have in common: they are closed to programs, and some ask whose request it is.

Gradio builds a component anew for every output that is an update or skipped, so events name few outputs and give values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ui.rendering import render_warning
from ui.texts import TEXTS, Language

AT_ONCE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
QUEUED: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}  # what warns, streams or takes time


def with_request(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler whose parameter ``request`` Gradio fills; it looks at the type, which is only text elsewhere."""
    import gradio as gr

    getattr(handler, "__func__", handler).__annotations__["request"] = gr.Request
    return handler


def warn(error: Exception, language: Language) -> None:
    """Show in a corner of the page what was refused and why; the event has to travel by the queue."""
    import gradio as gr

    gr.Warning(render_warning(str(error)), title=TEXTS[language].refused_here)


def split_wish(wish: str) -> tuple[str, str, str]:
    """Return kind, object and words of what page.js wrote, ``KIND:OBJECT:WORDS#CLICK``; what is missing is empty.

    >>> split_wish("rename:a1:Two: words#7")
    ('rename', 'a1', 'Two: words')
    """
    kind, _, rest = wish.rpartition("#")[0].partition(":")
    about, _, words = rest.partition(":")
    return kind, about, words
