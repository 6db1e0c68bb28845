"""Ask for typical items that differ from each other and from what is labeled: k-means with a centre per label.

After TypiClust (Hacohen et al. 2022): as many clusters as there will be labels, the heaviest without a label first, of each the
item nearest to its centre. With weights the same code serves the hybrid.
"""

import numpy as np

from modicum.engine.arrays import F32, F64, Ints, gather, principal_axes, unit
from modicum.engine.kmeans import kmeans
from modicum.engine.pool import Pool, Selection

SAMPLE = 4_096  # pool items that strategies look at where they cannot look at all
_SEEDED = 10_240  # pool items that are clustered for the seed set: with many classes every cluster counts, and it is done once
_CENTRES = 1_024
_LEAST_DIMS, _MOST_DIMS = 32, 128
_STARTS = 16  # on dogs10, 20 labels chosen by the best of many k-means are worth 1.5 points more than by the first


def typical(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """The seed strategy: needs no model. Utility falls with the order in which clusters are served."""
    sample = pool.shuffled(rng)[: max(_SEEDED, 4 * n)]
    return serve(pool, sample, np.ones(len(sample)), n, rng)


def serve(pool: Pool, sample: Ints, weights: F64, n: int, rng: np.random.Generator, *, beside_labels: bool = True) -> Selection:
    """Cluster these items [s] of the pool and serve the clusters in turn, the heaviest first: the item nearest to the centre.

    `weights` [s] say how much each item adds to its cluster. With `beside_labels` the labeled items are clustered too, there is
    a cluster for each of them more, and clusters without a label come first. When clusters run out, each is served again.
    """
    n = min(n, len(pool))
    if not n:
        return Selection(np.empty(0, dtype=np.int64), np.empty(0))
    labeled_rows = pool.labeled_rows if beside_labels else pool.labeled_rows[:0]
    k = min(len(labeled_rows) + n, len(sample) + len(labeled_rows), _CENTRES)
    x, labeled = _compact(pool, sample, labeled_rows, k)
    centres, home = kmeans(np.concatenate([x, labeled]), k, rng, starts=_STARTS if beside_labels else 1)
    home, taken = home[: len(x)], np.bincount(home[len(x) :], minlength=k)
    mass = np.bincount(home, weights=weights, minlength=k)
    distance = ((x - centres[home]) ** 2).sum(axis=1)
    # Rank of each item in its cluster, nearest to the centre first.
    order = np.lexsort((np.arange(len(x)), distance, home))
    start = np.searchsorted(home[order], home[order])
    rank = np.empty(len(x), dtype=np.int64)
    rank[order] = np.arange(len(x)) - start
    served = np.lexsort((np.arange(len(x)), -mass[home], rank + taken[home]))[:n]
    return Selection(sample[served], np.linspace(1, 0, len(served), endpoint=False))


def _compact(pool: Pool, sample: Ints, labeled_rows: Ints, k: int) -> tuple[F32, F32]:
    """Sample and labeled items, centred, of length one, in few dims.

    The centres of k clusters differ in less than k directions; the other dims would only add noise to the distances, and cost.
    """
    both = unit(np.concatenate([pool.gather(sample), gather(pool.vectors, labeled_rows)]))
    both = unit(both - both.mean(axis=0))
    dims = min(max(k, _LEAST_DIMS), _MOST_DIMS)
    if both.shape[1] > dims:
        both = both @ principal_axes(both, dims)
    return both[: len(sample)], both[len(sample) :]
