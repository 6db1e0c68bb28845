"""What random labels would have reached, told from the labels of the blind holdout, and what the strategy saved.

The holdout is a uniformly random sample, so a head trained on a random part of it is what random labeling would have given.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from modicum.engine import heads
from modicum.engine.arrays import Floats, Ints
from modicum.errors import InputError
from modicum.types import Interval
from modicum.views import CurvePoint, Saving

F64 = npt.NDArray[np.float64]

_REPEATS = 10
_LEAST = 10  # holdout labels below which nothing can be said
_TRAINED = 0.8  # the largest share of the holdout to train on; the rest is tested
_DRAWS = 400


def control_curve(
    vectors_holdout: Floats,
    labels_holdout: Ints,
    n_classes: int,
    rng: np.random.Generator,
    sizes: Sequence[int],
    *,
    unlabeled: Floats | None = None,
) -> list[CurvePoint]:
    """Accuracy random labeling reaches with these numbers of labels, from holdout vectors [h, d] and their class ids [h].

    Up to four fifths of the holdout's size it is measured: heads trained on random parts, tested on what remains. Beyond, it is
    extrapolated by error = b * labels^-a and marked so. `unlabeled` [u, d], a few hundred random vectors of the project, are for
    the heads what the pool is for the project's own head; without them the control is weaker and the saving looks larger.
    Empty while there are fewer than 10 holdout labels or two classes.
    """
    if len(vectors_holdout) != len(labels_holdout):
        raise InputError(f"one label per holdout vector: received {len(labels_holdout)} for {len(vectors_holdout)}")
    if len(labels_holdout) < _LEAST or len(np.unique(labels_holdout)) < 2:
        return []
    asked = sorted({int(size) for size in sizes if size >= 2})
    limit = int(_TRAINED * len(labels_holdout))
    # Points of our own keep the extrapolation standing when all sizes asked for lie beyond the holdout.
    anchors = {max(2, limit // 4), max(2, limit // 2), limit} if asked and asked[-1] > limit else set()
    measured = {
        size: _measure(vectors_holdout, labels_holdout, n_classes, rng, size, unlabeled)
        for size in sorted({s for s in asked if s <= limit} | anchors)
    }
    points = [CurvePoint(labels=size, accuracy=measured[size][0]) for size in asked if size <= limit]
    return points + _extrapolated(measured, [size for size in asked if size > limit], len(labels_holdout), rng)


def saving(curve: Sequence[CurvePoint], control: Sequence[CurvePoint]) -> Saving | None:
    """How many random labels today's accuracy, the last point of `curve`, would have needed; none without both curves.

    The interval is wide on purpose: its low end takes the control at its best and today at its worst, its high end the reverse.
    """
    if not curve or not control:
        return None
    today, used = curve[-1].accuracy, curve[-1].labels
    points = sorted(control, key=lambda point: point.labels)
    last = points[-1]
    mean = _reached(points, [p.accuracy.mean for p in points], today.mean)
    if mean is None:
        return Saving(
            labels=used, random_labels=None, note=f"random labels do not reach this accuracy within {last.labels} labels"
        )
    low = _reached(points, [p.accuracy.high for p in points], today.low)
    high = _reached(points, [p.accuracy.low for p in points], today.high)
    notes = []
    if all(p.extrapolated for p in points if p.labels >= mean):
        notes.append("the random control is extrapolated here")
    if high is None:
        notes.append(f"the upper end lies beyond {last.labels} labels")
    interval = Interval(
        mean=mean,
        low=min(mean, low if low is not None else mean),
        high=max(mean, high if high is not None else float(last.labels)),
        n=len(points),
    )
    return Saving(labels=used, random_labels=interval, note="; ".join(notes))


def _measure(
    x: Floats, y: Ints, n_classes: int, rng: np.random.Generator, size: int, unlabeled: Floats | None
) -> tuple[Interval, float]:
    """Mean accuracy of heads trained on `size` random holdout items, and its standard error.

    The runs share their items, so they are not independent. The error has two parts: which items are tested, and which are
    trained on, of which there are only h / size sets without a common item (Hoeffding 1948 bounds this part by size / h times
    the variance between runs).
    """
    h = len(y)
    right, tested, runs = np.zeros(h), np.zeros(h), []
    for _ in range(_REPEATS):
        order = rng.permutation(h)
        train, test = order[:size], order[size:]
        head = heads.fit(x[train], y[train], n_classes, unlabeled=unlabeled, calibrate=False)
        hit = heads.predict_proba(head, x[test]).argmax(axis=1) == y[test]
        right[test] += hit
        tested[test] += 1
        runs.append(float(hit.mean()))
    each = right[tested > 0] / tested[tested > 0]
    mean, between = float(np.mean(runs)), float(np.var(runs, ddof=1))
    # Half a success and half a failure more keep the error above zero when every run was perfect.
    items = max(float(each.var(ddof=1)), mean * (1 - mean) / _REPEATS, 0.5 / (h + 1))
    error = float(np.sqrt(items / len(each) + between * (size / h + 1 / _REPEATS)))
    half = float(stdtrit(max(len(each) - 1, 1), 0.975)) * error
    return Interval(mean=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), n=h), error


def _extrapolated(
    measured: dict[int, tuple[Interval, float]], sizes: list[int], h: int, rng: np.random.Generator
) -> list[CurvePoint]:
    """error = b * labels^-a through the measured points; the interval from refits to points moved by their own error."""
    known = np.array(sorted(measured))
    if not sizes or len(known) < 2:
        return []
    means = np.array([measured[size][0].mean for size in known])
    errors = np.array([measured[size][1] for size in known])
    # The points rest on the same items and err together, so half of their error moves them all alike.
    moved = means + errors * (rng.standard_normal((_DRAWS, 1)) + rng.standard_normal((_DRAWS, len(known)))) / np.sqrt(2)
    central = _power_law(known, means[None], sizes)[0]
    draws = _power_law(known, moved, sizes)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return [
        CurvePoint(
            labels=size,
            accuracy=Interval(mean=float(m), low=float(min(m, lo)), high=float(max(m, hi)), n=h),
            extrapolated=True,
        )
        for size, m, lo, hi in zip(sizes, central, low, high, strict=True)
    ]


def _power_law(known: Ints, accuracies: F64, sizes: Sequence[int]) -> F64:
    """Accuracies [k, sizes] of the curve through each row of accuracies [k, known]; it never falls with more labels."""
    x = np.log(known)
    y = np.log(np.clip(1 - accuracies, 1e-3, 1))
    gap = x - x.mean()
    slope = np.minimum((y * gap).sum(axis=1) / (gap**2).sum(), 0)
    level = y.mean(axis=1) - slope * x.mean()
    return np.asarray(1 - np.exp(np.minimum(level[:, None] + slope[:, None] * np.log(np.asarray(sizes)), 0)), dtype=np.float64)


def _reached(points: Sequence[CurvePoint], values: Sequence[float], level: float) -> float | None:
    """The number of labels at which the rising hull of the values first reaches the level, interpolated."""
    hull = np.maximum.accumulate(np.asarray(values))
    at = int(np.searchsorted(hull, level))
    if at == len(hull):
        return None
    if at == 0 or hull[at] == hull[at - 1]:
        return float(points[at].labels)
    share = (level - hull[at - 1]) / (hull[at] - hull[at - 1])
    return float(points[at - 1].labels + share * (points[at].labels - points[at - 1].labels))
