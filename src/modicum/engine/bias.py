"""How far pre-labels pull people: what is answered under a wrong one, against what is answered without one."""

import numpy as np

from modicum.engine.evaluate import wilson
from modicum.types import Interval


def adoption(followed: int, seeded: int, same: int, blind: int, confidence: float = 0.95) -> Interval:
    """P(answer = suggestion | wrong, shown) - P(answer = same class | blind): from -1 to 1, and 0 when nobody is pulled.

    `followed` of `seeded` answers under a planted suggestion name its class; `same` of `blind` answers without one name the
    class that would have been planted. Chance decides which items go into which arm, so the second share takes off what the
    class is right by accident. Hybrid score interval (Newcombe 1998, method 10), [-1, 1] while an arm is empty. Raises
    InputError unless the counts lie in 0..n.
    """
    one, other = wilson(followed, seeded, confidence), wilson(same, blind, confidence)
    n = seeded + blind
    if not seeded or not blind:
        return Interval(mean=0.0, low=-1.0, high=1.0, n=n)
    difference = one.mean - other.mean
    down = float(np.hypot(one.mean - one.low, other.high - other.mean))
    up = float(np.hypot(one.high - one.mean, other.mean - other.low))
    return Interval(mean=difference, low=max(-1.0, difference - down), high=min(1.0, difference + up), n=n)
