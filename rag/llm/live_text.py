"""A reply while it is written: what of it can be shown already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.patterns import pattern
from index.hits import Hit
from rag.grounding.marks import Resolver
from rag.llm.defusing import MAX_TAIL, Defuser, without_open_end
from rag.llm.prompting import SENTINEL, SENTINEL_WRITTEN, THOUGHT_BEGINS, THOUGHT_ENDS, without_thoughts

_OPENING = "[【［〔"
_LONGEST_TAG = len("</thinking>")
_TAIL = 200  # characters at the end of a growing text that may be unfinished

_UNFINISHED = pattern(
    r"(?:(?:[\[【［〔][^\]】］〕\n]{0,40}[\]】］〕]{1,2}(?:\([^)\n]*\)?)?[ \t,，、]*)*"
    r"(?:[\[【［〔][^\]】］〕\n]{0,40})?|`[^`\n]{0,40}|<[a-z/]{0,10})\s*\Z",
    re.IGNORECASE,
)


class LiveText:
    """A reply while it is written: what of it can be shown already, with marks in the numbers of the final answer.

    What no further text can change is cleaned once: a piece costs as much at the end of a long reply as at its beginning.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.resolver = Resolver(hits)
        self._defuser = Defuser(hits)
        self._raw = ""
        self._kept = ""  # the beginning of the reply without thoughts, cleaned and harmless
        self._open = ""  # what the model wrote behind that
        self._thinks = False  # whether it is at a thought, which changes nothing until it ends
        self._ready = ""
        self._shown = ""

    @property
    def text(self) -> str:
        """The reply so far, cleaned and harmless, with the model's own marks."""
        return self._defuser.defuse(self._written).strip()

    @property
    def was_defused(self) -> bool:
        """True when something of the reply is not shown because a reader's program might follow it."""
        return len(self.text) < len(self._written)

    @property
    def _written(self) -> str:
        return without_thoughts(self._raw).strip()

    def follow(self, pieces: Iterator[str]) -> Iterator[str]:
        """Yield what can be shown after each piece ("" for ""): no half of a mark, nothing that looks like the sentinel."""
        for piece in pieces:
            if not piece:
                yield ""
                continue
            thought = self._thinks
            self._add(piece)
            if not (thought and self._thinks):
                yield from self._fresh(self._readable().strip())
        yield from self._fresh(self.text)

    def _add(self, piece: str) -> None:
        """Take a piece, and keep the lines that stand too far back for it to change them."""
        self._raw += piece
        if THOUGHT_ENDS.search(self._raw, max(0, len(self._raw) - len(piece) - _LONGEST_TAG)):
            self._kept, self._open = (
                "",
                without_thoughts(self._raw),
            )  # all that was written before may have been a thought
            self._thinks = THOUGHT_BEGINS.search(THOUGHT_ENDS.split(self._raw)[-1]) is not None
        elif not self._thinks:
            self._open += piece
            self._thinks = THOUGHT_BEGINS.search(self._open) is not None
        if len(self._open) > 2 * MAX_TAIL and not self._thinks:
            end = self._open.rfind("\n", 0, len(self._open) - MAX_TAIL) + 1
            self._kept += self._defuser.defuse(without_thoughts(self._open[:end]))
            self._open = self._open[end:]

    def _readable(self) -> str:
        """Return what can be shown so far."""
        return self._kept + self._defuser.defuse(without_open_end(_finished(without_thoughts(self._open))))

    def _fresh(self, ready: str) -> Iterator[str]:
        if fresh := self._grown(ready):
            self._shown += fresh
            yield fresh

    def _grown(self, text: str) -> str:
        grows = text.startswith(self._ready)
        begun = text.lstrip("*`\"'「")[: len(SENTINEL)]
        unread = max(0, len(self._ready) - 2 * len(SENTINEL)) if grows else 0
        if SENTINEL.startswith(begun) or SENTINEL_WRITTEN.search(text, unread):
            return ""
        before, self._ready = self._ready, text
        new = text.removeprefix(before)
        if grows and not any(bracket in new for bracket in _OPENING):
            return new
        resolved = self.resolver.so_far(text)
        return resolved[len(self._shown) :] if resolved.startswith(self._shown) else ""


def _finished(text: str) -> str:
    """Return a growing text without an end that may still become something else: a mark, code, a tag."""
    head, tail = text[:-_TAIL], text[-_TAIL:]
    return (head + _UNFINISHED.sub("", tail)).rstrip()
