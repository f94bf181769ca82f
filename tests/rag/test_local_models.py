"""Hugging Face models from a directory: real software with random weights."""

from __future__ import annotations

import json
import threading

import pytest

from rag.errors import LLMError
from rag.llm.models import open_model

HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你好 hello"}]


@pytest.fixture(scope="module")
def model(tiny_model):
    return open_model(f"transformers:{tiny_model}")


def said(model, messages):
    """Return what a model writes, whether or not it came to an end by itself: random weights rarely do."""
    pieces = []
    try:
        pieces.extend(model.stream(messages))
    except LLMError as error:
        assert error.kind == "incomplete"  # noqa: PT017 a whole answer is as good
    return "".join(pieces)


def test_a_local_model_writes_and_writes_the_same_again(model):
    first = said(model, HELLO)
    assert first
    assert said(model, HELLO) == first


def test_its_window_and_its_own_tokenizer_are_used(model):
    assert model.context_length == 160
    assert model.count_tokens("answer") < len("answer")
    assert "<|assistant|>" in model.special_tokens


def test_an_answer_that_fills_the_window_is_incomplete(model):
    with pytest.raises(LLMError, match="cut at the model's limit") as raised:
        list(model.stream([{"role": "user", "content": "question " * 4}]))
    assert raised.value.kind == "incomplete"


def test_a_prompt_beyond_the_window_is_too_long(model):
    with pytest.raises(LLMError, match="context length is 160") as raised:
        list(model.stream([{"role": "user", "content": "question " * 300}]))
    assert raised.value.kind == "too_long"


def test_a_stop_frees_the_model_at_once(model):
    pieces = model.stream(HELLO)
    next(pieces)
    (writing,) = [thread for thread in threading.enumerate() if thread.name == "survey-qa-generate"]
    pieces.close()
    writing.join(2.0)
    assert not writing.is_alive()


def test_a_template_without_a_system_turn_gets_it_with_the_question(write_model, tmp_path):
    model = open_model(f"transformers:{write_model(tmp_path, refuses_system=True)}")
    assert said(model, HELLO)


def test_a_smaller_window_can_be_asked_for_and_a_larger_one_not(tiny_model):
    assert open_model(f"transformers:{tiny_model}", context_length=100).context_length == 100
    assert open_model(f"transformers:{tiny_model}", context_length=9_999).context_length == 160


def failure(path):
    with pytest.raises(LLMError) as raised:
        open_model(f"transformers:{path}")
    return raised.value


def test_a_directory_that_is_not_there_is_named(tmp_path):
    error = failure(tmp_path / "nowhere")
    assert error.kind == "not_found"
    assert "there is no directory" in str(error)


def test_a_name_from_the_hub_is_not_downloaded():
    assert "nothing is downloaded" in str(failure("some-maker/some-model"))


def test_a_directory_without_a_model_is_refused(tmp_path):
    assert "config.json" in str(failure(tmp_path))


def test_a_model_that_brings_code_is_not_run_and_the_way_out_is_named(tmp_path):
    config = {"model_type": "chatglm", "auto_map": {"AutoModel": "modeling.Model", "AutoConfig": "modeling.Config"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "modeling.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    error = failure(tmp_path)
    assert "openai:MODEL" in str(error)
    assert not (tmp_path / "ran").exists()


def test_weights_that_can_hold_code_are_refused(write_model, tmp_path):
    write_model(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    assert "safetensors" in str(failure(tmp_path))


def test_a_model_without_a_chat_template_is_refused(write_model, tmp_path):
    write_model(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    assert "chat template" in str(failure(tmp_path))
