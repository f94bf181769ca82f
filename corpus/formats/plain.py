"""Plain text: decoded, and read as a page where it is one."""

from __future__ import annotations

from corpus.decoding import Decoded, decode
from corpus.formats import Extract
from corpus.patterns import pattern

_PAGE = pattern(
    r"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:(?><!--.*?-->)\s*+)*+<(?:!doctype\s+html|html)\b", 18
)  # DOTALL and IGNORECASE


def extract(data: bytes, name: str) -> Extract:
    """Return the text; a page that was named ``.txt`` is read as a page."""
    decoded = decode(data)
    if _PAGE.match(decoded.text[:10_000]):
        from corpus.formats import html

        return html.extract(data, name)
    return Extract(unified(decoded), metadata=encoding_facts(decoded))


def unified(decoded: Decoded) -> str:
    r"""Return a text without byte order mark and with ``\n`` at the ends of lines."""
    return decoded.text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def encoding_facts(decoded: Decoded) -> dict[str, str]:
    """Return what a reader should know of a text that was not clean UTF-8."""
    facts = {}
    if decoded.encoding not in {"utf-8", "utf-8-sig"}:
        facts["encoding"] = decoded.encoding
    if decoded.invalid:
        facts["invalid_bytes"] = str(decoded.invalid)
    return facts
