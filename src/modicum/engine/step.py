"""One turn of the loop in two calls, the same for Loop, rounds and simulate: learn from the labels, ask for the next ones."""

import numpy as np

from modicum.engine import heads
from modicum.engine.arrays import Floats, Ints, gather
from modicum.engine.heads import Head
from modicum.engine.pool import Pool, Selection, choose
from modicum.engine.strategies.naming import find_strategy

_SAMPLE = 2_048  # vectors drawn to find the centre of the data


def learn(
    vectors: Floats, labeled_rows: Ints, labels: Ints, n_classes: int, rng: np.random.Generator, *, warm: Head | None = None
) -> Head | None:
    """A head from the labeled rows [m] of vectors [N, d]; none while fewer than two classes have a label."""
    if len(np.unique(labels)) < 2:
        return None
    some = rng.choice(len(vectors), min(len(vectors), _SAMPLE), replace=False)
    return heads.fit(gather(vectors, labeled_rows), labels, n_classes, unlabeled=gather(vectors, some), warm=warm)


def ask(
    strategy: str, seed_strategy: str, pool: Pool, n: int, rng: np.random.Generator, *, soon: int | None = None
) -> tuple[str, Selection]:
    """The name of the strategy that chose, the seed strategy while there are no predictions, and what it chose, best first.

    `soon` is the number of answers expected before the next turn: those are chosen as one set that fits together, the rest of
    the `n` as a reserve behind them. Raises NotFoundError for a name nobody registered; what a strategy raises goes through.
    """
    name = strategy if pool.informed else seed_strategy
    if not len(pool):
        return name, Selection(np.empty(0, dtype=np.int64), np.empty(0))
    function = find_strategy(name)
    if soon is None or soon >= min(n, len(pool)):
        return name, choose(function, pool, n, rng, name=name)
    first = choose(function, pool, soon, rng, name=name)
    rest = np.setdiff1d(np.arange(len(pool)), first.indices)
    more = choose(function, pool.take(rest), n - soon, rng, name=name)
    # Utilities of two choices are not on one scale: the reserve's are moved below the first set's.
    drop = min(0.0, float(first.utilities[-1] - more.utilities[0])) if len(more) else 0.0
    return name, Selection(
        np.concatenate([first.indices, rest[more.indices]]), np.concatenate([first.utilities, more.utilities + drop])
    )
