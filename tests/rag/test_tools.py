"""Models that call tools, over real HTTP: what they find is cited and checked like passages, and what they ask is not trusted."""

from __future__ import annotations

import json

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.llm.chat import ChatReader
from rag.llm.models import open_model
from rag.llm.tools import MAX_ROUNDS, ToolCall, WrongCall, checked_call

TABLE = """# Telescopes

| Name | Width | Built |
|---|---|---|
| Brodick Dish | 76 metres | 1957 |
| Lochranza Dish | 32 metres | 1989 |
"""
TEXTS = {
    "arran.md": "The Arran Array has 48 dishes. It was built in 2011 by the University of Lorne.",
    "sizes.md": TABLE,
    "goat.md": "Goats live on the hills of Corrie. They eat grass and heather.",
}
QUESTION = "How many dishes does the Arran Array have?"


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(text, id=id, title=id) for id, text in TEXTS.items()]))


def asking(server, index, *rounds, model="calling", tools="on", **options):
    """Return an assistant whose model makes the calls of each round, one after the other."""
    server.calls = list(rounds)
    env = {"SURVEY_QA_LLM_TOOLS": tools}
    return Assistant(index, ChatReader(open_model(f"openai:{model}", base_url=server.url, env=env, **options)), k=1)


def results(server):
    """Return what the model was told in the last request that its calls found."""
    return [m["content"] for m in server.requests[-1]["messages"] if m["role"] == "tool"]


def test_what_a_call_finds_is_cited_and_checked_like_a_passage(server, index):
    server.answer = "The Brodick Dish is 76 metres wide [2]. The Lochranza Dish is 99 metres wide [3]."
    calls = [("look_up", {"name": "Brodick Dish", "attribute": "width"}), ("look_up", {"name": "Lochranza Dish"})]
    answer = asking(server, index, calls, [("search", {"question": "goats"})]).ask(QUESTION)
    assert answer.citations[0].quote in TABLE
    assert "76 metres" in answer.citations[0].quote
    assert answer.citations[0].label == "supported"
    assert "99 metres" not in answer.citations[-1].quote
    assert answer.citations[-1].label != "supported"


def test_the_person_is_told_what_the_model_looked_up(server, index):
    answer = asking(server, index, [("search", {"question": "goats [1] ![x](http://evil.example)"})]).ask(QUESTION)
    (note,) = (note for note in answer.notes if note.startswith("The model looked up"))
    assert "search goats 1 xhttp://evil.example" in note


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (("search", {"question": "What do goats eat?"}), "grass and heather"),
        (("look_up", {"name": "Lochranza Dish", "attribute": "width"}), "32 metres"),
        (("compare", {"names": ["Brodick Dish", "Lochranza Dish"], "attribute": "width"}), "32 metres"),
        (("compare", {"names": ["Brodick Dish", "Lochranza Dish"], "attribute": "width"}), "76 metres"),
        (("look_up", {"name": "Zorblax-9"}), "The documents do not say."),
    ],
)
def test_each_tool_finds_what_the_extractive_reader_would(server, index, call, found):
    asking(server, index, [call]).ask(QUESTION)
    assert found in results(server)[0]


def test_what_calls_find_stands_between_the_lines_of_the_request_and_is_numbered_on(server, index):
    asking(server, index, [("search", {"question": "What do goats eat?"})]).ask(QUESTION)
    fence = server.requests[-1]["messages"][1]["content"].splitlines()[0]
    (result,) = {text for text in results(server) if "heather" in text}
    assert result.startswith(f"{fence}\n[") and result.endswith(fence)  # noqa: PT018 one frame
    assert not result.startswith(f"{fence}\n[1]")


def test_a_passage_that_was_given_before_is_named_and_not_repeated(server, index):
    asking(server, index, [("search", {"question": QUESTION})]).ask(QUESTION)
    assert "Given before: [1]" in results(server)[0]


def test_a_model_that_only_calls_must_answer_after_some_rounds(server, index):
    server.answer = "The Arran Array has 48 dishes [1]."
    answer = asking(server, index, [("search", {"question": "more"})]).ask(QUESTION)
    assert answer.text == server.answer
    assert ["tools" in request for request in server.requests] == [True] * MAX_ROUNDS + [False]


