"""Fields and leads: "Maker: Acme. First flight: 2018", and the lines that begin to tell of one thing after another.

Many surveys have neither a table nor headings for their things, but a list of paragraphs: a name, numbered or in bold, then
what is told of it, often as fields. Nothing here knows what a field is about.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.documents import Document
from corpus.patterns import pattern

_SAMPLE = 200  # leads that tell whether a long list tells of things
FEWEST = 3  # leads beside each other that make a list of things
_LONGEST = 1_500  # characters that are told of one thing at most

_LABEL = r"(?:[\u4e00-\u9fff][\u4e00-\u9fff ]{1,8}|[A-Z][A-Za-z]+(?: [a-z]+){0,3})"
_MARKUP = r"[ \t>]*+(?:[-*•·+]|\d{1,2}[.)、．])?[ \t]*+"
_FIELD = pattern(rf"(?P<label>{_LABEL})(?:\*\*|__)?\s?[:：](?!//)(?:\*\*|__)?\s*(?P<value>\S.*)")
_BEGINS = pattern(rf"{_MARKUP}(?:\*\*|__)?(?={_LABEL}(?:\*\*|__)?\s?[:：](?!//))")
_APART = pattern(rf"(?<=[；;|｜])\s*(?={_LABEL}\s?[:：](?!//))|(?<=\.)\s+(?={_LABEL}:\s)")
_SENTENCE_END = pattern(r"(?<=[a-z\d)]{4})\.\s+(?=[A-Z])|。")
_NAME = r"(?=[^*_\n]*[^\W_])[^*_\n:：。；;|]{1,40}?"
_NUMBER = r"\d{1,2}[.)、．]\s*+"
_BOLD = pattern(rf"[ \t]*+(?:[-*•]\s++|{_NUMBER})?(?P<mark>\*\*|__)(?:{_NUMBER})?(?P<name>{_NAME})[:：.]?(?P=mark)")
_NUMBERED = pattern(rf"[ \t]*{_NUMBER}(?P<name>{_NAME})[ \t]*$", re.MULTILINE)
_WITH_FIELDS = pattern(
    rf"[ \t]*(?:[-*•]\s+|{_NUMBER})?(?P<name>(?=[A-Z\u4e00-\u9fff])[^\n:：。；;|.]{{1,40}}?(?:\.\d+)?)[.。:：—–]\s*(?={_LABEL}\s?[:：](?!//))"
)


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field: its label, its value, and where the line that holds it stands."""

    label: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lead:
    """A name that begins to tell of one thing: where it stands, where what is told of it begins and where it ends."""

    name: str
    start: int
    end: int
    stop: int


def fields_of(text: str, start: int, end: int) -> Iterator[FieldLine]:
    r"""Yield the fields of the lines of a stretch that begin with one, several on a line apart.

    >>> [(f.label, f.value) for f in fields_of("厂商：北川软件；发布：2012 年\nMaker: Acme (UK). Mass: 4 kg.\nIt flies.", 0, 52)]
    [('厂商', '北川软件'), ('发布', '2012 年'), ('Maker', 'Acme (UK)'), ('Mass', '4 kg')]
    """
    at = start
    for line in text[start:end].splitlines(keepends=True):
        begins = _BEGINS.match(line)
        if begins and "|" not in line[: begins.end() + 1]:
            first = at + begins.end()
            stop = at + len(line.rstrip())
            for part in _APART.split(text[first:stop]):
                if match := _FIELD.match(part):
                    value = _SENTENCE_END.split(match["value"])[0].strip(" *_").rstrip("；;。.,，|｜").strip()
                    yield FieldLine(match["label"].strip(), value, first, stop)
        at += len(line)


def find_leads(document: Document) -> list[Lead]:
    """Return the names that begin to tell of one thing after another, in lists of at least ``FEWEST``."""
    text = document.text
    borders = sorted({0, len(text), *(s.body for s in document.sections), *(s.start for s in document.sections)})
    found: list[Lead] = []
    for start, end in itertools.pairwise(borders):
        for form in (_WITH_FIELDS, _NUMBERED, _BOLD):
            leads = _leads(form, text, start, end)
            if len(leads) >= FEWEST and _tells(leads, text):
                found += leads
                break
    return found


def _leads(form: re.Pattern[str], text: str, start: int, end: int) -> list[Lead]:
    """Return the lines of a stretch that have a form, each with what follows it up to the next."""
    places: list[tuple[str, int, int]] = []
    at = start
    for line in text[start:end].splitlines(keepends=True):
        if match := form.match(line):
            places.append((match["name"].strip(), at, at + match.end()))
        at += len(line)
    stops = [*(first for _, first, _ in places[1:]), end][: len(places)]
    return [Lead(n, a, b, min(c, b + _LONGEST)) for (n, a, b), c in zip(places, stops, strict=True)]


def _tells(leads: Sequence[Lead], text: str) -> bool:
    """Tell whether most of the leads have fields in common, or numbers in what they tell right away: then they tell of things.

    Of a long list some are looked at, evenly apart.
    """
    leads = leads[:: max(1, len(leads) // _SAMPLE)]
    labels = [{field.label for field in fields_of(text, lead.end, lead.stop)} for lead in leads]
    often = {label for label, count in Counter(label for own in labels for label in own).items() if count >= FEWEST}
    common = sum(bool(own & often) for own in labels)
    measured = sum(re.search(r"\d", text[lead.end : lead.end + 60].split("\n")[0]) is not None for lead in leads)
    return 2 * common >= len(leads) or 3 * measured >= 2 * len(leads)
