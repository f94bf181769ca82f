import json
import re

import pytest

from rag.errors import BadQuestion, LLMError

QUESTION = "How much GPU memory does Walnut-7B need?"


def complete(client, *messages, **fields):
    spoken = [{"role": role, "content": content} for role, content in messages or [("user", QUESTION)]]
    return client.post("/v1/chat/completions", json={"model": "survey-qa", "messages": spoken, **fields})


def events(reply):
    """Return the events of a stream, the one that ends it as None."""
    assert reply.headers["content-type"].startswith("text/event-stream")
    data = [line.removeprefix("data: ") for line in reply.text.split("\n\n") if line]
    return [None if one == "[DONE]" else json.loads(one) for one in data]


def test_a_completion_carries_the_answer_and_its_citations(client, index):
    reply = complete(client).json()
    choice = reply["choices"][0]
    cited = choice["message"]["citations"][0]

    assert "6 GB" in choice["message"]["content"]
    assert (choice["finish_reason"], choice["message"]["role"]) == ("stop", "assistant")
    assert index.document(cited["document"]).text[cited["start"] : cited["end"]] == cited["quote"]
    assert reply["object"] == "chat.completion"
    assert reply["survey_qa"]["found"] is True


def test_usage_counts_add_up(client):
    counts = complete(client).json()["usage"]

    assert counts["prompt_tokens"] > 0
    assert counts["total_tokens"] == counts["prompt_tokens"] + counts["completion_tokens"]


def test_a_stream_ends_with_the_citations_and_says_that_it_is_done(client):
    *chunks, done = events(complete(client, stream=True))
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)

    assert done is None
    assert "6 GB" in text
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["choices"][0]["delta"]["citations"][0]["document"] == "walnut.md"
    assert all("finish_reason" in chunk["choices"][0] for chunk in chunks)


def test_a_stream_counts_tokens_when_it_is_asked_to(client):
    *_, last, _ = events(complete(client, stream=True, stream_options={"include_usage": True}))

    assert last["choices"] == []
    assert last["usage"]["total_tokens"] > 0


def test_a_follow_up_is_understood_from_the_messages_before_it(client):
    asked = [("user", QUESTION), ("assistant", "Walnut-7B needs 6 GB [1]."), ("user", "And who released it?")]
    reply = complete(client, *asked).json()

    assert "Grove" in reply["choices"][0]["message"]["content"]
    assert "Walnut-7B" in reply["survey_qa"]["standalone_question"]


def test_a_refusal_is_an_answer_that_says_so(client):
    reply = complete(client, ("user", "Who won the football match yesterday?"))

    assert reply.status_code == 200
    assert reply.json()["survey_qa"]["found"] is False
    assert reply.json()["choices"][0]["message"]["citations"] == []


def test_system_messages_parts_and_unknown_parameters_are_tolerated(client):
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [{"type": "text", "text": QUESTION}], "name": "ada"},
    ]
    fields = {"temperature": 0, "tools": [], "seed": 7, "logit_bias": {}, "new_parameter": [1], "stream": None}
    reply = client.post("/v1/chat/completions", json={"model": "survey-qa", "messages": messages, **fields})

    assert "6 GB" in reply.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"temperature": 3}, "temperature is a number from 0 to 2, not 3"),
        ({"temperature": "hot"}, "temperature is a number from 0 to 2, not 'hot'"),
        ({"n": 2}, "n is how many answers you want: 1 is all there is, not 2"),
        ({"max_tokens": 0}, "max_tokens is a whole number from 1, not 0"),
        ({"stream": "yes"}, "stream is whether the answer comes in pieces: true or false, not 'yes'"),
        ({"messages": []}, "messages is a list of 1 to 1,000 messages"),
        ({"messages": "hello"}, "messages is a list of 1 to 1,000 messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, r"\(at messages.0.role\)"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "The last message is the question"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "a list of parts of type text"),
        ({"messages": [{"role": "user", "content": ""}]}, "The question is empty"),
        ({"messages": [{"role": "user", "content": "q" * 8_001}]}, "8,000 are the most"),
        ({"kinds": ["opera"]}, "No document has the kind 'opera'"),
    ],
)
def test_wrong_parameters_are_told_in_openais_shape(client, fields, told):
    reply = client.post(
        "/v1/chat/completions",
        json={"model": "survey-qa", "messages": [{"role": "user", "content": QUESTION}], **fields},
    )
    error = reply.json()["error"]

    assert reply.status_code == 400
    assert error["type"] == "invalid_request_error"
    assert re.search(told, error["message"])


def test_another_model_does_not_exist(client):
    reply = complete(client, model="gpt-4")

    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"
    assert client.get("/v1/models/gpt-4").status_code == 404


def test_the_models_are_listed(client):
    (model,) = client.get("/v1/models").json()["data"]

    assert model["id"] == "survey-qa"
    assert client.get("/v1/models/survey-qa").json() == model


def test_a_filter_narrows_the_documents_that_answer(client):
    reply = complete(client, documents=["pecan.md"]).json()

    assert {cited["document"] for cited in reply["choices"][0]["message"]["citations"]} <= {"pecan.md"}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("error", "status"), [(LLMError("The model is away.", kind="connection"), 502), (BadQuestion("Too long."), 400)]
)
def test_what_fails_before_the_first_word_fails_with_a_status(over, scripted, error, status, stream):
    reply = complete(over(scripted(error)), stream=stream)

    assert reply.status_code == status
    assert reply.json()["error"]["message"] == str(error)


def test_the_text_of_an_unexpected_error_stays_inside(over, scripted):
    reply = complete(over(scripted(RuntimeError("/srv/secret"))))

    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert reply.json()["error"]["type"] == "api_error"


class Talking:
    """Behaves like an Assistant whose chat model writes the given events."""

    chat_reader = object()

    def __init__(self, *events):
        self.events = events
        self.closed = False

    async def astream(self, question, history=(), *, filter=None):
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


def test_the_pieces_of_a_chat_model_come_one_by_one_and_the_rest_of_the_checked_text_after_them(over, answer):
    assistant = Talking(answer.text[:5], "", answer.text[5:9], answer)
    *chunks, _ = events(complete(over(assistant), stream=True))
    pieces = [chunk["choices"][0]["delta"].get("content") for chunk in chunks]

    assert pieces == ["", answer.text[:5], answer.text[5:9], answer.text[9:], None]
    assert "answer" not in chunks[-1]["survey_qa"]
    assert assistant.closed


def test_a_text_that_checking_changed_stands_whole_in_the_last_chunk(over, answer):
    *_, last, _ = events(complete(over(Talking("A wrong mark [9].", answer)), stream=True))

    assert last["survey_qa"]["answer"] == answer.text


def test_a_failure_in_the_middle_of_a_stream_is_its_last_event(over):
    failing = Talking("Half an ", LLMError("The model was cut off.", kind="incomplete"))
    *_, said, failed, done = events(complete(over(failing), stream=True))

    assert said["choices"][0]["delta"] == {"content": "Half an "}
    assert failed["error"]["message"] == "The model was cut off."
    assert failed["error"]["code"] == "model_incomplete"
    assert done is None
    assert failing.closed
