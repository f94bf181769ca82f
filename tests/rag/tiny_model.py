"""A chat model of GLM's architecture with random weights, written to a directory: real software, no knowledge."""

from __future__ import annotations

from pathlib import Path

_TEMPLATE = (
    "[gMASK]<sop>{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
_SPECIAL = ["<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"]


def write(folder: Path, *, window: int = 160, refuses_system: bool = False) -> Path:
    """Write the model, its configuration and its tokenizer."""
    import torch
    from transformers import Glm4Config, Glm4ForCausalLM

    tokenizer = _tokenizer(_NO_SYSTEM + _TEMPLATE if refuses_system else _TEMPLATE, window)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    torch.set_num_threads(1)  # a model this small only waits for more of them
    config = Glm4Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, max_position_embeddings=window, pad_token_id=0, eos_token_id=0,
    )  # fmt: skip
    Glm4ForCausalLM(config).save_pretrained(folder)
    return folder


def _tokenizer(template: str, window: int):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=_SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["a question and its answer", "问题 与 回答"] * 10, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=_SPECIAL[0], pad_token=_SPECIAL[0],
        additional_special_tokens=_SPECIAL[1:], model_max_length=window,
    )  # fmt: skip
    fast.chat_template = template
    return fast
