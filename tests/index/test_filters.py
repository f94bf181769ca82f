"""Filters by id, kind, language and year: before ranking, in both legs, without losing recall."""

import numpy as np
import pytest

from corpus import Document, UsageError, split
from corpus.documents import Passage
from index import Filter, Index, UnknownDocument

DOCUMENTS = [
    Document("s/rivers.md", "Rivers of the north freeze in winter.", kind="survey", language="en", metadata={"date": "2021"}),
    Document("p/ice.md", "Ice on rivers melts in spring.", kind="paper", language="en", metadata={"date": "2023-04"}),
    Document("p/snow.md", "Snow feeds the rivers of the south.", kind="paper", language="en", metadata={"date": "2022"}),
    Document("p/河流.md", "北方的河流在冬天结冰。", kind="paper", language="zh", metadata={"date": "2020"}),
    Document("notes.txt", "Rivers, notes of the last week.", kind="text", language="en"),
]  # fmt: skip


def whole(document):
    return Passage(document, 0, len(document.text))


@pytest.fixture(scope="module")
def index():
    return Index.build(map(whole, DOCUMENTS))


@pytest.fixture
def passing(index):
    """The ids that a search finds under conditions, by both legs."""

    def found(**conditions):
        hits = index.search("rivers 河流", 10, filter=Filter.of(**conditions), vector_weight=0.5)
        return {hit.passage.document_id for hit in hits}

    return found


def test_documents_are_chosen_by_kind(passing):
    assert passing(kinds=["paper"]) == {"p/ice.md", "p/snow.md", "p/河流.md"}
    assert passing(kinds=["survey", "text"]) == {"s/rivers.md", "notes.txt"}


def test_documents_are_chosen_by_language(passing):
    assert passing(languages=["zh"]) == {"p/河流.md"}


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ("2022", {"p/snow.md"}),
        (2022, {"p/snow.md"}),
        ("2021..2022", {"s/rivers.md", "p/snow.md"}),
        ("2022..", {"p/snow.md", "p/ice.md"}),
        ("..2020", {"p/河流.md"}),
    ],
)
def test_documents_are_chosen_by_year(passing, years, expected):
    assert passing(years=years) == expected


def test_every_condition_must_be_met(passing):
    assert passing(kinds=["paper"], languages=["en"], years="2023..") == {"p/ice.md"}
    assert passing(documents=["p/ice.md", "notes.txt"], kinds=["paper"]) == {"p/ice.md"}
    assert passing(kinds=["survey"], languages=["zh"]) == set()


def test_documents_and_a_filter_both_hold(index):
    hits = index.search("rivers", documents=["p/ice.md", "notes.txt"], filter=Filter.of(kinds=["text"]))
    assert [hit.passage.document_id for hit in hits] == ["notes.txt"]


def test_a_filter_without_conditions_lets_everything_through(passing, index):
    assert len(passing()) == len(DOCUMENTS)
    assert not Filter.of()


def test_the_year_of_a_document_is_listed(index):
    assert [info.year for info in index.documents()] == [2021, 2023, 2022, 2020, None]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"kinds": ["papers"]}, r"no document has the kind 'papers'.*paper \(3\), survey \(1\), text \(1\)"),
        ({"languages": ["fr"]}, r"no document has the language 'fr'.*en \(4\), zh \(1\)"),
        ({"years": "1990..1999"}, r"no document is of 1990\.\.1999.*2020 to 2023; 1 of 5 have no year"),
    ],
)
def test_what_no_document_has_is_refused_and_what_there_is_named(passing, conditions, message):
    with pytest.raises(UsageError, match=f"(?i){message}"):
        passing(**conditions)


def test_an_unknown_document_is_refused(passing):
    with pytest.raises(UnknownDocument, match=r"p/ice\.md"):
        passing(documents=["p/ices.md"])


@pytest.mark.parametrize("years", ["", "..", "twenty", "2021-2023", "20212023", "99", True, 2.5, [2021]])
def test_years_that_cannot_be_read_are_refused(years):
    with pytest.raises(UsageError, match=r"Years are 2023, 2021\.\.2023"):
        Filter.of(years=years)


def test_years_that_go_backwards_are_refused():
    with pytest.raises(UsageError, match=r"Write 2021\.\.2023"):
        Filter.of(years="2023..2021")


