"""The comparison with other systems, as it is written from its figures."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "tests" / "benchmarks"


@pytest.fixture
def pages(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import peers_page
    import peers_plot

    return peers_page, peers_plot


@pytest.fixture
def measured():
    from_file = json.loads((BENCHMARKS / "peers.json").read_text("utf-8"))
    return {system: from_file[system] for system in sorted(from_file, key=lambda name: name != "survey-qa")}


def found(share):
    return {"find": {"Chinese (CMRC)": {"hit@1": share, "hit@5": 1.0}}}


def grown(*rounds):
    return {"sizes": {"300": list(rounds)}}


def test_a_page_says_where_another_system_is_better(pages):
    page = pages[0].write({"survey-qa": found(0.9), "Chroma": found(0.95), "bm25s, jieba": found(0.8)})
    losses = page.partition("## Where survey-qa loses")[2].partition("\n## ")[0]
    assert "- Finding: the right context first, Chinese (CMRC): .900 against .950 (Chroma)\n" in losses
    assert "five" not in losses


def test_the_best_of_a_column_is_bold_and_what_was_not_measured_is_a_dash(pages):
    page = pages[0].write({"survey-qa": found(0.9), "Chroma": found(0.95), "txtai hybrid": {"kill": {}}})
    assert "| Chroma | **.950** | – |" in page
    assert "| txtai hybrid | – | – |" in page


def test_a_size_that_passed_the_limit_says_so_and_one_that_was_not_begun_too(pages):
    report = {
        "survey-qa": grown({"build_cpu_s": 2.0, "build_s": 8.0}, {"build_cpu_s": 4.0, "build_s": 12.0}),
        "Chroma": grown({"over": "150 s"}),
        "txtai hybrid": grown({"over": "150 s", "tried": False}),
    }
    page = pages[0].write(report)
    assert "| survey-qa | **3.0** (10) | – | – | – |" in page
    assert "| Chroma | over 150 s | – | – | – |" in page
    assert "| txtai hybrid | over 150 s † | – | – | – |" in page


def test_what_killed_writers_left_is_counted_unless_it_is_the_old_or_the_new_index(pages):
    kill = {
        "add": {"kills": 25, "seen": {"whole": 20, "does not open: EOFError": 5}},
        "rebuild": {"kills": 25, "seen": {"old": 20, "new": 5}},
    }
    page = pages[0].write({"survey-qa": {"kill": kill}})
    assert "| survey-qa | 25 | 5 | 25 | **0** | added: 5 does not open: EOFError |" in page


def test_the_pictures_are_drawings_in_light_and_dark_of_every_system(pages, measured):
    page, plot = pages
    for picture in (plot.bars(measured, page.DRAWN), plot.curves(measured, page.CURVES)):
        ElementTree.fromstring(picture)
        assert "prefers-color-scheme:dark" in picture
        assert all(picture.count(f">{system}<") for system in measured)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_table_of_a_readme_is_the_one_that_the_figures_give(pages, measured, readme):
    text = (ROOT / readme).read_text("utf-8")
    table = re.search(r"<!-- peers -->\n(.*?)<!-- /peers -->", text, re.S)
    assert table
    assert table[1] == pages[0].short(measured, chinese="zh" in readme)
