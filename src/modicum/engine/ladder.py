"""Where a certificate looks: thresholds from strict to loose and what each must show, all fixed before the draw that decides."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from modicum.engine.arrays import F64, Ints
from modicum.engine.bounds import allowed, critical, lower_tail
from modicum.engine.evaluate import clopper_pearson
from modicum.errors import InputError
from modicum.types import Interval

_FINE: Final = 40  # more chances to fail before the end; fewer would leave wide gaps
_SKETCH: Final = 60
_SWEEP: Final = 500
_PESSIMISM: Final = 1.2  # times as many wrong items as expected should still pass the first step: a failure there ends it all
_TOLERANCE: Final = 0.002
_HOPE: Final = 1.3  # a frame reaches as far as it would if the expected share of wrong items were so many times the error


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

    Scores in 0..1 count as confidences that the pilot corrects (Platt 1999) with a prior on no correction. Others count by rank.
    """
    inside = bool(len(scores)) and scores.min() >= 0 and scores.max() <= 1
    if not inside:
        ranks = np.argsort(np.argsort(-scores)) + 0.5
        return np.asarray(ranks / max(len(scores), 1) * (pilot_wrong.sum() + 1) / (len(pilot_wrong) + 2) * 2).clip(0, 1)
    x, seen = logit(np.clip(1 - scores, 1e-6, 1 - 1e-6)), logit(np.clip(1 - pilot_scores, 1e-6, 1 - 1e-6))
    level, slope = 0.0, 1.0
    for _ in range(30):
        p = expit(level + slope * seen)
        weight = p * (1 - p)
        gradient = np.array([(pilot_wrong - p).sum() - level, ((pilot_wrong - p) * seen).sum() - 16 * (slope - 1)])
        cross = (weight * seen).sum()
        step = np.linalg.solve([[weight.sum() + 1, cross], [cross, (weight * seen * seen).sum() + 16]], gradient)
        level, slope = level + step[0], slope + step[1]
        if np.abs(step).max() < 1e-9:
            break
    answer: F64 = expit(level + slope * x)
    return answer


def focus(scores: npt.ArrayLike, pilot_scores: npt.ArrayLike, pilot_wrong: npt.ArrayLike, error: float) -> float:
    """The loosest score at which a threshold for this error is plausible: draw what comes after the pilot from there upwards.

    -inf when every item is. `scores` [n] are those of the items that are not in the pilot.
    """
    ordered = -np.sort(-np.asarray(scores, dtype=np.float64))
    risk = expected_wrong(ordered, np.asarray(pilot_scores, dtype=np.float64), np.asarray(pilot_wrong, dtype=np.bool_))
    plausible = np.flatnonzero(np.cumsum(risk) <= _HOPE * error * np.arange(1, len(ordered) + 1))
    # Without hope anywhere the surest tenth is as good a place to look as any.
    last = int(plausible[-1]) if len(plausible) else max(len(ordered) // 10 - 1, 0)
    return -np.inf if last >= len(ordered) - 1 else float(ordered[last])


def ladder(
    frame: F64,
    draws: int,
    pilot_scores: F64,
    pilot_wrong: npt.NDArray[np.bool_],
    error: float,
    delta: float,
    *,
    whole: bool = False,
    timeless: bool = False,
) -> Ladder:
    """The thresholds for a frame of scores [n], best first. Equal scores stay together: a threshold parts none of them.

    `whole`: over all of the frame. Else: from the strictest at which passing is about as likely as it gets, since the first
    failure ends the sequence.
    """
    n = len(frame)
    ends = np.flatnonzero(np.append(frame[1:] != frame[:-1], True)) + 1
    expected = np.cumsum(expected_wrong(frame, pilot_scores, pilot_wrong))
    first = 1
    if timeless:
        half = np.flatnonzero(expected <= 0.5 * error * np.arange(1, n + 1))
        first = int(half[-1]) + 1 if len(half) else max(n // 10, 1)
    elif not whole:
        first = _start(frame, draws, expected, ends, error, delta)
    wanted = np.linspace(first, n, min(_SWEEP if whole else _FINE, n)).astype(np.int64)
    sizes = np.unique(ends[np.searchsorted(ends, wanted)])
    return Ladder(frame[sizes - 1], sizes, n, draws)


def _start(frame: F64, draws: int, expected: F64, ends: Ints, error: float, delta: float) -> int:
    """The strictest size at which the test is about as likely to pass as at any."""
    n = len(frame)
    sizes = np.unique(ends[np.searchsorted(ends, np.linspace(1, n, min(_SKETCH, n)).astype(np.int64))])
    drawn = sizes * draws // n
    most = critical(sizes, allowed(error, sizes) + 1, drawn, delta)
    feared = np.minimum(np.ceil(_PESSIMISM * expected[sizes - 1]).astype(np.int64), sizes)
    power = np.where(most >= 0, lower_tail(np.maximum(most, 0), sizes, feared, drawn), 0.0)
    return int(sizes[np.flatnonzero(power >= power.max() * (1 - _TOLERANCE))[0]])


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
