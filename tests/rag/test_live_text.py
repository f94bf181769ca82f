"""A reply while it is written: the work of showing it grows with its length, not with the square of it."""

from collections.abc import Callable, Iterator

import pytest

from corpus import Document, split
from index.hits import Hit
from rag.grounding import citing, marks
from rag.llm import live_text
from rag.llm.live_text import LiveText

HITS = [Hit(passage, 1.0) for passage in split([Document.from_text("The pump moves 40 litres. It is old.", id="pump")])]


class Work:
    """Counts the characters that functions are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.characters = 0
        for place, name in (
            (live_text, "without_thoughts"),
            (marks, "lift_marks"),
            (marks, "split_sentences"),
            (citing, "check"),
        ):
            monkeypatch.setattr(place, name, self._counted(getattr(place, name)))

    def _counted(self, function: Callable[..., object]) -> Callable[..., object]:
        def counted(text: str, *rest: object, **named: object) -> object:
            self.characters += len(text)
            return function(text, *rest, **named)

        return counted


def pieces(text: str) -> Iterator[str]:
    return (text[at : at + 5] for at in range(0, len(text), 5))


def lines(count: int) -> str:
    return "".join(f"Pump number {n} moves 40 litres, as is said there [1].\n" for n in range(count))


def work_of(text: str, work: Work) -> int:
    before = work.characters
    assert list(LiveText(HITS).follow(pieces(text)))
    return work.characters - before


def test_a_reply_twice_as_long_takes_twice_the_work(monkeypatch: pytest.MonkeyPatch):
    work = Work(monkeypatch)
    assert work_of(lines(400), work) < 2.3 * work_of(lines(200), work)


def test_a_long_thought_is_not_read_again_with_every_piece(monkeypatch: pytest.MonkeyPatch):
    work = Work(monkeypatch)
    thought = "<think>" + "Is it 40 litres?\n" * 500 + "</think>"
    assert work_of(thought + lines(3), work) < 4 * len(thought) + 2 * work_of(lines(3), work)


def test_what_is_shown_of_a_long_reply_is_its_final_text():
    live = LiveText(HITS)
    shown = "".join(live.follow(pieces(lines(200))))
    assert shown == live.resolver.resolve(live.text)[0]
    assert shown.count("[1]") == 200


def test_a_thought_that_ends_late_takes_back_nothing_that_was_kept():
    live = LiveText(HITS)
    shown = "".join(live.follow(pieces(lines(150) + "<think>Enough?</think>" + lines(1))))
    assert "Enough" not in shown
    assert shown.count("[1]") == 151
