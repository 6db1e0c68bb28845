"""The head for several labels per item: one logistic regression per label on shared vectors, calibrated on its own labels.

Vectors are brought to length one, centred, and brought to length one again. Unlike the classes of `heads`, labels are not made
to weigh the same: an item may carry none of them, so how rare a label is belongs to the answer. Regularisation and temperature
are shared by all labels and come from the labels themselves, each predicted as if it had been left out.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from modicum.engine.arrays import F32, F64, Floats, Ints, gather, principal_axes, unit
from modicum.engine.cores import one_core
from modicum.engine.head_parts import misfit, pack, through, unpacked
from modicum.errors import InputError

UNKNOWN: Final = -1
"""The target of a label nobody has said yes or no to."""

_AXES = 256  # principal axes of the labeled vectors the head is fitted in
_PENALTIES = (0.03, 0.1, 0.3, 1.0)  # weight of |w|^2 / 2 beside a label's summed log loss; the left-out labels choose
_USUAL = 0.1  # the penalty while there is nothing to choose by
_ENOUGH = 16  # labels that are enough to choose penalty and temperature by, which takes four fits
_ANCHOR = 1.0  # weight of the squared distance of a label's intercept from the log odds of its share
_SUREST = 1e-6  # no probability is nearer to 0 or 1


@dataclass(frozen=True, eq=False)
class MultilabelHead:
    """What `fit` learned, for vectors of d dims and c labels: p = sigmoid(z @ weights / temperature + bias).

    weights float32 [d, c]; bias float32 [c], for a label with only one answer so far the log odds of its shrunken share;
    centre float32 [d]; yes, no int64 [c]: how many answers of each kind a label had; temperature: a number.
    """

    weights: F32
    bias: F32
    centre: F32
    yes: Ints
    no: Ints
    temperature: float

    def to_bytes(self) -> bytes:
        """The head as an .npz, without pickle."""
        return pack(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> "MultilabelHead":
        """The head `to_bytes` wrote. Raises InputError for anything else; nothing is unpickled."""
        with unpacked(data, "multilabel head") as parts:
            head = cls(
                weights=parts["weights"].astype(np.float32),
                bias=parts["bias"].astype(np.float32),
                centre=parts["centre"].astype(np.float32),
                yes=parts["yes"].astype(np.int64),
                no=parts["no"].astype(np.int64),
                temperature=float(parts["temperature"]),
            )
        d, c = head.weights.shape if head.weights.ndim == 2 else (-1, -1)
        shapes = (head.bias.shape, head.centre.shape, head.yes.shape, head.no.shape) == ((c,), (d,), (c,), (c,))
        finite = all(np.isfinite(part).all() for part in (head.weights, head.bias, head.centre))
        if not (shapes and finite and 0 < head.temperature < np.inf):
            raise misfit()
        return head


class _Fitted(NamedTuple):
    loss: float  # of the left-out labels
    penalty: float
    temperature: float
    weights: F64  # [a + 1, c]; the last row is the intercept beside the prior


@one_core()
def fit(
    vectors: Floats,
    targets: npt.NDArray[Any],
    *,
    unlabeled: Floats | None = None,
    warm: MultilabelHead | None = None,
) -> MultilabelHead:
    """Fit a head on vectors [m, d] and targets [m, c], integers or bools: 1 yes, 0 no, -1 nobody has said (`UNKNOWN`).

    Minimises, for every label, sum_i CE_i + penalty/2 |w|^2 + (bias - prior)^2 / 2, where prior is the log odds of the label's
    share of yes, drawn by one answer's worth to that of all labels. `unlabeled`, vectors [u, d] drawn from the pool at random,
    tell where the data is centred; `warm` is the last head, to start from. Deterministic.
    Raises InputError for no labels, other targets, NaN, or shapes that do not fit.
    """
    targets = _check_targets(vectors, targets)
    if unlabeled is not None and unlabeled.shape[1:] != vectors.shape[1:]:
        raise InputError(f"unlabeled vectors have the labeled ones' dims, {vectors.shape[1]}, received {list(unlabeled.shape)}")
    directions = unit(gather(vectors))
    more = directions if unlabeled is None else np.concatenate([directions, unit(gather(unlabeled))])
    centre = more.mean(axis=0, dtype=np.float64).astype(np.float32)
    z = unit(directions - centre)
    axes = principal_axes(z, _AXES) if z.shape[1] > _AXES else np.eye(z.shape[1], dtype=np.float32)
    x = np.hstack([z @ axes, np.ones((len(z), 1))]).astype(np.float64)

    yes, no = (targets == 1).sum(axis=0), (targets == 0).sum(axis=0)
    prior = _prior(yes, no)
    mixed = np.flatnonzero((yes > 0) & (no > 0))
    weights, bias = np.zeros((z.shape[1], targets.shape[1])), prior.copy()
    temperature = 1.0
    if len(mixed):
        start = np.zeros((x.shape[1], len(mixed)))
        if warm is not None and len(warm.weights) == z.shape[1]:
            old = mixed < warm.weights.shape[1]
            start[:-1, old] = axes.T @ warm.weights[:, mixed[old]]
        best = _best(x, targets[:, mixed], prior[mixed], start)
        temperature = best.temperature
        weights[:, mixed] = axes @ best.weights[:-1]
        bias[mixed] += best.weights[-1] / temperature
    return MultilabelHead(weights.astype(np.float32), bias.astype(np.float32), centre, yes, no, temperature)


def predict_proba(head: MultilabelHead, vectors: Floats, *, rows: Ints | None = None) -> F32:
    """Calibrated probabilities of each label, float32 [n, c] within (0, 1), of all vectors or of these rows.

    Rows do not sum to one. `vectors` may be a float16 memmap: it is read 512 rows at a time.
    Raises InputError when the dims differ from the head's or a vector holds NaN.
    """
    d, c = head.weights.shape
    out = np.empty((len(vectors) if rows is None else len(rows), c), dtype=np.float32)
    weights = head.weights / np.float32(head.temperature)

    def work(part: slice, x: F32) -> None:
        p = expit(unit(unit(x) - head.centre) @ weights + head.bias)
        out[part] = np.clip(p, _SUREST, 1 - _SUREST)

    through(vectors, d, rows, work)
    return out


def _prior(yes: Ints, no: Ints) -> F64:
    """Log odds [c] of each label's share of yes, and of the share among all labels where nobody has said anything."""
    overall = (yes.sum() + 0.5) / (yes.sum() + no.sum() + 1)
    return np.asarray(logit((yes + overall) / (yes + no + 1)), dtype=np.float64)


