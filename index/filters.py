"""Which documents may answer: by id, kind, language and year. Decided before anything is ranked, in both legs."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from corpus.errors import UsageError
from corpus.patterns import pattern
from index.catalogue import DocumentInfo, JoinedCatalogue

Numbers = npt.NDArray[np.int64]
KEPT = 16  # selections that stay ready
_YEARS = pattern(r"(?P<first>\d{4})?(?P<to>\.\.)?(?P<last>\d{4})?")
_FIELDS = ("documents", "kinds", "languages", "years")


@dataclass(frozen=True, slots=True)
class Filter:
    """Lets documents through that meet every condition; None sets no condition, an empty set lets none through."""

    documents: frozenset[str] | None = None  # ids
    kinds: frozenset[str] | None = None  # "survey", "paper", "markdown", "text", ...
    languages: frozenset[str] | None = None  # "zh", "en"
    years: tuple[int | None, int | None] | None = None  # first and last, both included; None: open

    @classmethod
    def of(
        cls,
        documents: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        languages: Collection[str] | None = None,
        years: str | int | None = None,
    ) -> Self:
        """Make a filter of what people type; ``years`` is "2023", "2021..2023", "2021.." or "..2023".

        Raises:
            UsageError: A condition is not of this form.
        """
        return cls(_names("documents", documents), _names("kinds", kinds), _names("languages", languages), _span(years))

    @classmethod
    def of_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Make a filter of the fields ``documents``, ``kinds``, ``languages`` and ``years`` of an object read from JSON.

        Raises:
            UsageError: A field is not of its form.
        """
        return cls.of(**{name: fields.get(name) for name in _FIELDS})

    def __bool__(self) -> bool:
        """Tell whether there is any condition."""
        return any(getattr(self, name) is not None for name in _FIELDS)

    def admits(self, info: DocumentInfo) -> bool:
        """Tell whether a document meets every condition; one without a year meets no condition on years."""
        return (
            (self.documents is None or info.id in self.documents)
            and (self.kinds is None or info.kind in self.kinds)
            and (self.languages is None or info.language in self.languages)
            and (self.years is None or _within(info.year, self.years))
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents that a filter lets through, and their passages."""

    documents: frozenset[str]
    numbers: Numbers  # of their passages, ascending
    mask: npt.NDArray[np.bool_]  # (passages of the index, removed ones included,)

    def only(self, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return those of the passage numbers that are selected."""
        chosen: npt.NDArray[Any] = numbers[self.mask[numbers]]
        return chosen

    def within(self, other: Selection) -> Selection:
        """Return what both let through."""
        mask = self.mask & other.mask
        return Selection(self.documents & other.documents, np.flatnonzero(mask), mask)


class Selections:
    """What the last filters let through of a catalogue. Safe to use from several threads."""

    def __init__(self, catalogue: JoinedCatalogue) -> None:
        self._catalogue = catalogue
        self._kept: OrderedDict[Filter, Selection] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, filter: Filter) -> Selection:
        """Return what a filter lets through.

        Raises:
            UnknownDocument: The filter names an id that no document has.
            UsageError: It names a kind, a language or years that no document has.
        """
        with self._lock:
            if filter in self._kept:
                self._kept.move_to_end(filter)
                return self._kept[filter]
        selection = select(filter, self._catalogue)
        with self._lock:
            self._kept[filter] = selection
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return selection


def select(filter: Filter, catalogue: JoinedCatalogue) -> Selection:
    """Return the documents that a filter lets through and their passages; raises what ``Selections.of`` does."""
    chosen = _documents(filter, catalogue)
    mask = np.zeros(catalogue.end, np.bool_)
    for id_ in chosen:
        numbers = catalogue.numbers_of(id_)
        mask[numbers.start : numbers.stop] = True
    return Selection(chosen, np.flatnonzero(mask), mask)


def check_known(filter: Filter, held: Mapping[str, Counter[str]], documents: int) -> None:
    """Refuse a kind, a language or years that no document has.

    ``held`` counts the documents by ``kinds``, ``languages`` and ``years`` (texts; ``-1`` where nothing tells a year).

    Raises:
        UsageError: One of them is not held.
    """
    for what, asked in (("kind", filter.kinds), ("language", filter.languages)):
        for value in sorted(asked or ()):
            if value not in held[f"{what}s"]:
                there = ", ".join(f"{name} ({count})" for name, count in held[f"{what}s"].most_common() if name)
                raise UsageError(
                    f"No document has the {what} {value!r}. In this index there are: {there or 'none that is known'}."
                )
    years = [int(year) for year in held["years"] if int(year) >= 0]
    if filter.years is not None and not any(_within(year, filter.years) for year in years):
        raise UsageError(
            f"No document is of {_said(filter.years)}. {_years_held(years, held['years']['-1'], documents)}"
        )


def _documents(filter: Filter, catalogue: JoinedCatalogue) -> frozenset[str]:
    for id_ in filter.documents or ():
        catalogue.numbers_of(id_)
    if (filter.kinds, filter.languages, filter.years) == (None, None, None):
        return filter.documents if filter.documents is not None else _ids(catalogue.documents())
    infos = catalogue.documents()
    held = {
        "kinds": Counter(info.kind for info in infos),
        "languages": Counter(info.language for info in infos),
        "years": Counter("-1" if info.year is None else str(info.year) for info in infos),
    }
    check_known(filter, held, len(infos))
    return _ids(info for info in infos if filter.admits(info))


def _ids(infos: Iterable[DocumentInfo]) -> frozenset[str]:
    return frozenset(info.id for info in infos)


def _within(year: int | None, years: tuple[int | None, int | None]) -> bool:
    first, last = years
    return year is not None and (first is None or year >= first) and (last is None or year <= last)


def _said(years: tuple[int | None, int | None]) -> str:
    first, last = years
    return str(first) if first == last else f"{first or ''}..{last or ''}"


def _years_held(known: Collection[int], missing: int, documents: int) -> str:
    if not known:
        return "No document of this index has a year; give one in its front matter (date: 2023-05-01)."
    return f"The documents of this index are of {min(known)} to {max(known)}; {missing} of {documents} have no year."


def _names(field: str, values: object) -> frozenset[str] | None:
    if values is None:
        return None
    if isinstance(values, str):
        return frozenset([values])
    if not isinstance(values, list | tuple | set | frozenset) or not all(isinstance(value, str) for value in values):
        raise UsageError(f'{field} is a list of texts such as ["…"], not {values!r:.60}.')
    return frozenset(values)


def _span(years: object) -> tuple[int | None, int | None] | None:
    if years is None:
        return None
    plain = isinstance(years, str | int) and not isinstance(years, bool)
    found = _YEARS.fullmatch(str(years).strip()) if plain else None
    if not found or not (found["first"] or found["last"]) or (found["last"] and not found["to"]):
        raise UsageError(f"Years are 2023, 2021..2023, 2021.. or ..2023, not {years!r:.60}.")
    first = int(found["first"]) if found["first"] else None
    last = int(found["last"]) if found["last"] else None
    if not found["to"]:
        last = first
    if first is not None and last is not None and first > last:
        raise UsageError(f"The years {years} go backwards. Write {last}..{first}.")
    return first, last
