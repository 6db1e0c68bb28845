"""Certificates: auto-labels with a proven share of errors, from calibration items drawn at random and shown blind.

What a certificate counts: the labels the model gives to items at or above a threshold, M of them, those it gives to calibration
items included: people have corrected these, so what is exported is as good or better. Each statement is true with probability 1
- delta over the draw, for any model, any scores and any errors: `whole_pool`: at most error * N of them are wrong, N all items
(PAC labels, Candes et al. 2025); `selective` and `anytime`: at most error * M are.

Why it is exact. Frame and thresholds are fixed before the draw, from scores and pilot. For `whole_pool` and `selective` the draw
bounds the wrong items above *every* threshold at once (`band`), so that the loosest whose bound fits may be taken: nothing is
lost to trying many, and none has to be passed before another. `anytime` keeps a wealth for each threshold, which reaches
1/delta with probability at most delta if more than error * M above it are wrong, whenever one looks; testing from strict to
loose until the first failure then errs only where the first hypothesis that is true is rejected (fixed sequence, as in
Learn-then-Test, Angelopoulos et al. 2021).
"""

import hashlib
import struct
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypedDict, Unpack, get_args

import numpy as np
import numpy.typing as npt

from modicum.engine.arrays import F64, Ints
from modicum.engine.band import band
from modicum.engine.bounds import allowed, log_wealth, needed, still_to_draw
from modicum.engine.ladder import Ladder, cautious, ladder
from modicum.errors import InputError

Method = Literal["whole-pool", "selective", "anytime"]
METHODS: Final = get_args(Method)
STRICTEST: Final = 0.1  # of the frame: thresholds that let fewer items in are not judged, which sharpens the others
Reason = Literal["input", "no-calibration", "one-class", "duplicates", "too-few", "too-many-wrong", "changed"]


class Details(TypedDict, total=False):
    """Keywords of the three methods, as `selective` explains them."""

    pilot: int
    floor: float
    labels: npt.ArrayLike | None
    round: int
    seed: int
    model: str
    schema: str
    offsets: tuple[float, ...]


@dataclass(frozen=True)
class Certificate:
    """A proven statement about auto-labels with all it rests on; `verify.read_facts` reads it back, `verify.verify`
    recomputes it from `to_facts()` alone.

    size: items in the pool; covered: items with score >= threshold that are not in the pilot: those the statement counts. ids,
    scores, wrong: the calibration draw in its order; its first `pilot` only placed the thresholds. floor: the rest was drawn
    uniformly from the `frame` items of score >= floor that are not in the pilot. ladder: tested thresholds, strict to loose,
    each with the number of frame items at or above it. round: how many models were certified on this budget (`share`). sha256:
    of the pool's ids and scores.
    """

    statement: str
    method: Method
    error: float
    confidence: float
    round: int
    size: int
    covered: int
    threshold: float
    floor: float
    frame: int
    pilot: int
    ladder: tuple[tuple[float, int], ...]
    ids: tuple[int, ...]
    scores: tuple[float, ...]
    wrong: tuple[bool, ...]
    sha256: str
    model: str
    schema: str
    seed: int
    offsets: tuple[float, ...] = ()

    def to_facts(self) -> dict[str, Any]:
        """As plain values that JSON holds; an open floor is None."""
        facts: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        facts |= {name: list(facts[name]) for name in ("ids", "scores", "wrong", "offsets")}
        return facts | {"ladder": [list(step) for step in self.ladder], "floor": None if self.floor == -np.inf else self.floor}


@dataclass(frozen=True)
class Refusal:
    """No certificate, and why. `more`: about so many more calibration items would do at the error rate seen; None: none would."""

    reason: Reason
    message: str
    more: int | None = None


@dataclass(frozen=True, eq=False)
class Sample:
    """A checked pool and calibration draw, sorted by score, best first. `drawn` and `wrong` are per frame item."""

    ids: Ints
    scores: F64
    size: int
    frame: F64
    drawn: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]
    pilot_scores: F64
    pilot_wrong: npt.NDArray[np.bool_]
    order: Ints
    order_scores: F64
    order_wrong: npt.NDArray[np.bool_]


def draw(ids: npt.ArrayLike, n: int, rng: np.random.Generator) -> Ints:
    """Up to n of these ids, uniformly at random without replacement, in the order drawn.

    The same ids in any order and the same rng give the same order whatever n is, so a draw is prolonged by asking for more with
    the same seed, and its first k are a uniform draw themselves.
    """
    ordered = np.sort(np.asarray(ids, dtype=np.int64))
    return rng.permutation(ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]])[: max(n, 0)]


