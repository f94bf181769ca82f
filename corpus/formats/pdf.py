"""PDF: the pieces of text on its pages with their places, read by PDFium; ``corpus.formats.layout`` puts them in order.

Scripts, attachments and forms are not looked at. Pages without text are counted; a file with nothing else is a scan.
"""

from __future__ import annotations

import ctypes
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from corpus.errors import ReadError
from corpus.formats import Extract, limits, missing
from corpus.formats.layout import Heading, Page, Piece, compose
from corpus.formats.writing import one_line
from corpus.patterns import pattern

_HEADER = 1024  # bytes within which a PDF says that it is one
_MOST_CHARACTERS = 200_000  # of one page; what has more is a drawing, or made to be a burden
_SOFT_ENDS = {0x02, 0xAD, 0xFFFE}  # how PDFium gives the hyphen at the end of a line
_UNTITLED = pattern(
    r"(?:untitled|microsoft (?:word|powerpoint) - .*|.*\.(?:docx?|pptx?|tex|dvi|indd|pdf|html?)|title|slide \d+|about:blank|\(anonymous\))?",
    2,
)
_ROTATED = 0.1  # radians
_RAISED = 0.8  # points
_LONGEST_MARK = 3  # digits of the mark of a note
_MOST_OBJECTS = 5_000  # of a page that are looked at for lines; what has more is a drawing
_SHORTEST_RULE, _THICKEST_RULE, _RULE_BAND = 5.0, 3.0, 8.0  # points


def extract(data: bytes, name: str) -> Extract:
    """Return the text of a PDF in reading order, with its headings and tables as far as they show.

    Raises:
        ReadError: It is damaged, encrypted, too long, or has no text layer.
    """
    try:
        import pypdfium2
    except ImportError:
        raise missing("pypdfium2") from None
    if b"%PDF-" not in data[:_HEADER]:
        raise ReadError("it is no PDF: it does not begin with %PDF")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ReadError("it is encrypted; save it without a password") from error
        raise ReadError(f"it is damaged ({one_line(str(error))[:80]})") from error
    with closing(document):
        return _read(document)


def _read(document: Any) -> Extract:  # noqa: ANN401 a PdfDocument, whose library is imported late
    """Return the text of an open PDF."""
    count = len(document)
    if count > limits.PAGES:
        raise ReadError(f"it has {count:,} pages, more than the {limits.PAGES:,} that are read; split it")
    pages = list(_pages(document, count))
    empty = [number for number, page in enumerate(pages, 1) if not page.pieces]
    if len(empty) == count:
        raise ReadError(f"no text layer: its {count} pages are pictures; recognise their text (OCR) first")
    composed = compose(pages, list(_outline(document)))
    facts = _facts(document)
    title = facts.pop("title", "")
    if empty:
        facts["pages_without_text"] = ", ".join(map(str, empty))
    return Extract(composed.text, composed.title or title, metadata=facts, pages=composed.pages, cut=composed.cut)


def _facts(document: Any) -> dict[str, str]:  # noqa: ANN401 as above
    """Return the title, author and date that the file states."""
    stated = document.get_metadata_dict(skip_empty=True)
    facts = {key.lower(): one_line(str(stated[key])) for key in ("Title", "Author") if stated.get(key)}
    if _UNTITLED.fullmatch(facts.get("title", "")):
        facts.pop("title", None)
    if facts.get("author", "").strip("() ").lower() in {"anonymous", "unknown", "user", "admin"}:
        facts.pop("author", None)
    made = str(stated.get("CreationDate", "")).removeprefix("D:")[:8]
    if len(made) == 8 and made.isdigit():
        facts["date"] = f"{made[:4]}-{made[4:6]}-{made[6:]}"
    return facts


def _outline(document: Any) -> Iterator[Heading]:  # noqa: ANN401 as above
    """Yield the entries of the outline; one that cannot be read ends it."""
    import pypdfium2

    try:
        for number, entry in enumerate(document.get_toc(max_depth=6)):
            if number >= limits.ENTRIES:
                return
            target = entry.get_dest()
            page = target.get_index() if target else None
            if page is not None and (title := one_line(entry.get_title() or "")):
                yield Heading(title, entry.level + 1, page)
    except (pypdfium2.PdfiumError, ValueError):
        return


def _pages(document: Any, count: int) -> Iterator[Page]:  # noqa: ANN401 as above
    """Yield the pages; one that is damaged is empty."""
    import pypdfium2

    for number in range(count):
        try:
            with closing(document[number]) as page:
                width, height = page.get_size()
                with closing(page.get_textpage()) as text:
                    yield Page(width, height, _pieces(text, _Rules(page)))
        except pypdfium2.PdfiumError:
            yield Page(0, 0, [])


