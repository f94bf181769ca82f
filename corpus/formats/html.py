"""Web pages: the article of a page as Markdown, with its tables, notes, captions and links.

What stands around the article goes by the structure of the page (navigation, hidden parts, blocks of links) and by what
trafilatura takes for the article; what only one of the two would leave out at its head or tail stays if it reads like text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from corpus.decoding import decode
from corpus.errors import ReadError
from corpus.formats import Extract, missing
from corpus.formats.markup import Block, write_blocks
from corpus.formats.writing import heading, join, one_line
from corpus.lines import columns
from corpus.patterns import pattern

_CHARSET = pattern(r"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]{2,30})""", 2)  # IGNORECASE
_DECLARATION = pattern(r"^\s*<\?xml[^>]*\?>")
_FACTS = ("author", "date", "sitename")
_SENTENCE_END = ".。!！?？:：;；"


class Page(NamedTuple):
    """A parsed page: the tree, and its source, which trafilatura wants."""

    tree: Any
    source: str


def extract(data: bytes, name: str, *, url: str = "", charset: str = "") -> Extract:
    """Return the article of a page.

    Args:
        data: The page.
        name: What it is called.
        url: Its address, against which its links are resolved.
        charset: The encoding that the server named; by default the one that the page names, if its bytes fit.

    Raises:
        ReadError: There is no page in the bytes.
    """
    page = _parse(_decoded(data, charset))
    return extract_page(page, url=url or _own_address(page.tree))


def extract_page(page: Page, *, url: str = "", full: bool = False) -> Extract:
    """Return the article of a parsed page; all of its visible text if ``full`` (a chapter of a book has no frame)."""
    facts = {} if full else _facts(page, url)
    cut: list[str] = []
    blocks = write_blocks(page.tree, lambda target: _link(url, target), full=full, cut=cut)
    stated = facts.pop("title", "")
    title = _named_heading(page.tree, blocks) or stated or _title(page.tree, blocks)
    if not full:
        inside = _without_frame(blocks, _article(page.source))
        kept = set(map(id, inside))
        cut += [block.words for block in blocks if id(block) not in kept]
        blocks = inside
    address = url if url.startswith("http") else ""
    return Extract(_with_title(blocks, title), title, address, facts, cut=tuple(cut))


def parse_page(text: str) -> Page:
    """Parse the source of a page."""
    return _parse(text)


