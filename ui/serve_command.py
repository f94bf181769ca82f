"""``survey-qa serve``: the chat page and the HTTP interface."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.options import (
    Embedder,
    Home,
    IndexDirectory,
    Llm,
    LlmBaseUrl,
    LlmFallback,
    ModerationBaseUrl,
    ModerationFailsOpen,
    ModerationPolicy,
    ModerationSpec,
    Passages,
    moderation_of,
    wrong,
)

if TYPE_CHECKING:
    from rag import Assistant
    from ui.opening import Opening

Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen at.")]
Port = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="The port; 0 takes a free one.")]
OpenPage = Annotated[
    bool | None, typer.Option("--open/--no-open", help="Open the page in a browser. Default: if this is a terminal.")
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="NAME", help="A further host name to answer to; may be given again."),
]
AuthFile = Annotated[
    Path | None,
    typer.Option("--auth-file", metavar="FILE", help="Who may log in: lines that `survey-qa password` makes."),
]
ReadOnly = Annotated[bool, typer.Option("--read-only", help="Let nobody change the documents.")]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        metavar="N",
        min=0,
        max=256,
        help="Processes that answer the HTTP interface. Default: none but this one.",
    ),
]
Page = Annotated[bool, typer.Option("--page/--no-page", help="Serve the page too, or the HTTP interface only.")]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin", metavar="ORIGIN", help="A site whose pages may use the HTTP interface; may be given again."
    ),
]
RateLimit = Annotated[
    str | None,
    typer.Option(
        "--rate-limit",
        metavar="RATE",
        help="How often one caller may ask: 60/minute. Default: 120/minute off this machine.",
    ),
]
Grace = Annotated[
    float, typer.Option("--grace", metavar="SECONDS", min=0, help="For requests under way when the server ends.")
]
Log = Annotated[
    str | None,
    typer.Option("--log", metavar="text|json", help="Write a line for each request to stderr, without its words."),
]
QuestionsPerMinute = Annotated[
    int, typer.Option("--questions-per-minute", metavar="N", min=0, help="For one person in the page; 0: no limit.")
]
UploadsPerHour = Annotated[
    int, typer.Option("--uploads-per-hour", metavar="N", min=0, help="For one person in the page; 0: no limit.")
]
UploadMegabytesPerHour = Annotated[
    int,
    typer.Option("--upload-megabytes-per-hour", metavar="N", min=0, help="For one person in the page; 0: no limit."),
]


def serve(
    host: Host = "127.0.0.1",
    port: Port = 7860,
    open_page: OpenPage = None,
    allow_host: Hosts = None,
    auth_file: AuthFile = None,
    read_only: ReadOnly = False,
    workers: Workers = 0,
    page: Page = True,
    allow_origin: Origins = None,
    rate_limit: RateLimit = None,
    grace: Grace = 10.0,
    log: Log = None,
    questions_per_minute: QuestionsPerMinute = 30,
    uploads_per_hour: UploadsPerHour = 100,
    upload_megabytes_per_hour: UploadMegabytesPerHour = 500,
    index: IndexDirectory = None,
    home: Home = None,
    llm: Llm = "extractive",
    llm_base_url: LlmBaseUrl = None,
    llm_fallback: LlmFallback = "extractive",
    moderation: ModerationSpec = None,
    moderation_policy: ModerationPolicy = None,
    moderation_base_url: ModerationBaseUrl = None,
    moderation_fails_open: ModerationFailsOpen = False,
    embedder: Embedder = None,
    k: Passages = None,
) -> None:
    """Serve the chat page and the HTTP interface.

    Example: survey-qa serve --port 8080
    """
    from dataclasses import asdict

    from ui.login import read_users
    from ui.opening import Opening
    from ui.quotas import Quota
    from ui.serving import Service
    from ui.serving import serve as start

    checks = moderation_of(moderation, moderation_policy, moderation_base_url, moderation_fails_open)
    opening = Opening(
        index,
        str(home) if home else None,
        llm,
        llm_base_url,
        llm_fallback,
        embedder,
        k,
        asdict(checks) if checks else None,
    )
    service = Service(
        host=host,
        port=port,
        hosts=tuple(allow_host or ()),
        home=home,
        page=page,
        open_page=sys.stdout.isatty() if open_page is None else open_page,
        read_only=read_only,
        users=read_users(auth_file) if auth_file else None,
        origins=tuple(allow_origin or ()),
        rate=rate_limit,
        quota=Quota(questions_per_minute, uploads_per_hour, upload_megabytes_per_hour * 1_000_000),
        opening=opening,
        workers=workers,
        grace=grace,
    )
    _log(log)
    start(partial(_opened, opening), service)


def _opened(opening: Opening) -> Assistant:
    from ui.terminal import progress

    with progress() as tell:
        return opening.open(tell)


def _log(wanted: str | None) -> None:
    if wanted not in (None, "text", "json"):
        wrong(f"{wanted!r} is no format of the log. Write --log text or --log json.")
    if wanted:
        from ui.http.logs import configure

        configure("json" if wanted == "json" else "text")
