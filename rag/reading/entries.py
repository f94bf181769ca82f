"""Entries: documents that tell of one thing after another under headings of their own, read as records.

"## Heron", "## Egret", "## Bittern" beside each other are a list of things, and every sentence under a heading says
something of that thing. Where no table tells, these sentences are filtered, compared and followed like the cells of rows.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from corpus.documents import Document, Section
from corpus.patterns import pattern
from corpus.sentences import split_sentences
from index import Index
from index.hits import Hit
from index.terms import analyze
from rag.reading.drafts import Span
from rag.reading.fields import FieldLine, fields_of, find_leads
from rag.reading.kinds import kin, kind_named, kind_said
from rag.reading.records import MOST_ROWS, SAID, Record, Roster, Value, key_of
from rag.reading.units import terms_of
from rag.understanding.amounts import find_amounts
from rag.understanding.quantities import Quantity
from rag.understanding.questions import Needle, Question

FEWEST = 3  # headings beside each other that make a list of things
MOST_DOCUMENTS = 4  # that are read for one question
MOST_OF_A_KIND = 60  # the same of those that tell of the kind that is asked for
MOST_SENTENCES = 60  # of one thing
_NEAR_NAME = 160  # characters behind a name in which what is told of it is cited together with the name
NEAR = 40  # characters between an amount and the word for what it measures

_NAME = pattern(r"(?=.*[A-Z])(?![\d.、\s]+\S*\s?(?:and|of|the)\b)[\w .+&/()（）·-]{1,40}")
_MARKS = pattern(r"(?:[ \t]*(?:[-*•·+>]|\d{1,2}[.)、．])[ \t]+)*")
_MARK = pattern(r"\[\d{1,3}\]")
_NUMBER = pattern(r"^\s*\d{1,2}(?:\.\d{1,2}){0,2}(?:[.)、．]\s*|\s+)(?=\D)")
_SHAPED = pattern(r"\d|[a-z][A-Z]|[A-Z]{2}|\w-\w|[\u4e00-\u9fff]")
_SCRIPTS = pattern(
    r"[\u4e00-\u9fff][\u4e00-\u9fff\d·-]+|[A-Za-z][\w.+ -]*[\w+]"
)  # a name in Chinese and in Latin letters: two names
_SERIES = pattern(r"(?P<stem>[\u4e00-\u9fff]{2,10})[- ·]?\d+(?:[.-]\d+)?\s*[号型]?")
_ASIDE = pattern(r"\s*[(（][^()（）]*[)）]")
_YEAR = pattern(r"(?:1[89]|20)\d\d(?:\s?年.*)?")
_IN_NAME = pattern(r"(?:[A-Za-z]-?|[\u4e00-\u9fff]-)\Z")
_UNIT = pattern(r"\s*(?P<unit>[A-Za-z%/²³]+|[\u4e00-\u9fff]{1,2})")


def documents_of(hits: Sequence[Hit]) -> list[Document]:
    """Return the documents of the best hits, at most ``MOST_DOCUMENTS``."""
    return list({hit.passage.document_id: hit.passage.document for hit in hits}.values())[:MOST_DOCUMENTS]


def entry_documents(question: Question, hits: Sequence[Hit], index: Index) -> list[Document]:
    """Return the documents of the best hits, and those in which entries are named by the kind that a question asks for.

    Who asks for the heaviest Stork asks for that of all documents that tell of Storks, not of those that a search ranks first.
    """
    found = {document.id: document for document in documents_of(hits)}
    known = [record for roster in entry_rosters(list(found.values())) for record in roster.records]
    asked = {word for clause in question.clauses for word in clause.asked}
    words = [m.surface for m in question.mentions if m.held and kind_named(question, m, known)]
    words += [n.surface for n in question.needles if n.surface in asked and kind_said(question, n, known)]
    for word in words:
        terms = [term for term in dict.fromkeys(analyze(word)) if len(term) > 1 and index.holds(term)]
        for document in index.documents_with(terms, limit=MOST_OF_A_KIND) if terms else ():
            if document.id not in found and any(kin([word], roster.records) for roster in entry_rosters([document])):
                found[document.id] = document
    return list(found.values())


def entry_rosters(documents: Sequence[Document]) -> list[Roster]:
    """Return what documents tell of things one after another, one roster for each that does."""
    read = (_entries(_Known(document)) for document in documents)
    return [Roster(tuple(each.records), (each.called,), left_out=each.left_out) for each in read if each.records]


def joined(rosters: Sequence[Roster]) -> Roster:
    """Return rosters as one, the entries of one name together."""
    found: dict[str, Record] = {}
    for record in (record for roster in rosters for record in roster.records):
        known = found.get(record.key)
        found[record.key] = record if known is None else Record(
            known.name, known.keys | record.keys, known.values + record.values
        )  # fmt: skip
    called = tuple(called for roster in rosters for called in roster.called)
    return Roster(tuple(found.values()), called, left_out=sum(roster.left_out for roster in rosters))


def amount_beside(value: Value, needles: Iterable[Needle]) -> tuple[str, Quantity] | None:
    """Return the amount in a sentence that stands nearest to what is measured, with the unit that follows it; no year is one."""
    text = value.text
    words = [match.start() for needle in needles for match in _places(needle, text)]
    amounts = measured_in(text)
    if not amounts or not words:
        return None
    nearest = min(amounts, key=lambda q: min(abs(q.start - at) for at in words))
    if min(abs(nearest.start - at) for at in words) > NEAR:
        return None
    unit = _UNIT.match(text, nearest.end)
    return nearest.unit or (unit["unit"].lower() if unit else ""), nearest


@lru_cache(maxsize=1 << 13)
def measured_in(text: str) -> tuple[Quantity, ...]:
    """Return the amounts in a sentence; no year is one, and no number of a name ("Stork-51", 白鹳-51)."""
    return tuple(q for q in find_amounts(text) if not _is_year(text, q) and not _IN_NAME.search(text, 0, q.start))


def _places(needle: Needle, text: str) -> Iterator[re.Match[str]]:
    """Yield where a word stands in a text; its plural ending is no matter, and any of its pairs of characters will do."""
    stems = [re.escape(needle.surface.removesuffix("es").removesuffix("s"))]
    yield from re.finditer("|".join([*stems, *map(re.escape, sorted(needle.own))]), text, re.IGNORECASE)


def _is_year(text: str, quantity: Quantity) -> bool:
    digits = text[quantity.start : quantity.end]
    return _YEAR.fullmatch(digits) is not None


class _Known:
    """A document as a key: the very same one."""

    __slots__ = ("document",)

    def __init__(self, document: Document) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.document is other.document


class _Read:
    """The entries of one document, and what they are called."""

    __slots__ = ("called", "left_out", "records")

    def __init__(self, records: Sequence[Record], called: frozenset[str], left_out: int) -> None:
        self.records, self.called, self.left_out = records, called, left_out


@lru_cache(maxsize=128)
def _entries(known: _Known) -> _Read:
    """Return the records of a document; they are called what its title, their headings, and most of their first sentences say."""
    document = known.document
    ends = _ends(document)
    sections = _listed(document, ends)
    left_out, sections = len(sections[MOST_ROWS:]), sections[:MOST_ROWS]
    records = [_record(document, section.title, section.body, ends[section.start]) for section in sections]
    headed_at = {section.start for section in sections}
    led = [lead for lead in find_leads(document) if lead.start not in headed_at]
    left_out, led = left_out + len(led[MOST_ROWS:]), led[:MOST_ROWS]
    records += [_with_name(_record(document, lead.name, lead.end, lead.stop), lead.start) for lead in led]
    records = [record for record in records if record.values]
    over = [" ".join(section.path[:-1]) for section in sections]
    over += [section.title for lead in led if (section := document.section_at(lead.start))]
    headed = Counter(term for heading in over for term in terms_of(heading))
    headings = {term for term, count in headed.items() if 2 * count > len(over)}
    shared = Counter(key for record in records for key in record.keys)
    records = [replace(r, keys=frozenset(key for key in r.keys if key == r.key or shared[key] == 1)) for r in records]
    first = Counter(term for r in records if not r.values[0].header for term in terms_of(r.values[0].text))
    often = {term for term, count in first.items() if len(term) > 1 and 3 * count >= 2 * len(records)}
    return _Read(records, frozenset(often | headings | terms_of(document.title)), left_out)


def _listed(document: Document, ends: Mapping[int, int]) -> list[Section]:
    """Return the sections that stand beside others of their level, most of which are headed by a name or have fields in common."""
    groups: dict[tuple[str, ...], list[Section]] = {}
    for section in document.sections:
        groups.setdefault((*section.path[:-1], str(section.level)), []).append(section)
    found: list[Section] = []
    for group in groups.values():
        named = [section for section in group if _NAME.fullmatch(_bare(section.title))]
        if len(named) >= max(FEWEST, len(group) / 2):
            found += [section for section in named if _is_told_of(document, section, ends)]
        elif len(group) >= FEWEST:
            found += _numbered_alike(group) or _said_first(document, group) or _alike(document, group, ends)
    return found


def _is_told_of(document: Document, section: Section, ends: Mapping[int, int]) -> bool:
    """Tell whether a heading names what stands under it: it is shaped like a name, or its text says it again."""
    name = _ASIDE.sub("", _bare(section.title))
    return _SHAPED.search(name) is not None or name in document.text[section.body : ends[section.start]]


def _bare(title: str) -> str:
    """Return a heading without reference marks and its number."""
    return _NUMBER.sub("", _MARK.sub("", title)).strip()


def _numbered_alike(group: Sequence[Section]) -> list[Section]:
    """Return the sections whose headings are one Chinese word with numbers behind it (白鹳-1, 白鹳-2), if most of them are."""
    stems = {s.start: match["stem"] for s in group if (match := _SERIES.fullmatch(_bare(s.title)))}
    often = Counter(stems.values())
    alike = [s for s in group if s.start in stems and often[stems[s.start]] >= FEWEST]
    return alike if 2 * len(alike) >= len(group) else []


def _said_first(document: Document, group: Sequence[Section]) -> list[Section]:
    """Return the sections whose text begins with their heading, if most of them do: 雾尖 above "雾尖产于云台北坡"."""
    first = [
        s
        for s in group
        if len(name := _bare(s.title)) > 1 and document.text[s.body : s.body + 60].lstrip().startswith(name)
    ]
    return first if len(first) >= FEWEST and 3 * len(first) >= 2 * len(group) else []


def _alike(document: Document, group: Sequence[Section], ends: Mapping[int, int]) -> list[Section]:
    """Return the sections that have a field of which others beside them have one too."""
    labels = {s.start: {f.label for f in fields_of(document.text, s.body, ends[s.start])} for s in group}
    often = Counter(label for own in labels.values() for label in own)
    alike = [section for section in group if any(often[label] >= FEWEST for label in labels[section.start])]
    return alike if 2 * len(alike) >= len(group) else []


def _ends(document: Document) -> dict[int, int]:
    """Return where what stands right under each heading ends, by where the heading begins: at the next one, or with its section."""
    starts = sorted({section.start for section in document.sections})
    following = dict(itertools.pairwise([*starts, len(document.text)]))
    return {section.start: min(section.end, following[section.start]) for section in document.sections}


def _record(document: Document, title: str, start: int, end: int) -> Record:
    """Return the record of a name with its fields and sentences between two offsets."""
    name = _bare(title)
    asides = re.findall(r"[(（]([^()（）]{1,30})[)）]", name)
    fields = list(fields_of(document.text, start, end))
    values = [Value(field.label, field.value, Span(document, field.start, field.end)) for field in fields]
    told = [value for value in _sentences(document, start, end) if not _within(value.span, fields)]
    scripts = _SCRIPTS.findall(_ASIDE.sub("", name)) if not name.isascii() else []
    names = (name, *asides, *(scripts if len(scripts) == 2 else ()))
    return Record(name, frozenset(filter(None, map(key_of, names))), tuple([*values, *told][:MOST_SENTENCES]))


def _with_name(record: Record, start: int) -> Record:
    """Return a record of which the first values are cited with the name before them."""
    near = (
        replace(v, span=replace(v.span, start=start)) if start < v.span.start <= start + _NEAR_NAME else v
        for v in record.values
    )
    return replace(record, values=tuple(near))


def _within(span: Span, fields: Iterable[FieldLine]) -> bool:
    return any(field.start < span.end and span.start < field.end for field in fields)


def _sentences(document: Document, begin: int, end: int) -> Iterator[Value]:
    """Yield the sentences of a stretch, without their bullets; rows of tables are no sentences."""
    body = document.text[begin:end]
    for start, stop in split_sentences(body):
        mark = _MARKS.match(body, start, stop)
        start = mark.end() if mark else start
        text = body[start:stop].strip()
        if len(text) > 1 and text[0] != "|":
            yield Value("", text, Span(document, begin + start, begin + stop))


def says(value: Value, needles: Iterable[Needle]) -> bool:
    """Tell whether a sentence has all of some words."""
    terms = terms_of(value.text)
    return all(needle.found_in(terms) >= SAID for needle in needles)
