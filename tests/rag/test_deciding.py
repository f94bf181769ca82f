"""Yes-or-no questions are answered by the sentence that decides them, or not at all."""

import pytest

from corpus import Document, load_library, split
from index import Index
from rag import Assistant

KITES = """# Kites

## Lark

Lark is a kite for beginners. Lark may be flown over water. Lark was sold to 3,000 schools.

## Swift

Swift is a kite for racing. Swift must not be flown over water, as its frame is made of paper. Swift has two lines.

## Rook

Rook is a kite for children, and unlike Lark it has no tail.
"""


@pytest.fixture(scope="module")
def kites():
    return Assistant.open(index=Index.build(split([Document.from_text(KITES, id="kites.md")])))


@pytest.fixture(scope="module")
def library():
    return Assistant.open(index=Index.build(split(load_library())))


@pytest.mark.parametrize("question", ["May Swift be flown over water?", "Can Swift be flown over water?"])
def test_the_sentence_with_name_and_claim_is_shown_alone(kites, question):
    answer = kites.ask(question)
    assert "must not be flown over water" in answer.text
    assert "racing" not in answer.text
    assert "Lark" not in answer.text


@pytest.mark.parametrize("question", ["Does GPT-4 accept images?", "GPT-4 能看图片吗？"])
def test_a_claim_about_a_model_is_decided_by_one_statement(library, question):
    answer = library.ask(question)
    assert len(answer.citations) == 1
    assert "GPT-4" in answer.text


@pytest.mark.parametrize("question", ["LLaMA 可以商用吗？", "Is LLaMA licensed for commercial use?"])
def test_what_is_said_of_another_model_decides_nothing(library, question):
    answer = library.ask(question)
    assert "不能商用" in answer.text
    assert "Dolly" not in answer.text


@pytest.mark.parametrize("question", ["Does BLOOM support Chinese?", "BLOOM 支持中文吗？"])
def test_no_statement_leaves_out_what_is_asked_about(library, question):
    answer = library.ask(question)
    assert not answer.found or all("BLOOM" in citation.quote for citation in answer.citations)
