"""Folding what earlier turns said into a follow-up, so that it can be asked alone."""

from __future__ import annotations

from collections.abc import Sequence

from index import Index
from rag.answers import Message


def stand_alone(question: str, history: Sequence[Message], index: Index) -> str:
    """Return the question so that it can be understood without its history."""
    return question
