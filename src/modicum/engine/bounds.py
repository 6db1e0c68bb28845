"""What a random draw proves: exact tails for a pool of known size, and wealth that may be looked at after every label."""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from modicum.engine.arrays import F64, Ints

BETS: F64 = np.array([0.15, 0.3, 0.45, 0.6, 0.75, 0.9])
"""Shares of the wealth staked on an item being right, mixed in equal parts: none has to be chosen in hindsight."""


def lower_tail(k: npt.ArrayLike, size: npt.ArrayLike, marked: npt.ArrayLike, drawn: npt.ArrayLike) -> F64:
    """P(at most k marked among `drawn` items drawn without replacement from `size`, of which `marked` are), elementwise.

    The hypergeometric distribution. Terms are summed from the largest k down and in logarithms, so no tail is lost.
    """
    k, size, marked, drawn = (np.asarray(x, dtype=np.float64) for x in np.broadcast_arrays(k, size, marked, drawn))
    marked = np.minimum(marked, size)
    least, most = np.maximum(0.0, marked + drawn - size), np.minimum(marked, drawn)
    top = np.minimum(k, most)
    with np.errstate(invalid="ignore"):
        log_term = (
            _log_choose(marked, np.maximum(top, least))
            + _log_choose(size - marked, drawn - np.maximum(top, least))
            - _log_choose(size, drawn)
        )
    total, ratio, x = np.ones_like(log_term), np.ones_like(log_term), top.copy()
    alive = x > least
    while alive.any():
        step = x * (size - marked - drawn + x) / np.maximum((marked - x + 1) * (drawn - x + 1), 1)
        ratio = np.where(alive, ratio * step, 0.0)
        total += ratio
        x -= 1
        alive = (x > least) & (ratio > 1e-17 * total)
    # Where the terms still grow downwards the sum exceeds 1 only by rounding.
    tail = np.minimum(np.exp(log_term) * total, 1.0)
    return np.where(k < least, 0.0, np.where(k >= most, 1.0, tail))


def critical(size: Ints, left_wrong: Ints, drawn: Ints, delta: float) -> Ints:
    """Largest number k of wrong items in the draw that still shows, at level delta, that at most `left_wrong` others are wrong.

    That is the largest k with P(at most k drawn | left_wrong + k + 1 wrong in all) <= delta, elementwise; -1 where even a clean
    draw shows nothing. The probability grows with k: with one more wrong item in the pool, as many more are left on average.
    """
    low, high = np.full(len(size), -1), np.asarray(drawn, dtype=np.int64).copy()
    while (low < high).any():
        middle = (low + high + 1) // 2
        shown = (lower_tail(middle, size, left_wrong + middle + 1, drawn) <= delta) & (left_wrong + middle + 1 <= size)
        low, high = np.where(shown, middle, low), np.where(shown, high, middle - 1)
    return low


def needed(size: int, error: float, delta: float, rate: float = 0.0) -> int | None:
    """Draws from `size` items that are likely to show an error of at most `error`, when a share `rate` turns out wrong.

    299 for 1% at delta 0.05 from a large pool, none wrong. None when `rate` is not below `error`: no number would do.
    """
    if rate >= error:
        return None
    low, high = 1, size
    while low < high:
        middle = (low + high) // 2
        seen = int(np.ceil(rate * middle - 1e-9))
        left = np.array([allowed(error, size - middle)])
        shown = critical(np.array([size]), left, np.array([middle]), delta)[0] >= seen
        low, high = (low, middle) if shown else (middle + 1, high)
    return low


def allowed(error: float, n: int) -> int:
    """How many of n labels may be wrong: the whole part of error * n, with no loss to rounding (0.07 * 100 is 7)."""
    return int(np.floor(error * n + 1e-9))


def log_wealth(wrong: npt.NDArray[np.bool_], size: int, marked: int) -> F64:
    """Log of the wealth after 0, 1, ... n draws of somebody who bets that fewer than `marked` of `size` items are wrong.

    E_s = mean over bets b of prod(1 + b (mu_s - Z_s)), where mu_s = (marked - wrong so far) / (items left) is the mean of the next draw
    if `marked` are wrong. If so, or if more are, E is a non-negative supermartingale that starts at 1, so it ever reaches 1/delta
    with probability at most delta, whenever one stops (Ville 1939; Waudby-Smith & Ramdas 2020, 2024). Bets stay below 1 and do not
    depend on `marked`: wealth only grows with `marked`, so the smallest number of wrong items that is refuted refutes all larger.
    """
    n = len(wrong)
    before = np.concatenate([[0], np.cumsum(wrong)[:-1]]) if n else np.zeros(0)
    mean = (marked - before) / (size - np.arange(n))
    # A mean below 0 or above 1 cannot be: `marked` is refuted, or the pool holds nothing else. Either way nothing is staked.
    factor = np.log1p(BETS[:, None] * (np.clip(mean, 0, 1) - wrong))
    path = np.concatenate([np.zeros((len(BETS), 1)), np.cumsum(factor, axis=1)], axis=1)
    return np.logaddexp.reduce(path, axis=0) - np.log(len(BETS))


def _log_choose(n: F64, k: F64) -> F64:
    answer: F64 = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return answer
