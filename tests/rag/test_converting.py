"""From a downloaded ChatGLM to one file: the environment is real, and so is the code that came with the weights."""

from __future__ import annotations

import pytest

from rag.errors import LLMError
from rag.llm.converting import convert
from rag.llm.environments import closed_off
from rag.llm.models import open_model

SAYS = ("▁The▁Arran▁Array", "▁has▁48▁dishes", "▁[1]", "。")


def test_foreign_code_gets_none_of_our_keys(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    given = closed_off(tmp_path)
    assert "sk-secret" not in given.values()
    assert (given["HOME"], given["HF_HUB_OFFLINE"]) == (str(tmp_path), "1")


@pytest.mark.long
@pytest.mark.timeout(1_500)
def test_a_converted_model_says_what_the_original_says_and_one_that_does_not_is_not_kept(
    load_beside, tmp_path, chatglm, chatglm_environment
):
    tiny = load_beside("tiny_chatglm")
    environment = chatglm_environment
    source, file = tiny.write_directory(tmp_path / "good", says=SAYS), tmp_path / "model.bin"
    for kind in ("f16", "q4_0"):
        made = convert(source, file, kind=kind, run_remote_code=True, environment=environment)
        assert (made.agreed, made.compared) == (5, 5)
    hello = [{"role": "user", "content": "你好"}]
    assert "".join(open_model(f"chatglm:{file}").stream(hello)) == "The Arran Array has 48 dishes [1]。"
    other = tiny.write_directory(tmp_path / "bad", says=SAYS, broken=True)
    with pytest.raises(LLMError, match="says something else"):
        convert(other, tmp_path / "bad.bin", kind="f16", run_remote_code=True, environment=environment)
    assert not (tmp_path / "bad.bin").exists()
