"""``survey-qa papers …``: the papers that the documents of an index link."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.options import (
    AllowedHosts,
    ArxivInterface,
    AsJson,
    Home,
    IndexDirectory,
    manner_of,
    open_index,
    print_json,
    wrong,
)

papers_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Bring in the papers that documents link.\n\nExample: survey-qa papers fetch",
)


@papers_app.callback()
def papers() -> None:
    """Hold the commands about papers."""


@papers_app.command("fetch")
def fetch(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PAPER", help="arxiv:ID or openreview:ID. Default: all that the documents link.", show_default=False
        ),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask also for those that were fetched before.")] = False,
    as_json: AsJson = False,
    index: IndexDirectory = None,
    home: Home = None,
    allow_host: AllowedHosts = None,
    arxiv: ArxivInterface = None,
) -> None:
    """Bring the abstracts of linked papers into the index, from arXiv and OpenReview.

    What was fetched is kept under the home; without a network that is used, and the rest is told. Asks seconds apart.

    Example: survey-qa papers fetch --refresh
    """
    from corpus.web.papers import paper_of
    from rag.papers import fetch_papers
    from ui import terminal

    known = [paper_of(id_) for id_ in ids or ()]
    if "" in known:
        wrong(
            f"{(ids or [''])[known.index('')]} is no paper. Give ids such as arxiv:2302.13971 or openreview:YicbFdNTTy."
        )
    opened = open_index(index, home)
    with terminal.progress() as tell:
        fetched = fetch_papers(
            opened, manner_of(home, None, allow_host, arxiv), only=known, refresh=refresh, progress=tell
        )
    if as_json:
        print_json({
            "added": list(fetched.added), "changed": list(fetched.changed), "unchanged": fetched.unchanged,
            "skipped": terminal.plain_skipped(fetched.skipped), "snapshot": fetched.index.snapshot,
        })  # fmt: skip
        return
    terminal.print_skipped(fetched.skipped)
    terminal.say(
        f"Added {len(fetched.added)}, changed {len(fetched.changed)}, unchanged {fetched.unchanged}, "
        f"not to be had {len(fetched.skipped)}; the index holds {len(fetched.index.documents())} documents."
    )
