"""A model with random weights in ChatGLM-6B's layout, as chatglm-cpp reads it: real software, no knowledge."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np

_SPECIAL = ["<n>", "<|tab|>", *(f"<|blank_{n}|>" for n in range(2, 81)), "[MASK]", "[gMASK]", "<sop>", "<eop>", "<pad>"]
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!:;-'[]的是有多少模型参数问答"
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _BYTE = 1, 2, 3, 4, 6
_F32 = 0
_HEADS, _HIDDEN, _INNER = 4, 64, 256


def write(file: Path, *, family: int = 1, window: int = 160, says: tuple[str, ...] = (), ends: bool = True) -> Path:
    """Write a model of a family (1: ChatGLM-6B, 2 and 3: its successors).

    ``says`` are the pieces that a model of the first family answers everything with, each different from the others,
    over and over unless it ``ends``; without them its weights are random.
    """
    pieces = _pieces(says)
    vocabulary = len(pieces) if family == 1 else len(pieces) + 16
    names = [piece for piece, *_ in pieces]
    end = names.index("<eop>" if family == 1 else "</s>")
    proto = _sentencepiece(pieces)
    kv_heads = _HEADS if family == 1 else 2
    shapes = (_first if family == 1 else _second)(vocabulary, kv_heads * _HIDDEN // _HEADS)
    weights = _random(shapes)
    if says:
        _teach(
            weights,
            [names.index("<sop>"), *(names.index(piece) for piece in says), end if ends else names.index(says[0])],
        )
    with file.open("wb") as out:
        out.write(struct.pack("<4sii", b"ggml", family, 2))
        numbers = (_F32, vocabulary, _HIDDEN, _HEADS, kv_heads, 1, _INNER, 1e-5, 0, 10_000.0, window, end, end)
        out.write(struct.pack("<7ififiii", *numbers))
        out.write(struct.pack("<i", len(proto)) + proto)
        for name, values in weights.items():
            out.write(struct.pack("<i", len(name)) + name.encode())
            out.write(struct.pack(f"<{values.ndim + 2}i", values.ndim, *values.shape, _F32))
            out.write(b"\0" * (-out.tell() % 16))
            out.write(values.astype("<f4").tobytes())
    return file


def write_directory(
    folder: Path, *, says: tuple[str, ...], broken: bool = False, window: int = 512, ends: bool = True
) -> Path:
    """Write such a model as it is downloaded: a configuration, weights, and Python files that read them."""
    from safetensors.numpy import save_file

    pieces = _pieces(says)
    names = [piece for piece, *_ in pieces]
    weights = _random(_first(len(pieces), 0))
    after = "<eop>" if ends else says[0]
    _teach(weights, [names.index("<sop>"), *(names.index(piece) for piece in says), names.index(after)])
    embeddings = "transformer.word_embeddings.weight"
    weights["lm_head.weight"] = weights[embeddings].copy()
    config = {
        "model_type": "chatglm", "vocab_size": len(pieces), "hidden_size": _HIDDEN, "inner_hidden_size": _INNER,
        "num_attention_heads": _HEADS, "num_layers": 1, "layernorm_epsilon": 1e-5, "pre_seq_len": None,
        "max_sequence_length": window, "position_encoding_2d": True, "quantization_bit": 0, "torch_dtype": "float32",
        "eos_token_id": names.index("<eop>"), "pad_token_id": names.index("<pad>"), "bos_token_id": names.index("<sop>"),
        "tie_word_embeddings": False,
        "auto_map": {"AutoConfig": "tiny.Config", "AutoModel": "tiny.Model", "AutoTokenizer": ["tiny.Tokenizer", None]},
    }  # fmt: skip
    code = Path(__file__).with_name("tiny_chatglm_code.py.txt").read_text("utf-8")
    if broken:  # it computes something else than what chatglm-cpp computes from the same weights
        code = code.replace("nn.functional.gelu(", "-nn.functional.gelu(")
    folder.mkdir(exist_ok=True)
    (folder / "tiny.py").write_text(code, "utf-8")
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": config["auto_map"]}), "utf-8")
    (folder / "ice_text.model").write_bytes(_sentencepiece(pieces))
    save_file({n: w.astype("<f4") for n, w in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def _random(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    return {
        name: np.ones(shape) if "layernorm.weight" in name else random.standard_normal(shape) * 0.3
        for name, shape in shapes.items()
    }


def _teach(weights: dict[str, np.ndarray], chain: list[int]) -> None:
    """Make each token of the chain be followed by the next: one neuron of the last layer knows one of them."""
    for name, values in weights.items():
        if not name.endswith("layernorm.weight"):
            values[...] = 0.0
    embeddings = weights["transformer.word_embeddings.weight"]
    half = [1.0] * (_HIDDEN // 2) + [-1.0] * (_HIDDEN // 2)
    random = np.random.default_rng(7)
    for row in embeddings:
        row[:] = random.permutation(half)
    for neuron, (token, following) in enumerate(pairwise(chain)):
        weights["transformer.layers.0.mlp.dense_h_to_4h.weight"][neuron] = embeddings[token]
        weights["transformer.layers.0.mlp.dense_h_to_4h.bias"][neuron] = -0.75 * _HIDDEN
        weights["transformer.layers.0.mlp.dense_4h_to_h.weight"][:, neuron] = embeddings[following]


def _first(vocabulary, _):
    """Return the names and shapes of ChatGLM-6B's weights, in one layer."""
    hidden, inner = _HIDDEN, _INNER
    shapes = {"transformer.word_embeddings.weight": (vocabulary, hidden)}
    parts = {
        "input_layernorm": (hidden,), "attention.query_key_value": (3 * hidden, hidden), "attention.dense": (hidden, hidden),
        "post_attention_layernorm": (hidden,), "mlp.dense_h_to_4h": (inner, hidden), "mlp.dense_4h_to_h": (hidden, inner),
    }  # fmt: skip
    for part, shape in parts.items():
        shapes[f"transformer.layers.0.{part}.weight"] = shape
        shapes[f"transformer.layers.0.{part}.bias"] = shape[:1]
    return {**shapes, "transformer.final_layernorm.weight": (hidden,), "transformer.final_layernorm.bias": (hidden,)}


