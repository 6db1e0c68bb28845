"""Ask for large and different gradients: BADGE (Ash et al. 2020), without ever writing a gradient down.

The gradient of the last layer, were the likeliest class the label, is g = a x', a = p - e_likeliest. Items are drawn like the
centres of k-means++, in proportion to D^2, the squared distance of g from the nearest one drawn before; the product of two
gradients is <g_i, g_j> = (a_i . a_j)(x_i . x_j).
"""

import numpy as np

from modicum.engine.arrays import F32, F64, Ints
from modicum.engine.pool import Pool, Selection, in_id_order
from modicum.engine.strategies.uncertainty import predictions
from modicum.engine.walk import squares, stretches

_DRAWS = 64
_ENOUGH = 0.1  # share of draws that is accepted, below which everybody's D^2 is computed anew


@in_id_order
def badge(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """The largest gradient first, then draws in proportion to D^2; utility is D^2, or what it was before if it rose.

    Draws come from D^2 as it was some draws ago and are accepted with probability D^2_now / D^2_then: the same distribution, and
    the pool is gone through a few times instead of n times.
    """
    proba = predictions(pool)
    norms = np.empty(len(pool), dtype=np.float32)
    for part, x in stretches(pool):
        norms[part] = squares(_residuals(proba[part])) * squares(x)
    chosen = [int(norms.argmax())]
    worth = [float(norms[chosen[0]])]
    then = np.full(len(pool), np.inf, dtype=np.float32)
    known = 0
    while len(chosen) < n:
        _renew(pool, proba, norms, then, np.array(chosen[known:]))
        then[chosen] = 0
        known = len(chosen)
        total = np.cumsum(then, dtype=np.float64)
        if not total[-1] > 0:  # every gradient left equals a chosen one
            rest = np.setdiff1d(np.arange(len(pool)), chosen)
            chosen += rng.permutation(rest)[: n - len(chosen)].tolist()
            worth += [0.0] * (n - len(worth))
            break
        accepted = _DRAWS
        while len(chosen) < n and accepted >= _ENOUGH * _DRAWS:
            draws = np.searchsorted(total, rng.random(_DRAWS) * total[-1], side="right")
            draws = np.minimum(draws, len(pool) - 1)
            found, utilities = _accept(pool, proba, then, draws, np.array(chosen[known:], dtype=np.int64), rng)
            accepted = len(found)
            chosen += found
            worth += utilities
    return Selection(np.array(chosen[:n]), np.minimum.accumulate(worth[:n]))


def _accept(
    pool: Pool, proba: F32, then: F32, draws: Ints, since: Ints, rng: np.random.Generator
) -> tuple[list[int], list[float]]:
    """Which of the draws stand, in their order, and D^2 of each; `since` are the items chosen since `then` was computed."""
    both = np.concatenate([since, draws])
    a, x = _residuals(proba[both]), pool.gather(both)
    apart = _apart(a[len(since) :], x[len(since) :], a, x)
    now = np.minimum(then[draws], apart[:, : len(since)].min(axis=1, initial=np.inf))
    now[np.isin(draws, since)] = 0
    luck = rng.random(len(draws))
    found: list[int] = []
    worth: list[float] = []
    for i, item in enumerate(draws):
        if luck[i] * then[item] < now[i]:
            found.append(int(item))
            worth.append(float(now[i]))
            now = np.minimum(now, apart[:, len(since) + i])
            now[draws == item] = 0
    return found, worth


def _renew(pool: Pool, proba: F32, norms: F32, then: F32, centres: Ints) -> None:
    """Bring everybody's D^2 up to date with these centres."""
    a, x = _residuals(proba[centres]), pool.gather(centres)
    for part, some in stretches(pool):
        product = some @ x.T
        product *= _residuals(proba[part]) @ a.T
        product *= -2
        product += norms[centres]
        nearest = product.min(axis=1) + norms[part]
        then[part] = np.minimum(then[part], np.maximum(nearest, 0))


def _apart(a: F32, x: F32, b: F32, y: F32) -> F32:
    """Squared distances [k, l] of gradients a x' [k] from gradients b y' [l]."""
    product: F64 = (a @ b.T) * (x @ y.T)
    square = (squares(a) * squares(x))[:, None] + squares(b) * squares(y) - 2 * product
    return np.asarray(np.maximum(square, 0), dtype=np.float32)


def _residuals(proba: F32) -> F32:
    """a = p - e_likeliest [k, c]."""
    a = proba.astype(np.float32)
    a[np.arange(len(a)), a.argmax(axis=1)] -= 1
    return a
