"""The weights of a head: softmax regression on the labels, then on what the unlabeled items are believed to be.

Two views that err in different places correct each other (co-training, Blum & Mitchell 1998): a linear one, the head fitted so
far, and a local one, the labels spread over the graph. Their product is what an unlabeled item is believed to be. The second time
the head has a say in who is whose neighbour.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import softmax

from modicum.engine.arrays import F32, F64, Ints, unit
from modicum.engine.propagate import NEIGHBOURS, Neighbours, balanced, graph, poisson, reordered, spread

Semi = Literal["off", "spread", "poisson", "self"]
SEMI: Final[tuple[Semi, ...]] = ("off", "spread", "poisson", "self")
"""How unlabeled items are learned from: not at all, by label spreading, by Poisson learning, from the head's own predictions."""

GRAPH_RULES: Final[Mapping[str, Callable[[csr_array, Ints, Ints, int], F64]]] = MappingProxyType(
    {"spread": spread, "poisson": poisson}
)

PENALTY = 0.1  # weight of |W|^2 / 2 beside the summed log loss; 0.01 to 0.3 measure alike on three data sets
_ROUNDS = 2  # of believing and fitting
_LESS = 0.3  # what an unlabeled item counts beside a labeled one
_ROUGHLY = 1_024  # unlabeled items that are enough to tell a temperature
_SURE = 0.9  # calibrated confidence from which a head that teaches itself believes a prediction
_GUESS = 1e-5  # targets that are guesses deserve no eight digits


@dataclass(frozen=True, eq=False)
class Data:
    """Labeled items [m, a] and unlabeled ones [u, a] in one frame; `found` are the neighbours over unlabeled, then labeled ones,
    and `weights` is their graph."""

    labeled: F64
    unlabeled: F32 | None = None
    semi: Semi = "off"
    found: Neighbours | None = None
    weights: csr_array | None = None
    telling: npt.NDArray[np.bool_] | None = None  # [m], the labels that say how common classes are; none: all of them
    temperature: float = 1.0  # what makes the first fit honest: a head that teaches itself has to know what it knows

    def counts(self, items: Ints, codes: Ints, n_classes: int) -> Ints:
        """How many of these labeled items have each class [c], of those that say how common classes are."""
        said = codes if self.telling is None else codes[self.telling[items]]
        return np.bincount(said, minlength=n_classes)


def solve(data: Data, train: Ints, codes: Ints, n_classes: int, start: F64 | None = None, *, roughly: bool = False) -> F64:
    """W [a, c] from the class ids `codes` of the labeled items `train`, each class with at least one; other labels are not seen.

    With `roughly` the last fits are to a part of the unlabeled items, and the head has no say in the graph.
    """
    x, known = data.labeled[train], np.eye(n_classes)[codes]
    solved = softmax_regression(x, known, class_weights(codes), start=start)
    if data.unlabeled is None:
        return solved
    part = slice(None, None, max(1, len(data.unlabeled) // _ROUGHLY) if roughly else 1)
    others = data.unlabeled[part]
    local = None if data.weights is None else _local(data, data.weights, train, codes, n_classes)[part]
    both = np.concatenate([others, x.astype(np.float32)])
    each = _LESS * len(data.unlabeled) / len(others)
    for turn in range(_ROUNDS):
        belief = softmax(others @ solved / (1.0 if turn else data.temperature), axis=1)
        if local is None:
            sure = belief.max(axis=1) >= _SURE
            targets, weights = np.eye(n_classes)[belief.argmax(axis=1)], each * sure
        else:
            if turn and not roughly:
                local = local * _local(data, _believed(data, solved), train, codes, n_classes)
            shares = class_shares(data.counts(train, codes, n_classes))
            targets, weights = _agreed(belief, local, shares), np.full(len(others), each)
        targets, weights = np.concatenate([targets, known]), np.concatenate([weights, np.ones(len(known))])
        solved = softmax_regression(both, targets, weights, start=solved, accuracy=_GUESS)
    return solved


def _local(data: Data, weights: csr_array, train: Ints, codes: Ints, n_classes: int) -> F64:
    """What a graph says of each unlabeled item [u, c]."""
    assert data.unlabeled is not None
    return GRAPH_RULES[data.semi](weights, len(data.unlabeled) + train, codes, n_classes)[: len(data.unlabeled)]


def _believed(data: Data, solved: F64) -> csr_array:
    """The graph of those neighbours that are nearest by what the head makes of them: by the direction of their scores."""
    assert data.unlabeled is not None
    assert data.found is not None
    scores = np.concatenate([data.unlabeled, data.labeled.astype(np.float32)]) @ solved.astype(np.float32)
    return graph(reordered(data.found, unit(scores - scores.mean(axis=1, keepdims=True))), NEIGHBOURS)


def _agreed(belief: F64, local: F64, shares: F64) -> F64:
    """Both views of the unlabeled items [u, c], multiplied; `shares` [c] is how common the labels say the classes are."""
    both = belief * local
    both /= np.maximum(both.sum(axis=1, keepdims=True), 1e-12)
    # How common the classes are: the items' word and the labels' word in equal parts, because either alone can be far off.
    wanted = np.sqrt(both.mean(axis=0) * shares)
    return balanced(both, wanted / wanted.sum())


def class_weights(codes: Ints) -> F64:
    """One weight per label [m], so that every class weighs the same and the weights sum to m."""
    counts = np.bincount(codes)
    return np.asarray((len(codes) / len(counts) / counts)[codes], dtype=np.float64)


def class_shares(counts: Ints) -> F64:
    """How common each class is [c], from its labels: the observed share drawn towards equality where chance explains it.

    James-Stein shrinkage (Hausser & Strimmer 2009), on counts raised by a half so that no share is zero.
    """
    m, c = int(counts.sum()), len(counts)
    observed, equal = (counts + 0.5) / (m + 0.5 * c), 1 / c
    spread = float(((equal - observed) ** 2).sum())
    noise = (1 - float((observed**2).sum())) / max(m - 1, 1)
    pull = 1.0 if spread <= noise else noise / spread
    return np.asarray(pull * equal + (1 - pull) * observed, dtype=np.float64)


def softmax_regression(
    x: npt.NDArray[Any], targets: F64, weights: F64, *, start: F64 | None = None, accuracy: float = 1e-8
) -> F64:
    """W [d, c] minimising sum_i weights_i CE(targets_i, x_i W) + PENALTY/2 |W|^2 by L-BFGS, without intercept.

    Rows of `targets` [n, c] sum to one. `accuracy` is the relative change of the objective at which to stop. Vectors [n, d] in
    single precision are computed in single precision.
    """
    d, c = x.shape[1], targets.shape[1]
    weight = weights.astype(x.dtype)
    wanted = weight[:, None] * targets.astype(x.dtype)

    def objective(flat: F64) -> tuple[float, F64]:
        # Written out, because scipy's log_softmax takes as long as the two products.
        w = flat.reshape(d, c).astype(x.dtype)
        logits = x @ w
        logits -= logits.max(axis=1, keepdims=True)
        proba = np.exp(logits)
        total = proba.sum(axis=1)
        loss = float(weights @ np.log(total)) - float(np.vdot(wanted, logits)) + 0.5 * PENALTY * float(flat @ flat)
        proba *= (weight / total)[:, None]
        proba -= wanted
        return loss, (x.T @ proba + PENALTY * w).ravel().astype(np.float64)

    first = np.zeros(d * c) if start is None else start.ravel()
    result = minimize(objective, first, jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": accuracy, "gtol": 1e-3})
    return np.asarray(result.x, dtype=np.float64).reshape(d, c)
