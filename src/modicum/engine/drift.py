"""Alarm: does a new batch differ from what is known, how sure is that, and in what: new content, other shares, other confidence.

Three views. A two-sample test on the neighbour graph notices any change of content. The shares of the classes are estimated from
calibrated probabilities. Confidence tells of content that is harder than before though nothing is new.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import ks_2samp, norm

from modicum.engine import heads
from modicum.engine.arrays import F32, F64, Floats, Ints, gather
from modicum.engine.cores import one_core
from modicum.engine.novelty import check, thinned
from modicum.engine.propagate import neighbours
from modicum.engine.survey import frame
from modicum.types import Interval

LEVEL = 0.05
_SAMPLE = 3_000  # of each side
_PERMUTATIONS = 199
_NEIGHBOURS = 10
_LOCAL = 0.02  # the share of the sample in which a new kind of content is looked for
_STEPS = 60
_BOOTSTRAPS = 60
_NO_SHIFTS: tuple["Shift", ...] = ()


@dataclass(frozen=True)
class Shift:
    """One class: its share in the reference, and in the batch, estimated, with an interval that is joint for all classes."""

    label: int
    before: float
    now: Interval

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out the share before."""
        return not self.now.low <= self.before <= self.now.high


@dataclass(frozen=True)
class Alarm:
    """What was noticed of a batch.

    p: of the two-sample test, exact under permutation; drift: p <= 0.05; shifts: by class, largest change first;
    confidence: the median confidence on held-out reference items and on the batch; confidence_p: of the difference
    (Kolmogorov-Smirnov); findings: one plain line each, none when nothing was noticed.
    """

    p: float
    drift: bool
    shifts: tuple[Shift, ...]
    confidence: tuple[float, float]
    confidence_p: float
    findings: tuple[str, ...]


@one_core()
def alarm(
    reference: Floats,
    labels: Ints,
    batch: Floats,
    rng: np.random.Generator,
    *,
    names: dict[int, str] | None = None,
    new_items: Interval | None = None,
) -> Alarm:
    """Compare a batch [n, d] with labeled reference vectors [m, d]; `names` of class ids and `new_items`, the number of new items
    a triage found and expects, make the findings say more.

    Raises InputError for dims that differ, NaN, or an empty reference. A batch of fewer than two items raises no alarm.
    """
    labels = check(reference, labels, batch)
    if len(batch) < 2 or len(reference) < 2:
        return Alarm(1.0, False, (), (0.0, 0.0), 1.0, ())
    p = two_sample(reference, batch, rng)
    if len(np.unique(labels)) < 2:
        shifts, confidence, confidence_p = _NO_SHIFTS, (1.0, 1.0), 1.0
    else:
        shifts, confidence, confidence_p = _classes(reference, labels, batch, rng)
    found = Alarm(p, p <= LEVEL, shifts, confidence, confidence_p, ())
    return Alarm(p, p <= LEVEL, shifts, confidence, confidence_p, _words(found, names or {}, new_items))


def two_sample(reference: Floats, batch: Floats, rng: np.random.Generator) -> float:
    """p of the hypothesis that reference [m, d] and batch [n, d] are one distribution; 1/200 at least.

    Three statistics on at most 3,000 of each, of which the most surprising counts, which is allowed for because every permutation
    is treated the same way: neighbours of one's own kind (Schilling 1986), regions that belong to the batch alone, and the
    distance of the means. Copies of reference items in the batch are no sign of a difference.
    """
    rows = [rng.permutation(len(x))[:_SAMPLE] for x in (reference, batch)]
    both = np.concatenate([gather(x, np.sort(part)) for x, part in zip((reference, batch), rows, strict=True)])
    placed = frame(both).place(both)
    near = neighbours(placed, _NEIGHBOURS).near
    is_batch = np.arange(len(both)) >= len(rows[0])
    labelings = [is_batch] + [rng.permutation(is_batch) for _ in range(_PERMUTATIONS)]
    table = np.array([_statistics(placed, near, side) for side in labelings])
    # The rank of each statistic among all labelings makes them comparable; ties count against a difference.
    ranks = np.array([(table[:, None, j] <= table[None, :, j]).sum(axis=1) for j in range(table.shape[1])])
    best = ranks.min(axis=0)
    return float((best <= best[0]).sum() / len(best))


