"""Committees: what members disagree about is asked first, whoever fitted them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.engine.pool import Pool
from modicum.engine.strategies.committee import bald, committee_variance
from modicum.errors import InputError
from modicum.testing import example_pool
from unit.pool_parts import rng, vector_pool


def entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1)


@given(seed=st.integers(0, 1000), members=st.integers(1, 6))
def test_bald_is_the_entropy_of_the_mean_less_the_mean_entropy(seed: int, members: int) -> None:
    said = rng(seed).dirichlet(np.ones(4), size=(members, 60))
    found = bald(replace(example_pool(seed), members=said), 60, rng())
    worth = np.maximum(entropy(said.mean(axis=0)) - entropy(said).mean(axis=0), 0)
    np.testing.assert_allclose(found.utilities, worth[found.indices], atol=1e-9)
    np.testing.assert_allclose(found.utilities, np.sort(worth)[::-1], atol=1e-9)


def test_bald_tells_disagreement_from_doubt() -> None:
    """Every member is torn about item 0; each is sure about item 1, but of different classes."""
    said = np.array([[[0.5, 0.5], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]])
    pool = Pool(np.arange(2), np.zeros((2, 1), np.float32), np.arange(2), None, np.empty(0, int), np.empty(0, int), members=said)
    assert bald(pool, 1, rng()).indices.tolist() == [1]


def two_sides() -> np.ndarray:
    """200 items: half on a line between the two labeled groups, half beside the groups; 40 labeled items."""
    draw = rng(4)
    side = np.where(np.arange(240) % 2, 1.0, -1.0)
    x = 0.3 * draw.standard_normal((240, 6))
    x[:, 0] += 2 * side
    x[:100, 0] -= 2 * side[:100]
    return x


def test_heads_of_its_own_disagree_between_the_classes() -> None:
    x = two_sides()
    pool = vector_pool(x, 40, np.full((200, 2), 0.5, np.float32))
    found = bald(pool, 30, rng())
    assert (found.indices < 100).mean() > 0.9
    assert found.utilities.min() > 1e-4


@given(seed=st.integers(0, 1000), labeled=st.integers(3, 20))
@settings(deadline=None, max_examples=25)
def test_lines_that_fit_disagree_where_nothing_is_labeled(seed: int, labeled: int) -> None:
    draw = rng(seed)
    known, strange = draw.normal([4, 0, 0, 0], 0.3, (labeled + 30, 4)), draw.normal([0, 0, 0, 4], 0.3, (20, 4))
    x = np.concatenate([strange, known])
    pool = replace(vector_pool(x, labeled), values=draw.standard_normal(labeled))
    found = committee_variance(pool, 20, rng(seed))
    assert (found.indices < 20).mean() > 0.9
    assert found.utilities[0] > 0


def test_equal_numbers_leave_no_lines_to_disagree() -> None:
    pool = replace(vector_pool(two_sides(), 10), values=np.full(10, 3.0))
    assert committee_variance(pool, 5, rng()).utilities.max() == 0


def test_variance_of_given_members_decides() -> None:
    said = np.zeros((3, 60, 1))
    said[:, 7, 0], said[:, 9, 0] = [0, 1, 2], [0, 3, 9]
    found = committee_variance(replace(example_pool(), members=said), 2, rng())
    assert found.indices.tolist() == [9, 7]
    np.testing.assert_allclose(found.utilities, [np.var([0, 3, 9]), np.var([0, 1, 2])])


def test_numbers_are_needed_for_variance() -> None:
    with pytest.raises(InputError, match="values"):
        committee_variance(replace(example_pool(), values=None), 3, rng())
