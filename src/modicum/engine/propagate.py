"""Label spreading on a graph of nearest neighbours: what unlabeled items say about the classes of their neighbours."""

import numpy as np
from scipy.sparse import csr_array, diags_array

from modicum.engine.arrays import F32, F64, Ints

_NEIGHBOURS = 10
_STAY = 0.1  # share of its own label an item keeps in each step
_STEPS = 30
_ROWS = 1_024


def graph(x: F32) -> csr_array:
    """Similarities [n, n] of rows [n, d]: D^-1/2 W D^-1/2 with W_ij = exp(-4 d_ij^2 / d_ik^2) over 10 neighbours, symmetric.

    d_ik is the distance to the last neighbour, so that dense and sparse regions are treated alike (Zelnik-Manor & Perona 2004).
    """
    n = len(x)
    k = min(_NEIGHBOURS, n - 1)
    square = np.einsum("ij,ij->i", x, x)
    near, weight = np.empty((n, k), dtype=np.int64), np.empty((n, k))
    for start in range(0, n, _ROWS):
        own = np.arange(start, min(start + _ROWS, n))
        gap = np.maximum(square[own, None] + square - 2 * (x[own] @ x.T), 0)
        gap[own - start, own] = np.inf
        part = np.argpartition(gap, k - 1, axis=1)[:, :k]
        distance = np.take_along_axis(gap, part, axis=1)
        near[own] = part
        weight[own] = np.exp(-4 * distance / np.maximum(distance.max(axis=1, keepdims=True), 1e-12))
    one_way = csr_array((weight.ravel(), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))
    both = one_way.maximum(one_way.T)
    scale = diags_array(1 / np.sqrt(both.sum(axis=1)))
    return csr_array(scale @ both @ scale)


def spread(similar: csr_array, rows: Ints, codes: Ints, n_classes: int) -> F64:
    """Class shares [n, c] of every row after labels `codes` [m] of `rows` [m] have spread (Zhou et al. 2004).

    Every class sends out the same total, so that none wins by having more labels. Rows no label reaches have equal shares.
    """
    sent = np.zeros((similar.shape[0], n_classes))
    sent[rows, codes] = 1 / np.bincount(codes, minlength=n_classes)[codes]
    shares = sent
    for _ in range(_STEPS):
        shares = (1 - _STAY) * (similar @ shares) + _STAY * sent
    shares = shares + 1e-9
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)
