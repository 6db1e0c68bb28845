"""Each uncertainty ranks as its definition says, on rows that sum to one and on others, on items and on parts of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.engine.pool import Parts, Pool
from modicum.engine.strategies.multilabel import multilabel_entropy, multilabel_margin
from modicum.engine.strategies.naming import find_strategy
from modicum.engine.strategies.uncertainty import entropy, least_confidence, margin, medium_confidence, top_mean
from modicum.errors import InputError
from modicum.testing import check_strategy, example_parts, example_pool
from unit.pool_parts import NONE, proba_pool, rng


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=60, unique_by=lambda k: abs(k - 500)))
def test_with_two_classes_three_uncertainties_rank_alike(thousandths: list[int]) -> None:
    p = np.array(thousandths) / 1000
    pool = proba_pool(np.stack([p, 1 - p], axis=1))
    rankings = [f(pool, len(pool), rng()).indices.tolist() for f in (least_confidence, margin, entropy)]
    assert rankings[0] == rankings[1] == rankings[2]


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), classes=st.sampled_from([2, 3, 6, 32, 33]))
def test_uncertainties_agree_with_their_definition(seed: int, n: int, classes: int) -> None:
    proba = rng(seed).dirichlet(np.ones(classes), size=40)
    pool = proba_pool(proba)
    p = np.sort(proba.astype(np.float32).astype(float), axis=1)
    p /= p.sum(axis=1, keepdims=True)
    expected = {
        least_confidence: 1 - p[:, -1],
        margin: 1 - (p[:, -1] - p[:, -2]),
        entropy: -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1),
        medium_confidence: 1 - np.abs(p[:, -1] - np.median(p[:, -1])),
    }
    for strategy, utility in expected.items():
        chosen = strategy(pool, n, rng()).utilities
        np.testing.assert_allclose(chosen, np.sort(utility)[::-1][:n], atol=1e-12)


def test_medium_confidence_aims_at_its_quantile() -> None:
    pool = proba_pool(np.stack([np.linspace(0.5, 1, 101), np.linspace(0.5, 0, 101)], axis=1))
    assert medium_confidence(pool, 1, rng()).indices[0] == 50
    assert medium_confidence(pool, 1, rng(), quantile=0.0).indices[0] == 0
    with pytest.raises(InputError, match="quantile"):
        medium_confidence(pool, 1, rng(), quantile=2)


def test_ties_are_broken_by_chance_but_reproducibly() -> None:
    pool = proba_pool(np.full((100, 2), 0.5))
    first, again, other = (margin(pool, 10, rng(s)).indices.tolist() for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("name", ["margin", "entropy", "least-confidence", "medium-confidence"])
def test_says_that_predictions_are_missing(name: str) -> None:
    pool = example_pool()
    with pytest.raises(InputError, match="seed strategy"):
        find_strategy(name)(Pool(pool.ids, pool.vectors, pool.rows, None, NONE, NONE), 3, rng())


@given(seed=st.integers(0, 1000), sharp=st.floats(0.1, 20), classes=st.integers(2, 40))
@settings(max_examples=40)
def test_a_long_pool_has_the_same_best_as_its_definition(seed: int, sharp: float, classes: int) -> None:
    """Long enough for the short cuts: bounds, single precision, every 64th entry."""
    logits = sharp * rng(seed).standard_normal((3_000, classes))
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    proba = (proba / proba.sum(axis=1, keepdims=True)).astype(np.float32)
    p = np.sort(proba.astype(float), axis=1)
    p /= p.sum(axis=1, keepdims=True)
    for strategy, utility in (
        (least_confidence, 1 - p[:, -1]),
        (margin, 1 - (p[:, -1] - p[:, -2])),
        (entropy, -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1)),
    ):
        found = strategy(proba_pool(proba), 20, rng())
        np.testing.assert_allclose(found.utilities, np.sort(utility)[::-1][:20], atol=1e-9)
        np.testing.assert_allclose(utility[found.indices], found.utilities, atol=1e-9)


@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 0.9))
def test_rows_that_do_not_sum_to_one_count_as_if_they_did(seed: int, scale: float) -> None:
    proba = rng(seed).dirichlet(np.ones(4), size=50)
    for strategy in (least_confidence, margin, entropy):
        whole, part = (strategy(proba_pool(p), 50, rng()) for p in (proba, proba * scale))
        np.testing.assert_allclose(whole.utilities, part.utilities, atol=1e-5)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), labels=st.integers(1, 6))
def test_several_labels_per_item_are_judged_one_by_one(seed: int, n: int, labels: int) -> None:
    p = rng(seed).random((40, labels)).astype(np.float32).astype(float)
    nearest = 1 - np.abs(2 * p - 1).min(axis=1)
    mean = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean(axis=1)
    for strategy, utility in ((multilabel_margin, nearest), (multilabel_entropy, mean)):
        found = strategy(proba_pool(p), n, rng())
        np.testing.assert_allclose(found.utilities, np.sort(utility)[::-1][:n], atol=1e-9)
        np.testing.assert_allclose(utility[found.indices], found.utilities, atol=1e-9)


def test_one_label_in_doubt_is_enough_for_the_margin_and_not_for_the_mean() -> None:
    pool = proba_pool(np.array([[0.5, 0.01, 0.01], [0.2, 0.2, 0.2]]))
    assert multilabel_margin(pool, 1, rng()).indices.tolist() == [0]
    assert multilabel_entropy(pool, 1, rng()).indices.tolist() == [1]


def test_an_item_is_as_uncertain_as_its_three_most_uncertain_parts() -> None:
    utility = np.array([0.9, 0.1, 0.8, 0.7, 0.05, 0.6])
    owners = np.array([0, 0, 0, 0, 0, 2])
    np.testing.assert_allclose(top_mean(utility, owners, 4), [0.8, 0, 0.6, 0])


def test_boxes_decide_which_image_is_asked_about() -> None:
    """Item 1 has one box in doubt and one sure, item 2 three sure ones, item 0 none; there is no prediction for whole images."""
    proba = np.array([[0.5, 0.5], [0.95, 0.05], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], np.float32)
    parts = Parts(np.array([1, 1, 2, 2, 2]), proba)
    pool = Pool(np.arange(3), np.zeros((3, 2), np.float32), np.arange(3), None, NONE, NONE, parts=parts)
    assert pool.informed
    for strategy in (margin, least_confidence, entropy):
        assert strategy(pool, 3, rng()).indices.tolist() == [1, 2, 0]
    assert margin(pool, 1, rng()).utilities[0] == pytest.approx((1 + 0.1) / 2)


@pytest.mark.parametrize("name", ["margin", "entropy", "least-confidence", "medium-confidence", "margin+distinct"])
def test_keeps_the_contract_with_parts(name: str) -> None:
    strategy = find_strategy(name)
    check_strategy(lambda pool, n, generator: strategy(example_parts(pool) if pool.parts is None else pool, n, generator))


def test_the_order_of_parts_changes_nothing() -> None:
    pool = example_parts(example_pool())
    assert pool.parts is not None
    order = rng().permutation(len(pool.parts.owners))
    mixed = replace(pool, parts=Parts(pool.parts.owners[order], pool.parts.proba[order]))
    assert margin(pool, 20, rng()).indices.tolist() == margin(mixed, 20, rng()).indices.tolist()
