"""The default strategy: what it says it takes, it takes; coverage while labels are few, doubt once there are more; any item."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.engine.pool import Pool
from modicum.engine.strategies import herding
from modicum.engine.strategies.herding import auto, typical
from modicum.engine.survey import frame, reach, survey, within
from unit.pool_parts import distances, rng, vector_pool


@given(seed=st.integers(0, 1000), n=st.integers(2, 60), exact=st.integers(0, 5))
@settings(max_examples=40)
def test_reach_is_the_distance_to_neighbours_of_doubling_rank(seed: int, n: int, exact: int) -> None:
    x = rng(seed).standard_normal((n, 5)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    squares = np.sort(distances(x, x) ** 2, axis=1)[:, 1:]
    found = reach(x)
    rank = min(2**exact, n - 1)
    if rank == 2**exact:
        np.testing.assert_allclose(within(found, rank), squares[:, rank - 1], atol=1e-4)
    np.testing.assert_allclose(within(found, 10 * n), squares[:, -1], atol=1e-4)
    between = within(found, 1.5 * rank)
    assert (between >= within(found, rank) - 1e-6).all()
    assert (between <= within(found, 2 * rank) + 1e-6).all()


@given(seed=st.integers(0, 1000), n=st.integers(1, 15), labeled=st.integers(0, 40), informed=st.booleans())
@settings(max_examples=40, deadline=None)
def test_each_item_settles_most_of_the_doubt_that_is_left(seed: int, n: int, labeled: int, informed: bool) -> None:
    """The definition, written down the long way, on a pool that is looked at whole."""
    x = rng(seed).standard_normal((120, 4)).astype(np.float32)
    free = 120 - labeled
    proba = rng(seed + 1).dirichlet(np.ones(3), size=free).astype(np.float32) if informed else None
    pool = vector_pool(x, labeled, proba)
    known = survey(pool.vectors, rng())
    found = auto(Pool(pool.ids, pool.vectors, pool.rows, proba, pool.labeled_rows, pool.labels, survey=known), n, rng())
    at = known.placed.astype(float)
    width = np.sqrt(within(known.reach, max(10, 120 / (labeled + n))).astype(float))
    kernel = np.exp(-1.5 * distances(at, at) ** 2 / np.outer(width, width))
    p = None if proba is None else np.sort(proba.astype(float), axis=1)
    weight = np.ones(free) if p is None else (1 - (p[:, -1] - p[:, -2])) ** min(1, labeled / 3 / 8)
    best = kernel[:free, free:].max(axis=1, initial=0)
    for one, utility in zip(found.indices, found.utilities, strict=True):
        gains = np.maximum(kernel[:free, :free] - best, 0) @ weight
        assert gains[one] >= gains.max() - 0.005 * free
        assert utility == pytest.approx(gains[one], abs=0.005 * free)
        best = np.maximum(best, kernel[one, :free])


def doubtful_group(labels: int) -> Pool:
    """Four groups of fifty, and as many labels somewhere else; of the third group the model is not sure."""
    centres = np.repeat(10 * np.eye(5, dtype=np.float32), [50, 50, 50, 50, labels], axis=0)
    vectors = centres + rng().standard_normal(centres.shape).astype(np.float32)
    proba = np.tile(np.array([[0.97, 0.03]], np.float32), (200, 1))
    proba[100:150] = [0.55, 0.45]
    known = np.arange(200, 200 + labels)
    return Pool(np.arange(200), vectors, np.arange(200), proba, known, known % 2)


def test_doubt_counts_once_there_are_labels() -> None:
    early, late = (auto(doubtful_group(labels), 4, rng()).indices // 50 for labels in (2, 16))
    assert sorted(early) == [0, 1, 2, 3]
    assert (late == 2).sum() >= 3
    without = typical(doubtful_group(16), 4, rng()).indices // 50
    assert sorted(without) == [0, 1, 2, 3]


def test_items_beyond_the_survey_are_chosen_too() -> None:
    pool = doubtful_group(16)
    others = np.setdiff1d(np.arange(216), np.arange(110, 150))  # most of the doubtful group was not looked at
    seen = survey(pool.vectors[others], rng())
    known = type(seen)(seen.frame, others[seen.rows], seen.placed, seen.found)
    found = auto(Pool(pool.ids, pool.vectors, pool.rows, pool.proba, pool.labeled_rows, pool.labels, survey=known), 30, rng())
    assert ((found.indices >= 110) & (found.indices < 150)).any()
    # Nothing of the survey is left to ask about, and there is no model: the rest of the pool is asked about all the same.
    rest = np.arange(110, 150)
    bare = Pool(rest, pool.vectors, rest, None, np.arange(110), np.zeros(110, dtype=int), survey=known)
    assert len(typical(bare, 20, rng())) == 20


def test_a_large_pool_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer items weighed and offered than there are, the choice is nearly as good."""
    x = rng().standard_normal((3_000, 6)).astype(np.float32)
    proba = rng(1).dirichlet(np.ones(3), size=2_900).astype(np.float32)
    pool = vector_pool(x, 100, proba)
    seen = survey(x, rng())
    whole = Pool(pool.ids, x, pool.rows, proba, pool.labeled_rows, pool.labels, survey=seen)
    width = np.sqrt(within(seen.reach, 3_000 / 110))
    kernel = np.exp(-1.5 * distances(seen.placed, seen.placed) ** 2 / np.outer(width, width))[:, :2_900]
    top = np.sort(proba, axis=1)
    doubt, before = 1 - (top[:, -1] - top[:, -2]), kernel[2_900:].max(axis=0)

    def settled(size: int, seed: int) -> float:
        monkeypatch.setattr(herding, "_OFFERED", (0, size))
        monkeypatch.setattr(herding, "_PAIRS", 4 * size * size)
        chosen = kernel[auto(whole, 10, rng(seed)).indices].max(axis=0)
        return float(np.maximum(chosen - before, 0) @ doubt)

    best = settled(3_000, 0)
    part = [settled(500, seed) for seed in range(5)]
    assert len(set(part)) == 5
    assert 0.8 * best < min(part) <= max(part) < 1.01 * best, (best, part)


def test_equal_vectors_and_a_single_item_are_no_trouble() -> None:
    rows = np.arange(20)
    same = Pool(rows, np.ones((20, 3), np.float32), rows, None, rows[:0], rows[:0])
    assert sorted(typical(same, 20, rng()).indices) == list(range(20))
    one = Pool(rows[:1], np.ones((1, 3), np.float32), rows[:1], None, rows[:0], rows[:0])
    assert typical(one, 5, rng()).indices.tolist() == [0]
    assert reach(frame(np.ones((1, 3), np.float32)).place(np.ones((1, 3), np.float32))).shape == (1, 1)
