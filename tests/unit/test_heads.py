"""The head against an independent solver, its calibration, its memory, and odd sets of labels."""

import io
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from modicum.engine import heads
from modicum.engine.arrays import gather, widen
from modicum.engine.solve import PENALTY, class_shares, class_weights
from modicum.errors import InputError


def blobs(seed: int, n: int, d: int, c: int, *, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((c, d))
    labels = np.concatenate([np.arange(c), rng.integers(c, size=n - c)])
    return (centres[labels] + spread * rng.standard_normal((n, d))).astype(np.float32), labels


def prepared(head: heads.Head, x: np.ndarray) -> np.ndarray:
    z = x / np.linalg.norm(x, axis=1, keepdims=True) - head.centre
    return z / np.linalg.norm(z, axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "d"), [(25, 60), (120, 8)])
def test_solves_the_same_problem_as_scikit_learn(n: int, d: int) -> None:
    x, y = blobs(0, n, d, 4)
    head = heads.fit(x, y, 4)
    z = prepared(head, x)
    peer = LogisticRegression(C=1 / PENALTY, fit_intercept=False, tol=1e-9, max_iter=5000)
    peer.fit(z, y, sample_weight=class_weights(y))
    np.testing.assert_allclose(head.weights - head.weights.mean(axis=1, keepdims=True), peer.coef_.T, atol=3e-2)


@given(seed=st.integers(0, 500), n=st.integers(3, 40), d=st.integers(1, 50), c=st.integers(2, 6), unseen=st.integers(0, 3))
@settings(max_examples=40)
def test_probabilities_are_probabilities(seed: int, n: int, d: int, c: int, unseen: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, d)).astype(np.float32), rng.integers(c, size=n)
    head = heads.fit(x, y, c + unseen, unlabeled=rng.standard_normal((5, d)))
    proba = heads.predict_proba(head, x.astype(np.float16))
    assert proba.dtype == np.float32
    assert proba.shape == (n, c + unseen)
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    absent = np.setdiff1d(np.arange(c + unseen), y)
    assert (proba[:, absent] > 0).all()
    assert not np.isin(proba.argmax(axis=1), absent).any()


def test_what_is_predicted_follows_the_formula() -> None:
    x, y = blobs(1, 50, 12, 3)
    head = heads.fit(x, y, 3)
    logits = (prepared(head, x) @ head.weights + head.bias) / head.temperature
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(heads.predict_proba(head, x), expected, atol=1e-5)
    rows = np.array([40, 3, 3])
    np.testing.assert_allclose(heads.predict_proba(head, x, rows=rows), expected[rows], atol=1e-5)


def test_many_rows_in_threads_equal_few_rows_in_one() -> None:
    x, y = blobs(2, 9_000, 6, 3)
    head = heads.fit(x[:50], y[:50], 3)
    whole = heads.predict_proba(head, x)
    np.testing.assert_array_equal(whole[:200], heads.predict_proba(head, x[:200]))


@pytest.mark.parametrize("classes", [2, 3, 4, 11, 300])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_long_stretches_of_rows_in_any_order_follow_the_formula(classes: int, dtype: type) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((5_000, 20)).astype(dtype)
    weights, centre = rng.standard_normal((20, classes)), 0.1 * rng.standard_normal(20)
    bias, seen = rng.standard_normal(classes), np.ones(classes, dtype=bool)
    head = heads.Head(weights.astype(np.float32), bias.astype(np.float32), centre.astype(np.float32), seen, 50, 0.7)
    rows = rng.permutation(5_000)
    logits = (prepared(head, x[rows].astype(np.float64)) @ head.weights + head.bias) / head.temperature
    np.testing.assert_allclose(heads.predict_proba(head, x, rows=rows), softmax(logits, axis=1), atol=1e-5)


def test_class_weights_make_classes_count_alike() -> None:
    y = np.array([0] * 30 + [1] * 3)
    weights = class_weights(y)
    assert weights[y == 0].sum() == pytest.approx(weights[y == 1].sum())
    assert weights.sum() == pytest.approx(33)


def test_shares_lean_to_equality_while_chance_explains_the_counts() -> None:
    np.testing.assert_allclose(class_shares(np.array([5, 5, 5])), 1 / 3)
    few, many = class_shares(np.array([4, 2])), class_shares(np.array([4000, 2000]))
    assert few[0] == pytest.approx(0.5)
    assert many[0] == pytest.approx(2 / 3, abs=0.01)


@given(seed=st.integers(0, 200), spread=st.floats(0.3, 6))
@settings(max_examples=25)
def test_temperature_never_makes_its_own_predictions_worse(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(4, size=60)
    logits = spread * rng.standard_normal((60, 4)) + 2 * np.eye(4)[truth]

    def loss(t: float) -> float:
        z = logits / t
        return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(60), truth]).sum())

    assert loss(heads.fit_temperature(logits, truth)) <= loss(1.0) + 1e-9


def test_calibrated_confidence_is_honest_on_new_data() -> None:
    x, y = blobs(3, 4_000, 20, 5, spread=2.5)
    head = heads.fit(x[:200], y[:200], 5)
    assert head.temperature != 1

    def loss(h: heads.Head) -> float:
        return float(-np.log(heads.predict_proba(h, x[200:])[np.arange(3_800), y[200:]]).mean())

    assert loss(head) <= loss(replace(head, temperature=1.0)) + 1e-3
    proba = heads.predict_proba(head, x[200:])
    assert abs(proba.max(axis=1).mean() - (proba.argmax(axis=1) == y[200:]).mean()) < 0.1


