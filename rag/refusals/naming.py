"""Which words of a question name what it is about, beyond the names that it was understood to mention.

A document says by its form what it tells of: the first cell of a row, a short heading, the bold words that begin an item. Where a
question writes one of these, its words name something; so do those that stand right beside a name ("Teal Mono"). Only the refusal asks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from corpus.patterns import pattern
from rag.reading.scoring import name_carried
from rag.reading.units import Unit
from rag.understanding.questions import Question

LONGEST_NAME = 24  # characters of a heading, a row's first cell or bold words that may name something
IN_PLACE = 0.9  # of a name that a piece stands right under, beside 1 for one that it says
AROUND = 0.5  # of one in the headings above, or in the sentence before

_BOLD = pattern(r"\s*(?:[-*•]\s+|\d{1,2}[.)、．]\s*)?\*\*\s*(?:\d{1,2}[.)、．]\s*)?([^*\n]{2,30}?)\s*\*\*")
_NUMBERED = pattern(r"^(?:[\d.一二三四五六七八九十]+[.、．)]\s*|[\d.]+\s+)")
_NOTE = pattern(r"[(（:：].*", re.DOTALL)


def names_written(question: Question, units: Iterable[Unit]) -> tuple[str, ...]:
    """Return what pieces stand under and a question writes, in lower case; not its names, nor what it asks for."""
    text = question.text.lower()
    places = {
        place for unit in units for place in _places(unit.topic, _line(unit)) if place in text and _is_word(place, text)
    }
    asked = {noun for clause in question.clauses for noun in clause.asked}
    known = [mention.surface.lower() for mention in question.mentions]
    found = {place for place in places - asked if not any(place in name for name in known)}
    return tuple(place for place in found if not any(place != other and place in other for other in found))


def words_in_names(question: Question, written: Sequence[str], units: Sequence[Unit]) -> Collection[str]:
    """Return the words of a question that belong to names: "teal" of "Teal Mono", where pieces stand under that name.

    Words beside a name in a sentence may be what is asked: "calibrate Heron".
    """
    text = question.text.lower()
    within = {needle.surface for needle in question.needles if any(needle.surface in name for name in written)}
    for mention in question.mentions:
        name = mention.surface.lower()
        for word in (needle.surface for needle in question.needles if len(needle.surface) > 1):
            joined = (f"{word}{name}", f"{word} {name}", f"{name}{word}", f"{name} {word}")
            if any(form in text for form in joined) and any(_is_headed(unit, joined) for unit in units):
                within.add(word)
    return within


def names_carried(unit: Unit, question: Question, written: Sequence[str]) -> float:
    """Return how surely a piece is about that name of a question which it is least about, 0 to 1."""
    names = [name_carried(mention, unit) for mention in question.mentions if mention.held]
    return min([*names, written_carried(unit, written)])


def written_carried(unit: Unit, written: Sequence[str]) -> float:
    """Return how surely a piece is about all of what a question writes that pieces stand under; 1 where that is nothing."""
    return min((_stands_under(unit, name) for name in written), default=1.0)


def _is_word(name: str, text: str) -> bool:
    """Tell whether a text has a name by itself, not inside a longer Latin word."""
    return not name.isascii() or re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _stands_under(unit: Unit, name: str) -> float:
    if name in unit.text.lower():
        return 1.0
    if name in _places(unit.topic, _line(unit)):
        return IN_PLACE
    return AROUND if any(name in text.lower() for text in (unit.path, unit.before, unit.opening)) else 0.0


def _is_headed(unit: Unit, forms: Sequence[str]) -> bool:
    return any(form in place for form in forms for place in _places(unit.topic, _line(unit)))


def _line(unit: Unit) -> str:
    """Return how the line begins that a piece stands on."""
    begin = unit.document.text.rfind("\n", 0, unit.start) + 1
    return unit.document.text[begin : begin + 2 * LONGEST_NAME]


@lru_cache(maxsize=1 << 13)
def _places(topic: str, line: str) -> tuple[str, ...]:
    """Return what a piece stands under, in lower case, without numbers before and notes behind: its heading or row, and bold words."""
    bold = _BOLD.match(line)
    plain = (_NUMBERED.sub("", _NOTE.sub("", place)).strip().lower() for place in (topic, bold[1] if bold else ""))
    return tuple(place for place in plain if 2 <= len(place) <= LONGEST_NAME)
