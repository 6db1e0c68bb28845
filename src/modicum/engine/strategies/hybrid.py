"""The default: cover the pool while little is known, and lean to where the model wavers as it learns, without a switch."""

import numpy as np

from modicum.engine.pool import Pool, Selection
from modicum.engine.strategies.coverage import SAMPLE, serve, typical
from modicum.engine.strategies.uncertainty import margins


def auto(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Clusters as many as labels; of those without a label, the ones with most uncertainty in them first.

    A cluster's weight is the sum of its items' 1 - (p1 - p2): big clusters win at first, doubtful ones later.
    Without predictions this is the seed strategy `typical`.
    """
    if pool.proba is None:
        return typical(pool, n, rng)
    sample = pool.shuffled(rng)[: max(SAMPLE, 4 * n)]
    return serve(pool, sample, margins(pool, sample), n, rng)
