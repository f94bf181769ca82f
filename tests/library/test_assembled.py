"""Questions that need several places, over the library that ships: our own, with what a right answer must contain."""

from pathlib import Path

import pytest

from corpus import load_library, split
from index import Index
from rag import Assistant
from rag.evaluating import evaluate, load_questions

QUESTIONS = Path(__file__).parent / "assembled.jsonl"
FEWEST_RIGHT = 0.95


@pytest.fixture(scope="module")
def assistant():
    return Assistant.open(index=Index.build(split(load_library())))


def test_nearly_all_questions_that_need_several_places_are_answered_right(assistant):
    results = evaluate(assistant, load_questions(QUESTIONS)).results
    wrong = [result.question for result in results if not result.correct]
    assert len(wrong) <= (1 - FEWEST_RIGHT) * len(results), wrong


def test_every_name_of_a_list_has_a_citation_with_the_title_and_link_of_the_original(assistant):
    answer = assistant.ask("百度发布过哪些模型?")
    lines = answer.text.splitlines()
    assert len(lines) >= 3
    assert all(line.endswith("]") for line in lines)
    titles = {citation.title for citation in answer.citations}
    assert "一网打尽!国内外50多个大模型调研汇总" in titles
    document = assistant.index.document(answer.citations[0].document_id)
    assert "survey-qa 用自己的话" in document.metadata["note"]


def test_what_documents_say_differently_of_a_size_stands_there_from_both(assistant):
    answer = assistant.ask("比较 ChatGLM-6B 和 Alpaca 的参数量")
    said = [line for line in answer.text.splitlines() if "ChatGLM-6B" in line]
    assert any("6.2B" in line for line in said)
    assert any("6B" in line.replace("ChatGLM-6B", "") for line in said)
    assert len({citation.document_id for citation in answer.citations}) >= 2
