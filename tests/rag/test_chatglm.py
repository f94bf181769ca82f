"""ChatGLM in GGML through chatglm-cpp: real software, models of a few kilobytes."""

from __future__ import annotations

import struct
import time

import pytest

from corpus import Document, split
from index import Index
from rag import Assistant
from rag.errors import LLMError
from rag.llm.models import open_model

HELLO = [{"role": "user", "content": "你好 hello"}]
KNOWN = ("▁The▁Arran▁Array", "▁has▁48▁dishes", "▁[1]", "。")


@pytest.fixture
def knowing(chatglm, tmp_path):
    """A model that says one sentence, whatever it is asked."""
    return open_model(f"chatglm:{chatglm(tmp_path / 'model.bin', window=2_048, says=KNOWN)}")


@pytest.fixture
def endless(chatglm, tmp_path):
    """A model that never comes to an end."""
    return open_model(f"chatglm:{chatglm(tmp_path / 'model.bin', window=2_048, says=('▁on', '▁and'), ends=False)}")


def test_it_streams_what_the_model_says(knowing):
    assert list(knowing.stream(HELLO)) == ["The Arran Array", " has 48 dishes", " [1]", "。"]


def test_it_answers_from_an_index_with_citations(knowing):
    text = "The Arran Array has 48 dishes. It was built in 2011."
    index = Index.build(split([Document.from_text(text, id="arran.md", title="Arran")]))
    answer = Assistant.open(index=index, llm=knowing.spec).ask("How many dishes does the Arran Array have?")
    assert answer.text == "The Arran Array has 48 dishes [1]。"
    assert (answer.reader, answer.citations[0].quote) == (knowing.spec, "The Arran Array has 48 dishes.")


def test_its_window_is_the_files_and_its_tokens_are_its_own(knowing):
    assert knowing.context_length == 2_048
    assert knowing.count_tokens("hello") == 6
    assert knowing.count_tokens("a\nb") == knowing.count_tokens("a b") == 4


def test_a_prompt_beyond_the_window_is_refused_and_not_cut_at_its_front(knowing):
    with pytest.raises(LLMError, match="context length is 2,048") as raised:
        list(knowing.stream([{"role": "user", "content": "hello " * 600}]))
    assert raised.value.kind == "too_long"


def test_a_prompt_beyond_512_tokens_reaches_the_model_whole(knowing):
    assert "".join(knowing.stream([{"role": "user", "content": "hello " * 200}])).startswith("The Arran Array")


def test_instructions_reach_a_model_whose_template_knows_no_system_turn(chatglm, tmp_path):
    model = open_model(f"chatglm:{chatglm(tmp_path / 'model.bin', window=64, says=KNOWN)}")
    with pytest.raises(LLMError, match="context length is 64"):
        list(model.stream([{"role": "system", "content": "instruction " * 30}, *HELLO]))


@pytest.mark.parametrize("family", [2, 3])
def test_its_successors_run_too(chatglm, tmp_path, family):
    model = open_model(f"chatglm:{chatglm(tmp_path / 'model.bin', family=family, window=40)}")
    with pytest.raises(LLMError, match="cut at the model's limit"):
        list(model.stream(HELLO))


def test_a_stop_is_soon_done_and_the_model_answers_again(endless):
    pieces = endless.stream(HELLO)
    next(pieces)
    begun = time.monotonic()
    pieces.close()
    assert time.monotonic() - begun < 2.0  # 0.2 on an idle machine
    again = endless.stream(HELLO)
    assert next(again)
    again.close()


def test_a_model_that_does_not_come_to_an_end_ends_with_the_time(endless):
    endless.timeout_s = 0.5
    with pytest.raises(LLMError) as raised:
        list(endless.stream(HELLO))
    assert raised.value.kind in ("timeout", "incomplete")


def test_a_process_that_crashed_is_told_and_started_again(endless):
    pieces = endless.stream(HELLO)
    next(pieces)
    endless._chat._writer._process.kill()
    with pytest.raises(LLMError, match="the file is damaged") as raised:
        list(pieces)
    assert raised.value.kind == "server"
    again = endless.stream(HELLO)
    assert next(again)
    again.close()


def test_a_damaged_file_ends_its_process_and_not_ours(chatglm, tmp_path):
    file = chatglm(tmp_path / "model.bin", says=KNOWN)
    file.write_bytes(file.read_bytes()[:8_000])
    with pytest.raises(LLMError, match=r"model\.bin") as raised:
        open_model(f"chatglm:{file}")
    assert raised.value.kind in ("server", "not_found")


def test_a_missing_package_names_the_extra(write_chatglm, tmp_path, monkeypatch):
    worker = tmp_path / "worker.py"
    worker.write_text('print(\'{"error": "chatglm-cpp is not installed"}\')')
    monkeypatch.setattr("rag.llm.chatglm._WORKER", worker)
    with pytest.raises(
        LLMError, match=r"CMAKE_POLICY_VERSION_MINIMUM=3\.5 pip install 'survey-qa\[chatglm\]'"
    ) as raised:
        open_model(f"chatglm:{write_chatglm(tmp_path / 'model.bin')}")
    assert raised.value.kind == "missing_package"


@pytest.mark.parametrize(
    ("content", "advice"),
    [(b"GGUF" + b"\0" * 99, "llama-server -m"), (b"PK\x03\x04" * 30, "llm convert"), (b"ggml", "llm convert"),
     (b"ggml" + struct.pack("<13i", 1, 1, *[0] * 11), "it is damaged")],
)  # fmt: skip
def test_a_file_of_another_kind_is_named_with_the_way_out(tmp_path, content, advice):
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(LLMError, match=advice) as raised:
        open_model(f"chatglm:{tmp_path / 'model.bin'}")
    assert raised.value.kind == "not_found"


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(LLMError, match=r"nowhere\.bin cannot be read"):
        open_model("chatglm:nowhere.bin")
