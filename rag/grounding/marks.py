"""A model's marks: finding them in its text, and the words of the passage that each one stands on.

Models write ``[1]``, ``[1][2]``, ``[1, 3-5]``, ``【1】``, ``［１］``, ``[^1]`` or ``[来源1]``. What they put behind a mark as its
address is dropped: an address comes from the document or from nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.languages import language_of
from corpus.patterns import pattern
from corpus.sentences import split_sentences
from index.hits import Hit
from index.terms import analyze
from rag.answers import Citation
from rag.grounding.checking import SUPPORTED, WEAK, Check, check
from rag.grounding.citing import Register, context_of, supports
from rag.reading.drafts import Span
from rag.reading.rows import read_out

_MOST_SENTENCES = 3  # of a passage in one quote
_BETTER = 0.05  # support that a further sentence must add
_MOST_IN_RANGE = 20  # [1-3] is a range of marks; [1-900] is something else
_FEWEST_TERMS = 3  # below that a piece of text says nothing of its own
_SHOWN, _MOST_SHOWN = 60, 3  # characters of a sentence without a mark in a note, and such sentences
_HELD_BACK = (
    2_000  # characters at the end of a growing text that may still become something else, such as a list of sources
)
_NEAREST_HITS = 3  # passages that are searched for a statement without a mark

_NUMBERS = r"\^?\d{1,3}(?:\s*(?:[,，、;；&+]|and|和|[-–—~～至])\s*\^?\d{1,3})*"
_ONE = (
    r"(?:\[\[?|【|［|〔)\s*(?:(?:来源|资料|段落|文档|参考|引用|passage|source|document|doc|ref)\s*)?(?:[:：#]\s*)?"
    rf"{_NUMBERS}(?:†[^\]】\n]{{0,40}})?\s*(?:\]\]?|】|］|〕)(?:\(\s*<?(?:https?:|[#/])[^)\n]*\)|(?!\())"
)
_MARKS = pattern(rf"(?P<code>`[^`\n]*`)|(?<!!)(?P<marks>{_ONE}(?:[ \t]*(?:[,，、][ \t]*)?{_ONE})*)", re.IGNORECASE)
_SINGLE = pattern(_ONE, re.IGNORECASE)
_ADDRESS = pattern(r"\(\s*<?(?:https?:|[#/])[^)\n]*\)|†[^\]】\n]*")
_RANGE = pattern(r"(\d{1,3})(?:\s*[-–—~～至]\s*\^?(\d{1,3}))?")
_SOURCES_LIST = pattern(
    r"(?<!\n)\n+[ \t#*]*(?:参考(?:资料|文献|来源)?|引用|资料来源|来源|references?|sources?|citations?)[ \t*]*(?:[:：][ \t*]*)?\n"
    rf"(?:[ \t]*(?:[-*][ \t]*)?{_ONE}[^\n]*\n?)+\s*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a mark stood in the text without marks, and the numbers it named, each once."""

    at: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """The words of a passage that support a statement best, and how well."""

    span: Span
    check: Check


class _Settled:
    """The beginning of a growing text, what it is with our marks, and the numbers given in it."""

    def __init__(self) -> None:
        self.text = self.resolved = ""
        self.register = Register()


