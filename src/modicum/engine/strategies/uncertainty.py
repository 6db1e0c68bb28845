"""Ask where the model is unsure: least confidence, medium confidence, margin, entropy (Settles 2009, section 3.1).

With two classes least confidence, margin and entropy give the same ranking.
"""

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import Ints
from modicum.engine.pool import Pool, Selection, top
from modicum.errors import InputError

_ROWS = 65_536  # rows in one go: a million items of a hundred classes need 50 MB, not 800


def least_confidence(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest 1 - p1 first, p1 the probability of the likeliest class."""
    return top(1 - _best_two(pool)[0], pool, n, rng)


def margin(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest 1 - (p1 - p2) first: the two likeliest classes are close (Scheffer et al. 2001)."""
    return top(margins(pool), pool, n, rng)


def entropy(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest entropy, in nats, first."""
    proba = _proba(pool)
    utility = np.empty(len(pool))
    for start in range(0, len(pool), _ROWS):
        p = _normal(proba[start : start + _ROWS])
        utility[start : start + _ROWS] = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1)
    return top(utility, pool, n, rng)


def medium_confidence(pool: Pool, n: int, rng: np.random.Generator, *, quantile: float = 0.5) -> Selection:
    """Items whose confidence is nearest to the given quantile of the pool's: the least confident are often outliers.

    Utility is 1 - |p1 - target|. `quantile` 0 is the least confident end of the pool, 1 the most.
    """
    if not 0 <= quantile <= 1:
        raise InputError(f"quantile lies between 0 and 1, received {quantile}")
    confidence = _best_two(pool)[0]
    if not len(confidence):
        return top(confidence, pool, n, rng)
    return top(1 - np.abs(confidence - np.quantile(confidence, quantile)), pool, n, rng)


def margins(pool: Pool, indices: Ints | None = None) -> npt.NDArray[np.float64]:
    """1 - (p1 - p2) of every pool item, or of these: 1 where two classes are equally likely, 0 where the model is sure."""
    first, second = _best_two(pool, indices)
    return 1 - (first - second)


def _proba(pool: Pool) -> npt.NDArray[np.float32]:
    if pool.proba is None:
        raise InputError("this strategy needs predictions and there is no model yet: label some items of a seed strategy first")
    return pool.proba


def _best_two(pool: Pool, indices: Ints | None = None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    proba = _proba(pool) if indices is None else _proba(pool)[indices]
    first, second = np.empty(len(proba)), np.zeros(len(proba))
    for start in range(0, len(proba), _ROWS):
        chunk = proba[start : start + _ROWS]
        part = slice(start, start + len(chunk))
        # Dividing by the row's sum in double precision keeps the three rankings equal when float32 rows do not sum to 1.
        total = chunk.sum(axis=1, dtype=np.float64)
        total[total == 0] = 1
        if chunk.shape[1] == 1:
            first[part] = chunk[:, 0] / total
            continue
        two = np.partition(chunk, chunk.shape[1] - 2, axis=1)[:, -2:]
        first[part], second[part] = two[:, 1] / total, two[:, 0] / total
    return first, second


def _normal(chunk: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    p = chunk.astype(np.float64)
    total = p.sum(axis=1, keepdims=True)
    total[total == 0] = 1
    normal: npt.NDArray[np.float64] = p / total
    return normal
