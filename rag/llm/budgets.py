"""How much of the evidence and of the conversation fits into a model's window, and what is left out.

Sizes are tokens as the model counts them. Instructions and the question are never cut; evidence is cut between
passages and between sentences; of a conversation the oldest turns go first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from corpus.sentences import split_sentences
from index.hits import Hit
from index.terms import analyze
from rag.answers import Message

Counter = Callable[[str], int]

PER_MESSAGE = 8  # tokens that a chat format adds to each message
SMALL_WINDOW = 2_048  # ChatGLM-6B's; there evidence gets at most SMALL_EVIDENCE, so that the answer has room
SMALL_EVIDENCE = 1_200
_LEAST = 48  # tokens below which a piece of a passage is not worth its heading


@dataclass(frozen=True, slots=True)
class Room:
    """How a window is shared: tokens for the answer, the conversation at most, and the evidence at least."""

    answer: int
    history: int
    evidence: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """The passages that fit, best first, some of them shortened, and how many were left out or cut."""

    hits: tuple[Hit, ...]
    left_out: int = 0
    shortened: int = 0


def share(window: int, instructions: int) -> Room:
    """Share a window of tokens out after the instructions (question included) took theirs.

    >>> share(2_048, 400)
    Room(answer=409, history=256, evidence=983)
    """
    answer = min(1_024, window // 5)
    history = window // 8
    evidence = window - instructions - answer - history
    if window <= SMALL_WINDOW:
        evidence = min(evidence, SMALL_EVIDENCE)
    return Room(answer, history, max(0, evidence))


def last_turns(history: Sequence[Message], count: Counter, budget: int) -> list[Message]:
    """Return the latest turns that fit, from a question of the user on."""
    kept: list[Message] = []
    for turn in reversed(history):
        budget -= count(turn["content"]) + PER_MESSAGE
        if budget < 0:
            break
        kept.insert(0, turn)
    while kept and kept[0]["role"] != "user":
        kept.pop(0)
    return kept


def fit(hits: Sequence[Hit], question: str, shown: Callable[[Hit], str], count: Counter, budget: int) -> Fitted:
    """Choose the passages for a budget, best first; the first one that does not fit whole is cut around what answers.

    Args:
        hits: Best first.
        question: What decides which sentences of a cut passage stay.
        shown: How a passage stands in the prompt, heading included.
        count: Tokens of a text.
        budget: Tokens for all of them.
    """
    chosen: list[Hit] = []
    shortened = 0
    for hit in hits:
        size = count(shown(hit)) + 1
        if size <= budget:
            chosen.append(hit)
            budget -= size
        elif not shortened and budget >= _LEAST and (part := _cut(hit, question, shown, count, budget)):
            chosen.append(part)
            budget -= count(shown(part)) + 1
            shortened = 1
    return Fitted(tuple(chosen), len(hits) - len(chosen), shortened)


def _cut(hit: Hit, question: str, shown: Callable[[Hit], str], count: Counter, budget: int) -> Hit | None:
    """Return the longest stretch of sentences around the one nearest to the question that fits, or None."""
    passage = hit.passage
    sentences = split_sentences(passage.text) if passage.kind == "text" else []
    if not sentences:
        return None
    asked = set(analyze(question))
    first = last = max(
        range(len(sentences)), key=lambda n: len(asked & set(analyze(passage.text[slice(*sentences[n])])))
    )

    def part(first: int, last: int) -> Hit:
        start, end = passage.start + sentences[first][0], passage.start + sentences[last][1]
        return replace(hit, passage=replace(passage, start=start, end=end))

    best = part(first, last)
    if count(shown(best)) > budget:
        return None
    grown = True
    while grown:
        grown = False
        for wider in ((first, last + 1), (first - 1, last)):
            if wider[0] >= 0 and wider[1] < len(sentences) and count(shown(part(*wider))) <= budget:
                (first, last), best, grown = wider, part(*wider), True
                break
    return best
