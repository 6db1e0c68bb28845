"""Pools for the tests of strategies."""

import numpy as np
from scipy.spatial.distance import cdist

from modicum.engine.pool import Pool

NONE = np.empty(0, dtype=np.int64)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def proba_pool(proba: np.ndarray) -> Pool:
    """Items of which only predictions are known."""
    rows = np.arange(len(proba))
    return Pool(rows, np.zeros((len(proba), 2), np.float32), rows, proba.astype(np.float32), NONE, NONE)


def vector_pool(vectors: np.ndarray, labeled: int = 0, proba: np.ndarray | None = None) -> Pool:
    """Items at these places; the last rows carry labels, classes 0, 1, 0, 1, ..."""
    rows = np.arange(len(vectors))
    free, known = rows[: len(rows) - labeled], rows[len(rows) - labeled :]
    return Pool(free, vectors.astype(np.float32), free, proba, known, np.arange(labeled) % 2)


def unit(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(cdist(x.astype(np.float64), y.astype(np.float64)))
