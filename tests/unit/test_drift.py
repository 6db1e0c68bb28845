"""The alarm: silent for the same content, loud for new content and other shares, and it says in plain words what it is."""

import numpy as np
import pytest
from scipy.special import ndtr
from sklearn.datasets import load_digits

from modicum.engine.drift import alarm, combined, mlls, new_content
from modicum.errors import InputError
from modicum.types import Interval

CENTRES = np.random.default_rng(5).standard_normal((6, 16)) * 1.5


def drawn(rng: np.random.Generator, shares: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    labels = rng.choice(len(shares), n, p=shares)
    return (CENTRES[labels] + rng.standard_normal((n, 16))).astype(np.float32), labels


EVEN = np.array([0.2, 0.2, 0.2, 0.2, 0.2, 0.0])


@pytest.mark.parametrize("shares", [EVEN, np.array([0.4, 0.3, 0.1, 0.1, 0.1, 0.0])], ids=["same", "surge"])
def test_known_classes_raise_no_alarm_more_often_than_promised_in_whatever_shares(shares: np.ndarray) -> None:
    false = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        false += new_content(*drawn(rng, EVEN, 200), drawn(rng, shares, 150)[0], rng) <= 0.05
    assert false <= 2  # 8 x 5% = 0.4; more than 2 has a chance of 0.6%


def test_one_part_in_twenty_of_new_content_is_noticed() -> None:
    noticed = 0
    for seed in range(2):
        rng = np.random.default_rng(seed)
        reference, labels = drawn(rng, EVEN, 600)
        found = alarm(
            reference,
            labels,
            drawn(rng, np.array([0.19] * 5 + [0.05]), 600)[0],
            rng,
            new_items=Interval(mean=30, low=25, high=36, n=600),
        )
        noticed += found.drift
        assert found.findings[0] == "new kind of content, about 30 items (25 to 36)"
    assert noticed == 2


def test_a_small_batch_raises_the_alarm_by_what_is_in_it_not_by_luck() -> None:
    # A draw in which the test of a single half has p from 0.01 to 0.16, by which half it is.
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(4).permutation(len(images))
    x, y = images[order].astype(np.float32), digits[order]
    known, labels, novel = x[y != 1], y[y != 1], x[y == 1]
    batch = np.concatenate([known[500:570], novel[:16]])
    found = [new_content(known[:500], labels[:500], batch, np.random.default_rng(draw)) for draw in range(8)]
    assert max(found) <= 0.05, found


def test_several_p_are_one() -> None:
    assert combined([0.03]) == pytest.approx(0.03)
    assert combined([0.02, 0.02, 0.02]) == pytest.approx(0.02)
    assert combined([0.01, 0.5, 1.0]) > 0.01
    assert combined([1.0, 1.0]) > 0.9
    rng = np.random.default_rng(0)
    wrong = [combined(np.clip(ndtr(rng.standard_normal() * 0.7 + rng.standard_normal(5) * 0.714), 0, 1)) for _ in range(2_000)]
    assert np.mean(np.array(wrong) <= 0.05) < 0.065


def test_more_of_a_known_class_is_called_by_its_name() -> None:
    rng = np.random.default_rng(1)
    reference, labels = drawn(rng, EVEN, 600)
    shares = np.array([0.5, 0.125, 0.125, 0.125, 0.125, 0])
    found = alarm(reference, labels, drawn(rng, shares, 600)[0], rng, names={0: "masks"})
    assert not found.drift  # nothing is new: only shares changed
    assert found.shifts[0].label == 0
    assert found.shifts[0].now.low <= 0.5 <= found.shifts[0].now.high
    assert any(line.startswith("more of masks than usual") for line in found.findings)


def test_shares_come_back_from_calibrated_probabilities() -> None:
    rng = np.random.default_rng(0)
    share, other = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.2, 0.7])
    centre = np.array([-1.5, 0.0, 1.5])

    def said(shares: np.ndarray) -> np.ndarray:
        x = centre[rng.choice(3, 5_000, p=shares)] + rng.standard_normal(5_000)
        likely = share * np.exp(-((x[:, None] - centre) ** 2) / 2)
        return likely / likely.sum(axis=1, keepdims=True)

    assert mlls(said(share), said(other), share) == pytest.approx(other, abs=0.04)


def test_copies_are_no_drift_and_odd_input_has_an_answer() -> None:
    rng = np.random.default_rng(0)
    reference, labels = drawn(rng, EVEN, 200)
    assert not alarm(reference, labels, reference, rng).drift
    assert not alarm(reference, labels, reference[:0], rng).drift
    assert not alarm(reference, labels, reference[:1], rng).drift
    assert not alarm(reference[labels == 1], labels[labels == 1], reference[labels == 1], rng).drift
    assert alarm(reference[:3], labels[:3], reference[3:60], rng).p > 0
    with pytest.raises(InputError, match="same encoder"):
        alarm(reference, labels, reference[:, :4], rng)
    reference[3, 3] = np.inf
    with pytest.raises(InputError, match="NaN or infinity"):
        alarm(reference, labels, reference, rng)
