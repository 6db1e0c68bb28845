"""What unlabeled items say about the classes of their neighbours: a graph, label spreading and Poisson learning on it.

The neighbours are found once and can be kept: they do not depend on labels. See docs/explanation/few-labels.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from modicum.engine.arrays import F32, F64, Ints
from modicum.errors import InputError

NEIGHBOURS = 10  # of an item in the graph
LOOKED_AT = 30  # those a head's opinion picks them from
_STAY = 0.1  # share of its own label an item keeps in each step of spreading
_STEPS = 30  # 0.9^30 = 0.04: what comes later changes no ranking
_LEAK = 1e-4  # of what lies at an item, the share Poisson learning loses in a step: keeps the system solvable
_SOLVED = 1e-3  # relative residual at which the Poisson equation counts as solved
_TRIES = (80, 1_000)  # steps at most: many in small graphs, where they cost nothing and paths may be long
_WORK = 8_000_000  # items times steps
_ROWS = 1_024
_GROUPS = 16  # costs of which the lowest is looked at first


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest other rows of each row, nearest first: `near` int32 [n, k]; their squared distances: `gap` float32 [n, k]."""

    near: npt.NDArray[np.int32]
    gap: F32


def neighbours(x: F32, k: int = NEIGHBOURS) -> Neighbours:
    """Exact nearest neighbours among rows [n, d], k < n of them or n - 1. Blocks of one product; memory n x 1,024 floats."""
    return _nearest(x, x, min(k, len(x) - 1), own=0)


def joined(known: Neighbours, x: F32, more: F32) -> Neighbours:
    """Neighbours of rows x [n, d], `known` already, and behind them those of rows more [m, d], among all n + m.

    The lists of the first n stay; the graph is made symmetric afterwards, which links both ways.
    """
    if not len(more):
        return known
    k = known.near.shape[1]
    added = _nearest(more, np.concatenate([x, more]), k, own=len(x))
    return Neighbours(np.concatenate([known.near, added.near]), np.concatenate([known.gap, added.gap]))


def reordered(found: Neighbours, x: F32) -> Neighbours:
    """The same neighbours, the nearest by other vectors x [n, a] first: one product for each of them instead of n."""
    gap = np.empty_like(found.gap)
    for start in range(0, len(x), _ROWS):
        part = slice(start, start + _ROWS)
        away = x[found.near[part]]
        away -= x[part, None]
        gap[part] = np.einsum("ijk,ijk->ij", away, away)
    order = np.argsort(gap, axis=1, kind="stable")
    return Neighbours(np.take_along_axis(found.near, order, axis=1), np.take_along_axis(gap, order, axis=1))


def graph(found: Neighbours, k: int | None = None) -> csr_array:
    """Symmetric weights [n, n], W_ij = exp(-4 d_ij^2 / d_ik^2), float32, nothing on the diagonal (Calder et al. 2020, section 3).

    d_ik is the distance to the last neighbour, so that dense and sparse regions are treated alike (Zelnik-Manor & Perona 2004).
    `k`: the first k alone take part.
    """
    near, gap = found.near[:, :k], found.gap[:, :k]
    n, k = near.shape
    weight = np.exp(-4 * gap / np.maximum(gap[:, -1:], 1e-12)) if k else gap
    ends = np.arange(n + 1, dtype=np.int32) * np.int32(k)
    one_way = csr_array((weight.astype(np.float32).ravel(), near.ravel(), ends), shape=(n, n))
    return csr_array(one_way.maximum(one_way.T))


def spread(weights: csr_array, rows: Ints, codes: Ints, n_classes: int) -> F64:
    """Class shares [n, c] of every item after labels `codes` [m] of items `rows` [m] have spread (Zhou et al. 2004).

    Every class sends out the same total, so that none wins by having more labels. Items no label reaches have equal shares.
    Raises InputError when labels and graph do not fit.
    """
    sent = _sent(weights, rows, codes, n_classes)
    flow = _scaled(weights, (1 - _STAY) ** 0.5 * _inverse(np.sqrt(_degrees(weights))))
    shares, kept = sent, _STAY * sent
    for _ in range(_STEPS):
        shares = flow @ shares
        shares += kept
    return _shares(shares.astype(np.float64) + 1e-9)


def poisson(weights: csr_array, rows: Ints, codes: Ints, n_classes: int) -> F64:
    """Class shares [n, c] of every item by Poisson learning, made for one to five labels a class (Calder et al. 2020).

    Solves L u = sum_j (y_j - ybar) delta_j, L = D - W, by conjugate gradients; what is positive of u / ybar, class by class,
    counts as share. L + 1e-4 D stands for L, so that parts of the graph with labels of their own need no bridge to the others.
    Items no label reaches have equal shares. Raises InputError when labels and graph do not fit.
    """
    known = _sent(weights, rows, codes, n_classes) > 0
    source = np.zeros(known.shape, dtype=np.float32)
    mean = np.bincount(codes, minlength=n_classes) / len(codes)
    source[rows] = known[rows] - mean.astype(np.float32)
    potential = _potential(weights, source) / np.maximum(mean, 1e-12).astype(np.float32)
    positive = np.maximum(potential, 0).astype(np.float64)
    return _shares(positive + 1e-9 * max(float(positive.max()), 1e-12))


