"""Runs in the environment of ``rag.llm.environments``: turns a directory with ChatGLM's weights into one file, and compares.

It is started by file name, imports nothing of ours, and is the only place beside ``chatglm_server.py`` where the Python
files that came with the weights are run. It writes one JSON object on stdout.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
from typing import Any

_PROMPT = "你好"
_TOKENS = 12


def main() -> None:
    """Convert: directory, file, type."""
    source, target, kind = sys.argv[1:4]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not the result
    socket.socket.connect = _refuse  # type: ignore[method-assign]
    prompt, reference = _reference(source)
    from chatglm_cpp.convert import convert

    with open(target, "wb") as file:  # noqa: PTH123 this file knows no house style but its own
        convert(file, source, dtype=kind)
    json.dump({"prompt": prompt, "reference": reference, "converted": _converted(target, prompt)}, answers)
    answers.flush()


def _refuse(*_: object) -> None:
    raise OSError("a conversion needs no network")


def _reference(source: str) -> tuple[list[int] | None, list[int] | None]:
    """Return the tokens of the prompt and what the model's own code makes of them, greedily.

    Weights that come quantised are not run: their code compiles kernels of its own on the way.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    if getattr(AutoConfig.from_pretrained(source, trust_remote_code=True), "quantization_bit", 0):
        return None, None
    tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=True)
    model: Any = AutoModel.from_pretrained(source, trust_remote_code=True, low_cpu_mem_usage=True).eval()
    tokens = tokenizer([_PROMPT], return_tensors="pt")["input_ids"]
    with torch.no_grad():
        output = model.generate(input_ids=tokens, do_sample=False, max_new_tokens=_TOKENS)
    prompt, said = tokens[0].tolist(), output[0][tokens.shape[1] :].tolist()
    del model
    gc.collect()
    return prompt, said


def _converted(target: str, prompt: list[int] | None) -> list[int]:
    """Return what the converted model says, greedily."""
    import chatglm_cpp

    pipeline = chatglm_cpp.Pipeline(target)
    tokens = prompt or pipeline.tokenizer.encode(_PROMPT, 512)
    length, past, said = len(tokens), 0, []
    tokens = list(tokens)
    settings = chatglm_cpp._C.GenerationConfig(max_length=length + _TOKENS, max_context_length=512, do_sample=False)
    for _ in range(_TOKENS):
        token = pipeline.model.generate_next_token(tokens, None, settings, past, length)
        past = len(tokens)
        tokens.append(token)
        said.append(token)
        if token == pipeline.model.config.eos_token_id:
            break
    return said


if __name__ == "__main__":
    main()
