"""What the check says of pairs made to mislead it: a number, unit, name, date or quantifier changed, a denial, half a truth.

``pytest tests/rag/test_checked_pairs.py -s`` prints the table of kinds and labels.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from rag.grounding.checking import check

PAIRS = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("checked_pairs.tsv").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
FALSE = ("number", "unit", "negated", "name", "date", "quantifier", "unrelated")
TRUE = ("same", "paraphrase", "across")


def of(*kinds):
    return [pytest.param(statement, quote, id=statement) for kind, statement, quote in PAIRS if kind in kinds]


@pytest.mark.parametrize(("statement", "quote"), of(*FALSE))
def test_what_the_quote_does_not_say_is_never_supported(statement, quote):
    assert check(statement, quote).label != "supported"


@pytest.mark.parametrize(("statement", "quote"), of("same", "across"))
def test_the_same_in_another_notation_or_language_is_supported(statement, quote):
    assert check(statement, quote).label == "supported"


@pytest.mark.parametrize(("statement", "quote"), of("half"))
def test_half_of_a_statement_in_the_quote_is_weak(statement, quote):
    assert check(statement, quote).label == "weak"


def test_the_table_of_labels(capsys):
    labels = defaultdict(Counter)
    for kind, statement, quote in PAIRS:
        labels[kind][check(statement, quote).label] += 1
    with capsys.disabled():
        print(f"\n{'kind':12}{'supported':>10}{'weak':>6}{'unsupported':>13}")
        for kind, counts in labels.items():
            print(f"{kind:12}{counts['supported']:10}{counts['weak']:6}{counts['unsupported']:13}")
    assert len(PAIRS) >= 120
    assert labels["paraphrase"]["unsupported"] == 0
    assert labels["paraphrase"]["supported"] >= 20
