"""Answering with the items of a list that stands under a heading or a lead-in: "what does section X list"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from corpus.patterns import pattern
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.framing import MAX_COLUMNS, bare_span, fitting
from rag.reading.records import SAID
from rag.reading.selecting import IDLE, subjects
from rag.reading.units import Unit, terms_of
from rag.reading.widths import columns
from rag.understanding.mentions import Mention, mention_strength
from rag.understanding.questions import Question

TITLE_MATCH = 0.7  # share of a heading's words in the question from which the question is about that section
FEW_ITEMS = 2
MOST_ITEMS = 24
FEWEST_WORDS = 1  # besides names, that a lead-in must say

_LISTS_SOMETHING = pattern(r"列|收录|包含|包括|涵盖|\blists?\b|\bincludes?\b|\bcovers?\b", re.IGNORECASE)
_ASIDE = pattern(r"[(（][^()（）]*[)）]")
_BLANK = pattern(r"\n\s*\n")
_FIELD = pattern(r"[^:：\s]{1,14}\s?[:：]")
_ITEM_HEAD = pattern(r"^(.{2,60}?)(?:[:：]\s|\s[\"“(（]|[。;；]|\s[-–—]\s|,\s)")


def list_section(question: Question, units: Sequence[Unit]) -> Draft | None:
    """Return the items under the heading that the question is about, or None if it is about none."""
    best: tuple[float, list[Unit]] = (0.0, [])
    for (_, _), items in _items_by_section(units).items():
        match = _title_match(question, items)
        if len(items) >= FEW_ITEMS and match > best[0]:
            best = (match, items)
    match, items = best
    if match < TITLE_MATCH:
        return None
    items = sorted(items, key=lambda unit: unit.start)[:MOST_ITEMS]
    return Draft(tuple(_shortened(items)))


def list_led_in(question: Question, units: Sequence[Unit]) -> Draft | None:
    """Return the items under a sentence that says everything the question says, and more than what the items are called.

    "Many trained models of other languages upon Heron:" leads in what "which models of other languages came after Heron"
    asks for; a word such as "models" alone would not do.
    """
    names = subjects(question.mentions)
    telling = [needle for needle in question.needles if not IDLE.fullmatch(needle.surface)]
    if not names or len(telling) < FEWEST_WORDS:
        return None
    for items in _items_by_section(units).values():
        lead = items[0].lead
        said = lead and all(needle.found_in(terms_of(lead)) >= SAID for needle in telling)
        if said and len(items) >= FEW_ITEMS and all(mention_strength(lead, name) == 1.0 for name in names):
            return Draft(tuple(_shortened(sorted(items, key=lambda unit: unit.start)[:MOST_ITEMS])), assured=True)
    return None


def _items_by_section(units: Iterable[Unit]) -> dict[tuple[str, int], list[Unit]]:
    """Return the list items at hand, grouped by the heading or lead-in that they stand under."""
    groups: dict[tuple[str, int], list[Unit]] = {}
    for unit in units:
        if unit.kind == "item":
            section = unit.document.section_at(unit.start)
            start = section.start if section else -1
            groups.setdefault((f"{unit.document.id}\n{unit.lead}", start), []).append(unit)
    return {key: _first_run(sorted(items, key=lambda unit: unit.start)) for key, items in groups.items()}


def _first_run(items: list[Unit]) -> list[Unit]:
    """Return the items up to a blank line, if none stands between the first two: what follows it is another list."""
    blank = [_BLANK.search(a.document.text[a.end : b.start]) is not None for a, b in itertools.pairwise(items)]
    return items[: blank.index(True) + 1] if True in blank[1:] and not blank[0] else items


def _title_match(question: Question, items: Sequence[Unit]) -> float:
    """Return how surely the question is about the heading or lead-in of a list: 1 when it quotes it."""
    topic, lead = items[0].topic, items[0].lead
    quoted = [title for title in (topic, lead) if _is_quoted(title, question)]
    if quoted:
        return 1.0 + max(map(len, quoted)) / 1_000  # of two headings that the question holds, the longer is meant
    if not all(_is_there(mention, items) for mention in question.mentions if mention.held):
        return 0.0
    asked = {term for needle in question.needles for term in (*needle.own, *(other for other, _ in needle.others))}
    best = _share(lead, asked) if lead else 0.0
    if not _are_fields(items):
        named = {term for mention in question.mentions for spelling in mention.spellings for term in terms_of(spelling)}
        wanted = asked | named if _LISTS_SOMETHING.search(question.text) else asked
        best = max(best, _share(topic, wanted))
    return best


def _is_quoted(title: str, question: Question) -> bool:
    plain = _plain(_ASIDE.sub("", title))
    if not plain or any(plain == mention.normal for mention in question.mentions):
        return False  # the question is about the thing, not about a list that stands under it
    return any(_plain(quoted) == plain for quoted in question.quoted) or (
        len(plain) >= 4 and plain in _plain(question.text)
    )


def _is_there(mention: Mention, items: Sequence[Unit]) -> bool:
    """Tell whether a list is about a name, or at least mentions it."""
    first = items[0]
    return any(
        mention_strength(text, mention) == 1.0 for text in (first.topic, first.lead, first.path, first.document.title)
    ) or any(mention_strength(unit.text, mention) == 1.0 for unit in items)


def _are_fields(items: Sequence[Unit]) -> bool:
    """Tell whether list items are the attributes of one thing ("作者：…") and not its members."""
    return 2 * sum(_FIELD.match(unit.text) is not None for unit in items) > len(items)


def _share(title: str, asked: set[str]) -> float:
    """Return the share of a title's words that are asked for."""
    own = {term for term in terms_of(title) if len(term) > 1}
    return len(own & asked) / len(own) if own else 0.0


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+|^\d+", "", text.lower())


def _shortened(items: Sequence[Unit]) -> list[Statement]:
    """Return the items, each cut to its head when together they are too wide."""
    spans = [bare_span(unit) for unit in items]
    texts = [unit.document.text[start:end] for unit, (start, end) in zip(items, spans, strict=True)]
    wide = sum(columns(text) + 4 for text in texts) > MAX_COLUMNS
    statements = []
    for unit, (start, end), text in zip(items, spans, texts, strict=True):
        head = _ITEM_HEAD.match(text) if wide else None
        stop = start + len(head[1]) if head else end
        statements.append(Statement(unit.document.text[start:stop].strip(), (Span(unit.document, start, stop),)))
    return fitting(statements, most=MOST_ITEMS)
