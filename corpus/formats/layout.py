"""From pieces of text with places on pages to Markdown: headings, paragraphs, items, captions, notes, tables.

Knows nothing of PDF. The order of reading, running lines and the cells of tables are found by the modules beside it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple

from corpus.formats.grids import table_at
from corpus.formats.page_notes import NOTE
from corpus.formats.pieces import Page, Piece, Row
from corpus.formats.reading_order import find_regions
from corpus.formats.running_lines import without_running_lines
from corpus.formats.writing import heading, one_line, plain, table
from corpus.lines import item_marker
from corpus.patterns import pattern

__all__ = ["Composed", "Heading", "Page", "Piece", "compose"]

_ITEM = pattern(r"[•·◦▪●○■◆▶►➤✓✔\uf0b7\uf0a7\uf0d8‣∙]\s*|[–—*-]\s+")
_SENTENCE_END = ".。!！?？:：;；"
_CAPTION = pattern(r"(?:表|图|图表|table|figure|fig\.)\s*[\dA-Z一二三四五六七八九十]+", 2)
_CAPTION_LINE = pattern(r"(?:(?:table|figure|fig\.)\s*\d+\s*[:.：]|(?:表|图|图表)\s*\d+[\s:：.])\s*\S", 2)  # IGNORECASE
_CJK = pattern("[\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_WORD_BEFORE = pattern(r"([^\W\d_]+)-$")
_WORD_AFTER = pattern(r"^[^\W\d_]+")
_FIRST_WORD = pattern("[\u2e80-\u9fff\uff00-\uffef]{1,2}|[^\\s\u2e80-\u9fff]+")
_LONGEST_HEADING = 150  # characters


class Heading(NamedTuple):
    """An entry of a file's own outline: its title, its level (1 is the highest) and the number of its page, from 0."""

    title: str
    level: int
    page: int


class Composed(NamedTuple):
    """The text of a file, where each page begins in it, the title on its first page, and the running lines left out."""

    text: str
    pages: tuple[int, ...]
    title: str
    cut: tuple[str, ...] = ()


@dataclass(slots=True)
class _Block:
    """A paragraph, heading, item or table; ``breaks`` are the pages that begin inside it with their offsets."""

    kind: Literal["text", "heading", "item", "table"]
    text: str
    page: int
    size: float = 0.0
    bold: bool = False
    level: int = 0
    opens_region: bool = False
    grid: list[list[str]] = field(default_factory=list)
    breaks: list[tuple[int, int]] = field(default_factory=list)


def compose(pages: Sequence[Page], outline: Sequence[Heading]) -> Composed:
    """Return the text of pages as Markdown.

    Args:
        pages: All pages of a file.
        outline: The file's own list of its headings; without one, they are recognised by size and weight.
    """
    cut: list[str] = []
    regions = without_running_lines([find_regions(page) for page in pages], pages, cut)
    body = _body_size(regions)
    hyphens = _Hyphens(row.text for page in regions for region in page for row in region)
    named = _named(outline)
    blocks: list[_Block] = []
    for number, page in enumerate(regions):
        for region in page:
            width = len(blocks[-1].grid[0]) if blocks and blocks[-1].grid else 0
            blocks += _blocks(region, number, body, hyphens, named, width)
    blocks = _with_notes_moved(_rejoined(blocks, body, hyphens))
    title = _take_title(blocks, body)
    _set_levels(blocks, bool(title))
    return _written(blocks, len(pages), title)._replace(cut=tuple(cut))


