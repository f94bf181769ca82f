"""Yes-or-no questions: the pieces that can decide one speak of what it names and of what it claims.

Nothing is said in our words: a piece decides because whoever reads it can.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rag.reading.scoring import SAID_OF_ANOTHER, Scored, name_carried, name_match
from rag.understanding.grammar import VALUE_PATTERNS
from rag.understanding.mentions import Mention
from rag.understanding.questions import Question

CARRIED = 0.4  # from which a piece is about a name at all
MUCH = 0.5  # of the claim, from which a piece likely decides
AS_MUCH = 0.75  # of the claim of the piece that has most of it, that another one must have then
FIRST = 12  # pieces of which one has the most of the claim


def deciding(ranked: Sequence[Scored], question: Question) -> Sequence[Scored]:
    """Return the pieces that can decide a yes-or-no question; all for any other one, and for one that asks what somebody thinks.

    They are about every sure name, or else about the first, and not about something else if others are not. Where one has much of the
    claim, the others have nearly as much.
    """
    if question.kind != "yes_no" or len(question.clauses) > 1 or VALUE_PATTERNS["opinion"].search(question.text):
        return ranked
    names = [mention for mention in question.mentions if mention.sure and mention.held]
    about = _about(names, ranked) or _about(names[:1], ranked)
    about = [scored for scored in about if not _tells_of_another(scored, question)] or about
    most = max((scored.words for scored in about[:FIRST]), default=0.0)
    if most >= MUCH:
        about = [scored for scored in about if scored.words >= AS_MUCH * most]
    return about or ranked


def _about(names: Collection[Mention], ranked: Sequence[Scored]) -> list[Scored]:
    return [scored for scored in ranked if all(name_carried(name, scored.unit) >= CARRIED for name in names)]


def _tells_of_another(scored: Scored, question: Question) -> bool:
    """Tell whether a piece only mentions what is named, and neither begins with it nor is about it."""
    names = [mention for mention in question.mentions if mention.held]
    text = scored.unit.text.lower()
    begins = any(text.startswith(spelling.lower()) for mention in names for spelling in mention.spellings)
    return not begins and max((name_match(name, scored.unit) for name in names), default=0.0) == SAID_OF_ANOTHER
