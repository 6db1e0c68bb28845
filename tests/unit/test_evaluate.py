"""Intervals cover as often as they say; the control and the saving say what random labels would have done."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from modicum.engine import evaluate
from modicum.engine.control import control_curve, saving
from modicum.engine.pool import Pool, Selection
from modicum.engine.routing import CODES, ROUTES, plan
from modicum.errors import InputError
from modicum.types import Interval, Route
from modicum.views import CurvePoint


@given(n=st.integers(1, 400), share=st.floats(0, 1))
@settings(max_examples=60)
def test_intervals_equal_an_independent_implementation(n: int, share: float) -> None:
    k = round(share * n)
    for ours, method in ((evaluate.wilson, "wilson"), (evaluate.clopper_pearson, "exact")):
        theirs = binomtest(k, n).proportion_ci(method=method)
        interval = ours(k, n)
        assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        assert 0 <= interval.low <= interval.mean <= interval.high <= 1


@pytest.mark.parametrize("n", [10, 40, 200])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_coverage_is_what_is_promised(n: int, share: float) -> None:
    # Summed over the binomial distribution instead of drawn: no luck involved.
    def coverage(bound: object) -> float:
        k = np.arange(n + 1)
        intervals = [bound(int(i), n) for i in k]
        return float(sum(binom.pmf(i, n, share) for i, x in zip(k, intervals, strict=True) if x.low <= share <= x.high))

    assert coverage(evaluate.clopper_pearson) >= 0.95
    assert coverage(evaluate.wilson) >= 0.88


def test_nothing_observed_says_nothing() -> None:
    assert evaluate.wilson(0, 0) == Interval(mean=0, low=0, high=1, n=0)
    assert evaluate.clopper_pearson(0, 0) == Interval(mean=0, low=0, high=1, n=0)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(k: int, n: int) -> None:
    with pytest.raises(InputError, match=f"{k} of {n}"):
        evaluate.wilson(k, n)


def test_confusion_and_classes() -> None:
    actual, predicted = np.array([0, 0, 1, 1, 1]), np.array([0, 2, 1, 1, 0])
    assert evaluate.confusion(predicted, actual, 3).tolist() == [[1, 0, 1], [1, 2, 0], [0, 0, 0]]
    first, second, third = evaluate.per_class(predicted, actual, 3)
    assert first is not None
    assert second is not None
    assert (first.mean, second.mean, third) == (0.5, pytest.approx(2 / 3), None)
    assert evaluate.accuracy(predicted, actual).mean == 0.6


def test_mean_over_runs() -> None:
    interval = evaluate.mean_interval([0.8, 0.9, 0.85])
    assert interval.mean == pytest.approx(0.85)
    assert interval.low == pytest.approx(0.85 - 4.302653 * 0.05 / 3**0.5)
    assert evaluate.mean_interval([0.7]) == Interval(mean=0.7, low=0, high=1, n=1)


# --- the random control ------------------------------------------------------------------------------------------------

CENTRES = np.random.default_rng(5).standard_normal((4, 6))


def sample(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.integers(4, size=n)
    return (CENTRES[labels] + 1.5 * rng.standard_normal((n, 6))).astype(np.float32), labels


def test_control_covers_what_random_labels_reach() -> None:
    # The truth: the mean over many training sets, tested on much data.
    from modicum.engine import heads

    rng = np.random.default_rng(0)
    far, answers = sample(rng, 4_000)
    truth = []
    for _ in range(40):
        x, y = sample(rng, 20)
        truth.append((heads.predict_proba(heads.fit(x, y, 4), far).argmax(axis=1) == answers).mean())
    inside = 0
    for seed in range(40):
        x, y = sample(np.random.default_rng(1_000 + seed), 60)
        (point,) = control_curve(x, y, 4, np.random.default_rng(seed), [20])
        inside += point.accuracy.low <= np.mean(truth) <= point.accuracy.high
    assert inside >= 35  # nominally 38; fewer than 35 of 40 would happen once in 25 tries at 95%, and the seeds are fixed


def test_control_marks_what_it_extrapolates() -> None:
    x, y = sample(np.random.default_rng(1), 50)
    curve = control_curve(x, y, 4, np.random.default_rng(0), [10, 20, 40, 41, 200])
    assert [(p.labels, p.extrapolated) for p in curve] == [(10, False), (20, False), (40, False), (41, True), (200, True)]
    assert all(0 <= p.accuracy.low <= p.accuracy.mean <= p.accuracy.high <= 1 for p in curve)
    again = control_curve(x, y, 4, np.random.default_rng(0), [10, 20, 40, 41, 200])
    assert again == curve


def test_unlabeled_items_help_the_control_as_they_help_the_head() -> None:
    rng = np.random.default_rng(4)
    x, y = sample(rng, 120)
    unlabeled = sample(rng, 300)[0]
    plain, helped = (control_curve(x, y, 4, np.random.default_rng(0), [8], unlabeled=u)[0] for u in (None, unlabeled))
    assert helped.accuracy.mean > plain.accuracy.mean


def test_control_extrapolates_also_when_every_size_lies_beyond_the_holdout() -> None:
    x, y = sample(np.random.default_rng(2), 30)
    curve = control_curve(x, y, 4, np.random.default_rng(0), [100])
    assert [(p.labels, p.extrapolated) for p in curve] == [(100, True)]


@pytest.mark.parametrize("labels", [np.arange(9) % 2, np.zeros(30, np.int64)])
def test_control_is_silent_with_too_little_to_go_by(labels: np.ndarray) -> None:
    assert control_curve(np.ones((len(labels), 3), np.float32), labels, 2, np.random.default_rng(0), [5]) == []


def point(labels: int, mean: float, half: float = 0.02, extrapolated: bool = False) -> CurvePoint:
    accuracy = Interval(mean=mean, low=mean - half, high=mean + half, n=100)
    return CurvePoint(labels=labels, accuracy=accuracy, extrapolated=extrapolated)


def test_saving_reads_the_control_where_it_reaches_today() -> None:
    control = [point(10, 0.5), point(50, 0.7), point(100, 0.8), point(200, 0.9)]
    saved = saving([point(10, 0.6), point(40, 0.85)], control)
    assert saved is not None
    assert saved.random_labels is not None
    assert (saved.labels, saved.random_labels.mean) == (40, pytest.approx(150))
    assert saved.random_labels.low < 150 < saved.random_labels.high
    assert saved.note == ""


def test_saving_says_when_it_rests_on_an_extrapolation_or_nothing() -> None:
    control = [point(10, 0.5), point(100, 0.8, extrapolated=True)]
    beyond = saving([point(20, 0.75)], control)
    assert beyond is not None
    assert "extrapolated" in beyond.note
    never = saving([point(20, 0.95)], control)
    assert never is not None
    assert never.random_labels is None
    assert "100 labels" in never.note
    assert saving([], control) is None
    assert saving([point(20, 0.9)], []) is None


# --- routes ------------------------------------------------------------------------------------------------------------


def test_routes_by_choice_then_by_confidence() -> None:
    proba = np.array([[0.95, 0.05], [0.9, 0.1], [0.6, 0.4], [0.99, 0.01]], np.float32)
    rows, none = np.arange(4), np.empty(0, dtype=np.int64)
    pool = Pool(rows, np.zeros((4, 2), np.float32), rows, proba, none, none)
    codes = plan(pool, validate_above=0.92, selection=Selection(np.array([3]), np.ones(1)))
    assert [ROUTES[code] for code in codes] == [Route.VALIDATE, Route.HOLD, Route.HOLD, Route.ANNOTATE]
    assert codes.dtype == np.uint8
    assert all(ROUTES[CODES[route]] is route for route in Route)
    unknown = Pool(rows, np.zeros((4, 2), np.float32), rows, None, none, none)
    assert {ROUTES[code] for code in plan(unknown, validate_above=0.9)} == {Route.HOLD}
    with pytest.raises(InputError, match="validate_above"):
        plan(pool, validate_above=0)
