"""Which columns a question asks about: those whose names it says, in either language, else those that its comparison means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from corpus.patterns import pattern
from index.terms import has_cjk, is_cjk
from rag.reading.records import COST, DATE, MAKER, SAID, SIZE, Attribute, Record, Roster, is_measured
from rag.reading.selecting import IDLE
from rag.reading.units import terms_of
from rag.understanding.grammar import CHEAP, HOW_MUCH_COST, Kind
from rag.understanding.measures import mean_alike, scales_of
from rag.understanding.mentions import mention_strength
from rag.understanding.questions import Needle, Question

COLUMN_MATCH = 0.35  # share of a column's name in the question from which it is the column asked for
TRANSLATED_MATCH = 0.5  # the same for a column named in the other language
NEARLY = 0.8  # of the best match in its language from which another column is asked for too

_UNIT_BEHIND = pattern(r"\s*[(（\[].*$")
IN_TIME = pattern(
    r"最?(?:早|晚|新|近|老|旧)|\b(?:old|new|earl|late|recent|first)\w*|\blast\s*(?:[?.,]|$)", re.IGNORECASE
)
_IN_SIZE = pattern(r"(?:最|更|较|谁|哪.{0,3}|有多|规模)[大小](?![学型])|\b(?:large|big|small|huge)\w*", re.IGNORECASE)
_MEANT = ((CHEAP, COST), (IN_TIME, DATE), (_IN_SIZE, SIZE))  # what a comparison is in when it names no column
_KINDS: Mapping[Kind, Attribute] = {"organisation": MAKER, "person": MAKER, "date": DATE, "money": COST}


_ALIKE = 0.8  # how well a column matches that means what a word means


def columns_asked(
    question: Question, records: Sequence[Record], roster: Roster | None = None, *, measured: bool = False
) -> set[str]:
    """Return the names of the columns that a question asks about; those of its kind of comparison if it names none.

    ``measured`` leaves out columns that are not mostly amounts or dates.
    """
    headers = {value.header for record in records for value in record.values if value.header}
    matches = {header: _column_match(question, header) for header in headers}
    if measured:
        matches = {header: match for header, match in matches.items() if match and is_measured(header, records)}
    if named := _best(matches, question):
        return named
    dates = (
        {header for header in headers if DATE.names(header)}
        if all(c.kind == "date" for c in question.clauses)
        else set()
    )
    if len(dates) == 1:
        return dates
    if unsaid(question, headers, roster):
        return set()  # who asks for the larger crew does not ask for the larger size
    found = {
        h for h in headers if any(s.header.search(h) for s in scales_of(question.text)) and is_measured(h, records)
    }
    if found:
        return found
    kinds = [kind for kind, columns in _KINDS.items() if any(clause.kind == kind for clause in question.clauses)]
    for meant in [p for asked, p in _MEANT if asked.search(question.text)] + [_KINDS[kind] for kind in kinds]:
        if found := {header for header in headers if meant.names(header)}:
            return found
    return set()


def telling(question: Question) -> list[Needle]:
    """Return the words of a question that say something, and do not only relate or compare."""
    return [needle for needle in question.needles if not IDLE.fullmatch(needle.surface)]


def unsaid(question: Question, headers: Iterable[str], roster: Roster | None = None) -> list[str]:
    """Return the words of a question that tell something, that no column's name says and that are not what records are called."""
    names = [terms_of(header) for header in headers]
    words = [n for n in telling(question) if roster is None or not roster.calls(n)]
    return [n.surface for n in words if not any(n.found_in(terms) >= SAID or n.own & terms for terms in names)]


def _best(matches: Mapping[str, float], question: Question) -> set[str]:
    """Return the columns that match best, in each language by itself: documents name the same thing in both."""
    chinese = question.language == "zh"
    found: set[str] = set()
    for own in (True, False):
        among = {header: match for header, match in matches.items() if has_cjk(header) == (chinese == own)}
        floor = max(COLUMN_MATCH if own else TRANSLATED_MATCH, NEARLY * max(among.values(), default=0.0))
        found |= {header for header, match in among.items() if match >= floor}
    ends = {end for header in found if (end := _UNIT_BEHIND.sub("", header)[-2:]) and all(map(is_cjk, end))}
    others = {t for n in question.needles for t in (*n.own, *(o for o, _ in n.others)) if len(t) == 2 and is_cjk(t[0])}
    if found and not ends:  # a Chinese column whose last word is the one that the question says in English
        found |= {h for h in matches if _UNIT_BEHIND.sub("", h)[-2:] in others}
    return found


def _column_match(question: Question, header: str) -> float:
    """Return the share of a column's name that a question says; a question about costs also means a column of costs."""
    own = {term for term in terms_of(_UNIT_BEHIND.sub("", header) or header) if len(term) > 1}
    if not own:
        return 0.0
    if any(mention_strength(header, mention) == 1.0 for mention in question.mentions):
        return 1.0
    asked: set[str] = set()
    for needle in question.needles:
        asked |= needle.own | {term for term, _ in needle.others}
    costs = HOW_MUCH_COST.search(question.text) or CHEAP.search(question.text)
    if any(mean_alike(header, needle.surface) for needle in question.needles):
        return max(_ALIKE, len(own & asked) / len(own))
    return len(own & asked) / len(own) + (0.5 if costs and COST.names(header) else 0.0)
