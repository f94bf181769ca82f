"""Understanding questions about fields that nothing was tuned to: telescopes and databases."""

import pytest

from corpus import Document, split
from index import Index
from rag.understanding.asking import asked_nouns, modifiers_of_generic
from rag.understanding.grammar import asks_for_several, compares, direction_of, kind_of, split_clauses
from rag.understanding.mentions import correct_typing, find_mentions, mention_strength, name_pattern
from rag.understanding.questions import understand

TEXT = """# 巡天

## Heron-2

Heron-2(苍鹭)是 Firth Institute 于 2011 年建成的射电望远镜,有 48 面天线。Heron-2 的数据由 Egret DB 保存。

## Heron-2 Max

Heron-2 Max 有 96 面天线,谷歌(Google)参与了建造。

## Egret DB

Egret DB 是一个键值数据库,代码有 30 万行。它的前身是 U-Egret。
"""


@pytest.fixture(scope="module")
def index():
    return Index.build(split([Document.from_text(TEXT, id="survey.md")]))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("这台望远镜有多少面天线?", "number"),
        ("How many dishes does the array have?", "number"),
        ("镜面占总成本的百分之多少?", "percentage"),
        ("建这台望远镜花了多少钱?", "money"),
        ("How much did the dish cost?", "money"),
        ("它是什么时候建成的?", "date"),
        ("When was the array opened?", "date"),
        ("建造历时多久?", "duration"),
        ("这个数据库是哪家公司开发的?", "organisation"),
        ("Who built the Arran Array?", "organisation"),
        ("第一作者是谁?", "person"),
        ("源代码在哪里下载?", "link"),
        ("Where can I find the code?", "link"),
        ("论文发表在哪个会议?", "venue"),
        ("Where was the survey published?", "venue"),
        ("为什么选在山上?", "reason"),
        ("它被称为什么?", "name"),
        ("什么是干涉测量?", "definition"),
        ("What is an interferometer?", "definition"),
        ("哪台望远镜最大?", "superlative"),
        ("表格里一共列了几台望远镜?", "count"),
        ("有哪些望远镜在智利?", "list"),
        ("Which telescopes are in Chile?", "list"),
        ("Which computer controls Heron-2?", "name"),
        ("Which country buys a tenth of them?", "name"),
        ("这个数据库是基于什么引擎做的基础?", "lineage"),
        ("它支持事务吗?", "yes_no"),
        ("数据怎样压缩?", "method"),
        ("What is the height of the dish?", "number"),
        ("What happens when the power fails?", "name"),
    ],
)
def test_the_kind_of_answer_follows_from_the_question_words(question, kind):
    assert kind_of(question) == kind


def test_a_question_that_asks_two_things_has_two_clauses():
    assert split_clauses("这桥多长、多少钱建的?") == ["这桥多长", "多少钱建的"]
    assert split_clauses("Who built it, and when was it opened?") == ["Who built it", "when was it opened"]


def test_a_clause_that_asks_nothing_is_no_clause_of_its_own():
    assert split_clauses("虽然很旧,这台望远镜还能用吗?") == ["这台望远镜还能用吗"]


@pytest.mark.parametrize(("question", "direction"), [("A 和 B 谁更大?", 1), ("哪个最便宜?", -1), ("有多少面天线?", 0)])
def test_a_comparison_knows_which_end_it_looks_for(question, direction):
    assert direction_of(question) == direction


def test_comparing_and_listing_are_seen():
    assert compares("A 与 B 分别是谁建的?")
    assert asks_for_several("What methods are listed?")
    assert not asks_for_several("What is listed first?")


@pytest.mark.parametrize(
    ("question", "words", "language", "asked"),
    [
        ("这台望远镜有多少面天线?", ["天线", "望远镜"], "zh", ("天线",)),
        ("这个数据库的缓存大小是多少?", ["数据库", "缓存大小"], "zh", ("缓存大小",)),
        ("它用什么压缩算法存数据?", ["压缩算法", "数据"], "zh", ("压缩算法",)),
        ("How many dishes does it have?", ["dishes"], "en", ("dishes",)),
        ("What lens coating does it use?", ["lens", "coating"], "en", ("coating",)),
        ("What did it cost?", ["cost"], "en", ()),
        ("What kinds of dishes does it have?", ["dishes"], "en", ("dishes",)),
    ],
)
def test_the_noun_that_the_question_word_belongs_to_is_found(question, words, language, asked):
    assert asked_nouns(question, words, language) == asked


def test_a_generic_noun_keeps_the_word_before_it():
    assert modifiers_of_generic("What is the cache size of Egret?", ["cache", "size"]) == ("cache",)
    assert modifiers_of_generic("What cache does it use?", ["cache"]) == ()


@pytest.mark.parametrize("spelling", ["Heron-2", "heron 2", "HERON2", "苍鹭"])
def test_a_name_is_found_in_any_spelling(index, spelling):
    names = list(find_mentions(f"{spelling} 有多少面天线?", index, "zh"))
    assert len(names) == 1
    assert names[0].held


def test_neighbouring_words_are_one_name(index):
    question = understand("How many dishes does Heron-2 Max have?", index)
    assert question.names == ("Heron-2 Max",)


