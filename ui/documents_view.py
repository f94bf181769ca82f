"""Wires the view of the documents: list, selection, jobs and snapshots; decides nothing and draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from corpus.errors import SurveyQAError
from ui import handlers
from ui.documents import Documents
from ui.handlers import Chat
from ui.jobs import Job
from ui.listing import render_contents, render_documents, render_jobs, render_snapshots
from ui.rendering import render_warning
from ui.texts import Language, View

if TYPE_CHECKING:
    from ui.web import Page


def wire_documents(on: Page, documents: Documents) -> None:
    """Connect the events of the view; each looks at what the operator allows by way of ``documents``."""
    import gradio as gr

    at_once: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    queued: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}  # warnings travel by the queue
    shown = [on.jobs, on.documents, on.snapshots, on.clock]

    def show(chat: Chat, wanted: str, language: Language) -> tuple[Any, ...]:
        jobs = documents.jobs()
        busy = any(not job.over for job in jobs)
        listed = documents.listed(wanted)
        total = len(documents.listed()) if wanted else len(listed)
        return (
            render_jobs(jobs, language),
            render_documents(listed, chat.only, language, total=total, writable=documents.writable),
            render_snapshots(documents.snapshots(), language, writable=documents.writable),
            gr.update(active=busy),
        )

    def look(view: View, chat: Chat, wanted: str, language: Language) -> tuple[Any, ...]:
        return show(chat, wanted, language) if view == "documents" else (gr.skip(),) * 4

    def tick(chat: Chat, wanted: str, language: Language) -> tuple[Any, ...]:
        jobs = documents.jobs()
        if any(not job.over for job in jobs):
            return render_jobs(jobs, language), gr.skip(), gr.skip(), gr.skip()
        return show(chat, wanted, language)

    def fulfil(chat: Chat, wish: str, wanted: str, language: Language) -> tuple[Any, ...]:
        kind, _, about = wish.rpartition("#")[0].partition(":")
        if kind not in _WISHES:
            return (gr.skip(),) * 5
        try:
            chat = _WISHES[kind](documents, chat, about.partition(":")[0])
        except SurveyQAError as error:
            gr.Warning(render_warning(str(error)))
        return (chat, *show(chat, wanted, language))

    def start(job: Callable[[], Job]) -> Callable[[Chat, str, Language], tuple[Any, ...]]:
        def started(chat: Chat, wanted: str, language: Language) -> tuple[Any, ...]:
            try:
                job()
            except SurveyQAError as error:
                gr.Warning(render_warning(str(error)))
            return show(chat, wanted, language)

        return started

    def open_document(place: str, language: Language) -> tuple[Any, ...]:
        key = place.partition("#")[0].removeprefix("d.")
        info = documents.find(key) if place.startswith("d.") else None
        if info is None:
            return gr.skip(), gr.skip()
        sections, tables = documents.sections(info.id), documents.tables(info.id)
        return gr.update(visible=True), render_contents(info, sections, tables, language)

    def fetch(chat: Chat, address: str, wanted: str, language: Language) -> tuple[Any, ...]:
        try:
            documents.fetch(address)
        except SurveyQAError as error:
            gr.Warning(render_warning(str(error)))
            return (address, *show(chat, wanted, language))
        return ("", *show(chat, wanted, language))

    asked = [on.chat, on.find_document, on.language]
    on.view.input(look, [on.view, *asked], shown, **at_once)
    on.language.input(look, [on.view, *asked], shown, **at_once)
    on.find_document.change(show, asked, shown, **at_once)
    on.clock.tick(tick, asked, shown, **at_once)
    on.wish.change(fulfil, [on.chat, on.wish, on.find_document, on.language], [on.chat, *shown], **queued)
    gr.on(
        [on.add.click, on.address.submit], fetch, [on.chat, on.address, on.find_document, on.language],
        [on.address, *shown], **queued,
    )  # fmt: skip
    on.reread.click(start(documents.reread), asked, shown, **queued)
    on.verify.click(start(documents.verify), asked, shown, **queued)
    on.place.change(open_document, [on.place, on.language], [on.side, on.source], **at_once)


def _limit(documents: Documents, chat: Chat, key: str) -> Chat:
    info = documents.find(key)
    return handlers.limit(chat, info.id) if info else chat


def _remove(documents: Documents, chat: Chat, key: str) -> Chat:
    info = documents.find(key)
    if info:
        documents.remove([info.id])
        return handlers.limit(chat, info.id) if info.id in chat.only else chat
    return chat


def _roll_back(documents: Documents, chat: Chat, snapshot: str) -> Chat:
    documents.rollback(snapshot)
    return chat


def _cancel(documents: Documents, chat: Chat, number: str) -> Chat:
    if number.isascii() and number.isdigit() and len(number) < 10:
        documents.cancel(int(number))
    return chat


def _look_again(documents: Documents, chat: Chat, about: str) -> Chat:
    return chat


_WISHES: dict[str, Callable[[Documents, Chat, str], Chat]] = {
    "only": _limit, "remove": _remove, "rollback": _roll_back, "cancel": _cancel, "uploaded": _look_again,
}  # fmt: skip
