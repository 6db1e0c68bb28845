"""Ask where the model is unsure: least confidence, medium confidence, margin, entropy (Settles 2009, section 3.1).

With two classes least confidence, margin and entropy give the same ranking. Where the pool has parts, boxes or spans, an item is
as uncertain as its three most uncertain parts are in the mean (Brust, Käding & Denzler 2019 compare sum, mean and maximum).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F32, F64, Floats, Ints
from modicum.engine.pool import Pool, Selection, highest, top
from modicum.errors import InputError

_CELLS = 262_144  # numbers in one go: they stay in the cache through all passes over them
_STRIDE = 64
_MANY = 10_000
_ROUNDING = 1e-5  # what single precision may shift a utility by, generously
_PARTS = 3
_FEW = 32  # classes up to which going through them one by one is faster than row by row
_MOST = 10  # when more than a tenth of the rows remain, going through all of them in order is faster

Score = Callable[[Floats], npt.NDArray[Any]]
"""Uncertainty [k] of each row of probabilities [k, c], in the precision it is given."""


def least_confidence(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest 1 - p1 first, p1 the probability of the likeliest class."""
    return _most(pool, n, rng, _doubt)


def margin(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest 1 - (p1 - p2) first: the two likeliest classes are close (Scheffer et al. 2001)."""
    return _most(pool, n, rng, _closeness)


def entropy(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest entropy, in nats, first."""
    return _most(pool, n, rng, _entropy, bound=(_rough_entropy, 1e-3))


def medium_confidence(pool: Pool, n: int, rng: np.random.Generator, *, quantile: float = 0.5) -> Selection:
    """Items whose confidence is nearest to the given quantile of the pool's: the least confident are often outliers.

    Utility is 1 - |p1 - target|. `quantile` 0 is the least confident end of the pool, 1 the most.
    """
    if not 0 <= quantile <= 1:
        raise InputError(f"quantile lies between 0 and 1, received {quantile}")
    doubt = _of_parts(pool, _doubt) if pool.parts is not None else blockwise(_doubt, predictions(pool))
    if not len(doubt):
        return top(doubt, pool, n, rng)
    return top(1 - np.abs(doubt - np.quantile(doubt, 1 - quantile)), pool, n, rng)


def margins(pool: Pool, indices: Ints | None = None) -> F64:
    """1 - (p1 - p2) of every pool item, or of these: 1 where two classes are equally likely, 0 where the model is sure."""
    proba = predictions(pool)
    if proba.dtype == np.float32 and _sums_to_one(proba):
        return blockwise(_closeness, proba, indices, dtype=np.float32).astype(np.float64)
    return blockwise(_closeness, proba, indices)


def predictions(pool: Pool) -> F32:
    """The head's probabilities [n, c]. Raises InputError while there are none."""
    if pool.proba is None:
        raise InputError("this strategy needs predictions and there is no model yet: label some items of a seed strategy first")
    return pool.proba


def blockwise(score: Score, proba: F32, indices: Ints | None = None, *, dtype: type[np.floating[Any]] = np.float64) -> F64:
    """Score every row of probabilities [n, c], or these rows, a block at a time and in this precision."""
    n = len(proba) if indices is None else len(indices)
    step = max(1, _CELLS // proba.shape[1])
    out = np.empty(n, dtype=dtype)
    for start in range(0, n, step):
        part = slice(start, start + step)
        out[part] = score(np.asarray(proba[part] if indices is None else proba[indices[part]], dtype=dtype))
    return out


def top_mean(utility: F64, owners: Ints, n: int, *, k: int = _PARTS) -> F64:
    """Utility [n] of items from that of their parts [t]: the mean of the k highest, 0 for an item without parts.

    A sum would prefer crowded images, the maximum a single odd box. An item of fewer than k parts has the mean of those it has.
    """
    order = np.lexsort((-utility, owners))
    sorted_owners = owners[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_owners, sorted_owners)
    kept = order[rank < k]
    total = np.bincount(owners[kept], weights=utility[kept], minlength=n)
    return np.asarray(total / np.maximum(np.bincount(owners[kept], minlength=n), 1), dtype=np.float64)


def _most(pool: Pool, n: int, rng: np.random.Generator, score: Score, *, bound: tuple[Score, float] | None = None) -> Selection:
    """The items of highest score: all in single precision first, then those near the top in double.

    `bound` is a cheaper score, never below the real one less so much, when rows of probabilities sum to one.
    """
    if pool.parts is not None:
        return top(_of_parts(pool, score), pool, n, rng)
    proba = predictions(pool)
    n = min(n, len(pool))
    if not n or proba.dtype != np.float32 or not _sums_to_one(proba):
        return top(blockwise(score, proba), pool, n, rng)
    near = None if bound is None else _not_below(proba, n, score, *bound)
    if near is None or len(near) > len(proba) // _MOST:
        near = highest(blockwise(score, proba, dtype=np.float32), n, slack=_ROUNDING)
    return top(blockwise(score, proba, near), pool, n, rng, among=near)


def _not_below(proba: F32, n: int, score: Score, bound: Score, slack: float) -> Ints:
    """Rows whose bound reaches what the n rows of highest bound really score: no other can be among the n highest."""
    rough = blockwise(bound, proba, dtype=np.float32)
    least = np.sort(blockwise(score, proba, highest(rough, n)))[-n]
    return np.flatnonzero(rough >= least - slack)


def _of_parts(pool: Pool, score: Score) -> F64:
    assert pool.parts is not None
    return top_mean(blockwise(score, pool.parts.proba), pool.parts.owners, len(pool))


def _sums_to_one(proba: F32) -> bool:
    """Whether rows do, of many judged by every 64th: a head's rows either all do or do not mean to."""
    some = proba[:: _STRIDE if len(proba) > _MANY else 1]
    return bool(np.abs(some.sum(axis=1) - 1).max(initial=0) < _ROUNDING)


def _doubt(p: Floats) -> npt.NDArray[Any]:
    return np.asarray(1 - _ordered(p).max(axis=1).view(p.dtype) / _total(p))


def _closeness(p: Floats) -> npt.NDArray[Any]:
    if p.shape[1] <= _FEW:
        first, second = _two_highest(p)
    else:
        rows = np.arange(len(p))
        rest = _ordered(p).copy()
        best = rest.argmax(axis=1)
        first = rest[rows, best].view(p.dtype)
        rest[rows, best] = 0
        second = rest.max(axis=1).view(p.dtype)
    return np.asarray(1 - (first - second) / _total(p))


def _two_highest(p: Floats) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The highest and second highest of each row, class by class: numpy goes through short rows slowly.

    Of one class the second highest is nothing.
    """
    columns = np.ascontiguousarray(p.T)
    first, second, lower = columns[0].copy(), np.zeros_like(columns[0]), np.empty_like(columns[0])
    for column in columns[1:]:
        np.minimum(first, column, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(first, column, out=first)
    return first, second


def _ordered(p: Floats) -> npt.NDArray[Any]:
    """The same bits as whole numbers: floats that are not negative have their order, and numpy finds their maximum faster."""
    return np.ascontiguousarray(p).view(np.int32 if p.dtype == np.float32 else np.int64)


def _entropy(p: Floats) -> npt.NDArray[Any]:
    # H(p / t) = log t - sum p log p / t
    total = _total(p)
    logs = np.maximum(p, 1e-37)
    np.log(logs, out=logs)
    return np.asarray(np.log(total) - np.vecdot(p, logs) / total)


def _rough_entropy(p: Floats) -> npt.NDArray[Any]:
    """Entropy of rows that sum to one, from 0 to .06 too high.

    The bits of a float, read as a whole number, are its logarithm but for a factor and an offset; between powers of two they run
    straight, up to .086 below the logarithm to base two (Mitchell 1962). A third of the work of logarithms.
    """
    return np.asarray(np.log(2) * (127 - np.vecdot(p, _ordered(p).astype(np.float32)) / 2**23))


def _total(p: Floats) -> npt.NDArray[Any]:
    """Sums of rows, to divide by. In double precision that keeps the three rankings equal when rows do not quite sum to one;
    single precision is only used on rows that do, and gets by without."""
    if p.dtype == np.float32:
        return np.ones((), dtype=np.float32)
    total = p.sum(axis=1)
    total[total == 0] = 1
    return np.asarray(total)