@pytest.mark.parametrize("value", [1, {"a": 1}, ["a", None], True])
def test_conditions_of_another_type_are_refused(value):
    with pytest.raises(UsageError, match=r"kinds is a list of texts"):
        Filter.of_fields({"kinds": value})


def test_an_index_can_be_narrowed_to_some_documents(index):
    narrowed = index.narrowed(Filter.of(kinds=["paper"], languages=["en"]))
    assert [info.id for info in narrowed.documents()] == ["p/ice.md", "p/snow.md"]
    assert {hit.passage.document_id for hit in narrowed.search("rivers")} == {"p/ice.md", "p/snow.md"}
    assert [passage.document_id for passage in narrowed.passages_with(["river"])] == ["p/ice.md", "p/snow.md"]
    assert (narrowed.holds("spring"), narrowed.holds("week"), index.holds("week")) == (True, False, True)
    assert narrowed.held(["week", "spring", "weke"]) == ["spring"]


def test_a_narrowed_index_can_be_narrowed_further(index):
    narrowed = index.narrowed(Filter.of(kinds=["paper"])).narrowed(Filter.of(languages=["zh"]))
    assert [info.id for info in narrowed.documents()] == ["p/河流.md"]


def test_a_filter_follows_a_change_of_the_index(passing):
    index = Index.build(map(whole, DOCUMENTS))
    chosen = Filter.of(kinds=["paper"])
    before = {hit.passage.document_id for hit in index.search("rivers 河流", filter=chosen)}
    index.remove(["p/ice.md"]).add([Document("p/new.md", "New rivers.", kind="paper")])
    after = {hit.passage.document_id for hit in index.search("rivers 河流", filter=chosen)}
    assert (before - after, after - before) == ({"p/ice.md"}, {"p/new.md"})


@pytest.mark.parametrize("kind", ["flat", "sq8", "hnsw", "ivf"])
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_under_a_filter_of_one_in_twenty_both_legs_find_what_an_exact_search_finds(
    word_lengths, kind, weight, monkeypatch
):
    monkeypatch.setattr("index.vectors.FEW", 5)
    chance = np.random.default_rng(0)
    words = ["a" * length for length in range(1, 12)]
    texts = [" ".join([*chance.choice(words, 12), f"stone{number}"]) for number in range(1200)]
    documents = [
        Document(f"{number}", text, kind="paper" if number % 20 == 7 else "text") for number, text in enumerate(texts)
    ]
    papers = [document for document in documents if document.kind == "paper"]
    index = Index.build(map(whole, documents), embedder=word_lengths, vectors=kind)
    for question in texts[:40:4]:
        asked = question.rsplit(" ", 1)[0]
        hits = index.search(asked, 10, filter=Filter.of(kinds=["paper"]), vector_weight=weight)
        every = index.search(asked, 1200, documents=[paper.id for paper in papers], vector_weight=weight)
        assert len(hits) == 10
        assert np.allclose([hit.score for hit in hits], [hit.score for hit in every[:10]], atol=1e-3)


@pytest.mark.parametrize("kind", ["flat", "sq8", "ivf"])
def test_what_was_removed_hides_nothing_that_lives_behind_it(word_lengths, kind):
    near = [Document(f"near{number}", f"aaaa bbbb {number}") for number in range(300)]
    far = [Document(f"far{number}", " ".join(["aaaa bbbb", *["ccccccc"] * 3, f"{number}"])) for number in range(1200)]
    index = Index.build(map(whole, near + far), embedder=word_lengths, vectors=kind)
    index.remove([document.id for document in near])
    hits = index.search("aaaa bbbb", 10, vector_weight=1.0)
    assert len(hits) == 10
    assert all(hit.passage.document_id.startswith("far") for hit in hits)


def test_what_a_question_means_does_not_hang_on_a_filter():
    texts = {"volcano": "The Very Large Crater (VLC) erupted in 1902.", "bakery": "The bakery opens at four."}
    index = Index.build(split([Document.from_text(text, id=id) for id, text in texts.items()]))
    narrowed = index.narrowed(Filter.of(documents=["bakery"])).query("When did the VLC erupt?")
    assert "crater" in narrowed.terms
    assert narrowed == index.query("When did the VLC erupt?")
