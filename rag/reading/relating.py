"""Answering with everything that stands in a relation to a name: what Y released, what is built on Y, what uses Y.

Each heading, row or sentence subject of which some piece says so is an entry, cited with that piece. Works on any
documents that name their things in headings, rows or at the beginning of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.patterns import pattern
from index.terms import STOP_WORDS, is_cjk, normalize_name
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.framing import bare_span, fitting, shortest_about
from rag.reading.limits import YEAR, limits_of, periods_of
from rag.reading.records import SAID, date_of
from rag.reading.scoring import Scored, needle_match
from rag.reading.selecting import IDLE
from rag.reading.units import Unit
from rag.understanding.grammar import BY_WHOM, CUES, VALUE_PATTERNS
from rag.understanding.mentions import Mention, mention_strength, name_pattern
from rag.understanding.questions import Needle, Question

Relation = Literal["made by", "built on", "about"]

FEWEST = 2
FEW = 2  # rows of tables up to which text is looked at too
MOST = 12
TELLING = 1.0  # idf from which a word is a condition; nearly every passage of documents on models has "model"
FULL = 5  # up to so many entries are told with the clause that says it, more only by name

_NAME = r"[A-Z][A-Za-z0-9.+-]*(?: (?:\d|[A-Z])[A-Za-z0-9.+-]*){0,2}"
_ASIDE = r"(?:\[\d{1,3}\])?\s?(?:[(（][^()（）]{1,30}[)）])?\s?(?:模型|系统|项目)?"
_MAKES = pattern(
    r"作者|发布|开发|研发|研制|推出|提出|公布|开源了?|做过|出过|出品|旗下|的(?:大?模型|产品|项目)"
    r"|\bauthor|\b(?:releas|develop|publish|built|create|propos|introduc|made|make)",
    re.IGNORECASE,
)
_USES = pattern(
    r"用到|用了|使用了?|采用|应用了?|支持|基于|属于|\b(?:us(?:e|es|ed|ing)|support|adopt|appl(?:y|ies)|rely|relies|based)\b",
    re.IGNORECASE,
)
_STANDS_ON = pattern(
    r"基于|\bbased on\b|\bbuilt (?:on|from|upon)\b|\bderived from\b|\bfine-?tuned from\b", re.IGNORECASE
)
_MADE_WHAT = pattern(rf"\s?(?:开源|发布|推出|提出|研发|开发)(?:了|的)?\s?(?P<name>{_NAME})")
_OF_WHICH = pattern(rf"[^,，。;；]{{0,8}}?的\s?(?P<name>{_NAME})")
_ENUMERATION = pattern(
    rf"(?:第[一二三四五六七八九十][,，、]\s?|\d[.)、]\s?)?(?P<names>{_NAME}{_ASIDE}(?:\s?(?:[,，、]|和|与|及|and|&)\s?{_NAME}{_ASIDE})*)"
)
_JOINS = pattern(r"\s*(?:[与和及、/&·]|\band\b|\s)\s*")
_BRACKETS = pattern(r"[(（\[][^()（）\[\]]*[)）\]]")
_SHAPED = pattern(r"\d|[a-z][A-Z]|[A-Z]{2}|\w-\w")  # what tells a name from a word
_SEGMENT_END = pattern(r"[。;；!！?？\n]")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that stands in the relation, with the piece that says so."""

    name: str
    unit: Unit
    score: float


def list_related(question: Question, ranked: Sequence[Scored]) -> Draft | None:
    """Return the names that stand in the asked relation to the question's name, or None if there are not several."""
    held = [mention for mention in question.mentions if mention.held]
    relation = _relation(question, held[0], ranked) if len(held) == 1 else None
    if relation is None:
        return None
    periods = periods_of(question.text)
    entries = _entries(question, held[0], relation, ranked)
    entries = [entry for entry in entries if all(period.holds(date_of(entry.unit.text)) for period in periods)]
    return Draft(tuple(_told(entries[:MOST], held[0]))) if len(entries) >= FEWEST else None


