"""A confirmed page of Validate: sixty labels of one class, asked because the model was sure of it. They must not bend it."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from modicum.engine.loop import Loop


@pytest.mark.parametrize("seed", range(3))
def test_a_confirmed_page_of_one_class_leaves_the_others_as_they_were(seed: int) -> None:
    data, actual = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(actual))
    test, train = order[:500], order[500:]
    loop = Loop(data[train].astype(np.float32), [str(k) for k in range(10)], seed=seed)
    for _ in range(5):
        rows = loop.query(20)
        loop.teach(rows, actual[train][rows])
    before = loop.predict_proba(data[test].astype(np.float32))
    sure = loop.predict_proba()
    unlabeled = np.array([row for row in np.argsort(-sure[:, 0]) if row not in loop.labels])
    loop.teach(unlabeled[:60], actual[train][unlabeled[:60]])
    after = loop.predict_proba(data[test].astype(np.float32))
    right = [float((proba.argmax(axis=1) == actual[test]).mean()) for proba in (before, after)]
    assert right[1] > right[0] - 0.02, "accuracy fell because one class has many labels"
    is_zero = [float((proba.argmax(axis=1) == 0).mean()) for proba in (before, after)]
    assert is_zero[1] < is_zero[0] + 0.02, "the model sees the confirmed class everywhere"
    confident = [float((proba.max(axis=1) >= 0.9).mean()) for proba in (before, after)]
    assert confident[1] > confident[0] - 0.1, "the model lost its confidence in the other classes"
