"""Every registered strategy keeps the contract, alone and with wrappers; names lead to them."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum import Loop, plugins
from modicum.engine.kmeans import kmeans
from modicum.engine.pool import Pool, choose
from modicum.engine.step import ask
from modicum.engine.strategies.naming import find_strategy
from modicum.errors import InputError, NotFoundError
from modicum.testing import check_memory, check_strategy, example_pool
from unit.pool_parts import NONE, rng

NAMES = plugins.names("modicum.strategies")
SHIPPED = (
    "auto",
    "badge",
    "bald",
    "cluster-margin",
    "committee-variance",
    "dropquery",
    "entropy",
    "greedy-sampling",
    "k-center",
    "k-means",
    "least-confidence",
    "margin",
    "medium-confidence",
    "multilabel-entropy",
    "multilabel-margin",
    "probcover",
    "random",
    "typical",
    "typiclust",
    "uherding",
)
WRAPPERS = ("balanced", "cheap", "dense", "distinct", "explore")
SEEDS = ("auto", "greedy-sampling", "k-center", "k-means", "probcover", "random", "typical", "typiclust", "uherding")
COMPOSED = (
    *(f"margin+{wrapper}" for wrapper in WRAPPERS),
    "k-center+distinct",
    "typical+dense",
    "badge+dense+distinct",
    "random+balanced+cheap+explore:0.5",
    "medium-confidence:0.2+distinct:0.3",
)
READ_NO_VECTORS = {
    *("entropy", "least-confidence", "margin", "medium-confidence", "multilabel-entropy", "multilabel-margin", "random"),
    *("margin+balanced", "margin+cheap", "margin+explore", "random+balanced+cheap+explore:0.5"),
}


def test_all_strategies_and_wrappers_are_registered() -> None:
    assert set(NAMES) >= set(SHIPPED)
    assert set(plugins.names("modicum.wrappers")) >= set(WRAPPERS)


def test_the_documentation_lists_each_and_says_which_can_seed() -> None:
    text = (Path(__file__).parents[2] / "docs/how-to/choose-a-strategy.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|.*$", text, re.MULTILINE)
    assert sorted(rows) == sorted(SHIPPED + WRAPPERS)
    seeds = re.findall(r"^\| `([a-z-]+)` \|[^|]*\| yes \|", text, re.MULTILINE)
    assert sorted([*seeds, "greedy-sampling"]) == sorted(SEEDS)


@pytest.mark.parametrize("name", NAMES + COMPOSED)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=4, deadline=None)
def test_keeps_the_contract(name: str, seed: int) -> None:
    check_strategy(find_strategy(name), seed=seed)


@pytest.mark.parametrize("name", NAMES + COMPOSED)
def test_needs_little_memory(name: str) -> None:
    check_memory(find_strategy(name))


@pytest.mark.parametrize("name", NAMES + COMPOSED)
@given(n=st.integers(1, 80), size=st.integers(1, 50), labeled=st.integers(0, 12), seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_answers_any_pool_with_distinct_items(name: str, n: int, size: int, labeled: int, seed: int) -> None:
    pool = example_pool(seed, n=size, labeled=labeled)
    selection = choose(find_strategy(name), pool, n, rng(seed))
    assert len(set(selection.indices.tolist())) == min(n, size)


@pytest.mark.parametrize("name", SHIPPED + COMPOSED)
def test_vectors_that_are_not_finite_are_refused_where_they_are_read(name: str) -> None:
    pool = example_pool()
    pool.vectors[pool.rows[5], 1] = np.nan
    if name in READ_NO_VECTORS:
        assert len(find_strategy(name)(pool, 30, rng())) == 30
    else:
        with pytest.raises(InputError, match=f"vector {pool.rows[5]} .*NaN"):
            find_strategy(name)(pool, 30, rng())


@pytest.mark.parametrize("name", SHIPPED)
def test_can_seed_or_says_that_predictions_are_missing(name: str) -> None:
    pool = example_pool()
    bare = Pool(pool.ids, pool.vectors, pool.rows, None, NONE, NONE)
    if name in SEEDS:
        assert len(find_strategy(name)(bare, 3, rng())) == 3
    else:
        with pytest.raises(InputError, match="seed s"):
            find_strategy(name)(bare, 3, rng())


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


@pytest.mark.parametrize("name", ["typical", "auto"])
def test_reads_a_float16_memory_map(name: str, tmp_path: Path) -> None:
    values = rng().standard_normal((300, 16)).astype(np.float16)
    values.tofile(tmp_path / "v.f16")
    mapped = np.memmap(tmp_path / "v.f16", dtype=np.float16, mode="r", shape=(300, 16))
    rows = np.arange(300)
    answers = [find_strategy(name)(Pool(rows, v, rows, None, NONE, NONE), 9, rng()).indices for v in (values, mapped)]
    assert answers[0].tolist() == answers[1].tolist()


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


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"'wisdom'.*margin"):
        find_strategy("wisdom")
    with pytest.raises(NotFoundError, match=r"wrappers.*'wisdom'.*distinct"):
        find_strategy("margin+wisdom")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("margin:0.5", "no parameter"),
        ("medium-confidence:half", "its quantile, a number; received 'half'"),
        ("margin+explore:", "its share, a number"),
        ("margin+explore:2", "between 0 and 1"),
        ("margin" + "+explore" * 7, "6 wrappers"),
    ],
)
def test_a_name_that_cannot_be_read_says_why(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_strategy(name)


def test_a_parameter_stands_behind_a_colon() -> None:
    pool = example_pool()
    assert pool.proba is not None
    least = pool.proba.max(axis=1).argmin()
    assert find_strategy("medium-confidence:0")(pool, 1, rng()).indices.tolist() == [least]
    plain, never = (find_strategy(name)(pool, 9, rng()).indices.tolist() for name in ("margin", "margin+explore:0"))
    assert plain == never


OWN = '''
from modicum.engine.pool import top

def newest(pool, n, rng):
    """The items of highest id first."""
    return top(pool.ids.astype(float), pool, n, rng)

def backwards(inner):
    """Whatever the inner strategy likes least."""
    def last(pool, n, rng):
        from modicum.engine.pool import Selection
        answer = inner(pool, len(pool), rng)
        return Selection(answer.indices[::-1][:n], -answer.utilities[::-1][:n])
    return last
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package with a strategy `newest` and a wrapper `backwards`."""
    described = tmp_path / "own_strategies-0.1.dist-info"
    described.mkdir()
    (tmp_path / "own_strategies.py").write_text(OWN)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: own-strategies\nVersion: 0.1\n")
    (described / "entry_points.txt").write_text(
        "[modicum.strategies]\nnewest = own_strategies:newest\n[modicum.wrappers]\nbackwards = own_strategies:backwards\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugins._table.cache_clear()
    yield
    sys.modules.pop("own_strategies", None)
    monkeypatch.undo()
    plugins._table.cache_clear()


@pytest.mark.usefixtures("package")
def test_a_strategy_and_a_wrapper_of_another_package_work_by_name() -> None:
    check_strategy(find_strategy("newest"))
    check_strategy(find_strategy("newest+backwards"))
    vectors = rng().standard_normal((30, 4))
    for name, ids in (("newest", [29, 28, 27]), ("newest+backwards", [0, 1, 2])):
        assert Loop(vectors, ["a", "b"], strategy=name, seed_strategy=name).query(3).tolist() == ids


def test_random_draws_every_item_equally_often() -> None:
    pool = example_pool(n=20)
    counts = np.bincount(
        np.concatenate([find_strategy("random")(pool, 5, rng(seed)).indices for seed in range(800)]), minlength=20
    )
    # 200 each, give or take 12.
    assert abs(counts - 200).max() < 70
