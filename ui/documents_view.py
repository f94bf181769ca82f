"""The view of the documents: list, filters, what limits the chat, jobs and snapshots; decides nothing and draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from corpus.errors import SurveyQAError
from index.filters import Filter
from ui import handlers
from ui.admitting import check_upload
from ui.documents import Documents
from ui.facets import facets_of, toggle
from ui.handlers import Chat
from ui.jobs import Job
from ui.listing import render_documents, render_facets, render_jobs, render_snapshots
from ui.offered import Offered
from ui.rendering import render_hint, render_limit
from ui.texts import TEXTS, Language, View
from ui.wiring import AT_ONCE, QUEUED, split_wish, warn, with_request

if TYPE_CHECKING:
    import gradio as gr

    from ui.web import Page

JOBS_SECONDS = 1.0  # how often the page looks at jobs that are under way


class Library:
    """The components of the view; ``work`` is written by page.js, ``within`` is what the list is filtered by.

    Where nothing may be changed (not ``writable``), what changes something is not shown.
    """

    def __init__(self, *, writable: bool) -> None:
        import gradio as gr

        bare: dict[str, Any] = {"container": False, "show_label": False}
        quiet: dict[str, Any] = {"size": "sm", "variant": "secondary", "min_width": 0}
        self.writable = writable
        self.within = gr.State(Filter())
        with gr.Column(elem_id="shelf", min_width=0):
            with gr.Row(elem_id="shelf-tools"):
                self.upload = gr.Button(
                    elem_id="upload", variant="primary", min_width=0, visible=writable
                )  # page.js answers
                self.address = gr.Textbox(elem_id="address", interactive=True, visible=writable, **bare)
                self.add = gr.Button(elem_id="add-address", visible=writable, **quiet)
            self.hint = gr.Markdown(elem_id="upload-note")
            self.jobs = gr.Markdown(elem_id="jobs", latex_delimiters=[])
            self.find = gr.Textbox(elem_id="find-document", max_length=200, **bare)
            self.facets = gr.Markdown(elem_id="facets", latex_delimiters=[])
            self.documents = gr.Markdown(elem_id="documents", latex_delimiters=[])
            with gr.Row(elem_id="index-tools"):
                self.snapshots_head = gr.Markdown(elem_id="snapshots-head")
                self.reread = gr.Button(elem_id="reread", visible=writable, **quiet)
                self.rebuild = gr.Button(elem_id="rebuild", visible=writable, **quiet)
                self.verify = gr.Button(elem_id="verify", **quiet)
            self.snapshots = gr.Markdown(elem_id="snapshots", latex_delimiters=[])
            self.work = gr.Textbox(elem_id="work", **bare)
            self.clock = gr.Timer(JOBS_SECONDS, active=False)

    def words(self, language: Language) -> dict[Any, Any]:
        """Return what the components show in a language."""
        import gradio as gr

        texts = TEXTS[language]
        return {
            self.upload: gr.update(value=texts.upload),
            self.address: gr.update(placeholder=texts.address, label=texts.address),
            self.add: gr.update(value=texts.add),
            self.hint: render_hint(texts.upload_hint if self.writable else texts.read_only),
            self.find: gr.update(placeholder=texts.find_document, label=texts.find_document),
            self.snapshots_head: render_hint(texts.snapshots_hint),
            self.reread: gr.update(value=texts.reread),
            self.rebuild: gr.update(value=texts.rebuild),
            self.verify: gr.update(value=texts.verify),
        }


def wire_documents(on: Page, documents: Documents, offered: Offered) -> None:
    """Connect the events of the view; each looks at what the operator allows by way of ``documents``."""
    import gradio as gr

    view, desk = on.documents, _Desk(documents, offered)
    asked = [on.chat, view.within, view.find, on.top.language]
    shown = [view.jobs, view.facets, view.documents, view.snapshots, view.clock]
    for changed in (on.top.view.input, on.top.language.input):
        changed(desk.look, [on.top.view, *asked], shown, **AT_ONCE)
    view.find.change(desk.filtered, asked, [view.facets, view.documents], **AT_ONCE)
    view.clock.tick(desk.tick, asked, shown, **AT_ONCE)
    view.work.change(
        desk.fulfil, [view.work, *asked], [on.chat, view.within, on.talk.limit, *shown], **QUEUED
    )  # what warns travels by the queue
    gr.on(
        [view.add.click, view.address.submit], with_request(desk.fetch), [view.address, *asked], [view.address, *shown],
        **QUEUED,
    )  # fmt: skip
    for button, job in (
        (view.reread, documents.reread),
        (view.rebuild, documents.rebuild),
        (view.verify, documents.verify),
    ):
        button.click(desk.starting(job), asked, shown, **QUEUED)


class _Desk:
    """What the events of the view do."""

    def __init__(self, documents: Documents, offered: Offered) -> None:
        self._documents = documents
        self._offered = offered

    def show(self, chat: Chat, within: Filter, wanted: str, language: Language) -> tuple[Any, ...]:
        """Return jobs, filters, documents, snapshots and the clock."""
        import gradio as gr

        jobs, writable = self._documents.jobs(), self._documents.writable
        return (
            render_jobs(jobs, language),
            *self.filtered(chat, within, wanted, language),
            render_snapshots(self._documents.snapshots(), language, writable=writable),
            gr.update(active=any(not job.over for job in jobs)),
        )

    def filtered(self, chat: Chat, within: Filter, wanted: str, language: Language) -> tuple[str, str]:
        """Return the filters and the documents that they let through."""
        everything = self._documents.listed()
        named = self._documents.listed(wanted)
        listed = [info for info in named if within.admits(info)]
        facets = facets_of(everything, within)
        return (
            render_facets(facets, within, len(listed), len(everything), language, limited=bool(chat.filter())),
            render_documents(listed, chat.only, language, writable=self._documents.writable),
        )

    def look(self, view: View, chat: Chat, within: Filter, wanted: str, language: Language) -> Any:  # noqa: ANN401 Gradio's word for leaving all as it is
        import gradio as gr

        return self.show(chat, within, wanted, language) if view == "documents" else gr.skip()

    def tick(self, chat: Chat, within: Filter, wanted: str, language: Language) -> tuple[Any, ...]:
        import gradio as gr

        jobs = self._documents.jobs()
        if any(not job.over for job in jobs):
            return render_jobs(jobs, language), *(gr.skip(),) * 4
        return self.show(chat, within, wanted, language)

    def fulfil(self, wish: str, chat: Chat, within: Filter, wanted: str, language: Language) -> tuple[Any, ...]:
        """Do what page.js wishes: a job, a filter, or a limit of the chat."""
        kind, about, _ = split_wish(wish)
        try:
            if kind == "facet":
                within = Filter() if not about else toggle(within, about, self._documents.listed())
            elif kind in _LIMITS:
                chat = _LIMITS[kind](self._documents, chat, within, about)
            elif kind in _WISHES:
                chat = _WISHES[kind](self._documents, chat, about)
        except SurveyQAError as error:
            warn(error, language)
        chat = handlers.switch_language(chat, language)
        return chat, within, render_limit(chat), *self.show(chat, within, wanted, language)

    def fetch(
        self, address: str, chat: Chat, within: Filter, wanted: str, language: Language, request: gr.Request
    ) -> tuple[Any, ...]:
        """Bring in a page or a paper by its address; one that is refused stays in the field."""
        try:
            check_upload(self._offered.quotas, self._offered.person(request), 0, language)
            self._documents.fetch(address)
            address = ""
        except SurveyQAError as error:
            warn(error, language)
        return address, *self.show(chat, within, wanted, language)

    def starting(self, job: Callable[[], Job]) -> Callable[..., tuple[Any, ...]]:
        """Return a handler that starts a job."""

        def started(chat: Chat, within: Filter, wanted: str, language: Language) -> tuple[Any, ...]:
            try:
                job()
            except SurveyQAError as error:
                warn(error, language)
            return self.show(chat, within, wanted, language)

        return started


def _limit(documents: Documents, chat: Chat, within: Filter, key: str) -> Chat:
    info = documents.find(key)
    return handlers.limit(chat, info.id) if info else chat


def _limit_to_these(documents: Documents, chat: Chat, within: Filter, about: str) -> Chat:
    return handlers.narrow(chat, within)


def _lift_limits(documents: Documents, chat: Chat, within: Filter, about: str) -> Chat:
    return handlers.widen(chat)


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


_LIMITS: Mapping[str, Callable[[Documents, Chat, Filter, str], Chat]] = {
    "only": _limit, "these": _limit_to_these, "everything": _lift_limits,
}  # fmt: skip
_WISHES: Mapping[str, Callable[[Documents, Chat, str], Chat]] = {
    "remove": _remove, "rollback": _roll_back, "cancel": _cancel,
}  # fmt: skip
