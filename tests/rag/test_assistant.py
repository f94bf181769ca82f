"""The Assistant end to end over real parts: reading, index, reader, citations, refusal, streaming, conversation."""

import asyncio

import pytest

from corpus import Document, UsageError, split
from index import Index
from rag import Answer, Assistant, BadQuestion, LLMError
from rag.llm.chat import ChatReader

TELESCOPES = """# Radio telescopes

## Arran Array

The Arran Array is a radio telescope that the University of Lorne built in 2011. It has 48 dishes of 12 metres each.
Observers receive data through the Heron archive. Project page: https://example.org/arran

## Brodick Dish

The Brodick Dish is a single dish of 76 metres. It was built by the Firth Institute in 1998.
"""

CHINESE = """# 射电望远镜

## 青石阵列

青石阵列(翠鸟)由北川大学于 2015 年建成,共有 36 面天线。它的数据通过白鹭档案公开。
"""


@pytest.fixture(scope="module")
def assistant():
    documents = [
        Document.from_text(TELESCOPES, id="telescopes.md", url="https://example.org/survey"),
        Document.from_text(CHINESE, id="wangyuanjing.md"),
    ]
    return Assistant.open(index=Index.build(split(documents)))


def test_an_answer_cites_the_exact_words_of_the_document(assistant):
    answer = assistant.ask("How many dishes does the Arran Array have?")
    assert answer.found
    assert "48" in answer.text
    assert "[1]" in answer.text
    citation = answer.citations[0]
    assert assistant.index.document(citation.document_id).text[citation.start : citation.end] == citation.quote
    assert "48" in citation.quote
    assert citation.url == "https://example.org/survey"


def test_a_chinese_question_is_answered_from_the_chinese_document(assistant):
    answer = assistant.ask("青石阵列有多少面天线?")
    assert answer.found
    assert "36" in answer.text


def test_a_question_about_something_that_is_not_there_is_refused(assistant):
    answer = assistant.ask("How many dishes does the Zanzibar Interferometer have?")
    assert not answer.found
    assert answer.citations == ()
    assert answer.text


def test_a_follow_up_is_understood_from_the_history(assistant):
    history = [
        {"role": "user", "content": "What is the Brodick Dish?"},
        {"role": "assistant", "content": "A single dish of 76 metres."},
    ]
    answer = assistant.ask("Who built it?", history=history)
    assert "Brodick" in answer.standalone_question
    assert "Firth Institute" in answer.text


def test_a_conversation_remembers_its_turns(assistant):
    conversation = assistant.conversation()
    conversation.ask("What is the Brodick Dish?")
    answer = conversation.ask("When was it built?")
    assert "1998" in answer.text
    assert [turn["role"] for turn in conversation.history] == ["user", "assistant"] * 2


def test_a_stream_ends_with_the_answer_whose_text_was_streamed(assistant):
    *pieces, answer = assistant.stream("Who built the Brodick Dish?")
    assert isinstance(answer, Answer)
    assert "".join(pieces) == answer.text


def test_async_calls_give_the_same(assistant):
    async def both():
        answer = await assistant.aask("Who built the Brodick Dish?")
        events = [event async for event in assistant.astream("Who built the Brodick Dish?")]
        return answer, events[-1]

    answer, streamed = asyncio.run(both())
    assert answer.text == streamed.text


def test_the_json_of_an_answer_has_the_agreed_shape(assistant):
    data = assistant.ask("Who built the Brodick Dish?").to_dict()
    assert {"question", "answer", "found", "citations", "passages", "standalone_question", "reader", "index"} <= set(
        data
    )
    assert set(data["citations"][0]) == {
        "number", "document", "title", "section", "quote", "start", "end", "url", "page", "support",
    }  # fmt: skip
    assert set(data["passages"][0]) == {"document", "section", "start", "end", "text", "score"}
    assert data["reader"] == "extractive"
    assert data["labels"]["1"] == "supported"


def test_search_returns_passages_best_first(assistant):
    hits = assistant.search("Brodick Dish", k=3)
    assert "Brodick" in hits[0].passage.section
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize("question", ["", "   \n", "\x00\x01"])
def test_an_empty_question_is_refused_with_an_example(assistant, question):
    with pytest.raises(BadQuestion, match="empty"):
        assistant.ask(question)


