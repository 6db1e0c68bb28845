"""The head for several labels: against an independent solver, its calibration, and labels that are rare, one-sided or unknown."""

import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logit
from sklearn.datasets import make_multilabel_classification

from modicum.engine import multilabel_head
from modicum.engine.multilabel_head import UNKNOWN, MultilabelHead
from modicum.engine.pool import Pool, choose
from modicum.engine.strategies.naming import find_strategy
from modicum.errors import InputError
from unit.pool_parts import mean_gain, uneven_kinds


def tagged(seed: int, m: int, d: int, c: int, *, noise: float = 0.5, shift: float = -0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((m, d)).astype(np.float32)
    logits = x @ np.random.default_rng(99).standard_normal((d, c)) / np.sqrt(d) + shift + noise * rng.standard_normal((m, c))
    return x, (logits > 0).astype(np.int64)


def placed(head: MultilabelHead, x: np.ndarray) -> np.ndarray:
    z = x / np.linalg.norm(x, axis=1, keepdims=True) - head.centre
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def log_loss(proba: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(np.where(truth == 1, proba, 1 - proba)).mean())


@pytest.mark.parametrize(("m", "d"), [(30, 60), (120, 8)])
def test_each_label_is_the_logistic_regression_of_a_penalty(m: int, d: int) -> None:
    x, y = tagged(0, m, d, 3)
    head = multilabel_head.fit(x, y)
    z, share = placed(head, x), (y.sum() + 0.5) / (y.size + 1)

    def solved(j: int, penalty: float) -> np.ndarray:
        prior = logit((y[:, j].sum() + share) / (m + 1))

        def loss(w: np.ndarray) -> float:
            errors = np.logaddexp(0, -(2 * y[:, j] - 1) * (z @ w[:-1] + w[-1] + prior)).sum()
            return float(errors + penalty / 2 * (w[:-1] @ w[:-1]) + w[-1] ** 2 / 2)

        return np.asarray(minimize(loss, np.zeros(d + 1), method="L-BFGS-B", options={"maxfun": 10**6, "ftol": 1e-12}).x)

    gaps = {p: max(np.abs(head.weights[:, j] - solved(j, p)[:-1]).max() for j in range(3)) for p in (0.03, 0.1, 0.3, 1.0)}
    assert min(gaps.values()) < 3e-2


def test_left_out_logits_are_those_of_a_fit_without_the_label() -> None:
    x, y = tagged(1, 60, 5, 1)
    z = np.hstack([x / np.linalg.norm(x, axis=1, keepdims=True), np.ones((60, 1))]).astype(np.float64)
    prior, start = np.zeros(1), np.zeros((6, 1))
    whole = multilabel_head._logistic(z, y, prior, 0.3, start)
    quick = multilabel_head._left_out(z, y, prior, 0.3, whole)[:, 0]
    for i in range(0, 60, 7):
        hidden = y.copy()
        hidden[i] = UNKNOWN
        assert z[i] @ multilabel_head._logistic(z, hidden, prior, 0.3, whole) == pytest.approx(quick[i], abs=0.15)


@given(seed=st.integers(0, 500), m=st.integers(1, 30), d=st.integers(1, 40), c=st.integers(1, 6), unknown=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_probabilities_lie_within_zero_and_one(seed: int, m: int, d: int, c: int, unknown: float) -> None:
    x, y = tagged(seed, m, d, c)
    y[np.random.default_rng(seed).random((m, c)) < unknown] = UNKNOWN
    head = multilabel_head.fit(x, y)
    proba = multilabel_head.predict_proba(head, (1e3 * x).astype(np.float16))
    assert (proba.dtype, proba.shape) == (np.float32, (m, c))
    assert ((proba > 0) & (proba < 1)).all()
    Pool(np.arange(m), x, np.arange(m), proba, np.array([], dtype=np.int64), np.array([], dtype=np.int64))


@given(seed=st.integers(0, 500), m=st.integers(2, 30), d=st.integers(1, 40), c=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_the_order_of_items_and_of_labels_does_not_matter(seed: int, m: int, d: int, c: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = tagged(seed, m, d, c)
    y[rng.random((m, c)) < 0.2] = UNKNOWN
    items, labels = rng.permutation(m), rng.permutation(c)
    proba = multilabel_head.predict_proba(multilabel_head.fit(x, y), x)
    again = multilabel_head.predict_proba(multilabel_head.fit(x[items], y[items][:, labels]), x[items])
    np.testing.assert_allclose(again, proba[items][:, labels], atol=1e-2)


@given(seed=st.integers(0, 500), m=st.integers(2, 30), d=st.integers(1, 20))
@settings(max_examples=20, deadline=None)
def test_yes_and_no_are_mirror_images(seed: int, m: int, d: int) -> None:
    x, y = tagged(seed, m, d, 3)
    proba = multilabel_head.predict_proba(multilabel_head.fit(x, y), x)
    np.testing.assert_allclose(multilabel_head.predict_proba(multilabel_head.fit(x, 1 - y), x), 1 - proba, atol=1e-2)


@pytest.mark.parametrize("m", [30, 100, 300])
def test_probabilities_are_honest_on_new_data(m: int) -> None:
    gaps, losses, base = [], [], []
    for seed in range(8):
        x, y = tagged(seed, m + 1_000, 12, 5)
        proba = multilabel_head.predict_proba(multilabel_head.fit(x[:m], y[:m]), x[m:])
        truth, bins = y[m:].ravel(), np.minimum((proba.ravel() * 10).astype(int), 9)
        gaps.append(sum(abs((truth - proba.ravel())[bins == b].sum()) for b in range(10)) / truth.size)
        losses.append(log_loss(proba, y[m:]))
        base.append(log_loss(np.full(proba.shape, y.mean(axis=0)), y[m:]))
    assert np.mean(gaps) < (0.1 if m == 30 else 0.05)
    assert np.mean(losses) < np.mean(base)


def test_where_nothing_can_be_learned_it_keeps_to_the_shares() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 20)).astype(np.float32), (rng.random((100, 4)) < [0.1, 0.3, 0.5, 0.7]).astype(np.int64)
    proba = multilabel_head.predict_proba(multilabel_head.fit(x, y), rng.standard_normal((500, 20)))
    np.testing.assert_allclose(proba.mean(axis=0), y.mean(axis=0), atol=0.05)
    assert proba.std(axis=0).max() < 0.12


def test_labels_with_one_answer_or_none_get_a_shrunken_share() -> None:
    x, y = tagged(2, 20, 6, 4)
    y[:, 1], y[:, 2], y[:, 3] = 1, 0, UNKNOWN
    head = multilabel_head.fit(x, y)
    proba = multilabel_head.predict_proba(head, x)
    overall = (y[:, :3].sum() + 0.5) / 61
    np.testing.assert_allclose(proba[:, 1:], np.tile([(20 + overall) / 21, overall / 21, overall], (20, 1)), rtol=1e-4)
    assert head.yes.tolist()[1:] == [20, 0, 0]
    assert head.no.tolist()[1:] == [0, 20, 0]
    few = multilabel_head.predict_proba(multilabel_head.fit(x[:2], y[:2]), x)
    assert few[0, 1] < proba[0, 1]


def test_unknown_targets_are_as_if_the_label_had_been_fitted_without_them() -> None:
    x, y = tagged(3, 60, 6, 1)
    hidden = np.concatenate([y, np.full((40, 1), UNKNOWN)])
    more = np.concatenate([x, tagged(4, 40, 6, 1)[0]])
    alone = multilabel_head.fit(x, y, unlabeled=more[60:])
    np.testing.assert_allclose(
        multilabel_head.predict_proba(multilabel_head.fit(more, hidden), more),
        multilabel_head.predict_proba(alone, more),
        atol=1e-3,
    )


def test_labels_do_not_disturb_each_other() -> None:
    x, y = tagged(5, 80, 10, 1)
    many = np.hstack([y] * 40)  # more than choose the penalty
    one, all_of_them = multilabel_head.fit(x, y), multilabel_head.fit(x, many)
    assert all_of_them.weights.shape == (10, 40)
    proba = multilabel_head.predict_proba(all_of_them, x)
    np.testing.assert_allclose(proba, np.tile(proba[:, :1], 40), atol=1e-3)
    assert np.corrcoef(proba[:, 0], multilabel_head.predict_proba(one, x)[:, 0])[0, 1] > 0.99


def test_a_warm_start_changes_the_way_not_the_end() -> None:
    x, y = tagged(6, 100, 30, 4)
    before = multilabel_head.fit(x[:50], y[:50, :3])  # fewer labels: one was added on the fly
    cold, warm = multilabel_head.fit(x, y), multilabel_head.fit(x, y, warm=before)
    np.testing.assert_allclose(multilabel_head.predict_proba(warm, x), multilabel_head.predict_proba(cold, x), atol=5e-3)
    other = multilabel_head.fit(tagged(6, 20, 5, 4)[0], y[:20])  # of another encoder
    np.testing.assert_array_equal(multilabel_head.fit(x, y, warm=other).weights, cold.weights)


def test_halves_on_disk_and_rows_give_the_same(tmp_path: Path) -> None:
    x, y = tagged(7, 9_000, 12, 3)
    halves = np.memmap(tmp_path / "v.f16", dtype=np.float16, mode="w+", shape=x.shape)
    halves[:] = x.astype(np.float16)
    head = multilabel_head.fit(halves[:50], y[:50].astype(bool))
    whole = multilabel_head.predict_proba(head, halves)
    rows = np.array([8_999, 3, 3])
    np.testing.assert_allclose(multilabel_head.predict_proba(head, halves, rows=rows), whole[rows], atol=1e-6)
    formula = expit(placed(head, halves[:99].astype(np.float64)) @ head.weights / head.temperature + head.bias)
    np.testing.assert_allclose(whole[:99], formula, atol=1e-5)


def test_more_dims_than_are_fitted_in() -> None:
    x, y = tagged(8, 300, 400, 2)
    assert log_loss(multilabel_head.predict_proba(multilabel_head.fit(x, y), x), y) < 0.6


def test_bytes_and_back() -> None:
    x, y = tagged(9, 30, 7, 3)
    head = multilabel_head.fit(x, y)
    again = MultilabelHead.from_bytes(head.to_bytes())
    np.testing.assert_array_equal(multilabel_head.predict_proba(again, x), multilabel_head.predict_proba(head, x))
    np.testing.assert_array_equal(again.yes, y.sum(axis=0))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"\x80\x04K\x01."])
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="no multilabel head of modicum"):
        MultilabelHead.from_bytes(data)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_refused_or_make_a_whole_head(data: st.DataObject) -> None:
    x, y = tagged(10, 6, 3, 2)
    written = bytearray(multilabel_head.fit(x, y).to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    try:
        head = MultilabelHead.from_bytes(bytes(written[: data.draw(st.integers(0, len(written)))]))
    except InputError:
        return
    proba = multilabel_head.predict_proba(head, x)
    assert ((proba > 0) & (proba < 1)).all()


@pytest.mark.parametrize(
    "change", [{"weights": np.ones(9)}, {"bias": np.ones(3)}, {"temperature": 0.0}, {"centre": np.full(3, np.nan)}]
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    x, y = tagged(11, 6, 3, 2)
    buffer = io.BytesIO()
    with np.load(io.BytesIO(multilabel_head.fit(x, y).to_bytes())) as parts:
        np.savez(buffer, **{**parts, **change})
    with pytest.raises(InputError, match="do not fit each other"):
        MultilabelHead.from_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([[0, 1], [1, 2], [0, 0]], r"received 0\.\.2"),
        ([[0, 1], [1, -2], [0, 0]], r"received -2\.\.1"),
        ([[0.0, 1.0], [1.0, np.nan], [0.0, 0.0]], "received float64"),
        ([[0, 1], [1, 0]], "one row of targets per vector"),
        ([0, 1, 1], "one row of targets per vector"),
        ([[], [], []], "one row of targets per vector"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        multilabel_head.fit(np.ones((3, 2), np.float32), np.array(targets))


def test_vectors_that_do_not_fit_are_refused() -> None:
    x, y = tagged(12, 20, 5, 2)
    head = multilabel_head.fit(x, y)
    with pytest.raises(InputError, match="5 dims"):
        multilabel_head.predict_proba(head, x[:, :4])
    with pytest.raises(InputError, match="no labels yet"):
        multilabel_head.fit(x[:0], y[:0])
    with pytest.raises(InputError, match="unlabeled vectors"):
        multilabel_head.fit(x, y, unlabeled=x[:, :4])
    x[17, 3] = np.nan
    with pytest.raises(InputError, match=r"vector 17 .*NaN or infinity"):
        multilabel_head.predict_proba(head, x)
    with pytest.raises(InputError, match=r"vector 17 .*NaN or infinity"):
        multilabel_head.fit(x, y)


def likelihood(x: np.ndarray, y: np.ndarray, strategy: str, seed: int) -> float:
    """Mean log likelihood of held-out labels, over four rounds of ten items after the first twenty."""
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(x))
    test, train = drawn[: len(x) // 2], np.sort(drawn[len(x) // 2 :])
    labeled = rng.choice(train, 20, replace=False)
    ask, scores = find_strategy(strategy), []
    head = multilabel_head.fit(x[labeled], y[labeled])
    for _ in range(4):
        free = np.setdiff1d(train, labeled)
        pool = Pool(free, x, free, multilabel_head.predict_proba(head, x, rows=free), labeled, np.zeros_like(labeled))
        labeled = np.append(labeled, free[choose(ask, pool, 10, rng).indices])
        head = multilabel_head.fit(x[labeled], y[labeled], warm=head)
        scores.append(-log_loss(multilabel_head.predict_proba(head, x, rows=test), y[test]))
    return float(np.mean(scores))


def test_what_multilabel_margin_chooses_teaches_more_than_chance() -> None:
    texts, topics = make_multilabel_classification(1_000, n_features=40, n_classes=6, n_labels=2, random_state=1)
    x, kinds = uneven_kinds()
    carried = np.random.default_rng(0).random((kinds.max() + 1, 5)) < 0.35
    data = [(texts.astype(np.float32), topics), (x, carried[kinds].astype(np.int64))]
    gains = [mean_gain(partial(likelihood, *some), "multilabel-margin", seeds=12) for some in data]
    assert np.mean(gains) > 0.004
    assert min(gains) > -0.004