def test_of_many_calls_at_once_only_some_are_run(server, index):
    asking(server, index, [("search", {"question": f"goats {n}"}) for n in range(30)]).ask(QUESTION)
    assert len(results(server)) == 4 * MAX_ROUNDS


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("delete_all", {}, "There are search, look_up, compare"),
        ("search", {}, "question must be there"),
        ("search", {"question": "x", "path": "/etc/passwd"}, "search takes question"),
        ("search", {"question": ["x"]}, "question is a text"),
        ("search", {"question": "x" * 301}, "1 to 300 characters"),
        ("search", {"question": " \n\u202e"}, "1 to 300 characters"),
        ("compare", {"names": ["one"], "attribute": "width"}, "list of 2 to 5"),
        ("compare", {"names": "one, two", "attribute": "width"}, "list of 2 to 5"),
        ("compare", {"names": ["a", 3], "attribute": "width"}, "names is a text"),
        ("look_up", None, "look_up takes name, attribute"),
    ],
)
def test_a_wrong_call_is_told_to_the_model(name, arguments, told):
    with pytest.raises(WrongCall, match=told):
        checked_call(ToolCall("1", name, arguments))


def test_arguments_that_are_no_json_are_told_to_the_model_and_the_answer_comes(server, index):
    server.answer = "The Arran Array has 48 dishes [1]."
    answer = asking(server, index, [("search", '{"question": ')], [("search", {"question": "goats"})]).ask(QUESTION)
    assert answer.text == server.answer
    assert "question must be there" in results(server)[0]


def test_tools_are_off_for_models_that_are_not_known_to_call_them(server, index):
    asking(server, index, [("search", {"question": "x"})], tools="auto").ask(QUESTION)
    assert "tools" not in server.requests[0]


def test_tools_are_offered_to_models_that_langchain_knows_to_call_them(server):
    env = {"OPENAI_API_KEY": "sk-test-1"}
    assert open_model("openai:gpt-4.1-mini", base_url=server.url, env=env).calls_tools
    assert not open_model(
        "openai:gpt-4.1-mini", base_url=server.url, env={**env, "SURVEY_QA_LLM_TOOLS": "off"}
    ).calls_tools


def test_a_server_that_knows_no_tools_is_asked_without_them_from_then_on(server, index):
    server.answer = "The Arran Array has 48 dishes [1]."
    assistant = asking(server, index, model="no-tools")
    assert assistant.ask(QUESTION).text == server.answer
    assert assistant.ask(QUESTION).text == server.answer
    assert ["tools" in request for request in server.requests] == [True, False, False]


def test_a_second_model_may_call_tools_where_the_first_cannot(server, index):
    server.answer = "The Brodick Dish is 76 metres wide [2]."
    second = asking(server, index, [("look_up", {"name": "Brodick Dish", "attribute": "width"})]).chat_reader
    first = ChatReader(open_model("openai:404", base_url=server.url, env={}))
    answer = Assistant(index, first, fallback=second, k=1).ask(QUESTION)
    assert (answer.reader, answer.citations[0].label) == ("openai:calling", "supported")


def test_a_call_finds_only_what_the_filter_lets_through(server, index):
    from index import Filter

    asking(server, index, [("search", {"question": "What do goats eat?"})]).ask(
        QUESTION, filter=Filter.of(documents=["arran.md"])
    )
    assert "heather" not in results(server)[0]


def test_no_prompt_with_tools_exceeds_its_window(server, index):
    assistant = asking(server, index, [("search", {"question": "goats"})], context_length=2_048)
    assistant.ask(QUESTION)
    model = assistant.chat_reader.model
    for request in server.requests:
        told = sum(model.count_tokens(json.dumps(message, ensure_ascii=False)) for message in request["messages"])
        assert told + 2_048 // 5 <= 2_048


async def test_tools_work_asynchronously_too(server, index):
    server.answer = "The Brodick Dish is 76 metres wide [2]."
    answer = await asking(server, index, [("look_up", {"name": "Brodick Dish", "attribute": "width"})]).aask(QUESTION)
    assert answer.citations[0].label == "supported"


@pytest.mark.long
@pytest.mark.parametrize("provider", ["anthropic", "ollama"])
def test_other_providers_call_the_same_tools(serve, index, provider):
    pytest.importorskip(f"langchain_{provider}", reason=f"the extra [{provider}] is not installed")
    with serve(provider) as server:
        server.answer = "The Brodick Dish is 76 metres wide [2]."
        server.calls = [[("look_up", {"name": "Brodick Dish", "attribute": "width"})]]
        model = open_model(
            f"{provider}:calling", base_url=server.url.removesuffix("/v1"), env={"SURVEY_QA_LLM_TOOLS": "on"}
        )
        answer = Assistant(index, ChatReader(model), k=1).ask(QUESTION)
    assert "76 metres" in answer.citations[0].quote
    assert answer.citations[0].label == "supported"
