"""A moving window counts what names take."""

import threading

from ui import windows
from ui.windows import Share, Window


def test_shares_that_do_not_all_fit_are_all_left_uncounted(clock):
    window = Window(60.0, clock=clock)
    assert window.take(Share("ada", 5, 4)) == 0
    clock.now += 10

    assert window.take(Share("bob", 5, 5), Share("ada", 5, 2)) == 50
    assert window.take(Share("bob", 5, 5), Share("ada", 5, 1)) == 0


def test_what_never_fits_waits_the_whole_window(clock):
    window = Window(60.0, clock=clock)

    assert window.take(Share("ada", 5, 6)) == 60
    assert window.take(Share("ada", 5)) == 0
    assert window.take(Share("ada", 5, 6)) == 60


def test_names_that_took_something_long_ago_are_forgotten_first(clock, monkeypatch):
    monkeypatch.setattr(windows, "MOST_KNOWN", 2)
    window = Window(60.0, clock=clock)
    for name in ("ada", "bob", "ada", "cleo"):
        window.take(Share(name, 2))

    assert [window.take(Share(name, 2)) for name in ("ada", "bob")] == [60, 0]


def test_threads_together_take_no_more_than_there_is(clock):
    window, got = Window(60.0, clock=clock), []
    threads = [
        threading.Thread(target=lambda: got.extend(window.take(Share("ada", 1_000)) for _ in range(500)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got.count(0) == 1_000
    assert got.count(60) == 3_000
