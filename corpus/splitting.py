"""Splitting: documents into passages that follow the structure.

A section is cut into units (paragraphs, list items, rows, references), long units into sentences and clauses, and
neighbouring units are packed so that passages are full but even, and cut where a text is easiest to cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from corpus.documents import Document, Passage, PassageKind, Section, Table
from corpus.errors import UsageError
from corpus.lines import Line, item_marker, read_lines
from corpus.links import find_references
from corpus.patterns import pattern
from corpus.sentences import split_sentences
from corpus.tokens import BUILTIN_ENCODING, token_counter

SMALLEST = 16
"""Tokens; with less not even a short sentence stays whole."""

COLUMN_LABELS = {"zh": "列名", "en": "Columns"}
"""What stands before the names of a table's columns in the context of its rows."""

# What it costs to begin a passage at a unit, against the squared share of the passage that stays empty.
_AFTER_LEAD, _AT_NESTED, _AT_SENTENCE, _AT_CLAUSE, _INSIDE = 1.0, 0.15, 0.25, 0.5, 0.8

_CLAUSE_END = pattern(r"[，、；;：,:](?!\d)|[)）」』】\]](?=[^\s，。,.])|\s+")
_LONGEST_LEAD = 80  # characters of what introduces a list


class _Unit(NamedTuple):
    """A stretch that is kept whole, its size in tokens with the space after it, and what it costs to begin a passage at it."""

    start: int
    end: int
    size: int
    cost: float = 0.0
    kind: PassageKind = "text"
    extra: str = ""  # for the context: header and caption of a row, what introduces a list that began earlier
    extra_start: int = -1  # where that stands; in a passage that holds it, it is not repeated


def split(documents: Iterable[Document], *, max_tokens: int = 256, encoding: str = BUILTIN_ENCODING) -> list[Passage]:
    """Split documents into passages, in the order of documents and texts.

    Together the passages of a document hold all of its text but white space, once, and none crosses a section. A row of a
    table and an entry of a list of references is a passage of its own. ``Passage.context`` has a line for the title, one
    for the heading path, and one for what a row's cells are called or what introduces a list that began earlier.

    Args:
        documents: What to split.
        max_tokens: Size that no passage exceeds (unless one character does).
        encoding: Whose tokens are counted.

    Raises:
        UsageError: ``max_tokens`` is below 16.
        EncodingUnavailable: The encoding cannot be had.
    """
    if max_tokens < SMALLEST:
        raise UsageError(f"max_tokens is {max_tokens}, but passages need at least {SMALLEST}.")
    count = token_counter(encoding)
    return [passage for document in documents for passage in _Splitter(document, max_tokens, count).passages()]


