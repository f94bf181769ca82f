"""Pages and files on the web as documents: fetched with all checks, parsed in a process of its own, named by their address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urldefrag, urlsplit

from corpus.errors import AddressRefused, FetchError, Offline, ReadError
from corpus.formats import format_of
from corpus.keeping import KeptReadings, digest_of
from corpus.readings import Reading, Skipped
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


def read_page(url: str, fetcher: Fetcher, *, show_cut: bool = False, kept: KeptReadings | None = None) -> Reading:
    """Return the documents at an address; the id of the one document of a page is its address without its fragment.

    A page that holds what it held is not parsed again where ``kept`` has its reading; where nobody answers, its last reading
    serves and is told of among what was skipped.

    Raises:
        FetchError: It cannot be fetched.
        ReadError: What is there cannot be read. Either message names the address.
    """
    address = urldefrag(url.strip()).url
    try:
        return _read(address, fetcher, show_cut, kept)
    except ReadError as error:
        kind = next(each for each in (AddressRefused, Offline, FetchError, ReadError) if isinstance(error, each))
        raise kind(f"{url}: {error}.") from error


def _read(address: str, fetcher: Fetcher, show_cut: bool, kept: KeptReadings | None) -> Reading:
    """Fetch a page and return its documents, parsed unless its reading is kept."""
    try:
        fetched = fetcher.get_politely(address)
    except Offline as error:
        last = kept.find_last(address) if kept else None
        if last is None:
            raise
        return replace(last, skipped=(*last.skipped, Skipped(address, f"{error}; what it held before is used")))
    if kept is None:
        return _parsed(fetched, address, show_cut)
    whole = f"{fetched.url} {fetched.kind} {fetched.charset}\n".encode("utf-8", "replace") + fetched.content
    if (known := kept.find_equal(address, digest_of(whole))) is not None:
        return known
    reading = _parsed(fetched, address, show_cut)
    kept.note_bytes(address, whole, reading)
    return reading


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