def test_a_question_keeps_its_names_apart(index):
    question = understand("Heron-2 和 Egret DB 分别是谁做的?", index)
    assert question.names == ("Heron-2", "Egret DB")
    assert question.side_by_side


def test_another_version_is_another_name(index):
    (mention,) = find_mentions("Heron-3 有多少面天线?", index, "zh")
    assert not mention.held
    assert mention.certain


def test_a_size_or_a_year_alone_is_no_name(index):
    assert find_mentions("7B 和 2011 有什么关系?", index, "zh") == []


def test_a_common_word_in_latin_letters_is_no_name(index):
    assert find_mentions("用了多少 GPU 和 token?", index, "zh") == []


def test_a_word_and_the_year_behind_it_are_looked_for_apart(index):
    needles = understand("Whose dishes have been turning since 2011?", index).needles
    assert "2011" in [needle.surface for needle in needles]
    assert not any("since" in needle.surface for needle in needles)


def test_names_that_a_heading_joins_are_two_names_in_a_question():
    text = "# Stores\n\n## TideDB and KelpDB\n\nTideDB and KelpDB keep logs. TideDB is fast, KelpDB is small."
    index = Index.build(split([Document.from_text(text, id="stores.md")]))
    assert understand("What is the difference between TideDB and KelpDB?", index).names == ("TideDB", "KelpDB")


def test_a_greek_letter_belongs_to_a_name():
    index = Index.build(split([Document.from_text("# Arrays\n\nKolibri-β 由海事局建造。", id="a.md")]))
    assert understand("How large is Kolibri-β?", index).names == ("Kolibri-β",)


def test_a_nickname_is_a_name_though_sentences_begin_with_what_it_stands_for():
    text = "Alpaca 由斯坦福大学发布。Alpaca 有 7B 参数。有人在 Alpaca 之上继续训练。"
    index = Index.build(split([Document.from_text(text, id="a.md")]))
    assert understand("羊驼是谁发布的?", index).names == ("羊驼",)


@pytest.mark.parametrize("text", ["gpt 3 is", "GPT-3's", "GPT3 is", "the GPT-3."])
def test_spellings_of_one_name_match(text):
    assert name_pattern("GPT-3").search(text)


def test_longer_names_are_told_from_shorter_ones(index):
    (mention,) = find_mentions("Egret DB 是什么?", index, "zh")
    assert mention_strength("Egret DB 很快", mention) == 1.0
    assert 0 < mention_strength("U-Egret DB 很快", mention) < 0.5
    assert mention_strength("EgretDBX 很快", mention) == 0.0


def test_a_typing_error_is_mended(index):
    question = understand("How many dishes does Herron-2 have?", index)
    assert question.names == ("Heron-2",)


def test_a_digit_is_never_taken_for_a_typing_error():
    assert correct_typing("Heron-3", ["Heron-2", "Egret"]) == ""


def test_a_short_or_distant_spelling_means_nothing_else():
    assert correct_typing("Eg", ["Egret"]) == ""
    assert correct_typing("Ibis", ["Egret", "Heron-2"]) == ""


def test_words_that_only_ask_are_no_needles(index):
    question = understand("请问 Heron-2 到底有多少面天线呢?", index)
    assert [needle.surface for needle in question.needles if len(needle.surface) > 1] == ["天线"]


def test_a_word_that_no_passage_has_weighs_most(index):
    question = understand("Heron-2 的天线用什么减速器?", index)
    weights = {needle.surface: (needle.weight, needle.held) for needle in question.needles}
    assert weights["减速器"][0] > weights["天线"][0]
    assert not weights["减速器"][1]


def test_size_is_asked_of_the_thing_itself_only(index):
    assert understand("Egret DB 有多大?", index).size
    assert not understand("Egret DB 的缓存有多大?", index).size


def test_understanding_an_empty_sounding_question_gives_a_fact(index):
    question = understand("嗯", index)
    assert question.kind == "fact"
    assert question.names == ()


def test_a_word_inside_a_name_does_not_say_what_is_asked_for():
    text = "At Marram Link the pump stopped because a valve froze. The story is on the page of Marram Link."
    index = Index.build(split([Document.from_text(text, id="a")]))
    question = understand("Why did Marram Link stop?", index)

    assert [mention.surface for mention in question.mentions] == ["Marram Link"]
    assert question.kind == "reason"


def test_a_misspelt_name_that_was_typed_apart_is_mended():
    text = "PelicanDB keeps three replicas. Code: https://example.org/pelicandb"
    question = understand(
        "How many replicas does pelcan db keep?", Index.build(split([Document.from_text(text, id="a")]))
    )

    assert [mention.meant for mention in question.mentions] == ["PelicanDB"]


@pytest.mark.parametrize("typed", ["HERON2", "heron 2", "Heron-2"])
def test_a_version_may_be_typed_without_its_point_and_zero(typed):
    index = Index.build(split([Document.from_text("Heron 2.0 reads maps in four languages.", id="a")]))

    assert "Heron 2.0" in {m.meant or m.surface for m in understand(f"{typed} 能读什么?", index).mentions}
