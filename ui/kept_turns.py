"""Turns as they are kept: one JSON object each, by value, quotes included.

What is read was written by another version, or was damaged on the disk: a turn that cannot be read is left out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import lru_cache
from types import NoneType
from typing import Any, get_args

from rag.answers import SupportLabel
from ui.handlers import Cell, Outcome, Source, Turn, Verdict

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1_000)
def written(turn: Turn) -> str:
    """Return a turn as JSON; the finished turns of a conversation are the same at every answer."""
    return json.dumps(asdict(replace(turn, inside=None)), ensure_ascii=False)


def read_turns(kept: str) -> tuple[Turn, ...]:
    """Return the turns that were kept; what is damaged, or of a later version, is left out."""
    turns = []
    try:
        listed = json.loads(kept)
    except (ValueError, RecursionError) as error:
        logger.warning("A kept conversation cannot be read (%s).", error)
        listed = []
    for values in listed if isinstance(listed, list) else []:
        try:
            turns.append(_turn(values))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            logger.warning("A turn of a kept conversation cannot be read (%s).", error)
    return tuple(turns)


def _turn(values: Mapping[str, Any]) -> Turn:
    known = _known(Turn, values) | {"inside": None}
    outcome: Outcome = values["outcome"] if values.get("outcome") in get_args(Outcome) else "stopped"
    if outcome == "answering":  # the server ended in the middle of it
        outcome = "stopped"
    sources = tuple(_source(source) for source in values.get("sources", ()))
    listed = {name: tuple(map(str, values.get(name, ()))) for name in ("notes", "suggestions")}
    verdict = values["verdict"] if values.get("verdict") in get_args(Verdict) else ""
    return Turn(**known | listed | {"outcome": outcome, "sources": sources, "verdict": verdict})


def _source(values: Mapping[str, Any]) -> Source:
    rows = tuple(tuple(Cell(**_known(Cell, cell)) for cell in row) for row in values.get("rows", ()))
    header = tuple(map(str, values.get("header", ())))
    label = values["label"] if values.get("label") in get_args(SupportLabel) else None
    return Source(**_known(Source, values) | {"rows": rows, "header": header, "label": label})


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are fields of a dataclass; older versions may have had others.

    Raises:
        TypeError: A text, a number or a truth value is none.
    """
    types = {field.name: str(field.type) for field in fields(kind)}
    known = {name: value for name, value in values.items() if name in types}
    for name, value in known.items():
        if types[name] in _PLAIN and not isinstance(value, _PLAIN[types[name]]):
            raise TypeError(f"{name} is no {types[name]}")
    return known


_PLAIN: Mapping[str, Any] = {
    "str": str, "int": int, "bool": bool, "str | None": (str, NoneType), "int | None": (int, NoneType),
}  # fmt: skip
