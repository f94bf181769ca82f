"""Front matter: the ``key: value`` lines between two ``---`` lines at the top of a Markdown file.

Reads the simple part of YAML that people write there: strings, with or without quotes, and lists of strings.
"""

from __future__ import annotations

from typing import NamedTuple

from corpus.patterns import pattern

_NAME = pattern(r"[A-Za-z_][\w -]{0,40}")
_LONGEST = 100  # lines; a longer block is text


class FrontMatter(NamedTuple):
    """The fields of a text (keys in lower case, lists joined by ", ") and the text without them."""

    fields: dict[str, str]
    text: str


def take_front_matter(text: str) -> FrontMatter:
    r"""Return the fields at the top of a text and what comes after them; a text without them is returned as it is.

    >>> take_front_matter("---\ntitle: \"T5: a survey\"\ntags: [nlp, t5]\n---\nText.\n")
    FrontMatter(fields={'title': 'T5: a survey', 'tags': 'nlp, t5'}, text='Text.\n')
    """
    if not text.startswith("---"):
        return FrontMatter({}, text)
    head, *lines = text.split("\n", _LONGEST)
    ends = next((number for number, line in enumerate(lines[: _LONGEST - 1]) if line.rstrip() in {"---", "..."}), None)
    if head.rstrip() != "---" or ends is None:
        return FrontMatter({}, text)
    fields = _read_fields(lines[:ends])
    return FrontMatter({}, text) if fields is None else FrontMatter(fields, "\n".join(lines[ends + 1 :]))


def _read_fields(lines: list[str]) -> dict[str, str] | None:
    """Return the fields, or None if the lines are something else."""
    fields: dict[str, list[str]] = {}
    key = ""
    for line in map(str.rstrip, lines):
        if not line or line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if key and line.lstrip().startswith("- "):
            fields[key].append(_value(line.lstrip()[2:]))
        elif key and line[0].isspace():
            fields[key].append(line.strip())
        elif colon and value[:1] in {"", " ", "\t"} and _NAME.fullmatch(name):
            key = name.strip().lower()
            fields[key] = _values(value)
        else:
            return None
    return {key: ", ".join(value for value in values if value) for key, values in fields.items()}


def _values(text: str) -> list[str]:
    """Return the value or, between square brackets, the values of a field."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [_value(part) for part in text[1:-1].split(",")]
    return [] if text in {"|", ">", "|-", ">-"} else [_value(text)]


def _value(text: str) -> str:
    """Return a string without the quotes around it."""
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text