def _statistics(placed: F32, near: npt.NDArray[np.int32], is_batch: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    around = is_batch[near].mean(axis=1) if near.shape[1] else np.zeros(len(placed))
    own = np.where(is_batch, around, 1 - around)
    inside = (around + around[near].mean(axis=1) if near.shape[1] else around)[is_batch]
    top = max(1, round(_LOCAL * len(placed)))
    local = np.sort(inside)[-top:].mean()
    gap = placed[is_batch].mean(axis=0) - placed[~is_batch].mean(axis=0)
    return float(own.mean()), float(local), float(gap @ gap)


def _classes(
    reference: Floats, labels: Ints, batch: Floats, rng: np.random.Generator
) -> tuple[tuple[Shift, ...], tuple[float, float], float]:
    """Shifts by class, and confidence on held-out reference items and on the batch, under one head."""
    rows = thinned(labels, 2 * _SAMPLE, rng)
    names, codes = np.unique(labels[rows], return_inverse=True)
    held = rng.random(len(rows)) < 1 / 3
    if not held.any() or held.all() or len(np.unique(codes[~held])) < len(names):
        held = np.zeros(len(rows), dtype=bool)
        held[1::3] = True
    head = heads.fit(gather(reference, rows[~held]), codes[~held], len(names))
    before = heads.predict_proba(head, reference, rows=rows[held])
    now = heads.predict_proba(head, batch, rows=np.sort(rng.permutation(len(batch))[: 2 * _SAMPLE]))
    share = np.bincount(np.searchsorted(names, labels), minlength=len(names)) / len(labels)
    shifts = _shifts(before.astype(np.float64), now.astype(np.float64), share, len(labels), names, rng)
    confidence = before.max(axis=1), now.max(axis=1)
    test = float(ks_2samp(*confidence).pvalue)
    return shifts, (float(np.median(confidence[0])), float(np.median(confidence[1]))), test


def _shifts(before: F64, now: F64, share: F64, size: int, names: Ints, rng: np.random.Generator) -> tuple[Shift, ...]:
    """Shares of the classes in the batch, by maximum likelihood on probabilities (Saerens, Latinne & Decaestecker 2002).

    The interval is the bootstrap's deviation over both samples and the chance in `share` itself, at a level divided by the number
    of classes: that any class is called changed though none is has a chance of 5% (Bonferroni).
    """
    estimate = mlls(before, now, share)
    draws = np.array(
        [
            mlls(before[rng.integers(0, len(before), len(before))], now[rng.integers(0, len(now), len(now))], share)
            for _ in range(_BOOTSTRAPS)
        ]
    )
    deviation = np.sqrt(draws.var(axis=0, ddof=1) + share * (1 - share) / size + 1 / (len(now) * len(now)))
    reach = float(norm.ppf(1 - LEVEL / (2 * len(names)))) * deviation
    order = np.argsort(-np.abs(estimate - share), kind="stable")
    return tuple(
        Shift(
            int(names[c]),
            float(share[c]),
            Interval(
                mean=float(estimate[c]),
                low=float(max(0.0, estimate[c] - reach[c])),
                high=float(min(1.0, estimate[c] + reach[c])),
                n=len(now),
            ),
        )
        for c in order
    )


def mlls(before: F64, now: F64, share: F64) -> F64:
    """Class shares [c] of items with probabilities now [n, c]; of items with these shares [c] the model says before [m, c]."""
    ratio = now / np.maximum(before.mean(axis=0), 1e-9)
    answer = share
    for _ in range(_STEPS):
        posterior = ratio * answer
        posterior /= np.maximum(posterior.sum(axis=1, keepdims=True), 1e-300)
        answer = posterior.mean(axis=0)
    return np.asarray(answer, dtype=np.float64)


def _words(alarm: Alarm, names: dict[int, str], new_items: Interval | None) -> tuple[str, ...]:
    lines = []
    if new_items is not None and new_items.mean >= 1:
        lines.append(f"new kind of content, about {new_items.mean:.0f} items ({new_items.low:.0f} to {new_items.high:.0f})")
    elif alarm.drift and new_items is None:
        lines.append(f"the content differs from what is known (p = {alarm.p:.3f})")
    if alarm.drift:
        for shift in alarm.shifts:
            if shift.clear:
                what = "more" if shift.now.mean > shift.before else "less"
                name = names.get(shift.label, f"class {shift.label}")
                lines.append(f"{what} of {name} than usual: {shift.now.mean:.1%} instead of {shift.before:.1%}")
    if alarm.confidence_p <= LEVEL and alarm.confidence[1] < alarm.confidence[0]:
        lines.append(f"predictions are less sure than usual: {alarm.confidence[1]:.2f} instead of {alarm.confidence[0]:.2f}")
    elif alarm.drift and not lines:
        lines.append(f"the same content looks different (p = {alarm.p:.3f})")
    return tuple(lines)
