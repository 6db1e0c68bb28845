"""What decisions cost in seconds: totals, what a decision without a measured time is taken for, and means with a band.

Before enough was measured the band is that of the literature: classifying an image takes 1 to 3 s, looking through a page of
confident predictions 0.1 to 0.5 s an item.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import Ints
from modicum.types import Interval

F64 = npt.NDArray[np.float64]
Band = tuple[float, float]

CLASSIFY: Band = (1.0, 3.0)  # seconds a decision on one item
CONFIRM: Band = (0.1, 0.5)  # seconds an item of a page
ENOUGH = 5  # measured times from which they speak for themselves
DRAWS = 1_000
_GROUPS = 512  # distinct times a bootstrap tells apart


@dataclass(frozen=True)
class Times:
    """Decisions of one kind: distinct seconds float64[k] in rising order, how often each occurred int64[k], and how many
    decisions came without a time."""

    seconds: F64
    counts: Ints
    untimed: int = 0

    @property
    def timed(self) -> int:
        return int(self.counts.sum())

    @property
    def decisions(self) -> int:
        return self.timed + self.untimed

    @property
    def total(self) -> float:
        """Seconds that were measured."""
        return float(self.seconds @ self.counts)

    def quantile(self, share: float) -> float:
        """The time that this share of the measured decisions did not exceed; there must be one."""
        up_to = np.cumsum(self.counts)
        return float(self.seconds[np.searchsorted(up_to, share * up_to[-1])])


def together(several: Iterable[Times]) -> Times:
    """All of them as one."""
    parts = list(several)
    if not parts:
        return Times(np.zeros(0), np.zeros(0, dtype=np.int64))
    seconds, at = np.unique(np.concatenate([part.seconds for part in parts]), return_inverse=True)
    counts = np.zeros(len(seconds), dtype=np.int64)
    np.add.at(counts, at, np.concatenate([part.counts for part in parts]))
    return Times(seconds, counts, sum(part.untimed for part in parts))


def untimed_takes(own: Times, alike: Times, band: Band) -> Interval:
    """Seconds of a decision without a time: the median of its own kind with the quartiles, else of like kinds, else the band.

    `n` is the number of times behind it, 0 for the literature's band.
    """
    known = next((times for times in (own, alike) if times.timed >= ENOUGH), None)
    if known is None:
        return Interval(mean=sum(band) / 2, low=band[0], high=band[1], n=0)
    return Interval(mean=known.quantile(0.5), low=known.quantile(0.25), high=known.quantile(0.75), n=known.timed)


def spent(own: Times, alike: Times, band: Band) -> Interval:
    """Seconds all these decisions took: what was measured, and for the others what they are taken for."""
    each = untimed_takes(own, alike, band)
    low, mean, high = (own.total + own.untimed * value for value in (each.low, each.mean, each.high))
    # the median of lopsided times can lie on a quartile, and rounding a hair outside
    return Interval(mean=mean, low=min(low, mean), high=max(high, mean), n=own.timed)


@dataclass(frozen=True)
class Rate:
    """Mean seconds a decision: as it is, and as it might have come out, float64[DRAWS]. `n` 0: the literature's band."""

    mean: float
    draws: F64
    n: int

    def interval(self) -> Interval:
        return interval(self.mean, self.draws, self.n)


def rate(times: Times, band: Band, rng: np.random.Generator) -> Rate:
    """Mean seconds a decision, by bootstrap over the measured ones (Efron 1979); the band while there are fewer than 5.

    Nothing is known of a band but its ends, so its draws lie on either: their interval is the whole band.
    """
    if times.timed < ENOUGH:
        return Rate(sum(band) / 2, rng.permutation(np.resize(band, DRAWS)), 0)
    seconds, counts = _grouped(times)
    n = times.timed
    draws = rng.multinomial(n, counts / n, size=DRAWS) @ seconds / n
    return Rate(times.total / n, draws, n)


def interval(mean: float, draws: F64, n: int) -> Interval:
    """A figure with the middle 95% of its draws."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return Interval(mean=mean, low=min(float(low), mean), high=max(float(high), mean), n=n)


def times_of(one: Interval, other: Interval) -> Interval:
    """The product of two figures, not negative, of which nothing is known together: its ends multiply theirs."""
    return Interval(mean=one.mean * other.mean, low=one.low * other.low, high=one.high * other.high, n=min(one.n, other.n))


def _grouped(times: Times) -> tuple[F64, F64]:
    """The distinct times, neighbours put together while there are more than can be told apart; the mean stays."""
    if len(times.seconds) <= _GROUPS:
        return times.seconds, times.counts.astype(np.float64)
    starts = np.linspace(0, len(times.seconds), _GROUPS, endpoint=False).astype(np.int64)
    counts = np.add.reduceat(times.counts, starts).astype(np.float64)
    return np.add.reduceat(times.seconds * times.counts, starts) / counts, counts
