"""Ask for the items that together cover most of the pool: ProbCover, and UHerding, which weighs what is covered by uncertainty.

Both are greedy and exact on up to 8,192 or 4,096 items; of a larger pool a random sample of so many is covered and chosen from.
"""

import numpy as np

from modicum.engine.arrays import F32, F64, Ints
from modicum.engine.kmeans import kmeans
from modicum.engine.pool import Pool, Selection
from modicum.engine.strategies.uncertainty import margins
from modicum.engine.walk import directions, gaps, greedily, labeled_directions

_COVERED = 8_192  # a bit for each pair: 8 MB
_HERDED = 4_096  # a float for each pair: 67 MB
_ROWS = 256
_PURE = 0.95
_CLASSES = 10  # assumed while nobody has said how many there are
_JUDGED = 1_024
_SAME = 1e-6


def probcover(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Balls around the chosen items cover as many items as possible (Yehuda et al. 2022), at vectors of length one.

    The radius is the largest at which 95 in 100 balls hold items of one k-means cluster only, with a cluster per class. Utility
    is how many items a ball adds to what is covered.
    """
    order = pool.shuffled(rng)
    sample = order[:_COVERED]
    if not len(sample):
        return Selection(sample, np.empty(0))
    x = directions(pool, sample)
    radius = _pure_radius(x, _classes(pool), rng)
    balls = np.empty((len(x), (len(x) + 7) // 8), dtype=np.uint8)
    for start in range(0, len(x), _ROWS):
        balls[start : start + _ROWS] = np.packbits(gaps(x[start : start + _ROWS], x) <= radius, axis=1)
    open_ = np.packbits(~_within(x, labeled_directions(pool), radius))

    def gain(some: Ints) -> F64:
        return np.asarray(np.bitwise_count(balls[some] & open_).sum(axis=1, dtype=np.float64))

    def take(one: int) -> None:
        np.bitwise_and(open_, ~balls[one], out=open_)

    bound = np.concatenate([gain(np.arange(s, min(s + _ROWS, len(x)))) for s in range(0, len(x), _ROWS)])
    chosen, added = greedily(bound, min(n, len(x)), gain, take)
    return _and_others(order, chosen, added, n)


def uherding(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Greedily most of sum_x u(x) max_z exp(-(|x - z| / sigma)^2), z labeled or chosen (Bae, Oliveira & Sutherland 2024).

    u is 1 - (p1 - p2) of calibrated probabilities, 1 while there are none; sigma the smallest distance between labeled items, 1
    while there are not two, at vectors of length one. From coverage to uncertainty without a switch. Utility is what an item
    adds.
    """
    order = pool.shuffled(rng)
    sample = order[:_HERDED]
    if not len(sample):
        return Selection(sample, np.empty(0))
    x, labeled = directions(pool, sample), labeled_directions(pool)
    weight = (np.ones(len(x)) if pool.proba is None else margins(pool, sample)).astype(np.float32)
    scale = np.float32(-1 / _smallest_gap(labeled))
    covered = np.zeros(len(x), dtype=np.float32)
    for start in range(0, len(labeled), _ROWS):
        covered = np.maximum(covered, np.exp(gaps(x, labeled[start : start + _ROWS]) * scale).max(axis=1, initial=0))

    # Every item's gain changes with every pick while sigma is wide: distances would be computed n times over.
    closeness = np.empty((len(x), len(x)), dtype=np.float32)
    for start in range(0, len(x), _ROWS):
        closeness[start : start + _ROWS] = gaps(x[start : start + _ROWS], x)
    closeness *= scale
    np.exp(closeness, out=closeness)

    def gain(some: Ints) -> F64:
        more = closeness[some]
        more -= covered
        return np.asarray(np.maximum(more, 0, out=more) @ weight, dtype=np.float64)

    def take(one: int) -> None:
        np.maximum(covered, closeness[one], out=covered)

    bound = np.concatenate([gain(np.arange(s, min(s + _ROWS, len(x)))) for s in range(0, len(x), _ROWS)])
    chosen, added = greedily(bound, min(n, len(x)), gain, take)
    return _and_others(order, chosen, np.minimum.accumulate(np.maximum(added, 0)), n)


def _and_others(order: Ints, chosen: Ints, utilities: F64, n: int) -> Selection:
    """The choice, places in `order`; behind it, when more is asked for than the sample held, the others in their order, at 0."""
    missing = min(n, len(order)) - len(chosen)
    if not missing:
        return Selection(order[chosen], utilities)
    others = np.delete(order, chosen)[:missing]
    return Selection(np.concatenate([order[chosen], others]), np.concatenate([utilities, np.zeros(missing)]))


def _classes(pool: Pool) -> int:
    return pool.proba.shape[1] if pool.proba is not None else max(_CLASSES, len(np.unique(pool.labels)))


def _pure_radius(x: F32, classes: int, rng: np.random.Generator) -> float:
    """Squared radius. A ball is pure while the nearest item of another cluster lies outside: its distance decides."""
    home = kmeans(x, min(classes, len(x)), rng)[1]
    nearest = [_nearest_other(x, home, start) for start in range(0, min(len(x), _JUDGED), _ROWS)]
    found = np.sort(np.concatenate(nearest))
    radius = float(found[int((1 - _PURE) * len(found))])
    # A little less, because the ball must not reach that item; with one cluster, everything is one ball.
    return radius * (1 - 1e-5)


def _nearest_other(x: F32, home: Ints, start: int) -> F32:
    part = slice(start, min(start + _ROWS, _JUDGED, len(x)))
    gap = gaps(x[part], x)
    gap[home[part, None] == home] = 4  # vectors of length one are no farther apart
    return np.asarray(gap.min(axis=1), dtype=np.float32)


def _within(x: F32, centres: F32, radius: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    inside = np.zeros(len(x), dtype=bool)
    for start in range(0, len(centres), _ROWS):
        inside |= (gaps(x, centres[start : start + _ROWS]) <= radius).any(axis=1)
    return inside


def _smallest_gap(x: F32) -> float:
    """The smallest squared distance between two different rows, 1 while there are none."""
    least = np.inf
    for start in range(0, len(x), _ROWS):
        gap = gaps(x[start : start + _ROWS], x)
        gap[gap < _SAME] = np.inf
        least = min(least, float(gap.min()))
    return least if np.isfinite(least) else 1.0
