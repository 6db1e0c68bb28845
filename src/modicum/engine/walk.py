"""Going through the vectors of a pool a stretch at a time, and distances that come out of one matrix product."""

from collections.abc import Callable, Iterator

import numpy as np

from modicum.engine.arrays import F32, F64, Ints, gather, unit, widen
from modicum.engine.pool import Pool

STRETCH = 1_024  # rows: large enough for a product, small enough for the cache
_AT_ONCE = 32


def stretches(pool: Pool, indices: Ints | None = None) -> Iterator[tuple[slice, F32]]:
    """Vectors of all pool items, or of these, as float32 [k, d], in order, with the places they stand at.

    The array is used again for the next stretch and may be the pool's own: it is only read. Raises InputError at a vector that
    is not finite.
    """
    rows = pool.rows if indices is None else pool.rows[indices]
    buffer = np.empty((STRETCH, pool.vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), STRETCH):
        part = rows[start : start + STRETCH]
        together = len(part) and part[-1] - part[0] == len(part) - 1 and (np.diff(part) == 1).all()
        chunk = pool.vectors[part[0] : part[-1] + 1] if together else pool.vectors[part]
        yield slice(start, start + len(part)), widen(chunk, buffer, part)


def squares(x: F32) -> F32:
    """Squared length of each row [n]."""
    return np.asarray(np.einsum("ij,ij->i", x, x), dtype=np.float32)


def gaps(x: F32, centres: F32) -> F32:
    """Squared distances [n, k] of rows [n, d] from centres [k, d]."""
    gap = x @ (-2 * centres).T
    gap += squares(centres)
    gap += squares(x)[:, None]
    return np.asarray(np.maximum(gap, 0, out=gap), dtype=np.float32)


def directions(pool: Pool, indices: Ints) -> F32:
    """Vectors of these pool items at length one, float32 [k, d]."""
    return unit(pool.gather(indices))


def labeled_directions(pool: Pool) -> F32:
    """Vectors of the labeled items at length one, float32 [m, d]."""
    return unit(gather(pool.vectors, pool.labeled_rows))


def neighbour_distances(x: F32, among: F32, k: int, *, themselves: bool) -> F32:
    """Distances [n, k], ascending, of rows [n, d] from their k nearest of `among` [s, d]; k < s.

    With `themselves`, row i of `x` is row i of `among` and no neighbour of itself.
    """
    out = np.empty((len(x), k), dtype=np.float32)
    for start in range(0, len(x), STRETCH):
        part = slice(start, min(start + STRETCH, len(x)))
        gap = gaps(x[part], among)
        if themselves:
            gap[np.arange(len(gap)), np.arange(part.start, part.stop)] = np.inf
        out[part] = np.sort(np.partition(gap, k - 1, axis=1)[:, :k], axis=1)
    return np.asarray(np.sqrt(out), dtype=np.float32)


def greedily(bound: F64, n: int, gain: Callable[[Ints], F64], take: Callable[[int], None]) -> tuple[Ints, F64]:
    """The greedy choice of n candidates, 1 <= n <= len(bound), and what each added (lazy evaluation, Minoux 1978).

    `bound` [s] is what each candidate adds to nothing; what it adds only falls as others are taken. `gain` computes it anew for
    some candidates, `take` tells which one was taken. Equals are taken in order.
    """
    bound = bound.copy()
    fresh = np.full(len(bound), 0)
    chosen = np.empty(n, dtype=np.int64)
    worth = np.empty(n)
    batch = min(_AT_ONCE, len(bound))
    for number in range(n):
        best = int(bound.argmax())
        while fresh[best] < number:
            # A batch costs little more than a single candidate, and the next best is most often in it.
            some = np.sort(np.argpartition(-bound, batch - 1)[:batch])
            some = np.unique(np.append(some[(fresh[some] < number) & (bound[some] > -np.inf)], best))
            bound[some] = np.minimum(gain(some), bound[some])
            fresh[some] = number
            best = int(bound.argmax())
        chosen[number], worth[number] = best, bound[best]
        bound[best] = -np.inf
        take(best)
    return chosen, worth
