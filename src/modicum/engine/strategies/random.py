"""Chance: the control every other strategy is measured against."""

import numpy as np

from modicum.engine.pool import Pool, Selection


def random(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """`n` items, all equally likely, utility 1."""
    indices = pool.shuffled(rng)[:n]
    return Selection(indices, np.ones(len(indices)))
