"""Wrappers do what they promise around any strategy: keep apart, pass over outliers, even out classes, count seconds, explore."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.engine.pool import Pool, Selection, Strategy, top
from modicum.engine.strategies.naming import find_strategy
from modicum.engine.strategies.random import random
from modicum.engine.strategies.uncertainty import margin
from modicum.engine.strategies.wrappers import balanced, cheap, dense, distinct, explore
from modicum.errors import InputError
from modicum.testing import example_pool
from unit.pool_parts import distances, rng, unit, vector_pool


def bursts(seed: int = 0, sizes: tuple[int, ...] = (40, 5, 5, 5, 5, 5, 5, 5, 5, 5), labeled: int = 0) -> Pool:
    """Groups of nearly equal items far from each other, and 100 items on their own; the first group is the most uncertain."""
    draw = rng(seed)
    places = draw.standard_normal((len(sizes) + 100, 16))
    x = np.repeat(places, [*sizes, *[1] * 100], axis=0)
    doubt = np.where(np.arange(len(x)) < sizes[0], 0.5, 0.4 * draw.random(len(x)))
    # The labeled items belong to the first groups.
    x = np.concatenate([x, places[:labeled]])
    x += 0.01 * draw.standard_normal(x.shape)
    return vector_pool(x, labeled, np.stack([1 - doubt, doubt], axis=1).astype(np.float32))


@pytest.mark.parametrize("name", ["margin", "random", "k-center"])
@given(seed=st.integers(0, 1000), n=st.integers(2, 60), labeled=st.integers(0, 30))
@settings(max_examples=15, deadline=None)
def test_distinct_keeps_picks_apart_from_each_other_and_from_labels(name: str, seed: int, n: int, labeled: int) -> None:
    pool = bursts(seed, labeled=labeled)
    chosen = find_strategy(f"{name}+distinct")(pool, n, rng(seed)).indices
    x = unit(pool.gather(chosen))
    known = unit(pool.vectors[pool.labeled_rows])
    # Members of a group are some .01 apart, everything else more than .3.
    assert distances(x, x)[np.triu_indices(n, 1)].min() > 0.1
    assert not labeled or distances(x, known).min() > 0.1


def test_without_distinct_one_burst_fills_the_queue() -> None:
    pool = bursts()
    assert (margin(pool, 20, rng()).indices < 40).all()
    assert (distinct(margin)(pool, 20, rng()).indices < 40).sum() == 1


def test_distinct_falls_back_on_similar_items_when_nothing_else_is_left() -> None:
    pool = bursts(sizes=(30, 30))
    found = distinct(margin)(pool, 150, rng())
    assert len(found) == 150
    x = unit(pool.gather(found.indices))
    apart = [i for i in range(1, 150) if distances(x[[i]], x[:i]).min() > 0.1]
    assert apart == list(range(1, 102))


def test_distinct_changes_nothing_where_nothing_is_similar() -> None:
    pool = example_pool(n=300, dims=12)
    assert distinct(margin)(pool, 30, rng()).indices.tolist() == margin(pool, 30, rng()).indices.tolist()


def test_dense_passes_over_outliers() -> None:
    """Ten outliers are the most uncertain of all."""
    draw = rng(1)
    x = np.eye(10)[draw.integers(3, size=400)] + 0.1 * draw.standard_normal((400, 10))
    x[:10] = draw.standard_normal((10, 10))
    doubt = np.where(np.arange(400) < 10, 0.5, 0.45 * draw.random(400))
    pool = vector_pool(x, 0, np.stack([1 - doubt, doubt], axis=1).astype(np.float32))
    assert set(margin(pool, 10, rng()).indices) == set(range(10))
    found = dense(margin)(pool, 10, rng())
    assert not set(found.indices) & set(range(10))
    # What is left is still uncertain.
    assert doubt[found.indices].mean() > 0.8 * 0.45


def test_dense_weighs_by_the_rank_of_the_distance_from_ten_neighbours() -> None:
    pool = example_pool(n=50, dims=5)
    found = dense(random, power=2)(pool, 5, rng())
    x = unit(pool.gather(np.arange(50)))
    own = np.sort(distances(x, x), axis=1)[:, 1:11].mean(axis=1)
    rank = np.array([(own < d - 1e-6).mean() for d in own])
    np.testing.assert_allclose(found.utilities, np.sort(1 - rank**2)[::-1][:5], atol=1e-6)


def test_balanced_asks_for_classes_with_few_labels() -> None:
    """Nine of ten items look like class 0, all equally uncertain; class 0 has ten labels, class 1 two, class 2 none."""
    proba = np.tile(np.array([[0.6, 0.3, 0.1]]), (180, 1))
    proba[:10], proba[10:20] = [0.3, 0.6, 0.1], [0.1, 0.3, 0.6]
    pool = vector_pool(rng().standard_normal((192, 3)), 12, proba.astype(np.float32))
    pool = replace(pool, labels=np.array([0] * 10 + [1] * 2))
    found = balanced(margin)(pool, 18, rng()).indices
    predicted = proba[found].argmax(axis=1)
    assert predicted[:2].tolist() == [2, 2]
    assert np.bincount(predicted[2:8]).tolist() == [0, 3, 3]
    assert np.bincount(predicted, minlength=3).tolist() == [0, 8, 10]


def test_balanced_keeps_the_inner_order_within_a_class() -> None:
    pool = example_pool(n=80)
    assert pool.proba is not None
    predicted = pool.proba.argmax(axis=1)
    inner, found = margin(pool, 80, rng()).indices, balanced(margin)(pool, 20, rng()).indices
    for one in range(4):
        ours = [i for i in found if predicted[i] == one]
        assert ours == [i for i in inner if predicted[i] == one][: len(ours)]


@given(seed=st.integers(0, 1000), n=st.integers(6, 30))
def test_cheap_is_utility_per_second(seed: int, n: int) -> None:
    pool = example_pool(seed)
    assert pool.seconds is not None
    worth = margin(pool, 60, rng())
    per_second = worth.utilities / pool.seconds[worth.indices]
    found = cheap(margin)(pool, n, rng())
    np.testing.assert_allclose(found.utilities, np.sort(per_second)[::-1][:n])


def test_cheap_does_nothing_while_costs_are_unknown() -> None:
    pool = replace(example_pool(), seconds=None)
    assert cheap(margin)(pool, 9, rng()).indices.tolist() == margin(pool, 9, rng()).indices.tolist()


def test_utilities_below_zero_are_weighted_the_right_way_round() -> None:
    def negative(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        return top(-1.0 - np.arange(len(pool)), pool, n, generator)

    pool = replace(vector_pool(rng().standard_normal((60, 2))), seconds=np.where(np.arange(60) == 1, 1.0, 50.0))
    assert cheap(negative)(pool, 2, rng()).indices.tolist() == [1, 0]


def test_explore_draws_its_share_from_all_of_the_pool() -> None:
    pool = example_pool(n=1_000)
    best = set(margin(pool, 100, rng()).indices.tolist())
    strangers, seen = [], set()
    for seed in range(40):
        chosen = explore(margin, share=0.3)(pool, 100, rng(seed)).indices.tolist()
        strangers.append(len(set(chosen) - best))
        seen |= set(chosen)
    # Of 30 draws some three hit one of the best anyway.
    assert 24 < np.mean(strangers) < 31
    assert len(seen) > 600


@pytest.mark.parametrize(("wrapper", "parameter"), [(distinct, {"share": 2}), (dense, {"power": 0}), (explore, {"share": -0.1})])
def test_parameters_out_of_range_are_refused(wrapper: Callable[..., Strategy], parameter: dict[str, float]) -> None:
    with pytest.raises(InputError, match="received"):
        wrapper(margin, **parameter)


@pytest.mark.parametrize("name", ["margin+dense+distinct", "margin+distinct+dense", "random+balanced+cheap+distinct+explore"])
def test_wrappers_compose_in_any_order(name: str) -> None:
    pool = bursts()
    pool = replace(pool, seconds=rng().uniform(1, 2, len(pool)))
    found = find_strategy(name)(pool, 15, rng())
    assert len(found) == 15
    if not name.endswith(("dense", "explore")):
        x = unit(pool.gather(found.indices))
        assert distances(x, x)[np.triu_indices(15, 1)].min() > 0.1
