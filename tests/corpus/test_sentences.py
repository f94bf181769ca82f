import pytest

from corpus import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("模型很大。它很慢！真的吗？是的", ["模型很大。", "它很慢！", "真的吗？", "是的"]),
        ("It is open. It is small.", ["It is open.", "It is small."]),
        ("它有65亿参数. 训练很快", ["它有65亿参数.", "训练很快"]),
        ("真的?是的!好", ["真的?", "是的!", "好"]),
        ("两台？！三台", ["两台？！", "三台"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("- 作者：某某\n- 时间：", ["- 作者：某某", "- 时间："]),
    ],
)
def test_sentences_end_at_chinese_and_english_enders_and_at_new_lines(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It saw 1.4T tokens.",
        "GPT-3.5 和 llama.cpp 都能用。",
        "Chung et al. (2022) agree, cf. Sec. 2 and Fig. 3.",
        "e.g. the U.S. model.",
        "见 https://a.org/x.html?q=1。",
        "1. 第一点。",
        "3.推理模块",
        "前面加上 “Translate it to French.” 这句话。",
        "“什么是大模型？”的问题很常见。",
        "他们说：“它很大。”",
        "三台……等等。",
    ],
)
def test_a_sentence_is_not_cut_at_decimals_abbreviations_addresses_numbers_and_quotations(text: str) -> None:
    assert sentences(text) == [text]


def test_a_reference_mark_after_the_end_belongs_to_the_sentence_before() -> None:
    assert sentences("它由谷歌发布。[3] 它有 11B 参数[4]。") == ["它由谷歌发布。[3]", "它有 11B 参数[4]。"]


def test_sentences_come_without_outer_white_space() -> None:
    assert sentences("  一句。  \n\n   两句。 ") == ["一句。", "两句。"]


def test_a_text_without_words_has_no_sentences() -> None:
    assert sentences(" \n\t ") == []
