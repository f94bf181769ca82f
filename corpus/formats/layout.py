"""From pieces of text with places on pages to Markdown: reading order, running lines, headings, paragraphs, tables.

Knows nothing of PDF. Places are in points; y grows upwards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple

from corpus.formats.writing import heading, one_line, plain, table
from corpus.lines import item_marker
from corpus.patterns import pattern

_MARGIN = 0.12  # of the page's height, in which running lines stand
_ITEM = pattern(r"[•·◦▪●○■◆▶►➤✓✔\uf0b7\uf0a7\uf0d8‣∙]\s*|[–—*-]\s+")
_LONE_MARKER = pattern(r"(?:[•·◦▪●○■◆▶►➤✓✔\uf0b7\uf0a7\uf0d8‣∙–—*-]|[(\[]?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)\]、．]?)")
_PAGE_NUMBER = pattern(
    r"[\s\[(|·•~–—-]*(?:page|p\.|第)?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*(?:页)?(?:\s*(?:of|/|\||共)\s*\d{1,4}\s*页?)?[\s\])|·•~–—.-]*",
    2,
)
_DIGITS = pattern(r"\d+")
_HANGING = "，。、；：！？"
_SENTENCE_END = ".。!！?？:：;；"
_CAPTION = pattern(r"(?:表|图|图表|table|figure|fig\.)\s*[\dA-Z一二三四五六七八九十]+", 2)
_CAPTION_LINE = pattern(r"(?:(?:table|figure|fig\.)\s*\d+\s*[:.：]|(?:表|图|图表)\s*\d+[\s:：.])\s*\S", 2)  # IGNORECASE
_CJK = pattern("[\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_WORD_BEFORE = pattern(r"([^\W\d_]+)-$")
_WORD_AFTER = pattern(r"^[^\W\d_]+")
_FIRST_WORD = pattern("[\u2e80-\u9fff\uff00-\uffef]{1,2}|[^\\s\u2e80-\u9fff]+")
_LEADER = pattern(r".{2,120}?(?:[.·…]\s*){4,}[\divxlc]{1,6}\s*", 2)  # IGNORECASE
_FEWEST_COUNTED = 4  # pages whose running lines count
_FEWEST_ENTRIES = 3  # of a list of contents on a page
_FEWEST_LINES = 4  # of a column
_TOUCHING = 0.12  # of a size, between letters of one word
_FEWEST_FULL_LINES = 3  # that show how wide a column is
_NOTE = pattern(r"\[\^(\d{1,3})\]: ")
_LONGEST_HEADING = 150  # characters


class Piece(NamedTuple):
    """A run of characters on one line.

    ``size`` is the height of its letters' line, ``walled`` tells of a line drawn at its left, ``words`` holds the offsets
    of the words after the first one in ``text`` with the places where they begin, ``raised`` tells of a number that stands
    higher than what is beside it.
    """

    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool
    text: str
    walled: bool = False
    words: tuple[tuple[int, float], ...] = ()
    raised: bool = False


class Page(NamedTuple):
    """A page: its size and its pieces, in any order."""

    width: float
    height: float
    pieces: list[Piece]


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
class _Row:
    """Pieces on one line, from left to right."""

    pieces: list[Piece]

    @property
    def left(self) -> float:
        return self.pieces[0].left

    @property
    def right(self) -> float:
        return max(piece.right for piece in self.pieces)

    @property
    def bottom(self) -> float:
        return min(piece.bottom for piece in self.pieces)

    @property
    def top(self) -> float:
        return max(piece.top for piece in self.pieces)

    @property
    def size(self) -> float:
        return max(self.pieces, key=lambda piece: len(piece.text)).size

    @property
    def bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)


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
    regions = _without_running_lines([_regions(page) for page in pages], pages, cut)
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


# Reading order


def _regions(page: Page) -> list[list[_Row]]:
    """Return the columns and bands of a page in reading order, each as its rows from top to bottom."""
    pieces = _unspaced(_with_notes_marked(page.pieces))
    return [rows for group in _ordered(pieces, 0) if (rows := _rows(group))]


def _unspaced(pieces: list[Piece]) -> list[Piece]:
    """Return pieces with those as one that are the words of a line whose spaces were widened until it filled its column.

    Such a line begins and ends where whole lines of the column do, and its gaps are equal, or there is only one that no
    line beside it has too, which tells it from the cells of a table.
    """
    measures = Counter((round(p.left), round(p.right)) for p in pieces if p.text.count(" ") >= 2 and not p.walled)
    for (left, right), count in measures.items():
        if count >= _FEWEST_FULL_LINES:
            within = [p for p in pieces if p.left > left - 1.5 and p.right < right + 1.5]
            rows = _grouped(within)
            widened = [row for row in rows if len(row.pieces) > 1 and _is_widened(row, rows, left, right)]
            taken = {id(piece) for row in widened for piece in row.pieces}
            pieces = [piece for piece in pieces if id(piece) not in taken] + [_as_one(row.pieces) for row in widened]
    return pieces


def _is_widened(row: _Row, rows: Sequence[_Row], left: int, right: int) -> bool:
    """Tell whether a row is a line with widened spaces."""
    begins = left - 1.5 < row.left < left + 3 * row.size
    if not begins or abs(row.right - right) > 1.5 or any(piece.walled for piece in row.pieces[1:]):
        return False
    gaps = [gap for before, piece in pairwise(row.pieces) if (gap := piece.left - before.right) > _TOUCHING * row.size]
    if not gaps or max(gaps) - min(gaps) > 0.2 * row.size + 0.5:
        return False
    starts = [piece.left for piece in row.pieces[1:]]
    others = [other for other in rows if other is not row and abs(other.top - row.top) < 4 * row.size]
    shared = sum(any(abs(p.left - at) < 1 for p in other.pieces[1:]) for other in others for at in starts)
    return shared < len(starts)


def _grouped(pieces: Sequence[Piece]) -> list[_Row]:
    """Return pieces as rows from top to bottom, each piece of its own."""
    rows: list[_Row] = []
    for piece in sorted(pieces, key=lambda p: (-(p.top + p.bottom) / 2, p.left)):
        for row in rows[-3:][::-1]:
            overlap = min(row.top, piece.top) - max(row.bottom, piece.bottom)
            if overlap > 0.5 * min(piece.top - piece.bottom, row.top - row.bottom):
                row.pieces.append(piece)
                break
        else:
            rows.append(_Row([piece]))
    for row in rows:
        row.pieces.sort(key=lambda p: p.left)
    return rows


def _as_one(pieces: Sequence[Piece]) -> Piece:
    """Return the words of a line as one piece."""
    text, words = pieces[0].text, [*pieces[0].words]
    for before, piece in pairwise(pieces):
        text += " " if piece.left - before.right > _TOUCHING * piece.size else ""
        words += _shifted(piece, len(text))
        text += piece.text
    longest = max(pieces, key=lambda piece: len(piece.text))
    return Piece(
        pieces[0].left, min(p.bottom for p in pieces), pieces[-1].right, max(p.top for p in pieces), longest.size,
        all(p.bold for p in pieces), text, pieces[0].walled, tuple(words),
    )  # fmt: skip


def _with_notes_marked(pieces: list[Piece]) -> list[Piece]:
    """Return pieces with raised numbers as ``[^1]`` and ``[^1]:`` where the page has both a mark and the note of that number."""
    marks: dict[str, list[int]] = defaultdict(list)
    notes: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(pieces):
        if piece.raised:
            beside = (p for p in pieces if p is not piece and p.top > piece.bottom and p.bottom < piece.top)
            follows = any(-1 < piece.left - p.right < 0.6 * p.size for p in beside)
            (marks if follows else notes)[piece.text].append(number)
    for text in marks.keys() - notes.keys():
        lowest = min(pieces[number].bottom for number in marks[text])
        notes[text] = _plain_notes(text, pieces, lowest)
    shown = dict(enumerate(pieces))
    for text in (text for text in marks if notes[text]):
        shown |= {number: pieces[number]._replace(text=f"[^{text}]") for number in marks[text]}
        shown |= {number: _opened(pieces[number], text) for number in notes[text]}
    return list(shown.values())


def _plain_notes(number: str, pieces: Sequence[Piece], below: float) -> list[int]:
    """Return the place of the line in small letters that begins with a number which is not raised, below a height."""
    usual = median(piece.size for piece in pieces)
    found = [
        place
        for place, piece in enumerate(pieces)
        if piece.top < below
        and piece.size < 0.93 * usual
        and (piece.text == number or piece.text.startswith(f"{number} "))
        and not any(
            p.right <= piece.left + 1
            and min(p.top, piece.top) > max(p.bottom, piece.bottom)
            and piece.left - p.right < 9
            for p in pieces
        )
    ]
    return [min(found, key=lambda place: pieces[place].bottom)] if found else []


def _opened(piece: Piece, number: str) -> Piece:
    """Return the first piece of a note with its number as ``[^1]:``."""
    text = f"[^{number}]: {piece.text.removeprefix(number).lstrip()}"
    longer = len(text) - len(piece.text)
    return piece._replace(text=text, words=tuple((at + longer, left) for at, left in piece.words if at > len(number)))


def _ordered(pieces: list[Piece], depth: int) -> Iterator[list[Piece]]:
    """Yield groups of pieces that are read one after the other: bands across a page, and the columns between them."""
    gutter = _gutter(pieces) if depth < 4 else None
    if gutter is None:
        yield pieces
        return
    across = [p for p in pieces if _crosses(p, gutter)]
    across = sorted([*across, *_openings(pieces, gutter)], key=lambda p: -p.top)
    beside = [p for p in pieces if p not in set(across)]
    band: list[Piece] = []
    edge = float("inf")
    for piece in across:
        columns = [p for p in beside if edge >= (p.top + p.bottom) / 2 > piece.top]
        if columns:
            if band:
                yield band
            yield from _columns(columns, gutter, depth)
            beside = [p for p in beside if p not in set(columns)]
            band = []
        band.append(piece)
        level = [p for p in beside if min(p.top, piece.top) - max(p.bottom, piece.bottom) > 0.5 * p.size]
        band += level
        beside = [p for p in beside if p not in set(level)]
    if band:
        yield band
    if beside:
        yield from _columns(beside, gutter, depth)


def _right(piece: Piece) -> float:
    """Return where a piece ends, without the punctuation that may hang over the edge of its column."""
    return piece.right - piece.size if piece.text[-1] in _HANGING else piece.right


def _crosses(piece: Piece, at: float) -> bool:
    return piece.left < at - 1 and _right(piece) > at + 1


def _openings(pieces: list[Piece], gutter: float) -> list[Piece]:
    """Return headings at the left that nothing stands beside and below which both columns begin anew at one height."""
    left = [p for p in pieces if _right(p) <= gutter + 1]
    right = [p for p in pieces if p.left >= gutter - 1]
    usual = median(p.size for p in pieces)
    return [p for p in left if p.size > 1.15 * usual and _opens_both(p, left, right)]


def _opens_both(heading: Piece, left: list[Piece], right: list[Piece]) -> bool:
    """Tell whether a heading has space beside it, and lines of both columns at one height right below it."""
    reach = 0.6 * heading.size
    if any(p.top > heading.bottom - reach and p.bottom < heading.top + reach for p in right):
        return False
    below = [[p.bottom for p in side if p.top < heading.bottom and p.size < heading.size] for side in (left, right)]
    return all(below) and abs(max(below[0]) - max(below[1])) < 3


def _columns(pieces: list[Piece], gutter: float, depth: int) -> Iterator[list[Piece]]:
    """Yield what stands left of a gutter, then what stands right of it, then a table that both of them end with."""
    table = _table_below(pieces, gutter)
    pieces = [piece for piece in pieces if piece not in table]
    yield from _sides(pieces, gutter, depth)
    if table:
        yield table


def _table_below(pieces: list[Piece], gutter: float) -> list[Piece]:
    """Return the last lines of two columns if they are short throughout and two or more have cells in both."""
    edges = [min(p.left for p in pieces), max(p.right for p in pieces)]
    widths = (gutter - edges[0], edges[1] - gutter)
    usual = median(p.size for p in pieces)
    found: list[Piece] = []
    both = 0
    for row in reversed(_grouped(pieces)):
        if row.size < 0.9 * usual and not found:
            continue  # notes
        if any(p.right - p.left > 0.65 * widths[p.left >= gutter - 12] for p in row.pieces):
            break
        if found and row.bottom - found[-1].top > 4 * usual:
            found, both = [], 0  # notes too
        found += row.pieces
        both += len({p.left >= gutter - 12 for p in row.pieces}) > 1
    return found if both >= 2 else []


def _sides(pieces: list[Piece], gutter: float, depth: int) -> Iterator[list[Piece]]:
    """Yield what stands left of a gutter, then what stands right of it."""
    for side in ([p for p in pieces if _right(p) <= gutter + 1], [p for p in pieces if _right(p) > gutter + 1]):
        if side:
            yield from _ordered(side, depth + 1)


def _gutter(pieces: list[Piece]) -> float | None:
    """Return where two columns of text are apart: a line that few pieces cross, between lines that fill their column."""
    if len(pieces) < 2 * _FEWEST_LINES:
        return None
    left, right = min(p.left for p in pieces), max(p.right for p in pieces)
    best: tuple[int, float] | None = None
    free: list[float] = []
    for step in range(25, 76):
        at = left + (right - left) * step / 100
        crossing = sum(_crosses(p, at) for p in pieces)
        if best is None or crossing < best[0]:
            best, free = (crossing, at), [at]
        elif crossing == best[0]:
            free.append(at)
    if best is None:
        return None
    at = free[len(free) // 2]
    sides = [[p for p in pieces if _right(p) <= at + 1], [p for p in pieces if p.left >= at - 1]]
    if any(len(_rows(side)) < _FEWEST_LINES for side in sides) or 2 * best[0] > len(pieces):
        return None
    return at if all(_fills_column(side) for side in sides) else None


def _fills_column(side: list[Piece]) -> bool:
    """Tell whether pieces are lines of running text: most of them as wide as all of them together."""
    width = max(p.right for p in side) - min(p.left for p in side)
    return median(p.right - p.left for p in side) > 0.6 * width and median(len(p.text) for p in side) > 12


def _rows(pieces: Sequence[Piece]) -> list[_Row]:
    """Return pieces as rows from top to bottom; pieces of a row overlap in height by half."""
    rows = _grouped(pieces)
    for row in rows:
        row.pieces = _merged(row.pieces)
    return rows


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces of a row with those as one that are only a space apart, or of which one marks an item."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and _belongs(last, piece, first=len(merged) == 1):
            gap = "" if piece.left - last.right < _TOUCHING * piece.size else " "
            size = last.size if len(last.text) >= len(piece.text) else piece.size
            merged[-1] = Piece(
                last.left, min(last.bottom, piece.bottom), max(last.right, piece.right), max(last.top, piece.top), size,
                last.bold and piece.bold, last.text + gap + piece.text, last.walled,
                (*last.words, *_shifted(piece, len(last.text + gap))),
            )  # fmt: skip
        else:
            merged.append(piece)
    return merged


def _shifted(piece: Piece, offset: int) -> list[tuple[int, float]]:
    """Return where all words of a piece begin, for a text that it is put into at an offset."""
    return [(at + offset, left) for at, left in ((0, piece.left), *piece.words)]


def _belongs(last: Piece, piece: Piece, *, first: bool) -> bool:
    """Tell whether a piece carries on the one before it in its row: it is a space away, or that one marks an item."""
    if piece.walled:
        return False
    gap = piece.left - last.right
    marked = first and _LONE_MARKER.fullmatch(last.text) is not None and len(piece.text) > 20
    return gap < 0.7 * max(last.size, piece.size) or (marked and gap < 4 * piece.size)


# Running lines


def _without_running_lines(
    regions: list[list[list[_Row]]], pages: Sequence[Page], cut: list[str]
) -> list[list[list[_Row]]]:
    """Return the rows without headers, footers and page numbers: what recurs at the edges of pages, digits aside, in one size.

    So do lines whose number counts the pages, and the file's own list of contents (lines that dots lead to a page number).
    What goes is noted in ``cut``.
    """
    edges = [_edge_rows(page, size.height) for page, size in zip(regions, pages, strict=True)]
    seen: dict[str, list[float]] = defaultdict(list)
    for edge in edges:
        for key, size in {_recurring(row): row.size for row in edge.values()}.items():
            seen[key].append(size)
    filled = sum(bool(page) for page in regions)
    needed = 2 if filled < 4 else max(3, round(0.3 * filled))
    counting = _counting_rows(edges, needed)
    kept: list[list[list[_Row]]] = []
    for page, edge in zip(regions, edges, strict=True):
        dropped = {
            key
            for key, row in edge.items()
            if key in counting
            or _recurs(row, seen[_recurring(row)], needed)
            or _PAGE_NUMBER.fullmatch(row.text.strip())
        }
        leaders = {id(row): row for region in page for row in region if _LEADER.fullmatch(row.text)}
        listed = leaders if len(leaders) >= _FEWEST_ENTRIES else {}
        cut += [row.text for key, row in {**edge, **listed}.items() if key in dropped or key in listed]
        dropped |= set(listed)
        kept.append([rows for region in page if (rows := [row for row in region if id(row) not in dropped])])
    return kept


def _recurs(row: _Row, sizes: Sequence[float], needed: int) -> bool:
    """Tell whether rows of the same words stand on enough pages, as large as this one; a title is larger than what repeats it."""
    return len(sizes) >= needed and row.size < 1.2 * median(sizes)


def _counting_rows(edges: Sequence[dict[int, _Row]], needed: int) -> set[int]:
    """Return the outermost rows (by identity) that begin or end with the number of their page, as on most pages."""
    numbered: dict[tuple[bool, bool, int], list[int]] = defaultdict(
        list
    )  # at the top, at its end, number less the page's
    for page, edge in enumerate(edges):
        rows = sorted(edge.values(), key=lambda row: -row.top)
        for row, top in ((row, top) for row, top in zip(rows[:1] + rows[-1:], (True, False), strict=False)):
            words = row.text.split()
            for at_end in (False, True):
                if len(words) > 1 and words[-at_end].isdecimal() and len(words[-at_end]) < 5:
                    numbered[top, at_end, int(words[-at_end]) - page].append(id(row))
    return {key for keys in numbered.values() if len(keys) >= max(needed, _FEWEST_COUNTED) for key in keys}


def _edge_rows(page: list[list[_Row]], height: float) -> dict[int, _Row]:
    """Return the rows (by identity) at the top and bottom of a page, at most three at each."""
    rows = sorted((row for region in page for row in region), key=lambda row: -row.top)
    top = [row for row in rows[:3] if row.bottom > (1 - _MARGIN) * height]
    bottom = [row for row in rows[-3:] if row.top < _MARGIN * height]
    return {id(row): row for row in [*top, *bottom]}


def _recurring(row: _Row) -> str:
    """Return what is the same on every page of a running line: its words without numbers and without the page's own."""
    return _DIGITS.sub("#", "".join(row.text.split()).lower()).strip("#|·-–—/") or "#"


