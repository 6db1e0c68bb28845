"""k-means for choosing: k-means++ start, Lloyd's iterations as one matrix product each, reproducible from the generator."""

import numpy as np

from modicum.engine.arrays import F32, Ints

_ROWS = 8_192
_TRIES = 4
_ITERATIONS = 12


def kmeans(x: F32, k: int, rng: np.random.Generator) -> tuple[F32, Ints]:
    """Centres [k, d] and the cluster of each row [n], 1 <= k <= n (Lloyd 1982; start after Arthur & Vassilvitskii 2007).

    A dozen iterations: the last per cent of the objective does not change who is typical.
    """
    centres = _spread_start(x, k, rng)
    home = assign(x, centres)
    for _ in range(_ITERATIONS):
        counts = np.bincount(home, minlength=k)
        filled = np.flatnonzero(counts)
        first = np.cumsum(counts)[filled] - counts[filled]
        # Sorting by cluster makes the sums one pass over contiguous rows. An empty cluster keeps its old centre.
        sums = np.add.reduceat(x[np.argsort(home, kind="stable")], first, axis=0)
        centres[filled] = sums / counts[filled, None]
        moved = assign(x, centres)
        if np.array_equal(moved, home):
            break
        home = moved
    return centres, home


def assign(x: F32, centres: F32) -> Ints:
    """The nearest centre of each row [n]."""
    half = 0.5 * np.einsum("ij,ij->i", centres, centres)
    home = np.empty(len(x), dtype=np.int64)
    for start in range(0, len(x), _ROWS):
        home[start : start + _ROWS] = (x[start : start + _ROWS] @ centres.T - half).argmax(axis=1)
    return home


def _spread_start(x: F32, k: int, rng: np.random.Generator) -> F32:
    """k rows of x, drawn in proportion to their squared distance from those before.

    The first sixteen one by one, each the best of a few draws; then an eighth of those there are at a time (Bahmani et al. 2012):
    among many centres a few that lie close do no harm, and the iterations part them.
    """
    squared = np.einsum("ij,ij->i", x, x)
    picked = [int(rng.integers(len(x)))]
    gap = _distance(x, squared, picked)[0]
    while len(picked) < k:
        total = gap.sum(dtype=np.float64)
        if total <= 0:  # fewer different rows than centres
            picked.extend(int(i) for i in rng.integers(len(x), size=k - len(picked)))
            break
        at_once = min(len(picked) // 8, k - len(picked))
        draws = np.searchsorted(np.cumsum(gap, dtype=np.float64), rng.random(max(at_once, _TRIES)) * total)
        draws = np.minimum(draws, len(x) - 1)
        closer = np.minimum(_distance(x, squared, draws), gap)
        if at_once < 2:
            best = int(closer.sum(axis=1).argmin())
            picked.append(int(draws[best]))
            gap = closer[best]
        else:
            picked.extend(int(i) for i in draws[:at_once])
            gap = closer[:at_once].min(axis=0)
    start: F32 = x[np.array(picked)]
    return start


def _distance(x: F32, squared: F32, rows: "Ints | list[int]") -> F32:
    square = squared[rows][:, None] + squared - 2 * (x[rows] @ x.T)
    return np.asarray(np.maximum(square, 0), dtype=np.float32)
