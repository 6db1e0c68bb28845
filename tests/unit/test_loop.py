"""modicum.Loop as a notebook uses it."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

import modicum
from modicum import Loop
from modicum.errors import InputError, NotFoundError
from modicum.types import Route


def digits() -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return data.data.astype(np.float32), data.target


def test_learns_the_digits_from_fifty_labels() -> None:
    x, y = digits()
    loop = Loop(x, [str(k) for k in range(10)])
    for n in (20, 10, 10, 10):
        ids = loop.query(n)
        loop.teach(ids, [str(k) for k in y[ids]])
    assert len(loop.labels) == 50
    assert (loop.predict_proba().argmax(axis=1) == y).mean() > 0.88
    assert loop.predict()[0] == str(loop.predict_proba()[0].argmax())
    routes = loop.route()
    assert sum(route is None for route in routes) == 50
    sure = np.array([route is Route.VALIDATE for route in routes])
    assert (loop.predict_proba()[sure].max(axis=1) >= 0.9).all()
    assert (loop.predict_proba()[sure].argmax(axis=1) == y[sure]).mean() > 0.95


@given(seed=st.integers(0, 50), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5))
@settings(max_examples=15)
def test_never_asks_twice_and_asks_the_same_again(seed: int, sizes: list[int]) -> None:
    x = np.random.default_rng(seed).standard_normal((30, 4))

    def asked() -> list[list[int]]:
        loop, turns = Loop(x, ["a", "b", "c"], seed=seed), []
        for n in sizes:
            ids = loop.query(n)
            loop.teach(ids, [int(i) % 3 for i in ids])
            turns.append(ids.tolist())
        return turns

    turns = asked()
    everything = [i for turn in turns for i in turn]
    assert len(set(everything)) == len(everything) == min(30, sum(sizes))
    assert asked() == turns


def test_ids_of_ones_own() -> None:
    x = np.random.default_rng(0).standard_normal((20, 3))
    loop = Loop(x, ["a", "b"], ids=100 + np.arange(20))
    ids = loop.query(4)
    assert (ids >= 100).all()
    loop.teach(ids, ["a", "b", "a", "b"])
    assert loop.labels == dict(zip(ids.tolist(), ["a", "b", "a", "b"], strict=True))


def test_before_and_while_one_class_is_known_nothing_is_claimed() -> None:
    loop = Loop(np.random.default_rng(0).standard_normal((12, 3)), ["a", "b"])
    assert (loop.predict_proba() == 0.5).all()
    loop.teach(loop.query(3), ["a", "a", "a"])
    assert (loop.predict_proba() == 0.5).all()
    assert set(loop.route()) == {Route.HOLD, None}
    assert len(loop.query(20)) == 9


def test_teaching_again_corrects() -> None:
    loop = Loop(np.eye(4), ["a", "b"])
    loop.teach([0, 1], ["a", "b"])
    loop.teach([0], ["b"])
    assert loop.labels == {0: "b", 1: "b"}


def test_when_everything_is_labeled_there_is_nothing_to_ask() -> None:
    loop = Loop(np.eye(3), ["a", "b"])
    loop.teach([0, 1, 2], [0, 1, 0])
    assert len(loop.query(5)) == 0
    assert loop.route() == [None] * 3


@pytest.mark.parametrize(
    ("ids", "labels", "message"),
    [
        ([0, 1], ["a"], "one label per id"),
        ([99], ["a"], "no row has the id 99"),
        ([0], ["z"], "'z' is no class"),
        ([0], [2], "2 is no class"),
    ],
)
def test_wrong_lessons_teach_nothing(ids: list[int], labels: list[str], message: str) -> None:
    loop = Loop(np.eye(3), ["a", "b"])
    with pytest.raises(InputError, match=message):
        loop.teach(ids, labels)
    assert loop.labels == {}


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(InputError, match="at least two classes"):
        Loop(np.eye(3), ["a", "a"])
    with pytest.raises(InputError, match="at least one row"):
        Loop(np.empty((0, 3)), ["a", "b"])
    with pytest.raises(NotFoundError, match="wisdom"):
        Loop(np.eye(3), ["a", "b"], seed_strategy="wisdom").query(1)
    with pytest.raises(InputError, match="NaN"):
        Loop(np.full((4, 2), np.nan), ["a", "b"]).query(1)


def test_import_modicum_stays_light() -> None:
    code = "import sys, modicum; print(any(m in sys.modules for m in ('numpy', 'scipy', 'sklearn', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_public_names() -> None:
    assert modicum.__all__ == ["Loop", "__version__"]
    with pytest.raises(AttributeError, match="Lop"):
        _ = modicum.Lop