class Resolver:
    """Resolves marks against the passages that a model was given, also while it still writes.

    What was found for a statement is kept, and so are lines that more text cannot change: resolving a text again after it
    grew costs only what is new.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = tuple(hits)
        self._found: dict[tuple[str, int], Support] = {}
        self._values: dict[tuple[str, tuple[int, ...]], list[float]] = {}
        self._settled = _Settled()

    def so_far(self, text: str) -> str:
        """Return the beginning of a text with its marks in our numbers."""
        if not text.startswith(self._settled.text):
            self._settled = _Settled()
        self._settle(text)
        settled = self._settled
        plain, marks = lift_marks(text[len(settled.text) :])
        return (settled.resolved + self._write(plain, self._valid(marks), settled.register.copy())).strip()

    def _settle(self, text: str) -> None:
        """Settle the lines of a growing text that stand far enough back for whatever comes."""
        settled = self._settled
        begin = len(settled.text)
        end = text.rfind("\n", begin, max(begin, len(text) - _HELD_BACK))
        if end <= begin:
            return
        lines = text[begin:end]
        plain, marks = lift_marks(lines)
        speaks_for_next = bool(marks) and _is_line_start(plain[: marks[-1].at]) and not plain[marks[-1].at :].strip()
        if not speaks_for_next and not _SOURCES_LIST.search(lines):
            settled.text = text[:end]
            settled.resolved += self._write(plain, self._valid(marks), settled.register)

    def resolve(self, text: str) -> tuple[str, tuple[Citation, ...], tuple[str, ...]]:
        """Return a whole text with our marks, its citations, and notes; see ``rag.grounding.citing.resolve_marks``."""
        plain, marks = lift_marks(text)
        valid = self._valid(marks)
        removed = sorted({n for m in marks for n in m.numbers if not 1 <= n <= len(self._hits)})
        added = [] if valid else self._attribute(plain)
        register = Register()
        resolved = self._write(plain, valid or added, register).strip()
        citations = register.citations
        uncited = _uncited(plain, valid or added)
        return resolved, citations, _notes(text, removed, bool(added), citations, uncited)

    def _valid(self, marks: Sequence[Mark]) -> list[Mark]:
        """Return the marks without the numbers that point nowhere."""
        known = [Mark(m.at, tuple(n for n in m.numbers if 1 <= n <= len(self._hits))) for m in marks]
        return [mark for mark in known if mark.numbers]

    def _write(self, plain: str, marks: Sequence[Mark], register: Register) -> str:
        """Return a text with the numbers that a register gives to the spans behind its marks."""
        sentences = split_sentences(plain)
        labels: dict[int, str] = {}
        for place, mark in enumerate(marks):
            statement = _statement_of(plain, sentences, marks, place)
            spans = [self._support(statement, number).span for number in mark.numbers]
            cited = register.enter(spans, self._supports(statement, mark.numbers, spans))
            flag = "" if cited.support >= WEAK or _is_line_start(plain[: mark.at]) else flag_of(statement)
            labels[mark.at] = labels.get(mark.at, "") + flag + cited.marks
        return _insert(plain, labels)

    def _supports(self, statement: str, numbers: tuple[int, ...], spans: Sequence[Span]) -> list[float]:
        key = (statement, numbers)
        if key not in self._values:
            context = "\n".join(dict.fromkeys(self._hits[number - 1].passage.context for number in numbers))
            self._values[key] = supports(statement, spans, context)
        return self._values[key]

    def _support(self, statement: str, number: int) -> Support:
        key = (statement, number)
        if key not in self._found:
            self._found[key] = find_support(statement, self._hits[number - 1])
        return self._found[key]

    def _attribute(self, plain: str) -> list[Mark]:
        """Find the passages behind a text that names none: a sentence gets a mark where one clearly supports it."""
        vocabularies = [set(analyze(hit.passage.text)) for hit in self._hits]
        marks = []
        for start, end in split_sentences(plain):
            statement = plain[start:end]
            words = set(analyze(statement))
            nearest = sorted(range(len(self._hits)), key=lambda n: -len(words & vocabularies[n]))[:_NEAREST_HITS]
            found = [(self._support(statement, n + 1).check.support, -n) for n in nearest]
            value, place = max(found, default=(0.0, 0))
            if value >= SUPPORTED and len(words) >= _FEWEST_TERMS:
                marks.append(Mark(end, (1 - place,)))
        return marks


def lift_marks(text: str) -> tuple[str, list[Mark]]:
    """Return the text without marks and without a list of sources at its end, and where the marks stood.

    >>> lift_marks("A [1][2]. B【3】.")
    ('A. B.', [Mark(at=1, numbers=(1, 2)), Mark(at=4, numbers=(3,))])
    """
    text = _SOURCES_LIST.sub("", text)
    plain = ""
    marks = []
    last = 0
    for match in _MARKS.finditer(text):
        numbers = () if match["code"] else _read_numbers(match["marks"])
        if not numbers or 0 in numbers:  # code, or an interval such as [0, 1]
            continue
        before = plain + text[last : match.start()]
        plain = before if _is_line_start(before) else before.rstrip(" \t")
        marks.append(Mark(len(plain), numbers))
        last = match.end()
    return plain + text[last:], marks


def flag_of(statement: str) -> str:
    """Return the words, in the statement's language, that mark it as one that its source does not support."""
    return "（原文不支持）" if language_of(statement) == "zh" else "(not supported by the source) "


def find_support(statement: str, hit: Hit) -> Support:
    """Return the one to three neighbouring sentences of a passage that support a statement best; a table's row is whole."""
    spans = _sentences(hit)
    context = f"{context_of(hit.passage.document, hit.passage.start)}\n{hit.passage.context}"

    def judge(first: int, last: int) -> Support:
        span = Span(hit.passage.document, spans[first][0], spans[last][1])
        return Support(span, check(statement, read_out(span), context=context))

    words = set(analyze(statement))
    alone = [judge(at, at) for at in range(len(spans))]
    best = max(range(len(spans)), key=lambda at: (*_merit(alone[at]), len(words & set(analyze(alone[at].span.quote)))))
    first = last = best
    chosen = alone[best]
    while last - first + 1 < _MOST_SENTENCES and chosen.check.support < 1.0:
        wider = [(f, e) for f, e in ((first, last + 1), (first - 1, last)) if f >= 0 and e < len(spans)]
        tried = [(judge(f, e), f, e) for f, e in wider]
        better = [t for t in tried if t[0].check.support >= chosen.check.support + _BETTER]
        if not better:
            break
        chosen, first, last = max(better, key=lambda t: t[0].check.support)
    return chosen


