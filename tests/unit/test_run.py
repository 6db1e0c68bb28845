"""run.map keeps the order, keeps the distance to its source short, and ends when told."""

import threading
from collections.abc import Iterator

import pytest

from modicum import run


def test_results_come_in_the_order_of_the_batches() -> None:
    turn = threading.Event()

    def late_for_zero(number: int) -> int:
        if number == 0:
            turn.wait(10)
        if number == 1:
            turn.set()
        return number * number

    assert list(run.map(late_for_zero, range(20), 2)) == [n * n for n in range(20)]


def test_it_takes_only_a_few_batches_ahead() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = run.map(lambda n: n, source(), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) <= 3 + 2 + 2
    results.close()
    assert len(taken) <= 3 + 2 + 2


def test_an_error_is_raised_at_its_place() -> None:
    def fails_at_five(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        return number

    results = run.map(fails_at_five, range(100), 3)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
    assert threading.active_count() < 50
