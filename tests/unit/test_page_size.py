"""The size of a Validate page suits how many of its class are wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.engine.routing import page_size
from modicum.errors import InputError


@given(st.integers(0, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_pages_are_whole_rows_within_what_a_person_can_take_in(seen: tuple[int, int]) -> None:
    size = page_size(*seen)
    assert 12 <= size <= 200
    assert size % 12 == 0


@pytest.mark.parametrize("share", [0.01, 0.02, 0.05, 0.1])
def test_one_or_two_wrong_ones_are_to_be_expected(share: float) -> None:
    assert 1 <= page_size(round(4000 * share), 4000) * share <= 2


def test_a_class_nothing_is_known_about_gets_sixty() -> None:
    assert page_size(0, 0) == 60
    assert page_size(0, 2000) == 192
    assert page_size(50, 100) == 12


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 50))
def test_more_wrong_ones_never_make_a_larger_page(wrong: int, right: int, more: int) -> None:
    looked = wrong + right + more
    assert page_size(wrong + more, looked) <= page_size(wrong, looked)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InputError, match="received 3 of 2"):
        page_size(3, 2)
