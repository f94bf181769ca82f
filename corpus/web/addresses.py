"""Which addresses may be asked: those of public hosts, and those that the operator allows by name.

A name is resolved once, every address that it has is checked, and the connection goes to a checked one: what the name
means a moment later does not matter.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from corpus.errors import AddressRefused, FetchError, Offline
from corpus.patterns import pattern

Resolve = Callable[[str, int], list[str]]

_PORTS = {"http": 80, "https": 443}
_TRANSLATED = (("64:ff9b::", 96), ("64:ff9b:1::", 48))  # IPv4 addresses behind these prefixes of IPv6
_HOST = pattern(r"[a-z0-9._:%-]+", re.IGNORECASE)
_EXAMPLE = "such as https://example.org/survey.html"


class Target(NamedTuple):
    """An address to ask: its parts, and the checked addresses of its host on the network."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    places: tuple[str, ...]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that a host's name has on the network.

    Raises:
        Offline: It has none, or nobody can be asked.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Offline(f"the name {host} cannot be resolved; is there a network?") from error
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def check(url: str, *, allowed: Collection[str] = (), resolve: Resolve = resolve) -> Target:
    """Return how an address is asked.

    Args:
        url: The address.
        allowed: Hosts ("name" or "name:port") that may be asked wherever they are.
        resolve: Gives the addresses of a host; for tests.

    Raises:
        FetchError: It is no address of a page.
        AddressRefused: Its host is in a private, local or reserved network.
        Offline: Its host cannot be found.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise FetchError(f"it is no address {_EXAMPLE}") from error
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or any(character <= " " for character in url):
        raise FetchError(f"it is no address of http or https {_EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("it holds a user name or password, which are not sent")
    places = resolve(host, port)
    if not {host, f"{host}:{port}"} & {name.lower() for name in allowed}:
        for place in places:
            if not is_public(place):
                raise AddressRefused(
                    f"{host} is at {place}, which is no public address; if you trust it, allow it with --allow-host {host}"
                )
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Target(url, parts.scheme, host, port, path, tuple(places))


def is_public(place: str) -> bool:
    """Tell whether an address is one that anybody on the internet may ask, also where it is written as another one.

    >>> [is_public(place) for place in ("93.184.216.34", "127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1")]
    [True, False, False, False]
    """
    try:
        address = ip_address(place)
    except ValueError:
        return False
    inner = _embedded(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if it does."""
    from ipaddress import ip_network

    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    for prefix, length in _TRANSLATED:
        if address in ip_network(f"{prefix}/{length}"):
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
