"""Pages and files on the web as documents: fetched with all checks, parsed in a process of its own, named by their address."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urldefrag, urlsplit

from corpus.errors import AddressRefused, FetchError, Offline, ReadError
from corpus.formats import format_of
from corpus.readings import Reading
from corpus.web.fetching import Fetched, Fetcher
from corpus.workers import Source, Worker

_ENDINGS = {
    "text/html": ".html", "application/xhtml+xml": ".xhtml", "application/pdf": ".pdf", "text/markdown": ".md",
    "text/csv": ".csv", "application/json": ".json", "application/epub+zip": ".epub", "multipart/related": ".mhtml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}  # fmt: skip
_UNSPECIFIC = frozenset({"text/plain", "application/octet-stream", "binary/octet-stream", "application/zip"})


def read_page(url: str, fetcher: Fetcher, *, show_cut: bool = False) -> Reading:
    """Return the documents at an address; the id of the one document of a page is its address without its fragment.

    Raises:
        FetchError: It cannot be fetched.
        ReadError: What is there cannot be read. Either message names the address.
    """
    address = urldefrag(url.strip()).url
    try:
        fetched = fetcher.get(address)
        return _parsed(fetched, address, show_cut)
    except ReadError as error:
        kind = type(error) if type(error) in {AddressRefused, Offline, FetchError} else ReadError
        raise kind(f"{url}: {error}.") from error


def _parsed(fetched: Fetched, address: str, show_cut: bool) -> Reading:
    """Return the documents in what was fetched."""
    ending = _ending(fetched)
    content = fetched.content
    if ending in {".html", ".xhtml"} and fetched.charset:
        content = _in_utf8(content, fetched.charset)
    worker = Worker()
    try:
        return worker.read(Source(content, address, ending, fetched.url, show_cut))
    finally:
        worker.stop()


def _ending(fetched: Fetched) -> str:
    """Return how content is read: by the type that the server states, else by the end of its address."""
    by_path = PurePosixPath(urlsplit(fetched.url).path).suffix.lower()
    if fetched.kind in _ENDINGS:
        return _ENDINGS[fetched.kind]
    if fetched.kind in _UNSPECIFIC and format_of(by_path):
        return by_path
    if fetched.kind == "text/plain":
        return ".txt"
    raise FetchError(f"it is {fetched.kind}, which is not read")


def _in_utf8(content: bytes, charset: str) -> bytes:
    """Return a page in UTF-8 with its mark if it is in the charset that the server states, else as it is."""
    try:
        return content.decode("gb18030" if charset in {"gb2312", "gbk"} else charset).encode("utf-8-sig")
    except (LookupError, UnicodeError):
        return content
