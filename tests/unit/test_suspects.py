"""Label errors: planted ones come first, and nothing is claimed where nothing can be known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.engine.arrays import gather
from modicum.engine.survey import survey
from modicum.engine.suspects import LEAST, Suspects, contradicted, out_of_sample
from modicum.errors import InputError


def groups(per_class: int, n_classes: int, rng: np.random.Generator, dims: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Vectors that tell the classes apart well, but not perfectly, in random order."""
    labels = rng.permutation(np.repeat(np.arange(n_classes), per_class))
    centres = np.eye(n_classes, dims) * 3
    return (centres[labels] + rng.standard_normal((len(labels), dims)) * 0.6).astype(np.float32), labels


def hunt(vectors: np.ndarray, rows: np.ndarray, labels: np.ndarray, n_classes: int, seed: int = 0) -> Suspects:
    rng = np.random.default_rng(seed)
    seen = survey(vectors, rng)
    proba = out_of_sample(vectors, rows, labels, n_classes, rng, seen)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-4)
    return contradicted(proba, labels, seen.frame.place(gather(vectors, rows)), seen.placed)


def test_planted_errors_are_found_and_explained() -> None:
    rng = np.random.default_rng(3)
    vectors, truth = groups(60, 4, rng)
    rows = np.sort(rng.choice(len(vectors), 120, replace=False))
    labels = truth[rows].copy()
    wrong = rng.choice(len(rows), 8, replace=False)
    labels[wrong] = (labels[wrong] + 1) % 4
    found = hunt(vectors, rows, labels, 4)
    listed = set(found.places.tolist())
    assert len(listed & set(wrong.tolist())) >= 7, "nearly all planted errors are listed"
    assert len(listed) <= 10, "and hardly anything else"
    at = [place for place, label in enumerate(found.places) if label in wrong]
    assert (found.suggested[at] == truth[rows][found.places[at]]).all(), "the class they had before is suggested"
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert ((found.confidence > 0) & (found.confidence <= 1)).all()
    assert (found.near[at] >= 0).all()
    assert all(place not in near for place, near in zip(found.places, found.near, strict=True)), "nobody is its own neighbour"
    neighbours = labels[found.near[at]] == found.suggested[at][:, None]
    assert neighbours.mean() > 0.8, "the neighbours say the same"


def test_labels_that_are_right_are_left_alone() -> None:
    rng = np.random.default_rng(4)
    vectors, truth = groups(40, 5, rng)
    assert len(hunt(vectors, np.arange(len(truth)), truth, 5)) <= 2


def test_what_drags_along_more_comes_first() -> None:
    """Two labels contradicted alike: the one that is nearest to most of the unlabeled items goes first."""
    angle = np.array([0.0, 0.1, -0.1, 0.2, -0.2, 1.5, 1.6, 1.4, 1.7, 1.3, 0.6, -0.6])
    placed = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    labels = np.array([0] * 5 + [1] * 5 + [1, 1])
    proba = np.where(np.eye(2)[labels] > 0, 0.9, 0.1).astype(np.float32)
    proba[10:] = [0.95, 0.05]
    for crowd, first in ((0.6, 10), (-0.6, 11)):
        others = np.repeat([[np.cos(crowd), np.sin(crowd)]], 30, axis=0).astype(np.float32)
        found = contradicted(proba, labels, placed, others)
        assert set(found.places.tolist()) == {10, 11}
        assert found.places[0] == first


@pytest.mark.parametrize("counts", [[], [1], [30], [30, 4], [4, 4, 4, 4], [1] * 20])
def test_few_labels_accuse_nobody(counts: list[int]) -> None:
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int64)
    vectors = rng.standard_normal((60, 8)).astype(np.float32)
    found = hunt(vectors, np.arange(len(labels)), labels, max(len(counts), 1))
    assert len(found) == 0
    assert str(LEAST) in found.hint


def test_a_poor_model_accuses_nobody() -> None:
    rng = np.random.default_rng(6)
    found = hunt(rng.standard_normal((80, 8)).astype(np.float32), np.arange(80), rng.integers(0, 4, 80), 4)
    assert len(found) == 0
    assert "too few to contradict" in found.hint


def test_a_class_with_one_label_is_neither_accused_nor_suggested() -> None:
    rng = np.random.default_rng(7)
    vectors, truth = groups(20, 3, rng)
    labels = truth.copy()
    labels[0] = 3
    found = hunt(vectors, np.arange(len(labels)), labels, 5)
    assert 0 not in found.places
    assert not np.isin(found.suggested, [3, 4]).any()


def test_the_same_seed_finds_the_same() -> None:
    rng = np.random.default_rng(8)
    vectors, truth = groups(30, 3, rng)
    labels = truth.copy()
    labels[:5] = (labels[:5] + 1) % 3
    one, two = (hunt(vectors, np.arange(len(labels)), labels, 3, seed=9) for _ in range(2))
    np.testing.assert_array_equal(one.places, two.places)
    np.testing.assert_array_equal(one.score, two.score)


@settings(max_examples=25, deadline=None)
@given(
    labels=st.lists(st.integers(0, 5), min_size=1, max_size=40),
    copies=st.booleans(),
    seed=st.integers(0, 100),
)
def test_any_labels_have_an_answer(labels: list[int], copies: bool, seed: int) -> None:
    """Odd sets of labels, and vectors that are all the same: figures stay finite, and only labels there are get listed."""
    rng = np.random.default_rng(seed)
    vectors = np.ones((50, 6), np.float32) if copies else rng.standard_normal((50, 6)).astype(np.float32)
    rows = rng.choice(50, len(labels), replace=False)
    given_labels = np.array(labels)
    found = hunt(vectors, rows, given_labels, 6)
    assert len(np.unique(found.places)) == len(found)
    assert np.isfinite(found.score).all()
    assert (found.suggested != given_labels[found.places]).all()


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="one label and one vector"):
        contradicted(np.ones((3, 2), np.float32), np.zeros(2, np.int64), np.ones((3, 2), np.float32), np.ones((1, 2), np.float32))
