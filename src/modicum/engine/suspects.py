"""Label errors: labels that a model which has not seen them and their neighbours both contradict.

Confident learning (Northcutt, Jiang & Chuang 2021) on out-of-sample probabilities of the product's own head.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modicum.engine import heads
from modicum.engine.arrays import F32, F64, Floats, Ints, gather
from modicum.engine.cores import one_core
from modicum.engine.forecast import agreement
from modicum.engine.survey import Survey
from modicum.errors import InputError

LEAST = 5  # labels of a class, below which nobody can tell which of them is wrong
SHOWN = 5  # neighbours of a suspect that are told
_FOLDS = 5
_NEAR = 10  # neighbours that have a say
_DOUBT = 0.5  # what a class without any neighbour keeps: neighbours alone never rule a class out
_POOR = 0.4  # kappa up to which agreement of labels and predictions is no more than fair (Landis & Koch 1977)
_SURE = 0.9  # enough for every class: where classes lie apart, half of their own labels are below the mean
_LISTED = 1_000
_LOOKED_AT = 2_000  # candidates whose neighbours are looked up
_ROWS = 256


Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Suspects:
    """The contradicted ones among m labels, those first where a look is worth most.

    places      int64 [k]     which of the labels
    suggested   int64 [k]     the class model and neighbours prefer
    confidence  float64 [k]   the model's probability for it, out of sample
    score       float64 [k]   from 0 to 1, grows with the probability that the label is wrong
    near        int64 [k, 5]  the most similar other labels, nearest first; -1 where there are fewer
    hint        why nothing can be said, empty when it can
    """

    places: Ints
    suggested: Ints
    confidence: F64
    score: F64
    near: Ints
    hint: str = ""

    def __len__(self) -> int:
        return len(self.places)


@one_core()
def out_of_sample(vectors: Floats, rows: Ints, labels: Ints, n_classes: int, rng: np.random.Generator, known: Survey) -> F32:
    """Calibrated probabilities [m, c] of labeled rows [m] of vectors [N, d], each by a head that did not see that label.

    Five folds, every class dealt to them in turn; one temperature for all. `known` is a survey of the vectors. Equal for all
    classes where there is no other label to learn from. Raises InputError as heads.fit does.
    """
    if len(labels) < 2:
        return np.full((len(labels), n_classes), 1 / n_classes, dtype=np.float32)
    x = gather(vectors, rows)
    mixed = rng.permutation(len(labels))
    turn = np.empty(len(labels), dtype=np.int64)
    turn[mixed[np.argsort(labels[mixed], kind="stable")]] = np.arange(len(labels)) % _FOLDS
    proba = np.empty((len(labels), n_classes), dtype=np.float32)
    for fold in range(min(_FOLDS, len(labels))):
        held = turn == fold
        head = heads.fit(x[~held], labels[~held], n_classes, unlabeled=known, calibrate=False)
        proba[held] = heads.predict_proba(head, x[held])
    # a class with a single label cannot be predicted while that label is held out
    usable = np.bincount(labels, minlength=n_classes)[labels] > 1
    if usable.any():
        logits = np.log(np.maximum(proba, 1e-12)).astype(np.float64)
        logits /= heads.fit_temperature(logits[usable], labels[usable])
        np.exp(logits, out=logits)
        proba = (logits / logits.sum(axis=1, keepdims=True)).astype(np.float32)
    return proba


@one_core()
def contradicted(proba: F32, labels: Ints, placed: F32, others: F32) -> Suspects:
    """The labels [m] that out-of-sample probabilities [m, c] and the nearest other labels contradict.

    `placed` [m, a] are the labeled vectors in the frame of a survey, where products are cosines; `others` [s, a] a random sample
    of all vectors in the same frame. A label is a candidate when another class beats it in probability, and does not lose to it
    among the ten nearest labels. With q_j ~ p_j (share of j among those neighbours + 1/2),
    score = (1 - q_given + (1 + q_best - q_given) / 2) / 2. As many are listed as labels are expected to be wrong: those that
    confidently belong to another class, their probability for it above 0.9 or the mean one of the labels that name it, scaled up
    to all labels of the given class (the calibrated confident joint).
    What is first is worth most: score x (1 + reach), where reach is the share of items for which this is the nearest label,
    relative to the largest one: what a wrong label drags along. Classes with fewer than five labels neither accuse nor are
    accused, and nothing is said while the model agrees with the labels no better than fairly (kappa). At most 1,000 are listed.
    """
    m, c = proba.shape
    if labels.shape != (m,) or len(placed) != m:
        raise InputError(
            f"one label and one vector for each row of probabilities {[m, c]}: received {len(labels)}, {len(placed)}"
        )
    many = np.bincount(labels, minlength=c) >= LEAST
    if many.sum() < 2:
        return _nothing(f"A label can be doubted once two classes have at least {LEAST} labels each.")
    told = many[labels]
    best = proba.argmax(axis=1)
    if agreement(best[told], labels[told]) <= _POOR:
        share = f"{(best == labels)[told].mean():.0%}"
        return _nothing(f"The model agrees with only {share} of the labels it has not seen: too few to contradict people.")
    places, suggested = _beaten(proba, labels, many)
    shares, near = _neighbours(placed, places, labels, c)
    each, given = np.arange(len(places)), labels[places]
    kept = np.flatnonzero(shares[each, suggested] >= shares[each, given])
    score = _scores(proba[places[kept]].astype(np.float64), shares[kept], given[kept], suggested[kept])
    first = np.argsort(-score, kind="stable")[: min(_expected_wrong(proba, labels, many), _LISTED)]
    value = score[first] * (1 + _reach(placed, others)[places[kept[first]]])
    order = first[np.argsort(-value, kind="stable")]
    score, kept = score[order], kept[order]
    places, suggested = places[kept], suggested[kept]
    return Suspects(places, suggested, proba[places, suggested].astype(np.float64), score, near[kept])


def _nothing(hint: str) -> Suspects:
    none = np.empty(0, dtype=np.int64)
    return Suspects(none, none, np.empty(0), np.empty(0), np.empty((0, SHOWN), dtype=np.int64), hint)


def _expected_wrong(proba: F32, labels: Ints, many: Mask) -> int:
    """How many labels are wrong by the calibrated confident joint (Northcutt et al. 2021, section 3.1)."""
    c = proba.shape[1]
    counts, own = np.bincount(labels, minlength=c), proba[np.arange(len(labels)), labels]
    thresholds = np.minimum(np.bincount(labels, weights=own, minlength=c) / np.maximum(counts, 1), _SURE)
    passing = np.where((proba >= thresholds) & many, proba, 0)
    sure = (passing.max(axis=1, initial=0) > 0) & many[labels]
    given, likely = labels[sure], passing[sure].argmax(axis=1)
    off = np.bincount(given[likely != given], minlength=c) / np.maximum(np.bincount(given, minlength=c), 1)
    return round(float(off @ counts))


def _beaten(proba: F32, labels: Ints, many: Mask) -> tuple[Ints, Ints]:
    """(which labels [k], the other class [k] that is likelier than the given one), clearest first."""
    every = np.arange(len(labels))
    other = np.where(many, proba, -1)
    other[every, labels] = -1
    suggested = other.argmax(axis=1)
    ahead = other[every, suggested] - proba[every, labels]
    places = np.flatnonzero((ahead > 0) & many[labels])
    places = places[np.argsort(-ahead[places], kind="stable")][:_LOOKED_AT]
    return places, suggested[places]


def _neighbours(placed: F32, places: Ints, labels: Ints, n_classes: int) -> tuple[F64, Ints]:
    """(shares of the classes among the ten nearest other labels, weighted by cosine [k, c]; the nearest five [k, 5])."""
    k = min(_NEAR, len(placed) - 1)
    shares, near = np.zeros((len(places), n_classes)), np.full((len(places), SHOWN), -1, dtype=np.int64)
    for start in range(0, len(places), _ROWS):
        part = places[start : start + _ROWS]
        cosine = placed[part] @ placed.T
        cosine[np.arange(len(part)), part] = -np.inf
        found = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(found, np.argsort(-np.take_along_axis(cosine, found, axis=1), axis=1, kind="stable"), axis=1)
        weight = np.maximum(np.take_along_axis(cosine, found, axis=1), 1e-6)
        at = np.arange(start, start + len(part))
        np.add.at(shares, (at[:, None], labels[found]), weight / weight.sum(axis=1, keepdims=True))
        near[at, : min(k, SHOWN)] = found[:, :SHOWN]
    return shares, near


def _scores(proba: F64, shares: F64, given: Ints, suggested: Ints) -> F64:
    both = proba * (shares + _DOUBT)
    both /= both.sum(axis=1, keepdims=True)
    each = np.arange(len(both))
    own, best = both[each, given], both[each, suggested]
    return np.asarray((1 - own + (1 + best - own) / 2) / 2, dtype=np.float64)


def _reach(placed: F32, others: F32) -> F64:
    """How many of the others each label is the nearest one of, relative to the most [m]."""
    count = np.zeros(len(placed))
    for start in range(0, len(others), _ROWS):
        nearest = (others[start : start + _ROWS] @ placed.T).argmax(axis=1)
        count += np.bincount(nearest, minlength=len(placed))
    return count / max(float(count.max()), 1.0)
