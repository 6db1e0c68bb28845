"""Before anything is certified: what a threshold would take in, how wrong that would be, and how many draws a wish needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F64
from modicum.engine.bounds import allowed, critical, lower_tail
from modicum.engine.evaluate import wilson
from modicum.types import Interval

POINTS = 50
HALF = 0.4  # of the error allowed: a sample that shows so many wrong still proves the bound, at several hundred draws
POWER = 0.8  # how likely the draws named are to suffice, if the planned share of wrong items is the true one
PLUS = 1  # wrong holdout item more than were found: the point was chosen because few were
MOST = 0.6  # of the error allowed, at most, is feared on that account: a small holdout could promise nothing otherwise
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
    mean, n = point.error.mean, point.error.n
    limit = allowed(error, population if whole else point.items)
    feared = max(mean, min((mean * n + PLUS) / (n + PLUS), MOST * limit / point.items))
    wrong = int(np.ceil(feared * point.items))
    if wrong > limit:
        return None
    low, high = 1, point.items
    while low < high:
        middle = (low + high) // 2
        most = int(critical(np.array([point.items]), np.array([min(limit + 1, point.items)]), np.array([middle]), delta)[0])
        enough = most >= 0 and lower_tail(most, point.items, wrong, middle) >= POWER
        low, high = (low, middle) if enough else (middle + 1, high)
    return min(max(DRAWS_AT_LEAST, int(np.ceil(low * population / point.items))), population)


def log_odds(proba: npt.NDArray[np.floating]) -> F64:
    """Log-odds of the likeliest class, float64 [n], of probabilities [n, c]: unlike the confidence itself it never saturates.

    The other classes are added up, since 1 - p has lost its digits where p is nearly 1.
    """
    rest = np.asarray(proba, dtype=np.float64).copy()
    best = rest.argmax(axis=1)
    top = rest[np.arange(len(rest)), best]
    rest[np.arange(len(rest)), best] = 0
    return np.asarray(np.log(np.maximum(top, 1e-30)) - np.log(np.maximum(rest.sum(axis=1), 1e-30)), dtype=np.float64)
