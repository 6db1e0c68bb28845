"""When to stop: have the predictions settled, and what would the next labels bring?"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F64, Ints
from modicum.errors import InputError
from modicum.types import Interval

SETTLED = 0.99  # agreement from which further labels hardly change a prediction (Bloodgood & Vijay-Shanker 2009)
ROUNDS = 3  # over which it is averaged
_LEAST_ROUNDS = 4
_LEAST_ITEMS = 20
_DRAWS = 400
# Set by the gains that two runs each on three data sets really had; benchmarks/forecast.py measures the coverage on others.
_REACH = 1.25
_SCATTER = 0.25


def agreement(before: Ints, after: Ints) -> float:
    """Cohen's kappa of two models' class ids [n] for the same items: 1 when they agree in all, 0 when only by chance (1960)."""
    if before.shape != after.shape or not len(before):
        raise InputError(f"two rows of class ids of the same items, received {list(before.shape)} and {list(after.shape)}")
    n_classes = int(max(before.max(), after.max())) + 1
    same = float((before == after).mean())
    shares = [np.bincount(ids, minlength=n_classes) / len(ids) for ids in (before, after)]
    chance = float(shares[0] @ shares[1])
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)


def settled(agreements: Sequence[float]) -> bool:
    """Whether labeling may stop: the last three rounds agree with their predecessors in nearly everything.

    `agreements` are those of successive models on the same unlabeled items, oldest first (Bloodgood & Vijay-Shanker 2009).
    """
    return len(agreements) >= ROUNDS and float(np.mean(agreements[-ROUNDS:])) >= SETTLED


def gain(
    labels: Ints, right: npt.NDArray[np.bool_], more: int, rng: np.random.Generator, *, changed: float = 1.0
) -> Interval | None:
    """How much accuracy `more` labels would add to the newest model, with its 95% interval; none while too little is known.

    labels  int [k]      how many labels each model of this project had, rising
    right   bool [k, h]  whether each of them is right on each item of the blind holdout
    changed              share of predictions that one model changes of the one before: accuracy cannot scatter by more

    A power law, error = b * labels^-a, goes through the models, the later ones with more weight, and on to `more` labels. Chosen
    labels bring most at first, so their curve flattens sooner: between nothing and a little more than the law's gain is expected,
    all alike. The interval holds this, what another holdout would have shown (the items are drawn again, all models at once)
    and how far models scatter around a curve. None below four models, twenty items, or before the labels have doubled.
    """
    if right.shape[:1] != labels.shape or right.ndim != 2 or (np.diff(labels) <= 0).any():
        raise InputError(f"rising numbers of labels [k] and right [k, h], received {labels.tolist()} and {list(right.shape)}")
    if more < 1:
        raise InputError(f"a gain of at least 1 label can be asked for, received {more}")
    k, h = right.shape
    if k < _LEAST_ROUNDS or h < _LEAST_ITEMS or labels[-1] < 2 * labels[0]:
        return None
    wrong = (~right).T.astype(np.float64)
    draws = rng.multinomial(h, np.full(h, 1 / h), size=_DRAWS)
    # Half an error more: a model that was right on all the items is not known to be perfect.
    seen, drawn = (wrong.sum(axis=0)[None] + 0.5) / (h + 1), (draws @ wrong + 0.5) / (h + 1)
    now, then = np.log(labels[-1]), np.log(labels[-1] + more)
    level, slope = _curves(labels, drawn)
    gains = np.exp(level + slope * now) - np.exp(level + slope * then)
    around = _off(labels, drawn, level, slope).mean()
    level, slope = _curves(labels, seen)
    expected = _REACH / 2 * float((np.exp(level + slope * now) - np.exp(level + slope * then))[0])
    # Models lie off the curve because they scatter and because the items were drawn. Drawing again adds the second part once
    # more, so what it adds is what has to be taken away; the draws themselves stand for it.
    off = float(_off(labels, seen, level, slope)[0])
    error = float(np.exp(level + slope * now)[0])
    scatter = np.sqrt(min(max(0.0, 2 * off - around), changed**2 / 2) + _SCATTER**2 * error * (1 - error) / labels[-1])
    gains = gains * rng.uniform(0, _REACH, _DRAWS) + scatter * rng.standard_normal(_DRAWS)
    low, high = np.quantile(gains, [0.025, 0.975])
    return Interval(mean=expected, low=float(min(low, expected)), high=float(max(high, expected)), n=h)


def _curves(labels: Ints, errors: F64) -> tuple[F64, F64]:
    """(level, slope) of log error over log labels, for each row of errors [m, k]; the slope is never above 0."""
    weights, x, y = labels / labels.sum(), np.log(labels), np.log(errors)
    gap = x - weights @ x
    slope = np.minimum((y * weights * gap).sum(axis=1) / (weights @ gap**2), 0)
    return np.asarray(y @ weights - slope * (weights @ x)), np.asarray(slope)


def _off(labels: Ints, errors: F64, level: F64, slope: F64) -> F64:
    """Mean square distance [m] of each row of errors [m, k] from its curve."""
    gaps = errors - np.exp(level[:, None] + slope[:, None] * np.log(labels))
    return np.asarray(gaps**2 @ (labels / labels.sum()) * len(labels) / (len(labels) - 2), dtype=np.float64)
