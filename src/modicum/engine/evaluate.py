"""How good: accuracy in all and by class, confusions, and the interval that belongs to each figure.

Every interval is a 95% interval unless `confidence` says otherwise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtri, stdtrit  # scipy.stats takes a second to import

from modicum.engine.arrays import Ints
from modicum.errors import InputError
from modicum.types import Interval


def wilson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Share k/n with its score interval (Wilson 1927): close to nominal coverage on average, also for few observations."""
    _check_counts(k, n, confidence)
    if n == 0:
        return Interval(mean=0.0, low=0.0, high=1.0, n=0)
    z = float(ndtri(0.5 + confidence / 2))
    share = k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    # At k = 0 and k = n rounding would leave the bounds a hair inside the share.
    return Interval(
        mean=share, low=0.0 if k == 0 else max(0.0, centre - half), high=1.0 if k == n else min(1.0, centre + half), n=n
    )


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> Interval:
    """Share k/n with its exact interval (Clopper & Pearson 1934): covers at least as often as it says, always."""
    _check_counts(k, n, confidence)
    tail = (1 - confidence) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return Interval(mean=k / n if n else 0.0, low=low, high=high, n=n)


def accuracy(predicted: Ints, actual: Ints) -> Interval:
    """Share of equal entries of two rows of class ids [n], on items drawn at random, such as the blind holdout."""
    _check_pair(predicted, actual)
    return wilson(int((predicted == actual).sum()), len(actual))


def per_class(predicted: Ints, actual: Ints, n_classes: int) -> list[Interval | None]:
    """Accuracy among the items that are of each class; none for a class without items."""
    _check_pair(predicted, actual)
    answer: list[Interval | None] = []
    for c in range(n_classes):
        members = actual == c
        answer.append(accuracy(predicted[members], actual[members]) if members.any() else None)
    return answer


def confusion(predicted: Ints, actual: Ints, n_classes: int) -> Ints:
    """Counts [c, c]: row the class it is, column the class predicted."""
    _check_pair(predicted, actual)
    return np.bincount(actual * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def mean_interval(values: Sequence[float], confidence: float = 0.95, *, least: float = 0.0) -> Interval:
    """Mean of independent runs, each between `least` and 1, with Student's interval.

    One run alone has the whole range for its interval, because it shows no spread.
    """
    x = np.asarray(values, dtype=np.float64)
    if not len(x):
        raise InputError("a mean needs at least one value")
    mean = float(x.mean())
    if len(x) == 1:
        return Interval(mean=mean, low=least, high=1.0, n=1)
    half = float(stdtrit(len(x) - 1, 0.5 + confidence / 2) * x.std(ddof=1) / np.sqrt(len(x)))
    return Interval(mean=mean, low=max(least, mean - half), high=min(1.0, mean + half), n=len(x))


def _check_counts(k: int, n: int, confidence: float) -> None:
    if not 0 <= k <= n:
        raise InputError(f"k successes of n lie in 0..n, received {k} of {n}")
    if not 0 < confidence < 1:
        raise InputError(f"confidence lies between 0 and 1, received {confidence}")


def _check_pair(predicted: npt.NDArray[np.int64], actual: npt.NDArray[np.int64]) -> None:
    if predicted.shape != actual.shape or predicted.ndim != 1:
        raise InputError(f"predicted and actual are two rows alike, received {list(predicted.shape)} and {list(actual.shape)}")
