"""What every engine must do, told by an index in this process: the same questions find the same passages."""

import threading
from dataclasses import replace

import pytest

from corpus import Document, UsageError
from index import EmptyCorpus, EngineFailed, Filter, Index, IndexLocked, IndexMismatch, IndexNotFound, UnknownDocument

pytestmark = pytest.mark.long

QUESTIONS = [
    "How many parameters does GPT-3 have?", "GPT-3 有多少参数?", "What is low-rank adaptation?", "指令微调是什么?",
    "Which models support Chinese?", "哪些模型开源?", "Who trained BLOOM?", "chain of thought prompting", "强化学习 人类反馈",
    "When does the tide rise?", "LLaMA 65B 训练数据", "zebra crossing",
]  # fmt: skip


def ties(hits):
    """Places by their scores: equally good ones may come in any order."""
    return sorted(hits, key=lambda hit: (-hit[0], hit[1:]))


def alike(some, others):
    """Whether two rankings are the same up to ties, the last place included, where a tie may be cut."""
    some, others = ties(some), ties(others)
    last = some[-1][0] if some else 0
    close = [abs(a[0] - b[0]) <= 2e-4 for a, b in zip(some, others, strict=True)]
    return all(close) and {hit[1:] for hit in some if hit[0] > last + 2e-4} <= {hit[1:] for hit in others}


def test_the_same_questions_find_the_same_ten_passages_up_to_ties(embedded, opened, found):
    assert [q for q in QUESTIONS if not alike(found(embedded, q), found(opened, q))] == []


@pytest.mark.parametrize(
    "filter",
    [
        Filter.of(kinds=["paper"]),
        Filter.of(languages=["zh"]),
        Filter.of(years="2019..2022"),
        Filter.of(years="..1910"),
        Filter.of(kinds=["paper"], years="2020.."),
        Filter.of(documents=['tides" or number >= 0 or "']),
    ],
    ids=str,
)
def test_a_filter_leaves_what_it_leaves_in_this_process(embedded, opened, found, filter):
    for question in QUESTIONS[:4]:
        assert alike(found(embedded, question, filter=filter), found(opened, question, filter=filter))
    assert embedded.narrowed(filter).documents() == opened.narrowed(filter).documents()


def test_two_filters_leave_what_both_leave(embedded, opened, found):
    first, second = Filter.of(kinds=["paper"]), Filter.of(years="2019..2022")
    narrowed = [index.narrowed(first).narrowed(second) for index in (embedded, opened)]
    assert narrowed[0].documents() == narrowed[1].documents() != []
    assert alike(*(found(index, "language model") for index in narrowed))


def test_a_filter_that_nothing_can_meet_finds_nothing(opened):
    narrowed = opened.narrowed(Filter.of(kinds=["paper"])).narrowed(Filter.of(documents=['tides" or number >= 0 or "']))
    assert narrowed.search("tide") == []
    assert narrowed.documents() == []


@pytest.mark.parametrize("value", ['x" or number >= 0 or "', "x'; DROP TABLE passages; --", "论文\0", "\ud800"])
def test_what_a_filter_names_is_compared_and_never_executed(opened, value):
    with pytest.raises(UsageError, match="No document has the kind"):
        opened.search("tide", filter=Filter.of(kinds=[value]))
    with pytest.raises(UnknownDocument):
        opened.search("tide", filter=Filter.of(documents=[value]))


def test_documents_and_their_texts_are_those_of_the_index(embedded, opened):
    assert opened.documents() == embedded.documents()
    for info in embedded.documents()[::7]:
        assert opened.document(info.id) == embedded.document(info.id)


def test_an_unknown_document_is_refused_with_what_is_near(opened):
    with pytest.raises(UnknownDocument, match="Near: library"):
        opened.document("papers/bloom.md")


def test_passages_and_their_neighbours_are_those_of_the_index(embedded, opened):
    id_ = embedded.documents()[0].id
    passages = embedded.passages_of(id_)
    assert opened.passages_of(id_) == passages
    assert opened.neighbours(passages[3], before=2, after=1) == embedded.neighbours(passages[3], before=2, after=1)


