"""Jupyter notebooks: their prose as it stands, their code as code, the text of their results; pictures are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from corpus.decoding import decode
from corpus.errors import ReadError
from corpus.formats import Extract
from corpus.formats.markdown import without_scripts
from corpus.formats.writing import join

_LONGEST_OUTPUT = 5_000  # characters of one result; more is a log


def extract(data: bytes, name: str) -> Extract:
    """Return the cells in order.

    Raises:
        ReadError: It is no notebook.
    """
    try:
        notebook = json.loads(decode(data).text)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"it is no notebook: it is no JSON ({str(error)[:80]})") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if cells is None and isinstance(notebook, dict):  # notebooks before version 4 keep them in sheets
        sheets = notebook.get("worksheets")
        cells = sheets[0].get("cells") if isinstance(sheets, list) and sheets and isinstance(sheets[0], dict) else None
    if not isinstance(cells, list):
        raise ReadError("it is no notebook: it has no cells")
    facts = notebook.get("metadata")
    title = facts.get("title") if isinstance(facts, dict) else ""
    language = _language(facts)
    blocks = [block for cell in cells if isinstance(cell, dict) for block in _blocks(cell, language)]
    return Extract(join(blocks), title if isinstance(title, str) else "")


def _blocks(cell: Mapping[str, Any], language: str) -> Iterator[str]:
    """Yield the blocks of one cell."""
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") != "code":
        yield without_scripts(source)
        return
    if source.strip():
        yield _fenced(source, language)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict) and (text := _output(output).strip("\n")).strip():
            yield _fenced(text[:_LONGEST_OUTPUT], "")


def _output(output: Mapping[str, Any]) -> str:
    """Return the text of a result; errors and pictures have none."""
    data = output.get("data")
    return _text(output.get("text") or (data.get("text/plain") if isinstance(data, dict) else ""))


def _text(source: object) -> str:
    """Return what notebooks keep as a string or as a list of lines."""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _fenced(text: str, language: str) -> str:
    fence = "~~~" if "```" in text else "```"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _language(facts: object) -> str:
    kernel = facts.get("kernelspec") if isinstance(facts, dict) else None
    language = kernel.get("language") if isinstance(kernel, dict) else ""
    return language if isinstance(language, str) and language.isalnum() else ""
