"""Ask for the item farthest from everything that is labeled or chosen already: k-center, and the same with numbers to predict.

The greedy choice, exactly, without going through the pool for every item: distances to the nearest centre only ever fall, so an
old one is a bound, and items whose bound lies below what the best has now need not be looked at.
"""

import numpy as np

from modicum.engine.arrays import F32, F64, Ints, gather
from modicum.engine.pool import Pool, Selection, in_id_order
from modicum.engine.walk import STRETCH, gaps, squares, stretches

_FIELD = 2_048  # items among which the next ones are chosen, before the others are looked at again
_WIDER = 4
_CHOSEN = np.iinfo(np.int64).max


@in_id_order
def k_center(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Farthest-first traversal from the labeled items (Gonzalez 1985; Sener & Savarese 2018); without any, from the item
    nearest to the mean. Euclidean distance; utility is the distance from what was labeled or chosen before."""
    return _farthest(pool, n, None, None)


@in_id_order
def greedy_sampling(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """For numbers: greedy sampling in inputs and outputs, iGS (Wu, Lin & Huang 2019).

    Utility is the least product, over all that is labeled or chosen, of the distance between vectors and the difference between
    the predicted value and the label (of a chosen item: its predicted value). Without predictions, inputs alone count (GSx).
    """
    if pool.predicted is None or (pool.values is None and len(pool.labels)):
        return _farthest(pool, n, None, None)
    known = np.empty(0) if pool.values is None else pool.values
    return _farthest(pool, n, known.astype(np.float32), pool.predicted.astype(np.float32))


def _farthest(pool: Pool, n: int, known: F32 | None, predicted: F32 | None) -> Selection:
    """Distances are squared until the end; a chosen item's is -1."""
    front = _Front(pool, gather(pool.vectors, pool.labeled_rows), known, predicted)
    chosen: list[int] = []
    worth: list[float] = []
    if not len(pool.labels):
        chosen.append(_central(pool))
        front.add(chosen, pool.gather(np.array(chosen)))
    front.renew(np.arange(len(pool)))
    if chosen:
        worth.append(max(float(front.gap.max()), 0.0))
    reach = _FIELD
    while len(chosen) < n:
        field, limit = front.field(reach)
        picks, utilities = front.pick(field, limit, n - len(chosen))
        chosen += picks
        worth += utilities
        reach = _FIELD if picks else min(reach * _WIDER, len(pool))
    utility: F64 = np.sqrt(np.maximum(np.array(worth[: len(chosen)]), 0))
    return Selection(np.array(chosen), np.minimum.accumulate(utility))


class _Front:
    """Bounds on the squared distance of every pool item from its nearest centre, and how many centres each bound knows."""

    def __init__(self, pool: Pool, centres: F32, known: F32 | None, predicted: F32 | None) -> None:
        self.pool, self.predicted = pool, predicted
        self.centres = centres
        self.heights = known
        self.gap = np.full(len(pool), np.inf, dtype=np.float32)
        self.known_to = np.zeros(len(pool), dtype=np.int64)

    def add(self, indices: list[int], vectors: F32) -> None:
        """More centres: these pool items [k], vectors [k, d]."""
        self.centres = np.concatenate([self.centres, vectors])
        if self.heights is not None and self.predicted is not None:
            self.heights = np.append(self.heights, self.predicted[indices])
        self.gap[indices], self.known_to[indices] = -1, _CHOSEN

    def between(self, indices: Ints, x: F32, first: int, last: int) -> F32:
        """Squared distances [k, centres] of these items, vectors x [k, d], from the centres first..last."""
        square = gaps(x, self.centres[first:last])
        if self.heights is not None and self.predicted is not None:
            square *= (self.predicted[indices, None] - self.heights[first:last]) ** 2
        return square

    def renew(self, indices: Ints) -> None:
        """Make the bounds of these items exact."""
        indices = indices[self.known_to[indices] < len(self.centres)]
        # Sorted by what they know already, so that few centres are gone through twice.
        indices = indices[np.argsort(self.known_to[indices], kind="stable")]
        for part, x in stretches(self.pool, indices):
            some = indices[part]
            for first in range(int(self.known_to[some[0]]), len(self.centres), STRETCH):
                nearest = self.between(some, x, first, first + STRETCH).min(axis=1)
                self.gap[some] = np.minimum(self.gap[some], nearest)
        self.known_to[indices] = len(self.centres)

    def field(self, reach: int) -> tuple[Ints, float]:
        """The items of largest exact distance among the `reach` of largest bound, and the largest bound of all others."""
        near, outside = _largest(self.gap, np.arange(len(self.gap)), reach)
        self.renew(near)
        field, inside = _largest(self.gap, near, _FIELD)
        return field, max(outside, inside)

    def pick(self, field: Ints, limit: float, n: int) -> tuple[list[int], list[float]]:
        """Up to n items of the field in greedy order, as long as none outside can be farther."""
        own, x = self.gap[field], self.pool.gather(field)
        length = squares(x)
        picks: list[int] = []
        worth: list[float] = []
        vectors: list[F32] = []
        while len(picks) < n and own.max() >= limit:
            best = int(own.argmax())
            picks.append(int(field[best]))
            worth.append(float(own[best]))
            vectors.append(x[best].copy())
            square = np.maximum(length + length[best] - 2 * (x @ x[best]), 0)
            if self.predicted is not None:
                square *= (self.predicted[field] - self.predicted[picks[-1]]) ** 2
            own = np.minimum(own, square)
            own[best] = -1
            alive = own >= limit
            if 2 * np.count_nonzero(alive) < len(own):
                # What has fallen below the limit cannot be picked from this field; its bound is kept.
                self.gap[field], self.known_to[field] = own, len(self.centres) + len(picks)
                field, own, x, length = field[alive], own[alive], x[alive], length[alive]
                if not len(own):
                    break
        self.gap[field], self.known_to[field] = own, len(self.centres) + len(picks)
        if picks:
            self.add(picks, np.array(vectors))
        return picks, worth


def _largest(values: F32, indices: Ints, k: int) -> tuple[Ints, float]:
    """The k of these indices, ascending, whose values are largest, and the largest value of the others (-inf: none)."""
    if k >= len(indices):
        return indices, -np.inf
    order = np.argpartition(values[indices], len(indices) - k)
    rest = indices[order[: len(indices) - k]]
    return np.sort(indices[order[len(indices) - k :]]), float(values[rest].max())


def _central(pool: Pool) -> int:
    """The item nearest to the mean."""
    total = np.zeros(pool.vectors.shape[1])
    for _, x in stretches(pool):
        total += x.sum(axis=0, dtype=np.float64)
    mean = (total / len(pool)).astype(np.float32)[None]
    gap = np.empty(len(pool), dtype=np.float32)
    for part, x in stretches(pool):
        gap[part] = gaps(x, mean)[:, 0]
    return int(gap.argmin())
