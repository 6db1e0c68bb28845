"""The two arms that measure anchoring: some pre-labels are made wrong on purpose, and some are kept back."""

import numpy as np

from modicum.engine.arrays import F32
from modicum.types import Arm


def draw(n: int, rng: np.random.Generator, *, seeded: float, blind: float) -> list[Arm | None]:
    """An arm for each of n tasks, drawn independently: seeded and blind at these rates, none for all the others.

    What a task shows is decided by chance alone, so the arms differ in nothing but the pre-label.
    """
    drawn = rng.random(n)
    return [Arm.SEEDED if u < seeded else Arm.BLIND if u < seeded + blind else None for u in drawn]


def believed(proba: F32) -> F32:
    """Probabilities [c] of an item as they would be if the model took its second likeliest class for the likeliest."""
    first, second = np.argsort(-proba, kind="stable")[:2]
    answer = proba.copy()
    answer[[first, second]] = proba[[second, first]]
    if proba[first] == proba[second]:
        answer[second] = np.nextafter(proba[second], np.float32(2))
    return answer
