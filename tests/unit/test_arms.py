"""The arms of a round: drawn by chance alone at the rates asked for, and a seeded pre-label looks like any other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modicum.engine import arms
from modicum.types import Arm


@given(seed=st.integers(0, 2**32 - 1), seeded=st.floats(0, 0.2), blind=st.floats(0, 0.5))
def test_each_arm_comes_as_often_as_asked(seed: int, seeded: float, blind: float) -> None:
    n = 2000
    drawn = arms.draw(n, np.random.default_rng(seed), seeded=seeded, blind=blind)
    assert len(drawn) == n
    for arm, rate in ((Arm.SEEDED, seeded), (Arm.BLIND, blind)):
        assert abs(drawn.count(arm) - n * rate) <= 6.5 * np.sqrt(n * rate * (1 - rate)) + 1e-9


def test_the_same_seed_draws_the_same_arms() -> None:
    one, other = (arms.draw(300, np.random.default_rng(4), seeded=0.03, blind=0.1) for _ in range(2))
    assert one == other
    assert None in one


PROBA = arrays(np.float32, st.integers(2, 12), elements=st.floats(0, 1, width=32)).filter(lambda row: row.sum() > 0)


@given(PROBA)
def test_a_seeded_pre_label_names_the_second_class_as_surely_as_the_model_named_the_first(proba: np.ndarray) -> None:
    proba = proba / proba.sum()
    first, second = np.argsort(-proba, kind="stable")[:2]
    shown = arms.believed(proba)
    assert shown.argmax() == second != first
    assert np.isclose(shown[second], proba[first], rtol=1e-6)
    assert np.allclose(np.sort(shown), np.sort(proba), rtol=1e-6)
    assert shown[first] == np.sort(shown)[-2]
