"""The shipped glossary: enough of the field, and every line well formed."""

from collections import Counter
from pathlib import Path

import pytest

GLOSSARY = Path(__file__).parents[2] / "corpus" / "library" / "glossary.tsv"


@pytest.fixture(scope="module")
def pairs() -> list[tuple[str, str]]:
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def test_the_glossary_holds_at_least_600_pairs(pairs):
    assert len(pairs) >= 600


def test_every_line_has_a_chinese_and_an_english_side(pairs):
    assert [pair for pair in pairs if len(pair) != 2] == []
    assert [zh for zh, _ in pairs if not any("\u4e00" <= character <= "\u9fff" for character in zh)] == []
    assert [en for _, en in pairs if any("\u4e00" <= character <= "\u9fff" for character in en)] == []


def test_no_alternative_is_empty_or_padded_or_said_twice(pairs):
    for side in (side for pair in pairs for side in pair):
        alternatives = [alternative.casefold() for alternative in side.split("|")]
        assert all(alternative and alternative == alternative.strip() for alternative in alternatives), side
        assert len(set(alternatives)) == len(alternatives), side


def test_a_chinese_term_stands_on_one_line_only(pairs):
    counts = Counter(term for zh, _ in pairs for term in zh.split("|"))
    assert [term for term, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("检索增强", "retrieval-augmented"),
        ("微调", "fine-tuning"),
        ("量化", "quantisation"),
        ("参数量", "parameter count"),
        ("显存", "GPU memory"),
        ("羊驼", "Alpaca"),
    ],
)
def test_a_term_is_found_with_its_translation(pairs, zh, en):
    assert any(zh in chinese.split("|") and en in english.split("|") for chinese, english in pairs)
