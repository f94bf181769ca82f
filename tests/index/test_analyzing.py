"""Reading passages by several processes finds what one process finds."""

import numpy as np
import pytest

from corpus import Document, split
from index import Index, analyzing
from index.analyzing import analyze_passages

TEXTS = [
    f"# 第 {number} 号灯塔\n\nLighthouse-{number}(灯塔{'甲乙丙丁戊'[number % 5]})由海事局于 {1900 + number} 年建成,高 {number} 米。\n\n"
    f"| 年份 | 高度 |\n| --- | --- |\n| {1900 + number} | {number} m |\n\nIts light is seen from afar."
    for number in range(23)
]


@pytest.fixture(scope="module")
def passages():
    return split([Document.from_text(text, id=f"{number}\udc80.md") for number, text in enumerate(TEXTS)])


def quiet(done):
    """Hear nothing."""


def same(one, other):
    ours, theirs = (found.counter.postings(found.counter.averages()).arrays() for found in (one, other))
    return (
        all(np.array_equal(ours[name], theirs[name]) for name in ours)
        and np.array_equal(one.sameness, other.sameness)
        and np.array_equal(one.chinese, other.chinese)
        and one.aliases == other.aliases
    )


@pytest.mark.parametrize("processes", [2, 5])
def test_several_processes_find_what_one_finds(passages, processes):
    assert same(analyze_passages(passages, quiet, processes), analyze_passages(passages, quiet, 1))


def test_a_process_that_dies_is_replaced(passages, monkeypatch):
    expected = analyze_passages(passages, quiet, 1)
    monkeypatch.setattr(analyzing.sys, "executable", "/bin/false")
    assert same(analyze_passages(passages, quiet, 3), expected)


def test_what_was_done_is_told(passages):
    told = []
    analyze_passages(passages, told.append, 2)
    assert told[-1] == len(passages)


def test_a_large_build_gives_the_same_index(passages, monkeypatch, found):
    alone = Index.build(passages)
    monkeypatch.setattr(analyzing, "ENOUGH_FOR_PROCESSES", 10)
    together = Index.build(passages)
    for question in ("灯塔甲有多高?", "lighthouse 7", "1911 年"):
        assert found(together, question, 5) == found(alone, question, 5)
    assert together.aliases() == alone.aliases()
