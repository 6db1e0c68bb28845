"""The graph against brute force, what spreading and Poisson learning promise on any graph, and two rings from one label each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum import Loop
from modicum.engine import heads
from modicum.engine.propagate import LOOKED_AT, NEIGHBOURS, balanced, graph, joined, neighbours, poisson, reordered, spread
from modicum.errors import InputError

RULES = [spread, poisson]


def rings(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    outer = np.arange(500) < 250
    angle = rng.uniform(0, 2 * np.pi, 500)
    radius = np.where(outer, 1.0, 0.5) + 0.05 * rng.standard_normal(500)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32), (~outer).astype(np.int64)


@given(seed=st.integers(0, 1000), n=st.integers(1, 40), k=st.integers(1, 12))
@settings(max_examples=40)
def test_neighbours_are_the_nearest(seed: int, n: int, k: int) -> None:
    x = np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32)
    found = neighbours(x, k)
    gap = ((x[:, None].astype(float) - x[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gap, np.inf)
    assert found.near.shape == (n, min(k, n - 1))
    np.testing.assert_allclose(found.gap, np.sort(gap, axis=1)[:, : min(k, n - 1)], atol=1e-4)
    assert (found.near != np.arange(n)[:, None]).all()


@pytest.mark.parametrize("different", [1, 40, 1_500])
def test_neighbours_among_many_are_the_nearest_however_many_are_equal(different: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((different, 3))[rng.integers(different, size=1_500)].astype(np.float32)
    found = neighbours(x, 7)
    gap = ((x[:, None].astype(float) - x[None]) ** 2).sum(axis=2)
    np.fill_diagonal(gap, np.inf)
    np.testing.assert_allclose(found.gap, np.sort(gap, axis=1)[:, :7], atol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(gap, found.near.astype(np.int64), axis=1), found.gap, atol=1e-4)
    assert all(len(set(near)) == 7 for near in found.near)


def test_rows_joined_later_have_the_neighbours_they_would_have_had() -> None:
    x = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    at_once, later = neighbours(x), joined(neighbours(x[:50]), x[:50], x[50:])
    np.testing.assert_array_equal(later.near[50:], at_once.near[50:])
    np.testing.assert_array_equal(later.near[:50], neighbours(x[:50]).near)


@given(seed=st.integers(0, 1000), n=st.integers(2, 40))
@settings(max_examples=30)
def test_neighbours_put_in_another_order_are_the_same_ones(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    found, other = neighbours(rng.standard_normal((n, 3)).astype(np.float32), 8), rng.standard_normal((n, 2)).astype(np.float32)
    again = reordered(found, other)
    np.testing.assert_array_equal(np.sort(again.near, axis=1), np.sort(found.near, axis=1))
    np.testing.assert_allclose(again.gap, ((other[again.near] - other[:, None]) ** 2).sum(axis=2), rtol=1e-5)
    assert (np.diff(again.gap, axis=1) >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_a_head_picks_are_more_often_of_one_class(seed: int) -> None:
    """Most of what makes items alike here has nothing to do with their class; after some labels the head knows what does."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=1_500)
    telling, idle = 1.5 * np.eye(4)[y] + 0.5 * rng.standard_normal((1_500, 4)), rng.standard_normal((1_500, 12))
    x = np.concatenate([telling, idle], axis=1).astype(np.float32)
    head = heads.fit(x[:40], y[:40], 4)
    found = neighbours(x, LOOKED_AT)
    alike = []
    for one in (found, reordered(found, heads.predict_proba(head, x))):
        edges = graph(one, NEIGHBOURS).tocoo()
        alike.append(edges.data[y[edges.row] == y[edges.col]].sum() / edges.data.sum())
    assert alike[1] > alike[0] + 0.05


def test_the_graph_links_all_neighbours_that_were_found_or_the_first_of_them() -> None:
    found = neighbours(np.random.default_rng(0).standard_normal((200, 3)).astype(np.float32), 15)
    rows = np.arange(200)[:, None]
    assert (graph(found).toarray()[rows, found.near] > 0).all()
    first = graph(found, 4).toarray()
    assert (first[rows, found.near[:, :4]] > 0).all()
    assert (first > 0).sum() <= 2 * 4 * 200


@given(seed=st.integers(0, 1000), n=st.integers(2, 40))
@settings(max_examples=30)
def test_the_graph_is_symmetric_and_has_no_loops(seed: int, n: int) -> None:
    weights = graph(neighbours(np.random.default_rng(seed).standard_normal((n, 3)).astype(np.float32))).toarray()
    np.testing.assert_array_equal(weights, weights.T)
    assert (weights.diagonal() == 0).all()
    assert ((weights >= 0) & (weights <= 1)).all()


