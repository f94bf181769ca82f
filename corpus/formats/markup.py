"""The tree of a page as blocks of Markdown: what is visible and no frame, in the order in which it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from corpus.formats.writing import Spanned, heading, one_line, plain, spread, table
from corpus.patterns import pattern

Element = Any  # an lxml element; the library has no types
BlockKind = Literal["text", "heading", "item", "table", "code", "note"]

_INVISIBLE = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "iframe",
        "object",
        "embed",
        "applet",
        "svg",
        "canvas",
        "audio",
        "video",
        "map",
        "dialog",
        "datalist",
        "button",
        "select",
        "option",
        "input",
        "textarea",
        "label",
        "meta",
        "link",
        "base",
        "nav",
        "menu",
        "rp",
        "rt",
        "annotation",
        "annotation-xml",
    ]
)
_FRAME_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "menu", "menubar", "toolbar", "dialog"}
)
_FRAME_TAGS = frozenset({"aside", "footer", "nav"})
_FRAME_NAME = pattern(
    r"(?:^|[-_\s])(nav|navbar|navigation|menu|breadcrumbs?|sidebar|share|sharing|social|comments?|comment-(?:list|form)|respond|related"
    r"|recommend(?:ed|ation)?s?|cookies?|consent|advert|advertisement|ads?|promo|newsletter|subscribe|pagination|pager|toolbar|popup|modal"
    r"|copyright|footer|masthead|mw-editsection|noprint|skip-link|toc)(?=$|[-_\s])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = pattern(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|(?:^|[;\s])opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)|font-size\s*:\s*0(?:px|em|pt|%)?\s*(?:;|$))",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_NOTE = pattern(r"\[\^\d{1,3}\]")
_MARK = pattern(r"\s*[\[(（【]?\s*(\d{1,3}|[a-z]|\*|†|‡)\s*[\])）】]?\s*")
_DOUBTFUL_NAMES = frozenset(
    {
        "related",
        "recommendations",
        "recommendation",
        "recommends",
        "recommend",
        "recommended",
        "promo",
        "ads",
        "ad",
        "advert",
        "menu",
        "social",
        "toc",
        "toolbar",
    }
)
_SHORTEST_PROSE = 200  # characters
_MANY_LINKS = 4
_SHORT_LINK = 30  # characters of a link in a menu, on average


@dataclass(slots=True)
class Block:
    """A block of a page: as Markdown, as plain words, and how many of their characters are links."""

    kind: BlockKind
    text: str
    words: str
    linked: int = 0
    level: int = 0


def write_blocks(
    tree: Element, link: Callable[[str], str], *, full: bool = False, cut: list[str] | None = None
) -> list[Block]:
    """Return the visible blocks of a page without its frame (unless ``full``).

    Args:
        tree: The page.
        link: Gives the address of a link's target, or "" for what is no link.
        full: Keep what looks like a frame.
        cut: Where to note the words of the frame.
    """
    writer = _Writer(link, _find_notes(tree))
    if not full:
        _remove_frame(tree, [] if cut is None else cut)
    body = tree.find("body")
    writer.write(body if body is not None else tree)
    return _with_notes_moved(writer.blocks)


def _with_notes_moved(blocks: list[Block]) -> list[Block]:
    """Return blocks with each note after the first one that has its mark; those that lead elsewhere stay in their list."""
    notes = {match[0]: block for block in blocks if block.kind == "note" and "://" not in block.text
             and (match := _NOTE.match(block.text))}  # fmt: skip
    if not notes:
        return blocks
    kept: list[Block] = []
    moved = set(map(id, notes.values()))
    for block in blocks:
        if id(block) not in moved:
            kept.append(block)
        if block.kind != "note":
            kept += [notes.pop(mark) for mark in _NOTE.findall(block.text) if mark in notes]
    return kept + list(notes.values())


def _find_notes(tree: Element) -> dict[str, str]:
    """Return the marks of notes by the id of what they point to: links within the page whose words are a mark."""
    notes: dict[str, str] = {}
    for anchor in tree.iter("a"):
        target = anchor.get("href") or ""
        words = "".join(anchor.itertext())
        if target.startswith("#") and len(words) < 12 and (mark := _MARK.fullmatch(words)) and mark[1].isdigit():
            notes.setdefault(target[1:], mark[1])
    return notes


def _remove_frame(tree: Element, cut: list[str]) -> None:
    """Take navigation, comments, adverts and what is around an article out of a page, by what its parts are called."""
    body = tree.find("body")
    if body is None:
        return
    whole = len("".join(body.itertext()))
    for element in list(body.iter()):
        if not isinstance(element.tag, str) or element is body or not _is_frame(element) or _is_in_code(element):
            continue
        if 5 * len("".join(element.itertext())) < 2 * whole and element.getparent() is not None:
            if words := one_line(_visible_text(element)):
                cut.append(words)
            element.drop_tree()


def _is_in_code(element: Element) -> bool:
    """Tell whether an element is part of code, whose highlighter calls comments what they are."""
    return any(parent.tag in {"pre", "code"} for parent in element.iterancestors())


def _is_frame(element: Element) -> bool:
    """Tell whether an element is part of what a page puts around its article."""
    if element.tag in {"main", "article", "h1", "html"} or (element.get("role") or "").startswith("doc-"):
        return False
    if element.tag in _FRAME_TAGS or element.get("role") in _FRAME_ROLES:
        return True
    if element.tag == "header":
        return element.find(".//h1") is None and element.getparent().tag == "body"
    if element.tag in {"div", "section", "ul", "ol", "p", "span", "table", "li"}:
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        named = {each.lower() for each in _FRAME_NAME.findall(name)}
        framed = bool(named - _DOUBTFUL_NAMES) or (bool(named) and not _is_prose(element))
        return framed or (element.tag in {"ul", "div"} and _is_menu(element))
    return False


def _is_prose(element: Element) -> bool:
    """Tell whether an element is mostly running text: a section on related work rather than links to related pages."""
    words = len(one_line("".join(element.itertext())))
    linked = sum(len(one_line("".join(anchor.itertext()))) for anchor in element.iter("a"))
    return words >= _SHORTEST_PROSE and 3 * linked < words


def _is_menu(element: Element) -> bool:
    """Tell whether an element holds nothing but four or more short links into the same site."""
    anchors = [anchor for anchor in element.iter("a") if (anchor.get("href") or "").strip()]
    if len(anchors) < _MANY_LINKS:
        return False
    words = len(one_line("".join(element.itertext())))
    linked = sum(len(one_line("".join(anchor.itertext()))) for anchor in anchors)
    own = sum("://" not in anchor.get("href") and not anchor.get("href").startswith("//") for anchor in anchors)
    return own == len(anchors) and linked < _SHORT_LINK * len(anchors) and 10 * linked >= 8 * words


class _Writer:
    """Walks a tree once and gathers blocks."""

    def __init__(self, link: Callable[[str], str], notes: dict[str, str]) -> None:
        self.blocks: list[Block] = []
        self._link = link
        self._notes = notes
        self._inline: list[str] = []  # Markdown of the paragraph at hand
        self._words: list[str] = []
        self._linked = 0
        self._prefix = ""  # what the paragraph at hand begins with: the mark of an item or of a note
        self._indent = 0

    def write(self, element: Element) -> None:
        """Write an element with all that is in it."""
        self._children(element)
        self._finish()

    def _children(self, element: Element) -> None:
        self._say(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self._element(child)
            self._say(child.tail)

    def _element(self, element: Element) -> None:
        tag = element.tag.rpartition("}")[2].lower()
        if tag in _INVISIBLE or _is_hidden(element):
            return
        if element.get("id") in self._notes and tag in {"li", "p", "div", "aside", "section", "dd"}:
            self._note(element)
        elif tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        elif tag == "table":
            self._table(element)
        elif tag == "pre":
            self._code(element)
        elif tag in {"ul", "ol"}:
            self._list(element, ordered=tag == "ol")
        elif tag == "br":
            self._inline.append("\n")
            self._words.append(" ")
        elif tag == "a":
            self._anchor(element)
        elif tag == "math":
            self._say(element.get("alttext") or "".join(element.itertext()))
        elif tag in _BLOCKS:
            self._finish()
            self._children(element)
            self._finish()
        else:
            self._children(element)

    def _say(self, text: str | None) -> None:
        if text:
            self._inline.append(text.replace("\r", " ").replace("\n", " "))
            self._words.append(text)

    def _finish(self, kind: BlockKind = "text") -> None:
        """End the paragraph at hand."""
        lines = [one_line(line) for line in "".join(self._inline).split("\n")]
        text = plain("\n".join(line for line in lines if line))
        words, linked = one_line("".join(self._words)), self._linked
        self._inline, self._words, self._linked = [], [], 0
        if text:
            kind = "item" if self._prefix else kind
            self.blocks.append(
                Block(kind, self._prefix + text.replace("\n", f"\n{' ' * len(self._prefix)}"), words, linked)
            )
            self._prefix = " " * len(self._prefix) if self._prefix.strip() else self._prefix

    def _heading(self, element: Element, level: int) -> None:
        self._finish()
        words = one_line(_visible_text(element))
        if words:
            self.blocks.append(Block("heading", heading(level, words), words, level=level))

    def _anchor(self, element: Element) -> None:
        """Write a link: as a mark where it leads to a note, with its address where it leads out."""
        target = element.get("href") or ""
        words = one_line(_visible_text(element))
        if target.startswith("#") and target[1:] in self._notes and _MARK.fullmatch(words):
            self._say(f"[^{self._notes[target[1:]]}]")
            return
        address = self._link(target) if words and not target.startswith("#") else ""
        if (
            address
            and "[" not in words
            and not any(isinstance(child.tag, str) and child.tag in _BLOCKS for child in element.iter())
        ):
            self._inline.append(f"[{words}]({address.replace(' ', '%20').replace('(', '%28').replace(')', '%29')})")
            self._words.append(words)
            self._linked += len(words)
            return
        before = len("".join(self._words))
        self._children(element)
        self._linked += max(len("".join(self._words)) - before, 0) if target and not target.startswith("#") else 0

    def _note(self, element: Element) -> None:
        """Write a note as an entry that its mark is resolved by."""
        self._finish()
        words = one_line(_visible_text(element)).lstrip("^↑↩ ").removesuffix("↩").removesuffix("↩︎").strip()
        number = self._notes[element.get("id")]
        links = [address for anchor in element.iter("a") if (address := self._link(anchor.get("href") or ""))]
        known = [address for address in links if address not in words][:1]
        if words:
            text = f"[^{number}]: {' '.join([_without_mark(words, number), *known])}"
            self.blocks.append(Block("note", text, words))

    def _list(self, element: Element, *, ordered: bool) -> None:
        """Write the items of a list, those of lists in it further to the right."""
        self._finish()
        number = _number(element.get("start"), 1, most=1_000_000)
        outer, self._indent = self._prefix, self._indent + 1
        for child in element:
            if not isinstance(child.tag, str):
                continue
            if child.tag == "li" and child.get("id") not in self._notes and not _is_hidden(child):
                margin = "  " * (min(self._indent, 8) - 1)
                self._prefix = margin + (f"{number}. " if ordered else "- ")
                number += 1
                self._children(child)
                self._finish()
            else:
                self._prefix = ""
                self._element(child)
                self._finish()
        self._prefix, self._indent = outer if not outer.strip() else " " * len(outer), self._indent - 1

    def _table(self, element: Element) -> None:
        """Write a table; one that only lays out a page is read cell by cell."""
        self._finish()
        rows = list(_rows(element))
        nested = next((inner for inner in element.iter("table") if inner is not element), None)
        if nested is not None or max((len(row) for row in rows), default=0) < 2 or len(rows) < 2:
            self._children(element)
            self._finish()
            return
        caption = one_line(_visible_text(element.find("caption"))) if element.find("caption") is not None else ""
        grid = spread([[_cell(cell) for cell in row] for row in rows])
        text = table(grid, headers=_count_headers(rows), caption=caption)
        if text:
            self.blocks.append(Block("table", text, one_line(_visible_text(element))))

    def _code(self, element: Element) -> None:
        self._finish()
        text = "".join(element.itertext()).strip("\n")
        if text.strip():
            fence = "~~~" if "```" in text else "```"
            self.blocks.append(Block("code", f"{fence}\n{text}\n{fence}", text))


def _is_hidden(element: Element) -> bool:
    """Tell whether a person would not see an element."""
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN_STYLE.search(element.get("style") or ""))


def _visible_text(element: Element) -> str:
    """Return the words in an element that a person sees, a space between blocks."""
    return "".join(_pieces(element))


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _INVISIBLE and not _is_hidden(child):
            apart = " " if child.tag in _BLOCKS or child.tag == "br" else ""
            yield apart
            yield (child.get("alttext") or "") if child.tag == "math" else "".join(_pieces(child))
            yield apart
        yield child.tail or ""


def _without_mark(words: str, number: str) -> str:
    """Return the words of a note without the number that they begin with."""
    rest = words.removeprefix("[").removeprefix(number)
    return rest.lstrip("].、．: ") if rest != words.removeprefix("[") and not rest[:1].isdigit() else words


def _rows(element: Element) -> Iterator[list[Element]]:
    """Yield the cells of every row of a table, not those of tables in it."""
    for row in element.iter("tr"):
        cells = [
            cell for cell in row if isinstance(cell.tag, str) and cell.tag in {"td", "th"} and not _is_hidden(cell)
        ]
        if cells:
            yield cells


def _cell(element: Element) -> Spanned:
    columns, rows = (_number(element.get(name), 1, most=1_000) for name in ("colspan", "rowspan"))
    return Spanned(one_line(_visible_text(element)), columns, rows)


def _number(value: str | None, default: int, *, most: int) -> int:
    """Return an attribute as a number of at least 1."""
    value = (value or "").strip()
    return max(1, min(int(value), most)) if value.isascii() and value.isdigit() and len(value) < 10 else default


def _count_headers(rows: list[list[Element]]) -> int:
    """Return how many rows at the top name the columns: those in a ``thead``, else those with nothing but ``th``."""
    count = 0
    for row in rows[:4]:
        parent = row[0].getparent().getparent()
        if (parent is not None and parent.tag == "thead") or (len(row) > 1 and all(cell.tag == "th" for cell in row)):
            count += 1
        else:
            break
    return count or 1
