"""How many items can be wrong above every threshold at once, from one random draw: exact, with no price for choosing afterwards.

Put the wrong items of a frame in the order of their scores. Which items are drawn has nothing to do with which are wrong, so the
number drawn among the first j wrong ones, k(j), is the path of a simple random sample: hypergeometric, and so is each step of
it, wherever the errors lie and however many there are. A boundary c(j) that the path ever touches with probability at most
delta can therefore be computed in full. When it is not touched, then for *all* thresholds at once j or more items above it are
wrong only if more than c(j) of these were drawn. (Simultaneous as the bands of Katsevich & Ramdas 2020, but exact.)
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from modicum.engine.arrays import F64, Ints
from modicum.engine.bounds import critical

_POINTS: Final = 120  # at most so many j; a wider range is thinned, which loses a little and risks nothing
_FEW: Final = 20
_CELLS: Final = 6_000_000  # of all tables of steps: 48 MB
_LEVELS: Final = 48  # tried at once; the largest that keeps delta is taken
_SAFE: Final = 1 - 1e-6  # of delta: more than rounding can take


@dataclass(frozen=True, eq=False)
class Band:
    """With the certainty it was made for: of the first `marked` [m] wrong items more than `limits` [m] are drawn, for all m at
    once. Both rise or stay; a limit of -1 says nothing. size: items drawn from."""

    marked: Ints
    limits: Ints
    size: int

    def most_wrong(self, found: Ints) -> Ints:
        """The largest number of wrong items that `found` [n] drawn wrong ones leave possible."""
        at = np.searchsorted(self.limits, found)
        return np.where(at < len(self.marked), self.marked[np.minimum(at, len(self.marked) - 1)] - 1, self.size)


def band(size: int, drawn: int, first: int, last: int, delta: float) -> Band:
    """The band of a uniform draw of `drawn` from `size` items, for numbers of wrong ones from `first` to `last`.

    Every number has the same level, the largest that keeps the whole within delta. Where the tables would be too large the levels
    only add up to delta, which several hundred wrong draws can afford.
    """
    most = int(critical(np.array([size]), np.array([last]), np.array([drawn]), delta)[0])
    if most < 0:
        return Band(np.array([last]), np.array([-1]), size)
    points = min(_POINTS, _CELLS // (most + 1) ** 2)
    marked = np.unique(np.linspace(first, last, min(max(points, _FEW), last - first + 1)).astype(np.int64))
    if len(marked) > 1 and len(marked) * (most + 1) ** 2 > _CELLS:
        limits = critical(np.full(len(marked), size), marked, np.full(len(marked), drawn), delta / len(marked))
    else:
        limits = _sharpest(size, drawn, marked, most, delta)
    return Band(marked, np.maximum.accumulate(limits), size)


def _sharpest(size: int, drawn: int, marked: Ints, most: int, delta: float) -> Ints:
    """The limits at the largest common level at which the path touches any of them with probability at most delta."""
    k = np.arange(most + 1)
    start = _share(size, marked[:, None], drawn, k)
    tails = np.cumsum(start, axis=1)
    levels = np.append(delta * np.geomspace(1, 1 / 20, _LEVELS), delta / len(marked))  # the last cannot fail: a sum of levels
    limits = (tails[None] <= levels[:, None, None]).sum(axis=2) - 1  # [levels, marked]
    steps, lost = _steps(size, drawn, marked, k)
    alive, touched = np.tile(start[0], (len(levels), 1)), np.zeros(len(levels))
    for j in range(len(marked)):
        if j:
            touched += alive @ lost[j - 1]
            alive = alive @ steps[j - 1]
        dead = k <= limits[:, j, None]
        touched += np.where(dead, alive, 0).sum(axis=1)
        alive[dead] = 0
    fitting = np.append(touched[:-1] <= delta * _SAFE, True)
    answer: Ints = limits[int(np.argmax(fitting))]
    return answer


def _share(size: Ints | int, marked: Ints | int, drawn: Ints | int, k: Ints) -> F64:
    """P(k marked ones among `drawn` of `size`), hypergeometric, elementwise with broadcasting."""
    every, of, n, at = (np.asarray(x, dtype=np.float64) for x in np.broadcast_arrays(size, marked, drawn, k))
    inside = (at <= of) & (at <= n) & (n - at <= every - of) & (of >= 0) & (n >= 0)
    every, of, n, at = (np.where(inside, x, 0.0) for x in (every, of, n, at))
    log = _choose(of, at) + _choose(every - of, n - at) - _choose(every, n)
    return np.asarray(np.where(inside, np.exp(log), 0.0))


def _choose(n: F64, k: F64) -> F64:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _steps(size: int, drawn: int, marked: Ints, k: Ints) -> tuple[npt.NDArray[np.float64], F64]:
    """From one j to the next: probability of going from k to k' [m - 1, K, K], and of a step too wide to be listed [m - 1, K]."""
    gap = np.diff(marked)
    widest = int(gap.max(initial=0))
    mean = widest * drawn / max(size - int(marked[0]), 1)
    up = np.arange(min(widest, int(mean + 10 * mean**0.5 + 10)) + 1)
    left = size - marked[:-1, None, None]
    # k counts drawn among the first j wrong items: drawn - k of the items left are drawn, of which some are the next wrong ones.
    to = _share(left, (drawn - k)[None, :, None], gap[:, None, None], up[None, None, :])
    steps = np.zeros((len(gap), len(k), len(k)))
    for rise in up[: len(k)].tolist():
        steps[:, k[: len(k) - rise], k[rise:]] = to[:, : len(k) - rise, rise]
    return steps, np.clip(1 - to.sum(axis=2), 0, 1)
