"""A chat model of GLM's architecture with random weights, or weights that say one sentence: real software, no knowledge."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

_TEMPLATE = (
    "[gMASK]<sop>{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
_SPECIAL = ["<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"]


def write(
    folder: Path, *, window: int = 160, refuses_system: bool = False, says: tuple[str, ...] = (), ends: bool = True
) -> Path:
    """Write the model, its configuration and its tokenizer.

    ``says`` are the pieces that it answers everything with, each different from the others, over and over unless it ``ends``.
    """
    import torch
    from transformers import Glm4Config, Glm4ForCausalLM

    tokenizer = _tokenizer(_NO_SYSTEM + _TEMPLATE if refuses_system else _TEMPLATE, window)
    tokenizer.add_tokens(list(says))
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    torch.set_num_threads(1)  # a model this small only waits for more of them
    config = Glm4Config(
        vocab_size=len(tokenizer), hidden_size=512 if says else 32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=window, pad_token_id=0,
        eos_token_id=0,
    )  # fmt: skip
    model = Glm4ForCausalLM(config)
    if says:
        first, *rest = (tokenizer.convert_tokens_to_ids(piece) for piece in says)
        begin = tokenizer.encode("\n", add_special_tokens=False)[-1]  # what the template ends with
        _teach(model, [begin, first, *rest, 0 if ends else first])
    model.save_pretrained(folder)
    return folder


def _teach(model, chain: list[int]) -> None:
    """Make each token of the chain be followed by the next: one neuron knows one of them; attention adds nothing."""
    import torch

    with torch.no_grad():
        for name, values in model.named_parameters():
            values.fill_(1.0 if "norm" in name else 0.0)
        tokens, hidden = model.get_input_embeddings().weight.shape
        for table in (model.get_input_embeddings().weight, model.lm_head.weight):
            table.copy_(torch.eye(tokens, hidden))
        mlp = model.model.layers[0].mlp
        width = mlp.down_proj.weight.shape[1]
        for neuron, (token, following) in enumerate(pairwise(chain)):
            mlp.gate_up_proj.weight[neuron, token] = 1.0
            mlp.gate_up_proj.weight[width + neuron, token] = 1.0
            mlp.down_proj.weight[following, neuron] = 1.0


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
