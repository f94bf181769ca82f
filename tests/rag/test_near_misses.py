"""Questions for something that the documents tell of another thing than the one that is asked about."""

from pathlib import Path

import pytest

from corpus import Document, read_folder, split
from index import Index
from rag import Assistant
from rag.reading import extractive
from rag.reading.packing import pack
from rag.reading.units import units_of
from rag.refusals.evidence import Evidence, weigh
from rag.refusals.naming import names_written, words_in_names
from rag.understanding.questions import understand

SHIPS = """# Ships of the strait

## Marlin

Marlin crosses the strait in 40 minutes. Her captain is Ada Holt. She burns gas.

## Petrel

Petrel crosses the strait in an hour. She was painted green in 2015.

## 长庚号

- **长庚号**：长 80 米，载客 300 人。
- **启明号**：长 60 米，零下 20 度也能开航。
"""


@pytest.fixture(scope="module")
def ships():
    return Index.build(split([Document.from_text(SHIPS, id="ships.md", title="Ships")]))


def evidence(index: Index, text: str) -> Evidence:
    question = understand(text, index)
    packed = pack(question, index.search(text, 10), index)
    return weigh(question, packed, extractive.read(question, packed, index), index)


def test_what_is_said_of_another_thing_counts_as_elsewhere(ships):
    assert evidence(ships, "Who is the captain of Petrel?").elsewhere >= 0.5
    assert evidence(ships, "Who is the captain of Marlin?").elsewhere < 0.3


def test_a_bold_name_that_begins_an_item_names_what_is_asked_about(ships):
    assert evidence(ships, "长庚号零下多少度能开航?").elsewhere > evidence(ships, "启明号零下多少度能开航?").elsewhere


def test_several_things_that_are_asked_for_may_stand_apart(ships):
    assert evidence(ships, "Which captains do Marlin and Petrel have?").elsewhere == 0.0


def test_words_right_beside_a_name_belong_to_it():
    text = "# Radios\n\n## 白塔 Mono\n\n白塔 Mono 重 2 公斤。\n\n## 海角 Duo\n\n海角 Duo 有 8 个频道。"
    index = Index.build(split([Document.from_text(text, id="radios.md")]))
    question = understand("白塔 Mono 有几个频道?", index)
    units = units_of(index.search(question.text, 5))
    assert "白塔" in words_in_names(question, names_written(question, units), units)
    assert "频道" not in words_in_names(question, names_written(question, units), units)


def test_a_statement_in_another_language_is_told_apart(ships):
    assert evidence(ships, "Marlin 的船长是谁?").abroad == 1.0
    assert evidence(ships, "Marlin 的船长是谁?").sort == "other_abroad"
    assert evidence(ships, "Who is the captain of Marlin?").sort == "other"


def test_the_date_of_one_event_is_no_date_of_another():
    text = "# Firms\n\nHolm Works opened a second yard in 2004. Holm Works has 90 workers.\n\n霍姆工厂 2004 年卖出第一条船。"
    index = Index.build(split([Document.from_text(text, id="firms.md")]))
    assert (
        evidence(index, "霍姆工厂是哪一年成立的?").together
        < evidence(index, "霍姆工厂是哪一年卖出第一条船的?").together
    )


def test_half_of_the_near_misses_over_documents_that_were_never_fitted_are_refused():
    """``strangers.jsonl`` is by somebody else, and no weight was fitted to it."""
    from rag.evaluating import evaluate, load_questions

    questions = Path(__file__).parents[1] / "questions"
    documents = read_folder(questions / "strangers").documents
    report = evaluate(
        Assistant.open(index=Index.build(split(documents))), load_questions(questions / "strangers.jsonl")
    )
    estimates = report.estimates()
    assert estimates["refused_unanswerable"].value >= 0.5
    assert estimates["refused_answerable"].value <= 0.07


def test_words_beside_a_name_in_a_sentence_are_no_part_of_it():
    index = Index.build(split([Document.from_text("校准 Heron-2 时先关掉接收机，再对准射电源。", id="heron.md")]))
    question = understand("校准 Heron-2 分几步?", index)
    assert not words_in_names(question, (), units_of(index.search(question.text, 5)))