def share(delta: float, round: int) -> float:
    """What the r-th model on one budget may spend: 6 delta / (pi^2 r^2). All rounds for ever together spend delta.

    Each round needs fresh calibration labels.
    """
    if round < 1:
        raise InputError(f"rounds count from 1, received {round}")
    return 6 * delta / (np.pi**2 * round**2)


def fingerprint(ids: npt.ArrayLike, scores: npt.ArrayLike) -> str:
    """sha256 over (id, score) of all items in the order of their ids: the same in any order of rows."""
    i, s = np.asarray(ids, dtype="<i8"), np.asarray(scores, dtype="<f8")
    order = np.argsort(i, kind="stable")
    digest = hashlib.sha256(struct.pack("<q", len(i)))
    digest.update(np.ascontiguousarray(i[order]).tobytes())
    digest.update(np.ascontiguousarray(s[order]).tobytes())
    return digest.hexdigest()


def whole_pool(
    ids: npt.ArrayLike,
    scores: npt.ArrayLike,
    calibration: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    error: float,
    confidence: float,
    **rest: Unpack[Details],
) -> Certificate | Refusal:
    """Certify that the auto-labels hold at most error * N wrong ones, N all items: people label those that are not covered.

    Arguments as for `selective`.
    """
    return _certify("whole-pool", ids, scores, calibration, wrong, error, confidence, **rest)


def selective(
    ids: npt.ArrayLike,
    scores: npt.ArrayLike,
    calibration: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    error: float,
    confidence: float,
    **rest: Unpack[Details],
) -> Certificate | Refusal:
    """Certify that at most a share `error` of the auto-labels is wrong, with probability `confidence`.

    ids [N] and scores [N] (the surer, the higher; a calibrated confidence works best) are the pool with the calibration items in
    it. calibration [K] are ids in the order drawn, wrong [K] whether the model's class was not the person's. Keywords: `pilot`
    (the first so many of the draw came from the whole pool and only place the thresholds), `floor` (the others were drawn from
    the items with at least this score; see `ladder.focus`), `labels` [K] class ids people gave, `round`, `seed`, `model`,
    `schema`, `offsets`: kept.
    """
    return _certify("selective", ids, scores, calibration, wrong, error, confidence, **rest)


def anytime(
    ids: npt.ArrayLike,
    scores: npt.ArrayLike,
    calibration: npt.ArrayLike,
    wrong: npt.ArrayLike,
    *,
    error: float,
    confidence: float,
    **rest: Unpack[Details],
) -> Certificate | Refusal:
    """The statement of `selective`, for a team that looks after every label and stops when it likes.

    Each threshold keeps its own wealth, which tells as soon as it reaches 1 / delta (Ville 1939): seeing the draws so far once
    or a thousand times makes no difference. `pilot` and `floor` must be settled before the first look. Arguments as for
    `selective`.
    """
    return _certify("anytime", ids, scores, calibration, wrong, error, confidence, **rest)


def _certify(
    method: Method, ids: npt.ArrayLike, scores: npt.ArrayLike, calibration: npt.ArrayLike, wrong: npt.ArrayLike, error: float,
    confidence: float, *, pilot: int = 0, floor: float = -np.inf, labels: npt.ArrayLike | None = None, round: int = 1,
    seed: int = 0, model: str = "", schema: str = "", offsets: tuple[float, ...] = (),
) -> Certificate | Refusal:  # fmt: skip
    if not (0 < error < 1 and 0 < confidence < 1):
        raise InputError(f"error and confidence lie between 0 and 1, received {error} and {confidence}")
    sample = check(ids, scores, calibration, wrong, pilot, floor, labels)
    if isinstance(sample, Refusal):
        return sample
    delta = share(1 - confidence, round)
    draws = int(sample.drawn.sum())
    if method == "anytime":
        steps = cautious(sample.frame, draws, sample.pilot_scores, sample.pilot_wrong, error)
    else:
        steps = ladder(sample.frame, draws)
    n, k = np.cumsum(sample.drawn, dtype=np.int64)[steps.sizes - 1], np.cumsum(sample.wrong, dtype=np.int64)[steps.sizes - 1]
    if method == "anytime":
        last = latest(steps, sample.order_scores[pilot:], sample.order_wrong[pilot:], error, delta)
    else:
        last = passed(method, steps, k, error, delta, sample.size)
    if last is None:
        return _refusal(method, sample, steps, n, k, error, delta, pilot)
    threshold = float(steps.thresholds[last])
    covered = int(steps.sizes[last])
    if covered == n[last]:
        return Refusal("too-few", "Every item sure enough is labeled by people already: nothing is left to auto-label.")
    return Certificate(
        statement=sentence(method, covered, int(n[last]), int(k[last]), sample.size, error, confidence),
        method=method, error=error, confidence=confidence, round=round, size=sample.size, covered=covered, threshold=threshold,
        floor=float(floor), frame=len(sample.frame), pilot=pilot,
        ladder=tuple(zip(steps.thresholds.tolist(), steps.sizes.tolist(), strict=True)),
        ids=tuple(sample.order.tolist()), scores=tuple(sample.order_scores.tolist()),
        wrong=tuple(sample.order_wrong.tolist()), sha256=fingerprint(sample.ids, sample.scores), model=model, schema=schema,
        seed=seed, offsets=offsets,
    )  # fmt: skip


