"""Answering with a list: the entries of a section, the rows of a table, or everything that stands in a relation.

"What does section X list" is answered by the items under a heading. "Which models did Y release" is answered by every
heading, row or sentence subject of which some piece says so. Both work on any document with headings, lists or tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.terms import normalize_name
from rag.drafts import Draft, Span, Statement
from rag.framing import MAX_COLUMNS, bare_span, fitting, shortest_about
from rag.grammar import BY_WHOM, CUES, VALUE_PATTERNS
from rag.mentions import Mention, mention_strength, name_pattern
from rag.questions import Question
from rag.scoring import Scored
from rag.units import Unit, terms_of
from rag.widths import columns

TITLE_MATCH = 0.7  # share of a heading's words in the question from which the question is about that section
FEW_ITEMS = 2
MOST_ITEMS = 24
MOST_ENTRIES = 12
FULL_ENTRIES = 5  # up to so many entries are told with the clause that says it, more only by name

_MAKES = re.compile(
    r"发布|开发|研发|研制|推出|提出|公布|开源了?|做过|出过|出品|旗下|的(?:大?模型|产品|项目)|\b(?:releas|develop|publish|built|create|propos|introduc|made|make)",
    re.IGNORECASE,
)
_USES = re.compile(
    r"用到|用了|使用了?|采用|应用了?|支持|基于|属于|\b(?:us(?:e|es|ed|ing)|support|adopt|appl(?:y|ies)|rely|relies|based)\b",
    re.IGNORECASE,
)
_LISTS_SOMETHING = re.compile(r"列|收录|包含|包括|涵盖|\blists?\b|\bincludes?\b|\bcovers?\b", re.IGNORECASE)
_FIELD = re.compile(r"[^:：\s]{1,14}\s?[:：]")
_BY_WHOM = re.compile(r"作者|机构|公司|开发者|出品|author|organi[sz]ation|developer|by\b|company", re.IGNORECASE)
_ITEM_HEAD = re.compile(r"^(.{2,60}?)(?:[:：]\s|\s[\"“(（]|[。;；]|\s[-–—]\s|,\s)")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that belongs into the list, with the piece that says so."""

    name: str
    unit: Unit
    score: float


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


def list_related(question: Question, ranked: Sequence[Scored]) -> Draft | None:
    """Return the names that stand in the asked relation to the question's name, or None if there are not several."""
    held = [mention for mention in question.mentions if mention.held]
    if len(held) != 1 or not _asks_for_related(question, held[0], ranked):
        return None
    entries = _entries(question, held[0], ranked)
    if len(entries) < FEW_ITEMS:
        return None
    return Draft(tuple(_told(entries[:MOST_ENTRIES], held[0])))


def _items_by_section(units: Iterable[Unit]) -> dict[tuple[str, int], list[Unit]]:
    """Return the list items at hand, grouped by the heading or lead-in that they stand under."""
    groups: dict[tuple[str, int], list[Unit]] = {}
    for unit in units:
        if unit.kind == "item":
            section = unit.document.section_at(unit.start)
            start = section.start if section else -1
            groups.setdefault((f"{unit.document.id}\n{unit.lead}", start), []).append(unit)
    return groups


def _title_match(question: Question, items: Sequence[Unit]) -> float:
    """Return how surely the question is about the heading or lead-in of a list: 1 when it quotes it."""
    topic, lead = items[0].topic, items[0].lead
    if any(_plain(title) and _is_quoted(title, question) for title in (topic, lead)):
        return 1.0
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
    plain = _plain(title)
    if any(plain == mention.normal for mention in question.mentions):
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


def _asks_for_related(question: Question, mention: Mention, ranked: Sequence[Scored]) -> bool:
    """Tell whether a question asks for what stands in a relation to a name, and not for something of its own.

    "What did Y make", "what is built on Y" and "what uses Y" do; so does any question about a name that nothing is
    headed by, such as an organisation's.
    """
    if any(clause.kind == "lineage" for clause in question.clauses):
        return True
    if _MAKES.search(question.text) or _USES.search(question.text):
        return True
    return not any(mention_strength(scored.unit.topic, mention) == 1.0 for scored in ranked)


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


def _entries(question: Question, mention: Mention, ranked: Sequence[Scored]) -> list[Entry]:
    """Return what stands in the relation, the surest first, each name once."""
    best: dict[str, Entry] = {}
    lineage = any(clause.kind == "lineage" for clause in question.clauses)
    makes = not lineage and _MAKES.search(question.text) is not None
    for scored in ranked:
        unit = scored.unit
        if unit.kind in ("heading", "reference") or _mentions(unit, mention) < 1.0:
            continue
        if lineage and not VALUE_PATTERNS["lineage"].search(unit.text):
            continue
        if makes and not (
            CUES["organisation"].search(unit.text) or BY_WHOM.match(unit.lead) or BY_WHOM.match(unit.text)
        ):
            continue
        name = _object_after(unit, mention) if makes else ""
        name = name or unit.subject
        if not name or any(mention_strength(name, own) for own in question.mentions):
            continue
        key = normalize_name(name)
        if key not in best or scored.total > best[key].score:
            best[key] = Entry(name, unit, scored.total)
    return sorted(best.values(), key=lambda entry: -entry.score)


def _mentions(unit: Unit, mention: Mention) -> float:
    return max(mention_strength(unit.text, mention), mention_strength(unit.lead, mention))


def _object_after(unit: Unit, mention: Mention) -> str:
    """Return the name that "Y released" is followed by: ``Meta 开源的 LLaMA-7B`` is about LLaMA-7B, whatever the heading says."""
    for spelling in mention.spellings:
        match = name_pattern(spelling).search(unit.text)
        if match:
            after = re.match(
                r"\s?(?:开源|发布|推出|提出|研发|开发)(?:了|的)?\s?(?P<name>[A-Z][\w.+-]*(?: \d[\w.]*)?)",
                unit.text[match.end() :],
            )
            if after:
                return after["name"]
    return ""


def _told(entries: Sequence[Entry], mention: Mention) -> list[Statement]:
    """Return one statement for each entry: its name, and the clause that says so while there are few."""
    statements = []
    for entry in entries:
        start, end = bare_span(entry.unit)
        text = entry.unit.document.text[start:end]
        if len(entries) <= FULL_ENTRIES and entry.unit.kind != "cell":
            _, stop = shortest_about(text, mention.spellings)
            said = text[:stop].strip()
            shown = said if entry.name.lower() in said.lower() else f"{entry.name} · {said}"
            statements.append(Statement(shown, (Span(entry.unit.document, start, start + stop),)))
        else:
            row = entry.unit.row
            span = Span(entry.unit.document, row.start, row.end) if row else Span(entry.unit.document, start, end)
            statements.append(Statement(entry.name, (span,)))
    return fitting(statements, most=MOST_ENTRIES)
