"""Strategies that look at where items lie agree with their papers, written down here the long way, and with a peer."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from modicum.engine.kmeans import kmeans
from modicum.engine.pool import Pool, Selection
from modicum.engine.strategies import cover
from modicum.engine.strategies.badge import badge
from modicum.engine.strategies.clusters import cluster_margin, drop_query, k_means, typiclust
from modicum.engine.strategies.cover import probcover, uherding
from modicum.engine.strategies.farthest import greedy_sampling, k_center
from modicum.engine.strategies.uncertainty import margin
from modicum.engine.walk import greedily
from modicum.testing import example_pool
from unit.pool_parts import distances, proba_pool, rng, unit, vector_pool


def groups(sizes: list[int], spread: float = 0.1, dims: int = 12) -> np.ndarray:
    """Items around as many unit vectors, group after group."""
    centres = np.repeat(np.eye(dims)[: len(sizes)], sizes, axis=0)
    return centres + spread * rng().standard_normal(centres.shape) / np.sqrt(dims)


# --- farthest first ---------------------------------------------------------------------------------------------------


def long_way(x: np.ndarray, known: np.ndarray, n: int, product: np.ndarray | None = None) -> tuple[list[int], list[float]]:
    """Greedy over a table of all distances, times `product`; `known` are the rows that are centres from the start."""
    table = distances(x, x) if product is None else distances(x, x) * product
    centres, picks, worth = known.tolist(), [], []
    if not centres:
        picks = centres = [int(distances(x, x.mean(axis=0)[None])[:, 0].argmin())]
        worth = [float(table[:, centres].max())]
        picks = list(picks)
    free = np.ones(len(x), dtype=bool)
    free[known] = False
    free[picks] = False
    while len(picks) < n:
        gap = np.where(free, table[:, centres].min(axis=1), -1)
        best = int(gap.argmax())
        picks.append(best)
        worth.append(float(gap[best]))
        centres = [*centres, best]
        free[best] = False
    return picks, worth


@given(seed=st.integers(0, 10_000), n=st.integers(1, 40), labeled=st.integers(0, 6), size=st.integers(50, 200))
@settings(deadline=None)
def test_k_center_is_greedy_over_all_distances(seed: int, n: int, labeled: int, size: int) -> None:
    x = rng(seed).standard_normal((size, 3)).astype(np.float32)
    picks, worth = long_way(x, np.arange(size - labeled, size), n)
    found = k_center(vector_pool(x, labeled), n, rng())
    assert found.indices.tolist() == picks
    np.testing.assert_allclose(found.utilities, worth, atol=1e-3)


@pytest.mark.parametrize("labeled", [0, 40])
def test_k_center_is_exact_beyond_the_field_it_works_in(labeled: int) -> None:
    """5,000 items at about the same distance: the field of 2,048 has to be drawn many times."""
    x = unit(rng(3).standard_normal((5_000, 24))).astype(np.float32)
    picks, _ = long_way(x, np.arange(5_000 - labeled, 5_000), 60)
    assert k_center(vector_pool(x, labeled), 60, rng()).indices.tolist() == picks


def test_k_center_agrees_with_scikit_activeml() -> None:
    core_set = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed").CoreSet
    x = rng(5).standard_normal((400, 6)).astype(np.float32)
    y = np.full(400, np.nan)
    y[390:] = 0
    theirs = core_set(random_state=0).query(x, y, batch_size=30)
    assert k_center(vector_pool(x, 10), 30, rng()).indices.tolist() == theirs.tolist()


@given(seed=st.integers(0, 10_000), n=st.integers(1, 20), labeled=st.integers(0, 6))
@settings(deadline=None)
def test_greedy_sampling_multiplies_distances_of_inputs_and_outputs(seed: int, n: int, labeled: int) -> None:
    draw = rng(seed)
    x, y = draw.standard_normal((60, 3)).astype(np.float32), draw.standard_normal(60).astype(np.float32)
    bare = vector_pool(x, labeled)
    pool = Pool(
        bare.ids, x, bare.rows, None, bare.labeled_rows, bare.labels, values=y[60 - labeled :], predicted=y[: 60 - labeled]
    )
    picks, worth = long_way(x, np.arange(60 - labeled, 60), n, np.abs(y[:, None] - y[None].astype(np.float64)))
    found = greedy_sampling(pool, n, rng())
    assert found.indices.tolist() == picks
    np.testing.assert_allclose(found.utilities, np.minimum.accumulate(worth), atol=1e-3)
    # Without predictions inputs alone count.
    assert greedy_sampling(bare, n, rng()).indices.tolist() == k_center(bare, n, rng()).indices.tolist()


def test_greedy_sampling_agrees_with_scikit_activeml() -> None:
    pools = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed")
    theirs = pools.GreedySamplingTarget(random_state=0)
    wrapped = pytest.importorskip("skactiveml.regressor", reason="scikit-activeml is not installed").SklearnRegressor
    regressor = wrapped(LinearRegression())
    draw = rng(7)
    x = draw.standard_normal((200, 4)).astype(np.float32)
    y = np.full(200, np.nan)
    y[180:] = (x @ draw.standard_normal(4) + draw.standard_normal(200))[180:]
    predicted = regressor.fit(x, y).predict(x[:180])
    bare = vector_pool(x, 20)
    pool = Pool(bare.ids, x, bare.rows, None, bare.labeled_rows, bare.labels, values=y[180:], predicted=predicted)
    expected = theirs.query(x, y, regressor, batch_size=15)
    assert greedy_sampling(pool, 15, rng()).indices.tolist() == expected.tolist()


# --- coverage ---------------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10_000), n=st.integers(1, 12))
def test_lazy_choice_is_the_greedy_choice(seed: int, n: int) -> None:
    """Sets of numbers: the one that adds most first."""
    sets = rng(seed).random((50, 80)) < 0.1
    covered = np.zeros(80, dtype=bool)

    def gain(some: np.ndarray) -> np.ndarray:
        return (sets[some] & ~covered).sum(axis=1).astype(float)

    def take(one: int) -> None:
        covered[:] |= sets[one]

    chosen, worth = greedily(sets.sum(axis=1).astype(float), n, gain, take)
    seen = np.zeros(80, dtype=bool)
    for one, added in zip(chosen, worth, strict=True):
        gains = (sets & ~seen).sum(axis=1)
        assert gains[one] == added == gains[np.setdiff1d(np.arange(50), chosen[: list(chosen).index(one)])].max()
        seen |= sets[one]


@given(seed=st.integers(0, 1000), n=st.integers(1, 15), labeled=st.integers(0, 8), informed=st.booleans())
@settings(max_examples=40, deadline=None)
def test_uherding_adds_most_weighted_coverage_each_time(seed: int, n: int, labeled: int, informed: bool) -> None:
    x = rng(seed).standard_normal((80, 4))
    proba = rng(seed + 1).dirichlet(np.ones(3), size=80 - labeled).astype(np.float32) if informed else None
    found = uherding(vector_pool(x, labeled, proba), n, rng())
    own, known = unit(x.astype(np.float32))[: 80 - labeled], unit(x.astype(np.float32))[80 - labeled :]
    p = None if proba is None else np.sort(proba.astype(float), axis=1)
    weight = np.ones(len(own)) if p is None else 1 - (p[:, -1] - p[:, -2])
    apart = distances(known, known)[np.triu_indices(labeled, 1)]
    sigma = apart.min() if len(apart) else 1.0
    kernel = np.exp(-((distances(own, own) / sigma) ** 2))
    best = np.exp(-((distances(own, known) / sigma) ** 2)).max(axis=1, initial=0)
    for one, utility in zip(found.indices, found.utilities, strict=True):
        gains = np.maximum(kernel - best, 0) @ weight
        assert gains[one] == pytest.approx(gains.max(), abs=1e-3)
        assert utility == pytest.approx(gains[one], abs=1e-3)
        best = np.maximum(best, kernel[one])


@given(seed=st.integers(0, 1000), n=st.integers(1, 12), labeled=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_probcover_covers_most_with_each_ball(seed: int, n: int, labeled: int) -> None:
    """The radius is the 5% quantile of the distance from an item of another k-means cluster."""
    x = groups([30, 25, 20, 15], spread=0.8, dims=4)[rng(seed).permutation(90)].astype(np.float32)
    pool = vector_pool(x, labeled, np.full((90 - labeled, 4), 0.25, np.float32))
    found = probcover(pool, n, rng(seed))
    own, known = unit(x)[: 90 - labeled], unit(x)[90 - labeled :]
    draw = rng(seed)
    sample = pool.shuffled(draw)
    home = np.empty(len(own), dtype=int)
    home[sample] = kmeans(own[sample].astype(np.float32), 4, draw)[1]
    table = distances(own, own)
    other = np.where(home[:, None] != home, table, 2).min(axis=1)
    radius = np.sort(other)[int(0.05 * len(own))]
    balls = table < radius * (1 - 1e-6)
    covered = (distances(own, known) < radius).any(axis=1) if labeled else np.zeros(len(own), dtype=bool)
    for one, utility in zip(found.indices, found.utilities, strict=True):
        gains = (balls & ~covered).sum(axis=1)
        assert gains[one] == gains.max() == utility
        covered |= balls[one]


def test_probcover_and_typiclust_take_the_largest_group_without_a_label_first() -> None:
    x = np.concatenate([groups([60, 40, 20, 80])[[0]], groups([60, 40, 20, 80])])
    x = np.roll(x, -1, axis=0)  # the labeled item, of the first group, comes last
    group = np.repeat([0, 1, 2, 3], [60, 40, 20, 80])
    for strategy in (probcover, typiclust, uherding):
        chosen = group[strategy(vector_pool(x, 1, np.full((200, 4), 0.25, np.float32)), 3, rng()).indices]
        assert chosen.tolist() == [3, 1, 2], strategy


@pytest.mark.parametrize("strategy", [probcover, uherding])
def test_what_is_asked_for_beyond_the_sample_comes_last(
    strategy: Callable[..., Selection], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = example_pool(n=100)
    for name in ("_COVERED", "_HERDED"):
        monkeypatch.setattr(cover, name, 30)
    few, many = strategy(pool, 30, rng()), strategy(pool, 90, rng())
    assert many.indices[:30].tolist() == few.indices.tolist()
    assert (len(many), len(strategy(pool, 200, rng()))) == (90, 100)
    assert (np.diff(many.utilities) <= 0).all()


def test_typiclust_takes_the_item_with_the_nearest_neighbours() -> None:
    x = groups([50, 30], spread=0.3)
    found = typiclust(vector_pool(x), 2, rng()).indices
    for one, members in zip(found, (np.arange(50), np.arange(50, 80)), strict=True):
        own = unit(x.astype(np.float32))[members]
        near = np.sort(distances(own, own), axis=1)[:, 1:21].mean(axis=1)
        assert one == members[near.argmin()]


def test_typiclust_serves_clusters_again_when_they_run_out() -> None:
    found = typiclust(vector_pool(groups([4, 4])), 8, rng())
    assert sorted(found.indices) == list(range(8))


def test_k_means_takes_one_item_near_each_centre() -> None:
    x = groups([40, 30, 20, 10])
    found = k_means(vector_pool(x), 4, rng()).indices
    assert np.repeat(np.arange(4), [40, 30, 20, 10])[found].tolist() == [0, 1, 2, 3]
    for one in found:
        members = np.flatnonzero(distances(x, x[[one]])[:, 0] < 0.8)
        to_centre = distances(x[members], x[members].mean(axis=0)[None])[:, 0]
        assert to_centre[members == one] <= np.quantile(to_centre, 0.2)


# --- gradients --------------------------------------------------------------------------------------------------------


def gradients(pool: Pool) -> np.ndarray:
    assert pool.proba is not None
    p = pool.proba.astype(np.float64)
    a = p - np.eye(p.shape[1])[p.argmax(axis=1)]
    return (a[:, :, None] * pool.vectors[pool.rows].astype(np.float64)[:, None, :]).reshape(len(pool), -1)


def test_badge_draws_in_proportion_to_squared_distances() -> None:
    """The first is the largest gradient; the second and third follow D^2 given those before, which stale draws must not bend."""
    pool = example_pool(1, n=6, dims=2, classes=3, labeled=0)
    table = distances(gradients(pool), gradients(pool)) ** 2
    first = int((gradients(pool) ** 2).sum(axis=1).argmax())
    expected = np.zeros((6, 6))
    for second in range(6):
        share = table[first, second] / table[first].sum()
        left = np.minimum(table[first], table[second])
        expected[second] = share * left / left.sum()
    runs = 3_000
    counts = np.zeros((6, 6))
    for seed in range(runs):
        found = badge(pool, 3, rng(seed)).indices
        assert found[0] == first
        counts[found[1], found[2]] += 1
    possible = expected * runs > 5
    assert counts[expected == 0].sum() == 0
    chi = ((counts - expected * runs)[possible] ** 2 / (expected * runs)[possible]).sum()
    # Its mean is the number of cells less one; ten standard deviations above that no honest draw comes.
    cells = np.count_nonzero(possible)
    assert chi < cells + 10 * np.sqrt(2 * cells)


@given(seed=st.integers(0, 1000), n=st.integers(1, 70))
@settings(max_examples=30, deadline=None)
def test_badge_is_worth_squared_distances_of_gradients(seed: int, n: int) -> None:
    pool = example_pool(seed, n=70, classes=5)
    g = gradients(pool)
    found = badge(pool, n, rng(seed))
    worth = [float((g[found.indices[0]] ** 2).sum())]
    for place in range(1, len(found)):
        worth.append(float((distances(g[found.indices[[place]]], g[found.indices[:place]]) ** 2).min()))
    np.testing.assert_allclose(found.utilities, np.minimum.accumulate(worth), atol=1e-3)


def test_badge_passes_over_equals_until_nothing_else_is_left() -> None:
    x = np.repeat(np.eye(5), 20, axis=0)
    pool = vector_pool(x, 0, np.tile(np.array([[0.6, 0.4]], np.float32), (100, 1)))
    found = badge(pool, 30, rng())
    assert len(set((found.indices[:5] // 20).tolist())) == 5
    assert found.utilities[4] > 0.1 > found.utilities[5]


# --- margins in clusters, dropout -------------------------------------------------------------------------------------


def test_cluster_margin_asks_each_cluster_of_small_margins_once() -> None:
    """Group 0 holds most small margins, group 2 the fewest, group 3 none at all."""
    x = groups([120, 30, 25, 100])
    proba = np.tile(np.array([[0.95, 0.05]]), (275, 1))
    proba[:15], proba[120:130], proba[150:155] = [0.52, 0.48], [0.51, 0.49], [0.53, 0.47]
    chosen = np.repeat(np.arange(4), [120, 30, 25, 100])[
        cluster_margin(vector_pool(x, 0, proba.astype(np.float32)), 3, rng()).indices
    ]
    assert chosen.tolist() == [2, 1, 0]


def test_cluster_margin_takes_only_the_smallest_margins() -> None:
    pool = example_pool(n=400)
    small = set(margin(pool, 50, rng()).indices.tolist())
    assert set(cluster_margin(pool, 5, rng()).indices.tolist()) <= small


def test_dropquery_prefers_items_whose_class_hangs_on_a_few_dims() -> None:
    """Half of the items lie between the classes, half far on one side: dropped dims change the class of the first only."""
    draw = rng(2)
    side = np.where(np.arange(200) % 2, 1.0, -1.0)
    x = draw.standard_normal((240, 40)) * 0.5
    x[:100] += 0.05 * side[:100, None]
    x[100:200] += 1.5 * side[100:, None]
    x[200:] += np.where(np.arange(40) % 2, 1.5, -1.5)[:, None]
    proba = np.where(side[:, None] > 0, [[0.2, 0.8]], [[0.8, 0.2]]).astype(np.float32)
    chosen = drop_query(vector_pool(x, 40, proba), 20, rng()).indices
    assert (chosen < 100).mean() > 0.9


def test_strategies_that_need_predictions_take_them_from_the_pool() -> None:
    """The same places, other predictions: another choice."""
    x = rng().standard_normal((100, 5))
    first, second = (vector_pool(x, 10, proba_pool(rng(s).dirichlet(np.ones(3), 90)).proba) for s in (1, 2))
    for strategy in (badge, cluster_margin, drop_query, uherding):
        assert strategy(first, 10, rng()).indices.tolist() != strategy(second, 10, rng()).indices.tolist(), strategy
