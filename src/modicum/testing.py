"""Conformance: what every extension must keep, as functions your own tests can call. So far: check_strategy.

from modicum.testing import check_strategy

def test_my_strategy():
    check_strategy(my_strategy)
"""

import numpy as np

from modicum.engine.pool import Pool, Selection, Strategy, choose
from modicum.errors import InputError


def check_strategy(strategy: Strategy, *, seed: int = 0) -> None:
    """Raise AssertionError, saying which promise is broken, unless the strategy keeps all of them.

    It answers with a Selection of min(n, len(pool)) items, none twice, utilities finite and never rising; the same generator
    gives the same answer; the order of the pool and the names of the ids change nothing; nothing it is given is altered; float16
    memory maps, pools without labels, of one item or of equal items work; and it keeps no state from call to call.
    """
    pool = example_pool(seed)
    for n in (1, 7, len(pool), len(pool) + 5):
        _check_answer(strategy, pool, n, seed)
    _check_reproducible(strategy, pool, seed)
    _check_order(strategy, pool, seed)
    _check_untouched(strategy, pool, seed)
    for name, odd in _odd_pools(seed).items():
        selection = choose(strategy, odd, 3, np.random.default_rng(seed))
        assert len(selection) == min(3, len(odd)), f"{name}: chose {len(selection)} items, asked for 3 of {len(odd)}"
    _check_answer(strategy, pool, 7, seed)  # once more, after all those others


def example_pool(
    seed: int = 0, *, n: int = 60, dims: int = 8, classes: int = 4, labeled: int = 5, dtype: type[np.floating] = np.float32
) -> Pool:
    """A random pool with labels and predictions, for tests: rows shuffled, ids that are no row numbers."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n + labeled, dims)).astype(dtype)
    rows = rng.permutation(n + labeled)
    proba = rng.dirichlet(np.full(classes, 0.7), size=n).astype(np.float32)
    ids = 1_000 + rng.permutation(10 * n)[:n]
    return Pool(ids, vectors, rows[:n], proba, rows[n:], rng.integers(classes, size=labeled))


def _check_answer(strategy: Strategy, pool: Pool, n: int, seed: int) -> None:
    try:
        selection = choose(strategy, pool, n, np.random.default_rng(seed))
    except InputError as error:
        raise AssertionError(error.message) from error
    assert np.isfinite(selection.utilities).all(), f"asked for {n}: a utility is not finite"
    assert (np.diff(selection.utilities) <= 0).all(), f"asked for {n}: utilities rise; the best item comes first"


def _check_reproducible(strategy: Strategy, pool: Pool, seed: int) -> None:
    first, second = (strategy(pool, 9, np.random.default_rng(seed)) for _ in range(2))
    assert _same(first, second), "two calls with the same generator differ: draw chance from `rng` only and keep no state"


def _check_order(strategy: Strategy, pool: Pool, seed: int) -> None:
    order = np.random.default_rng(seed + 1).permutation(len(pool))
    first = strategy(pool, 9, np.random.default_rng(seed))
    second = strategy(pool.take(order), 9, np.random.default_rng(seed))
    same = np.array_equal(pool.ids[first.indices], pool.ids[order][second.indices])
    assert same, "the order of the pool changes the choice: draw and break ties in the order of `pool.ids`"


def _check_untouched(strategy: Strategy, pool: Pool, seed: int) -> None:
    parts = [pool.ids, pool.vectors, pool.rows, pool.labeled_rows, pool.labels]
    parts += [] if pool.proba is None else [pool.proba]
    before = [part.copy() for part in parts]
    strategy(pool, 9, np.random.default_rng(seed))
    assert all(map(np.array_equal, before, parts)), "the pool was altered: a strategy only reads"


def _odd_pools(seed: int) -> dict[str, Pool]:
    plain = example_pool(seed)
    none = np.empty(0, dtype=np.int64)
    equal = np.ones_like(plain.vectors)
    sure = np.eye(4, dtype=np.float32)[np.zeros(len(plain), dtype=np.int64)]
    return {
        "float16 vectors": example_pool(seed, dtype=np.float16),
        "no labels": Pool(plain.ids, plain.vectors, plain.rows, plain.proba, none, none),
        "one item": plain.take(np.array([3])),
        "an empty pool": plain.take(none),
        "equal vectors": Pool(plain.ids, equal, plain.rows, plain.proba, plain.labeled_rows, plain.labels),
        "sure predictions": Pool(plain.ids, plain.vectors, plain.rows, sure, plain.labeled_rows, plain.labels),
        "more labels than items": example_pool(seed, n=4, labeled=40),
    }


def _same(first: Selection, second: Selection) -> bool:
    return np.array_equal(first.indices, second.indices) and np.array_equal(first.utilities, second.utilities)
