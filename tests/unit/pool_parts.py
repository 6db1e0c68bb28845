"""Pools for the tests of strategies."""

from collections.abc import Callable

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


def mean_gain(run: Callable[[str, int], float], strategy: str, seeds: int) -> float:
    """By how much run(strategy, seed) exceeds run("random", seed), on the mean of paired seeds."""
    return float(np.mean([run(strategy, seed) - run("random", seed) for seed in range(seeds)]))


def uneven_kinds() -> tuple[np.ndarray, np.ndarray]:
    """Vectors [1000, 16] around twenty places, most of them around four, and the number of the place each belongs to."""
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(20), [150] * 4 + [25] * 16)
    x = rng.standard_normal((20, 16))[kinds] + 0.25 * rng.standard_normal((1_000, 16))
    return x.astype(np.float32), kinds
