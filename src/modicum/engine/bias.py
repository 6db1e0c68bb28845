"""Automation bias: how much more often people say what a wrong pre-label suggested than people who did not see it."""

import numpy as np

from modicum.engine.evaluate import wilson
from modicum.errors import InputError
from modicum.types import Interval


def adoption_bias(adopted: int, shown: int, agreed: int, blind: int, confidence: float = 0.95) -> Interval:
    """P(final = suggestion | wrong, shown) - P(final = suggestion | wrong, blind), with its interval.

    `adopted` of `shown` items whose wrong pre-label was shown ended with it; `agreed` of `blind` items ended with the same kind
    of wrong pre-label though nobody saw it. Newcombe's score interval for a difference of two shares (1998, method 10). Its mean
    lies in -1..1. Without items in one of the arms it is -1..1. Raises InputError for counts that cannot be.
    """
    if shown < 0 or blind < 0:
        raise InputError(f"items are counted from 0, received {shown} shown and {blind} blind")
    one, other = wilson(adopted, shown, confidence), wilson(agreed, blind, confidence)
    if not shown or not blind:
        return Interval(mean=0.0, low=-1.0, high=1.0, n=shown + blind)
    gap = one.mean - other.mean
    below = float(np.hypot(one.mean - one.low, other.high - other.mean))
    above = float(np.hypot(one.high - one.mean, other.mean - other.low))
    return Interval(mean=gap, low=max(-1.0, gap - below), high=min(1.0, gap + above), n=shown + blind)