def and_related(draft: Draft, question: Question, ranked: Sequence[Scored]) -> Draft:
    """Return a list with the names that pieces of text put into the relation, where the rows of tables gave but few.

    Several rows for which all the words of a question hold are not few: a piece of text says so less surely.
    """
    if periods_of(question.text) or limits_of(question.text) or YEAR.search(question.text):
        return draft  # whether a piece of text lies in time or within a limit is not looked at
    told = [needle for needle in _conditions(question) if needle.weight >= TELLING]
    if len(draft.statements) > (FEW - 1 if told else FEW):
        return draft
    related = list_related(question, _holding_all(told, ranked))
    there = {normalize_name(statement.text) for statement in draft.statements}
    others = [s for s in (related.statements if related else ()) if normalize_name(_name(s.text)) not in there]
    return replace(draft, statements=tuple(fitting([*draft.statements, *others], most=MOST)))


def is_made_by_nobody(question: Question, ranked: Sequence[Scored]) -> bool:
    """Tell whether a question asks what a name made, and no piece with this name says that anything was made."""
    held = [mention for mention in question.mentions if mention.held]
    if len(held) != 1 or not _MAKES.search(question.text) or _STANDS_ON.search(question.text):
        return False
    naming = [s.unit for s in ranked if _says(s.unit, held[0]) == 1.0 or mention_strength(s.unit.topic, held[0]) == 1.0]
    return not any(
        CUES["organisation"].search(u.text) or BY_WHOM.match(u.lead) or BY_WHOM.match(u.text) for u in naming
    )


def _holding_all(told: Sequence[Needle], ranked: Sequence[Scored]) -> list[Scored]:
    """Return the pieces that hold every condition of a question, as the rows do that text is put beside."""
    return [scored for scored in ranked if all(needle_match(needle, scored.unit) >= SAID for needle in told)]


def _conditions(question: Question) -> list[Needle]:
    """Return the words of a question that say something of what it looks for."""
    return [n for n in question.needles if not IDLE.fullmatch(n.surface) and not _is_asked(n.surface, question)]


def _name(text: str) -> str:
    """Return the name at the beginning of a statement."""
    found = re.match(_NAME, text)
    return found[0] if found else text


def _relation(question: Question, mention: Mention, ranked: Sequence[Scored]) -> Relation | None:
    """Return the relation that a question asks for, or None when it asks for something of the name's own.

    Any question for several things about a name that nothing is headed by, such as an organisation's, asks for one.
    """
    if any(clause.kind == "lineage" for clause in question.clauses):
        stands = _STANDS_ON.search(question.text)
        return None if stands and mention.start < stands.start() else "built on"
    if _MAKES.search(question.text):
        return "made by"
    headed = any(mention_strength(scored.unit.topic, mention) == 1.0 for scored in ranked)
    return "about" if _USES.search(question.text) or not headed else None


def _entries(question: Question, mention: Mention, relation: Relation, ranked: Sequence[Scored]) -> list[Entry]:
    """Return what stands in the relation, the surest first, each name once."""
    best: dict[str, Entry] = {}
    told = _conditions(question)
    topics = {normalize_name(scored.unit.topic) for scored in ranked}
    for scored in ranked:
        if scored.unit.kind in ("heading", "reference") or _says(scored.unit, mention) < 1.0:
            continue
        if told and relation != "built on" and not any(needle_match(needle, scored.unit) >= SAID for needle in told):
            continue
        for name in _members(scored.unit, mention, relation):
            key = normalize_name(name)
            own = any(mention_strength(name, other) for other in question.mentions)
            if (
                key
                and not own
                and _is_thing(name, known=key in topics or relation == "built on")
                and (key not in best or scored.total > best[key].score)
            ):
                best[key] = Entry(name, scored.unit, scored.total)
    return sorted(best.values(), key=lambda entry: -entry.score)


