"""The default: cover the pool while little is known, then ask where the model wavers, about items that differ from each other.

Measured on dogs10, banking77 and digits: coverage wins up to about four labels a class, diverse margins win from there on.
"""

import numpy as np

from modicum.engine.pool import Pool, Selection, top
from modicum.engine.strategies.coverage import SAMPLE, serve, typical
from modicum.engine.strategies.uncertainty import margins

_COVERED = 4  # labels per class from which the model's doubts are worth more than coverage
_WIDER = 10  # candidates per item that is asked for


def auto(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Without predictions `typical`; up to four labels a class `doubtful_clusters`; then `diverse_margin`."""
    if pool.proba is None:
        return typical(pool, n, rng)
    if len(pool.labels) < _COVERED * pool.proba.shape[1]:
        return doubtful_clusters(pool, n, rng)
    return diverse_margin(pool, n, rng)


def doubtful_clusters(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Clusters as many as labels; of those without a label, the ones with most uncertainty in them first.

    A cluster's weight is the sum of its items' 1 - (p1 - p2): big clusters win at first, doubtful ones later.
    """
    sample = pool.shuffled(rng)[: max(SAMPLE, 4 * n)]
    return serve(pool, sample, margins(pool, sample), n, rng)


def diverse_margin(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """The 10 n items of smallest margin in n clusters, one of each (after Zhdanov 2019; Citovsky et al. 2021)."""
    candidates = top(margins(pool), pool, _WIDER * n, rng)
    return serve(pool, candidates.indices, candidates.utilities, n, rng, beside_labels=False)
