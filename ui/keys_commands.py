"""`survey-qa keys`: who may use the HTTP interface, and for what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.options import AsJson, Home, print_json, wrong

if TYPE_CHECKING:
    from ui.http.keys import KeyRing

keys_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make, list and revoke keys for the HTTP interface of `survey-qa serve`.",
)


@keys_app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, such as the name of a program.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="What it is good for: ask, documents (add and remove), admin (all, and metrics); may be given again. Default: ask.",
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once; only its hash is kept.

    Example: survey-qa keys create our-chat --scope ask
    """
    from ui.http.keys import SCOPES

    wanted = scope or ["ask"]
    for one in wanted:
        if one not in SCOPES:
            wrong(f"{one!r} is no scope. Give --scope ask, documents or admin.")
    chosen = [one for one in SCOPES if one in wanted]
    secret = _ring(home).create(name, chosen)
    if as_json:
        print_json({"name": name, "scopes": chosen, "key": secret})
    else:
        typer.echo(secret)
        typer.echo("Keep it: it is not shown again. Send it as `Authorization: Bearer KEY`.", err=True)


@keys_app.command("list")
def list_keys(home: Home = None, as_json: AsJson = False) -> None:
    """List the keys: name, id, scopes, when they were made.

    Example: survey-qa keys list
    """
    keys = _ring(home).listed()
    if as_json:
        print_json({"keys": [{"id": k.id, "name": k.name, "scopes": k.scopes, "created": k.created} for k in keys]})
        return
    for key in keys:
        typer.echo(f"{key.name}\t{key.id}\t{','.join(key.scopes)}\t{key.created}")
    if not keys:
        typer.echo("There are no keys. Make one: survey-qa keys create NAME --scope ask", err=True)


@keys_app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The key's name or id.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take a key away; a running server refuses it from the next request on.

    Example: survey-qa keys revoke our-chat
    """
    key = _ring(home).revoke(name)
    if as_json:
        print_json({"revoked": key.id, "name": key.name})
    else:
        typer.echo(f"revoked {key.name} ({key.id})")


def _ring(home: Path | None) -> KeyRing:
    from rag.settings import home_directory
    from ui.http.keys import KEYS_FILE, KeyRing

    return KeyRing(home_directory(home) / KEYS_FILE)