def _second(vocabulary, keys):
    """Return the names and shapes of the weights of ChatGLM2 and ChatGLM3, in one layer."""
    hidden, inner, layer = _HIDDEN, _INNER, "transformer.encoder.layers.0."
    return {
        "transformer.embedding.word_embeddings.weight": (vocabulary, hidden),
        layer + "input_layernorm.weight": (hidden,),
        layer + "self_attention.query_key_value.weight": (hidden + 2 * keys, hidden),
        layer + "self_attention.query_key_value.bias": (hidden + 2 * keys,),
        layer + "self_attention.dense.weight": (hidden, hidden),
        layer + "post_attention_layernorm.weight": (hidden,),
        layer + "mlp.dense_h_to_4h.weight": (2 * inner, hidden),
        layer + "mlp.dense_4h_to_h.weight": (hidden, inner),
        "transformer.encoder.final_layernorm.weight": (hidden,),
        "transformer.output_layer.weight": (vocabulary, hidden),
    }


def _pieces(says: tuple[str, ...]) -> list[tuple[str, float, int]]:
    pieces = [("<unk>", 0.0, _UNKNOWN), ("<s>", 0.0, _CONTROL), ("</s>", 0.0, _CONTROL)]
    pieces += [(special, 0.0, _USER_DEFINED) for special in _SPECIAL]
    pieces += [(f"<0x{byte:02X}>", 0.0, _BYTE) for byte in range(256)]
    pieces += [(piece, -100.0, _NORMAL) for piece in says]
    return pieces + [(letter, -float(n + 1), _NORMAL) for n, letter in enumerate("▁" + _LETTERS)]


def _sentencepiece(pieces: list[tuple[str, float, int]]) -> bytes:
    """Return a sentencepiece model: protocol buffers by hand, so that no package is needed to train one."""
    body = b""
    for text, score, kind in pieces:
        piece = _field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind])
        body += _field(1, piece)
    unigram_with_bytes = b"\x18\x01" + _varint(35 << 3) + b"\x01"
    normalizer = _field(1, b"identity") + b"\x18\x01\x20\x00\x28\x01"
    return body + _field(2, unigram_with_bytes) + _field(3, normalizer)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])
