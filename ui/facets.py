"""What the documents of a list can be filtered by, and how a click changes a filter. Knows no markup and no language.

A click names its condition as ``GROUP.VALUE``: a kind or a language by its hash (they are foreign text), a year as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from index.catalogue import DocumentInfo
from index.filters import Filter
from ui.documents import key_of

Group = Literal["kinds", "languages", "years"]


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that documents have: the click that names it, the value, how many have it, and whether it is chosen."""

    click: str
    value: str
    count: int
    chosen: bool


def facets_of(documents: Iterable[DocumentInfo], within: Filter) -> Mapping[Group, Sequence[Facet]]:
    """Return the values by group, the most frequent first and years from the latest; a group of one value is left out."""
    infos = list(documents)
    return {group: found for group in get_args(Group) if len(found := _facets(infos, group, within)) > 1}


def toggle(within: Filter, click: str, documents: Iterable[DocumentInfo]) -> Filter:
    """Return the filter with one condition more, or one less if it was there; a click that names nothing changes nothing.

    A second year makes a span with the first, a third one begins anew.
    """
    group, _, _ = click.partition(".")
    if group not in get_args(Group):
        return within
    facet = next((one for one in _facets(list(documents), group, within) if one.click == click), None)  # type: ignore[arg-type]  # checked above
    if facet is None:
        return within
    if group == "years":
        return replace(within, years=_span(within.years, int(facet.value)))
    if group == "kinds":
        return replace(within, kinds=((within.kinds or frozenset()) ^ {facet.value}) or None)
    return replace(within, languages=((within.languages or frozenset()) ^ {facet.value}) or None)


def _facets(infos: Sequence[DocumentInfo], group: Group, within: Filter) -> list[Facet]:
    if group == "years":
        years = Counter(info.year for info in infos if info.year is not None)
        first, last = within.years or (None, None)
        return [
            Facet(f"years.{year}", str(year), years[year], first is not None and last is not None and first <= year <= last)
            for year in sorted(years, reverse=True)
        ]  # fmt: skip
    values = Counter(info.kind if group == "kinds" else info.language for info in infos)
    chosen = getattr(within, group) or ()
    return [
        Facet(f"{group}.{key_of(value)}", value, count, value in chosen)
        for value, count in values.most_common()
        if value
    ]


def _span(years: tuple[int | None, int | None] | None, year: int) -> tuple[int | None, int | None] | None:
    if years is None or years[0] != years[1] or years[0] is None:
        return year, year
    return None if years[0] == year else (min(years[0], year), max(years[0], year))
