"""Books: the chapters of an EPUB in the order of its spine, each read as a page without a frame."""

from __future__ import annotations

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from corpus.decoding import decode
from corpus.errors import ReadError
from corpus.formats import Extract, limits
from corpus.formats.html import extract_page, parse_page
from corpus.formats.packages import open_zip, read_entry
from corpus.formats.writing import heading, join, one_line
from corpus.formats.xml import local_name, parse_xml

_CONTAINER = "META-INF/container.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"


def extract(data: bytes, name: str) -> Extract:
    """Return the chapters in order.

    Raises:
        ReadError: It is no book, damaged, or protected.
    """
    with open_zip(data) as archive:
        if "META-INF/encryption.xml" in archive.namelist() and "META-INF/rights.xml" in archive.namelist():
            raise ReadError("it is protected against copying")
        container = parse_xml(read_entry(archive, _CONTAINER))
        package_path = next((e.get("full-path") or "" for e in container.iter() if local_name(e) == "rootfile"), "")
        package = parse_xml(read_entry(archive, package_path))
        title = one_line(package.findtext(f".//{_DC}title") or "")
        facts = {
            "author": ", ".join(one_line(e.text or "") for e in package.iter(f"{_DC}creator")),
            "date": one_line(package.findtext(f".//{_DC}date") or "")[:10],
        }
        chapters = [_chapter(archive, path) for path in _spine(package, posixpath.dirname(package_path))]
    return Extract(join([heading(1, title), *chapters]), title, metadata={key: v for key, v in facts.items() if v})


def _spine(package: Any, folder: str) -> list[str]:  # noqa: ANN401 an lxml element
    """Return the paths of the chapters in their order, without the list of contents."""
    items = {e.get("id"): e for e in package.iter() if local_name(e) == "item"}
    wanted = [
        items.get(e.get("idref")) for e in package.iter() if local_name(e) == "itemref" and e.get("linear") != "no"
    ]
    pages = [
        item for item in wanted
        if item is not None and "html" in (item.get("media-type") or "") and "nav" not in (item.get("properties") or "").split()
    ]  # fmt: skip
    return [posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or ""))) for item in pages][
        : limits.PAGES
    ]


def _chapter(archive: zipfile.ZipFile, path: str) -> str:
    """Return a chapter with its headings below the book's title."""
    text = decode(read_entry(archive, path)).text.lstrip("\ufeff")
    if not text.strip():
        return ""
    chapter = extract_page(parse_page(text), full=True)
    return chapter.text
