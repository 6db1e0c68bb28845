"""Forecast: agreement of models, when to stop, and what more labels would bring."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from modicum.engine.forecast import agreement, gain, settled
from modicum.errors import InputError


@given(st.integers(2, 6), st.integers(2, 80), st.integers(0, 10_000))
def test_agreement_is_cohens_kappa(n_classes: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = rng.integers(0, n_classes, (2, n))
    after = np.where(rng.random(n) < 0.5, before, after)
    ours = agreement(before, after)
    assert ours == pytest.approx(agreement(after, before))
    if len(np.unique(np.concatenate([before, after]))) > 1:
        assert ours == pytest.approx(cohen_kappa_score(before, after))
    assert agreement(before, before) == pytest.approx(1)


def test_labeling_may_stop_when_the_last_three_models_agree() -> None:
    assert settled([0.5, 0.99, 0.995, 0.999])
    assert not settled([0.999, 0.999])
    assert not settled([0.999, 0.999, 0.999, 0.9])


def learners(rng: np.random.Generator, h: int, labels: np.ndarray, slope: float = 0.5) -> np.ndarray:
    """Models whose error falls by a power law; each item is learned at a moment of its own."""
    error = labels.astype(float) ** -slope
    return rng.random(h)[None] >= error[:, None]


def test_the_interval_covers_what_the_labels_bring() -> None:
    labels = np.array([20, 30, 45, 60, 90, 130, 180])
    covered, guesses = 0, []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found = gain(labels, learners(rng, 120, labels), 100, rng)
        assert found is not None
        assert found.low <= found.mean <= found.high
        covered += found.low <= 180**-0.5 - 280**-0.5 <= found.high
        guesses.append(found.mean)
    assert covered >= 90
    assert 0 < np.mean(guesses) < 0.03


def test_a_curve_that_is_flat_promises_nothing() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([20, 40, 60, 80, 100])
    same = np.tile(rng.random(100) < 0.9, (5, 1))
    found = gain(labels, same, 100, rng)
    assert found is not None
    assert found.mean == pytest.approx(0, abs=1e-9)
    assert found.low < 0 < found.high < 0.05
    worse = np.arange(100)[None] >= np.arange(5)[:, None] * 5  # later models are worse: still nothing to gain is expected
    found = gain(labels, worse, 100, rng)
    assert found is not None
    assert found.mean == pytest.approx(0, abs=1e-9)


def test_more_labels_bring_more() -> None:
    labels = np.array([20, 30, 45, 60, 90, 130, 180])
    right = learners(np.random.default_rng(1), 6_000, labels)
    few, many = (gain(labels, right, more, np.random.default_rng(1)) for more in (10, 1_000))
    assert few is not None
    assert many is not None
    assert few.mean < many.mean


def test_a_bigger_holdout_tells_it_better() -> None:
    labels, rng = np.array([20, 40, 60, 80, 100]), np.random.default_rng(0)
    small, large = (gain(labels, rng.random((5, h)) < 0.9, 100, rng) for h in (60, 6_000))
    assert small is not None
    assert large is not None
    assert large.high - large.low < small.high - small.low


def test_models_that_hardly_change_cannot_scatter() -> None:
    labels, rng = np.array([20, 40, 60, 80, 100]), np.random.default_rng(0)
    right = rng.random((5, 30)) < 0.9
    free, bound = (gain(labels, right, 100, np.random.default_rng(0), changed=share) for share in (1.0, 0.01))
    assert free is not None
    assert bound is not None
    assert bound.high - bound.low < free.high - free.low
    assert bound.mean == free.mean


def test_nothing_is_said_while_too_little_is_known() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((4, 30)) < 0.8
    assert gain(np.array([20, 30, 35, 40]), right, 100, rng) is not None
    assert gain(np.array([20, 30, 35, 39]), right, 100, rng) is None, "labels have not doubled"
    assert gain(np.array([20, 30, 40]), right[:3], 100, rng) is None
    assert gain(np.array([20, 30, 35, 40]), right[:, :19], 100, rng) is None
    with pytest.raises(InputError, match="rising"):
        gain(np.array([20, 20, 35, 40]), right, 100, rng)
    with pytest.raises(InputError, match="at least 1"):
        gain(np.array([20, 30, 35, 40]), right, 0, rng)
