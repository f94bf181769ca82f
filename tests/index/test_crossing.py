"""The dictionary as it is compiled into an index."""

import pytest

from index.crossing import Crossing, Reach
from index.dictionary import Dictionary, phrase, read_dictionary
from index.vocabulary import Vocabulary

PAIRS = [
    ("潮汐", "tide"),
    ("涨潮", "tide"),
    ("海洋生物学", "marine biology"),
    ("书", "book"),
    ("书", "letter"),
    ("语言模型", "language model"),
]


def compiled(terms, toward, pairs=PAIRS, inside=True):
    crossing = Crossing.compile(Dictionary.of_pairs(pairs), inside=inside)
    return Reach(crossing, [crossing.terms.shared(Vocabulary.build(terms))], toward).translate


def test_only_translations_that_the_index_holds_are_kept():
    translate = compiled(["潮", "汐", "潮汐"], {"zh"})
    assert set(translate("tid")) == {"潮", "汐", "潮汐"}


def test_many_translations_share_the_weight():
    one = compiled(["潮", "汐", "潮汐"], {"zh"})("tid")["潮汐"]
    two = compiled(["潮", "汐", "潮汐", "涨", "涨潮"], {"zh"})("tid")["潮汐"]
    assert two == pytest.approx(one / 2**0.5, rel=1e-2)


def test_a_chinese_word_leads_to_the_stems_of_its_glosses():
    assert set(compiled(["marin", "biologi"], {"en"})("海洋生物学")) == {"marin"}
    assert set(compiled(["marin", phrase("biology")[0]], {"en"})("海洋生物学")) == {"marin", phrase("biology")[0]}


def test_a_phrase_is_translated_as_a_whole():
    translate = compiled(["语", "言", "模", "型", "语言", "言模", "模型"], {"zh"})
    assert "模型" in translate("languag model")


def test_a_word_inside_a_longer_gloss_is_translated_only_where_that_is_wanted():
    terms = ["语", "言", "模", "型", "语言", "言模", "模型"]
    assert compiled(terms, {"zh"}, inside=True)("model")
    assert not compiled(terms, {"zh"}, inside=False)("model")


def test_nothing_is_compiled_toward_a_language_that_is_not_there():
    assert not compiled(["潮", "汐", "潮汐", "tid"], {"zh"})("潮汐")
    assert not compiled(["潮", "汐", "潮汐", "tid"], {"en"})("tid")


def test_the_shipped_dictionary_is_large_and_has_no_remarks_about_words():
    dictionary = read_dictionary()
    assert len(dictionary.entries) > 90_000
    volcano = {entry.chinese: entry.glosses for entry in dictionary.entries}["火山"]
    assert ("volcano",) in volcano
    assert not [entry for entry in dictionary.entries if ("cl",) in entry.glosses]


def test_a_vocabulary_finds_each_of_its_strings_and_no_other():
    words = ["", "a", "ab", "潮", "潮汐", "gpt3.5", "\ud800"]
    vocabulary = Vocabulary.build(words)
    assert sorted(vocabulary) == sorted(words)
    assert [vocabulary[vocabulary.find(word)] for word in words] == words
    assert vocabulary.find("abc") == vocabulary.find("汐") == -1


def test_strings_with_the_same_checksum_are_told_apart():
    """``plumless`` and ``buckeroo`` have the same CRC-32."""
    vocabulary = Vocabulary.build(["plumless", "buckeroo"])
    assert {vocabulary[vocabulary.find(word)] for word in ("plumless", "buckeroo")} == {"plumless", "buckeroo"}


def test_an_empty_vocabulary_finds_nothing():
    assert Vocabulary.build([]).find("a") == -1


MEANINGS = [("火星", "Mars"), ("火星", "spark"), ("藏语", "Tibetan language"), ("首都", "capital"), ("省", "capital")]


def reach(terms, toward):
    crossing = Crossing.compile(Dictionary.of_pairs(MEANINGS), inside=True)
    return Reach(crossing, [crossing.terms.shared(Vocabulary.build(terms))], toward)


def test_a_word_is_surely_meant_by_its_first_meaning_less_by_another_and_least_by_a_part_of_one():
    assert reach(phrase("Mars"), {"en"}).sureness("火星") == 1.0
    other = reach(phrase("spark"), {"en"}).sureness("火星")
    part = reach(phrase("language"), {"en"}).sureness("藏语")
    assert 1.0 > other > part > 0.0
    assert reach(phrase("tide"), {"en"}).sureness("火星") == 0.0


def test_a_single_character_is_no_sure_translation_of_an_english_word():
    assert reach(["首", "都", "首都"], {"zh"}).sureness("capital") == 1.0
    assert reach(["省"], {"zh"}).sureness("capital") < 0.5
