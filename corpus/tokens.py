"""Token encodings, in which the sizes of passages are measured.

The built-in encoding ships as a ranks file and needs no network. tiktoken's own encodings are used where they are
cached, or where the caller allows the download. tiktoken is imported when the first text is measured, never before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NoReturn

from corpus.errors import EncodingUnavailable

if TYPE_CHECKING:
    import tiktoken

BUILTIN_ENCODING = "survey-8k-v1"
"""Name of the encoding that ships; the borders of passages hang on it, so it never changes under this name."""

PATTERN = "|".join(
    [
        r"'(?i:[sdmt]|ll|ve|re)\b",  # it's
        r" ?[\p{Latin}]{1,40}",
        r" ?[\p{Greek}\p{Cyrillic}]{1,40}",
        r"\p{N}{1,3}",  # never more than three digits, so that numbers do not melt into words
        r"\p{Han}{1,24}",
        r"[\p{Hiragana}\p{Katakana}ー]{1,24}",
        r"[\p{L}\p{M}]{1,24}",
        r" ?[^\s\p{L}\p{N}\p{M}]{1,16}",
        r"\n{1,16}",  # a line end never joins what is before or after it: sizes of lines add up
        r"[^\S\n]{1,32}(?!\S)",
        r"\s",
    ]
)
"""How a text is cut before pairs of bytes are merged; every piece is bounded, so encoding takes linear time."""

_RANKS = Path(__file__).parent / "data" / f"{BUILTIN_ENCODING}.tiktoken"
_RANKS_SHA256 = "182075aba3fc7e4a25df5f0a899cca64eacd24d17157688b582a92970a0bda78"
_patching = Lock()


def get_encoding(name: str = BUILTIN_ENCODING, *, allow_download: bool = False) -> tiktoken.Encoding:
    """Return a token encoding: the built-in one, or one of tiktoken's that is cached or may be downloaded.

    Raises:
        EncodingUnavailable: No encoding has that name, it is not cached and must not be downloaded, or the ranks file
            that ships is damaged.
    """
    if name == BUILTIN_ENCODING:
        return _builtin()
    import tiktoken

    known = tiktoken.list_encoding_names()
    if name not in known:
        raise EncodingUnavailable(
            f"There is no encoding {name!r}. Use {BUILTIN_ENCODING!r}, or one of tiktoken's: {', '.join(known)}."
        )
    try:
        return tiktoken.get_encoding(name) if allow_download else _cached(name)
    except OSError as error:  # requests' errors are OSErrors too
        raise EncodingUnavailable(
            f"The encoding {name!r} could not be downloaded ({type(error).__name__}). Check the network, or use {BUILTIN_ENCODING!r}."
        ) from error


def count_tokens(text: str, encoding: str = BUILTIN_ENCODING) -> int:
    """Return the number of tokens of a text.

    >>> count_tokens("")
    0
    """
    return len(get_encoding(encoding).encode_ordinary(text))


def token_counter(encoding: str = BUILTIN_ENCODING) -> Callable[[str], int]:
    """Return a function that counts the tokens of texts, for callers that measure many."""
    encode = get_encoding(encoding).encode_ordinary
    return lambda text: len(encode(text))


def token_counter_for_model(model: str, *, allow_download: bool = False) -> Callable[[str], int]:
    """Return a function that counts as a model of OpenAI's does.

    Raises:
        EncodingUnavailable: tiktoken does not know the model, or its encoding is not at hand.
    """
    import tiktoken

    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError as error:
        raise EncodingUnavailable(f"tiktoken knows no model {model!r}.") from error
    encode = get_encoding(name, allow_download=allow_download).encode_ordinary
    return lambda text: len(encode(text))


@cache
def _builtin() -> tiktoken.Encoding:
    """Load the encoding that ships, after checking its file."""
    import base64
    import hashlib

    import tiktoken

    try:
        data = _RANKS.read_bytes()
    except OSError as error:
        raise EncodingUnavailable(f"{_RANKS.name}: {error.strerror}. Install survey-qa again.") from error
    if hashlib.sha256(data).hexdigest() != _RANKS_SHA256:
        raise EncodingUnavailable(f"{_RANKS.name} is not the file that shipped. Install survey-qa again.")
    pairs = (line.split() for line in data.splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
    return tiktoken.Encoding(BUILTIN_ENCODING, pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})


def _cached(name: str) -> tiktoken.Encoding:
    """Load one of tiktoken's encodings from its cache; tiktoken has no switch against the network, so its fetcher is held."""
    import tiktoken
    import tiktoken.load

    def refuse(blobpath: str) -> NoReturn:
        raise EncodingUnavailable(
            f"The encoding {name!r} is not cached on this machine. Allow the download with "
            f"get_encoding({name!r}, allow_download=True), set TIKTOKEN_CACHE_DIR to a folder that has it, or use {BUILTIN_ENCODING!r}."
        )

    with _patching:
        fetch = tiktoken.load.read_file
        tiktoken.load.read_file = refuse
        try:
            return tiktoken.get_encoding(name)
        finally:
            tiktoken.load.read_file = fetch