def test_what_the_index_knows_of_words_is_known_of_them(embedded, opened):
    for term in ("gpt3", "参数", "tide", "zebra", "模"):
        assert (opened.holds(term), opened.idf(term)) == (embedded.holds(term), embedded.idf(term))
    assert opened.aliases() == embedded.aliases()
    assert opened.folders() == embedded.folders()


@pytest.mark.parametrize("terms", [["gpt3"], ["模型", "参数"], ["the", "language", "model"], ["nowhere"], []])
def test_passages_with_all_of_some_terms_come_in_document_order(embedded, opened, terms):
    assert opened.passages_with(terms, 5) == embedded.passages_with(terms, 5)
    assert opened.documents_with(terms, 5) == embedded.documents_with(terms, 5)
    filter = Filter.of(languages=["zh"])
    assert opened.narrowed(filter).passages_with(terms, 5) == embedded.narrowed(filter).passages_with(terms, 5)


def test_questions_mean_the_same(embedded, opened, server):
    if not server.has_words:
        pytest.skip(f"{server.name} does not know how well the question's own words do")
    for question in QUESTIONS:
        mine, theirs = embedded.query(question), opened.query(question)
        assert theirs.concepts == mine.concepts
        assert theirs.terms == pytest.approx(mine.terms, abs=1e-5)


def changes(documents):
    """Documents that are new, changed and gone."""
    new = Document.from_text("The zebra crosses the pier at noon. 斑马中午过码头。", id="zebra.md")
    changed = replace(documents[1], text=documents[1].text + "\n\nA zebra was seen.")
    return [new, changed], [documents[4].id, documents[-1].id]


def test_after_adding_changing_and_removing_it_finds_what_an_index_of_this_process_finds(
    documents, embedded, pushed, found
):
    mine = embedded.pinned()
    for index in (mine, pushed):
        given, gone = changes(documents)
        index.update(given, remove=gone)
        index.remove(["zebra.md"])
        index.add(given)
    assert (len(pushed), pushed.documents()) == (len(mine), mine.documents())
    assert pushed.aliases() == mine.aliases()
    for question in QUESTIONS:
        assert alike(found(mine, question), found(pushed, question))
    with pytest.raises(UnknownDocument):
        pushed.document(documents[4].id)


def test_many_small_changes_leave_what_they_leave_in_this_process(embedded, pushed, found):
    mine = embedded.pinned()
    for number in range(9):
        given = [Document.from_text(f"Zebra number {number} sleeps in stable {number % 3}.", id=f"stable{number % 4}")]
        mine.add(given)
        pushed.add(given)
    assert alike(found(mine, "Where does zebra 7 sleep?"), found(pushed, "Where does zebra 7 sleep?"))
    assert pushed.info()["terms"] == mine.info()["terms"]
    assert pushed.info()["languages"] == mine.info()["languages"]


def test_the_same_documents_again_change_nothing(documents, changing):
    before = changing.snapshot
    assert changing.add(documents[:3]).snapshot == before


def test_all_documents_cannot_be_removed(changing):
    held = changing.documents()
    with pytest.raises(EmptyCorpus):
        changing.remove([document.id for document in held])
    assert changing.documents() == held


def test_another_reader_takes_over_what_was_published_and_a_pinned_one_stays(changing, server, pushed_once):
    pushed, reader = changing, Index.open(pushed_once(server, "changing"))
    pinned = reader.pinned()
    pushed.add([Document.from_text("The zebra crosses.", id="zebra")])
    assert (reader.refresh(), reader.refresh()) == (True, False)
    assert reader.document("zebra").text == "The zebra crosses."
    assert (reader.snapshot, pinned.snapshot == pushed.snapshot) == (pushed.snapshot, False)


def test_settings_stay_with_the_index(changing, server, pushed_once):
    changing.settle({"threshold": 0.5, "gone": 1}).settle({"gone": None})
    settings = Index.open(pushed_once(server, "changing")).settings()
    assert (settings["threshold"], "gone" in settings) == (0.5, False)


