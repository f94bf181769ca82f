"""Searching: both legs, filters, the same words once, limits."""

import threading

import numpy as np
import pytest

from corpus import Document, UsageError
from index import Index, UnknownDocument, vectors


def test_a_chinese_question_finds_its_passage(bilingual, found):
    assert found(bilingual, "大潮什么时候出现?")[0] == "tides"


def test_an_english_question_finds_its_passage(bilingual, found):
    assert found(bilingual, "When did the volcano erupt?")[0] == "volcano"


def test_every_spelling_of_a_name_finds_the_same_passage(bilingual, found):
    assert {found(bilingual, f"{name} 的口径是多少?")[0] for name in ("Heron-2", "heron 2", "HERON2")} == {"telescope"}


def test_a_typing_error_in_a_latin_word_is_forgiven(english, found):
    assert found(english, "volcanoe eruptd")[0] == "volcano"


def test_scores_fall_and_no_more_than_k_are_returned(bilingual):
    hits = bilingual.search("潮汐和面包", 3)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(hits) == 3


def test_both_legs_are_normalised_to_one(bilingual):
    best = bilingual.search("黑麦面包")[0]
    assert best.lexical == pytest.approx(1.0)
    assert 0 < best.vector <= 1.0


@pytest.mark.parametrize("question", ["", "   ", "?!", "\ud800", "zzzzqqqq"])
def test_a_question_that_says_nothing_finds_nothing(english, question):
    assert english.search(question) == []


def test_a_very_long_question_is_searched(bilingual, found):
    assert found(bilingual, "黑麦面包 " * 5000)[0] == "bakery"


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_no_passages_gives_none(bilingual, k):
    assert bilingual.search("潮汐", k) == []


def test_a_filter_holds_in_both_legs(bilingual, found):
    assert set(found(bilingual, "黑麦面包", documents=["tides", "violin"], vector_weight=0.5)) <= {"tides", "violin"}
    assert found(bilingual, "黑麦面包", documents=["bakery"]) == ["bakery"]


def test_a_filter_by_no_document_finds_nothing(bilingual):
    assert bilingual.search("潮汐", documents=[]) == []


def test_a_filter_by_an_unknown_document_is_refused_with_near_names(bilingual):
    with pytest.raises(UnknownDocument, match="tides"):
        bilingual.search("潮汐", documents=["tide"])


def test_the_same_words_are_shown_once(make_passage, found):
    same = [make_passage("Cheddar is a hard cheese.", id="a"), make_passage("Cheddar is a  hard cheese!", id="b")]
    index = Index.build([*same, make_passage("Brie is soft.", id="c")])
    assert found(index, "hard cheese cheddar") == ["a"]


def test_many_copies_of_the_same_words_do_not_crowd_out_the_others(make_passage, found):
    copies = [make_passage("Cheddar, hard cheddar cheese.", id=f"copy{n}") for n in range(500)]
    index = Index.build([*copies, make_passage("A hard cheese is Parmesan.", id="b")])
    assert found(index, "hard cheese cheddar") == ["copy0", "b"]


def test_a_heading_leads_to_its_passage(make_passage, found):
    texts = {"a": "It has 40 rooms.", "b": "It has 60 rooms."}
    index = Index.build([make_passage(text, id=id, context=f"Hotel {id}lpha") for id, text in texts.items()])
    assert found(index, "How many rooms has Hotel blpha?")[0] == "b"


def test_the_weight_of_the_vectors_can_be_set(make_passage, word_lengths, found):
    index = Index.build(
        [make_passage("ab cd", id="short"), make_passage("abcdefgh ijklmnop", id="long")], embedder=word_lengths
    )
    assert found(index, "qrstuvwx", vector_weight=1.0)[0] == "long"
    assert found(index, "qrstuvwx", vector_weight=0.0) == []


