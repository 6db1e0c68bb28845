"""Alarm: does a new batch differ from what is known, how sure is that, and in what: new content, other shares, other confidence.

Three views. A two-sample test notices content that is unlike all known classes, in whatever shares these come. The shares of the
classes are estimated from calibrated probabilities. Confidence tells of content that is harder than before though nothing is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from modicum.engine import heads
from modicum.engine.arrays import F32, F64, Floats, Ints, gather
from modicum.engine.cores import one_core
from modicum.engine.novelty import check, mahalanobis, thinned
from modicum.engine.propagate import neighbours
from modicum.engine.survey import frame
from modicum.types import Interval

LEVEL = 0.05
_SAMPLE = 3_000  # of each side
_PERMUTATIONS = 199
_NEIGHBOURS = 10
_FIFTH = 5
_LOCAL = 0.02  # the share of the sample in which a new kind of content is looked for
_STEPS = 60
_BOOTSTRAPS = 60
_DRAWS, _AT_MOST = 5, 6_000  # halves of the reference that are tried, and items they may have in all, the batch's among them
_HARDLY = 0.99
_NO_SHIFTS: tuple["Shift", ...] = ()

Bools = npt.NDArray[np.bool_]


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

    p: that the batch holds nothing but the known classes, in whatever shares; drift: p <= 0.05; shifts: by class, largest change
    first;
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
    from scipy.stats import ks_2samp  # takes a second to import, and a server starts without

    labels = check(reference, labels, batch)
    if len(batch) < 2 or len(reference) < 2:
        return Alarm(1.0, False, (), (0.0, 0.0), 1.0, ())
    known, codes, held, new = _sampled(reference, labels, batch, rng)
    if not held.any():
        return Alarm(1.0, False, (), (0.0, 0.0), 1.0, ())
    before, now = _probabilities(known, codes, held, new)
    p = _over_draws(known, codes, held, new, (before, now), rng)
    confidence = before.max(axis=1), now.max(axis=1)
    names_, counts = np.unique(labels, return_counts=True)
    shifts = _shifts(before, now, counts / len(labels), len(labels), names_, rng) if len(names_) > 1 else _NO_SHIFTS
    medians = (float(np.median(confidence[0])), float(np.median(confidence[1])))
    found = Alarm(p, p <= LEVEL, shifts, medians, float(ks_2samp(*confidence).pvalue), ())
    return replace(found, findings=_words(found, names or {}, new_items))


@one_core()
def new_content(reference: Floats, labels: Ints, batch: Floats, rng: np.random.Generator) -> float:
    """p of the hypothesis that a batch [n, d] holds nothing but the classes of the reference [m, d], in whatever shares; 1/200 at
    least, and 1 for fewer than two items of either. Raises InputError as `alarm` does."""
    labels = check(reference, labels, batch)
    if len(batch) < 2 or len(reference) < 2:
        return 1.0
    known, codes, held, new = _sampled(reference, labels, batch, rng)
    if not held.any():
        return 1.0
    return _over_draws(known, codes, held, new, _probabilities(known, codes, held, new), rng)


def _sampled(reference: Floats, labels: Ints, batch: Floats, rng: np.random.Generator) -> tuple[F32, Ints, Bools, F32]:
    """Some of the reference with class codes, which half of it is held out, and some of the batch."""
    rows = thinned(labels, 3 * _SAMPLE, rng)
    codes = np.unique(labels[rows], return_inverse=True)[1]
    return gather(reference, rows), codes, _held(codes, rng), gather(batch, np.sort(rng.permutation(len(batch))[:_SAMPLE]))


def _held(codes: Ints, rng: np.random.Generator) -> Bools:
    """Half of every class [m], drawn at random; nothing of a class with a single item."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    counts = np.bincount(codes)
    place = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = np.zeros(len(codes), dtype=bool)
    # Which half of an odd class is larger is drawn too, so that shares of halves and of the whole agree.
    held[order] = (place + np.repeat(rng.integers(0, 2, len(counts)), counts)) % 2 == 1
    held[order[(place == 0) & np.repeat(counts == 1, counts)]] = False
    return held


def _probabilities(known: F32, codes: Ints, held: Bools, new: F32) -> tuple[F64, F64]:
    """Class probabilities of the held half of the reference and of the batch, by a head fitted on the other half."""
    classes = int(codes.max()) + 1
    if classes == 1:
        return np.ones((int(held.sum()), 1)), np.ones((len(new), 1))
    head = heads.fit(known[~held], codes[~held], classes)
    before, now = (heads.predict_proba(head, x).astype(np.float64) for x in (known[held], new))
    return before, now