def _is_asked(word: str, question: Question) -> bool:
    """Tell whether a word is what the question calls the things that it looks for."""
    return any(word in clause.asked for clause in question.clauses)


def _is_thing(name: str, *, known: bool) -> bool:
    """Tell whether a name is one: what begins a sentence with a capital need not be; ``known`` says that something is headed by it, or that its place tells."""
    words = _JOINS.split(_BRACKETS.sub("", name).strip())
    if (
        not any(words)
        or any(word.lower() in STOP_WORDS for word in words if len(words) == 1)
        or any(is_cjk(c) for c in "".join(words))
        or date_of(name)
    ):
        return False
    if any(word[:1].islower() and not _SHAPED.search(word) for word in words):
        return False
    return known or _SHAPED.search(name) is not None


def _says(unit: Unit, mention: Mention) -> float:
    return max(mention_strength(unit.text, mention), mention_strength(unit.lead, mention))


def _members(unit: Unit, mention: Mention, relation: Relation) -> Iterator[str]:
    """Yield the names that a piece puts into the relation to the mention."""
    if relation == "about":
        yield from filter(None, [unit.subject])
    elif relation == "made by":
        if CUES["organisation"].search(unit.text) or BY_WHOM.match(unit.lead) or BY_WHOM.match(unit.text):
            yield from filter(None, [_after(_MADE_WHAT, unit, mention) or unit.subject])
    elif VALUE_PATTERNS["lineage"].search(unit.text):
        of_which = _after(_OF_WHICH, unit, mention)
        if of_which:
            yield of_which
        else:
            yield from _subjects(unit, mention)


def _after(pattern: re.Pattern[str], unit: Unit, mention: Mention) -> str:
    """Return the name that follows the mention: in "Acme 开源的 Heron-2" it is Heron-2, whatever the heading says."""
    for spelling in mention.spellings:
        match = name_pattern(spelling).search(unit.text)
        after = pattern.match(unit.text, match.end()) if match else None
        if after:
            return after["name"].strip()
    return ""


def _subjects(unit: Unit, mention: Mention) -> Iterator[str]:
    """Yield the names at the beginning of the segment that says "based on" the mention, else what the piece is about."""
    for spelling in mention.spellings:
        match = name_pattern(spelling).search(unit.text)
        if match is None:
            continue
        start = max((end.end() for end in _SEGMENT_END.finditer(unit.text, 0, match.start())), default=0)
        stands = _STANDS_ON.search(unit.text, start, match.start())
        listed = _ENUMERATION.match(unit.text, start, stands.start() if stands else match.start())
        if listed:
            yield from re.findall(_NAME, re.sub(r"[(（][^()（）]*[)）]", "", listed["names"]))
            return
    yield from filter(None, [unit.subject])


def _told(entries: Sequence[Entry], mention: Mention) -> list[Statement]:
    """Return one statement for each entry: its name, and the clause that says so while there are few."""
    statements: dict[str, Statement] = {}
    for entry in entries:
        statement = _full(entry, mention) if len(entries) <= FULL else _short(entry)
        statements.setdefault(statement.text, statement)
    return fitting(statements.values(), most=MOST)


def _full(entry: Entry, mention: Mention) -> Statement:
    if entry.unit.kind == "cell":
        return _short(entry)
    start, end = bare_span(entry.unit)
    text = entry.unit.document.text[start:end]
    _, stop = shortest_about(text, mention.spellings)
    said = text[:stop].strip()
    shown = said if entry.name.lower() in said.lower() else f"{entry.name} · {said}"
    return Statement(shown, (Span(entry.unit.document, start, start + stop),))


def _short(entry: Entry) -> Statement:
    row = entry.unit.row
    start, end = (row.start, row.end) if row else bare_span(entry.unit)
    return Statement(entry.name, (Span(entry.unit.document, start, end),))
