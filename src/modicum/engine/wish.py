"""Before anything is certified: what a threshold would take in, how wrong that would be, and how many draws a wish needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F64
from modicum.engine.bounds import needed
from modicum.engine.evaluate import wilson
from modicum.types import Interval

POINTS = 50
HALF = 0.6  # of the error allowed: a sample that shows so many wrong still proves the bound, at several hundred draws
DRAWS_AT_LEAST = 60
MEASURED_AT_LEAST = 10  # holdout items above a threshold that say anything about it


@dataclass(frozen=True)
class Point:
    """A threshold on the confidence: the items at or above it, their share of the pool, and the share of them that is wrong."""

    confidence: float
    items: int
    coverage: float
    error: Interval


def curve(pool: npt.NDArray[np.floating], holdout: npt.NDArray[np.floating], wrong: npt.NDArray[np.bool_]) -> list[Point]:
    """Coverage against error: one point for each of up to POINTS thresholds, the strictest first.

    `pool` [n] are confidences of the items that would be labeled, `holdout` [h] and `wrong` [h] those of blind holdout items and
    whether the model was wrong there. Intervals are Wilson's, one threshold at a time. Empty without items or holdout.
    """
    if not len(pool) or len(holdout) < MEASURED_AT_LEAST:
        return []
    surest = np.sort(np.asarray(pool, dtype=np.float64))[::-1]
    places = np.unique(np.ceil(np.arange(1, POINTS + 1) / POINTS * len(surest)).astype(np.int64)) - 1
    points = []
    for threshold in np.unique(surest[places])[::-1]:
        above = np.asarray(holdout, dtype=np.float64) >= threshold
        if above.sum() < MEASURED_AT_LEAST:
            continue
        items = int((surest >= threshold).sum())
        error = wilson(int(wrong[above].sum()), int(above.sum()))
        points.append(Point(float(threshold), items, items / len(surest), error))
    return points


def operating(points: Sequence[Point], error: float, *, whole: bool = False) -> Point | None:
    """The loosest point at which the holdout shows well less than the error allowed; none when even the strictest shows more.

    `whole`: wrong auto-labels count as a share of the whole pool, not of the auto-labels.
    """
    fitting = [point for point in points if point.error.mean * (point.coverage if whole else 1) <= HALF * error]
    return max(fitting, key=lambda point: point.items) if fitting else None


def draws(point: Point, population: int, error: float, delta: float, *, whole: bool = False) -> int | None:
    """Random items of the whole population to label so that those above the point's threshold are likely to be certified.

    None when no number would do.
    """
    if whole:
        in_all = needed(population, error, delta, rate=point.error.mean * point.coverage)
    else:
        above = needed(point.items, error, delta, rate=point.error.mean)
        in_all = None if above is None else int(np.ceil(above / max(point.coverage, 1e-9)))
    return None if in_all is None else min(max(DRAWS_AT_LEAST, in_all), population)


def log_odds(proba: npt.NDArray[np.floating]) -> F64:
    """Log-odds of the likeliest class, float64 [n], of probabilities [n, c]: unlike the confidence itself it never saturates.

    The other classes are added up, since 1 - p has lost its digits where p is nearly 1.
    """
    rest = np.asarray(proba, dtype=np.float64).copy()
    best = rest.argmax(axis=1)
    top = rest[np.arange(len(rest)), best]
    rest[np.arange(len(rest)), best] = 0
    return np.asarray(np.log(np.maximum(top, 1e-30)) - np.log(np.maximum(rest.sum(axis=1), 1e-30)), dtype=np.float64)
