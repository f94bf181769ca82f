import pytest

from index.catalogue import DocumentInfo
from index.snapshots import SnapshotInfo
from ui.jobs import Job
from ui.listing import render_contents, render_documents, render_jobs, render_snapshots

EVIL = '<img src=x onerror=alert(1)>"'
INFO = DocumentInfo(EVIL, EVIL, None, "zh", EVIL, "hash", 10, 2, 2023)


@pytest.mark.parametrize(
    "html",
    [
        render_documents([INFO], {EVIL}, "en", total=3, writable=True),
        render_contents(INFO, [(2, EVIL)], 1, "zh"),
        render_jobs([Job(1, "upload", EVIL, "failed", words=EVIL)], "en"),
        render_snapshots([SnapshotInfo(EVIL, 1, EVIL, 1, 1, 1, False, "")], "zh", writable=True),
    ],
)
def test_hostile_names_stay_text(html):
    assert "<img" not in html
    assert "&lt;img" in html


def test_a_server_that_is_read_only_shows_no_button_that_changes_anything():
    old = SnapshotInfo("00000001-aaaaaaaa", 1, "2026", 1, 1, 1, False, "")

    assert "sq-remove" not in render_documents([INFO], (), "en", total=1, writable=False)
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


def test_a_selection_is_told():
    assert "Only what is ticked answers now: 1." in render_documents([INFO], {EVIL}, "en", total=1, writable=True)
