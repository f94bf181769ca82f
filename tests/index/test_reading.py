"""Many texts read at once give the terms that each gives alone."""

import random
from collections import Counter

import pytest

from corpus.languages import language_of
from index.reading import Reader, chinese_of, spelled
from index.terms import analyze

SIGNS = "abß éÉΣσς İi̇０３４,.，-_'’+ 十百千万亿兆 GPT 3 175b13gb 参数模型𠀀豈ｶﾞ각ᄀ ᅡ\u0301\0\1\x1c\n①℃½²ﬁ\udc80kＭ々〇ー1,0002,345"


def terms_of(texts):
    reader = Reader()
    found = reader.read(texts)
    counts = [Counter() for _ in texts]
    for term, text in zip(spelled(found.codes, reader.latin), found.texts.tolist(), strict=True):
        counts[text][term] += 1
    return counts


@pytest.fixture(scope="module")
def wild():
    chance = random.Random(0)
    return ["".join(chance.choices(SIGNS, k=chance.randrange(60))) for _ in range(3000)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GPT-3 有 1750亿参数",
        "3 万人和 10万",
        "gpt 3",
        "1,000,000 words",
        "Übergröße",
        "電腦，软件",
        "ΟΔΟΣ",
        "a\0b\1c",
    ],
)
def test_a_text_among_others_gives_its_own_terms(text):
    assert terms_of(["3", text, "参数"])[1] == Counter(analyze(text))


def test_texts_of_any_characters_give_the_terms_that_each_gives_alone(wild):
    assert terms_of(wild) == [Counter(analyze(text)) for text in wild]


def test_the_language_of_many_texts_is_that_of_each(wild):
    texts = [*wild, "语言 model", "ChatGLM, also called 智谱, is a model", "词" * 30_000 + "word " * 9]
    assert chinese_of(texts).tolist() == [language_of(text) == "zh" for text in texts]


def test_texts_are_the_same_when_their_terms_are_in_the_same_order():
    one, turned, divided = Reader().read(["GPT-3 参数", "参数 GPT-3", "GPT-3 参 数"]).sameness.tolist()
    assert Reader().read(["其他 words", "gpt-3,參數!"]).sameness[1] == one
    assert len({one, turned, divided}) == 3