def test_searches_from_many_threads_agree(bilingual, found):
    expected = found(bilingual, "黑麦面包", 5)
    results = []
    threads = [
        threading.Thread(target=lambda: results.extend(found(bilingual, "黑麦面包", 5) == expected for _ in range(50)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 300
    assert all(results)


def test_passages_that_hold_all_terms_come_in_document_order(bilingual):
    assert [passage.document_id for passage in bilingual.passages_with(["面包"])] == ["bakery"]
    assert [passage.document_id for passage in bilingual.passages_with(["year"])] == ["glacier", "harbour"]
    assert [passage.document_id for passage in bilingual.passages_with(["year"], limit=1)] == ["glacier"]
    assert bilingual.passages_with(["year", "面包"]) == []
    assert bilingual.passages_with([]) == []


def test_documents_with_all_of_some_terms_come_once_each_in_their_order(bilingual):
    assert [document.id for document in bilingual.documents_with(["year"])] == ["glacier", "harbour"]
    assert [document.id for document in bilingual.documents_with(["year"], limit=1)] == ["glacier"]
    assert bilingual.documents_with([]) == []


def test_idf_rises_with_rarity_and_is_zero_for_what_is_not_there(bilingual):
    assert bilingual.idf("volcano") > bilingual.idf("year") > 0
    assert bilingual.idf("zebra") == 0.0
    assert bilingual.holds("volcano")
    assert not bilingual.holds("zebra")
    assert bilingual.held(["zebra", "year", "volcano", "year"]) == ["year", "volcano", "year"]
    assert bilingual.held([]) == []


@pytest.mark.parametrize("saved", [False, True])
def test_neighbours_are_those_of_the_same_document(make_passage, tmp_path, saved):

    document = Document(id="a", text="one two three four")
    spans = [(0, 3), (4, 7), (8, 13), (14, 18)]
    pieces = [make_passage(document, id="a", start=start, end=end) for start, end in spans]
    index = Index.build([*reversed(pieces), make_passage("five", id="b")])
    if saved:
        index.save(tmp_path)
        index = Index.open(tmp_path)
    assert [p.text for p in index.passages_of("a")] == ["one", "two", "three", "four"]
    assert [p.text for p in index.neighbours(pieces[1])] == ["one", "three"]
    assert [p.text for p in index.neighbours(pieces[3], before=2, after=2)] == ["two", "three"]
    assert [p.text for p in index.neighbours(pieces[0], before=3, after=0)] == []


def test_two_documents_with_one_id_are_refused(make_passage):
    with pytest.raises(UsageError, match="Two documents have the id 'a'"):
        Index.build([make_passage("Tides rise.", id="a"), make_passage("Bread is baked.", id="a")])


def test_faiss_and_the_matrix_find_the_same(make_passages, found):
    generator = np.random.default_rng(0)
    words = ["tide", "moon", "bread", "pier", "ash", "bow", "map", "root", "dome", "cable"]
    texts = {str(n): " ".join(generator.choice(words, 6)) + f" {n}" for n in range(200)}
    index = Index.build(make_passages(texts))
    before = [found(index, question, 10, vector_weight=0.7) for question in ("moon tide", "cable ash", "root")]
    some = [str(n) for n in range(0, 200, 7)]
    filtered = found(index, "moon tide", 10, vector_weight=0.7, documents=some)
    index.load()
    assert [found(index, question, 10, vector_weight=0.7) for question in ("moon tide", "cable ash", "root")] == before
    assert found(index, "moon tide", 10, vector_weight=0.7, documents=some) == filtered


def test_a_large_index_is_searched_by_faiss_as_soon_as_it_is_opened(make_passages, tmp_path, monkeypatch, found):
    texts = {str(n): f"pier {n} is {n * 3} metres long" for n in range(30)}
    index = Index.build(make_passages(texts))
    index.save(tmp_path)
    expected = found(index, "pier of 27 metres", 5, vector_weight=1.0)
    monkeypatch.setattr(vectors, "ENOUGH_FOR_FAISS", 30)
    opened = Index.open(tmp_path)
    assert found(opened, "pier of 27 metres", 5, vector_weight=1.0) == expected