def passed(method: Method, steps: Ladder, k: Ints, error: float, delta: float, size: int) -> int | None:
    """The loosest step certified with k [s] wrong draws at or above each, or None. `size`: items of the pool."""
    if method == "whole-pool":
        limit, last = np.full(len(k), allowed(error, size)), allowed(error, size) + 1
        first = last
    else:
        limit, last = allowed(error, steps.sizes), allowed(error, steps.frame) + 1
        first = max(int(STRICTEST * last), 1)
    if last > steps.frame:
        return len(k) - 1
    most = band(steps.frame, steps.draws, first, last, delta).most_wrong(k)
    fitting = np.flatnonzero(np.minimum(most, steps.sizes) <= limit)
    return int(fitting[-1]) if len(fitting) else None


def latest(steps: Ladder, drawn: F64, wrong: npt.NDArray[np.bool_], error: float, delta: float) -> int | None:
    """The loosest step up to which wealth reached 1/delta, now or at an earlier draw. drawn [n]: scores in the order drawn."""
    last = None
    for step, size in enumerate(steps.sizes.tolist()):
        inside = wrong[drawn >= steps.thresholds[step]]
        refuted = allowed(error, size) + 1
        if refuted <= size and log_wealth(inside, size, refuted).max() < -np.log(delta):
            break
        last = step
    return last


def check(
    ids: npt.ArrayLike, scores: npt.ArrayLike, calibration: npt.ArrayLike, wrong: npt.ArrayLike, pilot: int, floor: float,
    labels: npt.ArrayLike | None,
) -> Sample | Refusal:  # fmt: skip
    """Pool and draw sorted and cross-checked, or why they cannot carry a certificate."""
    i, s, c, w = np.asarray(ids), np.asarray(scores, dtype=np.float64), np.asarray(calibration), np.asarray(wrong)
    if not len(c):
        return Refusal(
            "no-calibration", "No calibration items are labeled yet: draw some at random and label them without a pre-label."
        )
    if (
        i.ndim != 1
        or s.shape != i.shape
        or c.ndim != 1
        or w.shape != c.shape
        or i.dtype.kind not in "iu"
        or c.dtype.kind not in "iu"
    ):
        return Refusal(
            "input",
            f"One score per id and one flag per calibration id: received {s.shape} for {i.shape}, {w.shape} for {c.shape}.",
        )
    if not np.isfinite(s).all():
        return Refusal("input", f"{int((~np.isfinite(s)).sum())} of {len(s)} scores are not finite numbers: predict again.")
    if w.dtype != np.bool_ and not np.isin(w, (0, 1)).all():
        return Refusal("input", "Every flag of the calibration items is true (wrong) or false (right).")
    order, twice = np.argsort(i, kind="stable"), np.sort(c)
    if (i[order][1:] == i[order][:-1]).any() or (twice[1:] == twice[:-1]).any():
        return Refusal("duplicates", "An item occurs twice in the pool or in the calibration draw: each counts once.")
    if not 0 <= pilot <= len(c) or np.isnan(floor):
        return Refusal(
            "input", f"The pilot is a part of the {len(c)} calibration items and the floor a number: received {pilot}, {floor}."
        )
    if labels is not None and len(np.unique(np.asarray(labels))) < 2:
        return Refusal(
            "one-class", "All calibration items are of one class: other classes would be auto-labeled unseen. Draw more items."
        )
    at = np.minimum(np.searchsorted(i[order], c), len(i) - 1) if len(i) else np.zeros(0, np.int64)
    if not len(i) or (i[order][at] != c).any():
        return Refusal(
            "duplicates", "A calibration item is not in the pool: the pool is all items the draw was made from, each once."
        )
    rows = order[at]
    state, flags = np.zeros(len(i), dtype=np.int8), np.zeros(len(i), dtype=np.bool_)
    flags[rows] = w.astype(np.bool_)
    state[rows[:pilot]], state[rows[pilot:]] = 1, 2
    if (s[rows[pilot:]] < floor).any():
        return Refusal("input", "A calibration item lies below the floor it was drawn above.")
    kept = np.flatnonzero((state != 1) & (s >= floor))
    kept = kept[np.argsort(-s[kept])]  # equal scores in any order: no threshold parts them
    if len(rows) == pilot:
        return Refusal("no-calibration", "All calibration items are in the pilot, which proves nothing: draw more.")
    if w[pilot:].all():
        return Refusal(
            "too-many-wrong", f"All {len(w) - pilot:,} calibration items are wrong: label more to train the model first."
        )
    return Sample(
        ids=i.astype(np.int64), scores=s, size=len(i), frame=s[kept], drawn=state[kept] == 2,
        wrong=flags[kept] & (state[kept] == 2),
        pilot_scores=s[rows[:pilot]], pilot_wrong=flags[rows[:pilot]], order=c.astype(np.int64), order_scores=s[rows],
        order_wrong=w.astype(np.bool_),
    )  # fmt: skip


