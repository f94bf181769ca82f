"""Other names of the same thing, which a question may use and a passage may not.

They come from the documents themselves (``corpus.names``) and from the list that ships; spelling is no matter
(``GPT-3`` is ``gpt3``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from index.terms import analyze, is_cjk, normalize_name

Names = Mapping[str, frozenset[str]]  # normalised name: the other names, as they are written


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name in a question with its place in the normalised text, and the terms of each of its other names."""

    start: int
    end: int
    others: tuple[tuple[str, ...], ...]


def collect(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Gather pairs (name, other name): all other names of one name are other names of each other."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for name, other in pairs:
        key = normalize_name(name)
        if key and normalize_name(other) not in ("", key):
            groups[key].setdefault(key, name)
            groups[key].setdefault(normalize_name(other), other)
    found: dict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        for key in group:
            found[key].update(written for other, written in group.items() if other != key)
    return {key: frozenset(others) for key, others in sorted(found.items())}


def to_json(names: Names) -> bytes:
    """Return the names as JSON."""
    return json.dumps({key: sorted(others) for key, others in names.items()}, separators=(",", ":")).encode()


def from_json(data: memoryview) -> Names:
    """Take back what ``to_json`` gave."""
    return {key: frozenset(others) for key, others in json.loads(bytes(data)).items()}


def find_names(text: str, names: Names) -> list[FoundName]:
    """Return the names of the mapping in a normalised text, the longest at each place, in its order."""
    compact, places = _compact(text)
    ends = [at for at in range(1, len(compact) + 1) if _is_border(compact, places, at)]
    found: list[FoundName] = []
    position = 0
    for number, start in enumerate([0, *ends[:-1]]):
        if start < position:
            continue
        for end in reversed(ends[number : number + _MOST_PIECES]):
            others = names.get(compact[start:end])
            if others:
                found.append(FoundName(places[start], places[end - 1] + 1, _terms_of(others)))
                position = end
                break
    return found


_MOST_PIECES = 10  # words, or Chinese characters, of a name


def _compact(text: str) -> tuple[str, list[int]]:
    """Return a text without spaces and punctuation (a point inside a number stays), and where its characters stood."""
    kept = [
        (character, at)
        for at, character in enumerate(text)
        if character.isalnum() or (character == "." and text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit())
    ]
    return "".join(character for character, _ in kept), [at for _, at in kept]


def _is_border(compact: str, places: list[int], at: int) -> bool:
    """Tell whether a name may end before, and another one begin at, a place of the compact text."""
    if at == len(compact) or places[at] != places[at - 1] + 1:
        return True
    return is_cjk(compact[at]) or is_cjk(compact[at - 1])


@lru_cache(maxsize=4096)
def _terms_of(others: frozenset[str]) -> tuple[tuple[str, ...], ...]:
    """Return the terms of each other name; of Chinese ones the pairs, because their single characters mean other things."""
    found = []
    for other in sorted(others):
        terms = dict.fromkeys(analyze(other))
        pairs = [term for term in terms if len(term) > 1 or not is_cjk(term)]
        found.append(tuple(pairs or terms))
    return tuple(found)
