"""Packing: the passages that hold the evidence come first, and nothing needed is missing."""

import pytest

from corpus import Document, split
from index import Index
from rag.reading.gathering import gather, name_terms
from rag.reading.packing import pack
from rag.understanding.questions import understand


def build(**texts):
    return Index.build(split([Document.from_text(text, id=id_) for id_, text in texts.items()]))


def packed(index, text, **options):
    question = understand(text, index)
    return pack(question, index.search(text, 20), index, **options)


LIGHTHOUSES = "# Lighthouses\n\n" + "\n\n".join(
    f"## Light-{n}\n\nLight-{n} stands on a rock near port {n}. Its lamp burns {n + 20} litres of oil a night."
    for n in range(1, 30)
)


@pytest.fixture(scope="module")
def index():
    return build(lights=LIGHTHOUSES)


def test_the_passage_that_answers_comes_first(index):
    first = packed(index, "How many litres of oil does Light-17 burn?")[0]
    assert "37 litres" in first.passage.text


def test_the_budget_is_kept(index):
    hits = packed(index, "How much oil does a lamp burn?", budget=500)
    assert sum(hit.passage.end - hit.passage.start for hit in hits) <= 500


def test_one_passage_is_packed_however_small_the_budget(index):
    assert len(packed(index, "How much oil does Light-3 burn?", budget=1)) == 1


def test_nothing_found_packs_nothing(index):
    question = understand("xyzzy", index)
    assert pack(question, [], index) == []


def test_each_name_of_a_comparison_is_packed(index):
    text = "".join(hit.passage.text for hit in packed(index, "Which burns more oil, Light-4 or Light-26?")[:2])
    assert "Light-4 stands" in text
    assert "Light-26 stands" in text


def test_a_passage_that_another_one_repeats_is_left_out():
    body = "## Buoys\n\nThe northern buoy of Skerry Sound rings every nine seconds in fog."
    index = build(a=f"# One\n\n{body}", b=f"# Two\n\n{body}")
    hits = packed(index, "How often does the northern buoy ring?")
    assert sum("northern buoy" in hit.passage.text for hit in hits) == 1


def test_every_row_of_a_table_is_packed_for_a_superlative():
    rows = "\n".join(f"| Gauge-{n} | {n * 3} metres |" for n in range(1, 25))
    index = build(gauges=f"# Gauges\n\n| Gauge | Depth |\n|---|---|\n{rows}\n")
    text = "".join(hit.passage.text for hit in packed(index, "Which gauge has the greatest depth?"))
    assert all(f"Gauge-{n} " in text for n in range(1, 25))


def test_the_entry_with_the_link_comes_first():
    references = "\n".join(f"[{n}]Buoy-{n}:https://example.org/{n}" for n in range(1, 12))
    index = build(
        buoys=f"# Buoys\n\nBuoy-7 rings often. Buoy-7 is red. Buoy-7 is old.\n\n## 参考资料\n\n{references}\n"
    )
    first = packed(index, "Buoy-7 的链接")[0].passage
    assert any(
        link.url == "https://example.org/7" for link in first.document.links if first.start <= link.start < first.end
    )


def test_gathering_keeps_the_hits_first_and_each_passage_once(index):
    question = understand("Which burns more oil, Light-4 or Light-26?", index)
    hits = index.search(question.text, 20)
    gathered = gather(question, hits, index)
    places = [(hit.passage.document_id, hit.passage.start) for hit in gathered]
    assert gathered[: len(hits)] == hits
    assert len(places) == len(set(places))


def test_a_name_of_several_words_is_looked_up_by_its_parts(index):
    assert name_terms("Light-4", index) == ["light4"]
    assert set(name_terms("rock near port", index)) <= {"rock", "near", "port"}
