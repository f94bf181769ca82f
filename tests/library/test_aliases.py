"""Promises about the other names that ship: enough of them, and none that stands for two things."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ALIASES = Path(__file__).parents[2] / "corpus" / "library" / "aliases.tsv"


def rows() -> list[list[str]]:
    """Return each line's names, the main one first."""
    lines = [line for line in ALIASES.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [[name, *others.split("|")] for name, others in (line.split("\t") for line in lines)]


def plain(name: str) -> str:
    """Return a name as it is compared: white space, hyphens and case left out."""
    return re.sub(r"[\s·-]", "", name).casefold()


def test_at_least_a_hundred_names_have_others():
    assert len(rows()) >= 100


def test_no_name_is_empty_or_padded():
    assert all(name and name == name.strip() for row in rows() for name in row)


def test_a_name_stands_for_one_thing_only():
    counts = Counter(plain(name) for row in rows() for name in row)
    assert [name for name, times in counts.items() if times > 1] == []


def test_most_names_have_one_in_the_other_language():
    bilingual = [row for row in rows() if len({bool(re.search(r"[\u4e00-\u9fff]", name)) for name in row}) == 2]
    assert len(bilingual) >= 80
