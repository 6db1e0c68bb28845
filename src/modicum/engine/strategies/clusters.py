"""Ask one item of each cluster: k-means, TypiClust, Cluster-Margin, DropQuery.

Of a larger pool k-means and TypiClust cluster a random sample of 8,192 items.
"""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from modicum.engine import heads
from modicum.engine.arrays import F32, F64, Ints, gather, principal_axes, unit
from modicum.engine.kmeans import kmeans
from modicum.engine.pool import Pool, Selection, in_id_order, top
from modicum.engine.strategies.uncertainty import margins, predictions
from modicum.engine.walk import directions, labeled_directions, neighbour_distances, stretches

SAMPLE = 8_192
_MOST_CLUSTERS = 500
_NEIGHBOURS = 20
_SMALL = 5
_LINKED = 3_000
_WIDER = 10
_DROPS = 3
_CENTRES = 1_024
_LEAST_DIMS, _MOST_DIMS = 32, 128
_KEPT = 0.25


def k_means(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """n clusters of the pool, of each the item nearest to its centre, the largest cluster first (after Zhdanov 2019)."""
    sample = pool.shuffled(rng)[: max(SAMPLE, n)]
    return _nearest_to_centres(pool, sample, n, rng)


def typiclust(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """As many clusters as labels and items asked for, at most 500; of each without a label the most typical item.

    Typicality is 1 / mean distance from the 20 nearest in the cluster (Hacohen, Dekel & Weinshall 2022), at vectors of length
    one. Larger clusters first, those of fewer than five items last; when clusters run out, each is served again.
    """
    sample = pool.shuffled(rng)[: max(SAMPLE, n)]
    if not len(sample):
        return Selection(sample, np.empty(0))
    x, labeled = directions(pool, sample), labeled_directions(pool)
    both = np.concatenate([x, labeled])
    k = min(len(labeled) + n, len(both), _MOST_CLUSTERS)
    home = kmeans(both, k, rng)[1]
    size = np.bincount(home, minlength=k)
    # What labels a cluster has already counts like items served.
    taken = np.bincount(home[len(x) :], minlength=k)
    members = home[: len(x)]
    typical = _typicality(x, members)
    order = np.lexsort((np.arange(len(x)), -typical, members))
    rank = np.empty(len(x), dtype=np.int64)
    rank[order] = np.arange(len(x)) - np.searchsorted(members[order], members[order])
    served = np.lexsort((members, -size[members], size[members] < _SMALL, rank + taken[members]))[:n]
    return Selection(sample[served], np.linspace(1, 0, len(served), endpoint=False))


@in_id_order
def cluster_margin(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Of the 10 n items of smallest margin, one of each cluster in turn, the smallest cluster first (Citovsky et al. 2021).

    Average linkage into n clusters, of at most 3,000 items. It is the small margins that are clustered, not the whole pool once
    and for all: nothing has to be kept from round to round. Utility falls with the order in which clusters are served.
    """
    near = top(margins(pool), pool, max(n, min(_WIDER * n, _LINKED)), rng).indices
    if len(near) <= n or n > _LINKED:
        return Selection(near[:n], np.linspace(1, 0, n, endpoint=False))
    tree = linkage(directions(pool, near).astype(np.float64), method="average")
    home = fcluster(tree, t=n, criterion="maxclust")
    size = np.bincount(home)
    # In each cluster in random order, as in the paper; the turn decides between clusters.
    order = np.lexsort((rng.random(len(near)), home))
    rank = np.empty(len(near), dtype=np.int64)
    rank[order] = np.arange(len(near)) - np.searchsorted(home[order], home[order])
    served = np.lexsort((home, size[home], rank))[:n]
    return Selection(near[served], np.linspace(1, 0, n, endpoint=False))


@in_id_order
def drop_query(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Items whose class changes when three in four dims are dropped, one of each of n clusters (Gupte et al. 2024).

    The head is fitted to the pool's labels and asked three times with other dims at zero; items stand to be chosen where the
    majority names another class than the whole vector does, and after them those with the most dissent.
    """
    dissent = _dissent(pool, predictions(pool).argmax(axis=1), rng)
    dissent += rng.random(len(pool)) / 2  # a draw between equals, below one vote
    changed = int(np.count_nonzero(dissent >= _DROPS / 2))
    candidates = np.argsort(-dissent, kind="stable")[: max(changed, n)]
    if len(candidates) > SAMPLE:
        candidates = rng.permutation(candidates)[: max(SAMPLE, n)]
    return _nearest_to_centres(pool, candidates, n, rng)


def _nearest_to_centres(pool: Pool, among: Ints, n: int, rng: np.random.Generator) -> Selection:
    """Cluster these items [s] of the pool and serve the clusters in turn, the largest first: the item nearest to the centre.

    When clusters run out, each is served again.
    """
    n = min(n, len(among))
    if not n:
        return Selection(np.empty(0, dtype=np.int64), np.empty(0))
    k = min(n, _CENTRES)
    x = unit(pool.gather(among))
    x = unit(x - x.mean(axis=0))
    # The centres of k clusters differ in less than k directions; the other dims would only add noise to the distances, and cost.
    dims = min(max(k, _LEAST_DIMS), _MOST_DIMS)
    if x.shape[1] > dims:
        x = x @ principal_axes(x, dims)
    centres, home = kmeans(x, k, rng)
    distance = ((x - centres[home]) ** 2).sum(axis=1)
    # Rank of each item in its cluster, nearest to the centre first.
    order = np.lexsort((np.arange(len(x)), distance, home))
    rank = np.empty(len(x), dtype=np.int64)
    rank[order] = np.arange(len(x)) - np.searchsorted(home[order], home[order])
    served = np.lexsort((np.arange(len(x)), -np.bincount(home, minlength=k)[home], rank))[:n]
    return Selection(among[served], np.linspace(1, 0, len(served), endpoint=False))


def _typicality(x: F32, home: Ints) -> F64:
    typical = np.ones(len(x))
    order = np.argsort(home, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(home[order])) + 1):
        k = min(_NEIGHBOURS, len(members) - 1)
        if k:
            own = x[members]
            distance = neighbour_distances(own, own, k, themselves=True).mean(axis=1)
            typical[members] = 1 / np.maximum(distance, 1e-7)
    return typical


def _dissent(pool: Pool, likeliest: Ints, rng: np.random.Generator) -> F64:
    """How many of the masked predictions [n] name another class."""
    votes = np.zeros(len(pool))
    if not len(pool.labels):
        return votes
    n_classes = max(predictions(pool).shape[1], int(pool.labels.max()) + 1)
    head = heads.fit(gather(pool.vectors, pool.labeled_rows), pool.labels, n_classes, calibrate=False)
    for part, x in stretches(pool):
        for _ in range(_DROPS):
            kept = rng.integers(256, size=x.shape, dtype=np.uint8) < 256 * _KEPT
            votes[part] += heads.predict_proba(head, x * kept).argmax(axis=1) != likeliest[part]
    return votes
