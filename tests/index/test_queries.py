"""What a question asks for, in index terms: names, translations, other names."""

import pytest

from index import Index


def test_every_word_is_a_concept_with_its_alternatives(bilingual):
    concepts = {concept.surface: concept.terms for concept in bilingual.query("Which volcano erupted?").concepts}
    assert concepts["volcano"]["volcano"] == 1.0
    assert "which" not in concepts


def test_a_chinese_question_is_divided_into_words(chinese):
    surfaces = [concept.surface for concept in chinese.query("黑麦面包为什么受欢迎?").concepts]
    assert "面包" in surfaces
    assert "受欢迎" in surfaces


def test_weights_of_alternatives_are_at_most_one(bilingual):
    for concept in bilingual.query("Heron-2 望远镜 and its 引力, books and bread").concepts:
        assert all(0 < weight <= 1 for weight in concept.terms.values())


def test_the_parts_of_a_name_weigh_less_than_the_whole(chinese):
    terms = chinese.query("Heron-2").terms
    assert terms["heron2"] > terms["heron"] > 0


def test_a_number_after_a_name_is_part_of_it(chinese):
    terms = chinese.query("Heron 2").terms
    assert terms["heron2"] > terms["2"]


@pytest.mark.parametrize(
    ("question", "document"),
    [("Why do orchids' roots rot?", "orchid"), ("suspension bridge length", "bridge"), ("popular bread", "bakery")],
)
def test_an_english_question_finds_chinese_text(chinese, found, question, document):
    assert found(chinese, question)[0] == document


@pytest.mark.parametrize(
    ("question", "document"),
    [("冰川每年退缩多少?", "glacier"), ("小提琴有几根弦?", "violin"), ("火山什么时候喷发?", "volcano")],
)
def test_a_chinese_question_finds_english_text(english, found, question, document):
    assert found(english, question)[0] == document


@pytest.mark.parametrize(("question", "document"), [("火山", "volcano"), ("rye bread", "bakery")])
def test_a_mixed_index_answers_across_languages(bilingual, found, question, document):
    assert found(bilingual, question)[0] == document


def test_translations_do_not_displace_what_the_own_words_find(make_passages, found):
    index = Index.build(make_passages({"zh": "火山在 1902 年喷发。", "en": "The volcano erupted in 1902."}))
    assert found(index, "火山在哪一年喷发?")[0] == "zh"
    assert found(index, "When did the volcano erupt?")[0] == "en"


def test_nothing_is_translated_toward_a_language_that_is_not_there(english):
    assert set(english.query("glacier").terms) == {"glacier"}


@pytest.mark.parametrize("name", ["Heron", "HeRon", "Heron-2"])
def test_names_are_not_translated(make_passages, name):
    index = Index.build(make_passages({"a": f"系统 {name} 很大。", "b": "苍鹭站在水边。"}))
    assert "苍鹭" not in index.query(f"How large is {name}?").terms


def test_a_common_noun_is_translated(make_passages):
    index = Index.build(make_passages({"a": "系统 Heron 很大。", "b": "苍鹭站在水边。"}))
    assert "苍鹭" in index.query("Where does the heron stand?").terms


def test_a_long_other_name_weighs_no_more_than_a_short_one(make_passages):
    index = Index.build(make_passages({"a": "Quick Brown Foxes Inside (QBFI) is a system.", "b": "QBFI is fast."}))
    terms = index.query("How fast is QBFI?").terms
    assert terms["qbfi"] == 1.0
    assert sum(terms[term] for term in ("quick", "brown", "fox", "insid")) == pytest.approx(1.0)


def test_the_glossary_translates_terms_of_the_field(make_passages, found):
    index = Index.build(make_passages({"a": "大语言模型的幻觉很难消除。", "b": "潮汐由月球引起。", "c": "桥梁很长。"}))
    assert found(index, "hallucination of LLMs")[0] == "a"


def test_a_name_that_the_text_explains_is_found_under_both_names(make_passages, found):
    texts = {"a": "Silverback(银背)是一个对话系统,有 40 亿参数。", "b": "另一个系统叫 Redwood,有 20 亿参数。"}
    index = Index.build(make_passages(texts))
    assert "Silverback" in index.aliases()["银背"]
    assert found(index, "银背有多少参数?")[0] == "a"
    assert "silverback" in index.query("银背有多少参数?").terms


def test_shipped_aliases_are_known_under_every_name(make_passages):
    index = Index.build(make_passages({"a": "Chinchilla 用 1.4T token 训练。"}))
    assert "chinchilla" in index.query("龙猫用了多少数据?").terms


def test_amounts_meet_across_languages(make_passages, found):
    index = Index.build(make_passages({"a": "该模型有 1750亿参数。", "b": "该模型有 62亿参数。"}))
    assert found(index, "the model with 175 billion parameters")[0] == "a"


def test_the_query_keeps_the_question(bilingual):
    assert bilingual.query("What?").text == "What?"
