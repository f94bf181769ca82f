"""What a reader without a language model hands over: statements, each with the places it stands on.

A Draft has no marks and no numbers yet; ``rag.grounding.citing.compose`` writes those.
"""

from __future__ import annotations

from dataclasses import dataclass

from corpus.documents import Document


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a document: what a citation will quote."""

    document: Document
    start: int
    end: int

    @property
    def quote(self) -> str:
        """The characters themselves."""
        return self.document.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of an answer in the documents' own words, with at least one span that holds them."""

    text: str
    sources: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before its citations are numbered; without statements it is "nothing found".

    ``assured`` says that whoever made it has found everything that the question says in the places that it cites;
    ``unmet`` that tables list what is asked for, and that none of it is as the question says.
    """

    statements: tuple[Statement, ...] = ()
    lead: str = ""  # a frame sentence in the language of the question, before the statements
    notes: tuple[str, ...] = ()
    assured: bool = False
    unmet: bool = False
