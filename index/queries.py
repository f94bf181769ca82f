"""Query: what a question asks for, in index terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Concept:
    """One word or name of the question with every index term that says it, translations and aliases included.

    ``terms`` maps each alternative to its weight, at most 1; a passage holds the concept if it holds one of them.
    """

    surface: str
    terms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Query:
    """A question in index terms; weights do not contain the idf (``Index.idf`` gives it)."""

    text: str
    terms: Mapping[str, float] = field(default_factory=dict)
    concepts: tuple[Concept, ...] = ()