def _merit(support: Support) -> tuple[float, int]:
    return support.check.support, len(support.check.found)


def _sentences(hit: Hit) -> list[tuple[int, int]]:
    passage = hit.passage
    spans = split_sentences(passage.text) if passage.kind == "text" else []
    return [(passage.start + start, passage.start + end) for start, end in spans] or [(passage.start, passage.end)]


def _read_numbers(marks: str) -> tuple[int, ...]:
    numbers: dict[int, None] = {}
    for single in _SINGLE.finditer(marks):
        for match in _RANGE.finditer(_ADDRESS.sub("", single[0])):
            first, last = int(match[1]), int(match[2] or match[1])
            if first <= last <= first + _MOST_IN_RANGE:
                numbers |= dict.fromkeys(range(first, last + 1))
            else:
                numbers |= dict.fromkeys((first, last))
    return tuple(numbers)


def _is_line_start(before: str) -> bool:
    """Tell whether only a bullet or a number comes before this place in its line."""
    return re.fullmatch(r"[ \t]*(?:[-*•·>]|\d{1,2}[.)、])?[ \t]*", before.rpartition("\n")[2]) is not None


def _statement_of(plain: str, sentences: Sequence[tuple[int, int]], marks: Sequence[Mark], place: int) -> str:
    """Return what a mark speaks for: its sentence, from the mark before it on; at the start of a line, what follows."""
    at = marks[place].at
    if _is_line_start(plain[:at]):
        return next((plain[max(start, at) : end] for start, end in sentences if end > at), plain)
    start, end = next(((start, end) for start, end in reversed(sentences) if start < at), (0, at))
    previous = max((mark.at for mark in marks[:place] if start < mark.at < at), default=start)
    part = plain[previous:at].strip(" ,，、;；。.")
    return part if len(analyze(part)) >= _FEWEST_TERMS else plain[start:end]


def _uncited(plain: str, marks: Sequence[Mark]) -> list[str]:
    """Return the sentences that say something and have no mark; a line that leads others in says nothing of its own."""
    found = []
    for start, end in split_sentences(plain):
        line = plain.rfind("\n", 0, start) + 1
        marked = any(
            start < mark.at <= end or (line <= mark.at <= start and _is_line_start(plain[: mark.at])) for mark in marks
        )
        sentence = plain[start:end].strip()
        if not marked and not sentence.endswith((":", "：")) and len(analyze(sentence)) >= _FEWEST_TERMS:
            found.append(sentence.lstrip("-*•# ").strip())
    return found


def _insert(plain: str, labels: dict[int, str]) -> str:
    """Put the marks into the text, apart from the words around them."""
    text, last = "", 0
    for at, label in sorted(labels.items()):
        text += plain[last:at]
        before = "" if not text or text[-1].isspace() else " "
        after = " " if plain[at : at + 1].isalnum() else ""
        text += before + label + after
        last = at
    return text + plain[last:]


def _notes(
    text: str, removed: Sequence[int], added: bool, citations: Sequence[Citation], uncited: Sequence[str]
) -> tuple[str, ...]:
    chinese = language_of(text) == "zh"
    notes = []
    if removed:
        marks = "".join(f"[{number}]" for number in removed)
        notes.append(
            f"去掉了不指向任何段落的标记:{marks}"
            if chinese
            else f"Marks that point to no passage were removed: {marks}"
        )
    if added:
        notes.append(
            "模型没有标明出处,标记由程序按原文补上。"
            if chinese
            else "The model named no sources; the marks were added by comparing with the passages."
        )
    if bad := [c.number for c in citations if c.label == "unsupported"]:
        marks = "".join(f"[{number}]" for number in bad)
        notes.append(
            f"所引原文不支持这里的说法,请核对:{marks}"
            if chinese
            else f"What is cited does not support the statement; compare: {marks}"
        )
    if uncited and citations:
        shown = [each if len(each) <= _SHOWN else f"{each[:_SHOWN].rstrip()}…" for each in uncited[:_MOST_SHOWN]]
        more = len(uncited) - len(shown)
        if chinese:
            notes.append(
                f"没有标明出处:{''.join(f'「{each}」' for each in shown)}" + (f"等 {len(uncited)} 句" if more else "")
            )
        else:
            notes.append(
                "Without a source: " + " · ".join(f"“{each}”" for each in shown) + (f" and {more} more" if more else "")
            )
    return tuple(notes)
