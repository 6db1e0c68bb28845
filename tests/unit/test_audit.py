"""The audit for ever: few false alarms, few labels to notice; and the bias of people who see pre-labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from modicum.engine.audit import Monitor
from modicum.engine.bias import adoption_bias
from modicum.errors import InputError


def labels_until(monitor, flags):
    for seen, wrong in enumerate(flags, start=1):
        monitor = monitor.observe(bool(wrong))
        if monitor.revoked:
            return seen
    return None


def test_while_the_error_stays_within_bound_it_is_hardly_ever_revoked():
    rng, runs, alpha = np.random.default_rng(0), 40, 0.1
    alarms = sum(labels_until(Monitor(0.05, alpha), rng.random(300) < 0.05) is not None for _ in range(runs))
    assert binom.sf(alarms - 1, runs, alpha) >= 0.01


def test_five_times_the_error_is_noticed_within_a_hundred_labels_or_so():
    rng = np.random.default_rng(1)
    needed = [labels_until(Monitor(0.02, 0.05), rng.random(1_000) < 0.10) for _ in range(15)]
    assert all(needed)
    assert np.median(needed) <= 130


def test_errors_that_begin_late_are_noticed_too():
    rng = np.random.default_rng(2)
    needed = [labels_until(Monitor(0.02, 0.05), np.r_[rng.random(1_000) < 0.005, rng.random(1_000) < 0.2]) for _ in range(10)]
    assert all(needed)
    assert 1_000 < np.median(needed) <= 1_120


@given(st.floats(0.001, 0.9))
def test_the_game_is_fair_at_the_bound(error):
    start = Monitor(error, 0.05)
    for first in (False, True):
        at = start.observe(first)
        mean = error * at.observe(True).value + (1 - error) * at.observe(False).value
        assert mean == pytest.approx(at.value)
    assert error * start.observe(True).value + (1 - error) * start.observe(False).value == pytest.approx(1)


def test_once_revoked_it_stays_revoked_and_says_why():
    monitor = Monitor(0.01, 0.05)
    for _ in range(10):
        monitor = monitor.observe(True)
    assert monitor.revoked
    for _ in range(50):
        monitor = monitor.observe(False)
    assert monitor.revoked
    assert "10 of 60" in monitor.reason()


def test_a_monitor_needs_an_error_and_an_alpha():
    for error, alpha in ((0, 0.05), (0.05, 1), (float("nan"), 0.05)):
        with pytest.raises(InputError):
            Monitor(error, alpha)


@pytest.mark.parametrize("planted", [0.0, 0.1, 0.2, 0.3, 0.4])
def test_planted_anchoring_is_recovered_from_400_items(planted):
    rng = np.random.default_rng(3)
    found = [adoption_bias(int(rng.binomial(200, 0.05 + planted)), 200, int(rng.binomial(200, 0.05)), 200) for _ in range(300)]
    covered = sum(one.low <= planted <= one.high for one in found)
    assert binom.cdf(covered, 300, 0.95) >= 0.01
    assert abs(np.mean([one.mean for one in found]) - planted) < 0.05


def test_the_interval_is_newcombes():
    """56 of 70 against 48 of 80, from Newcombe 1998, table II, method 10: .0524 to .3339."""
    found = adoption_bias(56, 70, 48, 80)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_an_arm_without_items_says_nothing():
    found = adoption_bias(0, 0, 1, 40)
    assert (found.low, found.high) == (-1, 1)
    with pytest.raises(InputError):
        adoption_bias(3, 2, 0, 1)
