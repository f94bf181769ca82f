"""How often one caller may ask."""

import time

import pytest

from corpus.errors import UsageError
from ui.http.failing import Failed
from ui.http.pacing import Pace


def test_a_window_moves_and_says_when_there_is_room(clock):
    pace = Pace("2/minute", clock=clock)
    pace.take("ada")
    clock.now += 20
    pace.take("ada")
    with pytest.raises(Failed, match=r"More than 2 in a minute\. Try again in 40 s\.") as failed:
        pace.take("ada")
    assert failed.value.retry_after == 40
    pace.take("bob")
    clock.now += 40
    pace.take("ada")


@pytest.mark.parametrize("jump", [-86_400.0 * 3_650, -3_600.0, 3_600.0, 86_400.0 * 3_650])
def test_a_clock_that_is_set_locks_nobody_out_and_lets_nobody_in_early(monkeypatch, jump):
    pace, real = Pace("2/hour"), time.time
    pace.take("ada")
    monkeypatch.setattr(time, "time", lambda: real() + jump)
    pace.take("ada")
    with pytest.raises(Failed) as failed:
        pace.take("ada")
    assert 3_500 < failed.value.retry_after <= 3_600


@pytest.mark.parametrize(
    ("rate", "room"), [("2/second", 1), (" 2 / Minutes", 60), ("2 per hour", 3_600), ("2/day", 86_400)]
)
def test_a_rate_is_a_number_and_a_unit(rate, room, clock):
    pace = Pace(rate, clock=clock)
    pace.take("ada")
    pace.take("ada")
    with pytest.raises(Failed) as failed:
        pace.take("ada")
    assert failed.value.retry_after == room


def test_a_rate_goes_up_to_a_hundred_thousand(clock):
    pace = Pace("100000/day", clock=clock)
    for _ in range(100_000):
        pace.take("ada")
    with pytest.raises(Failed, match="More than 100000 in a day"):
        pace.take("ada")


@pytest.mark.parametrize("rate", ["100001/day", "0/hour", "٣/minute", "1e3/day", "60"])
def test_what_is_no_rate_is_refused_with_examples(rate):
    with pytest.raises(UsageError, match="Write 10/second"):
        Pace(rate)
