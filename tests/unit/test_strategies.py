"""Every registered strategy keeps the contract; each ranks as its definition says."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum import plugins
from modicum.engine.kmeans import kmeans
from modicum.engine.pool import Pool, Selection, choose
from modicum.engine.step import ask
from modicum.engine.strategies.naming import find_strategy
from modicum.engine.strategies.uncertainty import entropy, least_confidence, margin, medium_confidence
from modicum.errors import InputError, NotFoundError
from modicum.testing import check_strategy, example_pool

NAMES = plugins.names("modicum.strategies")
NONE = np.empty(0, dtype=np.int64)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_all_strategies_are_registered() -> None:
    assert set(NAMES) >= {"auto", "random", "least-confidence", "medium-confidence", "margin", "entropy", "typical"}


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8)
def test_keeps_the_contract(name: str, seed: int) -> None:
    check_strategy(find_strategy(name), seed=seed)


@pytest.mark.parametrize("name", NAMES)
@given(n=st.integers(1, 80), size=st.integers(1, 50), labeled=st.integers(0, 12), seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_answers_any_pool_with_distinct_items(name: str, n: int, size: int, labeled: int, seed: int) -> None:
    pool = example_pool(seed, n=size, labeled=labeled)
    selection = choose(find_strategy(name), pool, n, rng(seed))
    assert len(set(selection.indices.tolist())) == min(n, size)


def proba_pool(proba: np.ndarray) -> Pool:
    rows = np.arange(len(proba))
    return Pool(rows, np.zeros((len(proba), 2), np.float32), rows, proba.astype(np.float32), NONE, NONE)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=60, unique_by=lambda k: abs(k - 500)))
def test_with_two_classes_three_uncertainties_rank_alike(thousandths: list[int]) -> None:
    p = np.array(thousandths) / 1000
    pool = proba_pool(np.stack([p, 1 - p], axis=1))
    rankings = [f(pool, len(pool), rng()).indices.tolist() for f in (least_confidence, margin, entropy)]
    assert rankings[0] == rankings[1] == rankings[2]


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), classes=st.integers(2, 6))
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


@pytest.mark.parametrize("name", ["typical", "auto"])
def test_finds_every_group_of_a_clustered_pool(name: str) -> None:
    centres = 10 * np.eye(12, dtype=np.float32)
    vectors = np.repeat(centres, 30, axis=0) + rng().standard_normal((360, 12)).astype(np.float32)
    rows = np.arange(360)
    # Three groups have a label already: those come last.
    labeled = np.array([0, 30, 60])
    free = np.setdiff1d(rows, labeled)
    pool = Pool(free, vectors, free, None, labeled, np.array([0, 1, 2]))
    chosen = free[choose(find_strategy(name), pool, 9, rng()).indices] // 30
    assert sorted(chosen) == list(range(3, 12))


def test_auto_prefers_the_doubtful_group() -> None:
    vectors = np.repeat(10 * np.eye(4, dtype=np.float32), 50, axis=0) + rng().standard_normal((200, 4)).astype(np.float32)
    rows = np.arange(200)
    proba = np.tile(np.array([[0.97, 0.03]], np.float32), (200, 1))
    proba[100:150] = [0.55, 0.45]
    chosen = find_strategy("auto")(Pool(rows, vectors, rows, proba, NONE, NONE), 4, rng()).indices
    assert chosen[0] // 50 == 2


@pytest.mark.parametrize("name", ["typical", "auto"])
def test_refuses_vectors_that_are_not_finite(name: str) -> None:
    pool = example_pool()
    pool.vectors[pool.rows[5], 1] = np.nan
    with pytest.raises(InputError, match=f"vector {pool.rows[5]} .*NaN"):
        find_strategy(name)(pool, 3, rng())


@pytest.mark.parametrize("name", ["typical", "auto"])
def test_reads_a_float16_memory_map(name: str, tmp_path: Path) -> None:
    values = rng().standard_normal((300, 16)).astype(np.float16)
    values.tofile(tmp_path / "v.f16")
    mapped = np.memmap(tmp_path / "v.f16", dtype=np.float16, mode="r", shape=(300, 16))
    rows = np.arange(300)
    answers = [find_strategy(name)(Pool(rows, v, rows, None, NONE, NONE), 9, rng()).indices for v in (values, mapped)]
    assert answers[0].tolist() == answers[1].tolist()


@pytest.mark.parametrize("name", ["margin", "entropy", "least-confidence", "medium-confidence"])
def test_says_that_predictions_are_missing(name: str) -> None:
    pool = example_pool()
    with pytest.raises(InputError, match="seed strategy"):
        find_strategy(name)(Pool(pool.ids, pool.vectors, pool.rows, None, NONE, NONE), 3, rng())


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


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"'wisdom'.*margin"):
        find_strategy("wisdom")


def test_the_first_answers_are_chosen_as_a_set_of_their_own() -> None:
    pool = example_pool(n=200)
    _, few = ask("auto", "typical", pool, 6, rng())
    name, many = ask("auto", "typical", pool, 50, rng(), soon=6)
    assert name == "auto"
    assert many.indices[:6].tolist() == few.indices.tolist()
    assert len(set(many.indices.tolist())) == 50
    assert (np.diff(many.utilities) <= 0).all()


@given(seed=st.integers(0, 1000), n=st.integers(1, 60), k=st.integers(1, 60))
@settings(max_examples=40)
def test_kmeans_puts_every_row_at_its_nearest_centre(seed: int, n: int, k: int) -> None:
    x = rng(seed).standard_normal((n, 3)).astype(np.float32)
    k = min(n, k)
    centres, home = kmeans(x, k, rng(seed))
    distance = ((x[:, None] - centres[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(distance[np.arange(n), home], distance.min(axis=1), atol=1e-4)
    assert centres.shape == (k, 3)


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
