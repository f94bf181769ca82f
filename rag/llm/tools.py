"""What a chat model may call: searching the documents, looking something up, comparing; what it may say in a call, checked.

Calls are a model's output, so untrusted: names and arguments are held against the specifications, texts are bounded, and what is
wrong is told to the model, which may try again. Nothing here knows the index (``rag.reading.looking`` runs the calls).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from index.hits import Hit

MAX_ROUNDS = 3  # times that a model may call tools before it must answer
MAX_CALLS = 4  # of one round; further ones are not run
MAX_ARGUMENT_CHARS = 300
MAX_NAMES = 5  # that can be compared

Arguments = Mapping[str, str | tuple[str, ...]]
"""The arguments of a call that was checked."""

_TEXT = {"type": "string", "maxLength": MAX_ARGUMENT_CHARS}
_NAMES = {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": MAX_NAMES}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model asks for; ``arguments`` is None where it was no JSON."""

    id: str
    name: str
    arguments: Mapping[str, object] | None


@dataclass(slots=True)
class Offer:
    """The tools that a request offers, and, once the reply has ended, the calls in it."""

    calls: list[ToolCall] = field(default_factory=list)


class WrongCall(Exception):
    """A call that cannot be run; the message is for the model."""


class Tools(Protocol):
    """Whoever runs calls."""

    def run(self, name: str, arguments: Arguments) -> list[Hit]:
        """Return the passages that a checked call finds, best first."""
        ...


def specifications() -> list[dict[str, Any]]:
    """Return the tools as chat models are told of them."""
    return [_specified(name, *described) for name, described in _TOOLS.items()]


def checked_call(call: ToolCall) -> Arguments:
    """Return the arguments of a call.

    Raises:
        WrongCall: There is no such tool, or it takes other arguments.
    """
    if call.name not in _TOOLS:
        raise WrongCall(f"There is no tool of that name. There are {', '.join(_TOOLS)}.")
    _, properties, needed = _TOOLS[call.name]
    given = call.arguments
    if given is None or set(given) - set(properties) or set(needed) - set(given):
        raise WrongCall(f"{call.name} takes {', '.join(properties)}; {', '.join(needed)} must be there.")
    return {name: _argument(name, value, properties[name]) for name, value in given.items()}


def _argument(name: str, value: object, wanted: Mapping[str, Any]) -> str | tuple[str, ...]:
    if wanted["type"] == "string":
        return _text(name, value)
    if not isinstance(value, list) or not 2 <= len(value) <= MAX_NAMES:
        raise WrongCall(f"{name} is a list of 2 to {MAX_NAMES} texts.")
    return tuple(_text(name, each) for each in value)


def _text(name: str, value: object) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in value).split()) if isinstance(value, str) else ""
    if not 0 < len(text) <= MAX_ARGUMENT_CHARS:
        raise WrongCall(f"{name} is a text of 1 to {MAX_ARGUMENT_CHARS} characters.")
    return text


def _specified(name: str, purpose: str, properties: Mapping[str, Any], needed: Sequence[str]) -> dict[str, Any]:
    parameters = {
        "type": "object", "properties": dict(properties), "required": list(needed), "additionalProperties": False,
    }  # fmt: skip
    return {"type": "function", "function": {"name": name, "description": purpose, "parameters": parameters}}


_TOOLS: Mapping[str, tuple[str, Mapping[str, Any], Sequence[str]]] = {
    "search": (
        "Find passages of the documents. Use it when the passages at hand do not tell what is asked.",
        {"question": {**_TEXT, "description": "what the passages should tell, as a question or in key words"}},
        ("question",),
    ),
    "look_up": (
        "Look up what the tables and entries of the documents say of one thing, for example a model's size.",
        {
            "name": {**_TEXT, "description": "the thing"},
            "attribute": {**_TEXT, "description": "what is wanted of it, such as 'number of parameters'"},
        },
        ("name",),
    ),
    "compare": (
        "Set things side by side in one attribute, from the tables and passages of the documents.",
        {"names": {**_NAMES, "description": "the things"}, "attribute": {**_TEXT, "description": "what is compared"}},
        ("names", "attribute"),
    ),
}
