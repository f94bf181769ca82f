"""Write docs/reference.md from the code: every command with its options, every public name with its docstring.

python tests/tools/write_reference.py
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
PAGE = ROOT / "docs" / "reference.md"
PACKAGES = ("rag", "index", "corpus")
EXTRA = (
    ("index.langchain", "FaissVectorStore"),
    ("index.langchain", "IndexEmbeddings"),
    ("rag.adapters", "SurveyRetriever"),
)


def reference() -> str:
    """Return the whole page."""
    parts = [
        "# Reference",
        "",
        "Written from the code by `python tests/tools/write_reference.py`; not edited by hand.",
        "",
    ]
    parts += ["## The command line", "", *commands(), "## Python", "", *names()]
    return "\n".join(parts).rstrip() + "\n"


def commands() -> Iterator[str]:
    """Yield a section for every command."""
    import typer

    from ui.cli import app

    for path, command in walk(typer.main.get_command(app), ("survey-qa",)):
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
        usage = " ".join([*path, *map(argument, arguments)])
        yield f"### `{usage}`\n"
        yield f"{paragraphs(command.help or '')}\n"
        if options:
            yield "| Option | |\n|---|---|"
            yield from (f"| {option_names(one)} | {cell(one.help or '')}{told_default(one)} |" for one in options)
            yield ""


def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that does something, with the words that name it."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        if not inner.hidden:
            yield from walk(inner, (*path, name))


def argument(one: Any) -> str:
    """Return how an argument is written in a usage line."""
    named = (one.metavar or one.name.upper()).strip("[].…") + ("…" if one.nargs == -1 else "")
    return named if one.required else f"[{named}]"


def option_names(option: Any) -> str:
    """Return an option's spellings with what it takes."""
    takes = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return ", ".join(f"`{one}{takes}`" for one in (*option.opts, *option.secondary_opts))


def told_default(option: Any) -> str:
    """Return a default that a person would want to know."""
    default = option.default
    told = isinstance(default, int | float | str) and not isinstance(default, bool) and default != ""
    return f" (default: {default})" if told and not callable(default) else ""


def names() -> Iterator[str]:
    """Yield a section for every public name."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        yield f"### `{package}`\n"
        yield f"{paragraphs(inspect.getdoc(module) or '')}\n"
        for name in sorted(module.__all__):
            yield from entry(getattr(module, name), name)
    yield "### LangChain\n"
    for home, name in EXTRA:
        yield from entry(getattr(importlib.import_module(home), name), f"{home}.{name}")


def entry(value: Any, name: str) -> Iterator[str]:
    """Yield one public name: its signature, what it is for, and the public methods of a class."""
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return
    error = inspect.isclass(value) and issubclass(value, Exception)
    shown = name if error or getattr(value, "_is_protocol", False) else f"{name}{signature(value)}"
    yield f"#### `{shown}`\n"
    yield f"{paragraphs(inspect.getdoc(value) or '')}\n"
    if not inspect.isclass(value) or error:
        return
    for method, kind in vars(value).items():
        function = getattr(kind, "__func__", kind.fget if isinstance(kind, property) else kind)
        if method.startswith("_") or not inspect.isfunction(function) or not function.__doc__:
            continue
        call = method if isinstance(kind, property) else f"{method}{signature(function)}"
        yield f"- `{call}`: {cell(inspect.getdoc(function) or '')}"
    yield ""


def signature(value: Any) -> str:
    """Return a signature with its annotations as they are written, without ``self``."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return "(…)"
    parameters = [
        one.replace(annotation=_Written(one.annotation), default=_Written(repr(one.default)))
        if one.default is not one.empty
        else one.replace(annotation=_Written(one.annotation))
        for one in found.parameters.values()
        if one.name not in ("self", "cls")
    ]
    returned = found.empty if inspect.isclass(value) else _Written(found.return_annotation)
    return str(found.replace(parameters=parameters, return_annotation=returned))


class _Written:
    """An annotation or a default as a reader wants to see it: no quotes around it, no module before a name."""

    def __init__(self, value: Any) -> None:
        plain = value if isinstance(value, str) else inspect.formatannotation(value)
        self._text = "…" if "<" in plain else re.sub(r"\b[a-z_]+(?:\.[a-z_]+)*\.(?=[A-Z])", "", plain)

    def __repr__(self) -> str:
        return self._text


def paragraphs(docstring: str) -> str:
    """Return a docstring's paragraphs, each on one line; a block of errors or an example is set apart."""
    blocks = re.split(r"\n\s*\n", docstring.strip())
    return "\n\n".join(block(one) for one in blocks)


def block(text: str) -> str:
    """Return one paragraph: an example as it is, anything else as running text."""
    if text.lstrip().startswith(">>>"):
        return f"```python\n{text}\n```"
    return re.sub(r"``([^`]+)``", r"`\1`", re.sub(r"\s+", " ", text)).strip()


def cell(docstring: str) -> str:
    """Return a docstring in one line for a table or a list, without its examples."""
    kept = [one for one in re.split(r"\n\s*\n", docstring.strip()) if not one.lstrip().startswith(">>>")]
    return " ".join(map(block, kept)).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.write_text(reference(), "utf-8")


if __name__ == "__main__":
    main()