def test_a_warm_start_changes_the_way_not_the_end() -> None:
    x, y = blobs(4, 120, 30, 4)
    cold = heads.fit(x, y, 4)
    before = heads.fit(x[:60], y[:60] % 3, 3)  # fewer classes: one was added on the fly
    np.testing.assert_allclose(heads.predict_proba(heads.fit(x, y, 4, warm=before), x), heads.predict_proba(cold, x), atol=5e-3)


def test_one_class_alone_gets_nearly_everything() -> None:
    x = np.random.default_rng(0).standard_normal((6, 4))
    proba = heads.predict_proba(heads.fit(x, np.full(6, 2), 4), x)
    assert (proba.argmax(axis=1) == 2).all()
    assert (proba[:, 2] < 1).all()


def test_equal_vectors_and_zero_vectors_do_no_harm() -> None:
    x = np.zeros((8, 5), np.float32)
    proba = heads.predict_proba(heads.fit(x, np.arange(8) % 2, 2), x)
    np.testing.assert_allclose(proba, 0.5, atol=1e-4)


def test_bytes_and_back() -> None:
    x, y = blobs(5, 40, 7, 3)
    head = heads.fit(x, y, 5)
    again = heads.Head.from_bytes(head.to_bytes())
    np.testing.assert_array_equal(heads.predict_proba(again, x), heads.predict_proba(head, x))
    assert (again.labels, again.temperature) == (head.labels, head.temperature)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x80\x04K\x01."])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no head of modicum"):
        heads.Head.from_bytes(data)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_bytes_are_refused_or_make_a_whole_head(data: st.DataObject) -> None:
    x, y = blobs(5, 40, 7, 3)
    written = bytearray(heads.fit(x, y, 5, calibrate=False).to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    try:
        head = heads.Head.from_bytes(bytes(written))
    except InputError:
        return
    assert np.isfinite(heads.predict_proba(head, x)).all()


def test_numbers_that_are_none_are_refused() -> None:
    x, y = blobs(5, 40, 7, 3)
    buffer = io.BytesIO()
    with np.load(io.BytesIO(heads.fit(x, y, 5).to_bytes())) as parts:
        np.savez(buffer, **{**parts, "weights": np.full_like(parts["weights"], np.nan)})
    with pytest.raises(InputError, match="do not fit each other"):
        heads.Head.from_bytes(buffer.getvalue())


def test_predicting_needs_little_memory(tmp_path: Path) -> None:
    n, d = 20_000, 1_280
    values = np.memmap(tmp_path / "v.f16", dtype=np.float16, mode="w+", shape=(n, d))
    values[:] = np.random.default_rng(0).standard_normal(d).astype(np.float16)
    x, y = blobs(6, 50, d, 10)
    head = heads.fit(x, y, 10)
    tracemalloc.start()
    heads.predict_proba(head, values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32e6  # as float32 the vectors alone would take 102 MB


def test_every_half_is_widened_exactly() -> None:
    bits = np.arange(65_536, dtype=np.uint16).view(np.float16)
    halves = bits[np.isfinite(bits)].reshape(-1, 64)
    wide = widen(halves, np.empty(halves.shape, np.float32), range(len(halves)))
    np.testing.assert_array_equal(wide, halves.astype(np.float32))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_are_refused_by_number(dtype: type, bad: float) -> None:
    x, y = blobs(7, 30, 5, 2)
    head = heads.fit(x, y, 2)
    x = x.astype(dtype)
    x[17, 3] = bad
    with pytest.raises(InputError, match=r"vector 17 .*NaN or infinity"):
        heads.predict_proba(head, x)
    with pytest.raises(InputError, match=r"vector 17 .*NaN or infinity"):
        heads.fit(x, y, 2)


def test_large_numbers_are_no_infinities_while_single_precision_holds_them() -> None:
    x = np.full((3, 8), 65_504, dtype=np.float16)
    np.testing.assert_array_equal(gather(x), x.astype(np.float32))
    np.testing.assert_array_equal(gather(np.full((3, 8), 1e30)), np.full((3, 8), 1e30, np.float32))
    beyond = np.ones((3, 8))
    beyond[1, 2] = 1e300
    with pytest.raises(InputError, match="vector 1 "):
        gather(beyond)


@pytest.mark.parametrize(
    ("labels", "message"),
    [([], "one class id per vector"), ([0, 1, 5], "0..1"), ([0, -1, 1], "0..1"), ([0.0, 1.0, 1.0], "float")],
)
def test_labels_that_do_not_fit_are_refused(labels: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        heads.fit(np.ones((3, 2), np.float32), np.array(labels), 2)
    with pytest.raises(InputError, match="no labels yet"):
        heads.fit(np.ones((0, 2), np.float32), np.array([], dtype=np.int64), 2)


def test_other_dims_are_refused() -> None:
    x, y = blobs(8, 30, 5, 2)
    with pytest.raises(InputError, match="5 dims"):
        heads.predict_proba(heads.fit(x, y, 2), np.ones((3, 6), np.float32))
