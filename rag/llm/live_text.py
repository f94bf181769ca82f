"""A reply while it is written: what of it can be shown already."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from corpus.patterns import pattern
from index.hits import Hit
from rag.grounding.marks import Resolver
from rag.llm.defusing import Defuser, without_open_end
from rag.llm.prompting import SENTINEL, SENTINEL_WRITTEN, without_thoughts

_OPENING = "[【［〔"
_TAIL = 200  # characters at the end of a growing text that may be unfinished

_UNFINISHED = pattern(
    r"(?:(?:[\[【［〔][^\]】］〕\n]{0,40}[\]】］〕]{1,2}(?:\([^)\n]*\)?)?[ \t,，、]*)*"
    r"(?:[\[【［〔][^\]】］〕\n]{0,40})?|`[^`\n]{0,40}|<[a-z/]{0,10})\s*\Z",
    re.IGNORECASE,
)


class LiveText:
    """A reply while it is written: what of it can be shown already, with marks in the numbers of the final answer."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self.resolver = Resolver(hits)
        self._defuser = Defuser(hits)
        self._raw = ""
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
            self._raw += piece
            ready = self._defuser.defuse(without_open_end(_finished(self._written)))
            yield from self._fresh(ready.strip())
        yield from self._fresh(self.text)

    def _fresh(self, ready: str) -> Iterator[str]:
        if fresh := self._grown(ready):
            self._shown += fresh
            yield fresh

    def _grown(self, text: str) -> str:
        begun = text.lstrip("*`\"'「")[: len(SENTINEL)]
        if SENTINEL.startswith(begun) or SENTINEL_WRITTEN.search(text):
            return ""
        before, self._ready = self._ready, text
        new = text.removeprefix(before)
        if text.startswith(before) and not any(bracket in new for bracket in _OPENING):
            return new
        resolved = self.resolver.so_far(text)
        return resolved[len(self._shown) :] if resolved.startswith(self._shown) else ""


def _finished(text: str) -> str:
    """Return a growing text without an end that may still become something else: a mark, code, a tag."""
    head, tail = text[:-_TAIL], text[-_TAIL:]
    return (head + _UNFINISHED.sub("", tail)).rstrip()
