"""Fetching: one request over HTTP to a checked address, with bounds on redirects, bytes and seconds.

The environment's proxies are not used: they would ask on our behalf without the checks.
"""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from corpus.errors import AddressRefused, FetchError, Offline
from corpus.formats import limits
from corpus.web import addresses
from corpus.web.addresses import Resolve, Target, check

logger = logging.getLogger(__name__)

USER_AGENT = "survey-qa"
REDIRECTS = 5
SECONDS = 60.0
"""From the first word to the last byte of one address."""

PAUSE = 1.0
"""Seconds between two requests to one host for pages; more where its robots.txt asks for it."""

_LONGEST_PAUSE = 30.0
_ATTEMPTS = 3  # where a server asks to wait
_LONGEST_WAIT = 60.0
_BUSY = frozenset({429, 503})
_IDLE_SECONDS = 20.0
_CHUNK = 65_536
_MOVED = frozenset({301, 302, 303, 307, 308})


class Fetched(NamedTuple):
    """What came back: the address that answered after redirects, the content, and its type and charset as stated."""

    url: str
    content: bytes
    kind: str
    charset: str


class Refusal(FetchError):
    """A server answered with a status that is no success.

    ``status`` is its number and ``wait`` how many seconds it asks to wait, 0 if it does not.
    """

    def __init__(self, message: str, status: int, wait: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


class Fetcher:
    """Fetches addresses of public hosts, and of the hosts that are allowed, as far as their robots.txt lets it."""

    def __init__(
        self,
        *,
        allowed: Collection[str] = (),
        largest: int = limits.FILE_BYTES,
        seconds: float = SECONDS,
        resolve: Resolve | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._largest = largest
        self._seconds = seconds
        self._resolve = resolve or addresses.resolve
        self._sleep = sleep
        self._robots: dict[str, str] = {}
        self._asked: dict[str, float] = {}  # host -> when it was asked last

    def get_politely(self, url: str) -> Fetched:
        """Return a page as ``get`` does: not sooner than some time after the last one of its host, and again where it asks to wait.

        Raises:
            The errors of ``get``.
        """
        host = urlsplit(url).netloc.lower()
        for attempt in range(1, _ATTEMPTS + 1):
            if host in self._asked:
                since = time.monotonic() - self._asked[host]
                self._sleep(max(self._pause_of(host) - since, 0.0))
            try:
                return self.get(url)
            except Refusal as error:
                wait = error.wait or PAUSE * 2**attempt
                if attempt == _ATTEMPTS or error.status not in _BUSY or wait > _LONGEST_WAIT:
                    raise
                logger.info("%s; asking again in %.0f seconds.", error, wait)
                self._sleep(wait)
            finally:
                self._asked[host] = time.monotonic()
        raise FetchError("it does not answer")

    def _pause_of(self, host: str) -> float:
        """Return how long to wait between two pages of a host: what its robots.txt asks for, within reason."""
        from urllib.robotparser import RobotFileParser

        asked = 0.0
        for site, words in self._robots.items():
            if site.partition("://")[2].startswith(host):
                rules = RobotFileParser()
                rules.parse(words.splitlines())
                asked = max(asked, float(rules.crawl_delay(USER_AGENT) or 0))
        return min(max(PAUSE, asked), _LONGEST_PAUSE)

    def get(self, url: str, *, robots: bool = True, accept: str = "*/*") -> Fetched:
        """Return what is at an address.

        Args:
            url: The address.
            robots: Whether the site's robots.txt is asked first, as for pages; an interface made for programs has none.
            accept: The types that are wanted.

        Raises:
            AddressRefused: It, or what it leads to, may not be asked.
            Refusal: The server says no.
            Offline: Nothing answers.
            FetchError: It takes too long, is too large, or what comes back is no answer.
        """
        deadline = time.monotonic() + self._seconds
        for _ in range(REDIRECTS + 1):
            target = check(url, allowed=self._allowed, resolve=self._resolve)
            if robots and not self._may_fetch(target, deadline):
                raise AddressRefused(f"{target.host} asks programs not to read {target.path} (its robots.txt)")
            found = self._ask(target, accept, deadline)
            if isinstance(found, Fetched):
                return found
            url = urljoin(url, found)
        raise FetchError(f"it redirects more than {REDIRECTS} times")

    def _may_fetch(self, target: Target, deadline: float) -> bool:
        """Ask a site's robots.txt, once for each site; a site without one lets everybody in."""
        from urllib.robotparser import RobotFileParser

        site = f"{target.scheme}://{target.host}:{target.port}"
        if site not in self._robots:
            self._robots[site] = self._robots_of(target, site, deadline)
        rules = RobotFileParser()
        rules.parse(self._robots[site].splitlines())
        return rules.can_fetch(USER_AGENT, target.url)

    def _robots_of(self, target: Target, site: str, deadline: float) -> str:
        """Return a site's robots.txt; where it may not be asked or is broken, as good as none; a broken server says no."""
        url = f"{site}/robots.txt"
        try:
            for _ in range(REDIRECTS + 1):
                found = self._ask(check(url, allowed=self._allowed, resolve=self._resolve), "text/plain", deadline)
                if isinstance(found, Fetched):
                    return found.content[:500_000].decode("utf-8", "replace")
                url = urljoin(url, found)
        except Refusal as error:
            return "User-agent: *\nDisallow: /" if error.status >= 500 else ""
        return ""

    def _ask(self, target: Target, accept: str, deadline: float) -> Fetched | str:
        """Send one request; return the answer, or the address that it redirects to."""
        connection = _connect(target, deadline)
        try:
            headers = {"User-Agent": USER_AGENT, "Accept": accept, "Accept-Encoding": "gzip", "Connection": "close"}
            connection.request("GET", _escaped(target.path), headers=headers)
            response = connection.getresponse()
            location = response.getheader("Location")
            if response.status in _MOVED and location:
                return location
            if not 200 <= response.status < 300:
                wait = response.getheader("Retry-After") or ""
                raise Refusal(
                    f"{target.host} answers {response.status} {response.reason[:60]}",
                    response.status,
                    float(wait) if wait.isdigit() and len(wait) < 7 else 0.0,
                )
            content = self._body(response, deadline)
        except TimeoutError as error:
            raise FetchError(f"{target.host} takes longer than {self._seconds:.0f} seconds") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(f"what {target.host} sends is no answer ({type(error).__name__})") from error
        finally:
            connection.close()
        kind, charset = _content_type(response.getheader("Content-Type"))
        return Fetched(target.url, content, kind, charset)

    def _body(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        """Read an answer as long as there is time and room; what is packed is unpacked within the same bounds."""
        packed = (response.getheader("Content-Encoding") or "").strip().lower()
        if packed not in {"", "identity", "gzip", "x-gzip"}:
            raise FetchError(f"it is packed in a way that was not asked for ({packed[:20]})")
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packed else None
        content = bytearray()
        while chunk := response.read1(_CHUNK):
            if time.monotonic() > deadline:
                raise TimeoutError
            try:
                content += unpacker.decompress(chunk, self._largest + 1) if unpacker else chunk
            except zlib.error as error:
                raise FetchError("it is packed and damaged") from error
            if len(content) > self._largest:
                raise FetchError(f"it is larger than {self._largest / 1e6:.0f} MB")
        return bytes(content)


def _connect(target: Target, deadline: float) -> http.client.HTTPConnection:
    """Connect to the first of a host's checked addresses that answers."""
    left = max(min(_IDLE_SECONDS, deadline - time.monotonic()), 0.01)
    for place in target.places:
        try:
            plain = socket.create_connection((place, target.port), timeout=left)
        except OSError:
            continue
        connection = http.client.HTTPConnection(target.host, target.port, timeout=left)
        if target.scheme == "https":
            try:
                connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
            except (OSError, ValueError) as error:
                plain.close()
                raise FetchError(f"{target.host} cannot prove who it is ({type(error).__name__})") from error
        else:
            connection.sock = plain
        return connection
    raise Offline(f"{target.host} does not answer; is there a network?")


def _escaped(path: str) -> str:
    """Return a path as it can be sent: what is no plain character as its bytes in hexadecimal."""
    from urllib.parse import quote

    return quote(path, safe="/?&=%:@!$'()*+,;~#[]-._")


def _content_type(stated: str | None) -> tuple[str, str]:
    """Return the type and the charset that an answer states."""
    from email.message import Message

    message = Message()
    message["content-type"] = stated or "application/octet-stream"
    return message.get_content_type(), message.get_content_charset() or ""
