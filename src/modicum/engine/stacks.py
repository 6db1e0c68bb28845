"""Stacks: items that seem new, put together with those that look like them, so that a person can name many at once."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from modicum.engine.arrays import F32, Ints, unit
from modicum.engine.propagate import neighbours
from modicum.engine.survey import frame

NEAR = 5  # neighbours that hold a stack together, where both count each other among them


def stacked(vectors: F32, named: Ints) -> Ints:
    """The stack [n] of each of n items with vectors [n, d]: 0.. for the largest first, -1 for those that have a name.

    `named` [n] are the class ids of items that people named, -1 for the others. Items belong together when each is among the
    nearest of the other (mutual neighbours, Brito et al. 1997); where such a group holds items of several names, each goes with
    the nearest of those. An item apart from all goes with its nearest neighbour.
    """
    n = len(vectors)
    answer = np.full(n, -1, dtype=np.int64)
    free = np.flatnonzero(named < 0)
    if not len(free):
        return answer
    if n < 2:
        answer[free] = 0
        return answer
    placed = frame(vectors).place(vectors)
    groups = _components(placed)
    keys = np.stack([groups, _nearest_name(placed, groups, named)], axis=1)[free]
    _, own, sizes = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    answer[free] = rank[own.ravel()]
    return answer


def _components(placed: F32) -> Ints:
    n = len(placed)
    near = neighbours(placed, NEAR).near
    k = near.shape[1]
    one_way = csr_array((np.ones(n * k, dtype=np.int8), near.ravel(), np.arange(n + 1) * k), shape=(n, n))
    mutual = one_way.multiply(one_way.T).tocsr()
    alone = np.flatnonzero(np.diff(mutual.indptr) == 0)
    links = csr_array((np.ones(len(alone), dtype=np.int8), (alone, near[alone, 0])), shape=(n, n))
    return np.asarray(connected_components(mutual + links, directed=False)[1], dtype=np.int64)


def _nearest_name(placed: F32, groups: Ints, named: Ints) -> Ints:
    """For each item the name of the nearest named one of its group, -1 in groups without names."""
    answer = np.full(len(placed), -1, dtype=np.int64)
    for group in np.unique(groups[named >= 0]):
        rows = np.flatnonzero(groups == group)
        known = rows[named[rows] >= 0]
        answer[rows] = named[known[(placed[rows] @ placed[known].T).argmax(axis=1)]]
    return answer


def typical(vectors: F32) -> Ints:
    """Places [n], those first that are most like the mean of all."""
    x = unit(vectors)
    return np.argsort(-(x @ x.mean(axis=0)), kind="stable")