def sentence(method: Method, covered: int, people: int, found: int, size: int, error: float, confidence: float) -> str:
    """What a certificate says of `covered` items, of which people labeled `people` and found `found` wrong ones among them.

    Those are put right, so that the bound on all the items leaves less for the labels that the model gives.
    """
    sure, model = f"With {100 * confidence:.6g}% certainty at most", covered - people
    if method == "whole-pool":
        left = max(0, allowed(error, size) - found)
        return (
            f"{sure} {100 * error:.6g}% of all {size:,} labels are wrong: at most {left:,} of the {model:,} that the model gives."
        )
    left = min(max(0, allowed(error, covered) - found), model)
    said = (
        f"people gave {people:,} of them, the model {model:,}, of which at most {left:,} are wrong ({left / max(model, 1):.1%})"
    )
    return f"{sure} {100 * error:.6g}% of these {covered:,} labels are wrong: {said}."


def stands(certificate: Certificate, ids: npt.ArrayLike, scores: npt.ArrayLike, *, model: str, schema: str) -> Refusal | None:
    """None while a certificate speaks of this pool, model and schema; else why not. A new one needs fresh calibration labels."""
    if certificate.model != model:
        return Refusal(
            "changed", f"The certificate is for model {certificate.model}, the labels would come from {model}: certify again."
        )
    if certificate.schema != schema:
        return Refusal(
            "changed", "The classes have changed since: calibration items were labeled by other classes. Certify again."
        )
    if certificate.sha256 != fingerprint(ids, scores):
        return Refusal("changed", "The pool or its scores have changed since: certify this batch anew.")
    return None


def _refusal(method: Method, sample: Sample, steps: Ladder, n: Ints, k: Ints, error: float, delta: float, pilot: int) -> Refusal:
    """Why nothing is certified, and how many more draws would do at the error rate seen so far."""
    draws, wrong = int(sample.drawn.sum()), int(sample.wrong.sum())
    wishes = []
    # anytime, looser steps wait for the strictest one
    for step in [0] if method == "anytime" else np.unique(np.linspace(0, len(steps.sizes) - 1, 8).astype(int)).tolist():
        rate = k[step] / n[step] if n[step] else 0.0
        if method == "whole-pool":
            wish = needed(steps.frame, error * sample.size / steps.frame, delta, float(k[step]) / draws)
        elif method == "anytime":
            inside = sample.order_wrong[pilot:][sample.order_scores[pilot:] >= steps.thresholds[step]]
            size = int(steps.sizes[step])
            above = still_to_draw(inside, size, min(allowed(error, size) + 1, size), delta)
            wish = None if above is None else draws + int(np.ceil(above * steps.frame / size))
        else:
            above = needed(int(steps.sizes[step]), error, delta, float(rate))
            wish = None if above is None else int(np.ceil(above * steps.frame / steps.sizes[step]))
        wishes += [] if wish is None else [wish]
    seen = f"{wrong:,} of {draws:,} calibration items are wrong"
    if not wishes:
        reason = f"No certificate: {seen}, and even the surest err too often for {100 * error:.6g}%."
        return Refusal("too-many-wrong", reason + " Label more to train the model, or allow a larger error.")
    more = max(min(wishes) - draws, 1)
    return Refusal(
        "too-few", f"No certificate yet: {seen}. At this rate about {more:,} more would do for {100 * error:.6g}%.", more
    )
