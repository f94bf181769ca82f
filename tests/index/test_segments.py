"""Segments: an index that was changed in steps is the index that would have been built at once, and costs what changed."""

import random

import numpy as np
import pytest

from corpus import Document, split
from index import Index, IndexDamaged, lexical, segments, snapshots
from index.terms import analyze

WORDS = [
    "tide",
    "moon",
    "bread",
    "pier",
    "ash",
    "bow",
    "map",
    "root",
    "dome",
    "cable",
    "kiln",
    "quay",
    "reef",
    "dune",
    "lamp",
    "mast",
    "oven",
    "raft",
    "silt",
    "vane",
    "潮汐",
    "面包",
    "码头",
    "火山",
    "兰花",
    "望远镜",
    "灯塔",
    "月球",
    "引力",
    "烤炉",
]
QUESTIONS = ["moon tide", "潮汐和月球", "which kiln has an oven?", "bread 面包", "灯塔在码头", "tide", "lighthouse"]


def text_of(seed):
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) for _ in range(chance.randint(6, 60))) + f" {seed}."


def documents_of(numbers, version=0):
    return [Document.from_text(text_of(n + 1000 * version), id=f"d{n}") for n in numbers]


def frozen_like(index, passages):
    """Build passages at once, with what stays of another index: its embedder and its average lengths."""
    from index.building import changed
    from index.contents import Contents

    base = index._contents.base
    return Index(changed(Contents(base, (), 0), (), passages))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("saved", [False, True])
def test_changes_in_any_order_rank_as_one_build_does(seed, saved, tmp_path, monkeypatch):
    monkeypatch.setattr(segments, "_SMALLEST", 8)
    monkeypatch.setattr(segments, "FAN", 3)
    chance = random.Random(seed)
    now = dict.fromkeys(range(20), 0)
    index = Index.build(split(documents_of(now)))
    if saved:
        index.save(tmp_path / "x")
    for _ in range(10):
        if saved and chance.random() < 0.5:
            index = Index.open(tmp_path / "x")
        some = chance.sample(range(40), chance.randint(1, 5))
        if chance.random() < 0.4 and now.keys() - some:
            gone = [n for n in some if n in now]
            index.remove([f"d{n}" for n in gone])
            now = {n: version for n, version in now.items() if n not in gone}
        else:
            versions = {n: now.get(n, -1) + 1 for n in some}
            index.add([document for n, version in versions.items() for document in documents_of([n], version)])
            now |= versions

    once = frozen_like(index, split([d for n, version in now.items() for d in documents_of([n], version)]))

    assert {info.id for info in index.documents()} == {f"d{n}" for n in now}
    assert len(index) == len(once)
    terms = [term for word in WORDS for term in analyze(word)]
    assert [index.idf(term) for term in terms] == pytest.approx([once.idf(term) for term in terms])
    assert [index.holds(term) for term in terms] == [once.holds(term) for term in terms]
    assert index.held(terms) == [term for term in terms if once.holds(term)]
    assert [index.query(question).terms for question in QUESTIONS] == [once.query(q).terms for q in QUESTIONS]
    for question in QUESTIONS:
        for one, other in zip(index.search(question, 8), once.search(question, 8), strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-5)
    if saved:
        index.verify()


def test_a_snapshot_shares_large_files_with_the_one_before_the_last(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "WORTH_LINKING", 1)
    index = Index.build(split(documents_of(range(30))))
    index.save(tmp_path)
    index.add(documents_of([30]))
    index.add(documents_of([31]))

    first, second, third = (tmp_path / "snapshots" / name for name in snapshots.names(tmp_path))
    for name in ("base.pack", "segment0_postings.pack"):
        assert (first / name).samefile(third / name)
        assert not (second / name).samefile(third / name)
    assert (second / "segment1_postings.pack").exists()
    assert Index.open(tmp_path).search("tide")


def test_an_index_that_is_saved_elsewhere_shares_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "WORTH_LINKING", 1)
    Index.build(split(documents_of(range(30)))).save(tmp_path / "one")
    Index.open(tmp_path / "one").save(tmp_path / "two")
    assert [path.stat().st_nlink for path in (tmp_path / "two").rglob("*") if path.is_file()] == [1] * 9


@pytest.mark.parametrize("added", [1, 2, 3])
def test_a_large_file_that_is_damaged_leaves_the_snapshot_before_to_serve(added, tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "WORTH_LINKING", 1)
    index = Index.build(split(documents_of(range(30))))
    index.save(tmp_path)
    for number in range(added):
        index.add(documents_of([30 + number]))
    with (tmp_path / "snapshots" / index.snapshot / "segment0_postings.pack").open("r+b") as file:
        file.write(b"x")

    *_, before, newest = Index.snapshots(tmp_path)
    assert "not what was written" in newest.damage
    assert not before.damage
    assert Index.open(tmp_path).snapshot == before.name
    with pytest.raises(IndexDamaged, match="segment0_postings"):
        snapshots.verify(tmp_path)


def test_what_is_damaged_in_an_older_snapshot_is_not_shared_with_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "WORTH_LINKING", 1)
    index = Index.build(split(documents_of(range(30))))
    index.save(tmp_path)
    index.add(documents_of([30]))
    with (tmp_path / "snapshots" / snapshots.names(tmp_path)[0] / "segment0_postings.pack").open("r+b") as file:
        file.write(b"x")
    index.add(documents_of([31]))

    assert [bool(snapshot.damage) for snapshot in Index.snapshots(tmp_path)] == [True, False, False]


