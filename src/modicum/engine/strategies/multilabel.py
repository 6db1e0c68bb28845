"""Ask about items that may carry several labels: every column of the probabilities is a yes or no of its own."""

import numpy as np

from modicum.engine.arrays import Floats
from modicum.engine.pool import Pool, Selection, top
from modicum.engine.strategies.uncertainty import blockwise, predictions


def multilabel_margin(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest 1 - min_j |2 p_j - 1| first: the label nearest to fifty-fifty decides (binary minimum, Brinker 2006)."""
    return top(blockwise(lambda p: 1 - np.abs(2 * p - 1).min(axis=1), predictions(pool)), pool, n, rng)


def multilabel_entropy(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest mean of the labels' entropies, in nats, first (Esuli & Sebastiani 2009 compare mean, minimum and maximum)."""
    return top(blockwise(_mean_entropy, predictions(pool)), pool, n, rng)


def _mean_entropy(p: Floats) -> Floats:
    p = np.minimum(p, 1)
    both = p * np.log(np.maximum(p, 1e-300)) + (1 - p) * np.log(np.maximum(1 - p, 1e-300))
    return np.asarray(-both.mean(axis=1))
