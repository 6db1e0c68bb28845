"""A look at a draw that may be looked at after every label: how far it has come, without certifying anything yet."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modicum.engine.bounds import allowed, log_wealth
from modicum.engine.certify import Refusal, check, latest, share
from modicum.engine.ladder import cautious


@dataclass(frozen=True)
class Look:
    """What an anytime draw shows so far: the items it covers, 0 for none yet, and how near the next threshold is, from 0 to 1."""

    covered: int
    evidence: float


def look(
    ids: npt.ArrayLike, scores: npt.ArrayLike, calibration: npt.ArrayLike, wrong: npt.ArrayLike, *, error: float,
    confidence: float, pilot: int = 0, floor: float = -np.inf, round: int = 1,
) -> Look:  # fmt: skip
    """A look at what `anytime` would certify now. Arguments as there; looking costs nothing, however often."""
    sample = check(ids, scores, calibration, wrong, pilot, floor, None)
    if isinstance(sample, Refusal):
        return Look(0, 0.0)
    delta = share(1 - confidence, round)
    steps = cautious(sample.frame, int(sample.drawn.sum()), sample.pilot_scores, sample.pilot_wrong, error)
    drawn, flags = sample.order_scores[pilot:], sample.order_wrong[pilot:]
    last = latest(steps, drawn, flags, error, delta)
    covered, coming = (0, 0) if last is None else (int(steps.sizes[last]), last + 1)
    if coming == len(steps.sizes):
        return Look(covered, 1.0)
    size = int(steps.sizes[coming])
    wealth = log_wealth(flags[drawn >= steps.thresholds[coming]], size, min(allowed(error, size) + 1, size)).max()
    return Look(covered, float(np.clip(wealth / -np.log(delta), 0, 1)))
