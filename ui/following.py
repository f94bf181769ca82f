"""Telling what happens while a folder is followed: a line for each change, until Ctrl-C."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from corpus import Skipped, SurveyQAError
from rag.build import Synced
from rag.watching import watch_folder
from ui import terminal


def follow(
    folder: Path, *, directory: Path | str | None, home: Path | None, embedder: str | None, as_json: bool
) -> None:
    """Follow a folder until Ctrl-C, which is its ordinary end: everything that was told of is in the index."""
    known: set[Skipped] = set()
    try:
        with terminal.progress() as tell:
            for done in watch_folder(folder, directory=directory, home=home, embedder=embedder, progress=tell):
                if isinstance(done, SurveyQAError):
                    terminal.say(f"{done} It is tried again.", err=True, fg="yellow")
                    continue
                terminal.print_skipped([one for one in done.skipped if one not in known])
                known = set(done.skipped)
                _print_json(done) if as_json else _print_lines(done)
    except KeyboardInterrupt:
        terminal.say(f"No longer following {folder}.", err=True)


def _print_lines(synced: Synced) -> None:
    for what, ids in (("added", synced.added), ("changed", synced.changed), ("removed", synced.removed)):
        for id_ in ids:
            terminal.say(f"{what} {id_}")


def _print_json(synced: Synced) -> None:
    if synced.added or synced.changed or synced.removed:
        typer.echo(json.dumps(terminal.plain_sync(synced), ensure_ascii=False))