def balanced(shares: F64, wanted: F64) -> F64:
    """Shares [n, c] rescaled until classes hold the `wanted` part of all items [c], each row still summing to one.

    Sinkhorn's iteration (Sinkhorn 1967), ten steps; the class mass normalisation of Zhu, Ghahramani & Lafferty (2003) is its
    first. A class nobody is likely to be in cannot be filled.
    """
    for _ in range(10):
        shares = _shares(shares * (wanted / np.maximum(shares.mean(axis=0), 1e-9)))
    return shares


def _nearest(x: F32, among: F32, k: int, *, own: int) -> Neighbours:
    """The k nearest of `among` for each row of x; row i of x is row own + i there, and no neighbour of itself."""
    square = np.einsum("ij,ij->i", among, among)
    near, gap = np.empty((len(x), k), dtype=np.int32), np.empty((len(x), k), dtype=np.float32)
    for start in range(0, len(x), _ROWS):
        part = slice(start, min(start + _ROWS, len(x)))
        # The row's own square changes no ranking, so it is added to the k that are kept.
        cost = x[part] @ (-2 * among).T if len(x) <= _ROWS else -2 * (x[part] @ among.T)
        cost += square
        cost[np.arange(len(cost)), own + np.arange(part.start, part.stop)] = np.inf
        near[part] = found = _lowest(cost, k)
        kept = np.take_along_axis(cost, found, axis=1)
        own_square = np.einsum("ij,ij->i", x[part], x[part])[:, None]
        gap[part] = np.maximum(kept + own_square, 0)
    return Neighbours(near, gap)


def _lowest(cost: F32, k: int) -> Ints:
    """Columns [n, k] of the k lowest costs in each row [n, m], the lowest first; k <= m."""
    n, m = cost.shape
    if k and m >= _GROUPS * 4 * k:
        # The lowest of each of m / 16 groups: k of them, so at least k costs, are no higher than the k-th lowest of those, and
        # few others are. A third of the time of partitioning whole rows with their columns at m = 10,000, half at 2,000.
        width = m // _GROUPS
        lowest = cost[:, :width].copy()
        for start in range(width, width * _GROUPS, width):
            np.minimum(lowest, cost[:, start : start + width], out=lowest)
        enough = np.partition(lowest, k - 1, axis=1)[:, k - 1 : k]
        row, column = np.divmod(np.flatnonzero(cost <= enough), m)
        if len(row) < 4 * k * n:  # more of them are equals, of which it does not matter which ones are taken
            order = np.lexsort((cost[row, column], row))
            first = np.searchsorted(row, np.arange(n))  # sorting moved nothing out of its row
            return np.asarray(column[order][first[:, None] + np.arange(k)], dtype=np.int64)
    found = np.argpartition(cost, k - 1, axis=1)[:, :k] if k else np.empty((n, 0), dtype=np.int64)
    order = np.argsort(np.take_along_axis(cost, found, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(found, order, axis=1), dtype=np.int64)


def _potential(weights: csr_array, source: F32) -> F32:
    """u [n, c] with (D - W + leak D) u = source, by conjugate gradients in D^1/2 u, all columns side by side."""
    root = _inverse(np.sqrt(_degrees(weights)))[:, None]
    flow = _scaled(weights, root[:, 0])
    left = root * source
    enough = _SOLVED * np.sqrt(np.einsum("ij,ij->j", left, left))
    u, way = np.zeros_like(left), left.copy()
    size = np.einsum("ij,ij->j", left, left)
    for _ in range(int(np.clip(_WORK // len(source), *_TRIES))):
        if (np.sqrt(size) <= enough).all():
            break
        pushed = flow @ way
        np.subtract((1 + _LEAK) * way, pushed, out=pushed)
        step = size / np.maximum(np.einsum("ij,ij->j", way, pushed), 1e-30)
        u += step * way
        pushed *= step
        left -= pushed
        new = np.einsum("ij,ij->j", left, left)
        way *= new / np.maximum(size, 1e-30)
        way += left
        size = new
    return np.asarray(root * u, dtype=np.float32)


def _sent(weights: csr_array, rows: Ints, codes: Ints, n_classes: int) -> F32:
    n = weights.shape[0]
    if len(rows) != len(codes) or not len(rows):
        raise InputError(f"one label per labeled item and at least one: received {len(codes)} for {len(rows)} items")
    if rows.min() < 0 or rows.max() >= n or codes.min() < 0 or codes.max() >= n_classes:
        raise InputError(f"labels of items 0..{n - 1} are class ids in 0..{n_classes - 1}; received others")
    sent = np.zeros((n, n_classes), dtype=np.float32)
    sent[rows, codes] = 1 / np.bincount(codes, minlength=n_classes)[codes]
    return sent


def _degrees(weights: csr_array) -> F32:
    return np.asarray(weights.sum(axis=1), dtype=np.float32)


def _scaled(weights: csr_array, by: F32) -> csr_array:
    """by_i W_ij by_j."""
    sizes = np.diff(weights.indptr)
    data = weights.data * np.repeat(by, sizes) * by[weights.indices]
    return csr_array((data, weights.indices, weights.indptr), shape=weights.shape)


def _inverse(values: F32) -> F32:
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)


def _shares(values: F64) -> F64:
    return np.asarray(values / values.sum(axis=1, keepdims=True), dtype=np.float64)
