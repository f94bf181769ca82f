import subprocess
import sys
from pathlib import Path

import pytest

from corpus import EncodingUnavailable, count_tokens, get_encoding, tokens


def pieces(text: str) -> list[str]:
    encoding = get_encoding()
    return [
        encoding.decode_single_token_bytes(token).decode("utf-8", "replace") for token in encoding.encode_ordinary(text)
    ]


def test_the_built_in_encoding_has_8000_tokens_and_gives_texts_back() -> None:
    encoding = get_encoding()
    text = "GLM-130B 是双语模型\n  • 有 1300亿 参数 🙂 naïve ＡＢ"
    assert (encoding.name, encoding.n_vocab) == ("survey-8k-v1", 8000)
    assert encoding.decode(encoding.encode(text)) == text


def test_words_of_the_field_are_short() -> None:
    assert count_tokens("大语言模型") <= 2
    assert count_tokens(" language models") <= 2


def test_no_token_has_more_than_three_digits() -> None:
    encoding = get_encoding()
    numbers = [token for token in map(encoding.decode_single_token_bytes, range(8000)) if token.strip().isdigit()]
    assert numbers
    assert max(len(number.strip()) for number in numbers) <= 3


def test_a_line_end_never_joins_its_neighbours() -> None:
    first, second = "第一行,结束。", "  - 第二行"
    assert count_tokens(f"{first}\n") + count_tokens(second) == count_tokens(f"{first}\n{second}")


def test_digits_and_letters_are_never_in_one_token() -> None:
    mixed = [
        piece
        for piece in pieces("2024年175B参数GPT-4和4bit")
        if any(map(str.isdigit, piece)) and any(map(str.isalpha, piece))
    ]
    assert mixed == []


@pytest.mark.parametrize("text", ["a" * 300_000, "大" * 300_000, " " * 300_000, "!" * 300_000, "1" * 300_000])
def test_long_runs_are_measured_in_no_time(text: str) -> None:
    assert count_tokens(text) > 0


def test_an_unknown_encoding_is_refused_with_the_known_ones() -> None:
    with pytest.raises(EncodingUnavailable, match=r"no encoding 'nope'.*survey-8k-v1.*cl100k_base"):
        get_encoding("nope")


def test_an_encoding_that_is_not_cached_is_not_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tiktoken.registry

    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(
        EncodingUnavailable, match=r"'cl100k_base' is not cached on this machine\. Allow the download with"
    ):
        get_encoding("cl100k_base")


def test_a_failed_download_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tiktoken.load
    import tiktoken.registry

    def unreachable(blobpath: str) -> bytes:
        raise ConnectionError(blobpath)

    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    monkeypatch.setattr(tiktoken.load, "read_file", unreachable)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    with pytest.raises(EncodingUnavailable, match="could not be downloaded"):
        get_encoding("cl100k_base", allow_download=True)


def test_a_damaged_ranks_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = tmp_path / "survey-8k-v1.tiktoken"
    damaged.write_bytes(b"AA== 0\n")
    monkeypatch.setattr(tokens, "_RANKS", damaged)
    tokens._builtin.cache_clear()
    with pytest.raises(EncodingUnavailable, match=r"is not the file that shipped\. Install survey-qa again"):
        get_encoding()
    monkeypatch.undo()
    assert count_tokens("模型") > 0


def test_a_missing_ranks_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_RANKS", tmp_path / "gone.tiktoken")
    tokens._builtin.cache_clear()
    with pytest.raises(EncodingUnavailable, match=r"gone\.tiktoken: No such file"):
        get_encoding()
    monkeypatch.undo()
    assert count_tokens("模型") > 0


def test_importing_corpus_does_not_load_tiktoken() -> None:
    program = "import sys, corpus; print('tiktoken' in sys.modules, 'charset_normalizer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