# Blocks


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


def _body_size(regions: list[list[list[_Row]]]) -> float:
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
    rows: list[_Row], page: int, body: float, hyphens: _Hyphens, named: Callable[[str, int], int], width: int
) -> Iterator[_Block]:
    """Yield the blocks of one region; ``width`` is the number of columns of a table that ends right before it, or 0."""
    step = _usual_step(rows)
    right = sorted(row.right for row in rows)[-1 - len(rows) // 10]  # a few lines may stand out
    left = min(row.left for row in rows)
    current: _Block | None = None
    previous: _Row | None = None
    opens = True
    position = 0
    while position < len(rows):
        count, grid = _table_at(rows, position, width if opens else 0)
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


def _usual_step(rows: list[_Row]) -> float:
    """Return the usual distance between lines."""
    steps = [above.bottom - below.bottom for above, below in pairwise(rows) if above.bottom > below.bottom]
    return median(steps) if steps else 12.0


def _block_of(row: _Row, page: int, body: float, named: Callable[[str, int], int]) -> _Block:
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


def _continues(block: _Block, above: _Row, row: _Row, begun: _Block, step: float, left: float, right: float) -> bool:
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
        or _NOTE.match(begun.text)
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


def _first_word(row: _Row) -> float:
    """Return about how wide the first word of a row is; a line has ended early if that would have fitted on it."""
    word = _FIRST_WORD.match(row.text)
    return (row.right - row.left) * (len(word[0]) if word else 1) / max(len(row.text), 1)


# Tables


def _table_at(rows: list[_Row], position: int, width: int) -> tuple[int, list[list[str]]]:
    """Return how many rows from a position on make up a table, and its cells; (0, []) if there is none."""
    end = position
    while end < len(rows) and (len(rows[end].pieces) > 1 or _wraps(rows, end, position)):
        end += 1
    while end > position and len(rows[end - 1].pieces) < 2 and not _wraps(rows, end - 1, position):
        end -= 1
    run = rows[position:end]
    wide = [row for row in run if len(row.pieces) > 1]
    carries_on = bool(wide) and len(wide[0].pieces) == width > 1
    few = len(wide) < 2 or (len(wide) == 2 and not all(len(row.pieces) > 2 or row.pieces[1].walled for row in wide))
    if few and not carries_on:
        return 0, []
    columns = _column_places(wide)
    if len(columns) < 2 or any(len(_cells(row, columns)[0].split()) > 25 for row in wide):
        return 0, []
    return len(run), _grid(run, columns)


def _wraps(rows: list[_Row], at: int, first: int) -> bool:
    """Tell whether a row of one piece is the second line of a cell of the row above it: it begins where one of its pieces does."""
    if at == first or at >= len(rows):
        return False
    above, row = rows[at - 1], rows[at]
    if len(above.pieces) < 2 and not (at - 1 > first and len(rows[at - 2].pieces) > 1):
        return False
    near = above.bottom - row.bottom < 1.35 * row.size
    others = above.pieces if len(above.pieces) > 1 else rows[at - 2].pieces
    starts = any(abs(piece.left - row.left) < 0.4 * row.size for piece in others)
    last = others[-1] if others else None
    return near and starts and last is not None and row.right <= max(last.right, row.left + 1) + row.size


def _column_places(rows: list[_Row]) -> list[tuple[float, float]]:
    """Return where the columns of rows begin and end, judged by the rows that have as many pieces as most of the widest."""
    counts = Counter(len(row.pieces) for row in rows)
    usual = max(counts, key=lambda count: (counts[count] * count, count))
    spans = sorted((piece.left, piece.right) for row in rows if len(row.pieces) == usual for piece in row.pieces)
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left < columns[-1][1] - 0.5:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _cells(row: _Row, columns: list[tuple[float, float]]) -> list[str]:
    """Return the text of a row column by column; a piece above several columns stands in each."""
    cells: list[list[str]] = [[] for _ in columns]
    for piece in row.pieces:
        shared = [min(right, piece.right) - max(left, piece.left) for left, right in columns]
        reach = [n for n, (left, right) in enumerate(columns) if shared[n] > 0.3 * (right - left)]
        nearest = max(range(len(columns)), key=shared.__getitem__)
        parts = _parted(piece, reach, columns) if len(reach) > 1 else [piece.text]
        for number, part in zip(reach if len(reach) > 1 else [nearest], parts, strict=True):
            cells[number].append(part)
    return [" ".join(cell) for cell in cells]


def _parted(piece: Piece, reach: list[int], columns: list[tuple[float, float]]) -> list[str]:
    """Return what of a piece stands in each column that it reaches: its words from where the column begins on.

    Where no word begins there, the piece is one cell above all of them.
    """
    cuts = [0]
    for number in reach[1:]:
        begins = [at for at, left in piece.words if abs(left - columns[number][0]) < 0.2 * piece.size and at > cuts[-1]]
        if not begins:
            return [piece.text] * len(reach)
        cuts.append(begins[0])
    return [piece.text[start:end].strip() for start, end in pairwise([*cuts, len(piece.text)])]


def _grid(rows: list[_Row], columns: list[tuple[float, float]]) -> list[list[str]]:
    """Return the cells of a table, lines of one cell joined."""
    grid: list[list[str]] = []
    steps = [above.bottom - row.bottom for above, row in pairwise(rows)]
    usual = median(steps) if steps else 0.0
    for number, row in enumerate(rows):
        cells = _cells(row, columns)
        wrapped = number > 0 and (len(row.pieces) == 1 or (not cells[0] and steps[number - 1] < 0.9 * usual))
        if wrapped and grid:
            grid[-1] = [one_line(f"{above} {cell}") for above, cell in zip(grid[-1], cells, strict=True)]
        else:
            grid.append(cells)
    return _closed(grid)


def _closed(grid: list[list[str]]) -> list[list[str]]:
    """Return cells with neighbouring columns as one where no row fills both: a name at the left, its figures at the right."""
    columns = [list(column) for column in zip(*grid, strict=True)]
    kept = columns[:1]
    for column in columns[1:]:
        if (
            kept[-1][0]
            and not column[0]
            and not any(left and right for left, right in zip(kept[-1], column, strict=True))
        ):
            kept[-1] = [left or right for left, right in zip(kept[-1], column, strict=True)]
        else:
            kept.append(column)
    return [list(row) for row in zip(*kept, strict=True)] if len(kept) > 1 else grid


# Putting together


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
        if note := _NOTE.match(block.text):
            mark = f"[^{note[1]}]"
            for at in range(number - 1, -1, -1):
                if blocks[at].page < block.page and not any(page == block.page for page, _ in blocks[at].breaks):
                    break
                if mark in blocks[at].text and not _NOTE.match(blocks[at].text):
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
