"""Saved pages with everything in one file: the page in them is read as any other page."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from corpus.errors import ReadError
from corpus.formats import Extract, html


def extract(data: bytes, name: str) -> Extract:
    """Return the article of the first page in the file.

    Raises:
        ReadError: There is no page in it.
    """
    message = message_from_bytes(data)
    part = next(
        (part for part in message.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}), None
    )
    if part is None:
        raise ReadError("it is no saved page: no part of it is HTML")
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or not content.strip():
        raise ReadError("the page in it is empty")
    return html.extract(content, name, url=_address(message, part), charset=part.get_content_charset() or "")


def _address(message: Message, part: Message) -> str:
    """Return where the page was saved from, "" if that is no address on the web."""
    for value in (part.get("Content-Location"), message.get("Snapshot-Content-Location")):
        if value and str(value).startswith(("http://", "https://")):
            return str(value).strip()
    return ""
