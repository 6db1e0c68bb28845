"""Ask where a committee disagrees: BALD for classes, variance for numbers.

The pool may bring what each member says; otherwise the committee is made here.
"""

from collections.abc import Iterator

import numpy as np

from modicum.engine import heads, number_head
from modicum.engine.arrays import F64, Floats, gather
from modicum.engine.pool import Pool, Selection, in_id_order, top
from modicum.engine.strategies.uncertainty import predictions
from modicum.engine.walk import STRETCH, stretches
from modicum.errors import InputError

_MEMBERS = 8


@in_id_order
def bald(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """Highest entropy of the mean prediction less mean entropy of the members', in nats, first (Houlsby et al. 2011).

    Members are the pool's, or eight heads on bootstraps of the labels; without a label they agree everywhere.
    """
    if pool.members is None:
        predictions(pool)
    utility = np.zeros(len(pool))
    for part, said in _said(pool, rng):
        utility[part] = _entropy(said.mean(axis=0)) - _entropy(said).mean(axis=0)
    return top(np.maximum(utility, 0), pool, n, rng)


@in_id_order
def committee_variance(pool: Pool, n: int, rng: np.random.Generator) -> Selection:
    """For numbers: highest variance of the members' predictions first (query by committee, Burbidge, Rowland & King 2007).

    Members are the pool's. Without them it is the variance of all lines the labeled `values` leave possible, weighed by how
    likely each is (Bayesian regression): bootstraps of few labels agree just where nothing was labeled, at nothing.
    """
    if pool.members is not None:
        return top(np.asarray(pool.members, dtype=np.float64).var(axis=0).mean(axis=1), pool, n, rng)
    if pool.values is None:
        raise InputError("this strategy needs labels that are numbers: give the pool their `values`, or label a seed set first")
    utility = np.zeros(len(pool))
    if len(pool.values):
        head = number_head.fit(gather(pool.vectors, pool.labeled_rows), pool.values)
        for part, x in stretches(pool):
            doubt = number_head.predict(head, x)[1].astype(np.float64)
            utility[part] = np.where(np.isfinite(doubt), doubt, 0) ** 2  # infinite while all labels are equal: nothing to tell
    return top(utility, pool, n, rng)


def _said(pool: Pool, rng: np.random.Generator) -> Iterator[tuple[slice, F64]]:
    """Probabilities [members, k, c] of a stretch of the pool at a time."""
    if pool.members is not None:
        for start in range(0, len(pool), STRETCH):
            part = slice(start, start + STRETCH)
            yield part, np.asarray(pool.members[:, part], dtype=np.float64)
    elif len(pool.labels):
        members = _bootstraps(pool, rng)
        for part, x in stretches(pool):
            yield part, np.stack([heads.predict_proba(head, x) for head in members]).astype(np.float64)


def _bootstraps(pool: Pool, rng: np.random.Generator) -> list[heads.Head]:
    vectors = gather(pool.vectors, pool.labeled_rows)
    n_classes = max(predictions(pool).shape[1], int(pool.labels.max()) + 1)
    fitted = []
    for _ in range(_MEMBERS):
        drawn = rng.integers(len(vectors), size=len(vectors))
        fitted.append(heads.fit(vectors[drawn], pool.labels[drawn], n_classes, calibrate=False))
    return fitted


def _entropy(p: Floats) -> F64:
    # Columns that are yes or no of their own would need their own sum; a committee's rows sum to one.
    return np.asarray(-(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1), dtype=np.float64)