def _over_draws(known: F32, codes: Ints, held: Bools, new: F32, first: tuple[F64, F64], rng: np.random.Generator) -> float:
    """p of the test over several draws of its two halves, `first` the probabilities of the one that was drawn already.

    One small batch would otherwise raise the alarm or not by the luck of that draw. Of draws that depend on each other in ways
    nobody knows, the Cauchy combination is still a p (Liu & Xie 2020).
    """
    found = [_unlike(known, codes, held, new, *first, rng)]
    for _ in range(min(_DRAWS, _AT_MOST // (int(held.sum()) + len(new))) - 1):
        half = _held(codes, rng)
        found.append(_unlike(known, codes, half, new, *_probabilities(known, codes, half, new), rng))
    return combined(found)


def combined(found: Sequence[float]) -> float:
    """One p of several [k] that depend on each other (Cauchy combination, Liu & Xie 2020); never below the least of them.

    A p of 1 would outweigh all others together: none counts as more than 0.99.
    """
    tangents = np.tan((0.5 - np.minimum(found, _HARDLY)) * np.pi)
    return float(np.clip(0.5 - np.arctan(tangents.mean()) / np.pi, min(found), 1.0))


def _unlike(known: F32, codes: Ints, held: Bools, new: F32, before: F64, now: F64, rng: np.random.Generator) -> float:
    """The test behind `new_content`, on the held half of the reference and the batch, for one draw of that half.

    If only shares changed, the batch has w(x) times the density of the reference, w(x) = sum_c p(c|x) now_c / before_c. Items are
    dropped at random so that both keep the smaller of the two densities; what is left is one distribution unless content is new.
    """
    share = before.mean(axis=0)
    ratio = mlls(before, now, share) / np.maximum(share, 1e-9)
    sides = (known[held], rng.random(int(held.sum())) < before @ ratio), (new, rng.random(len(new)) * (now @ ratio) < 1)
    kept = [x[keep] for x, keep in sides]
    kept = [x[rng.permutation(len(x))[:_SAMPLE]] for x in kept]
    if min(len(x) for x in kept) < 2:
        return 1.0
    both = np.concatenate(kept)
    seen = frame(np.concatenate([known[~held], both]))
    placed = seen.place(both)
    return _permuted(placed, len(kept[0]), _strangeness(placed, seen.place(known[~held]), codes[~held]), rng)


def _strangeness(x: F32, r: F32, codes: Ints) -> F64:
    """How far rows [n, a] lie from labeled rows [m, a] that no other step looks at, two ways [n, 2]: relative Mahalanobis
    distance, and cosine distance to the fifth neighbour."""
    order = np.argsort(codes, kind="stable")
    codes = np.unique(codes[order], return_inverse=True)[1]
    _, nearest, outer = mahalanobis(x, r[order], codes)
    k = min(_FIFTH, len(r))
    far = np.concatenate([np.partition(1 - x[i : i + 1_024] @ r.T, k - 1, axis=1)[:, k - 1] for i in range(0, len(x), 1_024)])
    return np.stack([nearest - outer, far.astype(np.float64)], axis=1)


def _permuted(placed: F32, first: int, strange: F64, rng: np.random.Generator) -> float:
    """p of the hypothesis that rows up to `first` and from there on are one distribution; 1/200 at least.

    Of several statistics the most surprising counts, which is allowed for because every permutation is treated the same way:
    neighbours of one's own kind (Schilling 1986), regions that belong to the batch alone, and how many of the strangest twentieth
    are of the batch. Copies of reference items are no sign of a difference.
    """
    near = neighbours(placed, _NEIGHBOURS).near
    is_batch = np.arange(len(placed)) >= first
    tails = [np.argsort(-column)[: max(1, len(column) // 20)] for column in strange.T]
    labelings = [is_batch] + [rng.permutation(is_batch) for _ in range(_PERMUTATIONS)]
    table = np.array([_statistics(placed, near, tails, side) for side in labelings])
    # The rank of each statistic among all labelings makes them comparable; ties count against a difference.
    ranks = np.array([(table[:, None, j] <= table[None, :, j]).sum(axis=1) for j in range(table.shape[1])])
    best = ranks.min(axis=0)
    return float((best <= best[0]).sum() / len(best))


def _statistics(placed: F32, near: npt.NDArray[np.int32], tails: list[Ints], is_batch: Bools) -> tuple[float, ...]:
    around = is_batch[near].mean(axis=1) if near.shape[1] else np.zeros(len(placed))
    own = np.where(is_batch, around, 1 - around)
    inside = (around + around[near].mean(axis=1) if near.shape[1] else around)[is_batch]
    top = max(1, round(_LOCAL * len(placed)))
    local = np.sort(inside)[-top:].mean()
    return (float(own.mean()), float(local), *(float(is_batch[tail].mean()) for tail in tails))


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
    reach = float(ndtri(1 - LEVEL / (2 * len(names)))) * deviation
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
        lines.append(f"content that is unlike everything known (p = {alarm.p:.3f})")
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
