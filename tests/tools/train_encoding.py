"""Train the ranks file of the built-in encoding on the texts that ship.

    python tests/tools/train_encoding.py OUT.tiktoken

Needs `tokenizers` (an extra of development). The file that ships was made once and stays as it is: borders of passages
hang on it. A new training gets a new name in `corpus/tokens.py`.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import tiktoken
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from corpus.front_matter import take_front_matter
from corpus.tokens import PATTERN

SIZE = 8000
LONGEST = 18  # bytes: six Chinese characters
LIBRARY = Path(__file__).parents[2] / "corpus" / "library"


def train(texts: list[str]) -> dict[bytes, int]:
    """Return ranks: the 256 bytes, then merged tokens in the order in which they were learned."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
        max_token_length=LONGEST,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return _ranks(tokenizer.get_vocab())


def _ranks(vocabulary: dict[str, int]) -> dict[bytes, int]:
    """Turn the byte-level alphabet of `tokenizers` back into bytes, single bytes first."""
    to_byte = dict(_byte_letters())
    tokens = [bytes(to_byte[letter] for letter in token) for token in sorted(vocabulary, key=vocabulary.__getitem__)]
    ordered = [bytes([byte]) for byte in range(256)] + [token for token in tokens if len(token) > 1]
    return {token: rank for rank, token in enumerate(ordered)}


def _byte_letters() -> Iterator[tuple[str, int]]:
    """Yield the letter by which byte-level encodings write each byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = 256
    for byte in range(256):
        if byte in printable:
            yield chr(byte), byte
        else:
            yield chr(spare), byte
            spare += 1


def main() -> None:
    """Write the file, and say what it is."""
    paths = sorted([*LIBRARY.glob("**/*.md"), *LIBRARY.glob("*.tsv")])
    texts = [
        take_front_matter(path.read_text("utf-8")).text for path in paths
    ]  # lists of authors would fill it with names
    ranks = train(texts)
    data = b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items())
    Path(sys.argv[1]).write_bytes(data)
    encoding = tiktoken.Encoding("trained", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})
    characters, tokens = sum(map(len, texts)), sum(len(encoding.encode_ordinary(text)) for text in texts)
    print(f"{len(paths)} files, {characters} characters, {tokens} tokens, {len(ranks)} ranks")
    print(f"sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
