"""A model in llama.cpp's format that says one sentence: ``python tiny_gguf.py FILE WINDOW PIECE…``, where the package gguf is.

As in ``tiny_model``, each token is one number of the hidden state, and one neuron knows what follows it.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import gguf
import numpy as np

_HIDDEN, _HEADS, _INNER = 512, 4, 64
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!:;-'[]"
_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def main() -> None:
    file, window, *says = sys.argv[1:]
    kinds = gguf.TokenType
    pieces = [("<unk>", kinds.UNKNOWN), ("<s>", kinds.CONTROL), ("</s>", kinds.CONTROL)]
    pieces += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    pieces += [(piece, kinds.NORMAL) for piece in [*says, "▁", *_LETTERS]]
    names = [name for name, _ in pieces]
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_name("tiny")
    writer.add_context_length(int(window))
    writer.add_embedding_length(_HIDDEN)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_HIDDEN // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(pieces))
    writer.add_file_type(0)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([name.encode() for name in names])
    writer.add_token_scores([-float(number) for number in range(len(pieces))])
    writer.add_token_types([kind for _, kind in pieces])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(_TEMPLATE)
    chain = [names.index(":"), *(names.index(piece) for piece in says), 2]
    for name, values in _weights(len(pieces), chain).items():
        writer.add_tensor(name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _weights(tokens: int, chain: list[int]) -> dict[str, np.ndarray]:
    """Return weights with which each token of the chain is followed by the next."""
    table = np.eye(tokens, _HIDDEN)
    gate, down = np.zeros((_INNER, _HIDDEN)), np.zeros((_HIDDEN, _INNER))
    for neuron, (token, following) in enumerate(pairwise(chain)):
        gate[neuron, token] = down[following, neuron] = 1.0
    square = np.zeros((_HIDDEN, _HIDDEN))
    block = {
        "attn_norm": np.ones(_HIDDEN),
        "ffn_norm": np.ones(_HIDDEN),
        "ffn_gate": gate,
        "ffn_up": gate,
        "ffn_down": down,
    }
    block |= {f"attn_{part}": square for part in ("q", "k", "v", "output")}
    named = {f"blk.0.{part}.weight": values for part, values in block.items()}
    return {"token_embd.weight": table, "output.weight": table, "output_norm.weight": np.ones(_HIDDEN), **named}


if __name__ == "__main__":
    main()
