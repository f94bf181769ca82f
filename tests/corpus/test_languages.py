import pytest

from corpus import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("大语言模型是什么", "zh"),
        ("What is a large language model?", "en"),
        ("LLaMA 是 Meta AI 发布的基础语言模型", "zh"),
        ("ChatGLM-6B INT4 最低多少显存?", "zh"),
        ("The model 通义千问 was released by Alibaba in 2023.", "en"),
        ("", "en"),
        ("175B", "en"),
    ],
)
def test_the_language_is_the_one_that_carries_the_text(text: str, language: str) -> None:
    assert language_of(text) == language


def test_long_texts_are_judged_by_their_beginning() -> None:
    assert language_of("模型。" * 10_000 + "word " * 100_000) == "zh"
