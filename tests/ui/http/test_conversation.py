"""The official client of OpenAI and curl talk with a server in a process of its own."""

import json
import shutil
import signal
import subprocess
import threading
import time

import httpx
import openai
import pytest

QUESTION = "How much GPU memory does Walnut-7B need?"
FOLLOW_UP = "And who released it?"


@pytest.fixture
def keyed(serve, tmp_path):
    """Serve to those who have a key; return the address and the key."""
    from ui.http.keys import KeyRing

    secret = KeyRing(tmp_path / "home" / "keys.json").create("test", ["ask"])
    return serve(), secret


def test_the_official_client_holds_a_streamed_and_cited_conversation(keyed):
    address, secret = keyed
    client = openai.OpenAI(base_url=f"{address}v1", api_key=secret, max_retries=0)
    messages, answers, cited = [], [], []
    for question in (QUESTION, FOLLOW_UP):
        messages.append({"role": "user", "content": question})
        stream = client.chat.completions.create(model="survey-qa", messages=messages, stream=True)
        chunks = [chunk.choices[0] for chunk in stream]
        answers.append("".join(choice.delta.content or "" for choice in chunks))
        cited.append(chunks[-1].delta.citations)
        messages.append({"role": "assistant", "content": answers[-1]})

    assert "6 GB" in answers[0]
    assert "Grove" in answers[1]
    assert [one[0]["document"] for one in cited] == ["walnut.md"] * 2
    assert [one[0]["quote"] in "".join(answers) or one[0]["quote"] for one in cited]


def test_the_official_client_gets_whole_answers_models_and_typed_errors(keyed):
    address, secret = keyed
    client = openai.OpenAI(base_url=f"{address}v1", api_key=secret, max_retries=0)
    whole = client.chat.completions.create(model="survey-qa", messages=[{"role": "user", "content": QUESTION}])

    assert whole.choices[0].message.citations[0]["document"] == "walnut.md"
    assert whole.usage.total_tokens > 0
    assert [model.id for model in client.models.list()] == ["survey-qa"]
    with pytest.raises(openai.BadRequestError, match="The question is empty"):
        client.chat.completions.create(model="survey-qa", messages=[{"role": "user", "content": " "}])
    with pytest.raises(openai.AuthenticationError, match="unknown or was revoked"):
        openai.OpenAI(base_url=f"{address}v1", api_key="sq-0-no", max_retries=0).models.list()


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here: apt-get install curl")
def test_curl_streams_a_cited_conversation(keyed):
    address, secret = keyed
    messages = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "6 GB [1]."},
        {"role": "user", "content": "Who released Walnut-7B?"},
    ]
    body = json.dumps({"model": "survey-qa", "stream": True, "messages": messages})
    command = ["curl", "-sN", f"{address}v1/chat/completions", "-H", f"Authorization: Bearer {secret}", "-d", body]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    events = [line.removeprefix("data: ") for line in told.splitlines() if line]
    chunks = [json.loads(event)["choices"][0] for event in events[:-1]]

    assert events[-1] == "[DONE]"
    assert "Grove" in "".join(chunk["delta"].get("content", "") for chunk in chunks)
    assert chunks[-1]["delta"]["citations"][0]["document"] == "walnut.md"


def test_a_server_that_is_told_to_end_finishes_what_it_accepted(serve):
    address = serve("--log", "json")
    statuses, end = [], threading.Event()

    def ask_on():
        with httpx.Client(timeout=120) as http:
            while not end.is_set():
                try:
                    reply = http.post(f"{address}api/ask", json={"question": QUESTION})
                except httpx.HTTPError as error:  # what is not accepted any more fails to connect
                    statuses.append(type(error).__name__)
                    return
                statuses.append(reply.status_code)

    askers = [threading.Thread(target=ask_on) for _ in range(4)]
    for asker in askers:
        asker.start()
    while statuses.count(200) < 20:
        time.sleep(0.01)
    serve.process.send_signal(signal.SIGTERM)
    ended = serve.process.wait(120)
    end.set()
    for asker in askers:
        asker.join(120)

    assert set(statuses) <= {200, "ConnectError"}
    assert ended in (0, -signal.SIGTERM)