class _Hyphens:
    """Whether a word cut at the end of a line is written with its hyphen elsewhere in the file."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._words: Counter[str] = Counter()
        for line in lines:
            self._words.update(word.strip(".,;:()[]\"'“”").lower() for word in line.split())

    def join(self, before: str, after: str) -> str:
        """Return two lines as one."""
        first, last = _WORD_AFTER.match(after), _WORD_BEFORE.search(before)
        if first and last and after[0].islower():
            plain = (last[1] + first[0]).lower()
            hyphened = f"{last[1]}-{first[0]}".lower()
            keeps = self._words[hyphened] > self._words[plain] or len(last[1]) == 1
            return before + after if keeps else before[:-1] + after
        if not before or not after or (before[-1] in "-/" and after[:1].isalnum()):
            return before + after
        between = "" if _CJK.match(before[-1]) and _CJK.match(after[0]) else " "
        return f"{before}{between}{after}"


def _body_size(regions: list[list[list[Row]]]) -> float:
    """Return the size that most of the text has."""
    sizes: Counter[float] = Counter()
    for page in regions:
        for region in page:
            for row in region:
                sizes[round(row.size * 2) / 2] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _named(outline: Sequence[Heading]) -> Callable[[str, int], int]:
    """Return what tells the level that the outline gives to a line on a page, 0 if none."""
    places: dict[str, list[Heading]] = defaultdict(list)
    for entry in outline:
        places[_letters(entry.title)].append(entry)

    def level(line: str, page: int) -> int:
        key = _letters(line)
        for name in (key, key.lstrip("0123456789")):
            for entry in places.get(name, ()):
                if abs(entry.page - page) <= 1:
                    return entry.level
        return 0

    return level


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _blocks(
    rows: list[Row], page: int, body: float, hyphens: _Hyphens, named: Callable[[str, int], int], width: int
) -> Iterator[_Block]:
    """Yield the blocks of one region; ``width`` is the number of columns of a table that ends right before it, or 0."""
    step = _usual_step(rows)
    right = sorted(row.right for row in rows)[-1 - len(rows) // 10]  # a few lines may stand out
    left = min(row.left for row in rows)
    current: _Block | None = None
    previous: Row | None = None
    opens = True
    position = 0
    while position < len(rows):
        count, grid = table_at(rows, position, width if opens else 0)
        if count:
            if current:
                yield current
            current, previous = None, None
            yield _Block("table", "", page, opens_region=opens, grid=grid)
            position, opens = position + count, False
            continue
        row = rows[position]
        block = _block_of(row, page, body, named)
        joins = (
            current is not None
            and previous is not None
            and _continues(current, previous, row, block, step, left, right)
        )
        if current is not None and joins:
            current.text = hyphens.join(current.text, block.text)
        else:
            if current:
                yield current
            block.opens_region, opens = opens, False
            current = block
        previous = row
        position += 1
    if current:
        yield current


def _usual_step(rows: list[Row]) -> float:
    """Return the usual distance between lines."""
    steps = [above.bottom - below.bottom for above, below in pairwise(rows) if above.bottom > below.bottom]
    return median(steps) if steps else 12.0


def _block_of(row: Row, page: int, body: float, named: Callable[[str, int], int]) -> _Block:
    """Return a block that begins with a row."""
    text = one_line(row.text)
    if marker := _ITEM.match(text):
        return _Block("item", f"- {text[marker.end() :]}", page, row.size, row.bold)
    level = named(text, page) if len(text) <= _LONGEST_HEADING else 0
    larger = row.size > 1.15 * body and len(text) <= _LONGEST_HEADING
    if level or larger or (row.bold and _may_head(text)):
        return _Block("heading", text, page, row.size, row.bold, level)
    return _Block("item" if item_marker(text) else "text", text, page, row.size, row.bold)


def _may_head(text: str) -> bool:
    """Tell whether a bold line reads like a heading rather than like the begin of a sentence, a caption or a cell."""
    letters = sum(character.isalpha() for character in text)
    return letters >= 2 and len(text) <= 90 and text[-1] not in ".。,，;；:：、" and not _CAPTION.match(text)


def _continues(block: _Block, above: Row, row: Row, begun: _Block, step: float, left: float, right: float) -> bool:
    """Tell whether a row carries on the block of the row above it."""
    gap = above.bottom - row.bottom
    unlike = 0.05 if _CAPTION_LINE.match(block.text) else 0.13  # a caption is hardly smaller than the text below it
    if abs(row.size - above.size) > unlike * max(row.size, above.size) or gap > 1.4 * max(step, 0.9 * row.size):
        return False
    if block.kind == "heading" or begun.kind == "heading":
        same = block.kind == begun.kind and block.bold == begun.bold and not block.level and not begun.level
        return same and gap < 1.4 * row.size and len(block.text) + len(begun.text) <= _LONGEST_HEADING
    if (
        begun.kind == "item"
        or _CAPTION_LINE.match(begun.text)
        or NOTE.match(begun.text)
        or len(row.pieces) > 1
        or len(above.pieces) > 1
    ):
        return False
    if _WORD_BEFORE.search(block.text) and row.text[0].islower():
        return True
    short = above.right + _first_word(row) + 0.3 * row.size < right
    if short and block.text[-1] in _SENTENCE_END:
        return False
    indent = row.left - above.left
    if block.kind == "item":
        return indent > -0.5 * row.size or not short
    if abs(indent) > 0.8 * row.size and row.left > left + 0.8 * row.size and above.left < row.left:
        return False
    return not (short and above.right < right - 0.4 * (right - left))


def _first_word(row: Row) -> float:
    """Return about how wide the first word of a row is; a line has ended early if that would have fitted on it."""
    word = _FIRST_WORD.match(row.text)
    return (row.right - row.left) * (len(word[0]) if word else 1) / max(len(row.text), 1)


def _rejoined(blocks: list[_Block], body: float, hyphens: _Hyphens) -> list[_Block]:
    """Return the blocks with paragraphs whole that a column or a page had cut; notes below the cut come after them."""
    kept: list[_Block] = []
    for block in blocks:
        above = kept[-1].grid if kept else []
        if block.opens_region and block.grid and above and len(above[0]) == len(block.grid[0]):
            above += block.grid[1:] if block.grid[0] == above[0] else block.grid
            continue
        opened = _open_paragraph(kept, body) if block.opens_region and block.kind == "text" else None
        if opened is not None and _carries_on(opened.text, block.text):
            joined = hyphens.join(opened.text, block.text)
            if block.page != opened.page:
                opened.breaks.append((block.page, len(joined) - len(block.text)))
            opened.text = joined
        else:
            kept.append(block)
    return kept


def _with_notes_moved(blocks: list[_Block]) -> list[_Block]:
    """Return the blocks with each note after the paragraph that has its mark, on the same page."""
    moved: dict[int, list[_Block]] = defaultdict(list)
    gone: set[int] = set()
    for number, block in enumerate(blocks):
        if note := NOTE.match(block.text):
            mark = f"[^{note[1]}]"
            for at in range(number - 1, -1, -1):
                if blocks[at].page < block.page and not any(page == block.page for page, _ in blocks[at].breaks):
                    break
                if mark in blocks[at].text and not NOTE.match(blocks[at].text):
                    moved[at].append(block)
                    gone.add(number)
                    break
    kept: list[_Block] = []
    for number, block in enumerate(blocks):
        kept += [block] * (number not in gone) + moved[number]
    return kept


def _open_paragraph(blocks: list[_Block], body: float) -> _Block | None:
    """Return the last paragraph in the size of the body if it ends in the middle of a sentence and only notes follow it."""
    for block in reversed(blocks[-6:]):
        if block.kind in {"text", "item"} and block.size > 0.92 * body:
            return block if block.text[-1] not in _SENTENCE_END + "”\"')）" else None
        if block.kind != "text" or block.size > 0.92 * body:
            return None
    return None


def _carries_on(before: str, after: str) -> bool:
    """Tell whether a text may be the rest of a sentence."""
    return (
        after[0].islower()
        or before[-1] in "-,，、"
        or (_CJK.match(after[0]) is not None and _CJK.match(before[-1]) is not None)
    )


def _take_title(blocks: list[_Block], body: float) -> str:
    """Return the largest line of the first page, taken out of its headings, if it is larger than all others there."""
    first = [block for block in blocks[:12] if block.page == 0 and block.kind == "heading" and block.size > 1.2 * body]
    if not first:
        return ""
    largest = max(first, key=lambda block: block.size)
    alike = sum(block.size >= 0.98 * largest.size and block.kind == "heading" for block in blocks)
    stacked = len(blocks) > 1 and largest is blocks[0] and blocks[1].kind == "heading" and blocks[1].page == 0
    if alike > 2 and not stacked:
        return ""
    if not 4 <= len(largest.text) <= 250:
        return ""
    largest.level = -1
    return largest.text


def _set_levels(blocks: list[_Block], titled: bool) -> None:
    """Give every heading its level: the outline's, else by its size and weight; a title is level 1."""
    outlined = [block.level for block in blocks if block.kind == "heading" and block.level > 0]
    kinds = sorted({_look(b) for b in blocks if b.kind == "heading" and b.level == 0}, reverse=True)
    for block in blocks:
        if block.kind != "heading":
            continue
        if block.level == -1:
            block.level = 1
        elif block.level > 0:
            block.level = min(block.level + 1, 6)
        else:
            rank = bisect_left([tuple(-x for x in kind) for kind in kinds], tuple(-x for x in _look(block)))
            block.level = min(2 + rank + (max(outlined) if outlined else 0), 6)


def _look(block: _Block) -> tuple[float, float]:
    return (round(block.size * 2) / 2, float(block.bold))


def _written(blocks: list[_Block], count: int, title: str) -> Composed:
    """Return the blocks as text, and where each page begins in it."""
    parts: list[str] = []
    starts: dict[int, int] = {}
    length = 0
    for block in blocks:
        text = heading(block.level, block.text) if block.kind == "heading" else table(block.grid) or plain(block.text)
        if not text:
            continue
        together = parts and block.kind == "item" and parts[-1].startswith("- ") and text.startswith("- ")
        gap = ("\n" if together else "\n\n") if parts else ""
        length += len(gap)
        starts.setdefault(block.page, length)
        for page, offset in block.breaks:
            starts.setdefault(page, length + offset)
        parts += [gap, text]
        length += len(text)
    pages, at = [0] * count, length
    for number in range(count - 1, -1, -1):
        at = pages[number] = min(starts.get(number, at), at)
    return Composed("".join(parts), tuple(pages), title)
