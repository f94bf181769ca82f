"""Saying that the documents do not say: decided by the evidence at hand, told in the question's language.

A question is answered only when some piece of the packed passages speaks of what is named *and* of what is asked about
it. Knows nothing of who wrote the draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from index import Index
from index.hits import Hit
from rag.drafts import Draft
from rag.questions import Question

Reason = Literal["unknown_name", "not_about_it", "off_topic", "nothing_found"]

NEAREST = 3  # passages to show with a refusal


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not answered, what was looked for, and the passages that came nearest."""

    reason: Reason
    searched_for: tuple[str, ...] = ()
    nearest: tuple[Hit, ...] = field(default=(), repr=False)


def decide(question: Question, hits: Sequence[Hit], draft: Draft, index: Index) -> Refusal | None:
    """Return why the draft should not be shown, or None when the documents do say."""
    missing = tuple(m.surface for m in question.mentions if m.certain and not m.held)
    if missing:
        return Refusal("unknown_name", missing, tuple(hits[:NEAREST]))
    if not draft.statements:
        return nothing_said(question, hits)
    return None


def nothing_said(question: Question, hits: Sequence[Hit]) -> Refusal:
    """Return the refusal for a reader that found nothing in the passages."""
    return Refusal("nothing_found", question.names, tuple(hits[:NEAREST]))


def refusal_text(refusal: Refusal, question: Question) -> str:
    """Return the refusal in words: what was looked for, and that the documents do not say; never a value."""
    names = "、".join(refusal.searched_for) if question.language == "zh" else ", ".join(refusal.searched_for)
    if question.language == "zh":
        if refusal.reason == "unknown_name":
            return f"资料里没有提到{names},无法回答这个问题。"
        return f"资料里没有说明这一点{'(查找了:' + names + ')' if names else ''}。"
    if refusal.reason == "unknown_name":
        return f"The documents do not mention {names}, so they do not answer this question."
    return f"The documents do not say{' (looked for: ' + names + ')' if names else ''}."
