"""A pool whose parts do not fit is refused; so is an answer that is no selection; conformance finds both."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.engine.pool import Parts, Pool, Selection, choose, highest, top
from modicum.errors import InputError
from modicum.testing import check_memory, check_strategy, example_parts, example_pool
from unit.pool_parts import rng


def test_a_failing_strategy_is_not_swallowed() -> None:
    def broken(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        choose(broken, example_pool(), 3, rng())


@pytest.mark.parametrize("answer", [[0, 0, 1], [0, 1], [0, 1, 99]])
def test_an_answer_that_is_no_selection_is_refused(answer: list[int]) -> None:
    def sloppy(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        return Selection(np.array(answer), np.zeros(len(answer)))

    with pytest.raises(InputError):
        choose(sloppy, example_pool(), 3, rng())
    with pytest.raises(AssertionError):
        check_strategy(sloppy)


def test_conformance_finds_state_and_dependence_on_order() -> None:
    calls: list[int] = []

    def remembers(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        calls.append(1)
        k = min(n, len(pool))
        return Selection((np.arange(len(pool)) + len(calls))[:k] % max(len(pool), 1), np.zeros(k))

    def first_come(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        return Selection(np.arange(min(n, len(pool))), np.zeros(min(n, len(pool))))

    with pytest.raises(AssertionError, match="same generator"):
        check_strategy(remembers)
    with pytest.raises(AssertionError, match="order of the pool"):
        check_strategy(first_come)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("rows", np.array([0, 1, 99]), "rows lie in"),
        ("rows", np.array([0, 1]), "belong together"),
        ("ids", np.array([4, 4, 5]), "twice"),
        ("ids", np.array([0.5, 1, 2]), "whole numbers"),
        ("proba", np.full((3, 2), np.nan, np.float32), "no probabilities"),
        ("proba", np.ones((2, 2), np.float32), "one row per pool item"),
        ("labeled_rows", np.array([0]), "carries a label"),
    ],
)
def test_a_pool_whose_parts_do_not_fit_is_refused(part: str, value: np.ndarray, message: str) -> None:
    parts = {
        "ids": np.arange(3),
        "vectors": np.zeros((5, 2), np.float32),
        "rows": np.arange(3),
        "proba": None,
        "labeled_rows": np.array([4]),
        "labels": np.array([0]),
    }
    with pytest.raises(InputError, match=message):
        Pool(**{**parts, part: value})


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("values", np.zeros(3), "values are 5 finite numbers"),
        ("values", np.full(5, np.nan), "values are 5 finite numbers"),
        ("predicted", np.zeros((60, 1)), "predicted are 60"),
        ("members", np.zeros((3, 59, 4)), r"\[members, 60, classes\]"),
        ("seconds", np.zeros(60), "above 0"),
        ("seconds", np.full(60, np.nan), "above 0"),
        ("parts", Parts(np.array([60]), np.ones((1, 1), np.float32)), "items 0..59"),
    ],
)
def test_what_is_optional_has_to_fit_too(part: str, value: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(example_pool(), **{part: value})


@given(seed=st.integers(0, 1000))
def test_a_part_of_a_pool_keeps_what_is_known_of_its_items(seed: int) -> None:
    pool = example_parts(replace(example_pool(seed), members=rng(seed).random((3, 60, 4))), seed)
    some = rng(seed + 1).permutation(60)[:20]
    part = pool.take(some)
    assert (part.ids == pool.ids[some]).all()
    assert (part.gather(np.arange(20)) == pool.gather(some)).all()
    for one, all_of_them in ((part.proba, pool.proba), (part.predicted, pool.predicted), (part.seconds, pool.seconds)):
        assert one is not None
        assert all_of_them is not None
        assert (one == all_of_them[some]).all()
    assert part.members is not None
    assert pool.members is not None
    assert (part.members == pool.members[:, some]).all()
    assert part.parts is not None
    assert pool.parts is not None
    for new, old in enumerate(some):
        assert np.array_equal(part.parts.proba[part.parts.owners == new], pool.parts.proba[pool.parts.owners == old])


@given(seed=st.integers(0, 1000), n=st.integers(1, 300), size=st.sampled_from([300, 150_000]), levels=st.integers(1, 2_000))
def test_the_highest_are_found_whatever_the_ties(seed: int, n: int, size: int, levels: int) -> None:
    utility = rng(seed).integers(levels, size=size).astype(float)
    assert np.array_equal(highest(utility, n), np.flatnonzero(utility >= np.sort(utility)[-n]))
    near = highest(utility, n, slack=1.5)
    assert np.array_equal(near, np.flatnonzero(utility >= np.sort(utility)[-n] - 1.5))


def test_the_best_of_some_items_are_named_by_their_place_in_the_pool() -> None:
    found = top(np.array([1.0, 3.0, 2.0]), example_pool(), 2, rng(), among=np.array([10, 20, 30]))
    assert found.indices.tolist() == [20, 30]
    assert found.utilities.tolist() == [3, 2]


def test_conformance_finds_a_table_of_all_pairs() -> None:
    def table(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        x = pool.gather(np.arange(len(pool)))
        return top(np.asarray((x @ x.T).sum(axis=1), dtype=np.float64), pool, n, generator)

    with pytest.raises(AssertionError, match="MB"):
        check_memory(table)


def test_conformance_finds_a_strategy_that_reads_what_is_not_finite() -> None:
    def careless(pool: Pool, n: int, generator: np.random.Generator) -> Selection:
        return top(np.nan_to_num(pool.vectors[pool.rows].astype(np.float64)).sum(axis=1), pool, n, generator)

    with pytest.raises(AssertionError, match="vectors of nan"):
        check_strategy(careless)
