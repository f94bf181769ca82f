"""Statements and their sources in, text with ``[n]`` marks and Citations out.

Citations are made here, by code, from places in documents; what a document or a model writes in brackets never is one.
A model's marks only say which passage it means: ``rag.grounding.marks`` finds the words in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from corpus.documents import Document
from corpus.paging import page_at
from corpus.patterns import pattern
from index.hits import Hit
from index.laps import lap
from index.terms import is_cjk
from rag.answers import Citation
from rag.grounding.checking import Check, check, is_contained
from rag.grounding.claims import plain
from rag.reading.drafts import Draft, Span, Statement
from rag.reading.rows import check_cells, lead_of, read_out
from rag.understanding.quantities import find_quantities

_LINKED_MARK = pattern(r"!?\[\^?\d{1,3}\]\(\s*<?(https?://[^\s)>]+)>?[^)]*\)")
_BARE_MARK = pattern(r"\s?(?:\[\^?\d{1,3}(?:\s*[,，、;–-]\s*\d{1,3})*\]|【\d{1,3}】|［\d{1,3}］)")
_EMPHASIS = pattern(r"(?<![\w`*])\*\*(?=\S)|(?<=\S)\*\*(?![A-Za-z\d`*])|(?<=[^\x00-\x7f])\*\*(?=\S)")
_BULLET = pattern(r"^\s*(?:[-*•·]\s+)+")


def compose(draft: Draft) -> tuple[str, tuple[Citation, ...]]:
    """Return a draft as text whose statements end with their marks, and the citations in order of their numbers.

    Equal spans share a number. Brackets such as ``[18]`` that a document brought along are left out of the text (the
    quotes keep them): a mark is ours or it is none. Several statements become a list.
    """
    register = Register()
    lines = []
    with lap("check"):
        for statement in draft.statements:
            marks = register.cite(statement.text, statement.sources).marks
            lines.append(f"{_displayed(statement)} {marks}".strip())
    return _join(draft.lead.strip(), [line for line in lines if line]), register.citations


def resolve_marks(text: str, numbered_hits: Sequence[Hit]) -> tuple[str, tuple[Citation, ...], tuple[str, ...]]:
    """Turn a model's marks into ours: text with new numbers, its citations, and notes on what was changed.

    A mark n means ``numbered_hits[n - 1]``; its citation quotes the sentences there that support the statement best.
    Marks that point nowhere are removed and reported.
    """
    from rag.grounding.marks import Resolver  # here, because it stands on what is below, and only chat models need it

    return Resolver(numbered_hits).resolve(text)


@dataclass(frozen=True, slots=True)
class Cited:
    """The numbers that a statement cites, and how well the best of what it cites supports it."""

    numbers: tuple[int, ...]
    support: float

    @property
    def marks(self) -> str:
        """The numbers as they stand in a text: ``[1][2]``."""
        return "".join(f"[{number}]" for number in self.numbers)


class Register:
    """Gives numbers to spans in order of their first use and remembers how well they support what cites them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._spans: list[Span] = []
        self._support: list[float] = []

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations so far; a span that supports several statements is as good as the worst of them."""
        pairs = zip(self._spans, self._support, strict=True)
        return tuple(_citation(number, span, value) for number, (span, value) in enumerate(pairs, 1))

    def copy(self) -> Register:
        """Return another register with the same entries."""
        other = Register()
        other._numbers, other._spans, other._support = dict(self._numbers), list(self._spans), list(self._support)
        return other

    def cite(self, statement: str, spans: Sequence[Span], context: str = "") -> Cited:
        """Return the numbers of a statement's sources, each once; ``context`` is known of them besides their headings."""
        return self.enter(spans, supports(statement, spans, context))

    def enter(self, spans: Sequence[Span], values: Sequence[float]) -> Cited:
        """Return the numbers of sources, each once, that support a statement as well as ``values`` say."""
        numbers: list[int] = []
        for span, value in zip(spans, values, strict=True):
            number = self._number(span)
            self._support[number - 1] = min(self._support[number - 1], value)
            if number not in numbers:
                numbers.append(number)
        return Cited(tuple(numbers), max(values, default=0.0))

    def _number(self, span: Span) -> int:
        key = (span.document.id, span.start, span.end)
        if key not in self._numbers:
            self._spans.append(span)
            self._support.append(1.0)
            self._numbers[key] = len(self._spans)
        return self._numbers[key]