def test_a_writer_that_another_one_overtook_is_refused(changing, server, pushed_once):
    from index.remote import writing

    former = Index.open(pushed_once(server, "changing"))._contents
    changing.settle({"a": 1})
    with pytest.raises(IndexLocked, match="Another writer"):
        writing.settle(former, {"b": 2})


def test_pushing_the_same_again_does_nothing_and_another_index_replaces_it_in_one_step(
    documents, embedded, pushed, url
):
    assert embedded.push(url).found == len(embedded)
    other = embedded.pinned().remove([documents[0].id])
    reader, wrong, stop = Index.open(url), [], threading.Event()

    def read():
        while not stop.is_set():
            reader.refresh()
            pinned = reader.pinned()
            if len(pinned) != sum(info.passages for info in pinned.documents()) or not pinned.search("language model"):
                wrong.append(len(pinned))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        other.push(url)
    finally:
        stop.set()
        thread.join()
    reader.refresh()
    assert (wrong, len(reader)) == ([], len(other))


def test_a_push_that_was_interrupted_answers_nobody_and_the_next_one_goes_on(embedded, url, monkeypatch):
    monkeypatch.setattr("index.remote.preparing.BATCH", 40)

    def interrupt(stage, done, total):
        if stage == "pushing" and done >= total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedded.push(url, interrupt)
    with pytest.raises(IndexNotFound, match="index push"):
        Index.open(url)
    assert embedded.push(url).found >= len(embedded) // 2
    assert len(Index.open(url)) == len(embedded)


def test_what_is_pulled_is_what_was_pushed(embedded, opened, tmp_path):
    pulled = opened.pull(tmp_path / "index")
    assert pulled.documents() == embedded.documents()
    assert pulled.folders() == embedded.folders()
    assert [hit.to_dict() for hit in pulled.search("GPT-3")] == [hit.to_dict() for hit in embedded.search("GPT-3")]
    pulled.verify()


def test_a_pull_that_was_interrupted_goes_on(opened, tmp_path):
    def interrupt(stage, done, total):
        if stage == "pulling vectors":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened.pull(tmp_path / "index", interrupt)
    kept = list((tmp_path / "index/unfinished").rglob("*.json"))
    assert kept
    opened.pull(tmp_path / "index")
    assert not any(path.exists() for path in kept)


def test_a_vector_that_was_changed_in_the_engine_is_noticed(pushed, tmp_path):
    from index.remote.preparing import Numbering, prepare

    pushed.verify()
    state = pushed._contents
    given = Index.build(pushed.passages_of(pushed.documents()[0].id), embedder=state.base.embedder)._contents.segments[
        0
    ]
    terms = [max(state.lexicon.number_of(term), 0) for term in given.postings.vocabulary]
    forged = next(
        prepare(given, Numbering(0, 0, state.manifest.kinds, state.manifest.languages), terms_of(terms)).passages()
    )
    state.store.put_passages(replace(forged, vectors=-forged.vectors), again=True)
    with pytest.raises(EngineFailed, match="not what was written"):
        pushed.verify()


def terms_of(numbers):
    import numpy as np

    return np.array(numbers, np.int32)


def test_another_embedder_than_the_index_was_made_with_is_refused(server, pushed_once):
    with pytest.raises(IndexMismatch, match="was built with the embedder 'builtin'"):
        Index.open(pushed_once(server, "shared"), embedder="BAAI/bge-m3")


def test_an_index_that_is_not_there_is_said_with_what_makes_one(server):
    with pytest.raises(IndexNotFound, match="survey-qa index push"):
        Index.open(server.url("nowhere"))


def test_it_says_what_the_engine_is_and_what_it_cannot_do(opened, server):
    engine = opened.info()["engine"]
    assert ("by vectors alone" in engine) == (not server.has_words)
    assert opened.info()["directory"].startswith(("milvus://127", "postgresql://postgres@127"))
