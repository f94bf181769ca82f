"""XML parsed without its entities and without looking anything up."""

from __future__ import annotations

from typing import Any

from corpus.errors import ReadError
from corpus.formats import missing
from corpus.formats.writing import one_line

Element = Any  # an lxml element; the library has no types


def parse_xml(data: bytes) -> Element:
    """Return the root of a document.

    Raises:
        ReadError: It is none.
    """
    try:
        from lxml import etree
    except ImportError:
        raise missing("lxml") from None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as error:
        raise ReadError(f"it is damaged ({one_line(str(error))[:80]})") from error


def local_name(element: Element) -> str:
    """Return an element's name without its namespace, "" for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