def _decoded(data: bytes, charset: str) -> str:
    """Return the source of a page, in the encoding that it or its server names if its bytes fit that."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return decode(data).text.lstrip("\ufeff")
    named = charset or next(iter(_CHARSET.findall(data[:4096].decode("latin-1"))), "")
    for candidate in filter(None, ("gb18030" if named.lower() in {"gb2312", "gbk"} else named,)):
        try:
            return data.decode(candidate)
        except (LookupError, UnicodeDecodeError):
            continue
    return decode(data).text.lstrip("\ufeff")


def _parse(text: str) -> Page:
    """Return the tree of a page."""
    try:
        from lxml import html
        from lxml.etree import LxmlError, ParserError
    except ImportError:
        raise missing("lxml") from None
    source = _DECLARATION.sub("", text, count=1).replace("\0", "")
    if not source.strip():
        raise ReadError("it is empty")
    try:
        tree = html.document_fromstring(source, html.HTMLParser(huge_tree=True))
    except (LxmlError, ParserError, ValueError) as error:
        raise ReadError(f"it is no page ({one_line(str(error))[:80]})") from error
    return Page(tree, source)


def _facts(page: Page, url: str) -> dict[str, str]:
    """Return the title, author, date and site that a page names."""
    try:
        from trafilatura import extract_metadata
    except ImportError:
        raise missing("trafilatura") from None
    _quiet()
    found = extract_metadata(page.source, default_url=url or None)
    facts = {name: getattr(found, name, None) for name in ("title", *_FACTS)}
    named = page.tree.xpath('.//meta[@name="author"]/@content')
    facts["author"] = facts["author"] or next(iter(named), "")
    return {name: one_line(str(value)) for name, value in facts.items() if value}


def _article(source: str) -> str:
    """Return the text of what trafilatura takes for the article, "" if it finds none."""
    try:
        from trafilatura import extract as find_article
    except ImportError:
        raise missing("trafilatura") from None
    found = find_article(source, include_comments=False, include_tables=True, favor_recall=True)
    return found or ""


def _quiet() -> None:
    """Keep the complaints of the library about single pages out of our log."""
    for name in ("trafilatura", "htmldate", "courlan"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _without_frame(blocks: list[Block], article: str) -> list[Block]:
    """Return the blocks without those before and after the article that do not read like text."""
    known = _squeezed(article)
    inside = [
        number for number, block in enumerate(blocks) if len(block.words) >= 20 and _squeezed(block.words)[:40] in known
    ]
    if not inside:
        return blocks
    first, last = inside[0], inside[-1]
    return [
        block
        for number, block in enumerate(blocks)
        if first <= number <= last or block.kind in {"table", "code", "note"} or _reads_like_text(block)
    ]


def _reads_like_text(block: Block) -> bool:
    """Tell whether a block outside the article is text rather than a frame: sentences that are not mostly links."""
    words = block.words.strip()
    if block.kind == "heading":
        return True
    wide = columns(words)
    return block.linked * 2 <= len(words) and (wide > 60 or (wide > 8 and words[-1:] in _SENTENCE_END))


def _squeezed(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def _named_heading(tree: Any, blocks: list[Block]) -> str:  # noqa: ANN401 an lxml element
    """Return the longest heading that the page's own title begins with or ends with, "" if none."""
    named = _squeezed(tree.findtext(".//title") or "")
    found = [block.words for block in blocks if block.kind == "heading" and (words := _squeezed(block.words))
             and (named.startswith(words) or named.endswith(words))]  # fmt: skip
    return one_line(max(found, key=len, default=""))


def _title(tree: Any, blocks: list[Block]) -> str:  # noqa: ANN401 an lxml element
    """Return the one heading of the highest level, else what the page says in its head."""
    first = [block.words for block in blocks if block.kind == "heading" and block.level == 1]
    named = tree.findtext(".//title") or ""
    return one_line(first[0] if len(first) == 1 else named)


def _with_title(blocks: list[Block], title: str) -> str:
    """Return blocks as text below the title, whose own heading is not repeated and stands above all others."""
    kept = list(blocks)
    at = next((n for n, b in enumerate(kept) if b.kind == "heading" and _same(b.words, title)), None)
    if at is not None and title:
        del kept[at]
    elif not title:
        return _joined((block.kind, block.text) for block in kept)
    levels = [block.level for block in kept if block.kind == "heading"]
    shift = 2 - min(levels) if levels and min(levels) < 2 else 0
    texts = [(b.kind, heading(b.level + shift, b.words) if b.kind == "heading" else b.text) for b in kept]
    return join([heading(1, title), _joined(texts)])


def _joined(texts: Iterable[tuple[str, str]]) -> str:
    """Return blocks with a blank line between them, the items of a list without."""
    parts: list[str] = []
    before = ""
    for kind, text in texts:
        parts += ["\n" if kind == before and kind in {"item", "note"} else "\n\n", text]
        before = kind
    return "".join(parts[1:])


def _same(left: str, right: str) -> bool:
    """Tell whether a heading is the title, or the title without the site's name."""
    one, other = _squeezed(left), _squeezed(right)
    return bool(one) and (one == other or (len(one) >= 8 and other.startswith(one)))


def _own_address(tree: Any) -> str:  # noqa: ANN401 an lxml element
    """Return the address that a saved page calls its own, "" if none."""
    for path in ('.//link[@rel="canonical"]/@href', './/meta[@property="og:url"]/@content'):
        if found := [str(each) for each in tree.xpath(path) if str(each).startswith(("http://", "https://"))]:
            return found[0]
    return ""


def _link(url: str, target: str) -> str:
    """Return where a link leads, "" unless that is an address on the web."""
    try:
        address = urljoin(url, target.strip()) if url else target.strip()
        return address if urlsplit(address).scheme in {"http", "https"} else ""
    except ValueError:
        return ""
