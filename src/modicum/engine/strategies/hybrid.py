"""The default: cover the pool, then ask where doubt is widespread and no label is near, then at the borders between classes.

The second step follows uncertainty herding (Bae et al. 2024), on the graph of neighbours in place of a kernel with a width to
choose: a label is worth the doubt of all neighbours it settles. Doubt alone would ask for outliers, coverage alone for what the
model knows.
"""

import numpy as np
from scipy.sparse import csr_array

from modicum.engine.arrays import F64, Ints, gather
from modicum.engine.pool import Pool, Selection, in_id_order, top
from modicum.engine.propagate import graph, joined, neighbours
from modicum.engine.strategies.coverage import SAMPLE, serve, typical
from modicum.engine.strategies.uncertainty import margins
from modicum.engine.survey import frame

_ENOUGH = 4  # labels per class from which what is doubtful lies between classes, and no longer where labels are missing
_WIDER = 10  # candidates per item that is asked for


def auto(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Without predictions `typical`; up to four labels a class `herd`; then `diverse_margin`."""
    if pool.proba is None:
        return typical(pool, n, rng)
    if len(pool.labels) < _ENOUGH * pool.proba.shape[1]:
        return herd(pool, n, rng)
    return diverse_margin(pool, n, rng)


@in_id_order
def herd(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Greedily the items whose label would settle most doubt among their neighbours in the graph.

    The doubt of an item is 1 - (p1 - p2), less what its nearest label in the graph settles. A chosen item settles its own and of
    its neighbours' exp(-d^2 / d_k^2). Looks at the pool's survey, or at 4,096 items.
    """
    places, near = _ground(pool, n, rng)
    doubt = np.zeros(near.shape[0])
    inside = np.flatnonzero(places >= 0)
    doubt[inside] = margins(pool, places[inside])
    labeled = near[near.shape[0] - len(pool.labels) :]
    settled = np.zeros(len(doubt))
    np.maximum.at(settled, labeled.indices, labeled.data)
    doubt *= 1 - settled
    picked, worth = _greedy(near, doubt, inside, min(n, len(inside)))
    chosen = places[picked]
    if len(chosen) < n:
        rest = np.setdiff1d(np.arange(len(pool)), chosen)
        more = top(margins(pool, rest), pool, n - len(chosen), rng, among=rest)
        # Utilities of two choices are not on one scale: these come behind.
        low = worth[-1] if len(worth) else 1.0
        chosen, worth = np.concatenate([chosen, more.indices]), np.concatenate([worth, low * more.utilities])
    return Selection(chosen, worth)


def diverse_margin(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """The 10 n items of smallest margin in n clusters, one of each (after Zhdanov 2019; Citovsky et al. 2021)."""
    candidates = top(margins(pool), pool, _WIDER * n, rng)
    return serve(pool, candidates.indices, candidates.utilities, n, rng, beside_labels=False)


def _ground(pool: Pool, n: int, rng: np.random.Generator) -> tuple[Ints, csr_array]:
    """Nodes of the graph, first those of the survey or sample, last the labeled items, and how near neighbours are, 0 to 1.

    For each node its index in the pool, -1 where it is not in it.
    """
    if pool.survey is None:
        sample = np.sort(pool.shuffled(rng)[: max(SAMPLE, 2 * n)])
        vectors = pool.gather(sample)
        seen = frame(vectors)
        placed = seen.place(vectors)
        found, places = neighbours(placed), sample
    else:
        seen, placed, found = pool.survey.frame, pool.survey.placed, pool.survey.found
        index = np.full(len(pool.vectors), -1, dtype=np.int64)
        index[pool.rows] = np.arange(len(pool))
        places = index[pool.survey.rows]
    near = graph(joined(found, placed, seen.place(gather(pool.vectors, pool.labeled_rows))))
    near.data **= 0.25  # exp(-4 d^2 / d_k^2) keeps labels from leaking between classes; doubt reaches further
    return np.concatenate([places, np.full(len(pool.labels), -1, dtype=np.int64)]), near


def _greedy(near: csr_array, doubt: F64, allowed: Ints, n: int) -> tuple[Ints, F64]:
    """n of the `allowed` nodes, each settling most of what doubt is left [nodes], and how much it settled."""
    worth = np.full(len(doubt), -np.inf)
    worth[allowed] = (near @ doubt + doubt)[allowed]
    picked, settled = np.empty(n, dtype=np.int64), np.empty(n)
    for turn in range(n):
        best = int(worth.argmax())
        picked[turn], settled[turn] = best, worth[best]
        around = slice(near.indptr[best], near.indptr[best + 1])
        changed = np.append(near.indices[around], best)
        less = doubt[changed] * np.append(near.data[around], 1.0)
        doubt[changed] -= less
        for node, lost in zip(changed, less, strict=True):
            around = slice(near.indptr[node], near.indptr[node + 1])
            worth[near.indices[around]] -= near.data[around] * lost
        worth[changed] -= less
        worth[best] = -np.inf
    return picked, np.minimum.accumulate(np.maximum(settled, 0)) if n else settled