def test_a_question_of_100_000_characters_says_what_to_do(assistant):
    with pytest.raises(BadQuestion, match=r"100,000 characters; 8,000 are the most.*index build"):
        assistant.ask("字" * 100_000)


def test_a_question_that_is_not_text_is_refused(assistant):
    with pytest.raises(BadQuestion, match="not int"):
        assistant.ask(7)


@pytest.mark.parametrize("history", ["text", [{"role": "system", "content": "obey"}], [{"role": "user"}], [3]])
def test_a_malformed_history_is_refused(assistant, history):
    with pytest.raises(BadQuestion, match="history"):
        assistant.ask("Who built it?", history=history)


def test_an_address_without_a_model_is_refused_instead_of_ignored(tmp_path):
    with pytest.raises(UsageError, match="--llm openai:MODEL"):
        Assistant.open(home=tmp_path, llm_base_url="http://127.0.0.1:9/v1")


def test_an_unknown_llm_spec_is_refused_before_anything_is_built(tmp_path):
    with pytest.raises(LLMError) as raised:
        Assistant.open(home=tmp_path, llm="gpt-nonsense")
    assert raised.value.kind == "unknown_spec"
    assert not list(tmp_path.iterdir())


def test_a_folder_is_indexed_once_and_again_only_when_it_changes(tmp_path):
    folder, home = tmp_path / "docs", tmp_path / "home"
    folder.mkdir()
    (folder / "t.md").write_text(TELESCOPES, "utf-8")
    first = Assistant.from_folder(folder, home=home)
    again = Assistant.from_folder(folder, home=home)
    assert first.index.snapshot == again.index.snapshot
    (folder / "w.md").write_text(CHINESE, "utf-8")
    assert "36" in Assistant.from_folder(folder, home=home).ask("青石阵列有多少面天线?").text


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no-such-folder"):
        Assistant.from_folder(tmp_path / "no-such-folder", home=tmp_path)


def test_k_bounds_the_passages_that_a_question_is_given(assistant):
    narrow = Assistant.open(index=assistant.index, k=1)
    assert len(narrow.ask("Who built the Brodick Dish?").passages) < len(assistant.ask("Who built it?").passages)


def test_a_k_below_one_is_refused(assistant):
    with pytest.raises(UsageError, match="at least 1 passage"):
        Assistant.open(index=assistant.index, k=0)


HISTORY = [
    {"role": "user", "content": "What is the Brodick Dish?"},
    {"role": "assistant", "content": "A single dish of 76 metres."},
]


def test_a_follow_up_is_folded_by_the_model_where_there_is_one(assistant, scripted):
    model = scripted("Which institute built the Brodick Dish?", "It was built by the Firth Institute in 1998. [1]")
    answer = Assistant(assistant.index, ChatReader(model)).ask("Who built it?", history=HISTORY)
    assert answer.standalone_question == "Which institute built the Brodick Dish?"
    assert answer.reader == "openai:scripted"


def test_a_follow_up_is_folded_by_rules_when_the_model_fails_to(assistant, scripted):
    model = scripted("", "It was built by the Firth Institute in 1998. [1]")
    answer = Assistant(assistant.index, ChatReader(model)).ask("Who built it?", history=HISTORY)
    assert "Brodick" in answer.standalone_question
    assert "Firth" in answer.text


def test_a_question_with_pasted_context_is_understood_from_its_beginning_and_end(assistant):
    question = "Here is a page that I found. " + "The sea was calm. " * 300 + "Who built the Brodick Dish?"
    answer = assistant.ask(question)
    assert "Brodick Dish" in answer.explanation["names"]
    assert answer.standalone_question == question


def test_what_is_shown_of_an_assistant_and_a_conversation_fits_a_line(assistant):
    conversation = assistant.conversation()
    conversation.ask("How many dishes has the Arran Array?")
    assert repr(assistant).startswith("Assistant(Index(")
    assert repr(conversation).endswith(", 2 turns)")
    assert "dishes" not in repr(conversation)
