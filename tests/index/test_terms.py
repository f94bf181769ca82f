"""What two spellings of the same word, name or number have in common."""

import doctest

import pytest

from index import dictionary, terms
from index.terms import analyze, normalize, normalize_name, stem, without_question_words


@pytest.mark.parametrize("spelling", ["GPT-3", "gpt3", "GPT 3", "ＧＰＴ－３"])
def test_every_spelling_of_a_name_has_the_same_whole_and_the_same_stem(spelling):
    assert {"gpt3", "gpt"} <= set(analyze(spelling))


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("ChatGLM-6B", {"chatglm6b", "chatglm"}),
        ("text-davinci-003", {"textdavinci003", "davinci003", "textdavinci", "text", "davinci"}),
        ("T5", {"t5"}),
        ("U-PaLM", {"upalm", "palm"}),
        ("GPT-NeoX-20B", {"gptneox20b", "gptneox", "neox20b", "gpt", "neox"}),
        ("J1-Jumbo", {"j1jumbo", "j1", "jumbo"}),
        ("GPT-3.5", {"gpt3.5", "gpt"}),
    ],
)
def test_a_model_name_is_found_whole_and_by_its_parts(name, terms):
    assert set(analyze(name)) == terms


def test_a_size_behind_a_hyphen_is_no_term_of_its_own():
    assert "6b" not in analyze("ChatGLM-6B")
    assert "6b" in analyze("有 6B 参数")


@pytest.mark.parametrize(("written", "joined"), [("Dolly 2.0", "dolly2.0"), ("ERNIE 3.0 Titan", "ernie3.0")])
def test_a_version_after_a_space_joins_the_name(written, joined):
    assert joined in analyze(written)


def test_a_number_after_a_stop_word_joins_nothing():
    assert "in3" not in analyze("in 3 steps")


@pytest.mark.parametrize(
    "amount", ["175b", "175B", "175 billion", "1750亿", "1750 亿", "1,750亿", "０.175 trillion", "1750億"]
)
def test_an_amount_is_found_in_every_unit_that_it_may_be_written_in(amount):
    assert "175b" in analyze(amount)


@pytest.mark.parametrize(
    ("written", "term"), [("1.4T", "1.4t"), ("1.4万亿", "1.4t"), ("800 GB", "800gb"), ("13G", "13gb")]
)
def test_a_unit_stays_with_its_number(written, term):
    assert term in analyze(written)


def test_an_amount_in_chinese_is_found_as_written_too():
    assert "1750亿" in analyze("共 1750亿参数")


def test_thousands_separators_do_not_matter():
    assert analyze("12,500") == analyze("12500") == ["12500"]


def test_chinese_becomes_characters_and_pairs_within_a_run():
    assert analyze("潮汐,潮水") == ["潮", "汐", "潮汐", "潮", "水", "潮水"]


def test_traditional_characters_match_simplified_ones():
    assert analyze("機器學習與語言模型") == analyze("机器学习与语言模型")


def test_hyphenated_words_are_found_in_parts_and_joined():
    assert set(analyze("pre-training")) == {"pretrain", "pre", "train"}


def test_a_possessive_is_the_word():
    assert analyze("Google's") == analyze("Google")


def test_accents_do_not_matter():
    assert analyze("Café") == analyze("cafe")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("models", "model"),
        ("studies", "study"),
        ("studied", "study"),
        ("trained", "training"),
        ("classes", "class"),
        ("tuning", "tune"),
        ("cases", "case"),
        ("families", "family"),
        ("embeddings", "embed"),
        ("strings", "string"),
        ("boxes", "box"),
        ("quickly", "quick"),
        ("trees", "tree"),
    ],
)
def test_inflections_share_a_stem(one, other):
    assert stem(one) == stem(other)


@pytest.mark.parametrize("word", ["process", "corpus", "basis", "string", "bus", "king", "need"])
def test_words_that_only_look_inflected_stay(word):
    assert stem(word) == word


@pytest.mark.parametrize("name", ["GPT-3.5", "gpt 3.5", "GPT3.5"])
def test_a_normal_name_keeps_the_point_inside_a_number(name):
    assert normalize_name(name) == "gpt3.5"


def test_a_normal_name_has_no_spaces_or_punctuation():
    assert normalize_name("Dr. Who (龙猫)") == "drwho龙猫"


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("请问潮汐是什么?", "潮汐 ?"),
        ("哪一台机器最快?", "机器最快?"),
        ("桥有多长?", "桥有 ?"),
        ("为什么会涨潮呢", "会涨潮"),
        ("几个人", "人"),
    ],
)
def test_question_words_go_and_the_subject_stays(question, kept):
    assert without_question_words(normalize(question)).split() == kept.split()


@pytest.mark.parametrize("module", [terms, dictionary])
def test_the_examples_in_the_docstrings_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_text_without_letters_has_no_terms():
    assert analyze("— … ! ?") == []


def test_lone_surrogates_do_no_harm():
    assert analyze("tide \ud800 rises") == ["tid", "ris"]
