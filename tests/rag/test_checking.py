"""Whether a quote says what a statement says: numbers, names, quoted words, negation, and the words they share."""

from __future__ import annotations

import pytest

from rag.answers import Citation
from rag.grounding.checking import check, support
from rag.understanding.quantities import find_quantities, same_quantity


@pytest.mark.parametrize(
    "quote",
    [
        "GPT-3 is a model with 175B parameters.",
        "GPT-3 has 175 billion parameters.",
        "GPT-3 的参数量为 1750亿。",
        "GPT-3 拥有 1,750 亿参数。",
        "GPT3 有一千七百五十亿个参数。",
        "gpt 3, with 175,000,000,000 parameters",
    ],
)
@pytest.mark.parametrize("statement", ["GPT-3 有 1750 亿参数。", "GPT-3 has 175B parameters."])
def test_the_same_number_in_other_words_supports(statement, quote):
    assert check(statement, quote).label == "supported"


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("GPT-3 has 176B parameters.", "GPT-3 has 175B parameters."),
        ("GPT-3 有 1750 万参数。", "GPT-3 有 1750 亿参数。"),
        ("It needs 6B of memory.", "It needs 6GB of memory."),
        ("准确率为 92%。", "准确率为 92.5%。"),
        ("发布于 2023 年 3 月。", "发布于 2023 年 5 月。"),
        ("Training cost $600.", "Training cost 600 yuan."),
    ],
)
def test_another_number_is_no_support_whatever_else_agrees(statement, quote):
    found = check(statement, quote)
    assert found.label != "supported"
    assert found.missing


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("It came out in March 2023.", "它发布于 2023年3月15日。"),
        ("It was tuned on 52K examples.", "It was tuned on 52,002 examples."),
        ("It reads 8K tokens.", "It reads 8,192 tokens."),
        ("准确率为 92.5%。", "The accuracy is 92.5 percent."),
        ("训练花费 600 美元。", "Training cost $600."),
        ("支持三种语言。", "It supports three languages."),
    ],
)
def test_dates_percentages_money_and_rounded_numbers_meet_across_spellings(statement, quote):
    assert check(statement, quote).missing == ()


def test_a_part_of_the_numbers_is_weak():
    assert check("T5 has 11B parameters and 24 layers.", "T5 has 11B parameters.").label == "weak"


@pytest.mark.parametrize(
    ("name", "quote", "held"),
    [
        ("GPT-3", "gpt 3 is large", True),
        ("GPT-3", "GPT-3.5 is large", False),
        ("ChatGLM-6B", "ChatGLM 有 62 亿参数,ChatGLM6B 开源", True),
        ("LLaMA-65B", "LLaMA comes with 7B and 65B parameters", True),
        ("LLaMA-65B", "LLaMA comes with 7B parameters", False),
        ("BLOOM", "BLOOMZ is tuned", False),
        ("LLaMA", "LLaMA-2 is newer", False),
        ("T5", "mT5 knows 101 languages", False),
    ],
)
def test_a_name_is_found_in_its_spellings_and_not_inside_other_names(name, quote, held):
    assert (name not in check(f"关于 {name} 的说明", quote).missing) is held


def test_a_name_may_stand_in_the_heading_but_a_number_may_not():
    assert check("GPT-3 has 175B parameters.", "It has 175B parameters.", context="GPT-3").missing == ()
    assert check("GPT-3 has 175B parameters.", "It is a large model.", context="GPT-3 (175B)").missing == ("175B",)


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("LLaMA 可以商用。", "LLaMA 不可以商用。"),
        ("LLaMA 不可以商用。", "LLaMA 可以商用。"),
        ("The model is not open.", "The model is open."),
        ("The weights can be used without approval.", "The weights cannot be used without approval."),
    ],
)
def test_a_flipped_negation_is_no_support(statement, quote):
    found = check(statement, quote)
    assert found.negated
    assert found.label == "unsupported"


def test_words_that_only_look_like_a_negation_are_none():
    assert not check("它能理解文本。", "它不仅能理解文本,而且能生成。").negated


def test_the_statements_own_words_in_the_quote_are_full_support():
    assert support("mT5 支持 101 种语言", "谷歌还发布了 mT5 支持 101 种语言[3],效果很好。") == 1.0


def test_a_word_for_word_match_inside_a_longer_number_is_none():
    assert check("参数为 175", "参数为 1750 亿").label == "unsupported"


def test_quoted_words_must_be_there_word_for_word():
    assert "chain of thought" in check('It is called "chain of thought".', "It is called a thought chain.").missing


def test_an_address_must_be_there():
    statement = "代码在 https://example.org/code 。"
    assert check(statement, "代码见 https://example.org/code。").label == "supported"
    assert check(statement, "代码见 https://example.org/other。").label != "supported"


def test_other_words_about_the_same_name_are_no_support():
    assert check("GPT-3 was trained by cats in a barn.", "GPT-3 has 175B parameters.").label == "unsupported"


def test_across_languages_one_name_is_not_enough_but_a_number_is():
    assert check("OPT 很受欢迎。", "OPT is a suite of models.").label == "weak"
    assert check("OPT 有 175B 参数。", "OPT has 175B parameters.").label == "supported"


def test_across_languages_with_nothing_to_compare_it_cannot_be_told():
    assert check("效果很好。", "It works well.").label == "weak"


@pytest.mark.parametrize(
    "statement", ["- GPT-3 is large.", "1. GPT-3 is large.", "2) GPT-3 is large.", "GPT-3 is large. [4]"]
)
def test_bullets_and_marks_are_not_part_of_a_statement(statement):
    assert support(statement, "GPT-3 is large.") == 1.0


def test_the_labels_of_checks_and_citations_have_the_same_borders():
    for found in (
        check("It works well.", "它很好。"),
        check("T5 has 11B parameters.", "T5 有 110 亿参数"),
        check("T5 has 3B", "no"),
    ):
        citation = Citation(1, "a", "", "", "", 0, 0, support=found.support)
        assert citation.label == found.label


def test_an_empty_quote_supports_nothing():
    assert support("GPT-3 has 175B parameters.", "") < 0.3


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.4 万亿 token", [1.4e12]),
        ("1.4T tokens", [1.4e12]),
        ("twenty-five languages", [25]),
        ("one hundred and seventy-five billion", [175e9]),
        ("二零二三年", [2023]),
        ("百分之九十", [90]),
        ("2千米", [2]),
        ("10-20", [10, 20]),
    ],
)
def test_numbers_are_read_in_both_languages(text, values):
    assert [q.value for q in find_quantities(text)] == values


def test_seven_billion_does_not_stand_for_six_point_seven():
    stated, quoted = find_quantities("7B, 6.7B")
    assert not same_quantity(stated, quoted)