class _Rules:
    """The upright lines on a page, which keep the cells of tables apart."""

    def __init__(self, page: Any) -> None:  # noqa: ANN401 a PdfPage
        from pypdfium2 import raw

        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        places = [ctypes.byref(value) for value in (left, bottom, right, top)]
        self._lines: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
        count = raw.FPDFPage_CountObjects(page.raw)
        for number in range(count if count <= _MOST_OBJECTS else 0):
            drawn = raw.FPDFPage_GetObject(page.raw, number)
            is_path = raw.FPDFPageObj_GetType(drawn) == raw.FPDF_PAGEOBJ_PATH
            if is_path and raw.FPDFPageObj_GetBounds(drawn, *places) and top.value - bottom.value >= _SHORTEST_RULE:
                self._note(left.value, right.value, bottom.value, top.value)

    def _note(self, left: float, right: float, bottom: float, top: float) -> None:
        """Note a line, or the two sides of a box."""
        for at in {left, right} if right - left > _THICKEST_RULE else {(left + right) / 2}:
            self._lines[int(at // _RULE_BAND)].append((at, bottom, top))

    def between(self, left: float, right: float, middle: float) -> bool:
        """Tell whether a line stands between two places at a height."""
        if not self._lines or not 0 <= right - left < 200:
            return False
        return any(
            left <= at <= right and bottom <= middle <= top
            for band in range(int(left // _RULE_BAND), int(right // _RULE_BAND) + 1)
            for at, bottom, top in self._lines.get(band, ())
        )


class _Run:
    """Characters that follow each other on one line."""

    __slots__ = ("bottom", "first", "heights", "left", "raised", "right", "text", "top", "words")

    def __init__(self, first: int) -> None:
        self.first = first
        self.text: list[str] = []
        self.words: list[tuple[int, float]] = []
        self.heights: Counter[float] = Counter()
        self.left = self.bottom = float("inf")
        self.right = self.top = float("-inf")
        self.raised = False  # the number of a note, higher and smaller than what is beside it

    def add(self, character: str, left: float, bottom: float, right: float, top: float) -> None:
        self.text.append(character)
        self.heights[round(top - bottom, 1)] += 1
        self.left, self.right = min(self.left, left), max(self.right, right)
        self.bottom, self.top = min(self.bottom, bottom), max(self.top, top)

    def continues(self, left: float, bottom: float, right: float, top: float) -> bool:
        """Tell whether a character stands on the same line, right after the last one."""
        height = max(top - bottom, 1.0)
        overlap = min(self.top, top) - max(self.bottom, bottom)
        tallest = max(self.top - self.bottom, height)
        return overlap > 0.3 * min(self.top - self.bottom, height) and -0.5 * height < left - self.right < 0.9 * tallest


def _pieces(text: Any, rules: _Rules) -> list[Piece]:  # noqa: ANN401 a PdfTextPage
    """Return the pieces of text of a page in the order of the file."""
    from pypdfium2 import raw

    page = text.raw
    count = min(text.count_chars(), _MOST_CHARACTERS)
    box = raw.FS_RECTF()
    place = ctypes.byref(box)
    get_code, get_box = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox
    pieces: list[Piece] = []
    run = _Run(0)
    space, last = False, 0  # whether one came before the character, and the number of the last one that was none
    for number in range(count):
        code = get_code(page, number)
        if code in {0x20, 0xA0, 0x3000, 0x09}:
            space = True
            continue
        if code in {0x0A, 0x0D} or not get_box(page, number, place):
            space = True
            continue
        if code in _SOFT_ENDS:
            code = 0x2D
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        ruled = left - run.right > 0.5 and rules.between(run.right - 1, left + 1, (bottom + top) / 2)
        if ruled or not run.continues(left, bottom, right, top) or _is_apart(run, page, code, number, last):
            _end(run, page, pieces, rules)
            raised = bool(run.text) and not ruled and _is_digit(code) and _is_raised(page, number, last)
            run, space = _Run(number), False
            run.raised = raised
        last = number
        if space and run.text:
            run.text.append(" ")
            run.words.append((len(run.text), left))
        run.add(chr(code) if code < 0x110000 else "\ufffd", left, bottom, right, top)
        space = False
    _end(run, page, pieces, rules)
    return pieces


def _end(run: _Run, page: Any, pieces: list[Piece], rules: _Rules) -> None:  # noqa: ANN401 a handle of PDFium
    """Note a finished run, unless it is empty or stands on its side."""
    from pypdfium2 import raw

    words = "".join(run.text).strip()
    if not words or (len(words) < 4 and abs(raw.FPDFText_GetCharAngle(page, run.first)) % 6.283 > _ROTATED):
        return
    size = run.heights.most_common(1)[0][0]
    bold = _is_bold(page, run.first) or _is_bold(page, run.first + len(run.text) // 2)
    walled = rules.between(run.left - size, run.left + 1, (run.bottom + run.top) / 2)
    pieces.append(
        Piece(run.left, run.bottom, run.right, run.top, size, bold, words, walled, tuple(run.words), run.raised)
    )


def _is_apart(run: _Run, page: Any, code: int, number: int, last: int) -> bool:  # noqa: ANN401 a handle of PDFium
    """Tell whether a character begins or ends the raised number of a note; notes a run at the begin of a line as one."""
    if _is_digit(code):
        return not run.raised and bool(run.text) and _is_raised(page, number, last)
    if run.raised:
        return True
    if len(run.text) <= _LONGEST_MARK and "".join(run.text).isdigit() and _is_raised(page, last, number):
        run.raised = True
    return run.raised


def _is_digit(code: int) -> bool:
    return 0x30 <= code <= 0x39


def _is_raised(page: Any, number: int, other: int) -> bool:  # noqa: ANN401 a handle of PDFium
    """Tell whether a character is smaller than another one and stands on a higher line."""
    from pypdfium2 import raw

    get_size, x, one, two = raw.FPDFText_GetFontSize, ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
    if get_size(page, number) > 0.95 * get_size(page, other):
        return False
    for at, height in ((number, one), (other, two)):
        if not raw.FPDFText_GetCharOrigin(page, at, ctypes.byref(x), ctypes.byref(height)):
            return False
    return one.value > two.value + _RAISED


def _is_bold(page: Any, number: int) -> bool:  # noqa: ANN401 a handle of PDFium
    """Tell whether a character's font is called bold."""
    from pypdfium2 import raw

    flags = ctypes.c_int()
    buffer = ctypes.create_string_buffer(128)
    length = raw.FPDFText_GetFontInfo(page, number, buffer, 128, ctypes.byref(flags))
    name = buffer.raw[: max(min(length, 128), 0)].lower()
    return b"bold" in name or b"black" in name or b"heavy" in name or b"-medi" in name or b"cmbx" in name
