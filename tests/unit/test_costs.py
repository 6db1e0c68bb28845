"""What decisions cost: totals, what stands for a missing time, and bands that hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.amounts import amount, duration, money
from modicum.engine.costs import CLASSIFY, CONFIRM, Times, rate, spent, times_of, together, untimed_takes
from modicum.types import Interval

NONE = Times(np.zeros(0), np.zeros(0, dtype=np.int64))
SECONDS = st.lists(st.integers(1, 600_000).map(lambda ms: ms / 1000), max_size=60)


def times(seconds: list[float], untimed: int = 0) -> Times:
    distinct, counts = np.unique(np.array(seconds, dtype=np.float64), return_counts=True)
    return Times(distinct, counts.astype(np.int64), untimed)


@given(SECONDS, SECONDS, st.integers(0, 50))
def test_work_adds_up_however_it_is_grouped(one: list[float], other: list[float], untimed: int) -> None:
    both = together([times(one, untimed), times(other)])
    assert both.total == pytest.approx(sum(one) + sum(other))
    assert (both.timed, both.untimed) == (len(one) + len(other), untimed)


@given(SECONDS, SECONDS, st.integers(0, 50))
def test_what_was_measured_is_paid_for_and_the_rest_has_a_band(own: list[float], alike: list[float], untimed: int) -> None:
    found = spent(times(own, untimed), times(alike), CLASSIFY)
    assert 0 <= found.low <= found.mean <= found.high
    assert found.low >= sum(own) - 1e-6
    if not untimed:
        assert found.low == found.mean == found.high == pytest.approx(sum(own))


def test_a_missing_time_counts_with_the_median_of_its_kind() -> None:
    own, alike = times([1, 2, 2, 3, 90], untimed=10), times([9] * 50)
    assert spent(own, alike, CLASSIFY).mean == 98 + 10 * 2
    assert untimed_takes(times([1, 2], untimed=10), alike, CLASSIFY).mean == 9, "too few of its own: like decisions stand for it"
    assert untimed_takes(times([], untimed=10), NONE, CLASSIFY) == Interval(mean=2, low=1, high=3, n=0)


def test_before_five_times_the_band_is_the_literatures_and_says_so() -> None:
    found = rate(times([1.5] * 4), CONFIRM, np.random.default_rng(0)).interval()
    assert (found.n, found.low, found.mean, found.high) == (0, 0.1, 0.3, 0.5)
    assert rate(times([1.5] * 5), CONFIRM, np.random.default_rng(0)).interval().mean == 1.5


@pytest.mark.parametrize(("distinct", "runs"), [(40, 200), (5_000, 40)])
def test_the_interval_of_the_mean_covers_it_about_as_often_as_it_says(distinct: int, runs: int) -> None:
    rng = np.random.default_rng(1)
    step = 6 / distinct
    hits = 0
    for _ in range(runs):
        drawn = (rng.gamma(4, 0.5, 300) / step).round() * step
        found = rate(times(drawn.tolist()), CLASSIFY, rng).interval()
        hits += found.low <= 2 <= found.high
    assert hits >= 0.87 * runs


def test_many_distinct_times_are_grouped_without_moving_the_mean() -> None:
    drawn = np.random.default_rng(2).gamma(4, 0.5, 20_000)
    found = rate(times(drawn.tolist()), CLASSIFY, np.random.default_rng(3))
    assert found.mean == pytest.approx(drawn.mean())
    assert found.draws.mean() == pytest.approx(drawn.mean(), rel=2e-3)
    assert found.draws.std() == pytest.approx(drawn.std() / np.sqrt(20_000), rel=0.15)


def test_a_product_takes_both_ends() -> None:
    labels, seconds = Interval(mean=200, low=100, high=400, n=9), Interval(mean=2, low=1, high=3, n=50)
    assert times_of(labels, seconds) == Interval(mean=400, low=100, high=1200, n=9)


def test_time_and_money_read_like_a_sentence() -> None:
    told = [duration(seconds) for seconds in (0, 0.34, 9.96, 89, 90, 2520, 3600, 33_000, 359_000)]
    assert told == ["0 s", "0.3 s", "10 s", "89 s", "2 min", "42 min", "1 h", "9 h 10 min", "100 h"]
    assert [money(value, "EUR") for value in (0.617, 14.2, 1834)] == ["EUR 0.62", "EUR 14", "EUR 1,834"]
    assert amount(9.999) == "10"
