"""How far suggestions pull: the interval is Newcombe's, and it holds the truth as often as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.engine.bias import adoption_bias
from modicum.errors import InputError

COUNTS = st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_the_interval_is_the_published_one(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    """Newcombe 1998, table II, method 10."""
    found = adoption_bias(*one, *other)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(COUNTS, COUNTS)
def test_swapping_the_arms_turns_the_interval_round(one: tuple[int, int], other: tuple[int, int]) -> None:
    here, there = adoption_bias(*one, *other), adoption_bias(*other, *one)
    assert -1 <= here.low <= here.mean <= here.high <= 1
    assert (here.low, here.mean, here.high) == pytest.approx((-there.high, -there.mean, -there.low))


@pytest.mark.parametrize("pull", [0.0, 0.1, 0.4])
def test_a_planted_pull_is_recovered_at_the_promised_rate(pull: float) -> None:
    """400 items, half of them under either arm; without a suggestion one in twenty-five names that class by itself."""
    rng, right = np.random.default_rng(5), 0.04
    held = 0
    for _ in range(2000):
        followed, same = rng.binomial(200, right + (1 - right) * pull), rng.binomial(200, right)
        found = adoption_bias(int(followed), 200, int(same), 200)
        held += found.low <= (1 - right) * pull <= found.high
    assert held / 2000 >= 0.935


def test_an_arm_nobody_answered_says_nothing() -> None:
    assert (adoption_bias(0, 0, 3, 10).low, adoption_bias(0, 0, 3, 10).high) == (-1, 1)
    with pytest.raises(InputError, match="lie in 0"):
        adoption_bias(3, 2, 0, 1)
