"""The head: softmax regression on embeddings, fitted in a fraction of a second and calibrated on its own labels.

Vectors are brought to length one, centred, and brought to length one again. Classes weigh the same however many labels
they have, and there is no free intercept: with few labels both only learn which classes happened to be asked. How common
each class is comes back as a shrunken share. How the weights come about stands in solve.py.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from modicum.engine.arrays import F32, F64, Floats, Ints, gather
from modicum.engine.cores import one_core
from modicum.engine.head_parts import misfit, pack, products, unpacked
from modicum.engine.propagate import LOOKED_AT, NEIGHBOURS, graph, joined, neighbours
from modicum.engine.solve import SEMI, Data, Semi, class_shares, solve
from modicum.engine.survey import Frame, Survey, frame
from modicum.errors import InputError

_FOLDS = 5
_MANY = 200  # labels from which one held-out fifth calibrates as well as five folds do
_TRUST = 0.5  # power of the class shares: the strategy asks for doubtful classes more often than they occur
_UNSEEN = 0.5  # labels' worth of belief that a class nobody has named yet gets (Krichevsky & Trofimov 1981)


@dataclass(frozen=True, eq=False)
class Head:
    """What `fit` learned, for vectors of d dims and c classes.

    weights float32 [d, c], bias float32 [c] (what is added for common classes), centre float32 [d], seen bool [c] (classes
    that had a label), labels: how many it was fitted on, temperature: what logits are divided by before the softmax.
    """

    weights: F32
    bias: F32
    centre: F32
    seen: npt.NDArray[np.bool_]
    labels: int
    temperature: float

    def to_bytes(self) -> bytes:
        """The head as an .npz, without pickle."""
        return pack(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Head":
        """The head `to_bytes` wrote. Raises InputError for anything else; nothing is unpickled."""
        with unpacked(data, "head") as parts:
            head = cls(
                weights=parts["weights"].astype(np.float32),
                bias=parts["bias"].astype(np.float32),
                centre=parts["centre"].astype(np.float32),
                seen=parts["seen"].astype(bool),
                labels=int(parts["labels"]),
                temperature=float(parts["temperature"]),
            )
        d, c = head.weights.shape if head.weights.ndim == 2 else (-1, -1)
        shapes = (head.bias.shape, head.centre.shape, head.seen.shape) == ((c,), (d,), (c,))
        finite = all(np.isfinite(part).all() for part in (head.weights, head.bias, head.centre))
        if not (shapes and finite and 0 < head.temperature < np.inf):
            raise misfit()
        return head


@one_core()
def fit(
    vectors: Floats,
    labels: Ints,
    n_classes: int,
    *,
    unlabeled: Floats | Survey | None = None,
    semi: Semi = "spread",
    warm: Head | None = None,
    calibrate: bool = True,
    telling: npt.NDArray[np.bool_] | None = None,
) -> Head:
    """Fit a head on vectors [m, d] and their class ids [m] in 0..n_classes-1; some classes may have no label yet.

    `unlabeled`, a survey of the pool or vectors [u, d] drawn from it at random, tells where the data is centred and, while it
    outnumbers the labels, is learned from in the way `semi` names (see SEMI). `warm` is the last head, to start from; without
    `calibrate` the temperature is 1 and the fit several times as fast. `telling` [m] marks the labels that say how common classes
    are and how often a prediction is right: all, unless some were given because of what was predicted.
    Minimises sum_i w_i CE_i + PENALTY/2 |W|^2 with w_i the same total for every class. Deterministic.
    Raises InputError for no labels, ids out of range, NaN, shapes that do not fit, or another word for `semi`.
    """
    labels = _check_labels(vectors, labels, n_classes)
    if semi not in SEMI:
        raise InputError(f"semi is one of {', '.join(SEMI)}; received {semi!r}")
    classes, codes = np.unique(labels, return_inverse=True)
    seen, data = _prepare(gather(vectors), unlabeled, codes, semi if len(classes) > 1 else "off", telling)
    start = None
    if warm is not None and warm.weights.shape[0] == vectors.shape[1]:
        start = np.zeros((vectors.shape[1], len(classes)))
        known = classes < warm.weights.shape[1]
        start[:, known] = warm.weights[:, classes[known]]
        start = seen.axes.T @ start
    solved = solve(data, np.arange(len(codes)), codes, len(classes), start)
    temperature = _temperature(data, codes, len(classes), solved) if calibrate else 1.0

    weights = np.zeros((vectors.shape[1], n_classes), dtype=np.float32)
    weights[:, classes] = seen.axes @ solved
    bias = np.zeros(n_classes, dtype=np.float32)
    bias[classes] = _TRUST * np.log(class_shares(data.counts(np.arange(len(codes)), codes, len(classes))))
    named = np.zeros(n_classes, dtype=bool)
    named[classes] = True
    return Head(weights, bias, seen.centre, named, len(labels), temperature)


def _prepare(
    x: F32, unlabeled: Floats | Survey | None, codes: Ints, semi: Semi, telling: npt.NDArray[np.bool_] | None
) -> tuple[Frame, Data]:
    """Labeled vectors [m, d] in the frame of the unlabeled ones, and the graph over both where it is asked for."""
    if isinstance(unlabeled, Survey):
        seen, others = unlabeled.frame, unlabeled.placed
    else:
        more = np.empty((0, x.shape[1]), np.float32) if unlabeled is None else gather(unlabeled)
        seen = frame(np.concatenate([x, more]))
        others = seen.place(more)
    own = seen.place(x)
    alone = Data(own.astype(np.float64), telling=telling)
    if semi == "off" or len(others) <= len(own):
        return seen, alone
    if semi == "self":
        n_classes = int(codes.max()) + 1
        first = solve(alone, np.arange(len(codes)), codes, n_classes)
        return seen, replace(alone, unlabeled=others, semi=semi, temperature=_temperature(alone, codes, n_classes, first))
    near = unlabeled.found if isinstance(unlabeled, Survey) else neighbours(others, LOOKED_AT)
    found = joined(near, others, own)
    return seen, replace(alone, unlabeled=others, semi=semi, found=found, weights=graph(found, NEIGHBOURS))


def predict_proba(head: Head, vectors: Floats, *, rows: Ints | None = None) -> F32:
    """Calibrated probabilities, float32 [n, c], of all vectors or of these rows.

    `vectors` may be a float16 memmap: it is read 512 rows at a time, so extra memory stays at a few MB beside the answer.
    Raises InputError when the dims differ from the head's or a vector holds NaN.
    """
    out = np.empty((len(vectors) if rows is None else len(rows), len(head.bias)), dtype=np.float32)
    # One product serves all: columns of W, and the centre, whose product gives the length after centring.
    both = np.concatenate([head.weights, head.centre[:, None]], axis=1)
    shift, centre2 = (head.centre @ head.weights)[:, None], float(head.centre @ head.centre)
    bias = (head.bias / np.float32(head.temperature))[:, None]

    def finish(part: slice, product: F32, squares: F32) -> None:
        length = np.sqrt(squares)
        length[length == 0] = 1
        product /= length
        after = np.sqrt(np.maximum(1 - 2 * product[-1] + centre2, 1e-12))
        logits = product[:-1]
        logits -= shift
        logits /= after * np.float32(head.temperature)
        logits += bias
        out[part] = _probabilities(head, logits).T

    products(vectors, both, rows, finish)
    return out


def _temperature(data: Data, codes: Ints, n_classes: int, solved: F64) -> float:
    """The temperature that makes cross-validated predictions likeliest, leaning to 1 while labels are few (Guo et al. 2017)."""
    usable = np.bincount(codes)[codes] > 1  # a class with a single label cannot be predicted once that label is held out
    if data.telling is not None:
        usable &= data.telling
    if n_classes < 2 or not usable.any():
        return 1.0
    # Dealing every class's labels in turn keeps the folds alike without a random draw.
    turn = np.empty(len(codes), dtype=np.int64)
    turn[np.argsort(codes, kind="stable")] = np.arange(len(codes)) % _FOLDS
    logits, truth = [], []
    for fold in range(_FOLDS if len(codes) <= _MANY else 1):
        train, test = np.flatnonzero(turn != fold), np.flatnonzero((turn == fold) & usable)
        if not len(test) or not len(train):
            continue
        present = np.bincount(codes[train], minlength=n_classes)
        kept = np.flatnonzero(present)
        code = np.searchsorted(kept, codes[train])
        part = solve(data, train, code, len(kept), solved[:, kept], roughly=True)
        full = np.full((len(test), n_classes), -30.0)
        full[:, kept] = data.labeled[test] @ part + _TRUST * np.log(class_shares(data.counts(train, code, len(kept))))
        logits.append(full)
        truth.append(codes[test])
    return fit_temperature(np.concatenate(logits), np.concatenate(truth)) if logits else 1.0


def fit_temperature(logits: F64, truth: Ints) -> float:
    """T in [0.05, 20] minimising the log loss of softmax(logits / T) plus (log T)^2 / 2: never worse than T = 1."""

    def loss(log_t: float) -> float:
        logp = log_softmax(logits / np.exp(log_t), axis=1)
        return -float(logp[np.arange(len(truth)), truth].sum()) + 0.5 * log_t**2

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x)) if best.fun <= loss(0.0) else 1.0


def _probabilities(head: Head, logits: F32) -> F32:
    """Softmax over the classes that had a label, of logits [c, n]; each of the others gets the same small share."""
    unseen = int((~head.seen).sum())
    proba = logits[head.seen] if unseen else logits
    proba -= proba.max(axis=0)  # written out and in place: scipy's softmax takes as long as the product
    np.exp(proba, out=proba)
    proba /= proba.sum(axis=0)
    if not unseen:
        return proba
    each = _UNSEEN / (head.labels + len(head.seen))
    answer = np.full(logits.shape, each, dtype=np.float32)
    answer[head.seen] = proba * np.float32(1 - each * unseen)
    return answer


def _check_labels(vectors: Floats, labels: Ints, n_classes: int) -> Ints:
    labels = np.asarray(labels)
    if vectors.ndim != 2 or labels.ndim != 1 or len(labels) != len(vectors):
        raise InputError(f"one class id per vector: received {list(labels.shape)} for vectors {list(vectors.shape)}")
    if not len(labels):
        raise InputError("there are no labels yet: a head needs at least one, so label a seed set first")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= n_classes:
        raise InputError(f"labels lie in 0..{n_classes - 1}, received {labels.dtype} {labels.min()}..{labels.max()}")
    return labels.astype(np.int64, copy=False)