@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 1000), n=st.integers(4, 40), c=st.integers(2, 4))
@settings(max_examples=30)
def test_shares_are_shares_and_follow_the_names_of_classes(rule, seed: int, n: int, c: int) -> None:
    rng = np.random.default_rng(seed)
    weights = graph(neighbours(rng.standard_normal((n, 3)).astype(np.float32)))
    rows = rng.permutation(n)[: max(2, n // 3)]
    codes = rng.integers(c, size=len(rows))
    shares = rule(weights, rows, codes, c)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-9)
    assert (shares >= 0).all()
    # Which number a class has makes no difference.
    turned = rule(weights, rows, (codes + 1) % c, c)
    np.testing.assert_allclose(turned, np.roll(shares, 1, axis=1), atol=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_what_no_label_reaches_stays_open(rule) -> None:
    x = np.concatenate([np.zeros((12, 2)), np.full((12, 2), 50.0), np.full((12, 2), -50.0)])
    x = (x + np.random.default_rng(0).standard_normal(x.shape)).astype(np.float32)
    shares = rule(graph(neighbours(x)), np.array([0, 12]), np.array([0, 1]), 2)
    assert (shares[:12].argmax(axis=1) == 0).all()
    assert (shares[12:24].argmax(axis=1) == 1).all()
    np.testing.assert_allclose(shares[24:], 0.5, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("rows", "codes"), [([], []), ([0], [0, 1]), ([99], [0]), ([-1], [0]), ([0], [2])])
def test_labels_that_do_not_fit_the_graph_are_refused(rule, rows: list[int], codes: list[int]) -> None:
    weights = graph(neighbours(np.eye(5, dtype=np.float32)))
    with pytest.raises(InputError, match="received"):
        rule(weights, np.array(rows, dtype=np.int64), np.array(codes, dtype=np.int64), 2)


def test_poisson_solves_its_equation() -> None:
    x = np.random.default_rng(3).standard_normal((80, 2)).astype(np.float32)
    weights = graph(neighbours(x))
    rows, codes = np.array([3, 40, 70]), np.array([0, 1, 1])
    dense = weights.toarray().astype(float)
    degree = np.diag(dense.sum(axis=1))
    source = np.zeros((80, 2))
    source[rows] = np.eye(2)[codes] - np.array([1 / 3, 2 / 3])
    u = np.linalg.solve(1.0001 * degree - dense, source) / np.array([1 / 3, 2 / 3])
    expected = np.maximum(u, 0) + 1e-9 * u.max()
    expected /= expected.sum(axis=1, keepdims=True)
    apart = np.abs(u[:, 0] - u[:, 1]) > 1e-2 * np.abs(u).max()
    assert (poisson(weights, rows, codes, 2).argmax(axis=1) == expected.argmax(axis=1))[apart].all()


@given(seed=st.integers(0, 1000), n=st.integers(5, 60), c=st.integers(2, 5))
@settings(max_examples=30)
def test_balancing_fills_the_classes_as_wanted(seed: int, n: int, c: int) -> None:
    rng = np.random.default_rng(seed)
    wanted = rng.dirichlet(5 * np.ones(c))
    answer = balanced(rng.dirichlet(2 * np.ones(c), size=n) + 1e-3, wanted)
    np.testing.assert_allclose(answer.sum(axis=1), 1)
    np.testing.assert_allclose(answer.mean(axis=0), wanted, atol=0.05)


def test_two_rings_from_one_label_each_a_hundred_times() -> None:
    for seed in range(100):
        x, y = rings(seed)
        rng = np.random.default_rng(seed)
        rows = np.array([rng.choice(np.flatnonzero(y == k)) for k in (0, 1)])
        shares = poisson(graph(neighbours(x)), rows, y[rows], 2)
        assert (shares.argmax(axis=1) == y).all(), f"seed {seed}"


def test_a_loop_with_poisson_learning_pre_labels_what_a_head_cannot_part() -> None:
    # Two arcs of one circle, one of them longer than half of it: no line through the middle parts them.
    degrees = np.concatenate([np.arange(0, 240, 0.5), np.arange(260, 340, 0.5)])
    angle, y = np.radians(degrees), (degrees >= 260).astype(np.int64)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    right = {}
    for semi in ("poisson", "off"):
        loop = Loop(x, ["long", "short"], semi=semi)
        loop.teach([20, 500], [0, 1])
        right[semi] = (loop.predict_proba().argmax(axis=1) == y).mean()
    assert right["poisson"] == 1
    assert right["off"] < 0.9


@pytest.mark.parametrize("semi", ["off", "spread", "poisson", "self"])
def test_every_way_of_learning_learns(semi: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=600)
    x = (3 * np.eye(12)[y] + rng.standard_normal((600, 12))).astype(np.float32)
    head = heads.fit(x[:40], y[:40], 4, unlabeled=x[40:], semi=semi)
    proba = heads.predict_proba(head, x[40:])
    assert (proba.argmax(axis=1) == y[40:]).mean() > 0.85


def test_another_word_is_refused() -> None:
    with pytest.raises(InputError, match="off, spread, poisson, self"):
        heads.fit(np.eye(2), np.array([0, 1]), 2, semi="magic")
    with pytest.raises(InputError, match="magic"):
        Loop(np.eye(2), ["a", "b"], semi="magic")
