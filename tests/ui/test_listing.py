import pytest

from index.catalogue import DocumentInfo
from index.filters import Filter
from index.snapshots import SnapshotInfo
from ui.facets import facets_of
from ui.handlers import EVERYTHING
from ui.jobs import Job
from ui.listing import render_contents, render_documents, render_facets, render_jobs, render_snapshots

EVIL = '<img src=x onerror=alert(1)>"'
INFO = DocumentInfo(EVIL, EVIL, None, "zh", EVIL, "hash", 10, 2, 2023)
PAPER = DocumentInfo("p.md", "P", None, "en", "paper", "hash", 10, 2, 2022)


@pytest.mark.parametrize(
    "html",
    [
        render_documents([INFO], {EVIL}, "en", writable=True),
        render_contents(INFO, [(2, EVIL)], 1, "zh"),
        render_facets(facets_of([INFO, PAPER], EVERYTHING), EVERYTHING, 1, 1, "en", limited=False),
        render_jobs([Job(1, "upload", EVIL, "failed", words=EVIL)], "en"),
        render_snapshots([SnapshotInfo(EVIL, 1, EVIL, 1, 1, 1, False, "")], "zh", writable=True),
    ],
)
def test_hostile_names_stay_text(html):
    assert "<img" not in html
    assert "&lt;img" in html


def test_a_server_that_is_read_only_shows_no_button_that_changes_anything():
    old = SnapshotInfo("00000001-aaaaaaaa", 1, "2026", 1, 1, 1, False, "")

    assert "sq-remove" not in render_documents([INFO], (), "en", writable=False)
    assert "sq-rollback" not in render_snapshots([old], "en", writable=False)
    assert "sq-rollback" in render_snapshots([old], "en", writable=True)


def test_a_damaged_or_current_snapshot_has_no_way_back_to_it():
    damaged = SnapshotInfo("00000001-aaaaaaaa", 1, "2026", 1, 1, 1, False, "a byte differs")
    current = SnapshotInfo("00000002-aaaaaaaa", 2, "2026", 1, 1, 1, True, "")

    html = render_snapshots([current, damaged], "en", writable=True)

    assert "sq-rollback" not in html
    assert "current" in html
    assert "damaged" in html


def test_a_job_under_way_tells_how_far_it_is_and_can_be_cancelled():
    html = render_jobs([Job(3, "upload", "a.md", "running", "embedding", 5, 20)], "en")

    assert "(embedding 5/20)" in html
    assert 'value="3"' in html
    assert "sq-cancel" not in render_jobs([Job(3, "upload", "a.md", "done")], "en")


def facets(within=EVERYTHING, *, limited=False):
    return render_facets(facets_of([INFO, PAPER], within), within, 1, 2, "en", limited=limited)


def test_filters_tell_how_many_documents_each_lets_through():
    html = facets()

    assert '>paper<span class="sq-count">1</span>' in html
    assert "1 of 2 documents" in html
    assert "sq-these" not in html


def test_a_filter_can_become_the_limit_of_the_chat_and_be_cleared():
    html = facets(Filter(kinds=frozenset(["paper"])))

    assert "Answer only from these 1" in html
    assert "Clear filters" in html
    assert html.count("sq-facet sq-chosen") == 1


def test_a_limited_chat_can_be_widened_from_the_list():
    assert "Use all documents" in facets(limited=True)
    assert "Use all documents" not in facets()


def test_kinds_and_languages_have_words_in_the_pages_language():
    assert "论文" in render_documents([PAPER], (), "zh", writable=True)
    assert "英文" in render_documents([PAPER], (), "zh", writable=True)