class _Splitter:
    """Splits one document."""

    def __init__(self, document: Document, limit: int, count: Callable[[str], int]) -> None:
        self._document = document
        self._text = document.text
        self._limit = limit
        self._count = count
        self._lines = read_lines(document.text)
        self._rows = {row.start: table for table in document.tables for row in table.rows}
        references = find_references(document.text, self._lines, document.sections)
        self._references = {self._lines[entry.first].start: entry.last - entry.first for entry in references}

    def passages(self) -> Iterator[Passage]:
        """Yield the document's passages in the order of its text."""
        for section, lines in self._by_section():
            path = " > ".join(section.path) if section else ""
            for kind, run in groupby(self._units(lines), key=lambda unit: unit.kind):
                units = list(run)
                for group in _pack(units, self._limit) if kind == "text" else [[unit] for unit in units]:
                    yield self._passage(group, path)

    def _passage(self, units: Sequence[_Unit], path: str) -> Passage:
        """Build the passage of neighbouring units."""
        first, last = units[0], units[-1]
        extra = "" if first.start <= first.extra_start < last.end else first.extra
        title = self._document.title
        known = {title, *path.split(" > ")}
        context = "\n".join(filter(None, (title, path, *(line for line in extra.split("\n") if line not in known))))
        return Passage(self._document, first.start, last.end, path, first.kind, context)

    def _by_section(self) -> Iterator[tuple[Section | None, list[Line]]]:
        """Yield the sections with their own lines, those before the first section under None."""
        borders = {section.start: section for section in self._document.sections}
        current: Section | None = None
        lines: list[Line] = []
        for line in self._lines:
            if line.start in borders:
                yield current, lines
                current, lines = borders[line.start], []
            lines.append(line)
        yield current, lines

    def _units(self, lines: Sequence[Line]) -> Iterator[_Unit]:
        """Yield the units of a section; what is too long comes in pieces."""
        leads = _Leads()
        sticky = 0  # size of the headings and lead-ins right before, which want to stay with what follows
        blocks = list(_blocks(lines, self._rows, self._references))
        for position, block in enumerate(blocks):
            start, end = _bounds(block)
            following = _bounds(blocks[position + 1])[0] if position + 1 < len(blocks) else end
            table = self._rows.get(block[0].start)
            kind: PassageKind = "table_row" if table else "reference" if block[0].start in self._references else "text"
            extra, extra_start = (_columns(table, self._document.language), -1) if table else leads.before(block[0])
            cost = _AFTER_LEAD if sticky else _AT_NESTED if block[0].kind == "item" and block[0].indent else 0.0
            unit = _Unit(start, end, self._count(self._text[start:following]), cost, kind, extra, extra_start)
            room = self._limit - sticky if sticky * 2 <= self._limit else self._limit
            yield from [unit] if unit.size <= room else self._pieces(unit, room)
            leads.after(block)
            sticky = sticky + unit.size if _leads_on(block) else 0

    def _pieces(self, unit: _Unit, room: int) -> Iterator[_Unit]:
        """Cut a unit at the ends of its sentences, those at the ends of clauses, those anywhere between two letters."""
        first = True
        for start, end, cost in self._cuts(unit.start, unit.end, room):
            size = self._count(self._text[start:end]) + 1
            yield unit._replace(start=start, end=end, size=size, cost=unit.cost if first else cost)
            first = False

    def _cuts(self, start: int, end: int, room: int) -> Iterator[tuple[int, int, float]]:
        """Yield stretches that fit, with what it costs to begin a passage at each."""
        for sentence in _joined(_inside(split_sentences(self._text[start:end]), start), room // 8):
            if self._fits(*sentence, room):
                yield *sentence, _AT_SENTENCE
                continue
            for clause in _joined(_clauses(self._text, *sentence), room // 8):
                if self._fits(*clause, room):
                    yield *clause, _AT_CLAUSE
                else:
                    yield from ((*piece, _INSIDE) for piece in self._halves(*clause, room))

    def _halves(self, start: int, end: int, room: int) -> Iterator[tuple[int, int]]:
        """Halve a stretch without any place to cut until the parts fit; one letter stays whole."""
        borders = [start, *(_letter_border(self._text, at) for at in range(start + 2 * room, end, 2 * room)), end]
        waiting = [pair for pair in pairwise(borders) if pair[0] < pair[1]][::-1]
        while waiting:
            start, end = waiting.pop()
            middle = _letter_border(self._text, (start + end) // 2)
            if start < middle < end and not self._fits(start, end, room):
                waiting += [(middle, end), (start, middle)]
            else:
                yield start, end

    def _fits(self, start: int, end: int, room: int) -> bool:
        """Tell whether a stretch has at most so many tokens, one kept for the space after it."""
        if end - start < room // 4:
            return True
        return end - start <= 40 * room and self._count(self._text[start:end]) < room


class _Leads:
    """What introduces the list item at hand: the line with a colon above the list, and the items it hangs from."""

    def __init__(self) -> None:
        self._stack: list[tuple[int, int, str]] = []  # indent, start, words

    def before(self, line: Line) -> tuple[str, int]:
        """Return the words that introduce a line and where the first of them stands."""
        if line.kind != "item":
            return "", -1
        while self._stack and self._stack[-1][0] >= line.indent:
            self._stack.pop()
        words = " ".join(words for _, _, words in self._stack)
        return words, self._stack[-1][1] if self._stack else -1

    def after(self, block: Sequence[Line]) -> None:
        """Take note of a block that was read."""
        line = block[0]
        if line.kind == "item":
            self._stack.append((line.indent, line.start, _words(line)))
        else:
            self._stack = [(-1, line.start, _words(line))] if line.kind == "text" and _leads_on(block) else []


def _words(line: Line) -> str:
    """Return the first words of a line that introduces others."""
    return line.text[item_marker(line.text) :].strip()[:_LONGEST_LEAD]


def _blocks(lines: Sequence[Line], rows: dict[int, Table], references: dict[int, int]) -> Iterator[list[Line]]:
    """Yield the lines that are kept together: a paragraph, an item with its wrapped lines, a row, a reference, a stretch of code."""
    block: list[Line] = []
    rest = 0  # lines of a reference that are still to come
    for line in lines:
        if rest and line.kind != "blank":
            block.append(line)
            rest -= 1
            continue
        alone = line.start in rows or line.start in references
        if block and (line.kind == "blank" or alone or not _continues(block, line) or block[0].start in rows):
            yield block
            block = []
        if line.kind != "blank" and (block or line.text.strip()):
            block.append(line)
        rest = references.get(line.start, 0)
    if block:
        yield block


def _continues(block: Sequence[Line], line: Line) -> bool:
    """Tell whether a line carries on the paragraph, item or code before it."""
    last = block[-1]
    if last.kind == "code" or line.kind == "code":
        return last.kind == line.kind
    if last.kind == "row" and line.kind == "row":
        return True
    if line.kind != "text" or last.kind not in {"text", "item"}:
        return False
    if block[0].kind == "item":
        return line.indent > block[0].indent or last.text[-1] not in "。.！!？?；;：:"
    return last.text[-1] not in "。.！!？?：:…”" and len(last.text) > 30


def _bounds(block: Sequence[Line]) -> tuple[int, int]:
    """Return the offsets of a block without outer white space."""
    last = next(line for line in reversed(block) if line.text.strip())  # a line of code may be empty
    return block[0].start + block[0].indent, last.start + len(last.text.rstrip())


def _leads_on(block: Sequence[Line]) -> bool:
    """Tell whether a block is a heading or introduces what follows."""
    last = block[-1]
    return last.kind in {"heading", "row"} or (last.kind in {"text", "item"} and last.text.rstrip()[-1:] in {":", "："})


def _columns(table: Table, language: str) -> str:
    """Return what the context of a table's row says: its caption and the names of its columns."""
    names = " | ".join(cell.text for cell in table.header)
    return "\n".join(filter(None, (table.caption, f"{COLUMN_LABELS['en' if language == 'en' else 'zh']}: {names}")))


def _pack(units: Sequence[_Unit], limit: int) -> Iterator[Sequence[_Unit]]:
    """Yield groups of neighbouring units that fit, so that the squared empty shares and the costs of the cuts are least."""
    if sum(unit.size for unit in units) <= limit:
        yield units
        return
    best: list[tuple[float, int]] = [
        (0.0, 0)
    ]  # for each number of units: the cost so far, and where the last group begins
    for end in range(1, len(units) + 1):
        size, found = 0, (float("inf"), end - 1)
        for begin in range(end - 1, -1, -1):
            size += units[begin].size
            if size > limit and begin < end - 1:
                break
            cost = best[begin][0] + (1 - min(size, limit) / limit) ** 2 + (units[begin].cost if begin else 0.0)
            found = min(found, (cost, begin))
        best.append(found)
    ends = [len(units)]
    while ends[-1]:
        ends.append(best[ends[-1]][1])
    yield from (units[begin:end] for begin, end in pairwise(reversed(ends)))


def _inside(spans: Iterable[tuple[int, int]], offset: int) -> Iterator[tuple[int, int]]:
    """Yield spans moved by an offset."""
    return ((start + offset, end + offset) for start, end in spans)


def _joined(spans: Iterable[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    """Yield spans, short neighbours as one while together they have at most so many characters."""
    held: tuple[int, int] | None = None
    for start, end in spans:
        if held and end - held[0] > length:
            yield held
            held = None
        held = (held[0] if held else start, end)
    if held:
        yield held


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the clauses of a stretch without outer white space."""
    begin = start
    for match in _CLAUSE_END.finditer(text, start, end):
        if text[begin : match.end()].strip():
            yield begin + _leading_space(text[begin : match.end()]), match.start() + len(match.group().rstrip())
        begin = match.end()
    if text[begin:end].strip():
        yield begin + _leading_space(text[begin:end]), end


def _leading_space(text: str) -> int:
    """Return the number of white-space characters that a text begins with."""
    return len(text) - len(text.lstrip())


def _letter_border(text: str, offset: int) -> int:
    """Return the offset, or the next one at which no letter is cut from its accents, joiners or second half."""
    while 0 < offset < len(text) and _is_inside_letter(text, offset):
        offset += 1
    return offset


def _is_inside_letter(text: str, offset: int) -> bool:
    """Tell whether the character at an offset belongs to the same letter or emoji as the one before."""
    before, after = text[offset - 1], text[offset]
    if after < "\u0300":
        return False
    if (
        before == "\u200d"
        or after == "\u200d"
        or "\ufe00" <= after <= "\ufe0f"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    ):
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff" and "\U0001f1e6" <= before <= "\U0001f1ff":
        flags = offset
        while flags and "\U0001f1e6" <= text[flags - 1] <= "\U0001f1ff":
            flags -= 1
        return (offset - flags) % 2 == 1
    return unicodedata.category(after) in {"Mn", "Me", "Mc"} or "\u1160" <= after <= "\u11ff"
