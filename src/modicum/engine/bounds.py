"""What a random draw proves: exact tails for a pool of known size, and wealth that may be looked at after every label."""

from typing import overload

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F64, Ints

BETS: F64 = np.array([0.15, 0.3, 0.45, 0.6, 0.75, 0.9])
"""Shares of the wealth staked on an item being right, mixed in equal parts: none has to be chosen in hindsight."""


def lower_tail(k: Ints | int, size: Ints | int, marked: Ints | int, drawn: Ints | int) -> F64:
    """P(at most k marked among `drawn` items drawn without replacement from `size`, of which `marked` are), elementwise.

    The hypergeometric distribution.
    """
    from scipy.stats import hypergeom  # takes a second to import, and a server starts without

    answer: F64 = np.asarray(
        hypergeom.cdf(np.asarray(k), np.asarray(size), np.asarray(marked), np.asarray(drawn)), dtype=np.float64
    )
    return answer


def critical(size: Ints, marked: Ints, drawn: Ints, delta: float) -> Ints:
    """Largest number of wrong items in the draw that still refutes, at level delta, that `marked` items or more are wrong.

    Elementwise; -1 where even a clean draw refutes nothing.
    """
    low, high = np.full(len(size), -1), np.minimum(drawn, marked)
    while (low < high).any():
        middle = (low + high + 1) // 2
        shown = lower_tail(middle, size, np.minimum(marked, size), drawn) <= delta
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
        refuted = min(allowed(error, size) + 1, size)
        shown = lower_tail(min(seen, middle), size, refuted, middle) <= delta
        low, high = (low, middle) if shown else (middle + 1, high)
    return low


@overload
def allowed(error: float, n: int) -> int: ...
@overload
def allowed(error: float, n: Ints) -> Ints: ...
def allowed(error: float, n: int | Ints) -> int | Ints:
    """How many of n labels may be wrong: the whole part of error * n, with no loss to rounding (0.07 * 100 is 7)."""
    whole: Ints = np.floor(error * np.asarray(n) + 1e-9).astype(np.int64)
    return int(whole) if isinstance(n, int) else whole


def log_wealth(wrong: npt.NDArray[np.bool_], size: int, marked: int) -> F64:
    """Log of the wealth after 0, 1, ... n draws of somebody who bets that fewer than `marked` of `size` items are wrong.

    E_s = mean over bets b of prod(1 + b (mu_s - Z_s)), where mu_s = (marked - wrong so far) / (items left) is the mean of the
    next draw if `marked` are wrong. If so, or if more are, E is a non-negative supermartingale that starts at 1, so it ever
    reaches 1/delta with probability at most delta, whenever one stops (Ville 1939; Waudby-Smith & Ramdas 2020, 2024). Bets stay
    below 1 and do not depend on `marked`: wealth only grows with `marked`, so the smallest number of wrong items that is refuted
    refutes all larger.
    """
    n = len(wrong)
    before = np.concatenate([[0], np.cumsum(wrong)[:-1]]) if n else np.zeros(0)
    mean = (marked - before) / (size - np.arange(n))
    # A mean below 0 or above 1 cannot be: `marked` is refuted, or the pool holds nothing else. Either way nothing is staked.
    factor = np.log1p(BETS[:, None] * (np.clip(mean, 0, 1) - wrong))
    path = np.concatenate([np.zeros((len(BETS), 1)), np.cumsum(factor, axis=1)], axis=1)
    answer: F64 = np.logaddexp.reduce(path, axis=0) - np.log(len(BETS))
    return answer


def still_to_draw(wrong: npt.NDArray[np.bool_], size: int, marked: int, delta: float) -> int | None:
    """About how many draws more it takes until the wealth of `log_wealth` reaches 1/delta, with errors as frequent as among the
    draws `wrong` bool [n] so far, of `size` items of which `marked` would be too many wrong; None: never at that rate."""
    n, k = len(wrong), int(wrong.sum())
    if n >= size:
        return None
    rate, mean = (k / n if n else 0.0), float(np.clip((marked - k) / (size - n), 0, 1))
    growth = float((rate * np.log1p(BETS * (mean - 1)) + (1 - rate) * np.log1p(BETS * mean)).max())
    return None if growth <= 0 else int(np.ceil((-np.log(delta) - log_wealth(wrong, size, marked)[-1]) / growth))