def test_where_there_are_no_links_files_are_copied(tmp_path, monkeypatch):
    def refused(source, target):
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refused)
    index = Index.build(split(documents_of(range(30))))
    index.save(tmp_path)
    index.add(documents_of([30]))
    Index.open(tmp_path).verify()
    assert index.snapshot == snapshots.names(tmp_path)[-1]


def test_what_is_removed_is_gone_from_counts_names_and_passages():
    kept = Document.from_text("The dome stands.", id="kept")
    gone = Document.from_text("Heron(苍鹭)是一台望远镜。Its mast is tall.", id="gone")
    index = Index.build(split([kept, gone]))
    assert index.aliases().get("heron")
    before = index.idf("stand")
    index.remove(["gone"])
    assert not index.aliases().get("heron")
    assert index.idf("stand") < before
    assert index.passages_with(["mast"]) == []
    assert index.info()["languages"] == {"zh": 0, "en": 1}


def test_info_tells_of_segments_and_of_what_is_deleted(tmp_path):
    index = Index.build(split(documents_of(range(20))))
    index.save(tmp_path)
    index.add(documents_of([30]))
    index.remove(["d3"])
    info = Index.open(tmp_path).info()
    assert (info["segments"], info["deleted_passages"], info["vectors"]) == (2, 1, "flat")
    assert info["passages"] == len(index) == 20


def test_many_small_additions_are_put_together():
    index = Index.build(split(documents_of(range(3))))
    for n in range(3, 40):
        index.add(documents_of([n]))
    assert index.info()["segments"] <= segments.FAN
    assert [info.id for info in index.documents()] == [f"d{n}" for n in range(40)]
    assert index.search(text_of(7))[0].passage.document_id == "d7"


def test_a_segment_that_is_mostly_removed_is_rewritten():
    index = Index.build(split(documents_of(range(20))))
    index.remove([f"d{n}" for n in range(12)])
    assert index.info()["deleted_passages"] == 0
    assert index.search(text_of(15))[0].passage.document_id == "d15"


def test_new_words_are_reached_across_languages():
    index = Index.build(split(documents_of(range(5))))
    index.add([Document.from_text("冰川每年后退四十米。", id="ice")])
    assert index.search("glacier")[0].passage.document_id == "ice"
    index.remove(["ice"])
    assert "冰川" not in index.query("glacier").terms


@pytest.mark.parametrize("seed", range(6))
def test_pruning_finds_what_the_full_sum_finds(seed, monkeypatch):
    chance = random.Random(seed)
    passages = split([Document.from_text(text_of(n), id=f"d{n}") for n in range(400)])
    index = Index.build(passages)
    index.remove([f"d{n}" for n in range(seed, 60, 3)])
    contents = index._contents
    for _ in range(40):
        terms = {term: chance.choice([0.2, 0.5, 1.0, 2.0]) for term in chance.sample([*WORDS, "潮", "月", "zz"], 6)}
        depth = chance.choice([1, 5, 30, 1000])
        allowed = None if chance.random() < 0.5 else np.array(sorted(chance.sample(range(len(passages)), 50)))
        full = contents.lexical.scorer(terms)
        expected = np.sort(full.of(full.best(depth, allowed)))
        with monkeypatch.context() as patch:
            patch.setattr(lexical, "SMALL", 0)
            pruned = contents.lexical.scorer(terms)
            numbers = pruned.best(depth, allowed)
            assert np.sort(pruned.of(numbers)) == pytest.approx(expected, abs=1e-5)
            assert pruned.highest(np.inf) == pytest.approx(full.highest(np.inf))
            assert pruned.highest(0.5) >= min(0.5, full.highest(np.inf)) - 1e-6
            assert allowed is None or set(numbers.tolist()) <= set(allowed.tolist())


def test_names_follow_what_documents_that_come_and_go_state():
    index = Index.build(split([Document.from_text("Heron(苍鹭)是一台望远镜。", id="a")]))
    before = index.aliases()
    index.add([Document.from_text("没有名字的一句话。", id="b")])
    assert index.aliases() == before
    index.add([Document.from_text("Osprey(鱼鹰)是一台望远镜。", id="c")])
    assert index.aliases()["osprey"] == {"鱼鹰"}
    index.remove(["a"])
    assert "heron" not in index.aliases()


def test_a_rebuild_makes_one_segment_without_what_was_deleted_and_keeps_notes_and_settings(tmp_path):
    old, new = (Document.from_text(f"# {name}\n\n{name} is told of here.", id=name, title=name) for name in "ab")
    index = Index.build(split([old]), folders={"/docs": {"a": "a"}}).settle({"kept": 1})
    index.save(tmp_path)
    index.add([new])
    first = index.snapshot
    index.remove(["a"])

    index.rebuild()

    info = Index.open(tmp_path).info()
    assert (info["segments"], info["deleted_passages"], info["documents"]) == (1, 0, 1)
    assert index.settings() == {"kept": 1}
    assert index.snapshot not in ("memory", first)
    assert [hit.passage.document_id for hit in index.search("b", 1)] == ["b"]


def test_a_rebuild_gives_what_a_build_of_the_same_documents_gives(tmp_path):
    given = [Document.from_text(f"# {name}\n\n{name} is told of here.", id=name, title=name) for name in "abc"]
    index = Index.build(split(given[:1])).add(given[1:]).rebuild()

    fresh = Index.build(split(given))
    assert [(hit.passage.text, hit.score) for hit in index.search("b is", 3)] == [
        (hit.passage.text, hit.score) for hit in fresh.search("b is", 3)
    ]
