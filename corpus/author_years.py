"""References by author and year, "(Lindqvist et al., 2019)" or "林岚等（2021）", resolved through the list of references.

An entry is known by the surname of its first author and by the years in it. Where two entries have both, nothing is
guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from corpus.patterns import pattern

_YEAR = pattern(r"(?<![\w.:/-])(?:19|20)\d\d[a-z]?(?![\w/-]|\.\d)", re.ASCII)
_ADDRESS = pattern(r"https?:\S+")
_HAN = r"[\u3400-\u9fff]"
_LATIN = r"[A-Z\u00c0-\u00de][A-Za-z\u00c0-\u024f'’-]+"
_CITED = pattern(
    rf"""(?: (?<![\w'’-])(?P<latin>{_LATIN})(?:\s+et\s+al\.?|\s*等人?|\s*(?:\band\b|&|[和与及])\s*{_LATIN})?
           | (?P<han>{_HAN}{{2,10}}?)(?:等人?|[和与及、]{_HAN}{{2,4}})? )
        (?: \s?[,，]\s? | \s?[(（\[]\s? | \s )$""",
    re.VERBOSE,
)
_END_OF_AUTHOR = pattern(
    r"[,，、;；(（\[\d]|(?<=[^\W\d_]{2})[.．](?:\s|$)|(?<=[\u3400-\u9fff])[.．]|\s(?:and|&|et)\s|等"
)
_INITIALS = pattern(r"(?:[A-Z]\.?-?){1,3}")
_LONGEST_AUTHOR = 40  # characters; a longer beginning of an entry is a title
_LONGEST_BEFORE = 70  # characters from the first author of a citation to its year


class Mention(NamedTuple):
    """A place in a text that names an entry: where it stands, and the number of the entry."""

    start: int
    end: int
    entry: int


def find_mentions(text: str, entries: Sequence[str]) -> Iterator[Mention]:
    """Yield the places that name one of the entries, and only one, by its first author and a year of it.

    >>> list(find_mentions("As Berg et al. (2019) say", ["Berg, A., Dahl, B. (2019). Tides."]))
    [Mention(start=3, end=20, entry=0)]
    """
    known = keys_of(entries)
    if known:
        yield from find_known(text, known)


def keys_of(entries: Sequence[str]) -> dict[tuple[str, str], set[int]]:
    """Return the numbers of entries by the surname of their first author and a year of theirs."""
    known: dict[tuple[str, str], set[int]] = {}
    for number, entry in enumerate(entries):
        for key in _keys(entry):
            known.setdefault(key, set()).add(number)
    return known


def find_known(text: str, known: Mapping[tuple[str, str], set[int]]) -> Iterator[Mention]:
    """Yield what ``find_mentions`` does, for keys that are used for many texts."""
    for year in _YEAR.finditer(text):
        before = max(0, year.start() - _LONGEST_BEFORE)
        cited = _CITED.search(text[before : year.start()])
        if cited is None:
            continue
        names = [cited["latin"]] if cited["latin"] else [cited["han"][-size:] for size in range(2, 5)]
        found = {(name, each) for name in names for each in known.get((name.casefold(), year.group()), ())}
        if len(found) == 1:
            [(name, entry_number)] = found
            end_of_name = before + cited.end(cited.lastgroup or 0)
            yield Mention(end_of_name - len(name), year.end(), entry_number)


def _keys(entry: str) -> Iterator[tuple[str, str]]:
    """Yield the first author's surname with each year of an entry."""
    words = _ADDRESS.sub(" ", entry).strip(" *_`-[]")
    ending = _END_OF_AUTHOR.search(words)
    author = words[: ending.start()].strip() if ending else ""
    if not author or len(author) > _LONGEST_AUTHOR or ":" in author or "：" in author:
        return
    names = [name for name in author.split() if not _INITIALS.fullmatch(name)]
    if names:
        for year in set(_YEAR.findall(words)):
            yield names[-1].casefold(), year