def _best(x: F64, targets: Ints, prior: F64, start: F64) -> _Fitted:
    """The fit whose left-out labels are likeliest, leaning to the usual penalty while labels are few."""
    counts = np.stack([(targets == 0).sum(axis=0), (targets == 1).sum(axis=0)])
    # Rare labels and common ones alike.
    order = np.argsort(counts.min(axis=0), kind="stable")
    some = order[np.unique(np.linspace(0, len(order) - 1, _ENOUGH).round().astype(np.int64))]
    # A label's only yes cannot be predicted once it is left out, nor its only no.
    usable = ((targets >= 0) & (np.take_along_axis(counts, np.maximum(targets, 0), axis=0) > 1))[:, some]
    fits, weights = [], start[:, some]
    for penalty in _PENALTIES:
        weights = _logistic(x, targets[:, some], prior[some], penalty, weights)
        left_out = _left_out(x, targets[:, some], prior[some], penalty, weights)
        temperature, loss = _temperature(left_out, prior[some], targets[:, some], usable)
        fits.append(_Fitted(loss + 0.25 * np.log(penalty / _USUAL) ** 2, penalty, temperature, weights))
    best = min(fits, key=lambda fitted: fitted.loss)
    start = start.copy()
    start[:, some] = best.weights
    return best._replace(weights=_logistic(x, targets, prior, best.penalty, start))


def _ridge(width: int, penalty: float) -> F64:
    return np.append(np.full(width - 1, penalty), _ANCHOR)


def _logistic(x: F64, targets: Ints, prior: F64, penalty: float, start: F64) -> F64:
    """W [a, c] of all regressions at once by L-BFGS; the last column of x [m, a] is one."""
    known, sign, ridge = targets >= 0, 2.0 * (targets == 1) - 1, _ridge(x.shape[1], penalty)[:, None]

    def objective(flat: F64) -> tuple[float, F64]:
        w = flat.reshape(start.shape)
        right = sign * (x @ w + prior)
        loss = float(np.logaddexp(0, -right)[known].sum()) + 0.5 * float((ridge * w * w).sum())
        return loss, (ridge * w - x.T @ (known * sign * expit(-right))).ravel()

    result = minimize(objective, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-8, "gtol": 1e-3})
    return np.asarray(result.x, dtype=np.float64).reshape(start.shape)


def _left_out(x: F64, targets: Ints, prior: F64, penalty: float, weights: F64) -> F64:
    """Logits [m, c] beside the prior that each label would have had without itself, by one Newton step (Rad & Maleki 2020)."""
    logits = x @ weights
    proba = expit(logits + prior)
    slope = np.where(targets >= 0, proba - (targets == 1), 0.0)
    bend = np.where(targets >= 0, proba * (1 - proba), 0.0)
    ridge = np.diag(_ridge(x.shape[1], penalty))
    for j in range(targets.shape[1]):
        reach = np.einsum("ij,ij->i", x, np.linalg.solve((x.T * bend[:, j]) @ x + ridge, x.T).T)
        logits[:, j] += reach * slope[:, j] / (1 - np.minimum(reach * bend[:, j], 0.999))
    return logits


def _temperature(logits: F64, prior: F64, targets: Ints, usable: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """T in [0.05, 20] that makes the usable targets likeliest, leaning to 1 while they are few, and their loss with it."""
    sign = (2.0 * (targets == 1) - 1)[usable]
    moved, still = sign * logits[usable], sign * np.broadcast_to(prior, logits.shape)[usable]

    def loss(log_t: float) -> float:
        return float(np.logaddexp(0, -(moved / np.exp(log_t) + still)).sum()) + 0.5 * log_t**2

    best = minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return (float(np.exp(best.x)), float(best.fun)) if best.fun <= loss(0.0) else (1.0, loss(0.0))


def _check_targets(vectors: Floats, targets: npt.NDArray[Any]) -> Ints:
    targets = np.asarray(targets)
    if vectors.ndim != 2 or targets.ndim != 2 or len(targets) != len(vectors) or not targets.shape[1]:
        raise InputError(f"one row of targets per vector: received {list(targets.shape)} for vectors {list(vectors.shape)}")
    if not len(targets):
        raise InputError("there are no labels yet: a head needs at least one item, so label a seed set first")
    if targets.dtype != np.bool_ and not np.issubdtype(targets.dtype, np.integer):
        raise InputError(f"targets are integers, 1, 0 or {UNKNOWN} for unknown, received {targets.dtype}")
    if not np.isin(targets, (1, 0, UNKNOWN)).all():
        raise InputError(f"targets are 1, 0 or {UNKNOWN} for unknown, received {targets.min()}..{targets.max()}")
    return targets.astype(np.int64)
