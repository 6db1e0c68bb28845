"""Conformance: what every extension must keep, as functions your own tests can call. So far: check_strategy.

from modicum.testing import check_strategy

def test_my_strategy():
    check_strategy(my_strategy)
"""

import tempfile
import tracemalloc
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from modicum.engine.pool import Parts, Pool, Selection, Strategy, choose
from modicum.errors import InputError

_LARGE = 6_000
_MEGABYTES = 96


def check_strategy(strategy: Strategy, *, seed: int = 0) -> None:
    """Raise AssertionError, saying which promise is broken, unless the strategy keeps all of them.

    It answers with a Selection of min(n, len(pool)) items, none twice, utilities finite and never rising; the same generator
    gives the same answer; the order of the pool changes nothing, even among equals; nothing it is given is altered; float16
    memory maps, pools without labels, of one item or of equal items work; vectors it reads that are not finite are refused; and
    it keeps no state from call to call. See also check_memory.
    """
    pool = example_pool(seed)
    for n in (1, 7, len(pool), len(pool) + 5):
        _check_answer(strategy, pool, n, seed)
    _check_reproducible(strategy, pool, seed)
    _check_order(strategy, pool, seed)
    _check_order(strategy, _equal(pool), seed)
    _check_untouched(strategy, pool, seed)
    _check_memory_map(strategy, seed)
    _check_not_finite(strategy, pool, seed)
    for name, odd in _odd_pools(seed).items():
        selection = choose(strategy, odd, 3, np.random.default_rng(seed))
        assert len(selection) == min(3, len(odd)), f"{name}: chose {len(selection)} items, asked for 3 of {len(odd)}"
        assert np.isfinite(selection.utilities).all(), f"{name}: a utility is not finite"
    _check_answer(strategy, pool, 7, seed)  # once more, after all those others


def check_memory(strategy: Strategy, *, seed: int = 0) -> None:
    """Raise AssertionError when choosing from 6,000 items takes 96 MB or more: a table of all pairs would take 144."""
    pool = example_pool(seed, n=_LARGE, dims=16, labeled=30, dtype=np.float16)
    strategy(example_pool(seed), 3, np.random.default_rng(seed))  # what is imported on first use does not count
    tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        choose(strategy, pool, 20, np.random.default_rng(seed))
        peak = (tracemalloc.get_traced_memory()[1] - before) / 1e6
    finally:
        if not tracing:
            tracemalloc.stop()
    assert peak < _MEGABYTES, (
        f"choosing from {_LARGE} items took {peak:.0f} MB, allowed are {_MEGABYTES}: work through the pool in parts"
    )


def example_pool(
    seed: int = 0, *, n: int = 60, dims: int = 8, classes: int = 4, labeled: int = 5, dtype: type[np.floating] = np.float32
) -> Pool:
    """A random pool with labels, predictions, numbers and costs, for tests: rows shuffled, ids that are no row numbers."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n + labeled, dims)).astype(dtype)
    rows = rng.permutation(n + labeled)
    proba = rng.dirichlet(np.full(classes, 0.7), size=n).astype(np.float32)
    ids = 1_000 + rng.permutation(10 * n)[:n]
    labels = rng.integers(classes, size=labeled)
    return Pool(
        ids,
        vectors,
        rows[:n],
        proba,
        rows[n:],
        labels,
        values=rng.standard_normal(labeled),
        predicted=rng.standard_normal(n),
        seconds=rng.uniform(1, 9, size=n),
    )


def example_parts(pool: Pool, seed: int = 0) -> Pool:
    """The same pool with up to four boxes or spans of three classes in each item; for tests."""
    owners = np.repeat(np.arange(len(pool)), pool.ids % 5)
    # Drawn by id, so that an item has the same parts wherever it stands.
    drawn = [np.random.default_rng([seed, item]).dirichlet(np.ones(3), size=item % 5) for item in pool.ids]
    return replace(pool, parts=Parts(owners, np.concatenate([*drawn, np.empty((0, 3))]).astype(np.float32)))


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
    parts = [part for field in fields(pool) if isinstance(part := getattr(pool, field.name), np.ndarray)]
    before = [part.copy() for part in parts]
    strategy(pool, 9, np.random.default_rng(seed))
    assert all(map(np.array_equal, before, parts)), "the pool was altered: a strategy only reads"


def _check_memory_map(strategy: Strategy, seed: int) -> None:
    pool = example_pool(seed, dtype=np.float16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.f16"
        pool.vectors.tofile(path)
        mapped = np.memmap(path, dtype=np.float16, mode="r", shape=pool.vectors.shape)
        first = strategy(pool, 9, np.random.default_rng(seed))
        second = strategy(replace(pool, vectors=mapped), 9, np.random.default_rng(seed))
        del mapped
    assert _same(first, second), "the same vectors give another choice when they are mapped from a file"


def _check_not_finite(strategy: Strategy, pool: Pool, seed: int) -> None:
    """It has to refuse them, unless it answers as before, so did not look at them."""
    for value in (np.nan, np.inf):
        try:
            found = strategy(replace(pool, vectors=np.full_like(pool.vectors, value)), 9, np.random.default_rng(seed))
        except InputError:
            continue
        same = _same(found, strategy(pool, 9, np.random.default_rng(seed)))
        assert same, f"vectors of {value} changed the choice: read vectors with pool.gather, which refuses them"


def _equal(pool: Pool) -> Pool:
    """The same pool with nothing to tell its items apart but their ids."""
    n = len(pool)
    return replace(
        pool,
        vectors=np.ones_like(pool.vectors),
        proba=np.full((n, 4), 0.25, dtype=np.float32),
        predicted=np.zeros(n),
        seconds=np.ones(n),
    )


def _odd_pools(seed: int) -> dict[str, Pool]:
    plain = example_pool(seed)
    none = np.empty(0, dtype=np.int64)
    sure = np.eye(4, dtype=np.float32)[np.zeros(len(plain), dtype=np.int64)]
    return {
        "float16 vectors": example_pool(seed, dtype=np.float16),
        "no labels": replace(plain, labeled_rows=none, labels=none, values=np.empty(0)),
        "labels of one class": replace(plain, labels=np.zeros_like(plain.labels)),
        "one item": plain.take(np.array([3])),
        "an empty pool": plain.take(none),
        "equal items": _equal(plain),
        "vectors of zeros": replace(plain, vectors=np.zeros_like(plain.vectors)),
        "sure predictions": replace(plain, proba=sure),
        "more labels than items": example_pool(seed, n=4, labeled=40),
        "a single class": example_pool(seed, classes=1),
    }


def _same(first: Selection, second: Selection) -> bool:
    return np.array_equal(first.indices, second.indices) and np.array_equal(first.utilities, second.utilities)