def context_of(document: Document, start: int) -> str:
    """Return what a place in a document stands under: the title and the headings, one per line."""
    section = document.section_at(start)
    return "\n".join((document.title, *(section.path if section else ())))


def supports(statement: str, spans: Sequence[Span], context: str = "") -> list[float]:
    """Return the support of each span; spans that each hold a part of the statement are judged together.

    ``context`` is known of the spans besides their headings.
    """
    contexts = [f"{context_of(s.document, s.start)}\n{context}" for s in spans]
    checks = [_check(statement, s, c) for s, c in zip(spans, contexts, strict=True)]
    values = [c.support for c in checks]
    if len(spans) < 2 or min(values) == 1.0:
        return values
    quotes = "\n".join(read_out(s) for s in spans)
    together = check(_beyond_headers(statement, spans), quotes, context="\n".join(dict.fromkeys(contexts)))
    best = max(together.support, *values)
    return [max(c.support, best) if _takes_part(c, s) else c.support for c, s in zip(checks, spans, strict=True)]


def _check(statement: str, span: Span, context: str) -> Check:
    """Hold a statement against one span: a cell against its row, words against the words that they were taken from."""
    if (cells := check_cells(statement, span, context)) is not None:
        return cells
    if is_contained(plain(statement), plain(span.quote)):
        return Check(1.0, (statement,))
    bare = _beyond_lead(_beyond_context(_beyond_headers(statement, [span]), context), span)
    return check(bare, read_out(span), context=context)


def _takes_part(found: Check, span: Span) -> bool:
    """Tell whether a span can be one of several that hold a statement together: it says a part, or nothing against it."""
    if found.negated:
        return False
    rival = bool(_URL.search(span.quote)) if any("://" in each for each in found.missing) else False
    amounts = any(find_quantities(each) for each in found.missing) and bool(find_quantities(span.quote))
    return bool(found.found) or not (rival or amounts)


def _beyond_context(statement: str, context: str) -> str:
    """Return a statement without the title or heading that we put before its words: "Tides · It rises 4 metres"."""
    topic, separator, words = statement.partition(" · ")
    return words if separator and topic and topic in context else statement


def _beyond_lead(statement: str, span: Span) -> str:
    """Return a statement without the words that lead its quote in, where the document has them right above the quote."""
    for match in islice(_LED_IN.finditer(statement), _LEADS):
        lead, words = statement[: match.start()], statement[match.end() :]
        if plain(words) and is_contained(plain(words), plain(span.quote)):
            return words if plain(lead) in plain(lead_of(span.document, span.start)) else statement
    return statement


_LED_IN = pattern(r"[:：]\s*")
_LEADS = 10  # colons of a statement that are looked at
_URL = pattern(r"https?://")


def _beyond_headers(statement: str, spans: Sequence[Span]) -> str:
    """Return a statement without the header cells of the tables that it cites: a row is not to repeat "Sales 2023"."""
    tables = [table for span in spans for table in span.document.tables if table.start <= span.start < table.end]
    for header in {cell.text.strip() for table in tables for cell in table.header}:
        if any(character.isdigit() for character in header):
            statement = re.sub(rf"(?<![\w.,]){re.escape(header)}(?![\w]|[.,]\w)", " ", statement)
    return statement


def _citation(number: int, span: Span, support: float) -> Citation:
    document = span.document
    section = document.section_at(span.start)
    return Citation(
        number=number,
        document_id=document.id,
        title=document.title,
        section=" > ".join(section.path) if section else "",
        quote=span.quote,
        start=span.start,
        end=span.end,
        url=document.url,
        page=page_at(document, span.start),
        support=support,
    )


def _displayed(statement: Statement) -> str:
    """Return a statement on one line, without marks that are not ours and without what makes words bold."""
    text = _EMPHASIS.sub("", _LINKED_MARK.sub(r"\1", statement.text))
    text = _BULLET.sub("", _BARE_MARK.sub("", text))
    return re.sub(r"\s*\n\s*", " ", text.strip())


def _join(lead: str, lines: list[str]) -> str:
    if len(lines) > 1:
        body = "\n".join(f"- {line}" for line in lines)
        return f"{lead}\n\n{body}" if lead else body
    gap = "" if lead and (is_cjk(lead[-1]) or lead[-1] in "。：，！？、") else " "
    return gap.join(part for part in (lead, *lines) if part)
