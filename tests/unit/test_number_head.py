"""The head for numbers: against an independent solver, honest about its error, and blind to the unit of the numbers."""

import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.datasets import load_diabetes, make_regression
from sklearn.linear_model import Ridge

from modicum.engine import number_head
from modicum.engine.number_head import NumberHead
from modicum.engine.pool import Pool, choose
from modicum.engine.strategies.naming import find_strategy
from modicum.errors import InputError
from unit.pool_parts import mean_gain, uneven_kinds


def line(seed: int, m: int, d: int, *, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((m, d)).astype(np.float32)
    return x, x @ np.random.default_rng(99).standard_normal(d) / np.sqrt(d) + noise * rng.standard_normal(m)


def placed(head: NumberHead, x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return ((x / np.linalg.norm(x, axis=1, keepdims=True) if head.directions else x) - head.centre) / head.reach


@pytest.mark.parametrize(("m", "d"), [(15, 40), (120, 8)])
def test_it_is_the_ridge_regression_of_its_penalty(m: int, d: int) -> None:
    x, y = line(0, m + 50, d)
    head = number_head.fit(x[:m], y[:m])
    peer = Ridge(alpha=head.penalty).fit(placed(head, x[:m]), y[:m])
    np.testing.assert_allclose(number_head.predict(head, x)[0], peer.predict(placed(head, x)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("m", "d"), [(12, 30), (40, 6)])
def test_the_deviation_is_the_posterior_s(m: int, d: int) -> None:
    x, y = line(1, m + 20, d)
    head = number_head.fit(x[:m], y[:m])
    a, b = placed(head, x[:m]), placed(head, x[m:])
    inverse = np.linalg.inv(a.T @ a + head.penalty * np.eye(d))
    expected = head.scale * np.sqrt(head.noise * (1 + 1 / m + np.einsum("ij,jk,ik->i", b, inverse, b)))
    np.testing.assert_allclose(number_head.predict(head, x[m:])[1], expected, rtol=2e-3)


def test_no_other_penalty_explains_the_labels_better() -> None:
    x, y = line(2, 30, 60)
    head = number_head.fit(x, y)
    z = placed(head, x)
    contrasts = np.linalg.svd(np.ones((1, 30)))[2][1:]  # integrates the mean out

    def evidence(penalty: float) -> float:
        cov = contrasts @ (np.eye(30) + z @ z.T / penalty) @ contrasts.T
        v = contrasts @ y
        scale = v @ np.linalg.solve(cov, v) / 29
        prior = 0.5 * (np.log(penalty / 0.1) / 2) ** 2
        return float(multivariate_normal.logpdf(v, cov=scale * cov)) - prior

    assert evidence(head.penalty) >= max(evidence(head.penalty * factor) for factor in (0.01, 0.5, 2, 100))


@pytest.mark.parametrize(("m", "d"), [(10, 100), (40, 10), (60, 100), (300, 20)])
def test_errors_are_as_large_as_it_says(m: int, d: int) -> None:
    squares = []
    for seed in range(20):
        x, y = line(seed, m + 300, d)
        mean, sd = number_head.predict(number_head.fit(x[:m], y[:m]), x[m:])
        squares.append((((y[m:] - mean) / sd) ** 2).mean())
    assert 0.75 < np.mean(squares) < 1.35


def test_it_doubts_most_where_nothing_was_labeled() -> None:
    x, y = line(3, 40, 10)
    x[:, 9] = 0
    head = number_head.fit(x, y)
    familiar, strange = x[:1].copy(), x[:1].copy()
    strange[0, 9] = 10
    assert number_head.predict(head, strange)[1] > 1.3 * number_head.predict(head, familiar)[1]


@given(
    seed=st.integers(0, 500),
    m=st.integers(2, 30),
    d=st.integers(1, 40),
    shift=st.floats(-5, 5),
    scale=st.sampled_from([1e-6, 3, 1e6]),
)
@settings(max_examples=40, deadline=None)
def test_unit_and_zero_of_the_numbers_do_not_matter(seed: int, m: int, d: int, shift: float, scale: float) -> None:
    x, y = line(seed, m, d)
    mean, sd = number_head.predict(number_head.fit(x, y), x)
    moved, wider = number_head.predict(number_head.fit(x, scale * (y + shift)), x)
    np.testing.assert_allclose(moved / scale - shift, mean, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(wider / scale, sd, rtol=1e-3, atol=1e-6)
    mirrored, same = number_head.predict(number_head.fit(x, -y), x)
    np.testing.assert_allclose(mirrored, -mean, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(same, sd, rtol=1e-3, atol=1e-6)


@given(seed=st.integers(0, 500), m=st.integers(1, 30), d=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_the_order_of_labels_and_of_vectors_does_not_matter(seed: int, m: int, d: int) -> None:
    x, y = line(seed, m, d)
    order = np.random.default_rng(seed).permutation(m)
    mean, sd = number_head.predict(number_head.fit(x, y), x)
    assert (mean.dtype, sd.dtype, mean.shape, sd.shape) == (np.float32, np.float32, (m,), (m,))
    again, width = number_head.predict(number_head.fit(x[order], y[order]), x[order])
    np.testing.assert_allclose(again, mean[order], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(width, sd[order], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("values", [[7.0], [3, 3, 3], [0.1 + 0.2, 0.3], [0, 0]])
def test_while_all_labels_are_equal_it_knows_no_scale(values: list[float]) -> None:
    x = np.random.default_rng(0).standard_normal((len(values), 5))
    mean, sd = number_head.predict(number_head.fit(x, np.array(values)), x)
    np.testing.assert_allclose(mean, values, rtol=1e-6)
    assert np.isinf(sd).all()


def test_equal_vectors_get_the_mean_of_their_labels() -> None:
    x = np.ones((4, 3), np.float32)
    mean, sd = number_head.predict(number_head.fit(x, np.array([1.0, 2.0, 3.0, 4.0])), x)
    np.testing.assert_allclose(mean, 2.5)
    assert (sd > 1).all()


def test_lengths_count_where_they_tell_something() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((80, 6)).astype(np.float32)
    directions = x / np.linalg.norm(x, axis=1, keepdims=True)
    stretched = x * rng.lognormal(0, 2, size=(80, 1)).astype(np.float32)
    assert not number_head.fit(stretched, stretched @ np.ones(6)).directions
    assert number_head.fit(stretched, directions @ np.ones(6)).directions


def test_halves_on_disk_and_rows_give_the_same(tmp_path: Path) -> None:
    x, y = line(4, 9_000, 12)
    halves = np.memmap(tmp_path / "v.f16", dtype=np.float16, mode="w+", shape=x.shape)
    halves[:] = x.astype(np.float16)
    head = number_head.fit(halves[:50], y[:50])
    whole = number_head.predict(head, halves)
    rows = np.array([8_999, 3, 3])
    some = number_head.predict(head, halves, rows=rows)
    for all_of_them, few, one_by_one in zip(whole, some, number_head.predict(head, halves.astype(np.float64)), strict=True):
        np.testing.assert_allclose(few, all_of_them[rows], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(one_by_one, all_of_them, rtol=1e-5, atol=1e-5)


def test_bytes_and_back() -> None:
    for m in (1, 20):
        x, y = line(5, m, 7)
        head = number_head.fit(x, y)
        again = NumberHead.from_bytes(head.to_bytes())
        np.testing.assert_array_equal(number_head.predict(again, x), number_head.predict(head, x))
        assert again.labels == m


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x80\x04K\x01."])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no number head of modicum"):
        NumberHead.from_bytes(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_refused_or_make_a_whole_head(data: st.DataObject) -> None:
    x, y = line(6, 5, 3)
    written = bytearray(number_head.fit(x, y).to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    try:
        head = NumberHead.from_bytes(bytes(written[: data.draw(st.integers(0, len(written)))]))
    except InputError:
        return
    assert np.isfinite(number_head.predict(head, x)[0]).all()


@pytest.mark.parametrize(
    "change",
    [{"weights": np.ones(9)}, {"known": np.ones(3)}, {"penalty": 0.0}, {"noise": np.nan}, {"scale": -1.0}, {"labels": 0}],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    x, y = line(7, 5, 3)
    buffer = io.BytesIO()
    with np.load(io.BytesIO(number_head.fit(x, y).to_bytes())) as parts:
        np.savez(buffer, **{**parts, **change})
    with pytest.raises(InputError, match="do not fit each other"):
        NumberHead.from_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, np.nan, 2.0], "label 1 is nan"),
        ([1.0, 2.0, np.inf], "label 2 is inf"),
        ([1.0, 2.0, 1e40], "no larger than"),
        ([1.0, 2.0], "one number per vector"),
        ([[1.0], [2.0], [3.0]], "one number per vector"),
        (["a", "b", "c"], "are numbers"),
        ([True, False, True], "are numbers"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        number_head.fit(np.ones((3, 2), np.float32), np.array(values))


def test_vectors_that_do_not_fit_are_refused() -> None:
    x, y = line(8, 20, 5)
    head = number_head.fit(x, y)
    with pytest.raises(InputError, match="5 dims"):
        number_head.predict(head, x[:, :4])
    with pytest.raises(InputError, match="no labels yet"):
        number_head.fit(x[:0], y[:0])
    x[17, 3] = np.nan
    with pytest.raises(InputError, match=r"vector 17 .*NaN or infinity"):
        number_head.predict(head, x)
    with pytest.raises(InputError, match=r"vector 17 .*NaN or infinity"):
        number_head.fit(x, y)


def explained(x: np.ndarray, y: np.ndarray, first: int, strategy: str, seed: int) -> float:
    """Share of the variance explained on held-out rows, mean over four rounds of ten labels after the first ones."""
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(x))
    test, train = drawn[: len(x) // 2], np.sort(drawn[len(x) // 2 :])
    labeled = rng.choice(train, first, replace=False)
    ask, scores = find_strategy(strategy), []
    head = number_head.fit(x[labeled], y[labeled])
    for _ in range(4):
        free = np.setdiff1d(train, labeled)
        mean = number_head.predict(head, x, rows=free)[0]
        pool = Pool(free, x, free, None, labeled, np.zeros_like(labeled), y[labeled], mean)
        labeled = np.append(labeled, free[choose(ask, pool, 10, rng).indices])
        head = number_head.fit(x[labeled], y[labeled])
        found = number_head.predict(head, x, rows=test)[0]
        scores.append(1 - ((y[test] - found) ** 2).mean() / y[test].var())
    return float(np.mean(scores))


def test_greedy_sampling_with_this_head_teaches_more_than_chance_where_kinds_are_rare() -> None:
    x, _ = uneven_kinds()
    rng = np.random.default_rng(0)
    y = x @ (3 * rng.standard_normal(x.shape[1])) + rng.standard_normal(len(x))
    assert mean_gain(partial(explained, x, y, 10), "greedy-sampling", seeds=20) > 0.002


def test_committee_variance_with_this_head_teaches_more_than_chance() -> None:
    x, y = make_regression(1_000, 40, n_informative=40, effective_rank=8, noise=1, random_state=0)
    assert mean_gain(partial(explained, x.astype(np.float32), y, 20), "committee-variance", seeds=40) > 0.005


@pytest.mark.parametrize("strategy", ["greedy-sampling", "committee-variance"])
def test_on_measurements_of_people_they_teach_no_less_than_chance(strategy: str) -> None:
    x, y = load_diabetes(return_X_y=True)
    assert mean_gain(partial(explained, x.astype(np.float32), y, 10), strategy, seeds=30) > -0.01
