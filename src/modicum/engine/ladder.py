"""Where a certificate looks: the items to draw from and the thresholds, all fixed before the draw that decides."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from modicum.engine.arrays import F64, Ints
from modicum.engine.evaluate import clopper_pearson
from modicum.errors import InputError
from modicum.types import Interval

_TESTED: Final = 40  # thresholds tested one after the other: more chances to fail, fewer would leave wide gaps
_SWEPT: Final = 250  # thresholds judged all at once, where more cost nothing
_REACH: Final = 0.85  # a frame ends where the expected share of wrong items is so many times the error
_ODDS: Final = 100.0  # scores beyond are no log-odds


@dataclass(frozen=True)
class Point:
    """One place on the picture of coverage against error: `error` is the share of wrong predictions among items at or above."""

    threshold: float
    coverage: float
    error: Interval


@dataclass(frozen=True, eq=False)
class Ladder:
    """thresholds [s], strict to loose; sizes [s]: frame items at or above each; frame: items drawn from; draws: how many were."""

    thresholds: F64
    sizes: Ints
    frame: int
    draws: int


def expected_wrong(scores: F64, pilot_scores: F64, pilot_wrong: npt.NDArray[np.bool_]) -> F64:
    """How likely each item is wrong, [n], from its score and what the pilot found: guides the search, proves nothing.

    Scores in 0..1 count as confidences, other moderate ones as log-odds; the pilot corrects them (Platt 1999) with a prior on no
    correction. Others count by rank.
    """
    if len(scores) and np.abs(scores).max() > _ODDS:
        ranks = np.argsort(np.argsort(-scores)) + 0.5
        return np.asarray(ranks / len(scores) * (pilot_wrong.sum() + 1) / (len(pilot_wrong) + 2) * 2).clip(0, 1)
    confidences = bool(len(scores)) and scores.min() >= 0 and scores.max() <= 1
    x, seen = (_log_odds(1 - s) if confidences else np.clip(-s, -30, 30) for s in (scores, pilot_scores))
    level, slope = 0.0, 1.0
    for _ in range(50):
        p = expit(level + slope * seen)
        weight = p * (1 - p)
        gradient = np.array([(pilot_wrong - p).sum() - level, ((pilot_wrong - p) * seen).sum() - 16 * (slope - 1)])
        cross = (weight * seen).sum()
        step = np.linalg.solve([[weight.sum() + 1, cross], [cross, (weight * seen * seen).sum() + 16]], gradient)
        step /= max(1.0, np.abs(step).max())
        level, slope = level + step[0], slope + step[1]
        if np.abs(step).max() < 1e-9:
            break
    answer: F64 = expit(level + slope * x)
    return answer


def _log_odds(p: F64) -> F64:
    answer: F64 = logit(np.clip(p, 1e-9, 1 - 1e-9))
    return answer


def focus(
    scores: npt.ArrayLike, pilot_scores: npt.ArrayLike, pilot_wrong: npt.ArrayLike, error: float, *, whole: bool = False
) -> float:
    """The loosest score at which a threshold for this error is plausible: draw what comes after the pilot from there upwards.

    -inf when every item is. `scores` [n] are those of the items that are not in the pilot. `whole`: the error is a share of the
    whole pool.
    """
    ordered = -np.sort(-np.asarray(scores, dtype=np.float64))
    pilot, flags = np.asarray(pilot_scores, dtype=np.float64), np.asarray(pilot_wrong, dtype=np.bool_)
    expected = np.cumsum(expected_wrong(ordered, pilot, flags))
    counted = len(ordered) + len(pilot) if whole else np.arange(1, len(ordered) + 1)
    plausible = np.flatnonzero(expected <= _REACH * error * counted)
    # A small pilot may be unlucky: the surest quarter is looked at in any case.
    last = max(int(plausible[-1]) if len(plausible) else 0, len(ordered) // 4 - 1, 0)
    return -np.inf if last >= len(ordered) - 1 else float(ordered[last])


def ladder(frame: F64, draws: int) -> Ladder:
    """Thresholds all over a frame of scores [n], best first. Equal scores stay together: a threshold parts none of them."""
    return _ladder(frame, draws, 1, _SWEPT)


def cautious(frame: F64, draws: int, pilot_scores: F64, pilot_wrong: npt.NDArray[np.bool_], error: float) -> Ladder:
    """Fewer thresholds, from one that is expected to hold with ease: for tests where the first failure ends the sequence."""
    n = len(frame)
    expected = np.cumsum(expected_wrong(frame, pilot_scores, pilot_wrong))
    easy = np.flatnonzero(expected <= 0.5 * error * np.arange(1, n + 1))
    return _ladder(frame, draws, int(easy[-1]) + 1 if len(easy) else max(n // 10, 1), _TESTED)


def _ladder(frame: F64, draws: int, first: int, steps: int) -> Ladder:
    n = len(frame)
    ends = np.flatnonzero(np.append(frame[1:] != frame[:-1], True)) + 1
    wanted = np.linspace(first, n, min(steps, n)).astype(np.int64)
    sizes = np.unique(ends[np.searchsorted(ends, wanted)])
    return Ladder(frame[sizes - 1], sizes, n, draws)


def curve(
    scores: npt.ArrayLike, drawn: npt.ArrayLike, wrong: npt.ArrayLike, *, points: int = 50, confidence: float = 0.95
) -> list[Point]:
    """Coverage against error over up to `points` thresholds, strict to loose, each with its own exact interval.

    scores [n] of the pool, drawn [k] scores of the calibration items and whether each was wrong [k]. Draws made above a floor
    speak of thresholds above it only. The intervals hold one by one, not all at once: the picture guides, the certificate
    proves.
    """
    ordered, at = -np.sort(-np.asarray(scores, dtype=np.float64)), np.asarray(drawn, dtype=np.float64)
    flags = np.asarray(wrong, dtype=np.bool_)
    if at.shape != flags.shape or at.ndim != 1 or not (np.isfinite(ordered).all() and np.isfinite(at).all()):
        raise InputError(f"one finite score and one flag per draw are needed, received {at.shape} and {flags.shape}")
    if not len(at) or not len(ordered):
        return []
    reach = ordered[: int((ordered >= at.min()).sum())]
    picked = np.unique(reach[np.linspace(0, len(reach) - 1, min(points, len(reach))).astype(np.int64)])[::-1]
    answer = []
    for threshold in picked.tolist():
        above = at >= threshold
        error = clopper_pearson(int(flags[above].sum()), int(above.sum()), confidence)
        answer.append(Point(threshold, float((ordered >= threshold).mean()), error))
    return answer
